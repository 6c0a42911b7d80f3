package subsidy

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Cost items are claimed by their number alone, in one family of their own: an invoice or a machine is supported once,
// whatever for, whoever shows it.
const (
	itemFamily    = "cost_item"
	invoiceItems  = "invoice"
	serialItems   = "serial"
	maxInstalment = 60
)

// claims is all that an application takes when it is granted: its thing, and each of its recognised cost items.
func (s *Store) claims(a Application, costs []Cost, in *policy.Policy) []ledger.Claim {
	doc := in.File.Document
	clause, _ := in.Clause(a.Clause)
	like := ledger.Claim{Year: a.claimYear(), Bureau: doc.Issuer.ZH, Doc: doc.Number + " " + clause.Cite}
	whole := like
	whole.Project, whole.Item, whole.Family, whole.Amount = a.Project, a.Item, a.Family, a.Amount
	all := []ledger.Claim{whole}
	shares := shared(a.Amount, costs)
	sums := map[[2]string]money.Fen{}
	var order [][2]string
	take := func(project, item string, fen money.Fen) {
		key := [2]string{project, item}
		if _, seen := sums[key]; !seen {
			order = append(order, key)
		}
		sums[key] += fen
	}
	for i, c := range costs {
		if c.Recognised == 0 {
			continue
		}
		if c.invoiceKey != "" {
			take(invoiceItems, c.invoiceKey, shares[i])
		}
		if c.serialKey != "" {
			take(serialItems, c.serialKey, 0)
		}
	}
	for _, key := range order {
		c := like
		c.Project, c.Item, c.Family, c.Amount = key[0], key[1], itemFamily, sums[key]
		all = append(all, c)
	}
	return all
}

// claimYear is the year of the claim: that of the event, or of the application.
func (a Application) claimYear() int {
	if a.Year != 0 {
		return a.Year
	}
	return a.AsOf.Year()
}

// shared is an amount over cost items in proportion to what was recognised of them; each share is cut to fen, and the last
// takes what is left over, so that they add up to the amount.
func shared(amount money.Fen, costs []Cost) []money.Fen {
	var whole money.Fen
	last := -1
	for i, c := range costs {
		whole += c.Recognised
		if c.Recognised > 0 {
			last = i
		}
	}
	out := make([]money.Fen, len(costs))
	left := amount
	for i, c := range costs {
		switch {
		case i == last:
			out[i] = left
		case c.Recognised > 0:
			out[i] = portion(amount, c.Recognised, whole)
			left -= out[i]
		}
	}
	return out
}

// Warning is something that stands against an application: told when it is handed in, enforced when it is granted.
type Warning struct {
	Msg     i18n.Msg
	Against ledger.Standing // zero for another application that is not granted yet
	Twin    *Twin
}

// warnings looks for what stands against an application.
func (s *Store) warnings(ctx context.Context, q store.Querier, a Application) ([]Warning, error) {
	costs, err := costsOf(ctx, q, a.Case)
	if err != nil {
		return nil, err
	}
	in, _, err := s.policyOf(ctx, a.Policy, a.Known)
	if err != nil {
		return nil, err
	}
	var all []Warning
	for _, c := range s.claims(a, costs, in.Policy) {
		against, err := ledger.In(q, access.SystemScope()).Against(ctx, c)
		if err != nil {
			return nil, err
		}
		for _, st := range against {
			all = append(all, Warning{Msg: s.stands(a, c, st), Against: st})
		}
	}
	twins, err := s.twinsOf(ctx, q, a.Case)
	if err != nil {
		return nil, err
	}
	for _, t := range twins {
		if t.Standing == Open {
			all = append(all, Warning{Msg: i18n.M("subsidy.also_in", t.N, t.Invoice, caseName(t.Case)), Twin: &t})
		}
	}
	return all, nil
}

// Warnings is what stands against an open application now, for those who check it.
func (s *Store) Warnings(ctx context.Context, scope access.Scope, id int64) ([]Warning, error) {
	a, err := s.Application(ctx, scope, id)
	if err != nil || a.Standing != Open {
		return nil, err
	}
	all, err := s.warnings(ctx, s.DB.Read(), a)
	if err != nil || scope.Sees(access.HandleCase, a.Area, 0) {
		return all, err
	}
	for i := range all {
		all[i].Against, all[i].Twin = ledger.Standing{}, nil
	}
	return all, nil
}

// stands is in words what stands against a claim of an application.
func (s *Store) stands(a Application, asked ledger.Claim, st ledger.Standing) i18n.Msg {
	what := i18n.M("subsidy.thing", a.Name, i18n.M("subsidy.kind_"+a.Kind))
	switch asked.Project {
	case invoiceItems:
		number, _, _ := strings.Cut(asked.Item, "/")
		what = i18n.M("subsidy.invoice", number)
	case serialItems:
		number, _, _ := strings.Cut(asked.Item, "/")
		what = i18n.M("subsidy.serial", number)
	}
	where := i18n.M("subsidy.in_case", st.Case)
	if st.Commitment == 0 {
		where = i18n.M("subsidy.in_file", st.Place)
	}
	if st.Amount == 0 { // the sum stands at another mark of the same item
		return i18n.M("subsidy.claimed_too", what, fmt.Sprint(st.Year), st.Bureau, st.Doc, where)
	}
	return i18n.M("subsidy.claimed", what, fmt.Sprint(st.Year), st.Bureau, st.Doc, st.Amount, where)
}

