package flag

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// The kinds that there are finders for.
const (
	SharedPhone       = "shared_phone"
	SharedAddress     = "shared_address"
	SharedLegalPerson = "shared_legal_person"
	SplitProject      = "split_project"
	JustAboveMark     = "just_above_mark"
	ReusedInvoice     = "reused_invoice"
	ClosedPayee       = "closed_payee"
	RelatedSeller     = "related_seller"
)

var finders = []string{SharedPhone, SharedAddress, SharedLegalPerson, SplitProject, JustAboveMark, ReusedInvoice, ClosedPayee, RelatedSeller}

// MarkRef is an amount of a policy, and the fact of a project in a year that is held against it.
type MarkRef struct {
	Policy string `yaml:"policy"`
	Param  string `yaml:"param"`
	Fact   string `yaml:"fact"`
}

// Kind is what is looked for: what it finds, why that matters, and how sure we are of the rule.
type Kind struct {
	Kind       string     `yaml:"kind"`
	Name       i18n.Text  `yaml:"name"`
	Finds      i18n.Text  `yaml:"finds"`
	Why        i18n.Text  `yaml:"why"`
	Within     money.Rate `yaml:"within,omitempty"` // of the mark; 0 for kinds without marks
	Marks      []MarkRef  `yaml:"marks,omitempty"`
	Source     string     `yaml:"source"`
	Cite       string     `yaml:"cite,omitempty"`
	Confidence string     `yaml:"confidence"`
}

// marked says that the kind holds amounts against marks.
func (k Kind) marked() bool { return k.Kind == SplitProject || k.Kind == JustAboveMark }

// KindsFile is content/flags/flags.yaml.
type KindsFile struct {
	Flags []Kind `yaml:"flags"`
}

// File is where the kinds stand in content.
const File = "flags/flags.yaml"

// Set is the kinds that are looked for. It never changes.
type Set struct{ kinds []Kind }

// Kinds is all of them, as the file lists them. The slice must not be changed.
func (s *Set) Kinds() []Kind { return s.kinds }

// Kind is the kind with a code; NotFound when it is not looked for.
func (s *Set) Kind(code string) (Kind, error) {
	i := slices.IndexFunc(s.kinds, func(k Kind) bool { return k.Kind == code })
	if i < 0 {
		return Kind{}, errs.NotFound("kind of flag", code)
	}
	return s.kinds[i], nil
}

// Load reads the kinds of a content folder. The error is content.Problems: every mistake at once.
func Load(fsys fs.FS, lib *content.Library) (*Set, error) {
	src, err := fs.ReadFile(fsys, File)
	if err != nil {
		return nil, err
	}
	s, problems := Parse(lib, File, src)
	if len(problems) > 0 {
		return nil, problems
	}
	return s, nil
}

// Parse reads a file of kinds. All mistakes are told at once; with problems the Set is nil.
func Parse(lib *content.Library, name string, src []byte) (*Set, content.Problems) {
	var list KindsFile
	doc, wrong := content.Decode(name, src, &list)
	problems := content.Problems(wrong)
	if len(problems) > 0 {
		return nil, problems
	}
	for i, k := range list.Flags {
		say := func(msg i18n.Msg, path ...any) {
			problems = append(problems, doc.Problem(msg, append([]any{"flags", i}, path...)...))
		}
		oneOf := func(word string, words []string, field string) {
			if !slices.Contains(words, word) {
				say(i18n.M("content.one_of", word, strings.Join(words, ", ")), field)
			}
		}
		oneOf(k.Kind, finders, "kind")
		oneOf(k.Confidence, []string{content.Verified, content.Secondary, content.Unverified}, "confidence")
		if slices.ContainsFunc(list.Flags[:i], func(o Kind) bool { return o.Kind == k.Kind }) {
			say(i18n.M("content.code_twice", k.Kind), "kind")
		}
		for field, text := range map[string]i18n.Text{"name": k.Name, "finds": k.Finds, "why": k.Why} {
			if text.ZH == "" || text.EN == "" {
				say(i18n.M("content.two_languages"), field)
			}
		}
		if k.marked() != (len(k.Marks) > 0) || k.marked() && (k.Within.Cmp(money.PPM(0)) <= 0 || k.Within.Cmp(whole) >= 0) || !k.marked() && k.Within.Cmp(money.PPM(0)) != 0 {
			say(i18n.M("flag.within"), "kind")
		}
		for j, m := range k.Marks {
			if def, ok := lib.FactDef(m.Fact); !ok || def.Subject != content.Project || def.Type != content.Money || def.Period != period.Year {
				say(i18n.M("flag.no_fact", m.Fact), "marks", j, "fact")
			}
		}
	}
	slices.SortStableFunc(problems, func(a, b content.Problem) int { return a.Line - b.Line })
	if len(problems) > 0 {
		return nil, problems
	}
	return &Set{list.Flags}, nil
}

var whole = money.PPM(1_000_000)
