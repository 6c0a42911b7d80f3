package subsidy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Register makes effects of workflows of what this package does. docs/subsidies.md lists them.
func Register(r *casework.Registry, s *Store) {
	plain := func(name string, do func(context.Context, *store.Tx, *casework.Moment) error) {
		casework.Register(r, name, func(ctx context.Context, tx *store.Tx, at *casework.Moment, _ struct{}) error { return do(ctx, tx, at) })
	}
	r.Begins(CallWorkflow, casework.Beginning{Page: "/calls/new", Operation: "draft_call"})
	r.Begins(ApplicationWorkflow, casework.Beginning{Page: "/calls", Operation: "open_application"})
	r.Begins(BatchWorkflow, casework.Beginning{Page: "/calls", Operation: "open_batch"})
	r.Begins(NoApplication, casework.Beginning{Page: "/rounds", Operation: "ask_round"})

	plain("call.revise", s.revises)
	plain("call.publish", s.publishes)
	plain("call.close", s.closes)

	casework.Register(r, "project.before_begun", s.beganLater)

	plain("subsidy.submit", s.submits)
	plain("subsidy.close", func(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
		err := s.Close(ctx, tx, at.Event().Actor, at.Case().ID)
		if errs.KindOf(err) == errs.KindNotFound { // withdrawn before it was handed in
			return nil
		}
		return err
	})
	plain("subsidy.reopen", func(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
		return s.Reopen(ctx, tx, at.Case().ID)
	})
	plain("subsidy.rule", s.rules)
	plain("subsidy.settle", s.settles)
	plain("subsidy.conflict", s.conflicts)
	r.Define(rubricPin, func(code string) (string, []byte, error) {
		in, err := s.rubricInUse(code)
		if err != nil {
			return "", nil, err
		}
		return in.Hash, in.Bytes(), nil
	})
	casework.Register(r, "subsidy.assign", s.assigns)
	casework.Register(r, "subsidy.score", s.scoresOne)
	casework.Register(r, "subsidy.panel", s.scoresAll)

	plain("subsidy.join", s.joins)
	plain("subsidy.leave", s.leaves)
	plain("batch.publish", s.publishesBatch)
	plain("batch.over", s.noticeOver)
	plain("batch.drop", s.dropsBatch)
	plain("batch.correct", s.correctsBatch)
	plain("batch.withdraw", s.withdrawsBatch)

	plain("subsidy.confirm", func(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
		_, err := payeeOf(ctx, tx, at.Case().ID)
		return err
	})
	plain("subsidy.grant", s.grants)
	casework.Register(r, "subsidy.payable", s.makesPayable)
	plain("subsidy.paid", s.isPaid)
	plain("subsidy.part_paid", s.isPaidInPart)
	plain("subsidy.due", s.asksNext)
	plain("subsidy.release", s.releases)
	plain("subsidy.order_return", s.ordersReturn)
	plain("subsidy.return", s.returns)
}

func (s *Store) publishes(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	told, err := s.PublishCall(ctx, tx, at.Event().Actor, at.Case().ID)
	if err != nil {
		return err
	}
	c, err := callOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	list := make([]notice.Message, len(told))
	for i, e := range told {
		list[i] = notice.Message{
			Key: fmt.Sprintf("call/%d/%d", c.Case, e), Kind: notice.Call, To: notice.ToParty(e), Title: i18n.M("subsidy.tell_title"),
			Body: i18n.M("subsidy.tell_call", c.Title, c.Opens.String(), c.Closes.String()), At: s.Clock.Millis(),
		}
	}
	return notice.Post(ctx, tx, list...)
}

func (s *Store) closes(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	c, err := callOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	if s.today() <= c.Closes && at.Event().Who == casework.System {
		return errs.Conflict(i18n.M("subsidy.call_runs", c.Closes.String()))
	}
	return s.CloseCall(ctx, tx, at.Event().Actor, c.Case)
}

