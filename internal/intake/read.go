package intake

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/hanzi"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// entry is what one row of a sheet states: about a firm or an area, and about what belongs to the firm.
type entry struct {
	table  *table
	row    int
	owner  owner
	things []thing // below the owner
	facts  []stated
	part   bool // the rest of a row whose other half is an entry of its own
	often  bool // another row may be about the same owner
}

// owner is the firm or the area that a row is about.
type owner struct {
	kind     string // content.Enterprise or content.Area
	id       int64  // 0 when it is not known yet
	key      string // see party.EnterpriseKey; the node of an area
	said     string // who it is by the words of the row alone, whatever is known: the same in each reading of the file
	name     string // as stated; "" when the row does not name it
	past     bool   // the name is known as a former one, and is all that the row goes by
	code     party.USCC
	sound    bool
	former   string
	area     string // node; stated, or where the firm is known to be, or that of the sender
	areaSaid bool   // the row or its section states the area
	industry string // node; "" when the row does not state it
}

// thing is something that belongs to the owner: a project, a loan, a lease, an honour.
type thing struct{ kind, key, label string }

// stated is one value of a row.
type stated struct {
	col       *column
	row       int
	about     int // index into things; −1 is the owner
	period    period.Period
	said      Said
	precision fact.Precision
	shown     string
}

// place is where the value stands. It is worked out when somebody wants to know: most values are nobody's worry.
func (s *stated) place() string { return s.col.table.place(s.row, s.col) }

// reading is one walk through a file under its plan.
type reading struct {
	lib      *content.Library
	book     *sheet.Book
	plan     Plan
	area     string // of the sender; "" is everywhere
	scope    access.Scope
	firms    *firms
	found    *findings
	tables   []*table
	totals   int
	others   int
	rows     int
	degraded bool // text of names and places is not what somebody typed
	leave    int  // rows that the sender leaves out
	progress func(rows, share int)
	words    map[wordKey][]content.Node // what the words of area and industry cells mean
	reach    map[string]bool            // areas that the sender may speak of

	seed  maphash.Seed
	often map[uint64]bool     // owners that several rows are about
	due   map[uint64]int      // rows still to come that state about the same; only where there are several
	held  map[uint64][]*entry // of these, the ones that came
	order []uint64            // of held, by first appearance
	facts int                 // in held
}

// wordKey is a word of a cell within a tree.
type wordKey struct{ tree, word string }

const (
	maxWords = 20_000    // words whose meaning is kept
	maxHeld  = 1_000_000 // values that wait for another row about the same
)

// table is one sheet of a reading.
type table struct {
	r       *reading
	plan    *SheetPlan
	layout  *sheet.Layout
	columns []column
	roles   map[string]*column // first column of each role
	kinds   []kindKeys         // what the rows are about besides the owner
	firms   bool               // rows are about firms, not about areas
	split   bool               // some figures go by the row's period and others do not
	dated   bool               // some figures go by the row's period
	section string             // area named by the last section row
	was     map[int]string     // of the row: what a cell of column n says in the file, where it is read otherwise
	leave   bool               // of the row: the sender leaves it out
	sums    []sums
	first   []claimed // by total rows above the first row that they add up
}

// kindKeys is the columns that tell subjects of a kind apart.
type kindKeys struct {
	kind   string
	labels []*column
	sets   [][][]*column // alternatives of key parts; a part may stand in one of several columns
	all    []*column     // that belong to any set
}

// column is a column that is read.
type column struct {
	*ColumnPlan
	table *table
	n     int // index into table.columns
	at    int // index into Record.Cells
	want  sheet.Want
	def   int              // index into the library's definitions; −1 for a role
	fact  *content.FactDef // nil for a role
	codes content.CodeList // of a code
	mends map[string]*mendUse
}

// loose says that the column's figures do not go by the period of their row.
func (c *column) loose() bool {
	return c.fact.Period == period.Always || c.Period.Kind() != period.Always
}

// open prepares the walk: it finds the tables again and joins them with the plan.
func (r *reading) open(ctx context.Context, vocabulary sheet.Vocabulary) error {
	index := map[string]int{}
	for i, def := range r.lib.FactDefs() {
		index[def.Code] = i
	}
	for i := range r.plan.Sheets {
		p := &r.plan.Sheets[i]
		if p.Skip {
			continue
		}
		layout, err := sheet.Detect(ctx, r.book, p.Index, vocabulary)
		if err != nil {
			return err
		}
		if !p.matches(layout) {
			return errs.Invalid(i18n.M("intake.layout_changed", p.Name))
		}
		r.tables = append(r.tables, r.table(p, &layout, index))
	}
	return nil
}

