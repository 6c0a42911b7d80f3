package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/target"
)

// ledgerQuery is a view of the coverage ledger; its address restores it.
type ledgerQuery struct {
	target.LedgerQuery
	Page int
}

func (q ledgerQuery) href(path string) string {
	out := url.Values{}
	for key, text := range map[string]string{"area": q.Area, "stage": string(q.Stage), "trade": q.Trade, "size": q.Size, "q": q.Text, "page": pageText(q.Page)} {
		if text != "" {
			out.Set(key, text)
		}
	}
	if q.On != 0 {
		out.Set("on", q.On.String())
	}
	if !q.Verified {
		out.Set("basis", "all")
	}
	return path + "?" + out.Encode()
}

func (q ledgerQuery) at(page int) ledgerQuery { q.Page = page; return q }

func (q ledgerQuery) of(area string, stage target.Stage) ledgerQuery {
	q.Area, q.Stage, q.Page = area, stage, 1
	return q
}

// ledgerRow is an enterprise of the ledger in words.
type ledgerRow struct {
	target.Entry
	AreaName, TradeName, SizeName, StageText, Next string
	Contact, ContactDay, Planned                   string // who came last, when, and what was to follow
}

// ledgerArea is how many enterprises of an area are at each stage.
type ledgerArea struct {
	Name   string
	Firms  int
	Share  string // completed of them
	Counts []ledgerCount
}

type ledgerCount struct {
	N    int
	Href string
}

type ledgerData struct {
	Query  ledgerQuery
	Stages []option
	Areas  []option
	Trades []option
	Sizes  []option
	Total  ledgerArea
	Table  []ledgerArea
	Dark   int
	Choice string
	Found  int
	Pages  int
	Rows   []ledgerRow
	On     period.Day
	AsOf   string
}

func (s *server) ledgerAsked(r *http.Request, v *visit) (ledgerQuery, error) {
	q := ledgerQuery{target.LedgerQuery{
		Area: r.FormValue("area"), Verified: r.FormValue("basis") != "all", Trade: r.FormValue("trade"), Size: r.FormValue("size"), Text: r.FormValue("q"),
	}, pageNumber(r.FormValue("page"))}
	if stage := target.Stage(r.FormValue("stage")); slices.Contains(target.Stages(), stage) {
		q.Stage = stage
	}
	if q.Area == "" {
		if areas := s.areaOptions(v.scope); len(areas) > 0 {
			q.Area = areas[0].Value
		}
	}
	if text := r.FormValue("on"); text != "" {
		d, err := period.ParseDay(text)
		if err != nil || d > s.Clock.Today() {
			return q, errs.Invalid(i18n.M("targetpage.bad_day", text))
		}
		q.On = d
	}
	return q, nil
}

// coverage is the ledger of above-scale enterprises: how many are how far, and each of them.
func (s *server) coverageLedger(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, t := r.Context(), v.t
	q, err := s.ledgerAsked(r, v)
	if err != nil {
		return err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	l, err := s.Targets.Ledger(ctx, view, q.LedgerQuery)
	if err != nil {
		return err
	}
	d := ledgerData{
		Query: q, Areas: s.areaOptions(v.scope), Sizes: s.sizeOptions(t), Dark: l.Dark, Choice: s.answerText(t, l.Choice), Found: len(l.Entries), On: l.Query.On, AsOf: s.asOf(t, view),
		Pages: max(1, (len(l.Entries)+listRows-1)/listRows), Total: ledgerAreaOf(t.S("targetpage.total"), l.Counts, q, q.Area),
	}
	for _, stage := range target.Stages() {
		d.Stages = append(d.Stages, option{string(stage), t.Msg(stage.Msg())})
	}
	for _, n := range s.Library.Industries().Nodes() {
		if n.Level == "division" {
			d.Trades = append(d.Trades, option{n.Code, joined(n.Code, n.Name)})
		}
	}
	for _, k := range s.Targets.Parts(q.Area, 0) {
		if counts := l.Areas[k.Area]; len(counts) > 0 {
			d.Table = append(d.Table, ledgerAreaOf(s.areaName(k.Area), counts, q, k.Area))
		}
	}
	d.Query.Page = min(q.Page, d.Pages)
	from := (d.Query.Page - 1) * listRows
	if d.Rows, err = s.ledgerRows(ctx, v, view, l.Entries[from:min(from+listRows, len(l.Entries))]); err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, t.S("targetpage.coverage")), http.StatusOK, ledgerPage(t, d))
}

