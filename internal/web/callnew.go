package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// newCallPath is where a call is drafted.
const newCallPath = "/calls/new"

// callEditPath is where the draft of a call is changed.
func callEditPath(id int64) string { return callPath(id) + "/edit" }

// Limits of the form.
const (
	materialRows = 100 // of the list of materials
	ownRows      = 2   // blank ones, for materials that are added
	usualDays    = 30  // that a new call is open
)

// callForm is a call as it is being drafted: what was typed, what may be chosen, and what it would come to.
type callForm struct {
	ID                                                             int64 // of the draft; 0 for a new one
	Key                                                            string
	Policy, Area, Title, Text, Opens, Closes, Line, Reserve, Quota string
	Chosen                                                         []string // clauses
	Materials                                                      []materialForm
	Policies, Areas, Lines, Clauses                                []option // Clauses of the chosen policy
	AreaName                                                       string
	Window                                                         string // in words; "" while a day cannot be read
	Errors                                                         map[string]string
	Problem                                                        string
	Reach                                                          *callReach

	policy *policy.Policy
	free   map[string]money.Fen // by the line
}

// materialForm is a row of the list of materials.
type materialForm struct {
	Field, ZH, EN string
	Required      bool
	Asked         bool // by the clauses; else it was added here
	Off           bool // it is not asked for
	Reason        string
}

// blank says that nothing was typed into a row.
func (m materialForm) blank() bool { return !m.Asked && strings.TrimSpace(m.ZH+m.EN) == "" }

// callReach is whom a call would be told to, in words.
type callReach struct {
	subsidy.Reach
	Rows  []reachRow
	Warns []string
}

type reachRow struct {
	Name          string
	Sure, Perhaps int
	Pays          policy.Interval
	InKind        bool
}

// callOrder is the fields of the form in the order of the page, in which what is wrong is listed.
var callOrder = []string{"policy", "clauses", "title", "area", "opens", "closes", "line", "reserve", "quota", "text", "materials"}

// problems is what is wrong, in the order of the page: the id of the field, and the sentence.
func (f callForm) problems() []option {
	var all []option
	for _, name := range callOrder {
		if text := f.Errors[name]; text != "" {
			all = append(all, option{"call-" + name, text})
		}
	}
	for i := range f.Materials {
		if text := f.Errors[materialID(i)]; text != "" {
			all = append(all, option{materialID(i), text})
		}
	}
	return all
}

// materialID names a row of the list of materials.
func materialID(row int) string { return "material-" + strconv.Itoa(row) }

// newCall is the form of a new call.
func (s *server) newCall(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := callForm{Key: rand.Text(), Policy: r.FormValue("policy"), Chosen: r.Form["clause"], Area: cmp.Or(r.FormValue("area"), s.homeArea(v.scope))}
	today := s.Clock.Today()
	f.Opens, f.Closes = today.String(), (today + usualDays).String()
	if err := s.fillCallForm(r.Context(), v, &f); err != nil {
		return err
	}
	if f.policy != nil {
		f.Title = v.t.S("callpage.title_of", f.policy.File.Document.Number, strconv.Itoa(today.Year()))
	}
	s.demand(&f)
	return s.showCallForm(w, r, v, http.StatusOK, f)
}

// editCall is the form of a draft.
func (s *server) editCall(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, err := s.draftOf(r, v)
	if err != nil {
		return err
	}
	if c.State != subsidy.CallDraft {
		return seeOther(w, r, callPath(c.Case))
	}
	f := callForm{
		ID: c.Case, Key: rand.Text(), Policy: cmp.Or(r.FormValue("policy"), c.Policy), Area: c.Area, Title: c.Title, Text: c.Text, Opens: c.Opens.String(), Closes: c.Closes.String(),
		Line: strconv.FormatInt(c.Line, 10), Chosen: c.Clauses,
	}
	if c.Reserve > 0 {
		f.Reserve = c.Reserve.String()
	}
	if c.Quota > 0 {
		f.Quota = strconv.Itoa(c.Quota)
	}
	for _, m := range c.Materials {
		f.Materials = append(f.Materials, materialForm{Field: m.Field, ZH: m.Name.ZH, EN: m.Name.EN, Required: m.Required})
	}
	for _, m := range c.Dropped {
		f.Materials = append(f.Materials, materialForm{Field: m.Field, ZH: m.Name.ZH, EN: m.Name.EN, Off: true, Reason: m.Reason})
	}
	if err := s.fillCallForm(r.Context(), v, &f); err != nil {
		return err
	}
	s.demand(&f)
	return s.showCallForm(w, r, v, http.StatusOK, f)
}

