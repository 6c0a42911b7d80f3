package flag

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// The workflows of reviews, and of questions to a firm and to the office of a county (content/workflows).
const (
	ReviewFlow = "flag_review"
	FirmFlow   = "flag_inquiry"
	OfficeFlow = "flag_office_inquiry"
)

// Outcome is what a review came to, once a second account has confirmed it; "" before.
type Outcome string

// The outcomes.
const (
	NoMatter  Outcome = "no_matter"
	Explained Outcome = "explained"
	Irregular Outcome = "irregular"
)

// Outcomes are all of them.
func Outcomes() []Outcome { return []Outcome{NoMatter, Explained, Irregular} }

// Standing is how far a flag was looked into.
type Standing string

// The standings.
const (
	Fresh    Standing = "new"     // nobody has opened it
	Joined   Standing = "joined"  // it was opened before, and members have joined since
	Reviewed Standing = "review"  // it is being looked into
	Settled  Standing = "settled" // it was looked into, and nobody has joined since
)

// Standings are all of them.
func Standings() []Standing { return []Standing{Fresh, Joined, Reviewed, Settled} }

// Status is how a flag stands.
type Status struct {
	Standing Standing
	Case     int64   // of the review; 0 where there is none, or where it lies beyond the scope
	Outcome  Outcome // of a settled one
	Changed  bool    // its rows are no longer those that the review froze
}

// Opens says that the flag may be opened as a case: nobody has, members have joined since, or it was settled on rows that are others now.
func (s Status) Opens() bool {
	return s.Standing == Fresh || s.Standing == Joined || s.Anew()
}

// Anew says that the flag was settled, and may be opened again since its rows have changed.
func (s Status) Anew() bool { return s.Standing == Settled && s.Changed }

// Frozen is a row of a review as it was when the flag was opened.
type Frozen struct {
	N      int
	Member string // what the row stands for when flags are told apart
	Office int64  // the subject of the county
	Row
}

// Review is a flag that was opened as a case.
type Review struct {
	Case     int64
	Kind     string
	Shared   string // "" where that is personal data: the frozen facts of the case have it
	Area     string
	Mark     Mark
	Sum      money.Fen
	At, By   int64 // when it was opened (ms UTC), and by which account
	Outcome  Outcome
	Settled  int64 // when the outcome was confirmed, 0 before
	SettleBy int64
	Former   int64 // the review that the flag was opened in before, 0 for none
	Rows     []Frozen

	anchor string
}

// member is what a row of a flag stands for: the same thing in every search, whatever its figures.
func (f Flag) member(r Row) string {
	switch f.Kind {
	case SplitProject, JustAboveMark:
		return fmt.Sprintf("project %d %d", r.Subject, r.Year)
	case ReusedInvoice, ClosedPayee:
		return fmt.Sprintf("case %d", r.Case)
	case RelatedSeller:
		if r.Case != 0 { // else it is the seller
			return fmt.Sprintf("case %d", r.Case)
		}
	}
	return fmt.Sprintf("firm %d", r.Firm)
}

// members are what the rows of a flag stand for, each once, in order.
func (f Flag) members() []string {
	all := make([]string, len(f.Rows))
	for i, r := range f.Rows {
		all[i] = f.member(r)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Key tells the flag from every other: the same members of the same kind have the same key.
func (f Flag) Key() string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{f.Kind, f.anchor}, f.members()...), "\n")))
	return hex.EncodeToString(sum[:12])
}

const (
	reviewColumns = `r.case_id, r.kind, r.anchor, r.shared, r.area, r.mark_fen, r.mark_policy, r.mark_number, r.mark_cite, r.mark_fact, r.sum_fen, r.at, r.by_account, r.former,
	COALESCE(o.outcome, ''), COALESCE(o.at, 0), COALESCE(o.by_account, 0)`
	selectReviews = `SELECT ` + reviewColumns + ` FROM flag_review r LEFT JOIN flag_outcome o ON o.case_id = r.case_id`
	reviewByID    = selectReviews + ` WHERE r.case_id = $1`
	reviewsByKind = selectReviews + ` WHERE $1 = '' OR r.kind = $1 ORDER BY r.case_id`
	rowColumns    = `w.case_id, w.n, w.member, w.firm, w.office, w.of_case, w.subject, w.name, w.year, w.fen`
	rowsOf        = `SELECT ` + rowColumns + ` FROM flag_row w WHERE w.case_id = $1 ORDER BY w.n`
	rowsByKind    = `SELECT ` + rowColumns + ` FROM flag_row w JOIN flag_review r ON r.case_id = w.case_id WHERE $1 = '' OR r.kind = $1 ORDER BY w.case_id, w.n`
	insertReview  = `INSERT INTO flag_review (case_id, kind, anchor, shared, area, mark_fen, mark_policy, mark_number, mark_cite, mark_fact, sum_fen, at, by_account, former)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	insertRow = `INSERT INTO flag_row (case_id, n, member, firm, office, of_case, subject, name, year, fen) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
)

