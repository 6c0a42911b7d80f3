package race

import (
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Facts is what is stated about the subjects of a region: a table for each kind, a column for each fact and period.
// What a document asks for and no column holds is not known.
type Facts struct{ tables map[string]*Table }

// Table is the subjects of one kind, in the order of those that they belong to.
type Table struct {
	Kind    string
	Rows    int
	Above   *Table  // of those that they belong to; nil for enterprises
	Parent  []int32 // row of Above; nil where each row has the one of its own number
	Columns map[Key]*Column

	facts    *Facts
	subjects []subject
	first    []int32 // where the rows of each row of Above begin, and in the end where the last ones end; made with Parent
}

// Key is a fact in a period. Areas have none.
type Key struct {
	Def    string
	Period period.Period
}

// Column is a fact of all rows: Numbers (fen, days, whole numbers), or Bytes, which are flags or, with Words, codes. Of a
// Sparse column nobody reports what is 0.
type Column struct {
	Numbers []int64
	Bytes   []uint8
	Words   []string
	Sparse  bool
}

// newFacts begins with the enterprises.
func newFacts(enterprises int) *Facts {
	f := &Facts{tables: map[string]*Table{}}
	f.add(content.Enterprise, nil, enterprises, nil)
	return f
}

// add adds the subjects of a kind.
func (f *Facts) add(kind string, above *Table, rows int, parent []int32) *Table {
	t := &Table{Kind: kind, Rows: rows, Above: above, Parent: parent, Columns: map[Key]*Column{}, facts: f, subjects: make([]subject, rows)}
	for i := range t.subjects {
		t.subjects[i] = subject{t, i}
	}
	if parent != nil {
		t.first = make([]int32, above.Rows+1)
		for _, p := range parent {
			t.first[p+1]++
		}
		for i := range above.Rows {
			t.first[i+1] += t.first[i]
		}
	}
	f.tables[kind] = t
	return t
}

// below is the rows that belong to the rows from and up to to of a table above, at any depth.
func (t *Table) below(above *Table, from, to int) (int, int) {
	if t == above {
		return from, to
	}
	from, to = t.Above.below(above, from, to)
	if t.Parent == nil {
		return from, to
	}
	return int(t.first[from]), int(t.first[to])
}

// subject is a row as package policy asks for it.
type subject struct {
	of  *Table
	row int
}

func (s *subject) Kind() string { return s.of.Kind }
func (s *subject) ID() string   { return strconv.Itoa(s.row) }
func (s *subject) Name() string { return "" }

func (s *subject) Fact(def content.FactDef, p period.Period, _ period.Day) (rule.Value, rule.State) {
	return s.of.Columns[keyOf(def, p)].at(def, s.row)
}

// keyOf is the column of a fact. Where an enterprise lies does not change.
func keyOf(def content.FactDef, p period.Period) Key {
	if def.Code == rule.AreaCode {
		p = period.Period{}
	}
	return Key{def.Code, p}
}

func (c *Column) at(def content.FactDef, row int) (rule.Value, rule.State) {
	switch {
	case c == nil:
		return rule.Value{}, rule.Unknown
	case c.Words != nil:
		return rule.Text(c.Words[c.Bytes[row]]), rule.Present
	case c.Bytes != nil:
		return rule.Bool(c.Bytes[row] == 1), rule.Present
	case c.Sparse && c.Numbers[row] == 0:
		return rule.Value{}, rule.Unknown
	}
	return rule.FactValue(def.Type, c.Numbers[row], ""), rule.Present
}

func (s *subject) Parent() rule.Subject {
	switch t := s.of; {
	case t.Above == nil:
		return nil
	case t.Parent == nil:
		return &t.Above.subjects[s.row]
	default:
		return &t.Above.subjects[t.Parent[s.row]]
	}
}

func (s *subject) Children(kind string) []rule.Subject {
	t := s.of.facts.tables[kind]
	if t == nil || !t.under(s.of) {
		return nil
	}
	from, to := t.below(s.of, s.row, s.row+1)
	all := make([]rule.Subject, 0, to-from)
	for i := from; i < to; i++ {
		all = append(all, &t.subjects[i])
	}
	return all
}

// under says that the rows belong to those of another table, at any depth.
func (t *Table) under(above *Table) bool {
	for t = t.Above; t != nil; t = t.Above {
		if t == above {
			return true
		}
	}
	return false
}

// ReadAll reads a fact of subjects of one kind: policy.Facts.
func (f *Facts) ReadAll(subjects []rule.Subject, def content.FactDef, p period.Period, _ period.Day, told func(i int, v rule.Value, state rule.State)) {
	var c *Column
	for i, x := range subjects {
		s := x.(*subject)
		if i == 0 {
			c = s.of.Columns[keyOf(def, p)]
		}
		v, state := c.at(def, s.row)
		told(i, v, state)
	}
}

// enterprises is the roots of some rows.
func (f *Facts) enterprises(from, to int) []rule.Subject {
	t := f.tables[content.Enterprise]
	all := make([]rule.Subject, 0, to-from)
	for i := from; i < to; i++ {
		all = append(all, &t.subjects[i])
	}
	return all
}

// facts is the region as testdata/flat.yaml and testdata/projects.yaml read it: the figures of the project stand both with
// the enterprise and with its one project.
func (r *Region) facts() *Facts {
	filed := &Column{Numbers: make([]int64, r.N)}
	for i, d := range r.Filed {
		filed.Numbers[i] = int64(d)
	}
	f := newFacts(r.N)
	firms := f.tables[content.Enterprise]
	projects := f.add(content.Project, firms, r.N, nil)
	firms.Columns[Key{Def: "ent.race_filed_on"}] = filed
	projects.Columns[Key{Def: "project.race_filed_on"}] = filed
	for _, c := range r.flags() {
		firms.Columns[Key{Def: "ent.race_" + c.name}] = &Column{Bytes: *c.of}
	}
	firms.Columns[Key{Def: rule.AreaCode}] = &Column{Bytes: r.Area, Words: areas}
	for _, c := range r.money() {
		firms.Columns[Key{Def: "ent.race_" + c.name}] = &Column{Numbers: *c.of}
		projects.Columns[Key{Def: "project.race_" + c.name}] = &Column{Numbers: *c.of, Sparse: c.name == "other"}
	}
	return f
}
