package rule

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Recording is a subject that notes every fact that is read of it and of what lies below it. What it noted can be
// written as a file of facts that answers the same questions. It belongs to one goroutine.
type Recording struct {
	root  Subject
	notes map[SubjectRef]*notes
}

// notes is what was read of one subject.
type notes struct {
	facts  map[docKey]docValue
	places map[string]map[period.Day]docValue // memberships, by the day of the question
}

// Record notes what is read of an enterprise through Recording.Subject.
func Record(enterprise Subject) *Recording {
	return &Recording{root: enterprise, notes: map[SubjectRef]*notes{}}
}

// Subject is the enterprise to read from.
func (r *Recording) Subject() Subject { return r.wrap(r.root) }

func (r *Recording) wrap(s Subject) Subject {
	if s == nil {
		return nil
	}
	return recorded{s, r}
}

func (r *Recording) of(s Subject) *notes {
	ref := SubjectRef{Kind: s.Kind(), ID: s.ID()}
	n, ok := r.notes[ref]
	if !ok {
		n = &notes{facts: map[docKey]docValue{}, places: map[string]map[period.Day]docValue{}}
		r.notes[ref] = n
	}
	return n
}

type recorded struct {
	Subject
	r *Recording
}

func (s recorded) Fact(def content.FactDef, p period.Period, on period.Day) (Value, State) {
	v, state := s.Subject.Fact(def, p, on)
	n, answer := s.r.of(s.Subject), docValue{v, state}
	switch {
	case def.Code == AreaCode, def.Code == IndustryCode:
		if n.places[def.Code] == nil {
			n.places[def.Code] = map[period.Day]docValue{}
		}
		n.places[def.Code][on] = answer
	case state != Unknown && def.Code != s.Kind()+"."+content.Project: // that is told by where it lies
		n.facts[docKey{def.Code, p}] = answer
	}
	return v, state
}

func (s recorded) Parent() Subject { return s.r.wrap(s.Subject.Parent()) }

func (s recorded) Children(kind string) []Subject {
	below := s.Subject.Children(kind)
	all := make([]Subject, len(below))
	for i, c := range below {
		all[i] = s.r.wrap(c)
	}
	return all
}

// JSON is what was read as a file of facts (docs/facts-json.md), in its canonical form: keys in order, no blanks, each
// value written in one way. The same reads of the same facts give the same bytes.
func (r *Recording) JSON() ([]byte, error) {
	top := r.subject(r.root)
	for _, list := range lists {
		var all []map[string]any
		for _, s := range r.root.Children(list.kind) {
			entry := r.subject(s)
			if up := s.Parent(); up != nil && up.Kind() == content.Project {
				entry["project"] = up.ID()
			}
			all = append(all, entry)
		}
		if len(all) > 0 {
			top[list.key] = all
		}
	}
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(map[string]any{content.Enterprise: top}); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// subject is one subject as an object of the file.
func (r *Recording) subject(s Subject) map[string]any {
	out := map[string]any{"id": s.ID()}
	if s.Name() != "" {
		out["name"] = s.Name()
	}
	n := r.of(s)
	facts := map[string]any{}
	for key, v := range n.facts {
		if key.period.Kind() == period.Always {
			facts[key.def] = v.json()
			continue
		}
		byPeriod, ok := facts[key.def].(map[string]any)
		if !ok {
			byPeriod = map[string]any{}
			facts[key.def] = byPeriod
		}
		byPeriod[key.period.String()] = v.json()
	}
	if len(facts) > 0 {
		out["facts"] = facts
	}
	for code, key := range map[string]string{AreaCode: "area", IndustryCode: "industry"} {
		if spans := spansOf(n.places[code]); len(spans) > 0 {
			out[key] = spans
		}
	}
	return out
}

// spansOf is answers by day as the days from which they hold, and the last such day where no other answer follows it.
func spansOf(answers map[period.Day]docValue) []map[string]any {
	var spans []map[string]any
	var last docValue
	var before period.Day
	for _, day := range slices.Sorted(maps.Keys(answers)) {
		switch v := answers[day]; {
		case v == last:
		case v.state == Unknown:
			spans[len(spans)-1]["until"] = before.String()
			last = v
		default:
			spans = append(spans, map[string]any{"node": v.json(), "from": day.String()})
			last = v
		}
		before = day
	}
	return spans
}

// json is a value as a file of facts writes it.
func (v docValue) json() any {
	if v.state == None {
		return nil
	}
	switch v.value.Type() {
	case BoolType:
		return v.value.Bool()
	case IntType:
		return v.value.Int()
	}
	return v.value.String()
}
