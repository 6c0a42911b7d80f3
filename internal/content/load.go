package content

import (
	"io/fs"
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// Load reads all content below fsys. The error is Problems: every mistake of every file, in the order of files and lines.
func Load(fsys fs.FS) (*Library, error) {
	lib, problems := read(fsys)
	if len(problems) > 0 {
		return nil, problems
	}
	return lib, nil
}

// loader builds a Library and gathers what is wrong on the way.
type loader struct {
	fsys     fs.FS
	lib      *Library
	problems Problems
	words    map[string]string // folded header word → role
}

// read goes from what stands alone to what refers to it. Some files are referred to by many: where one of them is broken,
// only its own mistakes are told, not the references that fail because of it.
func read(fsys fs.FS) (*Library, Problems) {
	l := &loader{
		fsys: fsys, words: map[string]string{},
		lib: &Library{factIndex: map[string]int{}, codes: map[string]CodeList{}, units: map[string]unit{}},
	}
	var ps Problems
	l.lib.areas, ps = readAreas(fsys)
	l.problems = append(l.problems, ps...)
	l.lib.boundaries, ps = readBoundaries(fsys, l.lib.areas)
	l.problems = append(l.problems, ps...)
	l.lib.industries, ps = readIndustries(fsys)
	l.problems = append(l.problems, ps...)
	l.readAuthorities()
	l.readUnits()
	l.readCodes()
	l.readVocabulary()
	l.readCalendar()
	l.readRegister()
	if len(l.problems) == 0 {
		l.readFacts()
	}
	if len(l.problems) == 0 {
		l.readTargets()
		l.readTables()
	}
	l.problems.sort()
	return l.lib, l.problems
}

// decode reads one YAML file; false when it has mistakes of form, which are then reported.
func (l *loader) decode(file string, into any) (*Document, bool) {
	src, err := readFile(l.fsys, file)
	if err != nil {
		l.problems = append(l.problems, fileProblem(file, err))
		return nil, false
	}
	doc, problems := Decode(file, src, into)
	l.problems = append(l.problems, problems...)
	return doc, len(problems) == 0
}

func (l *loader) report(doc *Document, msg i18n.Msg, path ...any) {
	l.problems = append(l.problems, doc.Problem(msg, path...))
}

// word checks that a word is one of a list.
func (l *loader) word(doc *Document, word, words string, path ...any) {
	if !oneOf(word, words) {
		l.report(doc, i18n.M("content.one_of", word, words), path...)
	}
}

func (l *loader) bilingual(doc *Document, t i18n.Text, path ...any) {
	if t.ZH == "" || t.EN == "" {
		l.report(doc, i18n.M("content.two_languages"), path...)
	}
}

// authorityFile is authorities/authorities.yaml.
type authorityFile struct {
	Authorities []Authority `yaml:"authorities"`
}

func (l *loader) readAuthorities() {
	var f authorityFile
	doc, ok := l.decode("authorities/authorities.yaml", &f)
	if !ok {
		return
	}
	for i, a := range f.Authorities {
		if !isCode(a.Code) {
			l.report(doc, i18n.M("content.bad_code", a.Code), "authorities", i, "code")
		}
		if slices.ContainsFunc(f.Authorities[:i], func(b Authority) bool { return a.Code == b.Code }) {
			l.report(doc, i18n.M("content.code_twice", a.Code), "authorities", i, "code")
		}
		l.bilingual(doc, a.Name, "authorities", i, "name")
	}
	l.lib.authorities = f.Authorities
}

func (l *loader) readCodes() {
	for _, file := range l.files("codes") {
		var list CodeList
		doc, ok := l.decode(file, &list)
		if !ok {
			continue
		}
		if _, twice := l.lib.codes[list.Name]; twice || !isCode(list.Name) {
			l.report(doc, i18n.M("content.bad_code", list.Name), "name")
		}
		l.bilingual(doc, list.Title, "title")
		said := map[string]string{}
		for i, e := range list.Entries {
			if !isCode(e.Code) {
				l.report(doc, i18n.M("content.bad_code", e.Code), "entries", i, "code")
			}
			if e.Level != "" {
				l.word(doc, e.Level, "national, provincial, city", "entries", i, "level")
			}
			l.bilingual(doc, e.Name, "entries", i, "name")
			for _, w := range append([]string{e.Code, e.Name.ZH, e.Name.EN}, e.Aliases...) {
				if other, taken := said[Fold(w)]; taken && other != e.Code {
					l.report(doc, i18n.M("content.word_twice", w, other), "entries", i)
				}
				said[Fold(w)] = e.Code
			}
		}
		l.lib.codes[list.Name] = list
	}
}

// vocabularyFile is vocabulary.yaml.
type vocabularyFile struct {
	Terms []struct {
		Role  string    `yaml:"role"`
		Place string    `yaml:"place"`
		Name  i18n.Text `yaml:"name"`
		Words []string  `yaml:"words"`
	} `yaml:"terms"`
}

func (l *loader) readVocabulary() {
	var f vocabularyFile
	doc, ok := l.decode("vocabulary.yaml", &f)
	if !ok {
		return
	}
	for i, t := range f.Terms {
		l.word(doc, t.Place, "header, mark", "terms", i, "place")
		l.bilingual(doc, t.Name, "terms", i, "name")
		words := t.Words
		if t.Place == Header {
			words = append([]string{t.Name.ZH, t.Name.EN}, words...)
		}
		l.addTerm(doc, Term{Role: t.Role, Place: t.Place, Name: t.Name, Words: words}, []any{"terms", i, "words"})
	}
}

// addTerm adds a term whose words nothing else claims: the same word above a column may not mean two things, but for
// definitions of different subjects, which the sheet's other columns tell apart.
func (l *loader) addTerm(doc *Document, t Term, at []any) {
	if t.Place == Header {
		subject := roleSubject(t.Role)
		for _, w := range t.Words {
			key := subject + " " + Fold(w)
			if other, taken := l.words[key]; taken && other != t.Role {
				l.report(doc, i18n.M("content.word_twice", w, other), at...)
			}
			l.words[key] = t.Role
		}
	}
	l.lib.vocabulary = append(l.lib.vocabulary, t)
}

// roleSubject is what a role is about: the part before the dot, where the firm's identity and its facts are one.
func roleSubject(role string) string {
	for i, r := range role {
		if r == '.' {
			if role[:i] == "party" || role[:i] == "row" {
				return "ent"
			}
			return role[:i]
		}
	}
	return role
}

// unit is one unit of measure and its worth in the first unit of its kind.
type unit struct {
	kind   int
	factor *big.Rat
}

// unitFile is units.yaml.
type unitFile struct {
	Kinds []struct {
		Units []struct {
			Name    string     `yaml:"name"`
			Aliases []string   `yaml:"aliases,omitempty"`
			Factor  money.Rate `yaml:"factor"`
		} `yaml:"units"`
	} `yaml:"kinds"`
}

func (l *loader) readUnits() {
	var f unitFile
	doc, ok := l.decode("units.yaml", &f)
	if !ok {
		return
	}
	for i, kind := range f.Kinds {
		for j, u := range kind.Units {
			if u.Factor.Rat().Sign() <= 0 {
				l.report(doc, i18n.M("content.unit_factor", u.Name), "kinds", i, "units", j, "factor")
			}
			for _, w := range append([]string{u.Name}, u.Aliases...) {
				if _, taken := l.lib.units[Fold(w)]; taken {
					l.report(doc, i18n.M("content.code_twice", w), "kinds", i, "units", j)
				}
				l.lib.units[Fold(w)] = unit{kind: i, factor: u.Factor.Rat()}
			}
		}
	}
}
