package rule

import (
	"cmp"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Doc is an enterprise, or a subject below it, as ParseFacts read it. It is a Subject and never changes.
type Doc struct {
	kind, id, name string
	parent         *Doc
	children       []*Doc
	facts          map[docKey]docValue
	places         map[string][]placed // memberships by code, earliest first
	link           docValue            // the project that it belongs to: its id, none, or not known
	line, col      int                 // where ReadFacts found it, from 1
}

type docKey struct {
	def    string
	period period.Period
}

type docValue struct {
	value Value
	state State
}

// placed is the node that an enterprise belongs to from a day on, to another day or until the next one begins.
type placed struct {
	from  *period.Day // nil: as far back as anybody asks
	until *period.Day // the last day; nil: until the next one begins. Between this day and the next it is not known.
	docValue
}

// before says that the whole of a membership lies before a day, from which the next one holds.
func (p placed) before(next period.Day) bool {
	return (p.from == nil || *p.from < next) && (p.until == nil || *p.until < next)
}

// Kind is the kind of subject.
func (d *Doc) Kind() string { return d.kind }

// ID is the id that the file gives.
func (d *Doc) ID() string { return d.id }

// Name is the name that the file gives, "" without one.
func (d *Doc) Name() string { return d.name }

// At is where the document of an enterprise begins in the file that ReadFacts read: line and column from 1.
func (d *Doc) At() (line, col int) { return d.line, d.col }

// Below is all that lies below an enterprise, in the order of the file.
func (d *Doc) Below() []*Doc { return slices.Clone(d.children) }

// Project is what the file says of the project that a loan, lease or honour belongs to.
func (d *Doc) Project() (id string, state State) { return d.link.value.text, d.link.state }

// Stated is a fact that a file states of a subject itself.
type Stated struct {
	Def    string
	Period period.Period
	Value  Value
	State  State // Present or None
}

// Stated is every fact that the file states of the subject itself, memberships aside, by code and period.
func (d *Doc) Stated() []Stated {
	all := make([]Stated, 0, len(d.facts))
	for k, v := range d.facts {
		all = append(all, Stated{k.def, k.period, v.value, v.state})
	}
	slices.SortFunc(all, func(a, b Stated) int {
		return cmp.Or(cmp.Compare(a.Def, b.Def), cmp.Compare(a.Period.String(), b.Period.String()))
	})
	return all
}

// Node is the node of a tree to which an enterprise belongs over some days: from and until are the first and the last,
// nil where there is none. State is None where it is known that it belongs nowhere.
type Node struct {
	From, Until *period.Day
	Code        string
	State       State
}

// Nodes is where an enterprise belongs in a tree (AreaCode, IndustryCode), earliest first, each up to the day before the
// next one begins.
func (d *Doc) Nodes(code string) []Node {
	var all []Node
	for i, p := range d.places[code] {
		n := Node{From: p.from, Until: p.until, Code: p.value.text, State: p.state}
		if i+1 < len(d.places[code]) {
			next := *d.places[code][i+1].from - 1
			if n.Until == nil || *n.Until > next {
				n.Until = &next
			}
		}
		all = append(all, n)
	}
	return all
}

// Fact is what the file states: a missing key is Unknown, null is None. The project of a loan, lease or honour is its
// id.
func (d *Doc) Fact(def content.FactDef, p period.Period, on period.Day) (Value, State) {
	if list, ok := d.places[def.Code]; ok {
		v := docValue{}
		for _, at := range list {
			switch {
			case at.from != nil && *at.from > on:
			case at.until != nil && *at.until < on:
				v = docValue{}
			default:
				v = at.docValue
			}
		}
		return v.value, v.state
	}
	if def.Code == d.kind+"."+content.Project {
		return d.link.value, d.link.state
	}
	v := d.facts[docKey{def.Code, p}]
	return v.value, v.state
}

// Parent is the project or enterprise that the subject belongs to.
func (d *Doc) Parent() Subject {
	if d.parent == nil {
		return nil
	}
	return d.parent
}

// Children is the subjects of a kind below this one, in the order of the file.
func (d *Doc) Children(kind string) []Subject {
	var all []Subject
	for _, c := range d.children {
		if c.kind == kind {
			all = append(all, c)
		}
	}
	return all
}

// settleLinks puts subjects below the projects that they name; they stay children of the enterprise too.
func (d *Doc) settleLinks(unknown func(c *Doc, project string)) {
	for _, c := range d.children {
		if c.link.state != Present {
			continue
		}
		i := slices.IndexFunc(d.children, func(p *Doc) bool { return p.kind == content.Project && p.id == c.link.value.text })
		if i < 0 {
			unknown(c, c.link.value.text)
			continue
		}
		c.parent = d.children[i]
		d.children[i].children = append(d.children[i].children, c)
	}
}
