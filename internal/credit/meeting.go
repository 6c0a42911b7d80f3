package credit

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Meeting is a meeting of banks and firms (银企对接会).
type Meeting struct {
	ID     int64
	Area   string // whose offices plan it
	Title  string
	About  string // what it is for; "" where nobody said
	At, By int64
	Plans  []MeetingPlan // as it was planned, the oldest first; the last one counts
}

// MeetingPlan is when and where a meeting is, or that it does not take place.
type MeetingPlan struct {
	N           int // from 1 on, one more each time that it is moved
	From, Until int64
	Place       string
	Cancelled   bool
	Reason      string // why it was moved or cancelled
	At, By      int64
}

// Plan is the plan that counts.
func (m Meeting) Plan() MeetingPlan { return m.Plans[len(m.Plans)-1] }

// MeetingState is how a meeting stands.
type MeetingState string

// The states.
const (
	MeetingComes     MeetingState = "comes"
	MeetingRuns      MeetingState = "runs" // or ran: it has begun
	MeetingOver      MeetingState = "over"
	MeetingCancelled MeetingState = "cancelled"
)

// State is how the meeting stands at an instant (ms).
func (m Meeting) State(now int64) MeetingState {
	switch p := m.Plan(); {
	case p.Cancelled:
		return MeetingCancelled
	case now < p.From:
		return MeetingComes
	case now < p.Until:
		return MeetingRuns
	}
	return MeetingOver
}

// Held says that the meeting has begun, so that it may be noted what came of it.
func (m Meeting) Held(now int64) bool {
	state := m.State(now)
	return state == MeetingRuns || state == MeetingOver
}

// MeetingBank is a bank that takes part.
type MeetingBank struct {
	Lender
	Party    int64
	Products []MeetingProduct
	Answer   *Answer // to the plan that counts; nil before there is one
}

// MeetingProduct is a product that a bank brings to a meeting.
type MeetingProduct struct {
	Code    string
	Name    i18n.Text // its code, once the product is not offered any more
	Offered bool
}

// Answer is what a firm or a bank answered to an invitation.
type Answer struct {
	ID     int64
	N      int // of the plan
	Firm   int64
	Bank   string // code
	Comes  bool
	People int
	Wish
	At, By int64
}

// Wish is what a firm seeks.
type Wish struct {
	Amount  money.Fen // −1 where it did not say
	Purpose string
	Product string // code of one that a bank brings; "" for any
}

// TalkOutcome is what a talk came to.
type TalkOutcome string

// The outcomes.
const (
	TalkIntent   TalkOutcome = "intent"         // the bank means to lend
	TalkMaterial TalkOutcome = "needs_material" // the bank needs more to say
	TalkNoMatch  TalkOutcome = "no_match"
)

// TalkOutcomes are all, in the order in which pages offer them.
func TalkOutcomes() []TalkOutcome { return []TalkOutcome{TalkIntent, TalkMaterial, TalkNoMatch} }

// TalkReasons is the list of codes that names why a talk came to no intention.
const TalkReasons = "meeting_reasons"

// Talk is what a talk of a firm and a bank came to. A later one of the same two takes its place.
type Talk struct {
	ID      int64
	Firm    int64
	Bank    string // code
	Outcome TalkOutcome
	Reason  string // code of TalkReasons; "" for an intention
	Note    string
	Amount  money.Fen // of the intention, else 0
	ByBank  bool      // the bank itself wrote it
	At, By  int64
}

// gathered is all that is kept of a meeting. Firms are those that stand for them after merges.
type gathered struct {
	Meeting
	banks    []MeetingBank
	invited  []invitation // each firm once, by its id
	answers  []Answer     // as they came, here and below
	came     []attendance
	talks    []Talk
	consents []firmConsent
	cases    []int64 // of referrals that began at it

	last map[talkers]int // place in talks of the last one of the two
}

// talkers are a firm and a bank.
type talkers struct {
	firm int64
	bank string
}