// matches says that the table is found where it was when the plan was made. Words of headers that were added to the
// content since may have moved it.
func (p SheetPlan) matches(l sheet.Layout) bool {
	return slices.EqualFunc(p.Columns, l.Columns, func(c ColumnPlan, d sheet.Column) bool {
		return c.Index == d.Index && c.Header == cut(d.Header, maxHeader)
	})
}

func (r *reading) table(p *SheetPlan, layout *sheet.Layout, index map[string]int) *table {
	t := &table{r: r, plan: p, layout: layout, roles: map[string]*column{}, was: map[int]string{}}
	defs := r.lib.FactDefs()
	for i := range p.Columns {
		c := &p.Columns[i]
		if c.Target == "" {
			continue
		}
		col := column{ColumnPlan: c, table: t, n: len(t.columns), at: i, def: -1}
		col.want = sheet.Want{Kind: roleKind(c.Target), Rate: c.Rate, Days: c.Days, Year: p.Period.YearOf()}
		if len(c.Mends) > 0 {
			col.mends = make(map[string]*mendUse, len(c.Mends))
			for _, m := range c.Mends {
				col.mends[m.Text] = &mendUse{Mend: m}
			}
		}
		if c.Unit != "" {
			col.want.Unit, _ = sheet.UnitNamed(c.Unit)
		}
		if d, ok := index[c.Target]; ok {
			col.def, col.fact = d, &defs[d]
			col.want.Kind = sheet.Kind(col.fact.Type)
			col.codes, _ = r.lib.CodeList(col.fact.Codes)
		}
		t.columns = append(t.columns, col)
	}
	targets := map[string][]*column{}
	loose := false
	for i := range t.columns {
		c := &t.columns[i]
		targets[c.Target] = append(targets[c.Target], c)
		if c.fact == nil {
			if t.roles[c.Target] == nil {
				t.roles[c.Target] = c
			}
			continue
		}
		t.dated, loose = t.dated || !c.loose(), loose || c.loose()
	}
	t.split = t.dated && loose
	t.firms = p.firms()
	for _, kind := range p.kinds(r.lib) {
		if kind != content.Area {
			t.kinds = append(t.kinds, keysIn(kind, targets))
		}
	}
	t.sums = make([]sums, len(t.columns))
	return t
}

func keysIn(kind string, targets map[string][]*column) kindKeys {
	k := kindKeys{kind: kind, labels: targets[labels[kind]]}
	for _, set := range keysOf[kind] {
		var parts [][]*column
		for _, code := range set {
			parts = append(parts, targets[code])
			for _, c := range targets[code] {
				if !slices.Contains(k.all, c) {
					k.all = append(k.all, c)
				}
			}
		}
		k.sets = append(k.sets, parts)
	}
	return k
}

// each hands every row of the file to fn as an entry. Of rows that state about the same, what they state twice is settled
// as the plan says, and handed on with the last of them.
func (r *reading) each(ctx context.Context, fn func(*entry) error) error {
	r.seed = maphash.MakeSeed()
	r.words, r.reach = map[wordKey][]content.Node{}, map[string]bool{}
	if err := r.findRepeats(ctx); err != nil {
		return err
	}
	r.held = map[uint64][]*entry{}
	for _, t := range r.tables {
		for _, c := range t.columns {
			for _, m := range c.mends {
				m.uses = 0 // counted by the walk for repeats
			}
		}
	}
	for i, t := range r.tables {
		if err := t.each(ctx, len(r.tables)+i, fn); err != nil {
			return err
		}
	}
	for _, key := range r.order {
		if err := r.release(key, fn); err != nil {
			return err
		}
	}
	return nil
}

// findRepeats is a first walk that looks at who each row is about and nothing else. Where a row without a code stands
// above the one that brings its firm's code, the walk is done again, so that both are known for the same.
func (r *reading) findRepeats(ctx context.Context) error {
	quiet := r.found
	r.found = &findings{} // the second walk tells
	defer func() { r.found = quiet }()
	for range 2 {
		r.firms.late = false
		r.due, r.often = map[uint64]int{}, map[uint64]bool{}
		for i, t := range r.tables {
			if err := t.count(ctx, i); err != nil {
				return err
			}
		}
		if !r.firms.late {
			break
		}
	}
	r.due = only(r.due, func(n int) bool { return n > 1 })
	r.often = only(r.often, func(again bool) bool { return again })
	return nil
}