func scanReview(r *store.Rows) (x Review, err error) {
	return x, r.Scan(&x.Case, &x.Kind, &x.anchor, &x.Shared, &x.Area, &x.Mark.Amount, &x.Mark.Policy, &x.Mark.Number, &x.Mark.Cite, &x.Mark.Fact, &x.Sum,
		&x.At, &x.By, &x.Former, &x.Outcome, &x.Settled, &x.SettleBy)
}

// rowOf is a row with the case of its review.
type rowOf struct {
	review int64
	Frozen
}

func scanRow(r *store.Rows) (x rowOf, err error) {
	return x, r.Scan(&x.review, &x.N, &x.Member, &x.Firm, &x.Office, &x.Case, &x.Subject, &x.Name, &x.Year, &x.Amount)
}

// reviews is every review of a kind, of all where it is "", with its rows, whoever may see it.
func reviews(ctx context.Context, q store.Querier, kind string) ([]Review, error) {
	all, err := store.List(ctx, q, scanReview, reviewsByKind, kind)
	if err != nil {
		return nil, err
	}
	rows, err := store.List(ctx, q, scanRow, rowsByKind, kind)
	if err != nil {
		return nil, err
	}
	at := 0
	for i := range all {
		for ; at < len(rows) && rows[at].review == all[i].Case; at++ {
			all[i].Rows = append(all[i].Rows, rows[at].Frozen)
		}
	}
	return all, nil
}

// reviewAt is the review that a case is; NotFound for a case that is none.
func reviewAt(ctx context.Context, q store.Querier, id int64) (Review, error) {
	all, err := store.List(ctx, q, scanReview, reviewByID, id)
	if err != nil {
		return Review{}, err
	}
	if len(all) == 0 {
		return Review{}, errs.NotFound("review of a flag", id)
	}
	rows, err := store.List(ctx, q, scanRow, rowsOf, id)
	for _, r := range rows {
		all[0].Rows = append(all[0].Rows, r.Frozen)
	}
	return all[0], err
}

// reviewed is reviews by what their rows stand for.
type reviewed struct {
	all []Review
	by  map[string][]int // places in all, by memberKey
}

func memberKey(kind, anchor, member string) string { return kind + "\n" + anchor + "\n" + member }

func index(all []Review) reviewed {
	x := reviewed{all, map[string][]int{}}
	for i, r := range all {
		for _, w := range r.Rows {
			key := memberKey(r.Kind, r.anchor, w.Member)
			if at := x.by[key]; len(at) == 0 || at[len(at)-1] != i {
				x.by[key] = append(at, i)
			}
		}
	}
	return x
}

// status is how a flag stands. Of several reviews the one counts in which all of its members stand, and the newest.
func (x reviewed) status(f Flag) Status {
	members := f.members()
	have := map[int]int{}
	for _, m := range members {
		for _, i := range x.by[memberKey(f.Kind, f.anchor, m)] {
			have[i]++
		}
		if f.def != "" && f.anchor != "" { // reviews from before what is shared was hashed
			for _, i := range x.by[memberKey(f.Kind, "", m)] {
				have[i]++
			}
		}
	}
	whole, part := -1, -1
	for i, n := range have {
		if part = max(part, i); n == len(members) {
			whole = max(whole, i)
		}
	}
	switch {
	case part < 0:
		return Status{Standing: Fresh}
	case whole < 0:
		r := x.all[part]
		return Status{Standing: Joined, Case: r.Case, Outcome: r.Outcome, Changed: true}
	}
	r := x.all[whole]
	status := Status{Standing: Reviewed, Case: r.Case, Outcome: r.Outcome, Changed: !r.holds(f)}
	if r.Outcome != "" {
		status.Standing = Settled
	}
	return status
}

// holds says that the rows of a flag are those that the review froze of its members.
func (r Review) holds(f Flag) bool {
	members := f.members()
	var then []Row
	for _, w := range r.Rows {
		if slices.Contains(members, w.Member) {
			then = append(then, w.Row)
		}
	}
	return slices.Equal(then, f.Rows)
}

