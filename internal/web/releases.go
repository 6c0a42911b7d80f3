package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// releaseRoutes is what was published, without an account: pages, and open data.
func (s *server) releaseRoutes() []route {
	public := access.Need{Public: true}
	return []route{
		{"GET /releases", public, s.releases},
		{"GET /releases/{id}", public, s.release},
		{"GET /open-data", public, s.openData},
		{"GET /open-data/{kind}", public, s.openKind},
	}
}

func releasePath(id int64) string { return "/releases/" + strconv.FormatInt(id, 10) }

// releaseRow is a release in words.
type releaseRow struct {
	release.Release
	KindName, AreaName string
	Later              int64 // the release that stands in its place now, 0 where it is the newest
	LaterAct           release.Act
}

func (s *server) releaseRow(ctx context.Context, t i18n.T, r release.Release) (releaseRow, error) {
	row := releaseRow{Release: r, KindName: r.Kind, AreaName: s.areaName(r.Area)}
	if k, err := s.Releases.Set.Kind(r.Kind); err == nil {
		row.KindName = t.Text(k.Title)
	}
	last, _, err := s.Releases.Latest(ctx, r.Kind, r.Ref)
	if err == nil && last.ID != r.ID {
		row.Later, row.LaterAct = last.ID, last.Act
	}
	return row, err
}

type releasesData struct {
	Rows             []releaseRow
	Kinds, Areas     []option
	Kind, Area, Year string
	Next             string // address of what is older, "" for none
	Filtered         bool
}

// listedReleases is how many releases a page lists.
const listedReleases = 50

func (s *server) releases(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, in := r.Context(), r.URL.Query()
	d := releasesData{Kind: in.Get("kind"), Area: in.Get("area"), Year: in.Get("year")}
	d.Filtered = d.Kind+d.Area+d.Year != ""
	f := release.Filter{Kind: d.Kind, Area: d.Area, Limit: listedReleases + 1}
	if d.Year != "" {
		if f.Year, _ = strconv.Atoi(d.Year); f.Year <= 0 {
			f.Year = -1 // no year
		}
	}
	f.Before, _ = strconv.ParseInt(in.Get("before"), 10, 64)
	list, err := s.Releases.List(ctx, f)
	if err != nil {
		return err
	}
	if len(list) > listedReleases {
		list = list[:listedReleases]
		q := url.Values{"before": {strconv.FormatInt(list[listedReleases-1].ID, 10)}}
		for key, value := range map[string]string{"kind": d.Kind, "area": d.Area, "year": d.Year} {
			if value != "" {
				q.Set(key, value)
			}
		}
		d.Next = "/releases?" + q.Encode()
	}
	for _, x := range list {
		row, err := s.releaseRow(ctx, v.t, x)
		if err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	for _, k := range s.Releases.Set.Kinds() {
		d.Kinds = append(d.Kinds, option{k.Release, v.t.Text(k.Title)})
	}
	areas, err := s.Releases.Areas(ctx)
	if err != nil {
		return err
	}
	for _, a := range areas {
		d.Areas = append(d.Areas, option{a, s.areaName(a)})
	}
	return s.show(w, r, s.shell(r, v, v.t.S("releasepage.title")), http.StatusOK, releasesPage(v.t, d))
}

// releaseField is a field of a release in words.
type releaseField struct {
	ID, Name string
	Number   bool
}

type releaseData struct {
	releaseRow
	Fields     []releaseField
	Lines      [][]string // the number first
	Back, Next string
	Firm       string
	Many       bool // more lines than one page has
	Changes    release.Changes
	Compared   []releaseField // of this release, and those that only the one before it has
	Series     []releaseRow
	Where      string // page on which objections are made, "" for none
	How        string
	Open       bool
	Source     string
	Confidence string
	Licence    string
	Kind       *release.Kind // nil where the kind is declared no more
}

// release shows a release, or sends it as open data where the address ends in .csv, .xlsx or .json.
func (s *server) release(w http.ResponseWriter, r *http.Request, v *visit) error {
	name, form, _ := strings.Cut(r.PathValue("id"), ".")
	id, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		return errs.NotFound("release", r.PathValue("id"))
	}
	x, err := s.Releases.Release(r.Context(), id)
	if err != nil {
		return err
	}
	if form != "" {
		k, err := s.Releases.Set.Kind(x.Kind)
		if err != nil {
			return err
		}
		return s.sendReleases(w, r, v, "release-"+x.Number, form, k, []release.Release{x}, func(out io.Writer) error { return s.Releases.WriteJSON(r.Context(), out, x) })
	}
	d, err := s.releaseOf(r, v, x)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, x.Title), http.StatusOK, releasePage(v.t, d))
}

