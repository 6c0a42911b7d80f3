package web

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/layout"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// templateLimit is the largest body with a template.
const templateLimit = 5 << 20

// templatePath is where a template is filled with a table.
func templatePath(table string) string { return "/template/" + table }

// templateAddress is templatePath with the filters of the list that it is asked for from.
func templateAddress(table string, filters url.Values) string {
	if len(filters) == 0 {
		return templatePath(table)
	}
	return templatePath(table) + "?" + filters.Encode()
}

// templateData is the page that asks for a template to fill.
type templateData struct {
	Table    content.Table
	Tables   []tableChoice
	Action   string // with the filters of the list that led here
	List     string // address of the list, "" for none
	Count    int    // enterprises of the list; −1 where the table is not one of enterprises
	Areas    []option
	Area     string
	Years    []int
	Year     int
	Policies []option
	Policy   string
	Imports  []option
	Import   string
	Periods  []optionGroup
	Period   string
	Plans    []option
	Plan     string
	Reports  []option
	Report   string
	Bases    []option
	Basis    string
	Examples []placeholderExample
	Also     string   // what the table has columns for besides those that are listed
	Looked   bool     // the template was only looked at
	Notes    []string // what of it would stay blank
	Rows     int
	Problem  string
}

type tableChoice struct {
	content.Table
	Href string
}

// templateRoutes are those of every table.
func (s *server) templateRoutes() []route {
	var all []route
	for _, k := range layout.Kinds() {
		all = append(all, route{"GET " + templatePath(k.Code), k.Need, s.templatePage(k)}, route{"POST " + templatePath(k.Code), k.Need, s.fillTemplate(k)})
	}
	return all
}

func (s *server) templatePage(k layout.Kind) func(http.ResponseWriter, *http.Request, *visit) error {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		return s.showTemplate(w, r, v, k, http.StatusOK, templateData{})
	}
}

// templateAsks is what the page of a table asks for besides the template.
var templateAsks = map[string][]string{
	"enterprises": {"area", "year"}, "projects": {"area", "year"}, "loans": {"area", "year"}, "leases": {"area", "year"}, "honours": {"area", "year"},
	"areas": {"area", "year"}, "memberships": {"area"}, "facts": {"area"}, "deliveries": {"area"}, "problems": {"import"},
	"decisions": {"policy", "area"}, "decision_areas": {"policy", "area"}, "decision_clauses": {"policy", "area"},
	"figures": {"area", "period", "basis"}, "indicators": {"area", "period", "basis"}, "targets": {"plan", "area", "basis"},
	"report": {"report"}, "report_areas": {"report"},
}

// listsOfTemplates is where the rows of a table are shown.
var listsOfTemplates = map[string]string{
	"enterprises": "/enterprises", "projects": "/enterprises", "loans": "/enterprises", "leases": "/enterprises", "honours": "/enterprises",
	"memberships": "/enterprises", "facts": "/enterprises", "areas": "/region", "decisions": "/region", "decision_areas": "/region",
	"decision_clauses": "/region", "policies": "/policies", "problems": "/imports", "deliveries": "/imports", "accounts": "/accounts", "log": "/log",
	"figures": "/figures", "indicators": "/figures", "targets": "/targets", "report": "/bulletins", "report_areas": "/bulletins",
}

func (s *server) showTemplate(w http.ResponseWriter, r *http.Request, v *visit, k layout.Kind, status int, d templateData) error {
	table, ok := s.Library.Table(k.Code)
	if !ok {
		return errs.NotFound("table", k.Code)
	}
	filters := r.URL.Query()
	filters.Del("page")
	kept := maps.Clone(filters)
	for _, asks := range templateAsks[k.Code] {
		kept.Del(asks) // what the address says would come before what is chosen
	}
	d.Table, d.Action, d.List, d.Count, d.Examples = table, templateAddress(k.Code, kept), listsOfTemplates[k.Code], -1, placeholderExamples(v.t, table)
	for _, other := range layout.Kinds() {
		form, known := s.Library.Table(other.Code)
		if known && other.Need.MetBy(v.scope) {
			d.Tables = append(d.Tables, tableChoice{form, templateAddress(other.Code, filters)})
		}
	}
	if d.List == "/enterprises" {
		d.List = s.readList(filters).href(d.List)
	}
	if err := s.templateChoices(r, v, &d); err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("template.title")), status, fillPage(v.t, d))
}

