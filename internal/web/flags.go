package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/flag"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// mayFlag is who looks for red flags.
var mayFlag = access.Need{Action: access.ReadLog, Area: true}

// mayReview is who opens a flag as a case.
var mayReview = access.Need{Action: access.ReviewFlag, Area: true}

// flagRoutes are red flags: for who may read the log of an area.
func (s *server) flagRoutes() []route {
	return []route{
		{"GET /flags", mayFlag, s.flags},
		{"GET /flags/export", mayFlag, s.exportFlags},
		{"POST /flags/open", mayReview, s.openFlag},
	}
}

// flagsQuery is a view of red flags; its address restores it.
type flagsQuery struct {
	flag.Query
	Page int
}

func (q flagsQuery) href(path string) string {
	out := url.Values{}
	for key, text := range map[string]string{"kind": q.Kind, "standing": string(q.Standing), "page": pageText(q.Page)} {
		if text != "" {
			out.Set(key, text)
		}
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

func (q flagsQuery) at(page int) flagsQuery { q.Page = page; return q }

// flagRow is a row behind a flag in words.
type flagRow struct {
	flag.Row
	FirmName, Amount string
}

// flagShown is a flag in words.
type flagShown struct {
	Kind, What     string
	Code, Key      string // what opens it
	Status         flag.Status
	State, Outcome string
	Rows           []flagRow
}

// flagRule is what is looked for.
type flagRule struct {
	flag.Kind
	Marks []string
}

// flagSum is what became of a kind.
type flagSum struct {
	flag.Sum
	Name string
}

// flagsData is the page.
type flagsData struct {
	Query     flagsQuery
	Kinds     []option
	Standings []option
	Rules     []flagRule
	Sums      []flagSum
	Months    []flag.Month
	Total     int
	Pages     int
	Flags     []flagShown
	MayOpen   bool
	AsOf      string
	Problem   string
}

// flagsFound is the flags that are asked for; all where what is asked for is none.
func (s *server) flagsFound(r *http.Request, v *visit) (view fact.View, q flagsQuery, list *flag.List, err error) {
	if view, err = s.view(r.Context(), v); err != nil {
		return view, q, nil, err
	}
	if k, err := s.Flags.Set.Kind(r.FormValue("kind")); err == nil {
		q.Kind = k.Kind
	}
	if standing := flag.Standing(r.FormValue("standing")); slices.Contains(flag.Standings(), standing) {
		q.Standing = standing
	}
	q.Page = pageNumber(r.FormValue("page"))
	list, err = s.Flags.Find(r.Context(), view, q.Query)
	return view, q, list, err
}

// flagsIn puts flags into words.
func (s *server) flagsIn(t i18n.T, view fact.View, found []flag.Flag) ([]flagShown, error) {
	var all []flagShown
	for _, f := range found {
		kind, err := s.Flags.Set.Kind(f.Kind)
		if err != nil {
			return nil, err
		}
		shown := flagShown{
			Kind: t.Text(kind.Name), What: t.Msg(f.Msg()), Code: f.Kind, Key: f.Key(), Status: f.Status, State: t.S("flagpage.standing_" + string(f.Status.Standing)),
		}
		if f.Status.Outcome != "" {
			shown.Outcome = t.S("flagpage.outcome_" + string(f.Status.Outcome))
		}
		for _, r := range f.Rows {
			shown.Rows = append(shown.Rows, s.flagRowIn(t, view, r))
		}
		all = append(all, shown)
	}
	return all, nil
}

func (s *server) flagRowIn(t i18n.T, view fact.View, r flag.Row) flagRow {
	row := flagRow{Row: r, FirmName: s.firmName(view, r.Firm)}
	if r.Amount != 0 {
		row.Amount = inWords(t, r.Amount)
	}
	return row
}

func (s *server) flags(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showFlags(w, r, v, http.StatusOK, "")
}

func (s *server) showFlags(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	view, q, list, err := s.flagsFound(r, v)
	if err != nil {
		return err
	}
	d := flagsData{
		Total: list.Total(), Pages: max((list.Total()+listRows-1)/listRows, 1), AsOf: s.asOf(v.t, view), Problem: problem, MayOpen: mayReview.MetBy(v.scope) && s.Flags.MayOpen(v.scope),
	}
	for _, st := range flag.Standings() {
		d.Standings = append(d.Standings, option{string(st), v.t.S("flagpage.standing_" + string(st))})
	}
	for _, k := range s.Flags.Set.Kinds() {
		d.Kinds = append(d.Kinds, option{k.Kind, v.t.Text(k.Name)})
		if q.Kind != "" && k.Kind != q.Kind {
			continue
		}
		marks, err := s.Flags.Marks(r.Context(), view, k)
		if err != nil {
			return err
		}
		rule := flagRule{Kind: k}
		for _, m := range marks {
			rule.Marks = append(rule.Marks, v.t.S("flagpage.mark", inWords(v.t, m.Amount), m.Number, m.Cite, k.Within.String()))
		}
		d.Rules = append(d.Rules, rule)
	}
	sums, months := list.Figures()
	d.Months = months
	for _, x := range sums {
		k, err := s.Flags.Set.Kind(x.Kind)
		if err != nil {
			return err
		}
		d.Sums = append(d.Sums, flagSum{x, v.t.Text(k.Name)})
	}
	q.Page = min(q.Page, d.Pages)
	d.Query = q
	if d.Flags, err = s.flagsIn(v.t, view, list.Page((q.Page-1)*listRows, q.Page*listRows)); err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("flagpage.title")), status, flagsPage(v.t, d))
}