// draftOf is a call that the visitor may draft.
func (s *server) draftOf(r *http.Request, v *visit) (subsidy.Call, error) {
	c, err := s.callOf(r, v)
	if err == nil && !v.scope.Sees(access.HandleCase, c.Area, 0) {
		err = forbidden(access.HandleCase)
	}
	return c, err
}

// sendNewCall looks at a new call, or drafts it.
func (s *server) sendNewCall(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.sendCall(w, r, v, readCallForm(r))
}

// sendCallEdit looks at a draft as it was changed, or keeps it so.
func (s *server) sendCallEdit(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, err := s.draftOf(r, v)
	if err != nil {
		return err
	}
	if c.State != subsidy.CallDraft {
		return errs.Conflict(i18n.M("subsidy.call_moved", c.Title, i18n.M("subsidy.call_"+string(c.State))))
	}
	f := readCallForm(r)
	f.ID, f.Area = c.Case, c.Area
	return s.sendCall(w, r, v, f)
}

// readCallForm is what was typed.
func readCallForm(r *http.Request) callForm {
	f := callForm{
		Key: r.PostFormValue("key"), Policy: r.PostFormValue("policy"), Area: r.PostFormValue("area"), Title: r.PostFormValue("title"), Text: r.PostFormValue("text"),
		Opens: r.PostFormValue("opens"), Closes: r.PostFormValue("closes"), Line: r.PostFormValue("line"), Reserve: r.PostFormValue("reserve"), Quota: r.PostFormValue("quota"),
		Chosen: r.PostForm["clause"],
	}
	for i := range materialRows {
		name := materialID(i)
		if _, there := r.PostForm[name+"-zh"]; !there {
			break
		}
		f.Materials = append(f.Materials, materialForm{
			Field: r.PostFormValue(name + "-field"), ZH: r.PostFormValue(name + "-zh"), EN: r.PostFormValue(name + "-en"), Required: r.PostFormValue(name+"-required") != "",
			Asked: r.PostFormValue(name+"-asked") != "", Off: r.PostFormValue(name+"-off") != "", Reason: r.PostFormValue(name + "-reason"),
		})
	}
	return f
}

// sendCall keeps the call as a draft where that is asked and nothing is wrong with it; else the form comes again, with what was
// typed, what is wrong, and whom the call would reach.
func (s *server) sendCall(w http.ResponseWriter, r *http.Request, v *visit, f callForm) error {
	ctx := r.Context()
	if err := s.fillCallForm(ctx, v, &f); err != nil {
		return err
	}
	s.demand(&f)
	c, rows := f.asked(v.t)
	checked, err := s.Subsidy.CheckCall(ctx, v.scope, c)
	var wrong subsidy.CallProblems
	if err != nil && !errors.As(err, &wrong) {
		return err
	}
	f.mark(v.t, wrong, rows)
	if r.PostFormValue("do") == "keep" && len(f.Errors) == 0 {
		kept, err := s.keepCall(ctx, v, f, checked)
		if err == nil {
			return seeOther(w, r, callPath(kept.Case)+"?done=drafted")
		}
		msg, told := errs.Message(err)
		if !told || hidden(err) {
			return err
		}
		f.Problem = v.t.Msg(msg)
		return s.showCallForm(w, r, v, statusOf(err), f)
	}
	if f.Errors["area"] == "" && f.Errors["policy"] == "" && f.Errors["clauses"] == "" && f.Errors["closes"] == "" {
		if err := s.reachOf(ctx, v, &f, checked); err != nil {
			return err
		}
	}
	if r.PostFormValue("do") == "keep" {
		return s.showCallForm(w, r, v, http.StatusUnprocessableEntity, f)
	}
	return s.showCallForm(w, r, v, http.StatusOK, f)
}

func (s *server) keepCall(ctx context.Context, v *visit, f callForm, c subsidy.Call) (subsidy.Call, error) {
	c.Key = keyOf(v, f.Key, "call")
	if f.ID != 0 {
		return s.Subsidy.ReviseCall(ctx, v.scope, f.ID, c)
	}
	return s.Subsidy.OpenCall(ctx, v.scope, c)
}