// ledgerAreaOf counts the enterprises of an area; closed ones are not among them.
func ledgerAreaOf(name string, counts map[target.Stage]int, q ledgerQuery, area string) ledgerArea {
	x := ledgerArea{Name: name}
	for _, stage := range target.Stages() {
		if stage != target.Closed {
			x.Firms += counts[stage]
		}
		x.Counts = append(x.Counts, ledgerCount{counts[stage], q.of(area, stage).href("/targets/coverage") + "#firms"})
	}
	if x.Firms > 0 {
		x.Share = strconv.FormatFloat(100*float64(counts[target.Completed])/float64(x.Firms), 'f', 1, 64) + "%"
	}
	return x
}

// ledgerRows puts enterprises into words, with who was there last and what is to follow.
func (s *server) ledgerRows(ctx context.Context, v *visit, view fact.View, entries []target.Entry) ([]ledgerRow, error) {
	t := v.t
	notes, err := s.Diagnoses.LastNotes(ctx, v.scope)
	if err != nil {
		return nil, err
	}
	under, err := s.underDiagnosis(ctx, v)
	if err != nil {
		return nil, err
	}
	sizes, _ := s.Library.CodeList("sizes")
	rows := make([]ledgerRow, len(entries))
	for i, e := range entries {
		row := ledgerRow{Entry: e, AreaName: s.areaName(e.Area), StageText: t.Msg(e.Stage.Msg()), Next: t.Msg(e.Stage.Next())}
		if e.Trade != "" {
			row.TradeName = s.tradeName(t, e.Trade)
		}
		if x, ok := sizes.Entry(e.Size); ok {
			row.SizeName = t.Text(x.Name)
		}
		if n, ok := notes[e.ID]; ok {
			row.Contact, row.ContactDay, row.Planned = n.Who, n.Day.String(), n.Next
		}
		if name := under[e.ID]; name != "" && row.Contact == "" {
			row.Contact = name
		}
		rows[i] = row
	}
	return rows, nil
}

// underDiagnosis is the institutes that have diagnoses of enterprises under way, by enterprise.
func (s *server) underDiagnosis(ctx context.Context, v *visit) (map[int64]string, error) {
	rows, err := s.Diagnoses.Rows(ctx, v.scope)
	if err != nil {
		return nil, err
	}
	names, err := s.instituteNames(ctx)
	if err != nil {
		return nil, err
	}
	out := map[int64]string{}
	for _, x := range rows {
		if x.Ended == "" && x.Institute != 0 && x.Kind == diagnosis.Digital {
			out[x.Firm] = names[x.Institute]
		}
	}
	return out, nil
}

// exportCoverage sends the enterprises of a view.
func (s *server) exportLedger(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, t := r.Context(), v.t
	q, err := s.ledgerAsked(r, v)
	if err != nil {
		return err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	l, err := s.Targets.Ledger(ctx, view, q.LedgerQuery)
	if err != nil {
		return err
	}
	list, err := s.ledgerRows(ctx, v, view, l.Entries)
	if err != nil {
		return err
	}
	rows := make([][]any, len(list))
	for i, x := range list {
		rows[i] = []any{i + 1, x.Name, x.USCC, x.AreaName, x.TradeName, x.SizeName, x.StageText, x.Contact, x.ContactDay, x.Planned, x.Next}
	}
	return s.export(w, r, v, t.S("targetpage.coverage")+"-"+s.areaName(q.Area)+"-"+l.Query.On.String(), sheet.Export{
		Title: t.S("targetpage.coverage"), Notes: append(s.notes(v, view, q.at(1).href("/targets/coverage")), [2]string{t.S("targetpage.completion"), s.answerText(t, l.Choice)}),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("targetpage.no"), t.S("web.firm_name"), t.S("targetpage.uscc"), t.S("web.area"), t.S("targetpage.trade"), t.S("targetpage.size"), t.S("targetpage.stage"), t.S("targetpage.contact"), t.S("targetpage.contact_day"),
			t.S("targetpage.planned"), t.S("targetpage.next"),
		}},
	})
}

