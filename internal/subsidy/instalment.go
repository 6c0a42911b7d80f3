package subsidy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Instalments: what is granted is promised whole, and committed under one claim; each part becomes payable once a decision by the
// pinned policy on the day says that it has fallen due, and never more than that.

// awaits is the state of a case whose next instalment has not fallen due, or was not asked for.
const awaits = "instalment"

// promisedBy is the lines of decisions as they are promised whole, where what is due now is only a part. It decides once more on
// those firms alone that a clause pays in parts.
func promisedBy(plan *policy.Plan, firm rule.Subject, r Round, lines []policy.Line) ([]policy.Line, error) {
	if !slices.ContainsFunc(lines, func(l policy.Line) bool { return inParts(plan.Policy, l.Clause) && l.Pays.Sure > 0 }) {
		return lines, nil
	}
	d, err := plan.Decide(firm, r.AsOf, policy.Options{Whole: true})
	if err != nil {
		return nil, err
	}
	lines = slices.Clone(lines)
	for i, l := range lines {
		j := slices.IndexFunc(d.Lines, func(x policy.Line) bool {
			return x.Clause == l.Clause && x.Subject.ID == l.Subject.ID && x.Year == l.Year
		})
		if j >= 0 && l.Pays.Sure > 0 { // of what has not begun to be due nothing is paid without an application
			lines[i].Pays = d.Lines[j].Pays
		}
	}
	return lines, nil
}

// fallen is what of a granted application has fallen due today, by its pinned policy and what is known now.
func (s *Store) fallen(ctx context.Context, q store.Querier, a Application) (*Assessment, error) {
	a.AsOf = s.today()
	return s.decided(ctx, q, a, paidByNow, nil)
}

// fallenParts is how many parts of an amount have fallen due, each after the one before; maxInstalment where none is missing.
func fallenParts(l policy.Line) int {
	if i := slices.IndexFunc(l.Due, func(d policy.DuePart) bool { return d.State != policy.Met }); i >= 0 {
		return i
	}
	return maxInstalment
}

// notDue is why nothing more of an application is due: the first part that is not.
func notDue(l policy.Line) i18n.Msg {
	i := fallenParts(l)
	if i >= len(l.Due) {
		return i18n.M("subsidy.instalment_less", l.Pays.Sure)
	}
	part := l.Due[i]
	if l.Reason.IsZero() {
		return i18n.M("subsidy.instalment_not_due", i+1, part.Name)
	}
	return i18n.M("subsidy.instalment_not_due_why", i+1, part.Name, l.Reason)
}

type instalment struct {
	Instalment int `yaml:"instalment"`
}

// makesPayable says that an instalment is owed: what of it has fallen due. Instalment 0 is the first of which something is
// committed; while one before it is not paid whole, it is too early.
func (s *Store) makesPayable(ctx context.Context, tx *store.Tx, at *casework.Moment, args instalment) error {
	a, err := grantedOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	parts, err := instalmentsOf(ctx, tx, a.Commitment)
	if err != nil {
		return err
	}
	var made money.Fen // payable so far, or further: what came back is not paid again
	for _, p := range parts {
		made += p.Totals().Payable
	}
	for _, p := range parts {
		fen, t := p.Balance[ledger.Committed], p.Totals()
		switch {
		case args.Instalment == 0 && fen == 0 && t.Paid < t.Payable:
			return at.Refuse(i18n.M("subsidy.instalment_before", p.N, t.Payable-t.Paid))
		case fen > 0 && (p.N == args.Instalment || args.Instalment == 0):
			owed, why, err := s.owes(ctx, tx, at, a, p.N, made)
			if err != nil {
				return err
			}
			if owed <= 0 {
				return at.Refuse(why)
			}
			what := "payable"
			if t.Payable > 0 { // of this one a part is payable already
				what = fmt.Sprintf("payable from %d", int64(t.Payable))
			}
			sum := ledger.Sum{Commitment: a.Commitment, Instalment: p.N, Amount: min(fen, owed)}
			return s.Book.MakePayable(ctx, tx, s.act(a, at.Event().Actor, what, p.N), sum)
		}
	}
	if args.Instalment == 0 {
		return at.Refuse(i18n.M("subsidy.no_instalment_left"))
	}
	return at.Refuse(i18n.M("subsidy.no_instalment", args.Instalment))
}

// owes is how much more of an application is owed than was made payable, and why it is nothing. Where its clause pays in parts,
// it is decided again, and what came of it is kept with its receipt. A part that has not fallen due is not owed, however much the
// whole would come to today.
func (s *Store) owes(ctx context.Context, tx *store.Tx, at *casework.Moment, a Application, part int, made money.Fen) (money.Fen, i18n.Msg, error) {
	in, _, err := s.policyOf(ctx, a.Policy, a.Known)
	if err != nil {
		return 0, i18n.Msg{}, err
	}
	if !inParts(in.Policy, a.Clause) {
		return a.Granted - made, i18n.M("subsidy.no_instalment_left"), nil
	}
	out, err := s.fallen(ctx, tx, a)
	if err != nil {
		return 0, i18n.Msg{}, err
	}
	if out.Line.Pays.Sure <= made || part > fallenParts(out.Line) {
		return 0, notDue(out.Line), nil
	}
	return out.Line.Pays.Sure - made, i18n.Msg{}, s.keep(ctx, tx, a.Case, FellDue, at.Event().Actor, at.Event().Reason, out)
}