// only is the part of a map that is kept, in a map of its size: one from which most is deleted takes as much room as
// before.
func only[V any](all map[uint64]V, keep func(V) bool) map[uint64]V {
	kept := map[uint64]V{}
	for k, v := range all {
		if keep(v) {
			kept[k] = v
		}
	}
	return kept
}

// count counts the rows of a table by who they are about.
func (t *table) count(ctx context.Context, step int) error {
	t.section = ""
	return t.records(ctx, step, func(rec *sheet.Record) error {
		if rec.Kind == sheet.SectionRow {
			t.enterSection(rec)
		}
		if rec.Kind != sheet.DataRow || t.leave || rec.Hidden && !t.plan.TakeHidden {
			return nil
		}
		w, ok := t.who(rec)
		if !ok {
			return nil
		}
		owner := t.r.hash(who{owner: w.owner}, false)
		_, met := t.r.often[owner]
		t.r.often[owner] = met
		if t.dated || !t.split {
			t.r.due[t.r.hash(w, t.dated)]++
		}
		if t.split {
			t.r.due[t.r.hash(w, false)]++
		}
		return nil
	})
}

// who is what tells a row apart: the owner, the things below it and the period.
type who struct {
	owner  owner
	things []thing
	period period.Period
}

// hash is a short name of who a row is about, with the row's period or without.
func (r *reading) hash(w who, dated bool) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seed)
	say := func(s string) {
		_, _ = h.WriteString(s) // never fails
		_ = h.WriteByte(0)
	}
	say(w.owner.kind)
	say(w.owner.key)
	for _, t := range w.things {
		say(t.kind)
		say(t.key)
	}
	if dated {
		say(w.period.String())
	}
	return h.Sum64()
}

// same says that two entries are about the same: the hash alone is not trusted with that.
func same(a, b *entry) bool {
	return a.owner.kind == b.owner.kind && a.owner.key == b.owner.key &&
		slices.EqualFunc(a.things, b.things, func(x, y thing) bool { return x.kind == y.kind && x.key == y.key })
}

// who reads who a row is about. ok is false when that cannot be told; the reason is among the findings.
func (t *table) who(rec *sheet.Record) (w who, ok bool) {
	w.owner, ok = t.owner(rec)
	if !ok {
		return who{}, false
	}
	w.period = t.plan.Period
	if c := t.roles[rolePeriod]; c != nil {
		p, why := look(rec.Cells[c.at], c.want)
		switch {
		case !why.IsZero():
			t.find(Left, rec, c, why)
			return who{}, false
		case p.State == sheet.Present:
			w.period = p.Period
		case t.dated && w.period.Kind() == period.Always:
			t.find(Left, rec, c, i18n.M("intake.no_row_period"))
			return who{}, false
		}
	}
	for i := range t.kinds {
		k := &t.kinds[i]
		key, label := t.thingKey(rec, k)
		if key == "" {
			t.keyless(rec, k)
			continue
		}
		w.things = append(w.things, thing{kind: k.kind, key: key, label: label})
	}
	return w, true
}

// keysOf is, for each kind, the definitions that tell its subjects apart: the first set of which all are stated.
var keysOf = map[string][][]string{
	content.Project: {{"project.code"}, {"project.name"}},
	content.Loan:    {{"loan.contract"}, {"loan.bank", "loan.drawn_on", "loan.principal"}},
	content.Lease:   {{"lease.contract"}, {"lease.lessor", "lease.started_on"}},
	content.Honour:  {{"honour.title", "honour.awarded_on", "honour.item"}, {"honour.title", "honour.awarded_on"}, {"honour.title"}},
}

// labels is the definition that names a subject of a kind to people, where it has one.
var labels = map[string]string{
	content.Project: "project.name", content.Loan: "loan.contract", content.Lease: "lease.contract", content.Honour: "honour.title",
}