const grantedTo = selectApplication + ` WHERE enterprise = $1 AND policy = $2 AND standing = 'granted' AND case_id <> $3 ORDER BY case_id`

// grantedTo is what the enterprise of an application was granted besides, by the same document.
func (s *Store) grantedTo(ctx context.Context, q store.Querier, a Application) ([]Application, error) {
	return readApplications(ctx, q, grantedTo, a.Enterprise, a.Policy, a.Case)
}

const setGranted = `UPDATE subsidy_application SET standing = 'granted', granted = $1, commitment = $2 WHERE case_id = $3 AND standing = 'open'`

// Grant approves the amount of an application as it was last decided: the ledger claims its thing and its cost items and
// commits the money, or refuses and says what stands against it. It is decided once more on the spot, so that nobody grants
// more than the law gives now, nor what has been shut out since, such as an award for a title that was revoked; and where the
// enterprise was granted more by the same document than it would be today, that comes first, for a ceiling may be drawn on twice
// otherwise. The assessment is what it was granted by.
func (s *Store) Grant(ctx context.Context, tx *store.Tx, id, by int64) (a Application, out *Assessment, err error) {
	if a, err = applicationOf(ctx, tx, id); err != nil {
		return a, nil, err
	}
	if err := tx.Lock(ctx, fmt.Sprintf("subsidy of enterprise %d", a.Enterprise)); err != nil {
		return a, nil, err
	}
	if a.Standing != Open {
		return a, nil, errs.Conflict(i18n.M("subsidy.not_open", i18n.M("subsidy.standing_"+a.Standing)))
	}
	fund, err := s.fundOf(ctx, tx, a)
	if err != nil {
		return a, nil, err
	}
	if out, err = s.again(ctx, tx, a); err != nil {
		return a, nil, err
	}
	if err := s.grantable(ctx, tx, a, out); err != nil {
		return a, nil, err
	}
	now := a
	now.AsOf = s.today()
	if now.AsOf != a.AsOf {
		today, err := s.again(ctx, tx, now)
		if err != nil {
			return a, nil, err
		}
		if err := today.shutOut(a.Name); err != nil {
			return a, nil, err
		}
	}
	a, err = s.commit(ctx, tx, a, out, by, fund)
	return a, out, err
}

// fundOf is what an application is paid from: the line and share of its call, or the line of its round.
func (s *Store) fundOf(ctx context.Context, q store.Querier, a Application) (ledger.Promise, error) {
	if a.Round != 0 {
		r, err := roundOf(ctx, q, a.Round)
		return ledger.Promise{Line: r.Line}, err
	}
	c, err := callOf(ctx, q, a.Call)
	return ledger.Promise{Line: c.Line, Call: c.Fund()}, err
}

const upheldAgainst = `SELECT COUNT(*) FROM subsidy_objection WHERE case_id = $1 AND upheld = 1`

// grantable refuses what may not be granted as it stands.
func (s *Store) grantable(ctx context.Context, q store.Querier, a Application, out *Assessment) error {
	costs, err := costsOf(ctx, q, a.Case)
	if err != nil {
		return err
	}
	for _, c := range costs {
		if !c.Ruled {
			return errs.Conflict(i18n.M("subsidy.not_ruled", c.N, c.Label))
		}
	}
	var upheld int
	if err := q.QueryRow(ctx, upheldAgainst, a.Case).Scan(&upheld); err != nil {
		return fmt.Errorf("look for objections: %w", err)
	}
	sure := out.Line.Pays.Sure
	switch {
	case upheld > 0:
		return errs.Conflict(i18n.M("subsidy.grant_objection", a.Name))
	case a.Amount <= 0:
		return errs.Conflict(i18n.M("subsidy.grant_nothing", a.Name, out.Line.Reason))
	case sure < a.Amount:
		return errs.Conflict(i18n.M("subsidy.grant_less", a.Name, a.Amount, sure))
	}
	granted, err := s.grantedTo(ctx, q, a)
	if err != nil {
		return err
	}
	for _, g := range granted {
		l, err := lineOf(out.Decision, g.Aim)
		if err != nil || l.Pays.Sure < g.Granted {
			return errs.Conflict(i18n.M("subsidy.grant_before", caseName(g.Case), g.Granted, l.Pays.Sure))
		}
	}
	return nil
}

