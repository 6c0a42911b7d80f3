package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Claim is what may be granted once: a cost item of a project within a family of clauses that exclude each other.
type Claim struct {
	Project string // as its owner names it
	Item    string // "" for the project as a whole: nothing of it can then be claimed besides
	Family  string
	Amount  money.Fen // granted for it
	Year    int
	Bureau  string // that grants it
	Doc     string // by which, number or title
}

func (c Claim) compare(d Claim) int {
	return cmp.Or(cmp.Compare(c.Project, d.Project), cmp.Compare(c.Family, d.Family), cmp.Compare(c.Item, d.Item))
}

func (c Claim) check() error {
	switch {
	case c.Project == "" || c.Family == "":
		return errs.Invalid(i18n.M("ledger.claim_incomplete"))
	case c.Amount < 0: // a title comes without money
		return errs.Invalid(i18n.M("ledger.no_amount"))
	case c.Amount > maxAmount:
		return errs.Invalid(i18n.M("ledger.too_much"))
	case c.Year < 1949 || c.Year > 2999:
		return errs.Invalid(i18n.M("ledger.bad_year", fmt.Sprint(c.Year)))
	}
	return errors.Join(
		limited("ledger.field_project", c.Project, maxKey), limited("ledger.field_item", c.Item, maxKey),
		limited("ledger.field_family", c.Family, maxKey), limited("ledger.field_bureau", c.Bureau, maxKey),
		limited("ledger.field_document", c.Doc, maxReason),
	)
}

// checkClaims looks at the claims of one promise: none twice, and those of a family not above what is promised.
func checkClaims(claims []Claim, total money.Fen) error {
	sums := map[string]money.Fen{}
	seen := map[[3]string]bool{}
	for _, c := range claims {
		if err := c.check(); err != nil {
			return err
		}
		for _, key := range [][3]string{{c.Project, c.Family, c.Item}, {c.Project, c.Family, ""}} {
			if seen[key] {
				return errs.Invalid(i18n.M("ledger.claim_twice", itemName(c.Item), c.Project, c.Family))
			}
		}
		seen[[3]string{c.Project, c.Family, c.Item}] = true
		sum, err := sums[c.Family].Add(c.Amount)
		if err != nil || sum > total {
			return errs.Invalid(i18n.M("ledger.claims_above", c.Family, total))
		}
		sums[c.Family] = sum
	}
	for _, c := range claims { // a whole beside its parts, whichever comes first
		if c.Item == "" && len(claims) > 1 && slices.ContainsFunc(claims, func(d Claim) bool {
			return d.Item != "" && d.Project == c.Project && d.Family == c.Family
		}) {
			return errs.Invalid(i18n.M("ledger.claim_twice", itemName(c.Item), c.Project, c.Family))
		}
	}
	return nil
}

func itemName(item string) any {
	if item == "" {
		return i18n.M("ledger.whole_project")
	}
	return item
}

// said is a text that may be missing, for a message.
func said(text string) any {
	if text == "" {
		return i18n.M("ledger.unsaid")
	}
	return text
}

// Standing is a claim in the ledger, and whose it is.
type Standing struct {
	ID int64
	Claim
	Commitment int64  // 0 for what was granted elsewhere or before
	Case       string // owner, as its own system names it
	Party      int64
	Area       string
	Source     int64  // import that stated it; 0 for a commitment
	Place      string // in the source: file, sheet, row
	Lifted     bool   // it stands no more
}

// Refused says what stands against a claim. It is in the chain of the conflict that Commit fails with.
type Refused struct {
	Asked   Claim
	Against Standing
}

func (r *Refused) Error() string {
	return fmt.Sprintf("claim on item %q of project %q in family %q: claim %d stands against it", r.Asked.Item, r.Asked.Project, r.Asked.Family, r.Against.ID)
}