func (s *server) showCallForm(w http.ResponseWriter, r *http.Request, v *visit, status int, f callForm) error {
	title := v.t.S("callpage.new")
	if f.ID != 0 {
		title = v.t.S("callpage.edit")
	}
	for range ownRows {
		f.Materials = append(f.Materials, materialForm{Required: true})
	}
	f.Window = windowWords(v.t, f.Opens, f.Closes)
	return s.show(w, r, s.shell(r, v, title), status, newCallPage(v.t, f))
}

// fillCallForm adds what may be chosen.
func (s *server) fillCallForm(ctx context.Context, v *visit, f *callForm) error {
	f.AreaName = s.areaName(f.Area)
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	inForce, err := s.policies(ctx, view)
	if err != nil {
		return err
	}
	f.Policies = s.policyOptions(v.t, inForce)
	if i := slices.IndexFunc(inForce, func(p version.InForce) bool { return p.Document == f.Policy }); i >= 0 {
		f.policy = inForce[i].Policy
		for _, c := range f.policy.File.Clauses {
			f.Clauses = append(f.Clauses, option{c.ID, v.t.Text(c.Name)})
		}
	}
	for _, o := range s.areaOptions(v.scope) {
		if v.scope.Sees(access.HandleCase, o.Value, 0) {
			f.Areas = append(f.Areas, o)
		}
	}
	f.free = map[string]money.Fen{}
	return s.Book.Read(ctx, v.scope, func(ctx context.Context, view *ledger.View) error {
		lines, err := view.Fund(ctx, ledger.Filter{}, ledger.ByLine)
		for _, l := range slices.Backward(lines) {
			id, free := strconv.FormatInt(l.Line.ID, 10), l.Totals().Free
			f.free[id] = free
			f.Lines = append(f.Lines, option{id, v.t.S("callpage.line_free", l.Line.Fund+" · "+s.lineName(l.Line), inWords(v.t, free))})
		}
		return err
	})
}

// demand has the list of materials begin with what the chosen clauses ask for. What they ask for no more goes; what was added
// here stays.
func (s *server) demand(f *callForm) {
	var asked []subsidy.Material
	if f.policy != nil {
		asked = s.Subsidy.Costs.Demands(f.policy, f.Chosen)
	}
	typed := map[string]materialForm{}
	var added []materialForm
	for _, m := range f.Materials {
		switch {
		case m.Asked || slices.ContainsFunc(asked, func(a subsidy.Material) bool { return a.Field == m.Field }):
			typed[m.Field] = m
		case !m.blank():
			added = append(added, m)
		}
	}
	f.Materials = nil
	for _, a := range asked {
		m, seen := typed[a.Field]
		if !seen {
			m = materialForm{Field: a.Field, Required: a.Required}
		}
		m.ZH, m.EN, m.Asked = cmp.Or(strings.TrimSpace(m.ZH), a.Name.ZH), cmp.Or(strings.TrimSpace(m.EN), a.Name.EN), true
		f.Materials = append(f.Materials, m)
	}
	taken := map[string]bool{}
	for _, m := range added {
		taken[m.Field] = true
	}
	next := 1
	for i := range added {
		for ; added[i].Field == ""; next++ {
			if name := fmt.Sprintf("own%d", next); !taken[name] {
				added[i].Field = name
			}
		}
	}
	f.Materials = append(f.Materials, added...)
}

// callRows says in which row of the form each material, and each that is left out, stands.
type callRows struct{ asked, dropped []int }

