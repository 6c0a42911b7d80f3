package form

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Entry is what was typed, readable or not: a text by field, and rows of texts by list. It is what a draft keeps.
type Entry struct {
	Texts map[string]string              `json:"texts,omitempty"`
	Rows  map[string][]map[string]string `json:"rows,omitempty"`
}

// Answers is what was answered, by field. A field that is not in it was not answered.
type Answers map[string]Answer

// Answer is a value, or the rows of a list.
type Answer struct {
	Value rule.Value
	Rows  []Row
}

// Row is the values of one row by column.
type Row map[string]rule.Value

// Problem is one thing that is wrong with what was answered.
type Problem struct {
	Path  string // of the input on the page: total, lines.2.amount (rows from 0)
	Field string // which field
	Where i18n.Msg
	Msg   i18n.Msg // what was expected
}

// Result is what a form comes to.
type Result struct {
	Answers  Answers         // of the fields that are asked and right
	Asked    map[string]bool // the fields that are to be answered
	Problems []Problem       // in the order of the page
	Dropped  Entry           // what was answered and is not asked: for the log

	asking *asking
}

// Err is all problems as one error of kind Invalid, nil without any.
func (r Result) Err() error {
	if len(r.Problems) == 0 {
		return nil
	}
	p := r.Problems[0]
	return &errs.Error{Kind: errs.KindInvalid, Msg: i18n.M("form.problems", len(r.Problems), p.Where, p.Msg), Err: Problems(r.Problems)}
}

// Problems is every problem of a form as an error, for pages that show each beside its field.
type Problems []Problem

func (ps Problems) Error() string {
	all := make([]string, len(ps))
	for i, p := range ps {
		all[i] = p.Path + ": " + p.Msg.String()
	}
	return strings.Join(all, "\n")
}

// Of is what is wrong at a path, in order.
func (r Result) Of(path string) []i18n.Msg {
	var all []i18n.Msg
	for _, p := range r.Problems {
		if p.Path == path {
			all = append(all, p.Msg)
		}
	}
	return all
}

// entered is what came in, read field by field.
type entered struct {
	values map[string]reading
	rows   map[string][]map[string]reading // of a list that stands, perhaps empty
	extra  []Problem
}

// Check says what typed text comes to: the answers, what is wrong, and what is no longer asked. Files are those that a
// case holds for the form.
func (f *Form) Check(at At, in Entry, files Files) Result {
	return f.judge(at, f.enter(at, f.Tidy(in)), files)
}

// Tidy is an entry without what the form does not ask and without rows in which nothing stands: the rows are counted as
// the paths of problems count them. A page shows it, never what was sent.
func (f *Form) Tidy(in Entry) Entry {
	out := Entry{Texts: map[string]string{}, Rows: map[string][]map[string]string{}}
	for _, field := range f.fields {
		if text, ok := in.Texts[field.Name]; ok && field.Type != "" && !field.Readonly {
			out.Texts[field.Name] = text
		}
		for _, row := range in.Rows[field.Name] {
			line := map[string]string{}
			for _, c := range field.Columns {
				if strings.TrimSpace(row[c.Name]) != "" {
					line[c.Name] = row[c.Name]
				}
			}
			if len(line) > 0 {
				out.Rows[field.Name] = append(out.Rows[field.Name], line)
			}
		}
	}
	return out
}

// enter reads typed text, which is tidy, field by field.
func (f *Form) enter(at At, in Entry) entered {
	e := entered{values: map[string]reading{}, rows: map[string][]map[string]reading{}}
	at = f.dated(at, nil)
	for _, field := range f.fields {
		switch {
		case field.IsFiles():
		case field.Readonly:
			e.values[field.Name] = field.known(at)
		case !field.IsList():
			e.values[field.Name] = field.typed(in.Texts[field.Name])
		default:
			rows := in.Rows[field.Name]
			if len(rows) > field.MaxItems {
				e.extra = append(e.extra, field.problem(field.Name, i18n.M("form.too_many_rows", len(rows), field.MaxItems)))
				rows = rows[:field.MaxItems]
			}
			var read []map[string]reading
			for _, row := range rows {
				line := map[string]reading{}
				for _, c := range field.Columns {
					line[c.Name] = c.typed(row[c.Name])
				}
				read = append(read, line)
			}
			if read != nil {
				e.rows[field.Name] = read
			}
		}
	}
	return e
}