type invitation struct{ firm, at int64 }

type attendance struct {
	firm int64
	came bool
	at   int64
}

type firmConsent struct {
	grant, firm int64
	bank        string
}

const (
	meetingColumns  = `SELECT m.id, m.area, m.title, m.about, m.at, m.by_account FROM credit_meeting m WHERE m.id `
	meetingPlans    = `SELECT n, from_at, until_at, place, cancelled, reason, at, by_account FROM credit_meeting_plan WHERE meeting_id = $1 ORDER BY id`
	meetingBanks    = `SELECT b.bank, b.products, COALESCE(c.party, 0) FROM credit_meeting_bank b LEFT JOIN credit_bank c ON c.code = b.bank WHERE b.meeting_id = $1 ORDER BY b.n`
	meetingInvited  = `SELECT firm, at FROM credit_meeting_invited WHERE meeting_id = $1 ORDER BY firm`
	meetingAnswers  = `SELECT id, n, firm, bank, comes, people, fen, purpose, product, at, by_account FROM credit_meeting_answer WHERE meeting_id = $1 ORDER BY id`
	meetingCame     = `SELECT firm, came, at FROM credit_meeting_came WHERE meeting_id = $1 ORDER BY id`
	meetingTalks    = `SELECT id, firm, bank, outcome, reason, note, fen, by_bank, at, by_account FROM credit_meeting_talk WHERE meeting_id = $1 ORDER BY id`
	meetingConsents = `SELECT grant_id, firm, bank FROM credit_meeting_consent WHERE meeting_id = $1 ORDER BY grant_id`
	meetingCases    = `SELECT case_id FROM credit_meeting_referral WHERE meeting_id = $1 ORDER BY case_id`
)

func scanMeeting(r interface{ Scan(...any) error }) (m Meeting, err error) {
	return m, r.Scan(&m.ID, &m.Area, &m.Title, &m.About, &m.At, &m.By)
}

// gatherMeeting reads a meeting that is there.
func (s *Store) gatherMeeting(ctx context.Context, q store.Querier, reg *party.Registry, m Meeting) (g gathered, err error) {
	g.Meeting = m
	if err := s.gatherPlan(ctx, q, &g); err != nil {
		return g, err
	}
	invited, err := store.List(ctx, q, func(r *store.Rows) (x invitation, err error) { return x, r.Scan(&x.firm, &x.at) }, meetingInvited, m.ID)
	if err != nil {
		return g, err
	}
	for _, x := range invited {
		x.firm = reg.Canonical(x.firm)
		if i := slices.IndexFunc(g.invited, func(y invitation) bool { return y.firm == x.firm }); i >= 0 {
			g.invited[i].at = min(g.invited[i].at, x.at) // two that are one by now
			continue
		}
		g.invited = append(g.invited, x)
	}
	slices.SortFunc(g.invited, func(a, b invitation) int { return cmp.Compare(a.firm, b.firm) })
	if g.answers, err = store.List(ctx, q, func(r *store.Rows) (a Answer, err error) {
		err = r.Scan(&a.ID, &a.N, &a.Firm, &a.Bank, &a.Comes, &a.People, &a.Amount, &a.Purpose, &a.Product, &a.At, &a.By)
		a.Firm = reg.Canonical(a.Firm)
		return a, err
	}, meetingAnswers, m.ID); err != nil {
		return g, err
	}
	if g.came, err = store.List(ctx, q, func(r *store.Rows) (x attendance, err error) {
		err = r.Scan(&x.firm, &x.came, &x.at)
		x.firm = reg.Canonical(x.firm)
		return x, err
	}, meetingCame, m.ID); err != nil {
		return g, err
	}
	if g.talks, err = store.List(ctx, q, func(r *store.Rows) (x Talk, err error) {
		err = r.Scan(&x.ID, &x.Firm, &x.Bank, &x.Outcome, &x.Reason, &x.Note, &x.Amount, &x.ByBank, &x.At, &x.By)
		x.Firm = reg.Canonical(x.Firm)
		return x, err
	}, meetingTalks, m.ID); err != nil {
		return g, err
	}
	if g.consents, err = store.List(ctx, q, func(r *store.Rows) (x firmConsent, err error) {
		err = r.Scan(&x.grant, &x.firm, &x.bank)
		x.firm = reg.Canonical(x.firm)
		return x, err
	}, meetingConsents, m.ID); err != nil {
		return g, err
	}
	g.index()
	g.cases, err = store.List(ctx, q, func(r *store.Rows) (id int64, err error) { return id, r.Scan(&id) }, meetingCases, m.ID)
	return g, err
}

