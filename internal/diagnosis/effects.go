package diagnosis

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// purpose is what a firm consents to an institute's reading for.
const purpose = "diagnosis"

// consentDays is for how long a consent is given; it ends with the diagnosis.
const consentDays = 365

// Register adds what the workflows of diagnoses may cause. docs/diagnosis.md lists it.
func Register(r *casework.Registry, s *Store) {
	plain := func(name string, do func(context.Context, *store.Tx, *casework.Moment) error) {
		casework.Register(r, name, func(ctx context.Context, tx *store.Tx, at *casework.Moment, _ struct{}) error { return do(ctx, tx, at) })
	}
	for _, k := range []Kind{Digital, Green} {
		r.Begins(k.Flow(), casework.Beginning{Page: "/lots", Operation: "open_diagnoses"})
	}
	plain("diagnosis.agree", s.agrees)
	plain("diagnosis.choose", s.chooses)
	plain("diagnosis.leave", s.leaves)
	plain("diagnosis.assign", s.reassigns)
	plain("diagnosis.hand_in", s.handsIn)
	plain("diagnosis.independent", s.independent)
	plain("diagnosis.mark", s.marked)
	plain("diagnosis.answer", s.answered)
	plain("diagnosis.accept", s.accepts)
	plain("diagnosis.give_back", s.givesBack)
	plain("diagnosis.close", func(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
		return s.endConsents(ctx, tx, at.Case().ID, "诊断已取消")
	})
}

// current is the institute that a case was last given to; 0 where it left.
func current(ctx context.Context, q store.Querier, id int64) (Assigned, error) {
	all, err := assignments(ctx, q, id)
	if err != nil || len(all) == 0 {
		return Assigned{}, err
	}
	return all[len(all)-1], nil
}