// Begin opens a flag as a case of the scope's area, with its rows as they are and the facts behind them frozen, and gives its id. One
// that was opened with the same members, by whomever, is given instead, unless it is settled and its rows have changed since: begun says
// so. A review that is opened anew names the one before. NotFound for a kind that is not looked for, Conflict where the flag is no longer
// found as the key tells it, and where its review lies beyond the scope, Forbidden for a scope of counties alone.
func (s *Store) Begin(ctx context.Context, scope access.Scope, cases *casework.Store, view fact.View, kind, key string) (id int64, begun bool, err error) {
	k, err := s.Set.Kind(kind)
	if err != nil {
		return 0, false, err
	}
	l, err := s.Find(ctx, view, Query{Kind: k.Kind})
	if err != nil {
		return 0, false, err
	}
	i := slices.IndexFunc(l.flags, func(f Flag) bool { return f.Key() == key })
	if i < 0 {
		return 0, false, errs.Conflict(i18n.M("flag.gone"))
	}
	r, err := s.review(ctx, scope, view, l.flags[i])
	if err != nil {
		return 0, false, err
	}
	subject, err := s.Applications.AreaSubject(ctx, r.Area)
	if err != nil {
		return 0, false, err
	}
	err = cases.Together(ctx, scope, func(ctx context.Context, tx *store.Tx, t casework.Together) error {
		id, begun = 0, false
		if err := tx.Lock(ctx, "flags "+k.Kind); err != nil {
			return err
		}
		all, err := reviews(ctx, tx, k.Kind)
		if err != nil {
			return err
		}
		status := index(all).status(l.flags[i])
		if !status.Opens() {
			id, begun = status.Case, true
			return nil
		}
		r.Former = status.Case
		c, err := t.Open(ctx, casework.NewCase{
			Workflow: ReviewFlow, Title: title(k, view, r), Subject: subject, Data: casework.Data{"flag": rule.Text(k.Name.ZH), "measures": rule.Int(0)},
		})
		if err != nil {
			return err
		}
		r.Case = c.ID
		if err := s.keep(ctx, tx, r); err != nil {
			return err
		}
		id = c.ID
		_, err = t.Act(ctx, casework.Act{Case: c.ID, Action: "take_up"})
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("open a flag of %s: %w", k.Kind, err)
	}
	if begun {
		if _, _, err := cases.Get(ctx, scope, id); err != nil {
			return 0, true, errs.Conflict(i18n.M("flag.elsewhere"))
		}
	}
	return id, begun, nil
}

// title names a review by its kind and its first firm.
func title(k Kind, view fact.View, r Review) string {
	var firms []int64
	for _, w := range r.Rows {
		if !slices.Contains(firms, w.Firm) {
			firms = append(firms, w.Firm)
		}
	}
	name := ""
	if e, ok := view.Enterprise(firms[0]); ok {
		name = e.Name
	}
	if len(firms) > 1 {
		return fmt.Sprintf("%s · %s等 %d 家", k.Name.ZH, name, len(firms))
	}
	return k.Name.ZH + " · " + name
}

// MayOpen says that the scope opens flags as cases: in an area above the counties, whose offices must not see the reviews of their firms.
func (s *Store) MayOpen(scope access.Scope) bool {
	return slices.ContainsFunc(scope.Areas(), func(area string) bool { return s.opensIn(scope, area) })
}

func (s *Store) opensIn(scope access.Scope, area string) bool {
	n, ok := s.Library.Areas().Node(s.Library.Areas().County(area))
	return ok && n.Level != content.County && n.Level != content.Zone && scope.Sees(access.ReviewFlag, area, 0)
}

// review is what is to be kept of a flag. It lies in the widest area of the scope that has all its firms and is above the counties: so
// that those who handle the firms in their counties do not see it.
func (s *Store) review(ctx context.Context, scope access.Scope, view fact.View, f Flag) (Review, error) {
	r := Review{Kind: f.Kind, Mark: f.Mark, Sum: f.Sum, At: s.Clock.Millis(), By: scope.Account(), anchor: f.anchor}
	if f.def == "" {
		r.Shared = f.Shared
	}
	tree, offices := s.Library.Areas(), map[string]int64{}
	var lie []string
	for n, row := range f.Rows {
		e, ok := view.Enterprise(row.Firm)
		if !ok {
			return Review{}, errs.NotFound("enterprise", row.Firm)
		}
		lie = append(lie, e.Area)
		county := tree.County(e.Area)
		if _, ok := offices[county]; !ok {
			id, err := s.Applications.AreaSubject(ctx, county)
			if err != nil {
				return Review{}, err
			}
			offices[county] = id
		}
		r.Rows = append(r.Rows, Frozen{N: n + 1, Member: f.member(row), Office: offices[county], Row: row})
	}
	for _, area := range scope.Areas() {
		outside := slices.ContainsFunc(lie, func(a string) bool { return !tree.Within(a, area) })
		if !outside && s.opensIn(scope, area) && (r.Area == "" || tree.Within(r.Area, area)) {
			r.Area = area
		}
	}
	if r.Area == "" {
		return Review{}, &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("flag.above_county")}
	}
	return r, nil
}

// keep writes a review with its rows.
func (s *Store) keep(ctx context.Context, tx *store.Tx, r Review) error {
	_, err := tx.Exec(ctx, insertReview, r.Case, r.Kind, r.anchor, r.Shared, r.Area, int64(r.Mark.Amount), r.Mark.Policy, r.Mark.Number, r.Mark.Cite, r.Mark.Fact,
		int64(r.Sum), r.At, r.By, r.Former)
	if err != nil {
		return fmt.Errorf("keep a review: %w", err)
	}
	for _, w := range r.Rows {
		_, err := tx.Exec(ctx, insertRow, r.Case, w.N, w.Member, w.Firm, w.Office, w.Case, w.Subject, w.Name, w.Year, int64(w.Amount))
		if err != nil {
			return fmt.Errorf("keep a row of a review: %w", err)
		}
	}
	audit.Note(tx, loggedReview, r.Case)
	return nil
}