// index finds the last talks.
func (g *gathered) index() {
	g.last = map[talkers]int{}
	for i, x := range g.talks {
		g.last[talkers{x.Firm, x.Bank}] = i
	}
}

// gatherPlan reads when the meeting is, and the banks that take part.
func (s *Store) gatherPlan(ctx context.Context, q store.Querier, g *gathered) (err error) {
	if g.Plans, err = store.List(ctx, q, func(r *store.Rows) (p MeetingPlan, err error) {
		return p, r.Scan(&p.N, &p.From, &p.Until, &p.Place, &p.Cancelled, &p.Reason, &p.At, &p.By)
	}, meetingPlans, g.ID); err != nil {
		return err
	}
	if len(g.Plans) == 0 {
		return fmt.Errorf("meeting %d has no plan", g.ID)
	}
	g.banks, err = store.List(ctx, q, func(r *store.Rows) (b MeetingBank, err error) {
		var code, products string
		err = r.Scan(&code, &products, &b.Party)
		b.Lender = s.Set.lenderOf(code)
		b.Key = code
		for _, p := range strings.Fields(products) {
			x := MeetingProduct{Code: p, Name: i18n.Text{ZH: p, EN: p}}
			if now, err := s.Product(p); err == nil {
				x.Name, x.Offered = now.Name, true
			}
			b.Products = append(b.Products, x)
		}
		return b, err
	}, meetingBanks, g.ID)
	return err
}

// lastAnswer is the last answer of a firm, or of a bank, to a plan; nil for none.
func (g gathered) lastAnswer(n int, firm int64, bank string) *Answer {
	for i := len(g.answers) - 1; i >= 0; i-- {
		if a := g.answers[i]; a.N == n && a.Firm == firm && a.Bank == bank {
			return &a
		}
	}
	return nil
}

// lastTalk is what was written last of a talk; nil for nothing.
func (g gathered) lastTalk(firm int64, bank string) *Talk {
	if i, ok := g.last[talkers{firm, bank}]; ok {
		x := g.talks[i]
		return &x
	}
	return nil
}

// hasCome says that a firm came: an office noted it, or somebody wrote what it talked about.
func (g gathered) hasCome(firm int64) bool {
	if slices.ContainsFunc(g.talks, func(x Talk) bool { return x.Firm == firm }) {
		return true
	}
	for i := len(g.came) - 1; i >= 0; i-- {
		if g.came[i].firm == firm {
			return g.came[i].came
		}
	}
	return false
}

func (g gathered) isInvited(firm int64) bool {
	return slices.ContainsFunc(g.invited, func(x invitation) bool { return x.firm == firm })
}

// bank is a bank that takes part; ok is false for any other.
func (g gathered) bank(code string) (MeetingBank, bool) {
	i := slices.IndexFunc(g.banks, func(b MeetingBank) bool { return b.Key == code })
	if i < 0 {
		return MeetingBank{}, false
	}
	return g.banks[i], true
}

// brings says that a bank brings a product.
func (g gathered) brings(product string) bool {
	return slices.ContainsFunc(g.banks, func(b MeetingBank) bool {
		return slices.ContainsFunc(b.Products, func(p MeetingProduct) bool { return p.Code == product })
	})
}