// agrees hands the case to the institute: it sees the case from now on, and reads what the firm consents to.
func (s *Store) agrees(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	l, firm, err := lotOfCase(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	a, err := current(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	share, ok := l.Share(a.Institute)
	if !ok {
		return at.Refuse(i18n.M("diagnosis.nobody_assigned"))
	}
	institute, err := instituteOf(ctx, tx, a.Institute)
	if err != nil {
		return err
	}
	e, ok := at.View().Enterprise(firm)
	if !ok {
		return errs.NotFound("enterprise", firm)
	}
	switch { // since it was proposed
	case institute.LeftWhy != "":
		return at.Refuse(i18n.M("diagnosis.may_not", institute.Name, i18n.M("diagnosis.bar_left")))
	case institute.Until < at.Today():
		return at.Refuse(i18n.M("diagnosis.may_not", institute.Name, i18n.M("diagnosis.bar_until", institute.Until.String())))
	case slices.ContainsFunc(institute.Conflicts, func(c Conflict) bool { return slices.Contains(bearers(e), c.Firm) }):
		return at.Refuse(i18n.M("diagnosis.may_not", institute.Name, i18n.M("diagnosis.bar_conflict")))
	}
	kind, err := s.Programme.Kind(l.Kind)
	if err != nil {
		return err
	}
	if err := s.endConsents(ctx, tx, at.Case().ID, "重新授权"); err != nil {
		return err
	}
	_, err = s.Consents.Give(ctx, tx, at.Scope(), consent.NewGrant{
		Owner: firm, To: a.Institute, Purpose: purpose, Facts: s.facts(kind), Case: at.Case().ID, Until: clock.StartOf(at.Today() + consentDays),
	})
	if err != nil {
		return err
	}
	at.Refer(a.Institute)
	return at.Set("fee", rule.Money(share.Fee))
}

// facts is what an institute needs of a firm: what the model reads and what describes it.
func (s *Store) facts(kind *KindFile) []string {
	all := []string{"ent.size", "ent.above_scale", "ent.revenue", "ent.output", "ent.employees"}
	if kind.rubric != nil {
		for _, d := range kind.rubric.Facts() {
			all = append(all, d.Code)
		}
	}
	all = slices.DeleteFunc(all, func(code string) bool { _, ok := s.Library.FactDef(code); return !ok })
	slices.Sort(all)
	return slices.Compact(all)
}

// endConsents ends the consents of a case that still stand: their purpose is over, whoever ended it.
func (s *Store) endConsents(ctx context.Context, tx *store.Tx, id int64, why string) error {
	all, err := s.Consents.InCase(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, g := range all {
		if !g.Stands(s.Clock.Millis()) {
			continue
		}
		if err := s.Consents.End(ctx, tx, access.SystemScope(), g.ID, why); err != nil {
			return err
		}
	}
	return nil
}

// chooses is agrees with the institute that the firm has just chosen (Choose); anybody else's press is refused.
func (s *Store) chooses(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	a, err := current(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	if a.How != ByFirm || a.At < at.Case().Since {
		return at.Refuse(i18n.M("diagnosis.choose_on_page"))
	}
	return s.agrees(ctx, tx, at)
}

// Choice is an institute that a firm may choose, or why it may not.
type Choice struct {
	Slot
	Bar i18n.Msg
}

// Choices are the institutes of the lot for the firm of a case, those first that may be chosen, as they were entered.
func (s *Store) Choices(ctx context.Context, scope access.Scope, cases *casework.Store, id int64) ([]Choice, error) {
	if _, _, err := cases.Get(ctx, scope, id); err != nil {
		return nil, err
	}
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	return s.choices(ctx, s.DB.Read(), view, id)
}

func (s *Store) choices(ctx context.Context, q store.Querier, view fact.View, id int64) ([]Choice, error) {
	l, firm, err := lotOfCase(ctx, q, id)
	if err != nil {
		return nil, err
	}
	slots, err := s.slots(ctx, q, l)
	if err != nil {
		return nil, err
	}
	given, err := assignments(ctx, q, id)
	if err != nil {
		return nil, err
	}
	e, ok := view.Enterprise(firm)
	if !ok {
		return nil, errs.NotFound("enterprise", firm)
	}
	asked, now := s.asked(l, e, gaveBack(given)), int64(0)
	if len(given) > 0 {
		now = given[len(given)-1].Institute
	}
	var all []Choice
	for _, x := range slots {
		if x.Institute.ID == now { // the firm's own place is not one more
			x.Taken, x.Running = x.Taken-1, x.Running-1
		}
		all = append(all, Choice{x, x.Bar(asked, s.Clock.Today())})
	}
	slices.SortStableFunc(all, func(a, b Choice) int {
		switch {
		case a.Bar.IsZero() == b.Bar.IsZero():
			return 0
		case a.Bar.IsZero():
			return -1
		}
		return 1
	})
	return all, nil
}

// gaveBack is the institutes that a case was taken from.
func gaveBack(given []Assigned) (all []int64) {
	for i, a := range given {
		if a.Institute == 0 && i > 0 && given[i-1].Institute != 0 {
			all = append(all, given[i-1].Institute)
		}
	}
	return all
}

// Agree has the firm of a case agree to the institute that was proposed, or choose another that may take it.
func (s *Store) Agree(ctx context.Context, scope access.Scope, cases *casework.Store, id, institute int64) error {
	if _, _, err := cases.Get(ctx, scope, id); err != nil {
		return err
	}
	a, err := current(ctx, s.DB.Read(), id)
	if err != nil {
		return err
	}
	if a.Institute != institute {
		return s.Choose(ctx, scope, cases, id, institute)
	}
	_, err = cases.Act(ctx, scope, casework.Act{Case: id, Action: "agree"})
	return err
}

// Choose has the firm of a case choose an institute and agree to it, in one.
func (s *Store) Choose(ctx context.Context, scope access.Scope, cases *casework.Store, id, institute int64) error {
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return err
	}
	err = cases.Together(ctx, scope, func(ctx context.Context, tx *store.Tx, t casework.Together) error {
		l, _, err := lotOfCase(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := giving(ctx, tx, l); err != nil {
			return err
		}
		all, err := s.choices(ctx, tx, view, id)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(c Choice) bool { return c.Institute.ID == institute })
		if i < 0 {
			return errs.NotFound("institute", institute)
		}
		if !all[i].Bar.IsZero() {
			return errs.Conflict(i18n.M("diagnosis.may_not", all[i].Institute.Name, all[i].Bar))
		}
		if err := s.assign(ctx, tx, id, scope.Account(), Assigned{Institute: institute, How: ByFirm, Why: i18n.M("diagnosis.firm_chose")}); err != nil {
			return err
		}
		_, err = t.Act(ctx, casework.Act{Case: id, Action: "choose"})
		return err
	})
	if err != nil {
		return fmt.Errorf("choose an institute in case %d: %w", id, err)
	}
	return nil
}

// leaves takes the case from its institute: it sees the case no more, and what the firm consented to ends.
func (s *Store) leaves(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	if err := tx.Lock(ctx, reportLock(at.Case().ID)); err != nil {
		return err
	}
	if err := s.endConsents(ctx, tx, at.Case().ID, "诊断机构已退出"); err != nil {
		return err
	}
	at.Refer(0)
	return s.assign(ctx, tx, at.Case().ID, at.Event().Actor, Assigned{How: Left, Why: i18n.M("diagnosis.left", at.Event().Reason)})
}

// reassigns has the rule pick another institute.
func (s *Store) reassigns(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	id := at.Case().ID
	l, firm, err := lotOfCase(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := giving(ctx, tx, l); err != nil {
		return err
	}
	slots, err := s.slots(ctx, tx, l)
	if err != nil {
		return err
	}
	given, err := assignments(ctx, tx, id)
	if err != nil {
		return err
	}
	e, ok := at.View().Enterprise(firm)
	if !ok {
		return errs.NotFound("enterprise", firm)
	}
	i, why := Pick(slots, s.asked(l, e, gaveBack(given)), at.Today())
	if i < 0 {
		return at.Refuse(why)
	}
	return s.assign(ctx, tx, id, at.Event().Actor, Assigned{Institute: slots[i].Institute.ID, How: ByRule, Why: why})
}

// handsIn takes the report that was saved last, unless it lacks a part, and says whether a third party evaluates it.
func (s *Store) handsIn(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	id := at.Case().ID
	if err := tx.Lock(ctx, reportLock(id)); err != nil {
		return err
	}
	last, fresh, err := draft(ctx, tx, id, at.Case().Partner)
	if err != nil {
		return err
	}
	if fresh {
		return at.Refuse(i18n.M("diagnosis.no_report"))
	}
	earlier, err := handed(ctx, tx, handedBy, at.Case().Partner)
	if err != nil {
		return err
	}
	if own := slices.DeleteFunc(slices.Clone(earlier), func(h Handed) bool { return h.Case != id }); len(own) > 0 && own[len(own)-1].Hash == last.Hash {
		return at.Refuse(i18n.M("diagnosis.unchanged"))
	}
	others, err := s.others(ctx, tx, earlier, id)
	if err != nil {
		return err
	}
	lint := Lint(&last.Report, others)
	if Stops(lint) {
		return errs.Invalid(stopped(lint))
	}
	l, _, err := lotOfCase(ctx, tx, id)
	if err != nil {
		return err
	}
	marks, err := marksOf(ctx, tx, at.Case().Partner)
	if err != nil {
		return err
	}
	h := Handed{
		Case: id, N: last.N, Hash: last.Hash, Institute: at.Case().Partner, Lint: lint, Risks: []i18n.Msg{}, Advice: len(last.Advice),
		At: s.Clock.Millis(), By: at.Event().Actor,
	}
	if h.ID, err = tx.NextIDs(ctx, 1); err != nil {
		return err
	}
	share, _ := l.Share(h.Institute)
	h.Risks = append(h.Risks, Risks(Facing{
		Lint: lint, Reports: len(distinct(earlier, id)), Marks: marks, Fee: share.Fee, Ceiling: l.Ceiling, Draw: h.ID, Reworked: again(earlier, id),
	})...)
	h.Sampled = len(h.Risks) > 0
	_, err = tx.Exec(ctx, insertHanded, h.ID, h.Case, h.N, h.Hash, h.Institute, asJSON(append([]Remark{}, h.Lint...)), asJSON(h.Risks), bit(h.Sampled), h.Advice, h.At, h.By)
	if err != nil {
		return fmt.Errorf("hand a report in: %w", err)
	}
	audit.Note(tx, loggedHanded, h.ID)
	return errors.Join(at.Set("sampled", rule.Bool(h.Sampled)), at.Set("advice", rule.Int(int64(len(last.Advice)))))
}

// stopped is the remarks that keep a report from being taken, as one message, of many the first.
func stopped(lint []Remark) i18n.Msg {
	out, n := i18n.Msg{}, 0
	for _, r := range lint {
		if !r.Stops {
			continue
		}
		text := r.Msg
		if r.At != "" {
			text = i18n.M("diagnosis.lint_at", r.At, r.Msg)
		}
		if n++; n == 1 {
			out = text
		} else if n <= 10 {
			out = i18n.M("diagnosis.and", out, text)
		}
	}
	return i18n.M("diagnosis.stopped", n, out)
}

// others is the reports that one is compared with: what the institute handed in last of each other firm.
func (s *Store) others(ctx context.Context, q store.Querier, earlier []Handed, id int64) ([]Other, error) {
	last := distinct(earlier, id)
	if len(last) > maxCompared {
		last = last[len(last)-maxCompared:]
	}
	var all []Other
	for _, h := range last {
		x, err := savedOf(ctx, q, reportByN, h.Case, h.N)
		if err != nil {
			return nil, err
		}
		all = append(all, Other{h.Case, x.Report})
	}
	return all, nil
}

// maxCompared is how many of an institute's reports one is compared with: those that came last.
const maxCompared = 300

// distinct is the last report of each other case, in the order in which they were handed in.
func distinct(all []Handed, id int64) []Handed {
	var out []Handed
	for i, h := range all {
		if h.Case != id && !slices.ContainsFunc(all[i+1:], func(o Handed) bool { return o.Case == h.Case }) {
			out = append(out, h)
		}
	}
	return out
}

// again says that the case's report was handed in before.
func again(all []Handed, id int64) bool {
	return slices.ContainsFunc(all, func(h Handed) bool { return h.Case == id })
}

// independent refuses who was appointed to evaluate a report and stands near to who wrote it.
func (s *Store) independent(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	institute, err := instituteOf(ctx, tx, at.Case().Partner)
	if err != nil {
		return err
	}
	picked, err := at.Assigned(ctx, access.Expert)
	if err != nil {
		return err
	}
	own, err := s.Accounts.Receivers(ctx, tx, access.Reach{Parties: []int64{institute.ID}})
	if err != nil {
		return err
	}
	pool, err := s.Selections.Experts(ctx, access.SystemScope())
	if err != nil {
		return err
	}
	interests, err := s.Selections.Declarations(ctx, access.SystemScope())
	if err != nil {
		return err
	}
	for _, account := range picked {
		for _, a := range own {
			if a.ID == account {
				return at.Refuse(i18n.M("diagnosis.evaluator_own", institute.Name))
			}
		}
		for _, e := range pool {
			if e.Account != account {
				continue
			}
			for _, b := range e.Belongs {
				if party.FoldName(b) == party.FoldName(institute.Name) {
					return at.Refuse(i18n.M("diagnosis.evaluator_belongs", e.Label, institute.Name))
				}
			}
			for _, d := range interests {
				if d.Expert == e.ID && d.Enterprise == at.Case().Enterprise {
					return at.Refuse(i18n.M("diagnosis.evaluator_interest", e.Label))
				}
			}
		}
	}
	return nil
}

// accepts makes known that the firm was diagnosed, ends what it consented to, and has the fee fall due.
func (s *Store) accepts(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	id := at.Case().ID
	l, firm, err := lotOfCase(ctx, tx, id)
	if err != nil {
		return err
	}
	e, ok := at.View().Enterprise(firm)
	if !ok {
		return errs.NotFound("enterprise", firm)
	}
	kind, err := s.Programme.Kind(l.Kind)
	if err != nil {
		return err
	}
	institute, err := instituteOf(ctx, tx, at.Case().Partner)
	if err != nil {
		return err
	}
	share, ok := l.Share(institute.ID)
	if !ok {
		return at.Refuse(i18n.M("diagnosis.nobody_assigned"))
	}
	if err := s.endConsents(ctx, tx, id, "诊断已验收"); err != nil {
		return err
	}
	states := []fact.Statement{
		{Subject: firm, Def: kind.Facts.Done, State: fact.Present, Value: fact.Value{Num: 1}},
		{Subject: firm, Def: kind.Facts.On, State: fact.Present, Value: fact.Value{Num: int64(at.Today())}},
		{Subject: firm, Def: kind.Facts.By, State: fact.Present, Value: fact.Value{Text: institute.Name}},
		{Subject: firm, Def: kind.Facts.Fee, State: fact.Present, Value: fact.Value{Num: int64(share.Fee)}},
	}
	if _, last, err := lastHanded(ctx, tx, id); err != nil {
		return err
	} else if last.Barrier != "" {
		states = append(states, fact.Statement{Subject: firm, Def: BarrierFact, Period: period.OfYear(l.Year), State: fact.Present, Value: fact.Value{Text: last.Barrier}})
	}
	if err := at.State(ctx, states...); err != nil {
		return err
	}
	if err := at.Set("outside", rule.Bool(l.Line == 0)); err != nil || l.Line == 0 {
		return err
	}
	if err := tx.Lock(ctx, accountLock(institute.ID)); err != nil {
		return err
	}
	to, err := payTo(ctx, tx, institute.ID)
	if errs.KindOf(err) == errs.KindNotFound {
		return at.Refuse(i18n.M("diagnosis.no_account", institute.Name))
	}
	if err != nil {
		return err
	}
	return s.Subsidy.OweFee(ctx, tx, subsidy.NewFee{
		Case: id, By: at.Event().Actor, Line: l.Line, Call: l.fund(), Enterprise: firm, Merged: bearers(e), Area: at.Case().Area, Name: at.Case().Title, To: institute.Name, Party: institute.ID,
		Amount: share.Fee, Family: l.Kind.Flow(), Year: l.Year, Document: l.Document, Clause: kind.Source + " " + kind.Cite,
		Payee: subsidy.Payee{Holder: to.Holder, Bank: to.Bank, Number: to.Number},
	})
}

// givesBack enters that the fee came back whole after it was paid; the reason is the document by which it did.
func (s *Store) givesBack(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	paid := at.Case().Data["paid"]
	if paid.Type() != rule.MoneyType {
		return at.Refuse(i18n.M("diagnosis.paid_elsewhere"))
	}
	why := at.Event().Reason
	return s.Subsidy.ClawBack(ctx, tx, at.Case().ID, at.Event().Actor, subsidy.Return{Instalment: 1, Amount: paid.Fen(), Reason: why, Document: why, Key: fmt.Sprint(at.Event().N)})
}
