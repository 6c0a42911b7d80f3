package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// entitlement is money that an enterprise gets without applying, once it says where to.
type entitlement struct {
	Case          int64
	Clause, Thing string
	Year          int
	Amount        money.Fen
	Due           string // until when it is asked; "" for no limit
	May           bool   // the visitor may answer
	Payee         subsidy.Payee
	Key           string
}

// moneyRow is an application or a payout of the enterprise, and where it stands.
type moneyRow struct {
	Title, State string
	Pays         policy.Interval // as last worked out, or what was granted
	Decided      bool            // Pays says something: a draft has none
	Money        ledger.Totals   // how far what was granted has come
	Missing      []missing       // what Pays would be surer by, by what is known now
	Ended        string
	Href         string
}

// callOffer is a call that is open and what the enterprise may get by it.
type callOffer struct {
	Title, Href, Closes string
	Best                policy.Interval // of its offers, the one that pays most for sure
	Offers              int
	Started             subsidy.Started // where applications for all of its offers were begun, the first of them; zero else
}

// mineCalls is the open calls by which the enterprise may get something.
func (s *server) mineCalls(ctx context.Context, v *visit, view fact.View, d *mineData) error {
	if !view.Can(access.ReadSensitive, d.Firm.ID) {
		return nil
	}
	offers, calls, err := s.Subsidy.CallsFor(ctx, view, d.Firm.ID, s.Clock.Today())
	if err != nil {
		return err
	}
	begun, err := s.Subsidy.Begun(ctx, v.scope, d.Firm.ID)
	if err != nil {
		return err
	}
	for _, c := range calls {
		if of := offers[c.Case]; len(of) > 0 {
			var started subsidy.Started
			if !slices.ContainsFunc(of, func(o subsidy.Offer) bool { return begun[c.Case][o.Ask()].Case == 0 }) {
				started = begun[c.Case][of[0].Ask()]
				started.Draft = started.Draft && v.scope.Sees(access.FileCase, "", d.Firm.ID)
			}
			best := slices.MaxFunc(of, func(a, b subsidy.Offer) int {
				return cmp.Or(cmp.Compare(a.Line.Pays.Sure, b.Line.Pays.Sure), cmp.Compare(a.Line.Pays.Possible, b.Line.Pays.Possible))
			})
			d.Calls = append(d.Calls, callOffer{Title: c.Title, Href: callPath(c.Case) + "#own", Closes: c.Closes.String(), Best: best.Line.Pays, Offers: len(of), Started: started})
		}
	}
	return nil
}

// mineSelections is the selections for which the enterprise may nominate itself and has not.
func (s *server) mineSelections(ctx context.Context, v *visit, view fact.View, d *mineData) error {
	if !view.Can(access.ReadSensitive, d.Firm.ID) {
		return nil
	}
	rounds, err := s.Selections.Rounds(ctx, v.scope)
	if err != nil {
		return err
	}
	for _, r := range rounds {
		if !r.Open(s.Clock.Today()) {
			continue
		}
		c, err := s.Selections.Candidate(ctx, v.scope, s.Cases, r, d.Firm.ID)
		if err != nil {
			return err
		}
		if !c.May || len(c.Open) > 0 || selection.Worst(c.Checks) == selection.NotMet {
			continue
		}
		row, err := s.selectionRow(ctx, v.t, r)
		if err != nil {
			return err
		}
		d.Rounds = append(d.Rounds, todo{Text: v.t.S("people.todo_selection", row.Name, r.Closes.String()), Href: selectionPath(r.ID)})
	}
	return nil
}

// filedCases is how many filings of one enterprise are looked through.
const filedCases = 200

// filings is where the filing of each project of an enterprise stands, by the project; the latest of each.
func (s *server) filings(ctx context.Context, v *visit, firm int64) (map[int64]moneyRow, error) {
	if !v.scope.Can(access.ReadCase) {
		return nil, nil
	}
	list, _, err := s.Cases.Cases(ctx, v.scope, casework.Filter{Workflow: subsidy.ProjectWorkflow, Enterprise: firm}, 0, filedCases)
	if err != nil {
		return nil, err
	}
	all := map[int64]moneyRow{}
	for _, c := range list {
		w, err := s.Cases.Definition(ctx, c)
		if err != nil {
			return nil, err
		}
		if _, newer := all[c.Subject]; !newer {
			all[c.Subject] = moneyRow{Title: c.Title, State: stateName(v.t, w, c.State), Ended: c.Ended, Href: casePath(c.ID)}
		}
	}
	return all, nil
}

