package region

import (
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Reader makes rule subjects of what is known.
type Reader struct {
	lib   *content.Library
	index map[string]int // of fact definitions, by code

	verified bool // what is not verified is not known
}

// hides says that a value is not taken for known: nobody checked it against evidence, and who said it is not of record.
func (r *Reader) hides(v fact.View, def *content.FactDef, c *fact.Cell) bool {
	return r.verified && c.Status != fact.Verified && !r.lib.OfRecord(*def, v.Authority(*c))
}

// NewReader reads facts by the definitions of a library, which must be that of the views.
func NewReader(lib *content.Library) *Reader {
	r := &Reader{lib: lib, index: make(map[string]int, len(lib.FactDefs()))}
	for i, d := range lib.FactDefs() {
		r.index[d.Code] = i
	}
	return r
}

// Verified is a reader that takes for known only what somebody verified.
func (r *Reader) Verified() *Reader {
	strict := *r
	strict.verified = true
	return &strict
}

// Subject is an enterprise with all that lies below it, as a view knows it; ok is false when the view does not show it.
// A fact that is withheld from the view, or said to be missing, is not known.
func (r *Reader) Subject(v fact.View, enterprise int64) (s rule.Subject, ok bool) {
	e, ok := v.Enterprise(enterprise)
	if !ok {
		return nil, false
	}
	row, ok := v.Row(e.ID)
	if !ok {
		return nil, false
	}
	f := &firm{reader: r, view: v, party: e}
	f.root = &subject{firm: f, kind: content.Enterprise, row: row, name: e.Name}
	f.collect()
	return f.root, true
}

// Area is an area of which something is stated, as a view knows it; ok is false when the view does not show it.
func (r *Reader) Area(v fact.View, id int64) (s rule.Subject, ok bool) {
	known, ok := v.Subject(id)
	if !ok || known.Kind != content.Area {
		return nil, false
	}
	row, ok := v.Row(known.ID)
	return &subject{firm: &firm{reader: r, view: v}, kind: content.Area, row: row, name: known.Key}, ok
}

// firm is one enterprise while it is read.
type firm struct {
	reader *Reader
	view   fact.View
	party  party.Enterprise
	root   *subject
	below  []*subject
}

// subject is an enterprise or something below it.
type subject struct {
	firm   *firm
	kind   string
	row    fact.Row
	name   string
	parent *subject
}

// names of the facts that call a subject something, the first that is known.
var nameFacts = map[string][]string{
	content.Project: {"project.name"}, content.Loan: {"loan.contract"}, content.Lease: {"lease.contract"}, content.Honour: {"honour.item", "honour.title"},
}

func (f *firm) collect() {
	f.add(content.Project, f.root)
	projects := f.below
	for _, kind := range []string{content.Loan, content.Lease, content.Honour} {
		f.add(kind, f.root)
		for _, p := range projects {
			f.add(kind, p)
		}
	}
	for _, s := range f.below {
		if p := s.namedProject(projects); p != nil {
			s.parent = p
		}
	}
}

func (f *firm) add(kind string, parent *subject) {
	for _, id := range f.view.Children(parent.row.Subject(), kind) {
		row, ok := f.view.Row(id)
		if !ok {
			continue
		}
		s := &subject{firm: f, kind: kind, row: row, parent: parent}
		s.name = s.called()
		f.below = append(f.below, s)
	}
}

// called is what a subject is called. That is no figure: what nobody verified names it as well.
func (s *subject) called() string {
	for _, code := range nameFacts[s.kind] {
		i, ok := s.firm.reader.index[code]
		if !ok {
			continue
		}
		text, lib := s.row.Get(i, period.Period{}).Value.Text, s.firm.reader.lib
		if codes, ok := lib.CodeList(lib.FactDefs()[i].Codes); ok {
			if entry, ok := codes.Entry(text); ok {
				text = entry.Name.ZH // as names of projects and contracts are, whatever the reader's language
			}
		}
		if text != "" {
			return text
		}
	}
	known, _ := s.firm.view.Subject(s.row.Subject())
	return known.Key
}

// namedProject is the project that a loan or lease of the enterprise names: by key, code or name.
func (s *subject) namedProject(projects []*subject) *subject {
	if s.parent != s.firm.root || s.kind != content.Loan && s.kind != content.Lease {
		return nil
	}
	name := content.Fold(s.text(s.kind + ".project"))
	if name == "" {
		return nil
	}
	for _, p := range projects {
		known, _ := s.firm.view.Subject(p.row.Subject())
		if name == content.Fold(known.Key) || name == content.Fold(p.text("project.code")) || name == content.Fold(p.text("project.name")) {
			return p
		}
	}
	return nil
}

// text is a text fact that has no time, "" when it is not known.
func (s *subject) text(code string) string {
	i, ok := s.firm.reader.index[code]
	if !ok {
		return ""
	}
	cell := s.row.Get(i, period.Period{})
	if s.firm.reader.hides(s.firm.view, &s.firm.reader.lib.FactDefs()[i], &cell) {
		return ""
	}
	return cell.Value.Text
}

func (s *subject) Kind() string { return s.kind }
func (s *subject) ID() string   { return strconv.FormatInt(s.row.Subject(), 10) }
func (s *subject) Name() string { return s.name }

func (s *subject) Fact(def content.FactDef, p period.Period, on period.Day) (rule.Value, rule.State) {
	switch def.Code {
	case rule.AreaCode:
		return s.node(party.TreeArea, on)
	case rule.IndustryCode:
		return s.node(party.TreeIndustry, on)
	}
	i, ok := s.firm.reader.index[def.Code]
	if !ok {
		return rule.Value{}, rule.Unknown
	}
	cell := s.row.Get(i, p)
	return s.firm.reader.stated(s.firm.view, &def, &cell)
}

// stated is a cell as rules read it.
func (r *Reader) stated(view fact.View, def *content.FactDef, cell *fact.Cell) (rule.Value, rule.State) {
	if r.hides(view, def, cell) {
		return rule.Value{}, rule.Unknown
	}
	switch cell.State {
	case fact.Present:
		return rule.FactValue(def.Type, cell.Value.Num, cell.Value.Text), rule.Present
	case fact.None:
		return rule.Value{}, rule.None
	}
	return rule.Value{}, rule.Unknown
}

// ReadAll reads a fact of many subjects of one view, which the Reader made: policy.Facts.
func (r *Reader) ReadAll(subjects []rule.Subject, def content.FactDef, p period.Period, on period.Day, told func(i int, v rule.Value, state rule.State)) {
	_, stored := r.index[def.Code]
	var column fact.Column
	for i, x := range subjects {
		s := x.(*subject)
		switch {
		case !stored: // a membership, or nothing that is kept
			v, state := s.Fact(def, p, on)
			told(i, v, state)
			continue
		case i == 0:
			column = s.firm.view.Column(def.Code, p)
		}
		cell := s.row.At(column)
		v, state := r.stated(s.firm.view, &def, &cell)
		told(i, v, state)
	}
}

// Rows is many subjects of one view and kind, kept so that their facts can be read one after the other without going to each subject.
type Rows struct {
	*Reader
	view     fact.View
	subjects []rule.Subject
	rows     fact.Rows
}

// Rows keeps subjects that the Reader made.
func (r *Reader) Rows(subjects []rule.Subject) *Rows {
	rs := &Rows{Reader: r, subjects: subjects}
	for _, x := range subjects {
		s := x.(*subject)
		rs.view = s.firm.view
		rs.rows.Add(s.row)
	}
	return rs
}

// ReadRows tells what Fact of each subject would say, of those whose numbers are given, of all where there are none: indicator.Rows.
func (rs *Rows) ReadRows(some []int32, def content.FactDef, p period.Period, on period.Day, told func(i int, v rule.Value, state rule.State)) {
	if _, stored := rs.index[def.Code]; stored && !rs.verified {
		rs.rows.Values(rs.view.Column(def.Code, p), some, func(i int, state fact.State, v fact.Value) {
			switch state {
			case fact.Present:
				told(i, rule.FactValue(def.Type, v.Num, v.Text), rule.Present)
			case fact.None:
				told(i, rule.Value{}, rule.None)
			default:
				told(i, rule.Value{}, rule.Unknown)
			}
		})
		return
	}
	if some == nil {
		rs.ReadAll(rs.subjects, def, p, on, told)
		return
	}
	for _, i := range some {
		v, state := rs.subjects[i].Fact(def, p, on)
		told(int(i), v, state)
	}
}

func (s *subject) node(tree string, on period.Day) (rule.Value, rule.State) {
	code := s.firm.view.NodeOn(s.firm.party.ID, tree, on)
	if code == "" {
		return rule.Value{}, rule.Unknown
	}
	return rule.Text(code), rule.Present
}

func (s *subject) Parent() rule.Subject {
	if s.parent == nil {
		return nil
	}
	return s.parent
}

func (s *subject) Children(kind string) []rule.Subject {
	var all []rule.Subject
	for _, c := range s.firm.below {
		if c.kind == kind && c.lies(s) {
			all = append(all, c)
		}
	}
	return all
}

// lies says that a subject lies below another, at any depth.
func (s *subject) lies(above *subject) bool {
	for p := s.parent; p != nil; p = p.parent {
		if p == above {
			return true
		}
	}
	return false
}
