package credit

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Limits of a meeting.
const (
	maxInvited = 500 // firms
	maxAhead   = 300 // days: consents run until after it, and a year at most
	maxPeople  = 50  // of one firm or bank
	maxTitle   = 300 // characters, and of a place
	maxText    = 2_000
	maxPurpose = 1_000
	maxSum     = 100_000_000_000 * money.Yuan // that one firm seeks or one talk comes to: sums of a meeting stay whole
	shownFor   = 30 * 24 * time.Hour          // that consents run after a meeting, while banks write down what it came to
)

// Hours is a stretch of a day, as a page or a program names it.
type Hours struct {
	Day         string // 2024-11-20
	From, Until string // 14:00
}

// instants are its ends (ms). Invalid for what is no day or no hour.
func (h Hours) instants() (from, until int64, err error) {
	for i, text := range []string{h.From, h.Until} {
		at, err := time.ParseInLocation("2006-01-02 15:04", strings.TrimSpace(h.Day)+" "+strings.TrimSpace(text), clock.Beijing)
		if err != nil {
			return 0, 0, errs.Invalid(i18n.M("credit.meeting_hours", h.Day, text))
		}
		if i == 0 {
			from = at.UnixMilli()
		} else {
			until = at.UnixMilli()
		}
	}
	return from, until, nil
}

// Audience is which firms are invited: those of an area, where one is named, of this chain and size, where they are; and those with these
// credit codes.
type Audience struct {
	Area, Chain, Size string
	Codes             string // as they were typed or pasted
}

// NewMeeting is a meeting to be planned.
type NewMeeting struct {
	Area, Title, About, Place string
	Hours                     Hours
	Products                  []string // codes; their banks take part
	Audience                  Audience
}

// Invited are the firms of an audience that the scope may see, by id. Invalid where a code is of nobody on file, where nobody is left, and
// where there are too many.
func (s *Store) Invited(ctx context.Context, scope access.Scope, a Audience) ([]party.Enterprise, error) {
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	wanted, unknown := map[int64]bool{}, []string{}
	for _, text := range strings.FieldsFunc(a.Codes, func(r rune) bool { return strings.ContainsRune(" \t\r\n,，;；、\u3000", r) }) {
		code, found := party.ParseUSCC(text)
		var ids []int64
		if found.Usable() {
			ids = whole.Registry().ByUSCC(code)
		}
		if len(ids) != 1 || !view.Can(access.ReadMeetings, ids[0]) {
			unknown = append(unknown, text)
			continue
		}
		wanted[whole.Registry().Canonical(ids[0])] = true
	}
	if n := len(unknown); n > 0 {
		return nil, errs.Invalid(i18n.M("credit.meeting_codes", n, strings.Join(unknown[:min(n, 20)], ", ")))
	}
	_, known := s.Library.Areas().Node(a.Area)
	if a.Area != "" && !known {
		return nil, errs.NotFound("area", a.Area)
	}
	var all []party.Enterprise
	for e := range view.Enterprises() {
		if view.Can(access.ReadMeetings, e.ID) && (wanted[e.ID] || a.Area != "" && s.fits(view, e, a)) {
			all = append(all, e)
		}
	}
	switch {
	case len(all) == 0:
		return nil, errs.Invalid(i18n.M("credit.meeting_nobody"))
	case len(all) > maxInvited:
		return nil, errs.Invalid(i18n.M("credit.meeting_many", len(all), maxInvited))
	}
	return all, nil
}

// fits says that a firm is one of those of an area that are meant.
func (s *Store) fits(view fact.View, e party.Enterprise, a Audience) bool {
	chain := content.Fold(a.Chain)
	return s.Library.Areas().Within(e.Area, a.Area) &&
		(chain == "" || content.Fold(e.Chain) == chain || content.Fold(newest(view, e.ID, "ent.chain")) == chain) &&
		(a.Size == "" || newest(view, e.ID, "ent.size") == a.Size)
}

// newest is the text of a fact in the last period for which it is known; "" for none.
func newest(view fact.View, id int64, def string) string {
	for _, p := range slices.Backward(view.Periods(id, def)) {
		if c := view.Value(id, def, p); c.Known {
			return c.Value.Text
		}
	}
	return ""
}