// AimOf is what a case that the scope sees aims at, as it was opened, and the call that it answers, 0 for none. Whom the case
// is about sees it too: it is what they asked for.
func (s *Store) AimOf(ctx context.Context, scope access.Scope, id int64) (call int64, aim Aim, err error) {
	if _, _, err := s.cases.Get(ctx, scope, id); err != nil {
		return 0, aim, err
	}
	c, _, err := s.cases.Get(ctx, access.SystemScope(), id)
	return intOf(c, "call"), aimOf(c), err
}

// aimOf is what a case aims at, as it was opened.
func aimOf(c casework.Case) Aim {
	return Aim{
		Policy: textOf(c, "policy"), Clause: textOf(c, "clause"), Enterprise: c.Enterprise, Subject: intOf(c, "thing"), Year: int(intOf(c, "year")),
	}
}

func textOf(c casework.Case, id string) string {
	if v, ok := c.Data[id]; ok && v.Type() == rule.TypeOf(content.Text) {
		return v.Text()
	}
	return ""
}

func intOf(c casework.Case, id string) int64 {
	if v, ok := c.Data[id]; ok && v.Type() == rule.TypeOf(content.Int) {
		return v.Int()
	}
	return 0
}

func fenOf(c casework.Case, id string) money.Fen {
	if v, ok := c.Data[id]; ok && v.Type() == rule.MoneyType {
		return v.Fen()
	}
	return 0
}

// submits hands an application in, or again after it was sent back.
func (s *Store) submits(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	c, by := at.Case(), at.Event().Actor
	in, _, err := entered[Asked](ctx, tx, c.ID, by)
	if err != nil {
		return err
	}
	a, err := applicationOf(ctx, tx, c.ID)
	switch {
	case err == nil && a.Standing == Open:
		if err := s.Correct(ctx, tx, c.ID, by, in.Items); err != nil {
			return err
		}
	case err == nil:
		return errs.Conflict(i18n.M("subsidy.not_open", i18n.M("subsidy.standing_"+a.Standing)))
	case errs.KindOf(err) != errs.KindNotFound:
		return err
	default:
		if _, _, err := s.Submit(ctx, tx, Filing{Case: c.ID, Call: intOf(c, "call"), By: by, Aim: aimOf(c), Items: in.Items}); err != nil {
			return err
		}
		if err := s.commitDraw(ctx, tx, c.ID); err != nil {
			return err
		}
	}
	if err := s.brought(ctx, tx, at); err != nil {
		return err
	}
	if _, err := payeeOf(ctx, tx, c.ID); err != nil {
		return err
	}
	for _, it := range in.Items {
		if err := at.Mark(ctx, "invoice", it.Invoice); err != nil {
			return err
		}
	}
	return s.setAmount(ctx, tx, at)
}

// brought refuses an application that lacks material which its call demands, and names all of it.
func (s *Store) brought(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	id := intOf(at.Case(), "call")
	if id == 0 {
		return nil
	}
	c, err := callOf(ctx, tx, id)
	if err != nil {
		return err
	}
	files, err := at.Files(ctx)
	if err != nil {
		return err
	}
	if lacks := c.Lacks(files); len(lacks) > 0 {
		return errs.Invalid(i18n.M("subsidy.materials_missing", named(lacks)))
	}
	return nil
}

// setAmount keeps what an application comes to with its case, where guards and pages read it.
func (s *Store) setAmount(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	a, err := applicationOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	return at.Set("amount", rule.Money(a.Amount))
}