// templateChoices is what the page offers besides the table.
func (s *server) templateChoices(r *http.Request, v *visit, d *templateData) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	q := s.readList(r.Form)
	for _, asks := range templateAsks[d.Table.Code] {
		switch asks {
		case "area":
			d.Areas, d.Area = s.areaOptions(v.scope), q.Area
		case "year":
			for y := s.Clock.Today().Year(); y > s.Clock.Today().Year()-6; y-- {
				d.Years = append(d.Years, y)
			}
			d.Year = q.Year
		case "policy":
			all, err := s.policies(r.Context(), view)
			if err != nil {
				return err
			}
			d.Policies, d.Policy = s.policyOptions(v.t, all), r.FormValue("policy")
		case "period":
			text := cmp.Or(r.FormValue("period"), period.OfYear(s.Clock.Today().Year()).String())
			p, err := period.Parse(text)
			if err != nil {
				p = period.OfYear(s.Clock.Today().Year())
			}
			d.Periods, d.Period = periodGroups(v.t, s.Clock.Today(), p), text
			s.figureExamples(v.t, d)
		case "basis":
			d.Bases, d.Basis = []option{{"", v.t.S("targetpage.basis_verified")}, {"all", v.t.S("targetpage.basis_all")}}, r.FormValue("basis")
		case "plan":
			for _, p := range s.Targets.Plans(v.scope) {
				d.Plans = append(d.Plans, option{p.Code, v.t.Text(p.Title)})
			}
			d.Plan = r.FormValue("plan")
		case "report":
			if err := s.reportChoices(r, v, d); err != nil {
				return err
			}
		case "import":
			list, err := s.Intake.Batches(r.Context(), v.scope, 0, listedBatches)
			if err != nil {
				return err
			}
			for _, b := range list {
				d.Imports = append(d.Imports, option{strconv.FormatInt(b.ID, 10), b.Name + " · " + b.Sender + " · " + instant(b.ReceivedAt)})
			}
			d.Import = r.FormValue("import")
		}
	}
	if listsOfTemplates[d.Table.Code] == "/enterprises" {
		d.Count = view.List(q.listing()).Len()
	}
	return nil
}

// fillTemplate answers with the template that was sent, filled with the table that the address and the form ask for.
func (s *server) fillTemplate(k layout.Kind) func(http.ResponseWriter, *http.Request, *visit) error {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		r.Body = http.MaxBytesReader(w, r.Body, templateLimit)
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			return badForm(err)
		}
		name, filled, err := s.filled(r, v, k)
		if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
			return s.showTemplate(w, r, v, k, http.StatusUnprocessableEntity, templateData{Problem: v.t.Msg(msg)})
		}
		if err != nil {
			return err
		}
		if r.FormValue("look") != "" {
			return s.showTemplate(w, r, v, k, http.StatusOK, templateData{Looked: true, Notes: filled.Notes(v.t), Rows: filled.Rows})
		}
		attach(w, name, sheet.XLSXType)
		_, err = w.Write(filled.Body)
		return err
	}
}