// asked is the call that was typed, and where its materials stand. What cannot be read stands in Errors.
func (f *callForm) asked(t i18n.T) (subsidy.Call, callRows) {
	f.Errors = map[string]string{}
	c := subsidy.Call{Case: f.ID, Area: f.Area, Policy: f.Policy, Clauses: f.Chosen, Title: f.Title, Text: strings.TrimSpace(f.Text)}
	day := func(field, text string) period.Day {
		d, err := period.ParseDay(strings.TrimSpace(text))
		if err != nil {
			f.Errors[field] = t.S("web.bad_date", text)
		}
		return d
	}
	c.Opens, c.Closes = day("opens", f.Opens), day("closes", f.Closes)
	c.Line, _ = strconv.ParseInt(f.Line, 10, 64) // none is told by the call
	if text := strings.TrimSpace(f.Reserve); text != "" {
		fen, err := money.Parse(text)
		if err != nil {
			f.Errors["reserve"] = t.S("content.want_money", text)
		}
		c.Reserve = fen
	}
	if text := strings.TrimSpace(f.Quota); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n > mostQuota {
			f.Errors["quota"] = t.S("callpage.quota_number", text, mostQuota)
		}
		c.Quota = n
	}
	var rows callRows
	for i, m := range f.Materials {
		name := i18n.Text{ZH: strings.TrimSpace(m.ZH), EN: cmp.Or(strings.TrimSpace(m.EN), strings.TrimSpace(m.ZH))}
		switch {
		case !m.Off:
			c.Materials, rows.asked = append(c.Materials, subsidy.Material{Field: m.Field, Name: name, Required: m.Required}), append(rows.asked, i)
		case m.Asked:
			c.Dropped, rows.dropped = append(c.Dropped, subsidy.Dropped{Field: m.Field, Name: name, Reason: strings.TrimSpace(m.Reason)}), append(rows.dropped, i)
		}
	}
	return c, rows
}

// mostQuota is the most applications that a call may be limited to.
const mostQuota = 1_000_000

// mark puts what is wrong with a call beside its field. What cannot be read at all is not told twice.
func (f *callForm) mark(t i18n.T, wrong subsidy.CallProblems, rows callRows) {
	unread := slices.Collect(maps.Keys(f.Errors))
	for _, p := range wrong {
		field := p.Field
		list, rest, inList := strings.Cut(field, "/")
		if n, _, _ := strings.Cut(rest, "/"); inList {
			at := rows.asked
			if list == "dropped" {
				at = rows.dropped
			}
			if i, err := strconv.Atoi(n); err == nil && i < len(at) {
				field = materialID(at[i])
			}
		}
		if slices.Contains(unread, field) || field == "closes" && slices.Contains(unread, "opens") {
			continue
		}
		f.Errors[field] = cmp.Or(f.Errors[field], t.Msg(p.Msg))
	}
}

// reachOf is whom the call would be told to, and what does not fit.
func (s *server) reachOf(ctx context.Context, v *visit, f *callForm, c subsidy.Call) error {
	found, err := s.Subsidy.Reach(ctx, v.scope, c)
	if err != nil {
		return err
	}
	out := &callReach{Reach: found}
	for _, x := range found.Clauses {
		clause, _ := f.policy.Clause(x.Clause)
		out.Rows = append(out.Rows, reachRow{v.t.Text(clause.Name), x.Sure, x.Perhaps, x.Pays, x.InKind})
	}
	free, chosen := f.free[f.Line]
	warn := func(key string, args ...any) { out.Warns = append(out.Warns, v.t.S(key, args...)) }
	switch {
	case found.Told() == 0:
		warn("callpage.reach_nobody")
	case found.Told() > found.Most:
		warn("subsidy.call_too_many", found.Most)
	}
	if chosen && c.Reserve > free {
		warn("callpage.reserve_over", inWords(v.t, c.Reserve), inWords(v.t, free))
	}
	if chosen && found.Pays.Sure > free {
		warn("callpage.sure_over", inWords(v.t, found.Pays.Sure), inWords(v.t, free))
	}
	if c.Quota > 0 && found.Sure > c.Quota {
		warn("callpage.quota_over", found.Sure, c.Quota)
	}
	f.Reach = out
	return nil
}

// windowWords is the days of a call as people say them; "" where one cannot be read.
func windowWords(t i18n.T, opens, closes string) string {
	first, err := period.ParseDay(strings.TrimSpace(opens))
	if err != nil {
		return ""
	}
	last, err := period.ParseDay(strings.TrimSpace(closes))
	if err != nil || last < first {
		return ""
	}
	return t.S("callpage.window_words", dayWords(t, first), dayWords(t, last), int(last-first)+1)
}

// dayWords is a day with its weekday.
func dayWords(t i18n.T, d period.Day) string {
	year, month, day := d.YMD()
	return t.S("callpage.day", strconv.Itoa(year), t.S("callpage.month_"+strconv.Itoa(month)), day, t.S("callpage.weekday_"+strconv.Itoa(int(d.Weekday()))))
}
