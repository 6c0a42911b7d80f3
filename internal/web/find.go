package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/source"
)

// What an auditor looks for, in the order in which the page offers it.
var findKinds = []string{"firm", "source", "person", "commit", "clause"}

const (
	firmsFound  = 200 // at most
	minChecksum = 8   // characters of a file's hash that name it
)

// findQuery is a search of an auditor; its address restores it.
type findQuery struct {
	Text, Kind string
	From, To   string // days
	Page       int
}

func readFind(in url.Values) findQuery {
	q := findQuery{Text: strings.TrimSpace(in.Get("q")), Kind: in.Get("kind"), From: in.Get("from"), To: in.Get("to")}
	if !slices.Contains(findKinds, q.Kind) {
		q.Kind = ""
	}
	q.Page = pageNumber(in.Get("page"))
	return q
}

func (q findQuery) href(path string) string {
	out := url.Values{}
	for name, value := range map[string]string{"q": q.Text, "kind": q.Kind, "from": q.From, "to": q.To} {
		if value != "" {
			out.Set(name, value)
		}
	}
	if q.Page > 1 {
		out.Set("page", strconv.Itoa(q.Page))
	}
	return path + "?" + out.Encode()
}

func (q findQuery) onPage(n int) findQuery {
	q.Page = n
	return q
}

// wants says that results of a kind are asked for.
func (q findQuery) wants(kind string) bool { return q.Kind == "" || q.Kind == kind }

// finding is one result: what it is, who did it and when, and where its trace opens.
type finding struct {
	Kind, What, Detail, Who, When, Href string
	Seq                                 int64 // commit, 0 for none
}

// findData is the page.
type findData struct {
	Query findQuery
	Kinds []option
	Total int
	Pages int
	Rows  []finding
	AsOf  string
}

// findAll is everything that a search finds in what the visitor may see: enterprises and clauses first, then what was
// done, newest first. A search without words is the newest of what was done.
func (s *server) findAll(ctx context.Context, v *visit, view fact.View, q findQuery) ([]finding, error) {
	var all []finding
	if q.Text != "" && q.wants("firm") {
		for _, e := range view.Search(q.Text, firmsFound).Enterprises {
			detail := strings.Join([]string{string(e.USCC), nodeName(s.Library.Areas(), e.Area)}, " · ")
			all = append(all, finding{Kind: "firm", What: e.Name, Detail: strings.Trim(detail, " ·"), Href: enterprisePath(e.ID)})
		}
	}
	if q.Text != "" && q.wants("clause") {
		inForce, err := s.Versions.At(ctx, view.Seq())
		if err != nil {
			return nil, err
		}
		all = append(all, findClauses(v.t, inForce, q.Text)...)
	}
	done, err := s.findDone(ctx, v, view, q)
	return append(all, done...), err
}

func findClauses(t i18n.T, inForce []version.InForce, text string) []finding {
	fold := content.Fold(text)
	var all []finding
	for _, f := range inForce {
		doc := f.Policy.File.Document
		for _, c := range f.Policy.File.Clauses {
			name := t.Text(c.Name)
			if fold != "" && strings.Contains(content.Fold(doc.Number+" "+c.ID+" "+c.Cite+" "+name), fold) {
				q := regionQuery{Policy: doc.ID, Clause: c.ID}
				all = append(all, finding{Kind: "clause", What: c.Cite + " " + name, Detail: doc.Number, Href: q.href("/region/firms")})
			}
		}
	}
	return all
}