// refuse puts what stands against a claim into words.
func refuse(asked Claim, s Standing) error {
	args := []any{itemName(asked.Item), asked.Project, asked.Family, itemName(s.Item), fmt.Sprint(s.Year), s.Amount, said(s.Bureau), said(s.Doc)}
	msg := i18n.M("ledger.claimed_by_case", append(args, said(s.Case))...)
	if s.Commitment == 0 {
		msg = i18n.M("ledger.claimed_before", append(args, said(s.Place))...)
	}
	return &errs.Error{Kind: errs.KindConflict, Msg: msg, Err: &Refused{Asked: asked, Against: s}}
}

const (
	insertClaim = `INSERT INTO ledger_claim (id, project, item, family, commitment_id, case_id, party_id, area, fen, year, bureau, document, source_id, place, request_key)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	selectClaim = `SELECT c.id, c.project, c.item, c.family, c.fen, c.year, c.bureau, c.document, c.commitment_id, c.case_id, c.party_id, c.area, c.source_id, c.place,
		CASE WHEN l.claim_id IS NULL THEN 0 ELSE 1 END FROM ledger_claim c LEFT JOIN ledger_lift l ON l.claim_id = c.id`
	claimAgainst = selectClaim + ` WHERE l.claim_id IS NULL AND c.project = $1 AND c.family = $2 AND (c.item = $3 OR c.item = '' OR $3 = '') ORDER BY c.id LIMIT 1`

	takeBelow   = `UPDATE ledger_stand SET below = below + 1 WHERE project = $1 AND family = $2 AND item = '' AND n = 0`
	takeKey     = `UPDATE ledger_stand SET n = 1 WHERE project = $1 AND family = $2 AND item = $3 AND n = 0 AND below = 0`
	addStand    = `UPDATE ledger_stand SET n = n + $4, below = below + $5 WHERE project = $1 AND family = $2 AND item = $3`
	lessStand   = `UPDATE ledger_stand SET n = n - $4, below = below - $5 WHERE project = $1 AND family = $2 AND item = $3 AND n >= $4 AND below >= $5`
	findStand   = `SELECT n FROM ledger_stand WHERE project = $1 AND family = $2 AND item = $3`
	insertStand = `INSERT INTO ledger_stand (project, family, item, n, below) VALUES ($1, $2, $3, $4, $5)`
)

func scanClaim(row interface{ Scan(...any) error }) (s Standing, err error) {
	var lifted int
	err = row.Scan(&s.ID, &s.Project, &s.Item, &s.Family, &s.Amount, &s.Year, &s.Bureau, &s.Doc, &s.Commitment, &s.Case, &s.Party, &s.Area, &s.Source, &s.Place, &lifted)
	s.Lifted = lifted == 1
	return s, err
}

// claim takes the claims of a commitment, in the order of their keys.
func claim(ctx context.Context, tx *store.Tx, a Act, commitment int64, l Line, p Promise) error {
	claims := slices.SortedFunc(slices.Values(p.Claims), Claim.compare)
	for _, c := range claims {
		if err := take(ctx, tx, c); err != nil {
			return err
		}
	}
	first, err := tx.NextIDs(ctx, int64(len(claims)))
	if err != nil {
		return err
	}
	for i, c := range claims {
		s := Standing{ID: first + int64(i), Claim: c, Commitment: commitment, Case: a.Case, Party: p.Party, Area: p.Area}
		if err := enterClaim(ctx, tx, a, s); err != nil {
			return err
		}
	}
	return nil
}

func enterClaim(ctx context.Context, tx *store.Tx, a Act, s Standing) error {
	audit.Note(tx, loggedClaim, s.ID)
	_, err := tx.Exec(ctx, insertClaim, s.ID, s.Project, s.Item, s.Family, s.Commitment, s.Case, s.Party, s.Area, int64(s.Amount), s.Year, s.Bureau, s.Doc, s.Source, s.Place, a.Key)
	if err != nil {
		return fmt.Errorf("enter claim: %w", err)
	}
	return nil
}

// take makes the keys of a claim its own, if nothing stands on them: first what lies above a cost item, then the item.
func take(ctx context.Context, tx *store.Tx, c Claim) error {
	if c.Item != "" {
		if err := takeOne(ctx, tx, c, "", takeBelow, []any{c.Project, c.Family}); err != nil {
			return err
		}
	}
	return takeOne(ctx, tx, c, c.Item, takeKey, []any{c.Project, c.Family, c.Item})
}

// takeOne takes one row by the guarded statement; where there is no row it makes it, and where another makes it at the same
// time, the primary key lets one of them in and the other's whole transaction runs again.
func takeOne(ctx context.Context, tx *store.Tx, c Claim, item, guarded string, args []any) error {
	for range 3 { // what stands there may be given up between two statements
		n, err := tx.Exec(ctx, guarded, args...)
		if err != nil {
			return fmt.Errorf("take claim: %w", err)
		}
		if n == 1 {
			return nil
		}
		var stands int64
		err = tx.QueryRow(ctx, findStand, c.Project, c.Family, item).Scan(&stands)
		if errors.Is(err, sql.ErrNoRows) {
			return makeStand(ctx, tx, c, item)
		}
		if err != nil {
			return fmt.Errorf("look for claims: %w", err)
		}
		against, err := scanClaim(tx.QueryRow(ctx, claimAgainst, c.Project, c.Family, c.Item))
		if err == nil {
			return refuse(c, against)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("look for claims: %w", err)
		}
	}
	return errs.Conflict(i18n.M("ledger.moved"))
}

// makeStand makes the row of a key with one claim on it, or below it.
func makeStand(ctx context.Context, tx *store.Tx, c Claim, item string) error {
	stands, below := 1, 0
	if item != c.Item {
		stands, below = 0, 1
	}
	if _, err := tx.Exec(ctx, insertStand, c.Project, c.Family, item, stands, below); err != nil {
		return fmt.Errorf("take claim: %w", err)
	}
	return nil
}

// Opening is a payout or a title of an earlier year or of another office, as an import states it.
type Opening struct {
	Claim
	Case  string // what its own office calls it; "" where unknown
	Party int64
	Area  string
	Place string // file, sheet and row
}

// maxOpenings is how many openings one call takes; more go by several.
const maxOpenings = 2000

// Open enters what was granted elsewhere or before, as a source states it: it happened, so nothing stands against it, and it
// stands against what comes later. It gives the claims that it lies beside and that stand too: what was granted twice.
func (b *Book) Open(ctx context.Context, tx *store.Tx, a Act, source int64, list []Opening) (beside []Standing, err error) {
	if len(list) == 0 || len(list) > maxOpenings {
		return nil, errs.Invalid(i18n.M("ledger.bad_openings", len(list), maxOpenings))
	}
	for _, o := range list {
		if err := o.check(); err != nil {
			return nil, errs.Invalid(i18n.M("ledger.opening_at", o.Place, messageOf(err)))
		}
		if err := a.may(access.ManageFund, o.Area); err != nil {
			return nil, err
		}
	}
	type request struct {
		Source int64
		List   []Opening
	}
	return once(ctx, b, tx, a, "open", request{source, list}, func(ctx context.Context) ([]Standing, error) {
		return open(ctx, tx, a, source, list)
	})
}

func messageOf(err error) any {
	if msg, ok := errs.Message(err); ok {
		return msg
	}
	return err.Error()
}

func (o Opening) check() error {
	if o.Bureau == "" {
		return errs.Invalid(i18n.M("ledger.opening_bureau"))
	}
	return errors.Join(o.Claim.check(), limited("ledger.field_case", o.Case, maxKey), limited("ledger.field_area", o.Area, 64))
}

func open(ctx context.Context, tx *store.Tx, a Act, source int64, list []Opening) ([]Standing, error) {
	first, err := tx.NextIDs(ctx, int64(len(list)))
	if err != nil {
		return nil, err
	}
	sorted := slices.SortedStableFunc(slices.Values(list), func(o, p Opening) int { return o.compare(p.Claim) })
	var beside []Standing
	for i, o := range sorted {
		found, err := readClaims(ctx, tx, claimAgainst, o.Project, o.Family, o.Item)
		if err != nil {
			return nil, err
		}
		beside = append(beside, found...)
		if err := count(ctx, tx, o.Claim); err != nil {
			return nil, err
		}
		s := Standing{ID: first + int64(i), Claim: o.Claim, Case: o.Case, Party: o.Party, Area: o.Area, Source: source, Place: o.Place}
		if err := enterClaim(ctx, tx, a, s); err != nil {
			return nil, err
		}
	}
	return beside, nil
}

// count notes one more claim on the keys of one, whatever stands there.
func count(ctx context.Context, tx *store.Tx, c Claim) error {
	for _, k := range standKeys(c) {
		n, err := tx.Exec(ctx, addStand, c.Project, c.Family, k.item, k.n, k.below)
		if err == nil && n == 0 {
			_, err = tx.Exec(ctx, insertStand, c.Project, c.Family, k.item, k.n, k.below)
		}
		if err != nil {
			return fmt.Errorf("count claim: %w", err)
		}
	}
	return nil
}

type standKey struct {
	item     string
	n, below int64
}

// standKeys are the rows that a claim stands on, in the order in which they are locked, and what it counts for in each.
func standKeys(c Claim) []standKey {
	if c.Item == "" {
		return []standKey{{"", 1, 0}}
	}
	return []standKey{{"", 0, 1}, {c.Item, 1, 0}}
}

const (
	claimsOfCommitment = selectClaim + ` WHERE c.commitment_id = $1 AND l.claim_id IS NULL ORDER BY c.project, c.family, c.item`
	claimsOfSource     = selectClaim + ` WHERE c.source_id = $1 AND c.commitment_id = 0 AND l.claim_id IS NULL ORDER BY c.project, c.family, c.item, c.id`
	insertLift         = `INSERT INTO ledger_lift (claim_id, at, by_account, reason, request_key) VALUES ($1, $2, $3, $4, $5)`
)

// LiftSource takes back all that a source has opened, as when its import is undone.
func (b *Book) LiftSource(ctx context.Context, tx *store.Tx, a Act, source int64) error {
	_, err := once(ctx, b, tx, a, "lift_source", source, func(ctx context.Context) (struct{}, error) {
		claims, err := readClaims(ctx, tx, claimsOfSource, source)
		if err != nil {
			return struct{}{}, err
		}
		for _, s := range claims {
			if err := a.may(access.ManageFund, s.Area); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, b.lift(ctx, tx, a, claimsOfSource, source)
	})
	return err
}

// lift gives up the claims that a query finds.
func (b *Book) lift(ctx context.Context, tx *store.Tx, a Act, query string, id int64) error {
	claims, err := readClaims(ctx, tx, query, id)
	if err != nil {
		return err
	}
	for _, s := range claims {
		for _, k := range standKeys(s.Claim) {
			n, err := tx.Exec(ctx, lessStand, s.Project, s.Family, k.item, k.n, k.below)
			if err != nil {
				return fmt.Errorf("lift claim %d: %w", s.ID, err)
			}
			if n != 1 {
				return fmt.Errorf("ledger: claim %d stands, and its key says that nothing does", s.ID)
			}
		}
		audit.Note(tx, loggedLift, s.ID)
		if _, err := tx.Exec(ctx, insertLift, s.ID, b.clock.Millis(), a.by(), a.Reason, a.Key); err != nil {
			return fmt.Errorf("lift claim %d: %w", s.ID, err)
		}
	}
	return nil
}

func readClaims(ctx context.Context, q store.Querier, query string, args ...any) ([]Standing, error) {
	rows, err := q.Query(ctx, query, args...)
	return collect(rows, err, "read claims", func(rows *store.Rows) (Standing, error) { return scanClaim(rows) })
}