const (
	insertMeeting     = `INSERT INTO credit_meeting (id, area, title, about, at, by_account) VALUES ($1, $2, $3, $4, $5, $6)`
	insertMeetingBank = `INSERT INTO credit_meeting_bank (meeting_id, n, bank, products) VALUES ($1, $2, $3, $4)`
	insertMeetingPlan = `INSERT INTO credit_meeting_plan (id, meeting_id, n, from_at, until_at, place, cancelled, reason, at, by_account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	insertConsent = `INSERT INTO credit_meeting_consent (grant_id, meeting_id, firm, bank) VALUES ($1, $2, $3, $4)`
	insertAnswer  = `INSERT INTO credit_meeting_answer (id, meeting_id, n, firm, bank, comes, people, fen, purpose, product, at, by_account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	insertCame = `INSERT INTO credit_meeting_came (id, meeting_id, firm, came, at, by_account) VALUES ($1, $2, $3, $4, $5, $6)`
	insertTalk = `INSERT INTO credit_meeting_talk (id, meeting_id, firm, bank, outcome, reason, note, fen, by_bank, at, by_account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
)

var invitedColumns = []string{"meeting_id", "firm", "area", "round", "at", "by_account"}

// check looks at when and where a meeting is to be.
func (s *Store) check(h Hours, place string) (p MeetingPlan, err error) {
	p.Place, p.At = strings.TrimSpace(place), s.Clock.Millis()
	if p.From, p.Until, err = h.instants(); err != nil {
		return p, err
	}
	switch last := clock.StartOf(s.Clock.Today() + maxAhead + 1); {
	case p.Until <= p.From:
		return p, errs.Invalid(i18n.M("credit.meeting_order", h.From, h.Until))
	case p.From < p.At || p.Until > last:
		return p, errs.Invalid(i18n.M("credit.meeting_when", clock.Minute(p.From), clock.Minute(p.At), maxAhead))
	case p.Place == "":
		return p, errs.Invalid(i18n.M("credit.meeting_lacks", i18n.M("credit.meeting_place")))
	}
	return p, within(p.Place, maxTitle)
}

// within refuses a text of more than so many characters.
func within(text string, most int) error {
	if utf8.RuneCountInString(text) > most {
		return errs.Invalid(i18n.M("credit.list_text", most))
	}
	return nil
}

// bankProducts are the banks of products, in the order of the file, with the codes of those that each brings.
func (s *Store) bankProducts(codes []string) (banks []string, products map[string][]string, err error) {
	products = map[string][]string{}
	for _, code := range codes {
		p, err := s.Product(code)
		if err != nil {
			return nil, nil, err
		}
		if !slices.Contains(products[p.Bank], code) {
			products[p.Bank] = append(products[p.Bank], code)
		}
	}
	for _, b := range s.Banks() {
		if len(products[b.Code]) > 0 {
			banks = append(banks, b.Code)
		}
	}
	if len(banks) == 0 {
		return nil, nil, errs.Invalid(i18n.M("credit.meeting_lacks", i18n.M("credit.meeting_banks")))
	}
	return banks, products, nil
}

// PlanMeeting plans a meeting and tells the banks and firms that are asked, and gives its id. Forbidden for who plans none in the area;
// Invalid for what is amiss in it.
func (s *Store) PlanMeeting(ctx context.Context, scope access.Scope, n NewMeeting) (id int64, err error) {
	if !scope.Sees(access.PlanMeeting, n.Area, 0) {
		return 0, errs.Forbidden(string(access.PlanMeeting))
	}
	title, about := strings.TrimSpace(n.Title), strings.TrimSpace(n.About)
	if title == "" {
		return 0, errs.Invalid(i18n.M("credit.meeting_lacks", i18n.M("credit.meeting_title")))
	}
	if err := within(title, maxTitle); err != nil {
		return 0, err
	}
	if err := within(about, maxText); err != nil {
		return 0, err
	}
	plan, err := s.check(n.Hours, n.Place)
	if err != nil {
		return 0, err
	}
	plan.N = 1
	banks, products, err := s.bankProducts(n.Products)
	if err != nil {
		return 0, err
	}
	firms, err := s.Invited(ctx, scope, n.Audience)
	if err != nil {
		return 0, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if id, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertMeeting, id, n.Area, title, about, plan.At, scope.Account()); err != nil {
			return err
		}
		told := []int64{}
		for i, code := range banks {
			party, err := s.enter(ctx, tx, code)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, insertMeetingBank, id, i+1, code, strings.Join(products[code], " ")); err != nil {
				return err
			}
			told = append(told, party)
		}
		audit.Note(tx, loggedMeeting, id)
		if err := s.writePlan(ctx, tx, scope, id, plan); err != nil {
			return err
		}
		if err := s.invite(ctx, tx, scope, id, firms); err != nil {
			return err
		}
		for _, e := range firms {
			told = append(told, e.ID)
		}
		m := gathered{Meeting: Meeting{ID: id, Title: title, Plans: []MeetingPlan{plan}}}
		return m.tell(ctx, tx, notice.Task, told, i18n.M("credit.meeting_invites", title), i18n.M("credit.meeting_invites_body", clock.Minute(plan.From), plan.Place))
	})
	if err != nil {
		return 0, fmt.Errorf("plan meeting: %w", err)
	}
	return id, s.Frames.Refresh(ctx) // a bank may have become a party
}

func (s *Store) writePlan(ctx context.Context, tx *store.Tx, scope access.Scope, meeting int64, p MeetingPlan) error {
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertMeetingPlan, id, meeting, p.N, p.From, p.Until, p.Place, bit(p.Cancelled), p.Reason, p.At, scope.Account())
	if err != nil {
		return fmt.Errorf("write plan of meeting %d: %w", meeting, err)
	}
	audit.Note(tx, loggedPlan, id)
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// invite writes that firms are invited, which were not before.
func (s *Store) invite(ctx context.Context, tx *store.Tx, scope access.Scope, meeting int64, firms []party.Enterprise) error {
	round, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	err = tx.InsertRows(ctx, "credit_meeting_invited", invitedColumns, func(yield func([]any) bool) {
		for _, e := range firms {
			if !yield([]any{meeting, e.ID, e.Area, round, s.Clock.Millis(), scope.Account()}) {
				return
			}
		}
	})
	if err != nil {
		return fmt.Errorf("invite to meeting %d: %w", meeting, err)
	}
	audit.Note(tx, loggedInvited, round)
	return nil
}

// tell posts one message to each of some parties.
func (g gathered) tell(ctx context.Context, tx *store.Tx, kind notice.Kind, parties []int64, title, body i18n.Msg) error {
	at := g.Plan().At
	for _, id := range parties {
		m := notice.Message{Kind: kind, To: notice.ToParty(id), Title: title, Body: body, Link: "/credit/meetings/" + strconv.FormatInt(g.ID, 10), At: at}
		if err := notice.Post(ctx, tx, m); err != nil {
			return err
		}
	}
	return nil
}

// asked are the parties that are asked to come.
func (g gathered) asked() []int64 {
	var all []int64
	for _, b := range g.banks {
		if b.Party != 0 {
			all = append(all, b.Party)
		}
	}
	for _, x := range g.invited {
		all = append(all, x.firm)
	}
	return all
}

// change has a meeting changed that the scope may know of, while nobody else changes it.
func (s *Store) change(ctx context.Context, scope access.Scope, id int64, do func(ctx context.Context, tx *store.Tx, g gathered) error) error {
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, fmt.Sprintf("credit meeting %d", id)); err != nil {
			return err
		}
		g, err := s.open(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		return do(ctx, tx, g)
	})
	if err != nil {
		return fmt.Errorf("change meeting %d: %w", id, err)
	}
	return nil
}

// plans says that the scope may change when and where a meeting is; Conflict for one that is cancelled.
func plans(scope access.Scope, g gathered) error {
	switch {
	case !scope.Sees(access.PlanMeeting, g.Area, 0):
		return errs.Forbidden(string(access.PlanMeeting))
	case g.Plan().Cancelled:
		return errs.Conflict(i18n.M("credit.meeting_cancelled"))
	}
	return nil
}

// Invite invites further firms to a meeting that has not ended, and tells them. Those that are invited already are passed over; Invalid
// where that is all of them.
func (s *Store) Invite(ctx context.Context, scope access.Scope, id int64, a Audience) error {
	return s.change(ctx, scope, id, func(ctx context.Context, tx *store.Tx, g gathered) error {
		if err := plans(scope, g); err != nil {
			return err
		}
		if g.State(s.Clock.Millis()) == MeetingOver {
			return errs.Conflict(i18n.M("credit.meeting_over"))
		}
		firms, err := s.Invited(ctx, scope, a)
		if err != nil {
			return err
		}
		firms = slices.DeleteFunc(firms, func(e party.Enterprise) bool { return g.isInvited(e.ID) })
		switch n := len(firms) + len(g.invited); {
		case len(firms) == 0:
			return errs.Invalid(i18n.M("credit.meeting_nobody"))
		case n > maxInvited:
			return errs.Invalid(i18n.M("credit.meeting_many", n, maxInvited))
		}
		if err := s.invite(ctx, tx, scope, id, firms); err != nil {
			return err
		}
		var told []int64
		for _, e := range firms {
			told = append(told, e.ID)
		}
		p := g.Plan()
		g.Plans = append(g.Plans, MeetingPlan{At: s.Clock.Millis()}) // the message is of now
		return g.tell(ctx, tx, notice.Task, told, i18n.M("credit.meeting_invites", g.Title), i18n.M("credit.meeting_invites_body", clock.Minute(p.From), p.Place))
	})
}

// replan writes a further plan, ends the consents that were given for the one before, and tells all that are asked.
func (s *Store) replan(ctx context.Context, tx *store.Tx, scope access.Scope, g gathered, p MeetingPlan, kind notice.Kind, title, body i18n.Msg, why string) error {
	if p.Reason == "" {
		return errs.Invalid(i18n.M("credit.meeting_lacks", i18n.M("credit.meeting_reason")))
	}
	if err := within(p.Reason, maxText); err != nil {
		return err
	}
	if err := s.writePlan(ctx, tx, scope, g.ID, p); err != nil {
		return err
	}
	if err := s.endShown(ctx, tx, access.SystemScope(), g.grants(0), why); err != nil { // its purpose is over, whoever changed the meeting
		return err
	}
	g.Plans = append(g.Plans, p)
	return g.tell(ctx, tx, kind, g.asked(), title, body)
}

// endShown ends those of some consents that stand.
func (s *Store) endShown(ctx context.Context, tx *store.Tx, scope access.Scope, ids []int64, why string) error {
	standing, err := s.Consents.Standing(ctx, tx, ids...)
	if err != nil {
		return err
	}
	for _, g := range standing {
		if err := s.Consents.End(ctx, tx, scope, g.ID, why); err != nil {
			return err
		}
	}
	return nil
}

// MoveMeeting moves a meeting that has not begun to other hours or another place, for a reason, and tells all that are asked: they
// answer again, and consents that firms gave for the old hours end.
func (s *Store) MoveMeeting(ctx context.Context, scope access.Scope, id int64, h Hours, place, reason string) error {
	return s.change(ctx, scope, id, func(ctx context.Context, tx *store.Tx, g gathered) error {
		if err := plans(scope, g); err != nil {
			return err
		}
		if g.Held(s.Clock.Millis()) {
			return errs.Conflict(i18n.M("credit.meeting_begun"))
		}
		p, err := s.check(h, place)
		if err != nil {
			return err
		}
		was := g.Plan()
		if p.From == was.From && p.Until == was.Until && p.Place == was.Place {
			return errs.Invalid(i18n.M("credit.meeting_same"))
		}
		p.N, p.Reason = was.N+1, strings.TrimSpace(reason)
		return s.replan(ctx, tx, scope, g, p, notice.Task, i18n.M("credit.meeting_moved", g.Title),
			i18n.M("credit.meeting_moved_body", clock.Minute(p.From), p.Place, p.Reason), "对接会改期，须重新答复")
	})
}

// CancelMeeting says that a meeting that has not begun does not take place, for a reason, and tells all that are asked.
func (s *Store) CancelMeeting(ctx context.Context, scope access.Scope, id int64, reason string) error {
	return s.change(ctx, scope, id, func(ctx context.Context, tx *store.Tx, g gathered) error {
		if err := plans(scope, g); err != nil {
			return err
		}
		if g.Held(s.Clock.Millis()) {
			return errs.Conflict(i18n.M("credit.meeting_begun"))
		}
		p := g.Plan()
		p.Cancelled, p.Reason, p.At = true, strings.TrimSpace(reason), s.Clock.Millis()
		return s.replan(ctx, tx, scope, g, p, notice.Progress, i18n.M("credit.meeting_off", g.Title),
			i18n.M("credit.meeting_off_body", clock.Minute(p.From), p.Reason), "对接会取消")
	})
}

// Coming is what a firm or a bank answers: one of the two is named.
type Coming struct {
	Plan   int // that it answers (MeetingPlan.N)
	Firm   int64
	Bank   string
	Comes  bool
	People int
	Wish        // of a firm that comes
	Show   bool // it consents that the banks read who it is and what it seeks
}

// AnswerMeeting answers an invitation to a plan, until the meeting ends, with Conflict where it was moved meanwhile; a later answer takes the place of the one before. The firm's consent to each
// bank that takes part is given with it and runs for a month after the meeting; an answer without it ends what stands. NotFound for who
// is not asked, Forbidden for who does not act for it.
func (s *Store) AnswerMeeting(ctx context.Context, scope access.Scope, id int64, a Coming) error {
	return s.change(ctx, scope, id, func(ctx context.Context, tx *store.Tx, g gathered) error {
		if err := mayAnswer(scope, g, a); err != nil {
			return err
		}
		now := s.Clock.Millis()
		switch g.State(now) {
		case MeetingCancelled:
			return errs.Conflict(i18n.M("credit.meeting_cancelled"))
		case MeetingOver:
			return errs.Conflict(i18n.M("credit.meeting_over"))
		}
		if p := g.Plan(); a.Plan != p.N {
			return errs.Conflict(i18n.M("credit.meeting_other_plan", clock.Minute(p.From), p.Place))
		}
		if !a.Comes {
			a.People = 0
		}
		if a.Bank != "" || !a.Comes {
			a.Wish, a.Show = Wish{Amount: unsaid}, false
		}
		a.Purpose = strings.TrimSpace(a.Purpose)
		if err := a.check(g); err != nil {
			return err
		}
		last := g.lastAnswer(g.Plan().N, a.Firm, a.Bank)
		if last == nil || last.Comes != a.Comes || last.People != a.People || last.Wish != a.Wish {
			next, err := tx.NextIDs(ctx, 1)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, insertAnswer, next, id, g.Plan().N, a.Firm, a.Bank, bit(a.Comes), a.People, int64(a.Amount), a.Purpose, a.Product, now, scope.Account())
			if err != nil {
				return fmt.Errorf("write answer: %w", err)
			}
			audit.Note(tx, loggedAnswer, next)
		}
		if a.Bank != "" {
			return nil
		}
		if !a.Show {
			return s.endShown(ctx, tx, scope, g.grants(a.Firm), "企业撤回")
		}
		return s.show(ctx, tx, scope, g, a.Firm)
	})
}

// mayAnswer says that the scope acts for who answers, and that it is asked.
func mayAnswer(scope access.Scope, g gathered, a Coming) error {
	if (a.Firm <= 0) == (a.Bank == "") {
		return errs.Invalid(i18n.M("credit.meeting_who"))
	}
	if a.Bank != "" {
		b, ok := g.bank(a.Bank)
		switch {
		case !ok:
			return errs.NotFound("bank", a.Bank)
		case b.Party == 0 || !scope.SeesObject(access.AnswerMeeting, access.Object{Partner: b.Party}):
			return errs.Forbidden(string(access.AnswerMeeting))
		}
		return nil
	}
	switch {
	case !slices.Contains(scope.Owns(), a.Firm) || !g.isInvited(a.Firm):
		return errs.NotFound("enterprise", a.Firm)
	case !scope.Sees(access.AnswerMeeting, "", a.Firm):
		return errs.Forbidden(string(access.AnswerMeeting))
	}
	return nil
}

// check looks at what an answer says.
func (a Coming) check(g gathered) error {
	switch {
	case a.Comes && (a.People < 1 || a.People > maxPeople):
		return errs.Invalid(i18n.M("credit.meeting_people", maxPeople))
	case a.Amount > maxSum:
		return errs.Invalid(i18n.M("credit.meeting_much"))
	case a.Amount < unsaid || a.Amount == 0:
		return errs.Invalid(i18n.M("credit.bad_amount", a.Amount.String()))
	case a.Product != "" && !g.brings(a.Product):
		return errs.NotFound("product", a.Product)
	}
	return within(a.Purpose, maxPurpose)
}

// show gives each bank that takes part the firm's consent, where none stands; while one does, a bank from which the firm has taken it back
// gets none again.
func (s *Store) show(ctx context.Context, tx *store.Tx, scope access.Scope, g gathered, firm int64) error {
	standing, err := s.Consents.Standing(ctx, tx, g.grants(firm)...)
	if err != nil {
		return err
	}
	until := g.Plan().Until + shownFor.Milliseconds()
	for _, b := range g.banks {
		had := func(c firmConsent) bool { return c.firm == firm && c.bank == b.Key }
		if slices.ContainsFunc(standing, func(x consent.Grant) bool { return x.To == b.Party }) || len(standing) > 0 && slices.ContainsFunc(g.consents, had) {
			continue
		}
		grant, err := s.Consents.Give(ctx, tx, scope, consent.NewGrant{Owner: firm, To: b.Party, Purpose: meetingPurpose, Facts: []string{consent.MeetingWish}, Until: until})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertConsent, grant.ID, g.ID, firm, b.Key); err != nil {
			return fmt.Errorf("write consent to meeting %d: %w", g.ID, err)
		}
		audit.Note(tx, loggedShown, grant.ID)
	}
	return nil
}

// meetingPurpose is what these consents are for (content/codes/consent_purposes.yaml).
const meetingPurpose = "meeting"

// held refuses what may be noted of a meeting only once it has begun.
func (s *Store) held(g gathered) error {
	switch now := s.Clock.Millis(); {
	case g.State(now) == MeetingCancelled:
		return errs.Conflict(i18n.M("credit.meeting_cancelled"))
	case !g.Held(now):
		return errs.Conflict(i18n.M("credit.meeting_to_come", clock.Minute(g.Plan().From)))
	}
	return nil
}

// Attendance says which of the firms that an office sees came to a meeting, once it has begun: those that are named, no others. A firm of
// which a talk was written came in any case.
func (s *Store) Attendance(ctx context.Context, scope access.Scope, id int64, firms []int64) error {
	return s.change(ctx, scope, id, func(ctx context.Context, tx *store.Tx, g gathered) error {
		if err := plans(scope, g); err != nil {
			return err
		}
		if err := s.held(g); err != nil {
			return err
		}
		view, err := s.Frames.For(ctx, scope, 0)
		if err != nil {
			return err
		}
		seen := slices.DeleteFunc(slices.Clone(g.invited), func(x invitation) bool { return !view.Can(access.ReadMeetings, x.firm) })
		for _, firm := range firms {
			if !slices.ContainsFunc(seen, func(x invitation) bool { return x.firm == firm }) {
				return errs.NotFound("enterprise", firm)
			}
		}
		for _, x := range seen {
			came := slices.Contains(firms, x.firm)
			if g.hasCome(x.firm) == came || !came && slices.ContainsFunc(g.talks, func(t Talk) bool { return t.Firm == x.firm }) {
				continue
			}
			next, err := tx.NextIDs(ctx, 1)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, insertCame, next, id, x.firm, bit(came), s.Clock.Millis(), scope.Account()); err != nil {
				return fmt.Errorf("note who came: %w", err)
			}
			audit.Note(tx, loggedCame, next)
		}
		return nil
	})
}

// NewTalk is what is to be written of a talk.
type NewTalk struct {
	Firm    int64
	Bank    string // code
	Outcome TalkOutcome
	Reason  string // code of TalkReasons, where it is no intention
	Note    string
	Amount  money.Fen // of an intention
}

// WriteTalk writes what a talk of a firm and a bank came to, once the meeting has begun, and tells the firm. The bank writes of firms that it
// may know by name, an office that plans the meeting of any that it sees. The same once more changes nothing; what is written later
// takes the place of what stood.
func (s *Store) WriteTalk(ctx context.Context, scope access.Scope, id int64, n NewTalk) error {
	n.Note = strings.TrimSpace(n.Note)
	return s.change(ctx, scope, id, func(ctx context.Context, tx *store.Tx, g gathered) error {
		b, byBank, err := s.mayWrite(ctx, tx, scope, g, n)
		if err != nil {
			return err
		}
		if err := s.held(g); err != nil {
			return err
		}
		if err := s.checkTalk(n); err != nil {
			return err
		}
		last := g.lastTalk(n.Firm, n.Bank)
		if last != nil && last.Outcome == n.Outcome && last.Reason == n.Reason && last.Note == n.Note && last.Amount == n.Amount {
			return nil
		}
		next, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		now := s.Clock.Millis()
		_, err = tx.Exec(ctx, insertTalk, next, id, n.Firm, n.Bank, string(n.Outcome), n.Reason, n.Note, int64(n.Amount), bit(byBank), now, scope.Account())
		if err != nil {
			return fmt.Errorf("write talk: %w", err)
		}
		audit.Note(tx, loggedTalk, next)
		g.Plans = append(g.Plans, MeetingPlan{At: now}) // the message is of now
		return g.tell(ctx, tx, notice.Progress, []int64{n.Firm}, i18n.M("credit.meeting_talked", g.Title), i18n.M("credit.meeting_talked_body", b.Name))
	})
}

// mayWrite says that the scope may write of a talk of a bank with a firm, and whether as the bank. A firm that it may not know of is not
// found, whether it is invited or not.
func (s *Store) mayWrite(ctx context.Context, tx *store.Tx, scope access.Scope, g gathered, n NewTalk) (b MeetingBank, byBank bool, err error) {
	acts := func(b MeetingBank) bool {
		return b.Party != 0 && scope.SeesObject(access.AnswerMeeting, access.Object{Partner: b.Party})
	}
	office := scope.Sees(access.PlanMeeting, g.Area, 0)
	b, takesPart := g.bank(n.Bank)
	switch {
	case !office && !slices.ContainsFunc(g.banks, acts):
		return b, false, errs.Forbidden(string(access.AnswerMeeting))
	case n.Firm <= 0 || n.Bank == "":
		return b, false, errs.Invalid(i18n.M("credit.meeting_pair"))
	case !takesPart:
		return b, false, errs.NotFound("bank", n.Bank)
	case !office && !acts(b):
		return b, false, errs.Forbidden(string(access.AnswerMeeting))
	case !g.isInvited(n.Firm):
		return b, false, errs.NotFound("enterprise", n.Firm)
	}
	if office {
		view, err := s.Frames.For(ctx, scope, 0)
		if err == nil && !view.Can(access.ReadMeetings, n.Firm) {
			err = errs.NotFound("enterprise", n.Firm)
		}
		return b, false, err
	}
	standing, err := s.Consents.Standing(ctx, tx, g.grants(n.Firm)...)
	if err == nil && !slices.ContainsFunc(standing, func(x consent.Grant) bool { return x.To == b.Party && x.Purpose == meetingPurpose }) {
		err = errs.NotFound("enterprise", n.Firm)
	}
	return b, true, err
}

// checkTalk looks at what is written of a talk.
func (s *Store) checkTalk(n NewTalk) error {
	reasons, _ := s.Library.CodeList(TalkReasons)
	_, known := reasons.Entry(n.Reason)
	switch intent := n.Outcome == TalkIntent; {
	case !slices.Contains(TalkOutcomes(), n.Outcome):
		return errs.Invalid(i18n.M("credit.meeting_outcome"))
	case n.Amount > maxSum:
		return errs.Invalid(i18n.M("credit.meeting_much"))
	case intent && n.Amount <= 0:
		return errs.Invalid(i18n.M("credit.meeting_intent"))
	case !intent && n.Amount != 0:
		return errs.Invalid(i18n.M("credit.meeting_no_amount"))
	case intent && n.Reason != "":
		return errs.Invalid(i18n.M("credit.meeting_no_reason"))
	case !intent && !known:
		return errs.Invalid(i18n.M("credit.meeting_why"))
	case n.Reason == "other" && n.Note == "":
		return errs.Invalid(i18n.M("credit.meeting_other"))
	}
	return within(n.Note, maxText)
}