func (s *server) releaseOf(r *http.Request, v *visit, x release.Release) (d releaseData, err error) {
	ctx := r.Context()
	if d.releaseRow, err = s.releaseRow(ctx, v.t, x); err != nil {
		return d, err
	}
	if d.Kind, err = s.Releases.Set.Kind(x.Kind); err == nil {
		d.How, d.Source, d.Confidence, d.Licence = v.t.Text(d.Kind.Objection.How), d.Kind.Source, d.Kind.Confidence, v.t.Text(d.Kind.Licence)
	}
	switch x.Kind {
	case subsidy.BatchRelease, subsidy.RoundRelease:
		d.Where = noticePath(x.Ref)
	case selection.NoticeRelease:
		d.Where = "/selections/" + strconv.FormatInt(x.Ref, 10)
	}
	d.Open = d.Later == 0 && x.Open(s.Clock.Today())
	for _, id := range x.Fields {
		f := releaseField{ID: id, Name: v.t.Text(s.Releases.FieldName(x, id))}
		if d.Kind != nil {
			of, _ := d.Kind.Field(id)
			f.Number = of.Type == release.TypeMoney
		}
		d.Fields = append(d.Fields, f)
	}
	if d.Changes, err = s.Releases.Changes(ctx, x); err != nil {
		return d, err
	}
	d.Compared = slices.Clone(d.Fields)
	for _, id := range d.Changes.Since.Fields {
		if !slices.Contains(x.Fields, id) {
			d.Compared = append(d.Compared, releaseField{ID: id, Name: v.t.Text(s.Releases.FieldName(x, id))})
		}
	}
	all, err := s.Releases.Series(ctx, x.Kind, x.Ref)
	if err != nil {
		return d, err
	}
	for _, o := range all {
		row, err := s.releaseRow(ctx, v.t, o)
		if err != nil {
			return d, err
		}
		d.Series = append(d.Series, row)
	}
	return d, s.releaseLines(r, &d)
}

// releaseLines reads the lines of one page: those from a line on, or before one, or of one name.
func (s *server) releaseLines(r *http.Request, d *releaseData) error {
	in := r.URL.Query()
	p := release.Page{Label: strings.TrimSpace(in.Get("firm")), Rows: noticeLines + 1}
	p.From, _ = strconv.Atoi(in.Get("from"))
	p.Before, _ = strconv.Atoi(in.Get("before"))
	d.Firm, d.Many = p.Label, d.releaseRow.Release.Lines > noticeLines
	lines, err := s.Releases.Lines(r.Context(), d.ID, p)
	if err != nil || len(lines) == 0 {
		return err
	}
	at := func(key string, n int) string {
		q := url.Values{key: {strconv.Itoa(n)}}
		if d.Firm != "" {
			q.Set("firm", d.Firm)
		}
		return releasePath(d.ID) + "?" + q.Encode()
	}
	back, more := p.Before > 0 && d.Firm == "", len(lines) > noticeLines
	switch {
	case back && more:
		lines = lines[1:]
	case more:
		lines = lines[:noticeLines]
	}
	if more || back {
		d.Next = at("from", lines[len(lines)-1].N+1)
	}
	if d.Firm == "" && (back && more || !back && p.From > 1) {
		d.Back = at("before", lines[0].N)
	}
	for _, l := range lines {
		d.Lines = append(d.Lines, s.releasedCells(d, l))
	}
	return nil
}

