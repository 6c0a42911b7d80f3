package rule

import (
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