func (t *table) thingKey(rec *sheet.Record, k *kindKeys) (key, label string) {
	label = t.firstText(rec, k.labels)
	for _, set := range k.sets {
		var parts []string
		for _, columns := range set {
			if s := t.firstText(rec, columns); s != "" {
				parts = append(parts, content.Fold(s))
			}
		}
		if len(parts) == len(set) {
			key = strings.Join(parts, "|")
			return key, cmp.Or(label, key)
		}
	}
	return "", ""
}

// firstText is the first value that one of the columns has, as part of a key.
func (t *table) firstText(rec *sheet.Record, columns []*column) string {
	for _, c := range columns {
		if v := t.value(rec, c); v.State == fact.Present {
			return cmp.Or(v.Value.Text, c.fact.Code+"="+formatNum(v.Value.Num))
		}
	}
	return ""
}

// keyless says why a row does not tell which thing of a kind it is about: a cell that cannot be read, else one that is
// missing.
func (t *table) keyless(rec *sheet.Record, k *kindKeys) {
	unread := false
	for _, c := range k.all {
		if _, why := t.read(rec, c); !why.IsZero() {
			t.find(Left, rec, c, why)
			unread = true
		}
	}
	if !unread {
		t.find(Left, rec, nil, i18n.M("intake.no_"+k.kind+"_key"))
	}
}

// each reads the rows of one sheet, as the step-th walk through a sheet.
func (t *table) each(ctx context.Context, step int, fn func(*entry) error) error {
	t.section = ""
	if t.needsPeriod() {
		t.r.found.add(finding{severity: Stop, sheet: t.plan, msg: i18n.M("intake.no_period")})
	}
	defer t.checkFirst()
	return t.records(ctx, step, func(rec *sheet.Record) error {
		switch rec.Kind {
		case sheet.TotalRow:
			t.r.totals++
			t.checkTotals(rec)
			return nil
		case sheet.SectionRow:
			t.enterSection(rec)
			t.r.others++
			return nil
		case sheet.NoteRow, sheet.HeaderAgain:
			t.r.others++
			return nil
		}
		if rec.Hidden && !t.plan.TakeHidden {
			t.find(Left, rec, nil, i18n.M("intake.hidden_row"))
			return nil
		}
		if t.leave {
			t.r.leave++
			t.tally(rec)
			return nil
		}
		w, ok := t.who(rec)
		if !ok {
			t.tally(rec)
			if w.owner.kind == "" {
				t.tellCells(rec)
			}
			return nil
		}
		t.r.rows++
		return t.r.hand(t.entry(rec, w), w, fn)
	})
}

// tellCells says which cells could not be read either in a row that is left out for not telling whom it is about: whoever
// mends the one should see the other.
func (t *table) tellCells(rec *sheet.Record) {
	for i := range t.columns {
		c := &t.columns[i]
		if c.fact == nil {
			continue
		}
		if _, why := t.read(rec, c); !why.IsZero() {
			t.find(Left, rec, c, why)
		}
	}
}

// hand gives an entry on, or holds it until the last row about the same has come. What goes by the row's period and what
// does not are held apart: two years of a firm state its founding twice, and its revenue once each.
func (r *reading) hand(e *entry, w who, fn func(*entry) error) error {
	t := e.table
	if t.split {
		if key := r.hash(w, false); r.due[key] > 0 {
			rest := *e
			rest.part, rest.facts = true, nil
			own := e.facts[:0]
			for _, s := range e.facts {
				if s.col.loose() {
					rest.facts = append(rest.facts, s)
				} else {
					own = append(own, s)
				}
			}
			e.facts = own
			if err := r.hold(key, &rest, fn); err != nil {
				return err
			}
		}
	}
	key := r.hash(w, t.dated)
	if r.due[key] == 0 {
		return fn(e)
	}
	return r.hold(key, e, fn)
}

func (r *reading) hold(key uint64, e *entry, fn func(*entry) error) error {
	if len(r.held[key]) == 0 {
		r.order = append(r.order, key)
	}
	r.held[key] = append(r.held[key], e)
	if r.facts += len(e.facts); r.facts > maxHeld {
		return errs.Invalid(i18n.M("intake.too_many_doubles", maxHeld))
	}
	if r.due[key]--; r.due[key] > 0 {
		return nil
	}
	return r.release(key, fn)
}

