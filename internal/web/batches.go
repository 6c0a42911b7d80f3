package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// The applications of a call that one page looks through, and the children that the page of a batch shows.
const (
	readyShown    = 1000
	childrenShown = 200
)

// callBatch is a batch of a call in a list.
type callBatch struct {
	casework.Case
	State  string
	Notice subsidy.Batch
}

// readyRow is an application that may go into a batch.
type readyRow struct {
	subsidy.Application
	Firm, Clause string
	Chosen       bool
}

// callOffice is what officials do with a call: its batches, and the applications that are ready for one.
type callOffice struct {
	Batches  []callBatch
	Gathers  int64 // the batch that gathers; 0 for none
	Ready    []readyRow
	MayBatch bool
	Title    string // of the next batch
	Problem  string
}

// callOffice fills in what officials do with a call.
func (s *server) callOffice(ctx context.Context, v *visit, c subsidy.Call) (*callOffice, error) {
	o := &callOffice{MayBatch: v.scope.Role() == access.CityOfficial && v.scope.Sees(access.HandleCase, c.Area, 0)}
	batches, err := s.Subsidy.Batches(ctx, v.scope, c.Case)
	if err != nil {
		return nil, err
	}
	for _, b := range batches {
		of, w, err := s.Cases.Get(ctx, v.scope, b.Case)
		if err != nil {
			return nil, err
		}
		o.Batches = append(o.Batches, callBatch{Case: of, State: stateName(v.t, w, of.State), Notice: b})
		if b.Notice == 0 && of.Ended == "" && o.Gathers == 0 {
			o.Gathers = b.Case
		}
	}
	o.Title = v.t.S("batchpage.nth", c.Title, len(batches)+1)
	ready, _, err := s.Cases.Cases(ctx, v.scope, casework.Filter{Workflow: subsidy.ApplicationWorkflow, State: "ready"}, 0, readyShown)
	if err != nil || len(ready) == 0 {
		return o, err
	}
	clause, err := s.clauseNames(ctx, v.t)
	if err != nil {
		return nil, err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return nil, err
	}
	all, err := s.Subsidy.Applications(ctx, v.scope, subsidy.Filter{Call: c.Case, Standing: subsidy.Open, Limit: readyShown})
	for _, a := range slices.Backward(all) { // as they came
		if slices.ContainsFunc(ready, func(c casework.Case) bool { return c.ID == a.Case }) {
			o.Ready = append(o.Ready, readyRow{Application: a, Firm: s.firmName(view, a.Enterprise), Clause: clause(a.Policy + " " + a.Clause), Chosen: true})
		}
	}
	return o, err
}

// gather puts applications of a call into its batch, which is opened where none gathers. A press repeated does nothing twice:
// what is in the batch is passed over.
func (s *server) gather(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, err := s.callOf(r, v)
	if err != nil {
		return err
	}
	var chosen []int64
	for _, text := range r.PostForm["case"] {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errs.NotFound("application", text)
		}
		chosen = append(chosen, id)
	}
	title := strings.TrimSpace(r.PostFormValue("title"))
	done, err := s.Subsidy.Gather(r.Context(), v.scope, c.Case, title, chosen)
	if err == nil {
		return seeOther(w, r, casePath(done.Batch))
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d, c, again := s.callDataOf(r, v) // after it: some may have joined
	if again != nil {
		return again
	}
	if d.Office == nil {
		return forbidden(access.HandleCase)
	}
	for i := range d.Office.Ready {
		d.Office.Ready[i].Chosen = slices.Contains(chosen, d.Office.Ready[i].Case)
	}
	if title != "" {
		d.Office.Title = title
	}
	d.Office.Problem = v.t.Msg(msg)
	if done.Joined > 0 {
		d.Office.Problem = v.t.S("batchpage.some_joined", done.Joined) + d.Office.Problem
	}
	return s.show(w, r, s.shell(r, v, c.Title), statusOf(err), callPage(v.t, d))
}

// batchPart is what the case of a batch shows besides what every case does.
type batchPart struct {
	Call       int64
	CallTitle  string
	Notice     *noticeRow // nil before it is public
	Rows       []childRow
	Sum        money.Fen // of those that are in it
	Count      int       // of them
	Held       int       // of them that something hinders
	Money      string    // what there is for it, "" where the visitor may not know
	Short      money.Fen // that it is short of
	Take       string    // action that takes an application out, "" where the visitor may not
	TakeName   i18n.Text
	Objections []objectionRow
	More       bool // applications than the page shows
}

