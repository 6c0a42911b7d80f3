package rule

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// What a recording writes answers every question that was asked as the subject did, and is written the same way again.
func TestRecording(t *testing.T) {
	l := library()
	defs := l.FactDefs()
	rapid.Check(t, func(r *rapid.T) {
		root := &Doc{kind: content.Enterprise, id: "E", name: rapid.StringN(0, 8, -1).Draw(r, "name"), facts: map[docKey]docValue{}, places: map[string][]placed{}}
		root.places[AreaCode] = someMemberships(r)
		for i, kind := range []string{content.Project, content.Loan, content.Honour} {
			for n := range rapid.IntRange(0, 2).Draw(r, "children") {
				d := &Doc{kind: kind, id: string(rune('A'+i)) + string(rune('0'+n)), parent: root, facts: map[docKey]docValue{}}
				if kind == content.Loan && len(root.children) > 0 && root.children[0].kind == content.Project && rapid.Bool().Draw(r, "linked") {
					d.link = docValue{Text(root.children[0].id), Present}
				}
				root.children = append(root.children, d)
			}
		}
		root.settleLinks(func(*Doc, string) { t.Fatal("no such project") })
		type question struct {
			s   Subject
			def content.FactDef
			p   period.Period
			on  period.Day
		}
		rec := Record(root)
		subjects := append([]Subject{rec.Subject()}, rec.Subject().Children(content.Project)...)
		subjects = append(subjects, rec.Subject().Children(content.Loan)...)
		subjects = append(subjects, rec.Subject().Children(content.Honour)...)
		var asked []question
		for range rapid.IntRange(0, 12).Draw(r, "questions") {
			s := rapid.SampledFrom(subjects).Draw(r, "subject")
			q := question{s: s, def: rapid.SampledFrom(defs).Draw(r, "def"), on: period.Date(2023, rapid.IntRange(1, 12).Draw(r, "month"), 15)}
			if s.Kind() == content.Enterprise && rapid.Bool().Draw(r, "area") {
				q.def, _ = FactDef(l, AreaCode)
			}
			if q.def.Code != AreaCode && (q.def.Subject != s.Kind() || q.def.Code == s.Kind()+".project") {
				continue
			}
			if q.def.Period == period.Year {
				q.p = period.OfYear(rapid.IntRange(2022, 2024).Draw(r, "year"))
			} else if q.def.Period != period.Always && q.def.Period != "" {
				continue
			}
			if v, ok := someValue(r, l, q.def); ok {
				root.find(s).facts[docKey{q.def.Code, q.p}] = v
			}
			asked = append(asked, q)
		}
		type answer struct {
			text  string
			state State
		}
		ask := func(s Subject, q question) answer {
			v, state := s.Fact(q.def, q.p, q.on)
			if state != Present {
				return answer{"", state}
			}
			return answer{v.String(), state}
		}
		want := make([]answer, len(asked))
		for i, q := range asked {
			want[i] = ask(q.s, q)
		}
		src, err := rec.JSON()
		if err != nil {
			r.Fatal(err)
		}
		back, problems := ParseFacts(l, "facts", src)
		if len(problems) > 0 {
			r.Fatalf("%s\n%s", problems, src)
		}
		again := Record(back)
		for i, q := range asked {
			if got := ask(again.wrap(back.find(q.s)), q); got != want[i] {
				r.Errorf("%s of %s in %s: %v, want %v\n%s", q.def.Code, q.s.ID(), q.p, got, want[i], src)
			}
		}
		if twice, err := again.JSON(); err != nil || string(twice) != string(src) {
			r.Errorf("written again: %v\n%s\n%s", err, src, twice)
		}
	})
}

// someMemberships is one node after another in 2023, with and without gaps between them, from the beginning of time or
// from a day on.
func someMemberships(r *rapid.T) []placed {
	var all []placed
	month := rapid.IntRange(0, 3).Draw(r, "begins")
	for _, node := range rapid.SliceOfN(rapid.SampledFrom([]string{"320924", "320904", ""}), 0, 4).Draw(r, "nodes") {
		p := placed{docValue: docValue{Text(node), Present}}
		if node == "" {
			p.docValue = docValue{state: None}
		}
		if month > 0 {
			from := period.Date(2023, month, 1)
			p.from = &from
		}
		month += rapid.IntRange(1, 3).Draw(r, "months")
		if rapid.Bool().Draw(r, "ends") {
			until := period.Date(2023, month, 1) - 1
			p.until = &until
			month += rapid.IntRange(0, 2).Draw(r, "gap")
		}
		if all = append(all, p); month > 12 {
			break
		}
	}
	return all
}

// find is the subject of a document with the kind and id of another.
func (d *Doc) find(s Subject) *Doc {
	for _, c := range d.children {
		if c.kind == s.Kind() && c.id == s.ID() {
			return c
		}
	}
	return d
}

// someValue is a value within the bounds of a definition, none, or nothing known (ok is false).
func someValue(r *rapid.T, l *content.Library, def content.FactDef) (docValue, bool) {
	switch rapid.IntRange(0, 3).Draw(r, "state") {
	case 0:
		return docValue{}, false
	case 1:
		return docValue{state: None}, true
	}
	switch def.Type {
	case content.Bool:
		return docValue{Bool(rapid.Bool().Draw(r, "bool")), Present}, true
	case content.Money:
		return docValue{Money(money.Fen(rapid.Int64Range(0, 1_000_000).Draw(r, "fen"))), Present}, true
	case content.Date:
		return docValue{Day(period.Date(2022, 1, 1) + period.Day(rapid.IntRange(0, 900).Draw(r, "day"))), Present}, true
	case content.Text:
		return docValue{Text(rapid.StringMatching(`[a-z<>&"\\一-龥]{1,8}`).Draw(r, "text")), Present}, true
	case content.Code:
		if list, ok := l.CodeList(def.Codes); ok && len(list.Entries) > 0 {
			return docValue{Text(rapid.SampledFrom(list.Entries).Draw(r, "code").Code), Present}, true
		}
	}
	return docValue{}, false
}