// release settles what is held under a key and hands it on.
func (r *reading) release(key uint64, fn func(*entry) error) error {
	list := r.held[key]
	delete(r.held, key)
	for _, e := range list {
		r.facts -= len(e.facts)
	}
	for len(list) > 0 {
		var alike, others []*entry
		for _, e := range list {
			if same(list[0], e) {
				alike = append(alike, e)
			} else {
				others = append(others, e)
			}
		}
		if err := fn(r.settle(alike)); err != nil {
			return err
		}
		list = others
	}
	return nil
}

// records walks through the sheet and tells how far it has come: each sheet is walked through twice, step counts from 0.
func (t *table) records(ctx context.Context, step int, fn func(*sheet.Record) error) error {
	seen := 0
	return t.r.book.Records(ctx, t.layout, func(rec *sheet.Record) error {
		if seen++; seen%500 == 0 && t.r.progress != nil {
			share := 1000 * step
			if done, total := t.r.book.Progress(); total > 0 {
				share += int(1000 * done / total)
			}
			t.r.progress(t.r.rows, share/(2*len(t.r.tables)))
		}
		t.mend(rec)
		return fn(rec)
	})
}

// needsPeriod says that figures of the sheet belong to a period and that neither the plan, nor a column, nor the rows
// say which.
func (t *table) needsPeriod() bool {
	if t.plan.Period.Kind() != period.Always || t.plan.takes(rolePeriod) {
		return false
	}
	return slices.ContainsFunc(t.columns, func(c column) bool {
		return c.def >= 0 && c.fact.Period != period.Always && c.Period.Kind() == period.Always
	})
}

// entry reads the values of a row.
func (t *table) entry(rec *sheet.Record, w who) *entry {
	e := &entry{table: t, row: rec.Row, owner: w.owner, things: w.things, facts: make([]stated, 0, len(t.columns))}
	e.often = t.r.often[t.r.hash(who{owner: w.owner}, false)]
	for i := range t.columns {
		c := &t.columns[i]
		if c.fact == nil {
			continue
		}
		about := -1
		if c.fact.Subject != w.owner.kind {
			about = slices.IndexFunc(w.things, func(x thing) bool { return x.kind == c.fact.Subject })
			if about < 0 {
				continue // said once: for the row, where the key was missing, or for the column
			}
		}
		p := t.periodOf(c, w.period)
		if (p.Kind() == period.Always) != (c.fact.Period == period.Always) {
			continue // stopped by needsPeriod
		}
		v, why := t.read(rec, c)
		if !why.IsZero() {
			t.find(Left, rec, c, why)
			continue
		}
		if v.State == fact.Unknown {
			continue // a blank cell states nothing
		}
		for _, note := range v.notes {
			t.find(Warn, rec, c, note)
		}
		s := stated{col: c, row: rec.Row, about: about, period: p, said: v.Said, precision: v.precision}
		if cell := &rec.Cells[c.at]; cell.Type == sheet.Text {
			s.shown = cut(cell.Raw, 200)
		}
		t.sums[i].add(s.said)
		e.facts = append(e.facts, s)
	}
	return e
}

func (t *table) periodOf(c *column, row period.Period) period.Period {
	switch {
	case c.fact.Period == period.Always:
		return period.Period{}
	case c.Period.Kind() != period.Always:
		return c.Period
	default:
		return row
	}
}

// value is what a cell says, Unknown when it cannot be read.
func (t *table) value(rec *sheet.Record, c *column) Said {
	v, why := t.read(rec, c)
	if !why.IsZero() {
		return Said{}
	}
	return v.Said
}

// readValue is a value with what the sender said about its precision, and what the sender should be told.
type readValue struct {
	Said
	precision fact.Precision
	notes     []i18n.Msg
}

// states is what is stated by a cell without a value.
var states = [...]fact.State{
	sheet.Unstated: fact.Unknown, sheet.Missing: fact.Missing, sheet.None: fact.None, sheet.Withheld: fact.Withheld,
}

// read reads a cell as its column's definition wants it.
func (t *table) read(rec *sheet.Record, c *column) (readValue, i18n.Msg) {
	cell, want := &rec.Cells[c.at], c.want
	if cell.Type == sheet.Blank {
		return readValue{}, i18n.Msg{}
	}
	if want.Kind == sheet.KindMoney && t.roles[roleUnit] != nil {
		u, why := t.rowUnit(rec, want.Unit)
		if !why.IsZero() {
			return readValue{}, why
		}
		want.Unit = u
	}
	return readCell(*cell, want, c.fact, c.codes)
}