// shutOut refuses what a condition shuts out: asked as of today, of a title that was revoked since the day that counts otherwise.
func (a *Assessment) shutOut(name string) error {
	i := slices.IndexFunc(a.Line.Checks, func(c policy.Check) bool { return c.Kind == "exclusion" && c.State == policy.NotMet })
	if i < 0 {
		return nil
	}
	return errs.Conflict(i18n.M("subsidy.grant_shut_out", name, a.Line.Checks[i].Text))
}

// commit lets the ledger claim and commit, and notes it.
func (s *Store) commit(ctx context.Context, tx *store.Tx, a Application, out *Assessment, by int64, p ledger.Promise) (Application, error) {
	costs, err := costsOf(ctx, tx, a.Case)
	if err != nil {
		return a, err
	}
	p.Party, p.Area, p.Clause = a.Enterprise, a.Area, a.Policy+" "+a.Clause
	p.Instalments, p.Claims = instalments(a, out.Line), s.claims(a, costs, out.Plan.Policy)
	if a.Call != 0 && a.Round == 0 {
		if err := s.topUp(ctx, tx, by, a.Call, a.Amount); err != nil {
			return a, err
		}
	}
	act := ledger.Act{Scope: access.SystemScope(), By: by, Key: "case/" + caseName(a.Case) + "/commit", Case: caseName(a.Case)}
	a.Commitment, err = s.Book.Commit(ctx, tx, act, p)
	var refused *ledger.Refused
	if errors.As(err, &refused) {
		return a, &errs.Error{Kind: errs.KindConflict, Msg: s.stands(a, refused.Asked, refused.Against), Err: err}
	}
	if err != nil {
		return a, err
	}
	a.Standing, a.Granted = Granted, a.Amount
	n, err := tx.Exec(ctx, setGranted, int64(a.Granted), a.Commitment, a.Case)
	if err == nil && n == 0 {
		return a, errs.Conflict(i18n.M("subsidy.not_open", i18n.M("subsidy.standing_"+Granted)))
	}
	if err == nil && a.Call != 0 && a.Round == 0 {
		err = s.giveBack(ctx, tx, by, a.Call)
	}
	return a, noted("grant application", err)
}

// instalments is what is paid when: the parts that the policy declares, else all at once.
func instalments(a Application, l policy.Line) []money.Fen {
	var parts []money.Fen
	left := a.Amount
	for _, d := range l.Instalments(a.Amount) {
		if d.Amount > 0 && len(parts) < maxInstalment {
			parts = append(parts, d.Amount)
			left -= d.Amount
		}
	}
	if len(parts) == 0 {
		return []money.Fen{a.Amount}
	}
	parts[len(parts)-1] += left
	return parts
}

// grantedOf is a granted application.
func grantedOf(ctx context.Context, q store.Querier, id int64) (Application, error) {
	a, err := applicationOf(ctx, q, id)
	if err == nil && a.Standing != Granted {
		return a, errs.Conflict(i18n.M("subsidy.not_granted", i18n.M("subsidy.standing_"+a.Standing)))
	}
	return a, err
}

func (s *Store) act(a Application, by int64, what string, n int) ledger.Act {
	return ledger.Act{Scope: access.SystemScope(), By: by, Key: fmt.Sprintf("case/%d/%s/%d", a.Case, what, n), Case: caseName(a.Case)}
}

// Return is money that an enterprise gives back (追回), by an order and for a reason.
type Return struct {
	Instalment int
	Amount     money.Fen
	Reason     string
	Document   string
	Key        string // what a repetition is known by
}

const lessGranted = `UPDATE subsidy_application SET granted = granted - $1, standing = CASE WHEN granted = $1 THEN 'closed' ELSE standing END WHERE case_id = $2 AND standing = 'granted' AND granted >= $1`

// ClawBack enters money of a paid application, or a fee, that came back. One that came back whole is closed: its claims are free again.
func (s *Store) ClawBack(ctx context.Context, tx *store.Tx, id, by int64, r Return) error {
	a, err := heldFor(ctx, tx, id)
	if err != nil {
		return err
	}
	act := ledger.Act{Scope: access.SystemScope(), By: by, Key: fmt.Sprintf("case/%d/return/%s", a.Case, r.Key), Case: caseName(id), Reason: r.Reason, Document: r.Document}
	if err := s.Book.Return(ctx, tx, act, ledger.Sum{Commitment: a.Commitment, Instalment: r.Instalment, Amount: r.Amount}); err != nil {
		return err
	}
	if a.To != "" { // of a fee the ledger alone knows how far it has come
		return nil
	}
	n, err := tx.Exec(ctx, lessGranted, int64(r.Amount), id)
	if err == nil && n == 0 {
		return errs.Conflict(i18n.M("subsidy.return_more", r.Amount, a.Amount))
	}
	return noted("claw back", err)
}

// portion is the part of an amount that one sum is of a whole, cut to fen.
func portion(amount, part, whole money.Fen) money.Fen {
	n := new(big.Int).Mul(big.NewInt(int64(amount)), big.NewInt(int64(part)))
	return money.Fen(n.Quo(n, big.NewInt(int64(whole))).Int64()) // not above the amount
}
