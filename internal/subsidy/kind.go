package subsidy

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// Family is support that may not meet other support of the family on one thing.
type Family struct {
	ID      string    `yaml:"id"`
	Name    i18n.Text `yaml:"name"`
	Aliases []string  `yaml:"aliases,omitempty"` // other words for it in a sheet
	Help    i18n.Text `yaml:"help"`
	Form    string    `yaml:"form,omitempty"`   // whose files prove it: what a call demands starts from them
	Titles  bool      `yaml:"titles,omitempty"` // of clauses that count on no cost items: exactly one family
}

// Kind is a kind of cost item.
type Kind struct {
	ID      string    `yaml:"id"`
	Name    i18n.Text `yaml:"name"`
	Aliases []string  `yaml:"aliases,omitempty"`
	Serial  bool      `yaml:"serial,omitempty"` // the thing has a serial number, which is asked for
}

// Counted is a fact that cost items of some kinds add up to.
type Counted struct {
	Fact   string   `yaml:"fact"`
	Kinds  []string `yaml:"kinds"`
	Family string   `yaml:"family"`
	Cite   string   `yaml:"cite"`
}

// Costs is content/subsidy/costs.yaml.
type Costs struct {
	Families []Family  `yaml:"families"`
	Kinds    []Kind    `yaml:"kinds"`
	Facts    []Counted `yaml:"facts"`

	defs      map[string]content.FactDef
	materials map[string][]Material // by form
}

// CostsFile is where the costs stand in content.
const CostsFile = "subsidy/costs.yaml"

// LoadCosts reads and checks the kinds of cost items of a content folder.
func LoadCosts(lib *content.Library, forms *form.Set, fsys fs.FS) (*Costs, error) {
	src, err := fs.ReadFile(fsys, CostsFile)
	if err != nil {
		return nil, fmt.Errorf("read the kinds of cost items: %w", err)
	}
	c, problems := ParseCosts(lib, forms, CostsFile, src)
	if len(problems) > 0 {
		return nil, problems
	}
	return c, nil
}

// ParseCosts reads a file of kinds; every mistake is told at once.
func ParseCosts(lib *content.Library, forms *form.Set, file string, src []byte) (*Costs, content.Problems) {
	c := &Costs{defs: map[string]content.FactDef{}, materials: map[string][]Material{}}
	doc, wrong := content.Decode(file, src, c)
	if len(wrong) > 0 {
		return nil, wrong
	}
	problems := content.Problems{}
	say := func(msg i18n.Msg, path ...any) { problems = append(problems, doc.Problem(msg, path...)) }
	once := func(list string, owner map[string]int, i int, words ...string) {
		for _, w := range words {
			if first, taken := owner[content.Fold(w)]; taken && first != i {
				say(i18n.M("subsidy.word_twice", w), list, i)
			}
			owner[content.Fold(w)] = i
		}
	}
	titles, owner := 0, map[string]int{}
	for i, f := range c.Families {
		once("families", owner, i, append([]string{f.ID, f.Name.ZH, f.Name.EN}, f.Aliases...)...)
		if f.Titles {
			titles++
		}
		if f.Form == "" {
			continue
		}
		asks, err := forms.Form(f.Form)
		if err != nil {
			say(i18n.M("subsidy.no_form", f.Form), "families", i, "form")
			continue
		}
		c.materials[f.Form] = materialsOf(asks)
	}
	if titles != 1 {
		say(i18n.M("subsidy.one_title_family", titles), "families")
	}
	owner = map[string]int{}
	for i, k := range c.Kinds {
		once("kinds", owner, i, append([]string{k.ID, k.Name.ZH, k.Name.EN}, k.Aliases...)...)
	}
	owner = map[string]int{}
	for i, f := range c.Facts {
		once("facts", owner, i, f.Fact)
		def, ok := lib.FactDef(f.Fact)
		switch {
		case !ok || def.Type != content.Money || def.Period != period.Year && def.Period != period.Always:
			say(i18n.M("subsidy.no_cost_fact", f.Fact), "facts", i, "fact")
		case len(f.Kinds) == 0:
			say(i18n.M("subsidy.no_kinds", f.Fact), "facts", i, "kinds")
		}
		c.defs[f.Fact] = def
		if _, ok := c.Family(f.Family); !ok {
			say(i18n.M("subsidy.no_family", f.Family), "facts", i, "family")
		}
		for j, k := range f.Kinds {
			if _, ok := c.Kind(k); !ok {
				say(i18n.M("subsidy.no_kind", k), "facts", i, "kinds", j)
			}
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return c, nil
}

// materialsOf is the files that a form asks for. The field that takes one is named after the form, since a call may ask for the
// files of several.
func materialsOf(f *form.Form) []Material {
	var all []Material
	for _, x := range f.Fields() {
		if x.Evidence != nil {
			all = append(all, Material{Field: f.Code + "." + x.Name, Name: x.Evidence.About, Required: x.Evidence.Min > 0})
		}
	}
	return all
}

// Family is the family with an id.
func (c *Costs) Family(id string) (Family, bool) {
	if i := slices.IndexFunc(c.Families, func(f Family) bool { return f.ID == id }); i >= 0 {
		return c.Families[i], true
	}
	return Family{}, false
}

// Kind is the kind with an id.
func (c *Costs) Kind(id string) (Kind, bool) {
	if i := slices.IndexFunc(c.Kinds, func(k Kind) bool { return k.ID == id }); i >= 0 {
		return c.Kinds[i], true
	}
	return Kind{}, false
}

// familyNamed is the family that a word in a sheet means.
func (c *Costs) familyNamed(word string) (Family, bool) {
	w := content.Fold(word)
	for _, f := range c.Families {
		if slices.ContainsFunc(append([]string{f.ID, f.Name.ZH, f.Name.EN}, f.Aliases...), func(s string) bool { return content.Fold(s) == w }) {
			return f, true
		}
	}
	return Family{}, false
}

// familyWords is the names of all families, for a message.
func (c *Costs) familyWords() i18n.Text {
	var zh, en []string
	for _, f := range c.Families {
		zh, en = append(zh, f.Name.ZH), append(en, f.Name.EN)
	}
	return i18n.Text{ZH: strings.Join(zh, "、"), EN: strings.Join(en, ", ")}
}

// of is the facts of cost items that a clause reads of its own subject, and the family that it belongs to.
func (c *Costs) of(p *policy.Policy, clause string) (facts []Counted, family string) {
	i := slices.IndexFunc(p.File.Clauses, func(x policy.Clause) bool { return x.ID == clause })
	if i < 0 {
		return nil, ""
	}
	for _, def := range p.Reads(i) {
		for _, f := range c.Facts {
			if f.Fact == def.Code && def.Subject == p.File.Clauses[i].Entity {
				facts = append(facts, f)
			}
		}
	}
	if len(facts) > 0 {
		return facts, facts[0].Family
	}
	return nil, c.Families[slices.IndexFunc(c.Families, func(f Family) bool { return f.Titles })].ID
}

// Asked is the kinds of cost items that an application by a clause is asked for; none for one that counts on no costs.
func (c *Costs) Asked(p *policy.Policy, clause string) []Kind {
	facts, _ := c.of(p, clause)
	var all []Kind
	for _, f := range facts {
		for _, id := range f.Kinds {
			if k, _ := c.Kind(id); !slices.ContainsFunc(all, func(x Kind) bool { return x.ID == k.ID }) {
				all = append(all, k)
			}
		}
	}
	return all
}
