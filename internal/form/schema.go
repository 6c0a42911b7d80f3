package form

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// object is a JSON object that keeps its order.
type object []member

type member struct {
	key   string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Schema is the JSON Schema 2020-12 of the answers, as any validator reads it. It says all that JSON Schema can say of the
// form: fields that are asked under a condition are not required in it, nor are fields whose fact is the answer, which are marked readOnly.
func (f *Form) Schema() ([]byte, error) {
	props, required := object{}, []string{}
	for _, field := range f.fields {
		if field.IsFiles() {
			continue
		}
		props = append(props, member{field.Name, field.schema()})
		if field.Required && !field.Readonly && field.relevant == nil && field.section.relevant == nil {
			required = append(required, field.Name)
		}
	}
	return json.MarshalIndent(object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "urn:sha256:" + f.Hash},
		{"title", f.Title.ZH},
		{"type", "object"},
		{"properties", props},
		{"required", required},
		{"additionalProperties", false},
	}, "", "  ")
}

func (f *Field) schema() object {
	o := object{{"title", f.Label.ZH}, {"type", f.jsonType()}}
	add := func(key string, value any) { o = append(o, member{key, value}) }
	if f.Readonly {
		add("readOnly", true)
	}
	switch {
	case f.IsList():
		props, required := object{}, []string{}
		for _, c := range f.Columns {
			props = append(props, member{c.Name, c.schema()})
			if c.Required {
				required = append(required, c.Name)
			}
		}
		add("items", object{{"type", "object"}, {"properties", props}, {"required", required}, {"additionalProperties", false}})
		add("minItems", f.MinItems)
		add("maxItems", f.MaxItems)
	case f.Type == content.Date:
		add("format", "date")
	case f.Options != nil:
		codes := []string{}
		for _, o := range f.Options {
			codes = append(codes, o.Code)
		}
		add("enum", codes)
	case f.Type == content.Text || f.Type == content.Code:
		add("minLength", f.MinLen)
		add("maxLength", f.MaxLen)
		if f.Pattern != nil {
			add("pattern", f.Pattern.String())
		}
	case f.numeric():
		if f.Type == content.Money {
			add("format", "money")
		}
		if f.Type == content.Rate {
			add("format", "percent")
		}
		if f.Unit != "" {
			add("unit", f.Unit)
		}
		if step := f.number(1); step != "1" {
			add("multipleOf", json.Number(step))
		}
		add("minimum", json.Number(f.number(*f.Min)))
		add("maximum", json.Number(f.number(*f.Max)))
	}
	return o
}

// Encode writes answers as a JSON document that follows Schema, in the order of the page: the same answers have the same
// bytes.
func (f *Form) Encode(a Answers) ([]byte, error) {
	doc := object{}
	for _, field := range f.fields {
		answer, ok := a[field.Name]
		if !ok {
			continue
		}
		if !field.IsList() {
			doc = append(doc, member{field.Name, field.encode(answer.Value)})
			continue
		}
		rows := []object{}
		for _, row := range answer.Rows {
			line := object{}
			for _, c := range field.Columns {
				if v, ok := row[c.Name]; ok {
					line = append(line, member{c.Name, c.encode(v)})
				}
			}
			rows = append(rows, line)
		}
		doc = append(doc, member{field.Name, rows})
	}
	return json.Marshal(doc)
}

func (f *Field) encode(v rule.Value) any {
	switch {
	case f.Type == content.Bool:
		return v.Bool()
	case f.numeric():
		return json.Number(f.Typed(v))
	}
	return f.Typed(v)
}

// Keep is what stays with the event of a submission: the answers, and what was dropped because it was not asked.
func (f *Form) Keep(r Result) ([]byte, error) {
	answers, err := f.Encode(r.Answers)
	if err != nil {
		return nil, err
	}
	kept := object{{"answers", json.RawMessage(answers)}}
	if len(r.Dropped.Texts)+len(r.Dropped.Rows) > 0 {
		kept = append(kept, member{"dropped", r.Dropped})
	}
	return json.Marshal(kept)
}

// Kept reads what Keep wrote.
func (f *Form) Kept(doc []byte) (a Answers, dropped Entry, err error) {
	var kept struct {
		Answers json.RawMessage `json:"answers"`
		Dropped Entry           `json:"dropped"`
	}
	if err := json.Unmarshal(doc, &kept); err != nil {
		return nil, Entry{}, fmt.Errorf("read what was answered: %w", err)
	}
	a, err = f.Decode(kept.Answers)
	return a, kept.Dropped, err
}

// Decode reads what Encode wrote. It is for answers that were checked when they were given: what facts say now is not
// asked, and nothing is dropped.
func (f *Form) Decode(doc []byte) (Answers, error) {
	e, err := f.decode(doc)
	if err != nil {
		return nil, err
	}
	a := Answers{}
	for name, v := range e.values {
		if v.stands && v.wrong.IsZero() {
			a[name] = Answer{Value: v.value}
		}
	}
	for name, rows := range e.rows {
		answer := Answer{Rows: []Row{}}
		for _, line := range rows {
			row := Row{}
			for c, v := range line {
				if v.wrong.IsZero() {
					row[c] = v.value
				}
			}
			answer.Rows = append(answer.Rows, row)
		}
		a[name] = answer
	}
	return a, nil
}

// Entry is the answers as they would be typed: to be shown in the form again, or corrected.
func (f *Form) Entry(a Answers) Entry {
	e := Entry{Texts: map[string]string{}, Rows: map[string][]map[string]string{}}
	for _, field := range f.fields {
		answer, ok := a[field.Name]
		switch {
		case !ok:
		case !field.IsList():
			e.Texts[field.Name] = field.Typed(answer.Value)
		default:
			for _, row := range answer.Rows {
				line := map[string]string{}
				for _, c := range field.Columns {
					if v, ok := row[c.Name]; ok {
						line[c.Name] = c.Typed(v)
					}
				}
				e.Rows[field.Name] = append(e.Rows[field.Name], line)
			}
		}
	}
	return e
}

// RowPath is the path of an input in a row, from 0.
func RowPath(field string, row int, column string) string {
	return field + "." + strconv.Itoa(row) + "." + column
}