// meetingSeen is the condition that a scope may know of a meeting: by its area, by a firm that is invited, or as a bank that takes part.
func meetingSeen(scope access.Scope, args []any) (string, []any) {
	area, args := scope.WhereObject(access.ReadMeetings, access.Columns{Area: "m.area"}, args)
	firm, args := scope.WhereObject(access.ReadMeetings, access.Columns{Area: "i.area", Owner: "i.firm"}, args)
	bank, args := scope.WhereObject(access.ReadMeetings, access.Columns{Partner: "c.party"}, args)
	return " AND (" + area + " OR EXISTS (SELECT 1 FROM credit_meeting_invited i WHERE i.meeting_id = m.id AND " + firm +
		") OR EXISTS (SELECT 1 FROM credit_meeting_bank b JOIN credit_bank c ON c.code = b.bank WHERE b.meeting_id = m.id AND " + bank + "))", args
}

// open reads a meeting that the scope may know of; NotFound for any other. Within a transaction it is read there.
func (s *Store) open(ctx context.Context, q store.Querier, scope access.Scope, id int64) (gathered, error) {
	where, args := meetingSeen(scope, []any{id})
	m, err := scanMeeting(q.QueryRow(ctx, meetingColumns+`= $1`+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return gathered{}, errs.NotFound("meeting", id)
	}
	if err != nil {
		return gathered{}, fmt.Errorf("read meeting %d: %w", id, err)
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return gathered{}, err
	}
	return s.gatherMeeting(ctx, q, whole.Registry(), m)
}

// MeetingFirm is an invited firm, as far as whoever reads may know of it.
type MeetingFirm struct {
	ID         int64
	Name, USCC string
	Area       string
	Answer     *Answer // to the plan that counts; nil before there is one. A bank reads it under the firm's consent alone
	Shown      bool    // its consents to the banks stand
	Came       bool
	Talks      []Talk // the last of each bank; a bank reads its own
}

// MeetingCounts is how many firms there are of each sort.
type MeetingCounts struct{ Invited, Answered, Comes, Came, Talked int }

func (c *MeetingCounts) add(f MeetingFirm) {
	c.Invited++
	if f.Answer != nil {
		c.Answered++
		if f.Answer.Comes {
			c.Comes++
		}
	}
	if f.Came {
		c.Came++
	}
	if len(f.Talks) > 0 {
		c.Talked++
	}
}

// MeetingSight is a meeting as far as a scope may know of it.
type MeetingSight struct {
	Meeting
	State    MeetingState
	Seq      int64 // commit up to which firms are known
	Banks    []MeetingBank
	Firms    []MeetingFirm // that it may know by name, by name
	Counts   MeetingCounts // of these; of all of them for a bank that takes part
	Own      []int64       // firms that the scope acts for
	Acts     []string      // codes of the banks that it acts for
	MayPlan  bool          // it may move and cancel the meeting, and note who came
	AsOffice bool          // it sees the meeting as an office, not as one that is asked
	Out      Outcomes      // what came of it; not in a list
}

// Firm is a firm that the scope may know by name.
func (m MeetingSight) Firm(id int64) (MeetingFirm, bool) {
	i := slices.IndexFunc(m.Firms, func(f MeetingFirm) bool { return f.ID == id })
	if i < 0 {
		return MeetingFirm{}, false
	}
	return m.Firms[i], true
}

// Unanswered says that a firm or a bank that the scope acts for has not answered yet, and still may.
func (m MeetingSight) Unanswered() bool {
	if m.State == MeetingCancelled || m.State == MeetingOver {
		return false
	}
	return slices.ContainsFunc(m.Firms, func(f MeetingFirm) bool { return slices.Contains(m.Own, f.ID) && f.Answer == nil }) ||
		slices.ContainsFunc(m.Banks, func(b MeetingBank) bool { return slices.Contains(m.Acts, b.Key) && b.Answer == nil })
}

// meetingPlace is where a bank reads who comes to a meeting.
const meetingPlace = "GET /credit/meetings/{id}"

// sight is who may know what of a meeting.
type sight struct {
	view  fact.View      // of the scope
	whole fact.View      // of all firms, for the names of those that a bank may know
	acts  []string       // codes of the banks that the scope acts for
	own   []int64        // firms that it acts for
	wish  map[int64]bool // whose name and answer it reads, though only as a bank
	lists bool           // the meeting is one of a list: whose consents stand is not looked up
}

func (x sight) office(g gathered, scope access.Scope) bool {
	return scope.Sees(access.ReadMeetings, g.Area, 0) || len(x.acts) == 0 && len(x.own) == 0
}

// firm is a firm that the scope may know by name, and whether by an office or its own; NotFound for any other.
func (x sight) firm(id int64) (e party.Enterprise, full, ok bool) {
	e, ok = x.view.Enterprise(id)
	if ok && x.view.Can(access.ReadMeetings, e.ID) {
		return e, true, true
	}
	if e, ok = x.whole.Enterprise(id); ok && x.wish[id] {
		return e, false, true
	}
	return party.Enterprise{}, false, false
}

// see works out what a scope may know of a meeting. What a bank reads under consents is recorded before it is handed out; a bank that
// only looks at its list (read false) reads nothing under them.
func (s *Store) see(ctx context.Context, scope access.Scope, g gathered, read bool) (x sight, err error) {
	x = sight{wish: map[int64]bool{}, lists: !read}
	if x.view, err = s.Frames.For(ctx, scope, 0); err != nil {
		return x, err
	}
	if x.whole, err = s.Frames.For(ctx, access.SystemScope(), 0); err != nil {
		return x, err
	}
	for _, b := range g.banks {
		if b.Party != 0 && !scope.All() && scope.SeesObject(access.ReadMeetings, access.Object{Partner: b.Party}) {
			x.acts = append(x.acts, b.Key)
		}
	}
	for _, f := range g.invited {
		if slices.Contains(scope.Owns(), f.firm) && scope.Sees(access.ReadMeetings, "", f.firm) {
			x.own = append(x.own, f.firm)
		}
	}
	if len(x.acts) == 0 || !read {
		return x, nil
	}
	var asked []int64
	of := map[int64]int64{}
	for _, c := range g.consents {
		if slices.Contains(x.acts, c.bank) {
			asked, of[c.grant] = append(asked, c.grant), c.firm
		}
	}
	may, err := s.Consents.Use(ctx, scope, meetingPlace, asked...)
	if err != nil {
		return x, fmt.Errorf("read who comes to meeting %d: %w", g.ID, err)
	}
	for _, grant := range may {
		x.wish[of[grant.ID]] = grant.Purpose == meetingPurpose
	}
	return x, nil
}

// Meeting is a meeting as far as the scope may know of it, and what came of it by a day: an office sees the firms of its area, a firm itself,
// and a bank those that consent, of which each reading is recorded. NotFound for who has no part in it.
func (s *Store) Meeting(ctx context.Context, scope access.Scope, id int64, on period.Day) (MeetingSight, error) {
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return MeetingSight{}, err
	}
	var (
		g     gathered
		deals []dealt
	)
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) (err error) {
		if g, err = s.open(ctx, q, scope, id); err != nil {
			return err
		}
		deals, err = s.dealtIn(ctx, q, whole.Registry().Canonical, g.cases)
		return err
	})
	if err != nil {
		return MeetingSight{}, err
	}
	x, err := s.see(ctx, scope, g, true)
	if err != nil {
		return MeetingSight{}, err
	}
	m, err := s.sightOf(ctx, scope, g, x)
	if err != nil {
		return MeetingSight{}, err
	}
	m.Out, err = g.outcomesSeen(x, scope, deals, on)
	return m, err
}