// ownApplications is how many of its latest applications an enterprise sees on its first page.
const ownApplications = 30

// mineMoney is what the enterprise is entitled to, and where the money is that it applied for.
func (s *server) mineMoney(ctx context.Context, v *visit, view fact.View, d *mineData) error {
	all, err := s.Subsidy.Applications(ctx, v.scope, subsidy.Filter{Enterprise: d.Firm.ID, Limit: ownApplications})
	if err != nil {
		return err
	}
	came, err := s.Subsidy.Money(ctx, all...)
	if err != nil {
		return err
	}
	known := map[int64]subsidy.Application{}
	for _, a := range all {
		known[a.Case] = a
	}
	var cases []casework.Case
	for _, workflow := range []string{subsidy.NoApplication, subsidy.ApplicationWorkflow} {
		list, _, err := s.Cases.Cases(ctx, v.scope, casework.Filter{Workflow: workflow, Enterprise: d.Firm.ID}, 0, ownApplications)
		if err != nil {
			return err
		}
		cases = append(cases, list...)
	}
	slices.SortFunc(cases, func(a, b casework.Case) int { return int(b.ID - a.ID) })
	for _, c := range cases {
		w, err := s.Cases.Definition(ctx, c)
		if err != nil {
			return err
		}
		a, decided := known[c.ID]
		row := moneyRow{Title: c.Title, State: stateName(v.t, w, c.State), Decided: decided, Ended: c.Ended, Href: casePath(c.ID)}
		row.Money = came[c.ID]
		if row.Pays, err = s.comesTo(ctx, v, a, row.Money.Committed); err != nil {
			return err
		}
		if !row.Pays.Exact() {
			if row.Missing, err = s.lacking(ctx, v, view, a); err != nil {
				return err
			}
		}
		asked, err := s.entitled(ctx, v, c, a)
		if err != nil {
			return err
		}
		if asked != nil {
			d.Entitled = append(d.Entitled, *asked)
			continue
		}
		if decided || c.Ended == "" { // one that was given up before it was handed in is no money
			d.Money = append(d.Money, row)
		}
	}
	d.Money = d.Money[:min(len(d.Money), ownApplications)]
	return nil
}

// moneyStep is how much of what was granted has come how far.
type moneyStep struct {
	Name   string
	Amount money.Fen
}

// fromGrant is what was granted, and what became of it.
func fromGrant(t i18n.T, m ledger.Totals) []moneyStep {
	return append([]moneyStep{{t.S("roundpage.granted"), m.Committed}}, afterGrant(t, m)...)
}

// afterGrant is what became of what was granted: what was paid, and where some of that came back, what is left of it.
func afterGrant(t i18n.T, m ledger.Totals) []moneyStep {
	var all []moneyStep
	if m.Paid > 0 {
		all = append(all, moneyStep{t.S("ledger.stage_" + ledger.Paid.String()), m.Paid})
	}
	if m.Returned > 0 {
		all = append(all, moneyStep{t.S("ledger.stage_" + ledger.Returned.String()), m.Returned}, moneyStep{t.S("roundpage.net"), m.Net()})
	}
	return all
}

// comesTo is what an application was granted, whether or not some of it came back, or else comes to as it was last worked out: a sum
// that is not sure yet is told as what it may come to, and not as nothing.
func (s *server) comesTo(ctx context.Context, v *visit, a subsidy.Application, granted money.Fen) (policy.Interval, error) {
	known := cmp.Or(granted, a.Amount)
	if known > 0 || a.Case == 0 || a.Standing != subsidy.Open {
		return policy.Interval{Sure: known, Possible: known}, nil
	}
	all, err := s.Subsidy.Assessments(ctx, v.scope, a.Case)
	if err != nil || len(all) == 0 {
		return policy.Interval{}, err
	}
	return all[len(all)-1].Pays, nil
}