// findDone is what the log tells that has the words of the search, the newest first.
func (s *server) findDone(ctx context.Context, v *visit, view fact.View, q findQuery) ([]finding, error) {
	entries, err := s.logOf(ctx, view, logQuery{})
	if err != nil {
		return nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	people := map[int64]string{}
	var found []finding
	from, to := q.days()
	for _, e := range entries {
		if e.At < from || e.At >= to {
			continue
		}
		row, err := s.logRow(ctx, v.t, view, whole.Registry(), e, people)
		if err != nil {
			return nil, err
		}
		f := finding{
			What: row.Label + " " + row.What, Detail: joined(row.Sender, row.Authority, row.Reason),
			Who: row.Who, When: row.When, Href: row.Href, Seq: row.Seq,
		}
		if e.Source.ID != 0 && f.Href == "" && v.scope.Sees(access.ReadFact, e.Source.Area, e.Source.Party) {
			f.Href = sourcePath(e.Source.ID)
		}
		if f.Kind = q.fits(f, e.Source.SHA256); f.Kind != "" {
			found = append(found, f)
		}
	}
	return found, nil
}

// fits is the kind as which something done fits the search; "" where it does not.
func (q findQuery) fits(f finding, checksum string) string {
	text := content.Fold(q.Text)
	has := func(words ...string) bool { return strings.Contains(content.Fold(strings.Join(words, " ")), text) }
	number := strings.TrimLeft(q.Text, "#")
	switch {
	case text == "":
		if q.Kind == "" || q.Kind == "source" {
			return "source"
		}
	case q.wants("commit") && f.Seq != 0 && number == strconv.FormatInt(f.Seq, 10):
		return "commit"
	case q.wants("source") && len(text) >= minChecksum && strings.HasPrefix(checksum, text):
		return "source"
	case q.wants("person") && has(f.Who):
		return "person"
	case q.wants("source") && has(f.What, f.Detail):
		return "source"
	}
	return ""
}

// days are the instants that the search is bounded by; what cannot be read bounds nothing.
func (q findQuery) days() (from, to int64) {
	to = 1<<63 - 1
	if d, err := period.ParseDay(q.From); err == nil {
		from = clock.StartOf(d)
	}
	if d, err := period.ParseDay(q.To); err == nil {
		to = clock.StartOf(d + 1)
	}
	return from, to
}

// joined is texts with a mark between those that are not empty.
func joined(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), " · ")
}

func (s *server) find(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	q := readFind(r.Form)
	all, err := s.findAll(r.Context(), v, view, q)
	if err != nil {
		return err
	}
	d := findData{Query: q, Total: len(all), Pages: max((len(all)+listRows-1)/listRows, 1), AsOf: s.asOf(v.t, view)}
	for _, k := range findKinds {
		d.Kinds = append(d.Kinds, option{k, v.t.S("people.kind_" + k)})
	}
	d.Query.Page = min(q.Page, d.Pages)
	first := (d.Query.Page - 1) * listRows
	d.Rows = all[first:min(first+listRows, len(all))]
	return s.show(w, r, s.shell(r, v, v.t.S("people.find")), http.StatusOK, findPage(v.t, d))
}

// exportFind sends all results, not the page of them.
func (s *server) exportFind(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	t, q := v.t, readFind(r.Form).onPage(1)
	all, err := s.findAll(r.Context(), v, view, q)
	if err != nil {
		return err
	}
	rows := make([][]any, len(all))
	for i, f := range all {
		var seq any
		if f.Seq != 0 {
			seq = f.Seq
		}
		rows[i] = []any{t.S("people.kind_" + f.Kind), f.What, f.Detail, f.Who, f.When, seq, f.Href}
	}
	return s.export(w, r, v, t.S("people.find")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: t.S("people.find"), Notes: s.notes(v, view, q.href("/find")),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("people.kind"), t.S("web.about"), t.S("people.detail"), t.S("web.who"), t.S("web.when"), t.S("web.commit"), t.S("people.address"),
		}},
	})
}

func sourcePath(id int64) string { return "/sources/" + strconv.FormatInt(id, 10) }

// sourceData is the page of a source: who said it, from which file, and about whom.
type sourceData struct {
	source.Source
	Authority, By, Area string
	Firms               []option // address and name, the first of them
	Total               int
}

const firmsOfSource = 100

func (s *server) sourceTrace(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	src, err := s.Sources.Get(r.Context(), v.scope, id)
	if err != nil {
		return err
	}
	src.Name = s.sourceName(v.t, src)
	d := sourceData{Source: src, Authority: s.authorityName(v.t, src.Authority), Area: nodeName(s.Library.Areas(), src.Area)}
	if d.By, err = s.personName(r.Context(), map[int64]string{}, src.Actor); err != nil {
		return err
	}
	d.By = cmp.Or(d.By, v.t.S("web.by_system"))
	firms, err := view.StatedBy(r.Context(), id)
	if err != nil {
		return err
	}
	d.Total = len(firms)
	for _, e := range firms[:min(len(firms), firmsOfSource)] {
		d.Firms = append(d.Firms, option{enterprisePath(e.ID), e.Name})
	}
	return s.show(w, r, s.shell(r, v, d.Name), http.StatusOK, sourcePage(v.t, d))
}