// releasedCells is a line in words, its number first.
func (s *server) releasedCells(d *releaseData, l release.Line) []string {
	cells := []string{strconv.Itoa(l.N)}
	for i, text := range l.Texts {
		if d.Kind != nil && i < len(d.Fields) {
			switch f, _ := d.Kind.Field(d.Fields[i].ID); f.Type {
			case release.TypeMoney:
				text = i18n.Group(text)
			case release.TypeArea:
				text = s.areaName(text)
			}
		}
		cells = append(cells, text)
	}
	return cells
}

// fieldChange is a field of a row that a correction changed.
type fieldChange struct{ Name, Before, After string }

// lineText is a row in one line.
func lineText(l *release.Line) string {
	texts := slices.DeleteFunc(slices.Clone(l.Texts), func(s string) bool { return s == "" })
	return strings.Join(texts, " · ")
}

// changed is what a correction changed of a row, field by field, as they are called.
func (d *releaseData) changed(c release.Change) []fieldChange {
	if c.Before == nil || c.After == nil {
		return nil
	}
	var all []fieldChange
	for _, f := range d.Compared {
		if before, after := c.Before.Of(d.Changes.Since, f.ID), c.After.Of(d.releaseRow.Release, f.ID); before != after {
			all = append(all, fieldChange{f.Name, before, after})
		}
	}
	return all
}

// sendReleases sends releases of a kind in the form that the end of an address names.
func (s *server) sendReleases(w http.ResponseWriter, r *http.Request, v *visit, name, form string, k *release.Kind, list []release.Release, asJSON func(io.Writer) error) error {
	var fault error
	switch form {
	case "json":
		if s.Demo != nil {
			name += "-" + v.t.S("web.demo")
		}
		attach(w, name+".json", "application/json; charset=utf-8")
		return asJSON(w)
	case "csv", "xlsx":
		out := sheet.Export{Title: v.t.Text(k.Title), Table: s.Releases.Table(r.Context(), k, list, &fault)}
		out.Table.Name = ""
		x := s.exportedAs(v, name, out, form == "csv")
		attach(w, x.name, x.kind)
		if err := x.write(w); err != nil {
			return fmt.Errorf("export %s: %w", name, err)
		}
		return fault
	}
	return errs.NotFound("form of a release", form)
}

// openRow is a kind in the data dictionary.
type openRow struct {
	*release.Kind
	Columns  []release.Column
	Standing int // releases that stand
}

// openData is the data dictionary, with a download for each kind.
func (s *server) openData(w http.ResponseWriter, r *http.Request, v *visit) error {
	var rows []openRow
	for _, k := range s.Releases.Set.Kinds() {
		list, err := s.Releases.Standing(r.Context(), k.Release)
		if err != nil {
			return err
		}
		rows = append(rows, openRow{k, k.Columns(), len(list)})
	}
	return s.show(w, r, s.shell(r, v, v.t.S("releasepage.open_data")), http.StatusOK, openDataPage(v.t, rows))
}

// openKind sends all that stands of a kind.
func (s *server) openKind(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	name, form, _ := strings.Cut(r.PathValue("kind"), ".")
	k, err := s.Releases.Set.Kind(name)
	if err != nil {
		return err
	}
	list, err := s.Releases.Standing(ctx, k.Release)
	if err != nil {
		return err
	}
	return s.sendReleases(w, r, v, k.Release+"-"+s.Clock.Today().String(), form, k, list, func(out io.Writer) error {
		if _, err := io.WriteString(out, `{"releases":[`); err != nil {
			return err
		}
		for i, x := range list {
			if i > 0 {
				if _, err := io.WriteString(out, ","); err != nil {
					return err
				}
			}
			if err := s.Releases.WriteJSON(ctx, out, x); err != nil {
				return err
			}
		}
		_, err := io.WriteString(out, "]}\n")
		return err
	})
}