// childRow is an application of a batch.
type childRow struct {
	caseRow
	Clause, Thing string
	Amount        money.Fen
	In            bool // it is in the batch still, and was not struck
	Holds         []string
}

// caseBatch fills in what concerns a batch of applications, in a case that is one.
func (s *server) caseBatch(ctx context.Context, v *visit, view fact.View, d *casePageData) error {
	if d.W.Workflow != subsidy.BatchWorkflow {
		return nil
	}
	b, err := s.Subsidy.Batch(ctx, v.scope, d.ID)
	if hidden(err) { // a case that no call stands behind
		return nil
	}
	if err != nil {
		return err
	}
	c, err := s.Subsidy.Call(ctx, v.scope, b.Call)
	if err != nil {
		return err
	}
	p := &batchPart{Call: c.Case, CallTitle: c.Title}
	d.Gathers, d.Children = p, nil
	if b.Notice != 0 {
		n, err := s.Subsidy.Notice(ctx, b.Case)
		if err != nil {
			return err
		}
		row := s.noticeRow(v.t, n)
		p.Notice = &row
	}
	if err := s.batchChildren(ctx, v, view, d, p); err != nil {
		return err
	}
	if d.Ended == "" {
		if err := s.batchMoney(ctx, v, c, p); err != nil {
			return err
		}
	}
	p.Objections, err = s.objectionsOf(ctx, v, b.Case)
	return err
}

func (s *server) batchChildren(ctx context.Context, v *visit, view fact.View, d *casePageData, p *batchPart) error {
	list, total, err := s.Cases.Cases(ctx, v.scope, casework.Filter{Batch: d.ID}, 0, childrenShown)
	if err != nil {
		return err
	}
	p.More = total > len(list)
	clause, err := s.clauseNames(ctx, v.t)
	if err != nil {
		return err
	}
	for _, c := range list {
		row := childRow{}
		if row.caseRow, err = s.caseRow(ctx, v, view, c); err != nil {
			return err
		}
		a, err := s.Subsidy.Application(ctx, v.scope, c.ID)
		if err != nil {
			return err
		}
		row.Clause, row.Thing, row.Amount, row.In = clause(a.Policy+" "+a.Clause), a.Name, a.Amount, a.Standing != subsidy.Closed
		holds, err := s.Subsidy.Hindrances(ctx, v.scope, c.ID)
		if err != nil {
			return err
		}
		for _, h := range holds {
			row.Holds = append(row.Holds, v.t.Msg(h))
		}
		if row.In {
			p.Count++
			if p.Sum, err = p.Sum.Add(a.Amount); err != nil {
				return err
			}
		}
		if len(row.Holds) > 0 {
			p.Held++
		}
		p.Rows = append(p.Rows, row)
	}
	return s.batchTakes(ctx, v, d, p)
}

// batchTakes finds by which action the visitor takes an application out: before the notice it goes back, afterwards it is struck.
func (s *server) batchTakes(ctx context.Context, v *visit, d *casePageData, p *batchPart) error {
	want := "strike"
	if p.Notice == nil {
		want = "leave"
	}
	i := slices.IndexFunc(p.Rows, func(x childRow) bool { return x.Case.State == "batched" })
	if i < 0 || d.Ended != "" {
		return nil
	}
	choices, err := s.Cases.Choices(ctx, v.scope, p.Rows[i].ID)
	for _, x := range choices {
		if x.ID == want {
			p.Take, p.TakeName = x.ID, x.Name
		}
	}
	return err
}

// batchMoney is what the call of a batch has left: its share, else what is free in its line.
func (s *server) batchMoney(ctx context.Context, v *visit, c subsidy.Call, p *batchPart) error {
	return s.Book.Read(ctx, v.scope, func(ctx context.Context, view *ledger.View) error {
		if c.Fund() != "" {
			shares, err := view.Calls(ctx, ledger.Filter{Line: c.Line})
			for _, x := range shares {
				if x.Call == c.Fund() {
					p.has(v.t, "batchpage.held", x.Held)
				}
			}
			return err
		}
		shares, err := view.Fund(ctx, ledger.Filter{Line: c.Line}, ledger.ByLine)
		for _, x := range shares {
			p.has(v.t, "batchpage.free", x.Balance[ledger.Free])
		}
		return err
	})
}

func (p *batchPart) has(t i18n.T, key string, left money.Fen) {
	p.Money, p.Short = t.S(key, exactYuan(t, left)), max(p.Sum-left, 0)
}