// lacking is the figures that would make what an application comes to surer, each with where the visitor states it.
func (s *server) lacking(ctx context.Context, v *visit, view fact.View, a subsidy.Application) ([]missing, error) {
	refs, err := s.Subsidy.Lacking(ctx, v.scope, a.Case)
	if err != nil || len(refs) == 0 {
		return nil, err
	}
	in, err := s.Versions.InForce(ctx, a.Policy, a.Known)
	if err != nil {
		return nil, err
	}
	w := words{t: v.t, lib: s.Library, pol: in.Policy, year: s.Clock.Today().Year()}
	var all []missing
	for i, name := range w.refNames(refs) {
		all = append(all, s.missingOf(v.t, a.Enterprise, refs[i], missed{name, s.missingPath(view, a.Enterprise, refs[i])}))
	}
	return all, nil
}

// entitled is what a case asks of its enterprise, where it is a line of a round that waits for the answer; nil else.
func (s *server) entitled(ctx context.Context, v *visit, c casework.Case, a subsidy.Application) (*entitlement, error) {
	if c.Workflow != subsidy.NoApplication || c.Ended != "" || a.Standing != subsidy.Open {
		return nil, nil
	}
	in, err := s.Versions.InForce(ctx, a.Policy, a.Known)
	if err != nil {
		return nil, err
	}
	x := &entitlement{Case: c.ID, Clause: a.Clause, Thing: a.Name, Year: a.Year, Amount: a.Amount, May: v.scope.Sees(access.FileCase, "", c.Enterprise), Key: rand.Text()}
	if clause, ok := in.Policy.Clause(a.Clause); ok {
		x.Clause = v.t.Text(clause.Name)
	}
	tasks, err := s.Cases.TasksOf(ctx, v.scope, c.ID)
	if err != nil {
		return nil, err
	}
	for _, task := range tasks {
		if due, known, ok := task.Due(s.Library.Calendar()); ok && task.Open() {
			x.Due = dueText(v.t, casework.Waiting{CaseTask: task, DueDay: due, Assured: known})
		}
	}
	if x.May {
		x.Payee, err = s.lastPayee(ctx, v, c)
	}
	return x, err
}

// lastPayee is the account that an enterprise named last: for this case, else for another. Without one the holder is the
// enterprise itself.
func (s *server) lastPayee(ctx context.Context, v *visit, c casework.Case) (subsidy.Payee, error) {
	all, err := s.Subsidy.Applications(ctx, v.scope, subsidy.Filter{Enterprise: c.Enterprise, Limit: ownApplications})
	if err != nil {
		return subsidy.Payee{}, err
	}
	ids := []int64{c.ID}
	for _, a := range all {
		ids = append(ids, a.Case)
	}
	for _, id := range ids {
		p, err := s.Subsidy.Payee(ctx, v.scope, id)
		if err == nil {
			return p, nil
		}
		if !hidden(err) && errs.KindOf(err) != errs.KindConflict {
			return subsidy.Payee{}, err
		}
	}
	view, err := s.view(ctx, v)
	return subsidy.Payee{Holder: s.firmName(view, c.Enterprise)}, err
}

// confirmRound names the account and takes the money that an enterprise is entitled to, in one step.
func (s *server) confirmRound(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.casePageOf(r, v)
	if err != nil {
		return err
	}
	if !v.scope.Sees(access.FileCase, "", d.Enterprise) {
		return forbidden(access.FileCase)
	}
	if d.W.Workflow != subsidy.NoApplication {
		return errs.Conflict(i18n.M("casepage.not_now", v.t.Text(d.State.Name)))
	}
	p := subsidy.Payee{
		Holder: strings.TrimSpace(r.PostFormValue("holder")), Bank: strings.TrimSpace(r.PostFormValue("bank")),
		Number: ledger.Account(strings.Join(strings.Fields(r.PostFormValue("number")), "")),
	}
	if d.Subsidy.Entitled != nil {
		d.Subsidy.Entitled.Payee = p
		if err := s.Subsidy.NamePayee(r.Context(), v.scope, d.ID, p); err != nil {
			return s.entered(w, r, v, d, "acted", err)
		}
	}
	_, err = s.Cases.Act(r.Context(), v.scope, casework.Act{Case: d.ID, Action: "confirm", Key: keyOf(v, r.PostFormValue("key"), "confirm")})
	return s.entered(w, r, v, d, "acted", err)
}