// known is the answer of a field whose fact is the answer.
func (f *Field) known(at At) reading {
	v, state := at.fact(f)
	switch state {
	case rule.Present:
		return reading{value: v, stands: true, shown: f.Typed(v)}
	case rule.None:
		return reading{stands: true, wrong: noneKnown}
	}
	return reading{}
}

// noneKnown marks a fact that is known to be nothing: the question is answered, there is no value.
var noneKnown = i18n.M("form.none_known")

// CheckSent is Check for an entry as a page or a program sends it: an Entry as JSON, or {"answers": …} with a document that
// follows Schema.
func (f *Form) CheckSent(at At, sent []byte, files Files) (Result, error) {
	if len(sent) > MaxDocument {
		return Result{}, errs.Invalid(i18n.M("form.document_size", MaxDocument>>20))
	}
	var e struct {
		Entry
		Answers json.RawMessage `json:"answers"`
	}
	if err := json.Unmarshal(sent, &e); err != nil {
		return Result{}, &errs.Error{Kind: errs.KindInvalid, Msg: i18n.M("form.document"), Err: err}
	}
	if e.Answers != nil {
		return f.CheckJSON(at, e.Answers, files)
	}
	return f.Check(at, e.Entry, files), nil
}

// CheckJSON is Check for answers as a JSON document that follows Schema. A document that is no JSON object is Invalid.
func (f *Form) CheckJSON(at At, doc []byte, files Files) (Result, error) {
	e, err := f.decode(doc)
	if err != nil {
		return Result{}, err
	}
	for _, field := range f.fields {
		if field.Readonly {
			e.values[field.Name] = field.known(f.dated(at, nil))
		}
	}
	return f.judge(at, e, files), nil
}

// MaxDocument is the largest JSON document and the largest draft, in bytes.
const MaxDocument = 4 << 20

