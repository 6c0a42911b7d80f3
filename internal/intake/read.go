package intake

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// entry is what one row of a sheet states: about a firm or an area, and about what belongs to the firm.
type entry struct {
	sheet  string
	row    int
	owner  owner
	things []thing // below the owner
	facts  []stated
}

// owner is the firm or the area that a row is about.
type owner struct {
	kind     string // content.Enterprise or content.Area
	id       int64  // 0 when it is not known yet
	key      string // see party.EnterpriseKey; the node of an area
	name     string // as stated; "" when the row does not name it
	code     party.USCC
	sound    bool
	former   string
	area     string // node; stated, or that of the sender
	industry string // node; "" when the row does not state it
	place    string // of the row
}

// thing is something that belongs to the owner: a project, a loan, a lease, an honour.
type thing struct{ kind, key, label string }

// stated is one value of a row.
type stated struct {
	about     int // index into things; −1 is the owner
	def       int // index into the library's definitions
	period    period.Period
	col       int // index into the sheet's columns
	said      Said
	precision fact.Precision
	place     string
	shown     string
}

// reading is one walk through a file under its plan.
type reading struct {
	lib      *content.Library
	book     *sheet.Book
	plan     Plan
	area     string // of the sender
	scope    access.Scope
	firms    *firms
	found    *findings
	tables   []*table
	totals   int
	others   int
	rows     int
	progress func(rows, share int)
	seed     maphash.Seed
	again    map[uint64]bool     // rows that state about the same subjects and period as another one
	held     map[uint64][]*entry // of these, until the end
	order    []uint64            // of held, by first appearance
}

// table is one sheet of a reading.
type table struct {
	r       *reading
	plan    SheetPlan
	layout  *sheet.Layout
	columns []column
	section string // area named by the last section row
	sums    []sums
	first   []claimed // by total rows above the first row that they add up
}

// column is a column that is read.
type column struct {
	ColumnPlan
	at   int // index into Record.Cells
	want sheet.Want
	def  int // index into the library's definitions; −1 for a role
	fact content.FactDef
}

// open prepares the walk: it finds the tables again and joins them with the plan.
func (r *reading) open(ctx context.Context, vocabulary sheet.Vocabulary) error {
	index := map[string]int{}
	for i, def := range r.lib.FactDefs() {
		index[def.Code] = i
	}
	for _, p := range r.plan.Sheets {
		if p.Skip {
			continue
		}
		layout, err := sheet.Detect(ctx, r.book, p.Index, vocabulary)
		if err != nil {
			return err
		}
		t := &table{r: r, plan: p, layout: &layout}
		for i, c := range p.Columns {
			if c.Target == "" || i >= len(layout.Columns) {
				continue
			}
			col := column{ColumnPlan: c, at: i, def: -1}
			col.want = sheet.Want{Kind: roleKind(c.Target), Rate: c.Rate, Year: p.Period.YearOf()}
			if c.Unit != "" {
				col.want.Unit, _ = sheet.UnitNamed(c.Unit)
			}
			if d, ok := index[c.Target]; ok {
				col.def, col.fact = d, r.lib.FactDefs()[d]
				col.want.Kind = sheet.Kind(col.fact.Type)
			}
			t.columns = append(t.columns, col)
		}
		t.sums = make([]sums, len(t.columns))
		r.tables = append(r.tables, t)
	}
	return nil
}