// readCell reads a cell as a definition wants it; codes is the list of a code.
func readCell(cell sheet.Cell, want sheet.Want, def *content.FactDef, codes content.CodeList) (readValue, i18n.Msg) {
	r, why := look(cell, want)
	if !why.IsZero() {
		return readValue{}, why
	}
	if r.State != sheet.Present {
		return readValue{Said: Said{State: states[r.State]}}, i18n.Msg{}
	}
	v := readValue{Said: Said{State: fact.Present}, notes: r.Notes}
	switch r.Precision {
	case sheet.Range, sheet.AtMost:
		return readValue{}, i18n.M("intake.open_value", cell.Shown())
	case sheet.Approx:
		v.precision = fact.Approx
	case sheet.AtLeast:
		v.precision = fact.AtLeast
	}
	if want.Kind == sheet.KindDate && r.Day != period.DayKind {
		v.precision = fact.Approx
	}
	if !def.Type.IsText() {
		v.Value.Num = r.Num
		return v, bounds(def, r.Num)
	}
	v.Value.Text = strings.TrimSpace(r.Text)
	if len(v.Value.Text) > maxText {
		return readValue{}, i18n.M("intake.long_text", maxText)
	}
	if def.Type != content.Code {
		return v, i18n.Msg{}
	}
	if e, ok := codes.Resolve(v.Value.Text); ok {
		v.Value.Text = e.Code
	} else if !codes.Open {
		return readValue{}, i18n.M("intake.no_code", v.Value.Text, def.Name, someCodes(codes))
	}
	return v, i18n.Msg{}
}

// maxText is the longest text of a cell that is taken, in bytes; a fact holds no more.
const maxText = 4000

// bounds says why a number cannot be.
func bounds(def *content.FactDef, n int64) i18n.Msg {
	if def.Min != nil && n < *def.Min || def.Max != nil && n > *def.Max {
		return i18n.M("intake.out_of_bounds", def.Name, show(*def, n), showBound(*def, def.Min), showBound(*def, def.Max))
	}
	return i18n.Msg{}
}

// someCodes is the first words of a code list, to show what was expected.
func someCodes(list content.CodeList) i18n.Text {
	var zh, en []string
	for _, e := range list.Entries[:min(len(list.Entries), 8)] {
		zh, en = append(zh, e.Name.ZH), append(en, e.Name.EN)
	}
	return i18n.Text{ZH: strings.Join(zh, "、"), EN: strings.Join(en, ", ")}
}

// rowUnit is the unit that a column of units gives for the amounts of a row; a blank cell leaves it to the header.
func (t *table) rowUnit(rec *sheet.Record, header sheet.Unit) (sheet.Unit, i18n.Msg) {
	text := strings.TrimSpace(rec.Cells[t.roles[roleUnit].at].Raw)
	if text == "" {
		return header, i18n.Msg{}
	}
	u, ok := sheet.UnitNamed(text)
	if !ok {
		return header, i18n.M("intake.row_unit", text)
	}
	return u, i18n.Msg{}
}

// text is the words of a row in a role's column; "" where it has none. A cell that cannot be read at all (#REF!, a formula
// without a result) is told, and not ok.
func (t *table) text(rec *sheet.Record, role string) (text string, ok bool) {
	c := t.roles[role]
	if c == nil {
		return "", true
	}
	r, why := look(rec.Cells[c.at], sheet.Want{Kind: sheet.KindText})
	if !why.IsZero() {
		t.find(Left, rec, c, why)
		return "", false
	}
	if r.State != sheet.Present {
		return "", true
	}
	for _, note := range r.Notes {
		t.find(Warn, rec, c, note)
	}
	t.r.degraded = t.r.degraded || isDegraded(r)
	return strings.TrimSpace(r.Text), true
}

// isDegraded says that a text came by way of recognition from an image or of conversion: pinyin stands beside it, it is in
// traditional characters, or some of it was lost.
func isDegraded(r sheet.Reading) bool {
	return len(r.Notes) > 0 || strings.ContainsRune(r.Text, utf8.RuneError) || hanzi.IsTraditional(r.Text)
}

// enterSection takes a text that stands alone in a row as the area of the rows below it, when it is one.
func (t *table) enterSection(rec *sheet.Record) {
	t.section = ""
	if found := t.r.lib.Areas().Resolve(rec.Text, t.r.area); len(found) == 1 {
		t.section = found[0].Code
	}
}