// openFlag opens a flag as a case, and shows that.
func (s *server) openFlag(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	id, _, err := s.Flags.Begin(r.Context(), v.scope, s.Cases, view, r.FormValue("kind"), r.FormValue("key"))
	if err == nil {
		return seeOther(w, r, casePath(id))
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	return s.showFlags(w, r, v, statusOf(err), v.t.Msg(msg))
}

// exportFlags sends all flags of the kind, a line for each row behind one.
func (s *server) exportFlags(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, q, list, err := s.flagsFound(r, v)
	if err != nil {
		return err
	}
	shown, err := s.flagsIn(v.t, view, list.Page(0, list.Total()))
	if err != nil {
		return err
	}
	t := v.t
	var rows [][]any
	for i, f := range shown {
		for _, x := range f.Rows {
			row := []any{i + 1, f.Kind, f.What, x.FirmName, x.Name, nil, nil, nil, f.State, f.Outcome, nil}
			if x.Year != 0 {
				row[5] = x.Year
			}
			if x.Amount != "" {
				row[6] = x.Row.Amount.In(money.Yuan)
			}
			if x.Case != 0 {
				row[7] = casePath(x.Case)
			}
			if f.Status.Case != 0 {
				row[10] = casePath(f.Status.Case)
			}
			rows = append(rows, row)
		}
	}
	return s.export(w, r, v, t.S("flagpage.title")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: t.S("flagpage.title"), Notes: append(s.notes(v, view, q.at(1).href("/flags")), [2]string{t.S("flagpage.title"), t.S("flagpage.lead")}),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("flagpage.no"), t.S("flagpage.kind"), t.S("flagpage.what"), t.S("flagpage.firm"), t.S("flagpage.about"), t.S("flagpage.year"), t.S("flagpage.fen"), t.S("flagpage.case"),
			t.S("flagpage.standing"), t.S("flagpage.outcome"), t.S("flagpage.review"),
		}},
	})
}

// flagCaseRow is a row of a review in words: as it was, and what it is now.
type flagCaseRow struct {
	flagRow
	N         int
	Then      string // the facts that were frozen
	Now       string // what is known of them now, "" where it is the same
	Gone      bool   // it is found no more
	AmountNow string // "" where it is the same
}

// flagQuestionRow is a question in words.
type flagQuestionRow struct {
	flag.Question
	To, State string
}

// flagMeasureRow is a measure in words.
type flagMeasureRow struct {
	flag.Measure
	What, State, By string
}

// flagPart is what the case of a review shows besides what every case shows.
type flagPart struct {
	flag.Detail
	Name, What, Outcome string
	Rows                []flagCaseRow
	Came                []flagRow
	Changed             bool
	Questions           []flagQuestionRow
	Measures            []flagMeasureRow
}

// caseFlag is the review that a case is; nothing for a case that is none, or for whom it is about.
func (s *server) caseFlag(ctx context.Context, v *visit, view fact.View, d *casePageData) error {
	if d.Workflow != flag.ReviewFlow || !d.Office {
		return nil
	}
	x, err := s.Flags.Detail(ctx, v.scope, s.Cases, view, d.ID)
	if err != nil {
		return err
	}
	kind, err := s.Flags.Set.Kind(x.Kind)
	if err != nil {
		kind.Name = i18n.Text{ZH: x.Kind, EN: x.Kind}
	}
	p := &flagPart{Detail: x, Name: v.t.Text(kind.Name), Changed: len(x.Joined) > 0}
	if x.Outcome != "" {
		p.Outcome = v.t.S("flagpage.outcome_" + string(x.Outcome))
	}
	if x.Shared != "" || x.Mark.Amount != 0 {
		p.What = v.t.Msg(flag.Flag{Kind: x.Kind, Shared: x.Shared, Mark: x.Mark, Sum: x.Sum}.Msg())
	}
	for _, c := range x.Compared {
		row := flagCaseRow{flagRow: s.flagRowIn(v.t, view, c.Row), N: c.N, Gone: c.Gone}
		if row.AmountNow = ""; !c.Gone && c.Now.Amount != c.Amount {
			row.AmountNow = inWords(v.t, c.Now.Amount)
		}
		for _, f := range d.Frozen {
			def, ok := s.Library.FactDef(f.Def)
			if !ok || f.Subject != c.Firm && f.Subject != c.Subject {
				continue
			}
			row.Then = f.Value
			cell := view.Value(f.Subject, f.Def, f.Frozen.Period)
			if now := factText(v.t, s.Library, def, cell.State, cell.Value, fact.Exact); now != f.Value {
				row.Now = now
			}
		}
		p.Changed = p.Changed || c.Changed() || row.Now != ""
		p.Rows = append(p.Rows, row)
	}
	for _, r := range x.Joined {
		p.Came = append(p.Came, s.flagRowIn(v.t, view, r))
	}
	for _, q := range x.Questions {
		row := flagQuestionRow{Question: q, To: v.t.S("flagpage.to_" + q.To)}
		flow := flag.FirmFlow
		if q.To == flag.ToOffice {
			flow = flag.OfficeFlow
		}
		if w, ok := s.Cases.Set.Workflow(flow); ok {
			st, _ := w.State(q.State)
			row.State = v.t.Text(st.Name)
		}
		p.Questions = append(p.Questions, row)
	}
	names := map[int64]string{}
	for _, m := range x.Measures {
		row := flagMeasureRow{Measure: m, What: v.t.S("flagpage.measure_" + m.What)}
		if row.By, err = s.personName(ctx, names, m.By); err != nil {
			return err
		}
		if w, ok := s.Cases.Set.Workflow(subsidy.ApplicationWorkflow); ok && m.State != "" {
			st, _ := w.State(m.State)
			row.State = v.t.Text(st.Name)
		}
		p.Measures = append(p.Measures, row)
	}
	d.Flag = p
	return nil
}