// each hands every row of the file to fn as an entry. Rows about the same come last, after what they state twice was
// settled as the plan says.
func (r *reading) each(ctx context.Context, fn func(*entry) error) error {
	r.seed = maphash.MakeSeed()
	if err := r.findRepeats(ctx); err != nil {
		return err
	}
	r.held = map[uint64][]*entry{}
	for i, t := range r.tables {
		if err := t.each(ctx, len(r.tables)+i, fn); err != nil {
			return err
		}
	}
	for _, key := range r.order {
		if e := r.settle(r.held[key]); e != nil {
			if err := fn(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// findRepeats is a first walk that looks at who each row is about and nothing else.
func (r *reading) findRepeats(ctx context.Context) error {
	quiet := r.found
	r.found = &findings{} // the second walk tells
	defer func() { r.found = quiet }()
	seen := map[uint64]bool{}
	r.again = map[uint64]bool{}
	for i, t := range r.tables {
		t.section = ""
		err := t.records(ctx, i, func(rec *sheet.Record) error {
			if rec.Kind == sheet.SectionRow {
				t.enterSection(rec)
			}
			if rec.Kind != sheet.DataRow || rec.Hidden && !t.plan.TakeHidden {
				return nil
			}
			w, ok := t.who(rec)
			if !ok {
				return nil
			}
			key := r.hash(w)
			if seen[key] {
				r.again[key] = true
			}
			seen[key] = true
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// who is what tells a row apart: the owner, the things below it and the period.
type who struct {
	owner  owner
	things []thing
	period period.Period
}

func (r *reading) hash(w who) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seed)
	parts := []string{w.owner.kind, w.owner.key, w.period.String()}
	for _, t := range w.things {
		parts = append(parts, t.kind, t.key)
	}
	for _, p := range parts {
		h.WriteString(p)
		h.WriteByte(0)
	}
	return h.Sum64()
}

// who reads who a row is about. ok is false when that cannot be told; the reason is among the findings.
func (t *table) who(rec *sheet.Record) (w who, ok bool) {
	w.owner, ok = t.owner(rec)
	if !ok {
		return who{}, false
	}
	w.period = t.plan.Period
	for _, c := range t.columns {
		if c.Target != rolePeriod {
			continue
		}
		p, why := look(rec.Cells[c.at], c.want)
		switch {
		case !why.IsZero():
			t.find(Left, rec, &c, why)
			return who{}, false
		case p.State == sheet.Present:
			w.period = p.Period
		}
	}
	if w.owner.kind != content.Enterprise {
		return w, true
	}
	for _, kind := range t.plan.kinds(t.r.lib) {
		if kind == content.Area {
			continue
		}
		key, label := t.thingKey(rec, kind)
		if key == "" {
			t.keyless(rec, kind)
			continue
		}
		w.things = append(w.things, thing{kind: kind, key: key, label: label})
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

func (t *table) thingKey(rec *sheet.Record, kind string) (key, label string) {
	text := func(code string) string {
		for _, c := range t.columns {
			if c.Target == code {
				if v := t.value(rec, &c); v.State == fact.Present {
					return cmp.Or(v.Value.Text, c.fact.Code+"="+formatNum(v.Value.Num))
				}
			}
		}
		return ""
	}
	label = text(labels[kind])
	for _, set := range keysOf[kind] {
		var parts []string
		for _, code := range set {
			if s := text(code); s != "" {
				parts = append(parts, content.Fold(s))
			}
		}
		if len(parts) == len(set) {
			key = strings.Join(parts, "|")
			if label == "" {
				label = key
			}
			return key, label
		}
	}
	return "", ""
}

// keyless says why a row does not tell which thing of a kind it is about: a cell that cannot be read, else one that is
// missing.
func (t *table) keyless(rec *sheet.Record, kind string) {
	unread := false
	for i := range t.columns {
		c := &t.columns[i]
		if !slices.ContainsFunc(keysOf[kind], func(set []string) bool { return slices.Contains(set, c.Target) }) {
			continue
		}
		if _, why := t.read(rec, c); !why.IsZero() {
			t.find(Left, rec, c, why)
			unread = true
		}
	}
	if !unread {
		t.find(Left, rec, nil, i18n.M("intake.no_"+kind+"_key"))
	}
}

// each reads the rows of one sheet, as the step-th walk through a sheet.
func (t *table) each(ctx context.Context, step int, fn func(*entry) error) error {
	t.section = ""
	if t.needsPeriod() {
		t.r.found.add(finding{severity: Stop, sheet: t.plan.Name, place: t.plan.Name, msg: i18n.M("intake.no_period")})
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
		w, ok := t.who(rec)
		if !ok {
			t.tally(rec)
			return nil
		}
		e := t.entry(rec, w)
		t.r.rows++
		if key := t.r.hash(w); t.r.again[key] {
			if len(t.r.held[key]) == 0 {
				t.r.order = append(t.r.order, key)
			}
			t.r.held[key] = append(t.r.held[key], e)
			return nil
		}
		return fn(e)
	})
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
	e := &entry{sheet: t.plan.Name, row: rec.Row, owner: w.owner, things: w.things}
	for i := range t.columns {
		c := &t.columns[i]
		if c.def < 0 {
			continue
		}
		about := slices.IndexFunc(w.things, func(x thing) bool { return x.kind == c.fact.Subject })
		if about < 0 && c.fact.Subject != w.owner.kind {
			continue // the row has no such subject; said once, where its key was missing
		}
		s := stated{about: about, def: c.def, col: i, place: t.place(rec, c)}
		if s.period = t.periodOf(c, w.period); (s.period.Kind() == period.Always) != (c.fact.Period == period.Always) {
			continue // stopped by needsPeriod
		}
		cell := rec.Cells[c.at]
		v, why := t.read(rec, c)
		if !why.IsZero() {
			t.find(Left, rec, c, why)
			continue
		}
		s.said, s.precision = v.Said, v.precision
		if s.said.State == fact.Unknown {
			continue // a blank cell states nothing
		}
		if cell.Type == sheet.Text {
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

// readValue is a value with what the sender said about its precision.
type readValue struct {
	Said
	precision fact.Precision
}

// read reads a cell as its column's definition wants it.
func (t *table) read(rec *sheet.Record, c *column) (readValue, i18n.Msg) {
	want := c.want
	if u, ok := t.rowUnit(rec); ok && want.Kind == sheet.KindMoney {
		want.Unit = u
	}
	r, why := look(rec.Cells[c.at], want)
	if !why.IsZero() {
		return readValue{}, why
	}
	states := map[sheet.State]fact.State{
		sheet.Unstated: fact.Unknown, sheet.Missing: fact.Missing, sheet.None: fact.None, sheet.Withheld: fact.Withheld,
	}
	if r.State != sheet.Present {
		return readValue{Said: Said{State: states[r.State]}}, i18n.Msg{}
	}
	v := readValue{Said: Said{State: fact.Present}}
	switch r.Precision {
	case sheet.Range, sheet.AtMost:
		return readValue{}, i18n.M("intake.open_value", rec.Cells[c.at].Shown())
	case sheet.Approx:
		v.precision = fact.Approx
	case sheet.AtLeast:
		v.precision = fact.AtLeast
	}
	if want.Kind == sheet.KindDate && r.Day != period.DayKind {
		v.precision = fact.Approx
	}
	if !c.fact.Type.IsText() {
		v.Value.Num = r.Num
		return v, bounds(c.fact, r.Num)
	}
	v.Value.Text = strings.TrimSpace(r.Text)
	if len(v.Value.Text) > maxText {
		return readValue{}, i18n.M("intake.long_text", maxText)
	}
	if c.fact.Type != content.Code {
		return v, i18n.Msg{}
	}
	list, _ := t.r.lib.CodeList(c.fact.Codes)
	if e, ok := list.Resolve(v.Value.Text); ok {
		v.Value.Text = e.Code
	} else if !list.Open {
		return readValue{}, i18n.M("intake.no_code", v.Value.Text, c.fact.Name, someCodes(list))
	}
	return v, i18n.Msg{}
}

// maxText is the longest text of a cell that is taken, in bytes; a fact holds no more.
const maxText = 4000

// bounds says why a number cannot be.
func bounds(def content.FactDef, n int64) i18n.Msg {
	if def.Min != nil && n < *def.Min || def.Max != nil && n > *def.Max {
		return i18n.M("intake.out_of_bounds", def.Name, show(def, n), showBound(def, def.Min), showBound(def, def.Max))
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

// rowUnit is the unit that a column of units gives for a row.
func (t *table) rowUnit(rec *sheet.Record) (sheet.Unit, bool) {
	for _, c := range t.columns {
		if c.Target == roleUnit {
			return sheet.UnitNamed(strings.TrimSpace(rec.Cells[c.at].Raw))
		}
	}
	return sheet.Unit{}, false
}

func (t *table) text(rec *sheet.Record, role string) (string, *column) {
	for i := range t.columns {
		c := &t.columns[i]
		if c.Target != role {
			continue
		}
		r, why := look(rec.Cells[c.at], sheet.Want{Kind: sheet.KindText})
		if why.IsZero() && r.State == sheet.Present {
			return strings.TrimSpace(r.Text), c
		}
		return "", c
	}
	return "", nil
}

// enterSection takes a text that stands alone in a row as the area of the rows below it, when it is one.
func (t *table) enterSection(rec *sheet.Record) {
	t.section = ""
	if found := t.r.lib.Areas().Resolve(rec.Text, t.r.area); len(found) == 1 {
		t.section = found[0].Code
	}
}

func (t *table) place(rec *sheet.Record, c *column) string {
	addr := sheet.Address(rec.Row, t.layout.Columns[c.at].Index)
	if t.plan.Name == "" {
		return addr
	}
	return t.plan.Name + "!" + addr
}

func (t *table) find(s Severity, rec *sheet.Record, c *column, msg i18n.Msg) {
	f := finding{severity: s, sheet: t.plan.Name, msg: msg}
	if c != nil {
		f.column, f.place = c.Header, t.place(rec, c)
	} else {
		f.place = rowPlace(t.plan.Name, rec.Row)
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
	doubles := r.doublesOf(first.sheet)
	type slot struct {
		about, def int
		period     period.Period
	}
	kept := map[slot]int{}
	clash := map[slot]bool{}
	facts := []stated{}
	for _, e := range list {
		if e.owner.name != "" && first.owner.name != "" && e.owner.name != first.owner.name {
			r.found.add(finding{Warn, e.sheet, "", rowPlace(e.sheet, e.row), i18n.M("intake.two_names", first.owner.name, e.owner.name)})
		}
		if e.owner.area != first.owner.area {
			r.found.add(finding{Warn, e.sheet, "", rowPlace(e.sheet, e.row), i18n.M("intake.two_areas",
				r.areaName(first.owner.area), r.areaName(e.owner.area))})
		}
		if doubles == TakeLast {
			first.owner = e.owner
		}
		for _, s := range e.facts {
			key := slot{s.about, s.def, s.period}
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
				def := r.lib.FactDefs()[s.def]
				r.found.add(finding{Left, e.sheet, def.Name.ZH, s.place, i18n.M("intake.stated_twice", def.Name,
					facts[i].place, showSaid(r.lib, def, facts[i].said), s.place, showSaid(r.lib, def, s.said))})
			}
		}
	}
	first.facts = slices.DeleteFunc(facts, func(s stated) bool { return clash[slot{s.about, s.def, s.period}] })
	return &first
}

func (r *reading) doublesOf(name string) Doubles {
	for _, t := range r.tables {
		if t.plan.Name == name {
			return t.plan.Doubles
		}
	}
	return LeaveOut
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