// filled is the template of a form with its table, under its own name.
func (s *server) filled(r *http.Request, v *visit, k layout.Kind) (name string, filled layout.Filled, err error) {
	all := chosenFiles(r.MultipartForm)
	if len(all) != 1 {
		return "", layout.Filled{}, errs.Invalid(i18n.M("template.none"))
	}
	name = fileName(all[0].Filename)
	if s.Demo != nil {
		name = v.t.S("web.demo") + "-" + name
	}
	in, err := all[0].Open()
	if err != nil {
		return "", layout.Filled{}, err
	}
	defer in.Close()
	table, err := s.table(r, v, k)
	if err != nil {
		return "", layout.Filled{}, err
	}
	f := layout.Filler{Library: s.Library, T: v.t, Today: s.Clock.Today()}
	filled, err = f.FillFrom(r.Context(), in, fileName(all[0].Filename), table)
	return name, filled, err
}

// table is the rows that an address and a form ask for.
func (s *server) table(r *http.Request, v *visit, k layout.Kind) (*layout.Table, error) {
	ctx := r.Context()
	view, err := s.view(ctx, v)
	if err != nil {
		return nil, err
	}
	q := layout.Query{Listing: s.readList(r.Form).listing(), Accounts: readAccounts(r.Form).Filter}
	if q.Batch, err = importOf(r.FormValue("import")); err != nil {
		return nil, err
	}
	if k.Code == "log" {
		if q.Log, err = s.logLines(ctx, v.t, view, readLog(r.Form)); err != nil {
			return nil, err
		}
	}
	if slices.Contains(templateAsks[k.Code], "policy") {
		a, err := s.readRegion(r, v)
		if err != nil {
			return nil, err
		}
		view, q.Policy, q.Area = a.view, a.policy, a.query.Area
		if q.Region, err = s.Region.Run(ctx, view, a.plan, a.m.day); err != nil {
			return nil, err
		}
	}
	on := s.Clock.Today()
	switch k.Code {
	case "figures", "indicators":
		a, err := s.askedFigures(r, v)
		if err != nil {
			return nil, err
		}
		view, on, q.Area, q.Period, q.Only, q.Choices = a.view, a.m.day, a.query.Area, a.p, a.only, a.query.Choices
	case "targets":
		a, plan, err := s.targetsAsked(r, v)
		if err != nil {
			return nil, err
		}
		q.Plan, q.Area, q.On = plan.Code, a.Area, a.On
	case "report", "report_areas":
		if q.Report, q.Edition, err = reportOf(r.FormValue("report")); err != nil {
			return nil, err
		}
	}
	q.Unverified = r.FormValue("basis") == "all"
	whole, err := s.Frames.For(ctx, access.SystemScope(), view.Seq())
	if err != nil {
		return nil, err
	}
	src := layout.Source{
		Library: s.Library, View: view, Parties: whole.Registry(), Access: s.Access, Intake: s.Intake, Versions: s.Versions, T: v.t,
		Monitor: s.Monitor, Targets: s.Targets, Bulletins: s.Bulletins, Today: on,
	}
	return src.Table(ctx, k.Code, q)
}

// importOf is the import that a form names; 0 for none.
func importOf(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, errs.NotFound("import", text)
	}
	return id, nil
}

// reportAddress is where a template is filled from an edition of a report.
func reportAddress(table string, id int64, edition int) string {
	return templateAddress(table, url.Values{"report": {strconv.FormatInt(id, 10) + "/" + strconv.Itoa(edition)}})
}

// reportOf is the report that a form names, with the edition behind it; 0 for none.
func reportOf(text string) (id int64, edition int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	number, n, _ := strings.Cut(text, "/")
	if id, err = strconv.ParseInt(number, 10, 64); err == nil && n != "" {
		edition, err = strconv.Atoi(n)
	}
	if err != nil || id <= 0 || edition < 0 {
		return 0, 0, errs.NotFound("report", text)
	}
	return id, edition, nil
}

// listedReports is how many reports a page offers.
const listedReports = 200