// rules recognises cost items: what the actor has entered, and the rest in full.
func (s *Store) rules(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	id, e := at.Case().ID, at.Event()
	in, found, err := entered[Rulings](ctx, tx, id, e.Actor)
	if err != nil {
		return err
	}
	by := Judge{By: e.Actor, Role: access.Role(e.Who), Report: in.Report}
	if in.Report != "" {
		files, err := at.Files(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(files, func(f casework.Evidence) bool { return f.SHA256 == in.Report }) {
			return errs.Invalid(i18n.M("subsidy.no_report"))
		}
	}
	if err := s.audited(ctx, tx, id, by, e.Reason); err != nil {
		return err
	}
	if found && len(in.Rulings) > 0 {
		if err := s.Rule(ctx, tx, id, by, in.Rulings); err != nil {
			return err
		}
	}
	before, after, err := s.RuleRest(ctx, tx, id, by)
	if err != nil {
		return err
	}
	if after > before {
		// The policy gives more for less: that is told, and not hidden in the amount.
		say := i18n.M("subsidy.amount_rose", before, after)
		if err := at.Notify(ctx, string(access.CityOfficial), say); err != nil {
			return err
		}
	}
	return s.setAmount(ctx, tx, at)
}

// audited wants the report of an audit firm where there are cost items: of the firm itself, and of an official one that was handed in
// now or before, or the reason why it goes without.
func (s *Store) audited(ctx context.Context, tx *store.Tx, id int64, by Judge, reason string) error {
	if by.Report != "" {
		return nil
	}
	costs, err := costsOf(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case by.Role == access.AuditFirm:
		return errs.Invalid(i18n.M("subsidy.report_wanted"))
	case len(costs) > 0 && strings.TrimSpace(reason) == "" && !slices.ContainsFunc(costs, func(c Cost) bool { return c.Report != "" }):
		return errs.Invalid(i18n.M("subsidy.audit_waived", len(costs)))
	}
	return nil
}

// settles fixes the amount that a batch takes.
func (s *Store) settles(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	id := at.Case().ID
	_, after, err := s.Reassess(ctx, tx, id, at.Event().Actor, Settled, at.Event().Reason)
	if err != nil {
		return err
	}
	if after <= 0 {
		return at.Refuse(i18n.M("subsidy.settle_nothing"))
	}
	return s.setAmount(ctx, tx, at)
}

type assignment struct {
	Role  string `yaml:"role"`
	Least int    `yaml:"least"`
}

// assigns gives the case to the accounts that the actor has picked.
func (s *Store) assigns(ctx context.Context, tx *store.Tx, at *casework.Moment, args assignment) error {
	in, _, err := entered[Picked](ctx, tx, at.Case().ID, at.Event().Actor)
	if err != nil {
		return err
	}
	if err := s.appointed(ctx, tx, at.Case(), access.Role(args.Role), in.Accounts); err != nil {
		return err
	}
	seen := map[int64]bool{}
	for _, account := range in.Accounts {
		if seen[account] {
			continue
		}
		seen[account] = true
		if err := at.Assign(ctx, account, access.Role(args.Role)); err != nil {
			return err
		}
	}
	if len(seen) < args.Least {
		return at.Refuse(i18n.M("subsidy.pick_more", args.Least, len(seen), i18n.M("access.role."+args.Role)))
	}
	return nil
}

// conflicts takes an expert out who declares a conflict of interest.
func (s *Store) conflicts(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	e := at.Event()
	if err := s.declare(ctx, tx, at.Case(), e.Actor, e.Reason); err != nil {
		return err
	}
	if err := at.Unassign(ctx, e.Actor, access.Expert); err != nil {
		return err
	}
	rest, err := at.Assigned(ctx, access.Expert)
	if err != nil {
		return err
	}
	return at.Notify(ctx, string(access.CityOfficial), i18n.M("subsidy.tell_conflict", len(rest)))
}

type byRubric struct {
	Rubric string `yaml:"rubric"`
}

// rubricPin is the kind under which a case pins the rubric that it is scored by.
const rubricPin = "rubric"

// Definition has a case pin the rubric.
func (by byRubric) Definition() (kind, name string) { return rubricPin, by.Rubric }

// rubricAt is the rubric that a case was opened with.
func (s *Store) rubricAt(ctx context.Context, at *casework.Moment, code string) (*rubric.Rubric, error) {
	src, err := at.Definition(ctx, rubricPin, code)
	return s.readRubric(code, src, err)
}

// scoresOne takes an expert's sheet in.
func (s *Store) scoresOne(ctx context.Context, tx *store.Tx, at *casework.Moment, args byRubric) error {
	r, err := s.rubricAt(ctx, at, args.Rubric)
	if err != nil {
		return err
	}
	in, found, err := entered[Scored](ctx, tx, at.Case().ID, at.Event().Actor)
	if err != nil {
		return err
	}
	if !found {
		return errs.Invalid(i18n.M("subsidy.no_sheet", r.Title))
	}
	return s.score(ctx, tx, at.Case(), at.Event().Actor, r, in)
}

// scoresAll adds the sheets up once there are enough.
func (s *Store) scoresAll(ctx context.Context, tx *store.Tx, at *casework.Moment, args byRubric) error {
	r, err := s.rubricAt(ctx, at, args.Rubric)
	if err != nil {
		return err
	}
	all, err := scores(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	sum, err := r.Score(sheetsOf(all, at.Case().Moved))
	if err != nil {
		return err
	}
	return errors.Join(at.Set("score", rule.Decimal(int64(sum.Total)*100)), at.Set("enough", rule.Bool(r.Enough(sum.Total))))
}

func (s *Store) joins(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	batch, err := gathering(ctx, tx, intOf(at.Case(), "call"))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, setBatch, batch, at.Case().ID); err != nil {
		return fmt.Errorf("join batch: %w", err)
	}
	return at.Join(ctx, batch)
}

func (s *Store) leaves(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	if _, err := tx.Exec(ctx, setBatch, 0, at.Case().ID); err != nil {
		return fmt.Errorf("leave batch: %w", err)
	}
	return at.Leave(ctx)
}

// dropsBatch ends a batch that gathers. Its applications are taken out first, so that none of them stays behind in it.
func (s *Store) dropsBatch(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	children, err := at.Children(ctx)
	if err != nil {
		return err
	}
	holds := 0
	for _, id := range children {
		a, err := applicationOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if a.Standing == Open {
			holds++
		}
	}
	if holds > 0 {
		return at.Refuse(i18n.M("subsidy.batch_holds", holds))
	}
	_, err = tx.Exec(ctx, dropBatch, at.Case().ID)
	return noted("drop batch", err)
}

func (s *Store) noticeOver(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	b, err := batchAt(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	return s.over(ctx, tx, b.Case, b.Notice)
}

func (s *Store) grants(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	a, out, err := s.Grant(ctx, tx, at.Case().ID, at.Event().Actor)
	if err != nil {
		return err
	}
	at.Stand(out.reads()...)
	return at.Set("granted", rule.Money(a.Granted))
}

// isPaid refuses while the ledger has not paid all of it.
func (s *Store) isPaid(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	a, err := heldFor(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	done, owed, waits, err := paid(ctx, tx, a.Commitment)
	if err != nil {
		return err
	}
	if owed+waits > 0 {
		return at.Refuse(i18n.M("subsidy.not_paid", done, owed+waits))
	}
	return at.Set("paid", rule.Money(done))
}

// ordersReturn keeps what an enterprise is to give back.
func (s *Store) ordersReturn(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	a, err := grantedOf(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	in, _, err := entered[Returned](ctx, tx, a.Case, at.Event().Actor)
	if err != nil {
		return err
	}
	switch {
	case in.Amount <= 0 || in.Amount > a.Granted:
		return errs.Invalid(i18n.M("subsidy.return_more", in.Amount, a.Granted))
	case in.Document == "":
		return errs.Invalid(i18n.M("subsidy.return_document"))
	}
	return errors.Join(at.Set("returns", rule.Money(in.Amount)), at.Set("instalment", rule.Int(int64(max(in.Instalment, 1)))), at.Set("order", rule.Text(in.Document)),
		at.Set("why", rule.Text(at.Event().Reason)))
}

// returns enters that what was ordered back has come.
func (s *Store) returns(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	c := at.Case()
	return s.ClawBack(ctx, tx, c.ID, at.Event().Actor, Return{
		Instalment: int(intOf(c, "instalment")), Amount: fenOf(c, "returns"), Reason: textOf(c, "why"), Document: textOf(c, "order"), Key: fmt.Sprint(at.Event().N),
	})
}