// resolve is the nodes of a tree that a word means within a node. The words of a column repeat.
func (r *reading) resolve(tree *content.Tree, word, within string) []content.Node {
	key := wordKey{tree.Version + "\x00" + within, word}
	if found, ok := r.words[key]; ok {
		return found
	}
	found := tree.Resolve(word, within)
	if len(r.words) < maxWords {
		key.word = strings.Clone(word) // or the map would hold the row's text
		r.words[key] = found
	}
	return found
}

// sees says that the sender may state something of what lies in an area or is an enterprise: within the sender's scope
// and within the area that the file is for, so that another who may see the batch sees in it only what is also theirs.
func (r *reading) sees(area string, id int64) bool {
	within, ok := r.reach[area]
	if !ok {
		within = r.area == "" || area == "" || r.lib.Areas().Within(area, r.area)
		r.reach[area] = within
	}
	return within && r.scope.Sees(access.Import, area, id)
}

func (t *table) place(row int, c *column) string {
	return sheetPlace(t.plan.Name, sheet.Address(row, t.layout.Columns[c.at].Index))
}

func (t *table) find(s Severity, rec *sheet.Record, c *column, msg i18n.Msg) {
	t.findLike(s, rec, c, msg, nil)
}

// findLike is find where known enterprises may be meant.
func (t *table) findLike(s Severity, rec *sheet.Record, c *column, msg i18n.Msg, like []Like) {
	f := finding{severity: s, sheet: t.plan, row: rec.Row, msg: msg, like: like}
	if c != nil {
		f.column, f.word = c.ColumnPlan, t.word(rec, c)
	}
	t.r.found.add(f)
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// settle makes one entry of several about the same. What they state alike is kept once. Where they differ, the plan
// says which holds; as long as it does not, neither is taken, and both places are shown.
func (r *reading) settle(list []*entry) *entry {
	first := *list[0]
	if len(list) == 1 {
		return &first
	}
	doubles := first.table.plan.Doubles
	type slot struct {
		about, def int
		period     period.Period
	}
	kept := map[slot]int{}
	clash := map[slot]bool{}
	facts := []stated{}
	for _, e := range list {
		first.part = first.part && e.part
		warn := func(msg i18n.Msg) {
			if !e.part {
				r.found.add(finding{severity: Warn, sheet: e.table.plan, row: e.row, msg: msg})
			}
		}
		if e.owner.name != "" && first.owner.name != "" && e.owner.name != first.owner.name {
			warn(i18n.M("intake.two_names", first.owner.name, e.owner.name))
		}
		if e.owner.area != first.owner.area {
			warn(i18n.M("intake.two_areas", r.areaName(first.owner.area), r.areaName(e.owner.area)))
		}
		if doubles == TakeLast {
			first.owner = e.owner
		}
		for _, s := range e.facts {
			key := slot{s.about, s.col.def, s.period}
			i, twice := kept[key]
			switch {
			case !twice:
				kept[key] = len(facts)
				facts = append(facts, s)
			case facts[i].said == s.said || doubles == TakeFirst:
			case doubles == TakeLast:
				facts[i] = s
			default:
				clash[key] = true
				def := s.col.fact
				r.found.add(finding{severity: Left, sheet: e.table.plan, column: s.col.ColumnPlan, row: s.row, msg: i18n.M("intake.stated_twice", def.Name,
					facts[i].place(), showSaid(r.lib, *def, facts[i].said), s.place(), showSaid(r.lib, *def, s.said))})
			}
		}
	}
	first.facts = slices.DeleteFunc(facts, func(s stated) bool { return clash[slot{s.about, s.col.def, s.period}] })
	return &first
}

func (r *reading) areaName(code string) string {
	if n, ok := r.lib.Areas().Node(code); ok {
		return n.Name
	}
	return code
}

// look is what a cell says, or why it cannot be read.
func look(c sheet.Cell, w sheet.Want) (sheet.Reading, i18n.Msg) {
	r, err := sheet.Read(c, w)
	if err == nil {
		return r, i18n.Msg{}
	}
	why, ok := errs.Message(err)
	if !ok {
		why = i18n.M("intake.unreadable", c.Shown())
	}
	return sheet.Reading{}, why
}