// answerText is an answer to what counts as completed, in words.
func (s *server) answerText(t i18n.T, answer string) string {
	for _, c := range s.Monitor.Set.Choices() {
		if o, ok := c.Option(answer); ok {
			return t.Text(o.Name)
		}
	}
	return answer
}

// switchRow is an answer to a choice in words.
type switchRow struct {
	monitor.Switch
	AreaName, ChoiceName, AnswerName, Who string
}

// choiceBox is a choice with its answers, and the one that is in force for an area.
type choiceBox struct {
	Code, Name, Now string
	Default         bool
	Answers         []option
	Chosen          string
}

type completionData struct {
	Area     string
	AreaName string
	Areas    []option
	Boxes    []choiceBox
	History  []switchRow
	May      bool
	Today    string
	Typed    url.Values
	Done     string
	Problem  string
}

func (s *server) completion(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showCompletion(w, r, v, http.StatusOK, "")
}

// showCompletion is what counts in an area, and every answer that was ever given.
func (s *server) showCompletion(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	ctx, t := r.Context(), v.t
	d := completionData{Area: r.FormValue("area"), Areas: s.areaOptions(v.scope), Today: s.Clock.Today().String(), Typed: r.PostForm, Problem: problem}
	if d.Area == "" && len(d.Areas) > 0 {
		d.Area = d.Areas[0].Value
	}
	if !slices.ContainsFunc(d.Areas, func(o option) bool { return o.Value == d.Area }) {
		return errs.NotFound("area", d.Area)
	}
	d.AreaName = s.areaName(d.Area)
	d.May = target.MayDivide(v.scope, d.Area)
	view, err := s.Frames.For(ctx, v.scope, 0)
	if err != nil {
		return err
	}
	now, err := s.Monitor.Choices(ctx, view, d.Area, s.Clock.Today())
	if err != nil {
		return err
	}
	all, err := s.Monitor.Switches(ctx, d.Area)
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for _, c := range s.Monitor.Set.Choices() {
		box := choiceBox{Code: c.Code, Name: t.Text(c.Name), Chosen: now[c.Code], Default: now[c.Code] == ""}
		if box.Default {
			box.Chosen = c.Default
		}
		for _, o := range c.Options {
			box.Answers = append(box.Answers, option{o.Code, t.Text(o.Name)})
			if o.Code == box.Chosen {
				box.Now = t.Text(o.Name)
			}
		}
		d.Boxes = append(d.Boxes, box)
		for _, x := range slices.Backward(all) {
			if x.Choice != c.Code {
				continue
			}
			row := switchRow{Switch: x, AreaName: s.areaName(x.Area), ChoiceName: box.Name, AnswerName: s.answerText(t, x.Answer)}
			if row.Who, err = s.personName(ctx, names, x.By); err != nil {
				return err
			}
			d.History = append(d.History, row)
		}
	}
	if r.FormValue("done") == "switched" {
		d.Done = t.S("targetpage.done_switched")
	}
	return s.show(w, r, s.shell(r, v, t.S("targetpage.completion")), status, completionPage(t, d))
}

// switchCompletion answers a choice from a day on.
func (s *server) switchCompletion(w http.ResponseWriter, r *http.Request, v *visit) error {
	x := monitor.Switch{
		Area: r.PostFormValue("area"), Choice: r.PostFormValue("choice"), Answer: r.PostFormValue("answer"), From: dayTyped(r.PostFormValue("from")), Document: r.PostFormValue("document"), Note: r.PostFormValue("note"),
	}
	_, err := s.Monitor.Switch(r.Context(), v.scope, x)
	if err == nil {
		return seeOther(w, r, "/targets/choice?area="+url.QueryEscape(x.Area)+"&done=switched")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	return s.showCompletion(w, r, v, statusOf(err), v.t.Msg(msg))
}