// reportChoices are the reports that the visitor may read, the newest period first; the edition that led here among them.
func (s *server) reportChoices(r *http.Request, v *visit, d *templateData) error {
	all, err := s.Bulletins.Reports(r.Context(), v.scope, bulletin.Filter{})
	if err != nil {
		return err
	}
	id, edition, err := reportOf(r.FormValue("report"))
	if err != nil {
		return err
	}
	d.Report = r.FormValue("report")
	for _, x := range slices.Backward(all) {
		def, err := s.Bulletins.Set.Definition(x.Definition)
		name := x.Definition
		if err == nil {
			name = v.t.Text(def.Name)
		}
		label := v.t.S("bulletinpage.title_of", s.areaName(x.Area), periodText(v.t, x.Period), name)
		if x.ID == id && edition > 0 {
			d.Reports = append(d.Reports, option{d.Report, label + inBrackets(v.t, v.t.S("template.edition", edition))})
			continue
		}
		if len(d.Reports) < listedReports {
			d.Reports = append(d.Reports, option{strconv.FormatInt(x.ID, 10), label + inBrackets(v.t, v.t.S("bulletinpage.state_"+string(x.State())))})
		}
	}
	return nil
}

// figureExamples are those of tables whose columns are the indicators, or are told for periods.
func (s *server) figureExamples(t i18n.T, d *templateData) {
	var name string
	if d.Table.Code == "figures" {
		x := s.Monitor.Set.Indicators()[0]
		name = "{{" + t.Text(x.Name)
		d.Also = t.S("template.also_figures")
		d.Examples = append(d.Examples, placeholderExample{"{{合计:" + t.Text(x.Name) + "}}", t.S("template.means_total")})
	} else {
		name = "{{" + t.Text(d.Table.Columns[d.Table.Column(d.Table.Code+".value")].Name)
	}
	d.Examples = append(d.Examples, placeholderExample{name + "@累计}}", t.S("template.means_to_date")}, placeholderExample{name + "@上年同期}}", t.S("template.means_year_before")})
}

// placeholderExample is what may be written in a cell, and what becomes of it.
type placeholderExample struct{ Written, Means string }

// placeholderExamples are for the columns that the table has.
func placeholderExamples(t i18n.T, table content.Table) []placeholderExample {
	word := func(c content.TableColumn, more string) string { return "{{" + t.Text(c.Name) + more + "}}" }
	first := func(fits func(content.TableColumn) bool) (content.TableColumn, bool) {
		i := slices.IndexFunc(table.Columns, fits)
		if i < 0 {
			return content.TableColumn{}, false
		}
		return table.Columns[i], true
	}
	var all []placeholderExample
	if c, ok := first(func(c content.TableColumn) bool { return c.Role != "row.number" && c.Type == content.Text }); ok {
		all = append(all, placeholderExample{word(c, ""), t.S("template.means_name")})
	}
	yearly, ok := first(func(c content.TableColumn) bool { return c.Type == content.Money && c.Period == period.Year })
	if ok {
		all = append(all, placeholderExample{word(yearly, "@2022"), t.S("template.means_period")})
	}
	if c, has := first(func(c content.TableColumn) bool { return c.Type == content.Money }); has {
		if ok {
			c = yearly
		}
		all = append(all, placeholderExample{word(c, "|亿元"), t.S("template.means_unit")})
	}
	if c, ok := first(func(c content.TableColumn) bool { return c.Role == "row.number" }); ok {
		all = append(all, placeholderExample{word(c, ""), t.S("template.means_number")})
	}
	return append(all, placeholderExample{t.S("template.example_whole"), t.S("template.means_whole")})
}

// columnUnit is the unit of a column as the page tells it.
func columnUnit(t i18n.T, c content.TableColumn) string {
	if c.Type == content.Rate {
		return "%"
	}
	return unitText(t, c.Unit)
}

// fillWords says what will be filled in.
func fillWords(t i18n.T, d templateData) string {
	switch {
	case d.Count < 0:
		return t.S("template.whole", d.Table.Name)
	case d.Table.Subject == "enterprise":
		return t.S("template.count", i18n.Group(strconv.Itoa(d.Count)))
	}
	return t.S("template.count_of", i18n.Group(strconv.Itoa(d.Count)), d.Table.Name)
}