func (f *Form) decode(doc []byte) (entered, error) {
	e := entered{values: map[string]reading{}, rows: map[string][]map[string]reading{}}
	if len(doc) > MaxDocument {
		return e, errs.Invalid(i18n.M("form.document_size", MaxDocument>>20))
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var all map[string]any
	err := d.Decode(&all)
	if _, more := d.Token(); err == nil && !errors.Is(more, io.EOF) || err == nil && all == nil {
		err = errors.New("something follows the object")
	}
	if err != nil {
		return e, &errs.Error{Kind: errs.KindInvalid, Msg: i18n.M("form.document"), Err: err}
	}
	for _, name := range sortedKeys(all) {
		field, ok := f.Field(name)
		switch {
		case !ok || field.IsFiles():
			e.extra = append(e.extra, Problem{Path: name, Where: i18n.M("form.one", clip(name)), Msg: i18n.M("form.no_such_field")})
		case !field.IsList():
			e.values[name] = field.json(all[name])
		default:
			e.list(field, all[name])
		}
	}
	return e, nil
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// list reads the rows of a JSON document.
func (e *entered) list(f *Field, v any) {
	rows, ok := v.([]any)
	if !ok {
		e.values[f.Name] = reading{stands: true, wrong: i18n.M("form.json_type", i18n.M("form.json_array"))}
		return
	}
	if len(rows) > f.MaxItems {
		e.extra = append(e.extra, f.problem(f.Name, i18n.M("form.too_many_rows", len(rows), f.MaxItems)))
		rows = rows[:f.MaxItems]
	}
	read := []map[string]reading{}
	for i, v := range rows {
		row, ok := v.(map[string]any)
		if !ok {
			e.extra = append(e.extra, f.rowProblem(i, nil, i18n.M("form.json_type", i18n.M("form.json_object"))))
		}
		line := map[string]reading{}
		for _, name := range sortedKeys(row) {
			c, ok := f.Column(name)
			if !ok {
				e.extra = append(e.extra, f.rowProblem(i, &Field{Name: name, Label: i18n.Text{ZH: clip(name)}}, i18n.M("form.no_such_field")))
				continue
			}
			line[name] = c.json(row[name])
		}
		read = append(read, line)
	}
	e.rows[f.Name] = read
}

// problem is a problem of the field as a whole.
func (f *Field) problem(path string, msg i18n.Msg) Problem {
	return Problem{Path: path, Field: f.Name, Where: i18n.M("form.one", f.Label), Msg: msg}
}

// rowProblem is a problem in a row, counted from 0, and perhaps in a column.
func (f *Field) rowProblem(row int, c *Field, msg i18n.Msg) Problem {
	p := Problem{Path: f.Name + "." + strconv.Itoa(row), Field: f.Name, Where: i18n.M("form.row", f.Label, row+1), Msg: msg}
	if c != nil {
		p.Path += "." + c.Name
		p.Where = i18n.M("form.row_column", f.Label, row+1, c.Label)
	}
	return p
}

// judge settles which fields are asked, and what is wrong with those that are.
func (f *Form) judge(at At, e entered, files Files) Result {
	r := Result{Answers: Answers{}, Asked: map[string]bool{}, Dropped: Entry{Texts: map[string]string{}, Rows: map[string][]map[string]string{}}}
	w := f.asking(at, e)
	r.asking = w
	for _, field := range f.order {
		r.Asked[field.Name] = w.asks(field)
	}
	r.Problems = slices.Clone(e.extra)
	for _, field := range f.fields {
		if r.Asked[field.Name] {
			f.take(field, e, &r)
			r.Problems = append(r.Problems, field.proved(files)...)
		} else {
			e.drop(field, &r.Dropped)
		}
	}
	r.Problems = slices.DeleteFunc(r.Problems, func(p Problem) bool { return p.Field != "" && !r.Asked[p.Field] })
	for _, c := range f.checks {
		if r.Asked[c.at.Name] && len(r.Of(c.at.Name)) == 0 {
			if o := c.that.Eval(w.context()); o.State == rule.Present && !o.Value.Bool() {
				r.Problems = append(r.Problems, c.at.problem(c.at.Name, i18n.M("form.one", c.say)))
			}
		}
	}
	place := func(p Problem) int {
		return slices.IndexFunc(f.fields, func(x *Field) bool { return x.Name == p.Field })
	}
	slices.SortStableFunc(r.Problems, func(a, b Problem) int { return place(a) - place(b) })
	return r
}

// take is the answer of a field that is asked, or what is wrong with it.
func (f *Form) take(field *Field, e entered, r *Result) {
	if field.IsFiles() {
		return
	}
	if rows, ok := e.rows[field.Name]; ok {
		f.takeRows(field, rows, r)
		return
	}
	v := e.values[field.Name]
	switch {
	case !v.stands && field.Required && field.Readonly:
		r.Problems = append(r.Problems, field.problem(field.Name, i18n.M("form.not_known")))
	case !v.stands && field.Required && field.IsList():
		r.Problems = append(r.Problems, field.problem(field.Name, i18n.M("form.rows_missing", max(field.MinItems, 1))))
	case !v.stands && field.Required:
		r.Problems = append(r.Problems, field.problem(field.Name, i18n.M("form.missing", field.expected())))
	case !v.stands || v.wrong.Key == noneKnown.Key:
	case !v.wrong.IsZero():
		r.Problems = append(r.Problems, field.problem(field.Name, v.wrong))
	default:
		r.Answers[field.Name] = Answer{Value: v.value}
	}
}

func (f *Form) takeRows(field *Field, rows []map[string]reading, r *Result) {
	before := len(r.Problems)
	if len(rows) < field.MinItems {
		r.Problems = append(r.Problems, field.problem(field.Name, i18n.M("form.rows_missing", field.MinItems)))
	}
	answer := Answer{Rows: []Row{}}
	for i, line := range rows {
		row := Row{}
		for _, c := range field.Columns {
			v := line[c.Name]
			switch {
			case !v.stands && c.Required:
				r.Problems = append(r.Problems, field.rowProblem(i, c, i18n.M("form.missing", c.expected())))
			case !v.stands:
			case !v.wrong.IsZero():
				r.Problems = append(r.Problems, field.rowProblem(i, c, v.wrong))
			default:
				row[c.Name] = v.value
			}
		}
		answer.Rows = append(answer.Rows, row)
	}
	if len(r.Problems) == before {
		r.Answers[field.Name] = answer
	}
}

// drop keeps what was answered to a field that is not asked.
func (e entered) drop(f *Field, to *Entry) {
	if f.Readonly {
		return
	}
	if v := e.values[f.Name]; v.stands {
		to.Texts[f.Name] = v.shown
	}
	for _, line := range e.rows[f.Name] {
		row := map[string]string{}
		for name, v := range line {
			if v.stands {
				row[name] = v.shown
			}
		}
		to.Rows[f.Name] = append(to.Rows[f.Name], row)
	}
}

// asking answers which fields are asked, each once.
type asking struct {
	form *Form
	at   At
	in   entered
	said map[*Field]bool
}

func (f *Form) asking(at At, in entered) *asking {
	return &asking{form: f, at: at, in: in, said: map[*Field]bool{}}
}

// asks says whether a field is asked: unless it is known that its conditions are not met. Facts that nobody knows leave a
// question open, and so it is asked.
func (w *asking) asks(f *Field) bool {
	if yes, ok := w.said[f]; ok {
		return yes
	}
	yes := true
	for _, x := range []*rule.Expr{f.section.relevant, f.relevant} {
		if x == nil {
			continue
		}
		o := x.Eval(w.context())
		yes = yes && (o.True() || o.State == rule.Unknown)
	}
	w.said[f] = yes
	return yes
}

func (w *asking) context() *rule.Context {
	c := &rule.Context{Subject: w.at.Subject, Year: w.at.Year, On: w.at.On, Given: w.answer}
	if w.at.On != 0 {
		c.Event = &c.On
	}
	return c
}

// answer is what a name of an answer stands for: none where the field is not asked or not answered, unknown where what
// stands cannot be read.
func (w *asking) answer(id string) rule.Answer {
	name, column, _ := strings.Cut(strings.TrimPrefix(id, "answer."), ".")
	f, ok := w.form.Field(name)
	if !ok {
		return rule.Answer{}
	}
	if !w.asks(f) {
		return rule.Answer{State: rule.None}
	}
	v := w.in.values[name]
	switch {
	case f.IsList() && !v.stands:
		return f.counted(w.in.rows[name], column)
	case !v.stands || v.wrong.Key == noneKnown.Key:
		if f.Readonly && !v.stands {
			return rule.Answer{} // a fact that nobody knows
		}
		return rule.Answer{State: rule.None}
	case !v.wrong.IsZero():
		return rule.Answer{}
	}
	return rule.Answer{Value: v.value, State: rule.Present}
}

// counted is how many rows there are, or the sum of a column.
func (f *Field) counted(rows []map[string]reading, column string) rule.Answer {
	if column == "" {
		return rule.Answer{Value: rule.Int(int64(len(rows))), State: rule.Present}
	}
	c, _ := f.Column(column)
	var sum int64
	for _, line := range rows {
		v := line[column]
		if !v.stands {
			continue
		}
		if !v.wrong.IsZero() {
			return rule.Answer{}
		}
		sum += c.num(v.value) // a thousand rows within bound fit
	}
	return rule.Answer{Value: rule.FactValue(c.Type, sum, ""), State: rule.Present}
}

// couldAsk says that a field may be asked with these answers, whatever else is known. Answers that cannot be counted are
// not known.
func (f *Form) couldAsk(field *Field, chain []*Field, in entered) bool {
	subject := Fresh(content.Enterprise, nil)
	for _, kind := range []string{content.Project, f.Subject} {
		if kind != subject.Kind() && f.Subject != content.Enterprise {
			subject = Fresh(kind, subject)
		}
	}
	w := f.asking(At{Subject: subject}, in)
	for _, x := range chain {
		if len(x.trials()) == 0 {
			in.values[x.Name] = reading{stands: true, wrong: i18n.M("form.not_known")}
		}
	}
	return w.asks(field)
}

// Total is the sum of a column over the rows of an answer; ok is false where it is no number.
func (f *Field) Total(a Answer, column string) (v rule.Value, ok bool) {
	c, ok := f.Column(column)
	if !ok || !c.adds() {
		return rule.Value{}, false
	}
	var sum int64
	for _, row := range a.Rows {
		if v, stands := row[column]; stands {
			n, err := money.Fen(sum).Add(money.Fen(c.num(v)))
			if err != nil {
				return rule.Value{}, false
			}
			sum = int64(n)
		}
	}
	return rule.FactValue(c.Type, sum, ""), true
}