// sightOf is a meeting without what came of it.
func (s *Store) sightOf(ctx context.Context, scope access.Scope, g gathered, x sight) (MeetingSight, error) {
	plan := g.Plan()
	m := MeetingSight{
		Meeting: g.Meeting, State: g.State(s.Clock.Millis()), Seq: x.view.Seq(), Banks: slices.Clone(g.banks), Own: x.own, Acts: x.acts,
		MayPlan: scope.Sees(access.PlanMeeting, g.Area, 0), AsOffice: x.office(g, scope),
	}
	for i, b := range m.Banks {
		m.Banks[i].Answer = g.lastAnswer(plan.N, 0, b.Key)
	}
	var shown map[int64]bool
	if !x.lists {
		var err error
		if shown, err = s.shown(ctx, s.DB.Read(), g); err != nil {
			return m, err
		}
	}
	var all MeetingCounts
	for _, inv := range g.invited {
		f := MeetingFirm{ID: inv.firm, Answer: g.lastAnswer(plan.N, inv.firm, ""), Shown: shown[inv.firm], Came: g.hasCome(inv.firm)}
		e, full, ok := x.firm(f.ID)
		for _, b := range g.banks {
			if talk := g.lastTalk(f.ID, b.Key); talk != nil && (full || slices.Contains(x.acts, b.Key)) {
				f.Talks = append(f.Talks, *talk)
			}
		}
		all.add(f)
		if !ok {
			continue
		}
		m.Counts.add(f)
		if f.Name = e.Name; full {
			f.USCC, f.Area = string(e.USCC), e.Area
		} else { // its consent is to its name and its wish
			f.Shown, f.Came = false, false
		}
		m.Firms = append(m.Firms, f)
	}
	if len(x.acts) > 0 && !m.AsOffice {
		m.Counts = all
	}
	slices.SortFunc(m.Firms, func(a, b MeetingFirm) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return m, nil
}

// shown is the firms whose consents to the banks of a meeting stand.
func (s *Store) shown(ctx context.Context, q store.Querier, g gathered) (map[int64]bool, error) {
	standing, err := s.Consents.Standing(ctx, q, g.grants(0)...)
	if err != nil {
		return nil, fmt.Errorf("read consents of meeting %d: %w", g.ID, err)
	}
	stands, all := map[int64]bool{}, map[int64]bool{}
	for _, grant := range standing {
		stands[grant.ID] = true
	}
	for _, c := range g.consents {
		if stands[c.grant] {
			all[c.firm] = true
		}
	}
	return all, nil
}

// grants are the ids of the consents that a firm gave, 0 for all firms.
func (g gathered) grants(firm int64) []int64 {
	var all []int64
	for _, c := range g.consents {
		if firm == 0 || c.firm == firm {
			all = append(all, c.grant)
		}
	}
	return all
}

// Meetings are the newest meetings that the scope may know of, before one (0 for the newest), at most so many. Of the firms a bank
// learns no more than how many there are.
func (s *Store) Meetings(ctx context.Context, scope access.Scope, before int64, most int) ([]MeetingSight, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	var all []gathered
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		all = nil
		where, args := meetingSeen(scope, []any{before})
		args = append(args, most)
		query := fmt.Sprintf("%s< $1%s ORDER BY m.id DESC LIMIT $%d", meetingColumns, where, len(args))
		found, err := store.List(ctx, q, func(r *store.Rows) (Meeting, error) { return scanMeeting(r) }, query, args...)
		if err != nil {
			return err
		}
		for _, m := range found {
			g, err := s.gatherMeeting(ctx, q, whole.Registry(), m)
			if err != nil {
				return err
			}
			all = append(all, g)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var rows []MeetingSight
	for _, g := range all {
		x, err := s.see(ctx, scope, g, false)
		if err != nil {
			return nil, err
		}
		m, err := s.sightOf(ctx, scope, g, x)
		if err != nil {
			return nil, err
		}
		rows = append(rows, m)
	}
	return rows, nil
}