// asksNext refuses while no more has fallen due than was made payable, and says why.
func (s *Store) asksNext(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	a, err := grantedOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	owed, why, err := s.next(ctx, tx, a)
	if err == nil && owed <= 0 {
		return at.Refuse(why)
	}
	return err
}

// next is what of an application has fallen due beyond what was made payable, and why it is nothing.
func (s *Store) next(ctx context.Context, q store.Querier, a Application) (money.Fen, i18n.Msg, error) {
	parts, err := instalmentsOf(ctx, q, a.Commitment)
	if err != nil {
		return 0, i18n.Msg{}, err
	}
	out, err := s.fallen(ctx, q, a)
	if err != nil {
		return 0, i18n.Msg{}, err
	}
	var made, waits, due money.Fen // due is what waits of the parts that have fallen due
	for _, p := range parts {
		made += p.Totals().Payable
		waits += p.Balance[ledger.Committed]
		if p.N <= fallenParts(out.Line) {
			due += p.Balance[ledger.Committed]
		}
	}
	if waits == 0 {
		return 0, i18n.M("subsidy.no_instalment_left"), nil
	}
	return min(due, out.Line.Pays.Sure-made), notDue(out.Line), nil
}

// isPaidInPart refuses while something of what is payable is not paid, and where nothing is left to be paid later.
func (s *Store) isPaidInPart(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	a, err := grantedOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	done, owed, waits, err := paid(ctx, tx, a.Commitment)
	switch {
	case err != nil:
		return err
	case owed > 0:
		return at.Refuse(i18n.M("subsidy.not_paid", done, owed))
	case waits == 0:
		return at.Refuse(i18n.M("subsidy.no_instalment_left"))
	}
	return at.Set("paid", rule.Money(done))
}

// releases gives up what was promised and will not fall due any more. Its money is free again; what was paid stays, and so does
// the claim.
func (s *Store) releases(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	a, err := grantedOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	parts, err := instalmentsOf(ctx, tx, a.Commitment)
	if err != nil {
		return err
	}
	by := at.Event().Actor
	for _, p := range parts {
		fen := p.Balance[ledger.Committed]
		if fen == 0 {
			continue
		}
		if err := s.Book.Release(ctx, tx, s.act(a, by, "release", p.N), ledger.Sum{Commitment: a.Commitment, Instalment: p.N, Amount: fen}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, lessGranted, int64(fen), a.Case); err != nil {
			return fmt.Errorf("release an instalment: %w", err)
		}
	}
	if a.Call != 0 && a.Round == 0 {
		if err := s.giveBack(ctx, tx, by, a.Call); err != nil {
			return err
		}
	}
	done, _, _, err := paid(ctx, tx, a.Commitment)
	return errors.Join(err, at.Set("paid", rule.Money(done)))
}

// TellDue tells enterprises that their next instalment has fallen due and may be asked for, each once; where that cannot be found
// out it says so, and goes on with the others. It is for the product itself, which calls it once a day.
func (s *Store) TellDue(ctx context.Context) (told int, err error) {
	const page = 200
	var failed error
	for _, workflow := range []string{ApplicationWorkflow, NoApplication} {
		for from := 0; ; from += page {
			list, _, err := s.cases.Cases(ctx, access.SystemScope(), casework.Filter{Workflow: workflow, State: awaits, Running: true}, from, page)
			if err != nil {
				return told, errors.Join(failed, err)
			}
			for _, c := range list {
				done, err := s.tellDue(ctx, c)
				if err != nil && errs.KindOf(err) != errs.KindInvalid { // whose line is gone has nothing due
					failed = errors.Join(failed, fmt.Errorf("look what is due in case %d: %w", c.ID, err))
				}
				if done {
					told++
				}
			}
			if len(list) < page {
				break
			}
		}
	}
	return told, failed
}

func (s *Store) tellDue(ctx context.Context, c casework.Case) (told bool, err error) {
	a, err := applicationOf(ctx, s.DB.Read(), c.ID)
	if err != nil {
		return false, err
	}
	owed, _, err := s.next(ctx, s.DB.Read(), a)
	if err != nil || owed <= 0 {
		return false, err
	}
	done, _, _, err := paid(ctx, s.DB.Read(), a.Commitment)
	if err != nil {
		return false, err
	}
	return true, s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		return notice.Post(ctx, tx, notice.Message{
			Key: fmt.Sprintf("due/%d/%d", a.Case, int64(done)), Kind: notice.Task, To: notice.ToParty(a.Enterprise), Title: i18n.M("subsidy.tell_due_title"),
			Body: i18n.M("subsidy.tell_due", c.Title, owed), Link: "/cases/" + caseName(a.Case), At: s.Clock.Millis(),
		})
	})
}
