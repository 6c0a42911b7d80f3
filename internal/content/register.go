package content

import (
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Register is how the programme's data is sorted (数据目录): register.yaml.
type Register struct {
	Source     string      `yaml:"source"`
	Confidence string      `yaml:"confidence"`
	Note       i18n.Text   `yaml:"note"` // what whoever runs an installation should settle
	Grades     []DataGrade `yaml:"grades"`
	Grounds    []Ground    `yaml:"grounds"`
	Classes    []DataClass `yaml:"classes"`
	Records    []Record    `yaml:"records"`
}

// DataGrade is what a grade of FactDef.Sensitivity means (分级).
type DataGrade struct {
	Code   string    `yaml:"code"`
	Name   i18n.Text `yaml:"name"`
	Level  i18n.Text `yaml:"level"` // of the national standard
	Help   i18n.Text `yaml:"help"`
	Source string    `yaml:"source"` // that the level and the meaning are taken from
}

// Ground is what the law lets something about a person be kept on.
type Ground struct {
	Code   string    `yaml:"code"`
	Name   i18n.Text `yaml:"name"`
	Help   i18n.Text `yaml:"help"`
	Source string    `yaml:"source"`
}

// DataClass is what definitions are about (分类).
type DataClass struct {
	Code   string    `yaml:"code"`
	Name   i18n.Text `yaml:"name"`
	Help   i18n.Text `yaml:"help"`
	Folded bool      `yaml:"folded,omitempty"` // many answers to long forms: pages that show all there is show these closed, after the others
	Keep   Keep      `yaml:"keep"`
}

// Record is a kind of what is kept besides values of definitions.
type Record struct {
	Code   string    `yaml:"code"`
	Name   i18n.Text `yaml:"name"`
	Help   i18n.Text `yaml:"help"` // what goes when its term is over, and what stays
	Keep   Keep      `yaml:"keep"`
	Source string    `yaml:"source"`
}

// Keep is for how long a value is kept.
type Keep struct {
	After string `yaml:"after"` // Never, Recorded or Superseded; of a Record also Closed
	Years int    `yaml:"years,omitempty"`
}

// From when the years of a Keep count.
const (
	Never      = "never"      // it is kept without a term
	Recorded   = "recorded"   // the value became known
	Superseded = "superseded" // the value stopped to hold: another took its place, or it was taken back
	Closed     = "closed"     // the case was over
)

// factTerms are what the term of a value may count from.
const factTerms = Never + ", " + Recorded + ", " + Superseded

// maxKeep is the longest term, in years.
const maxKeep = 100

// Grade is what a grade means.
func (r Register) Grade(code string) (DataGrade, bool) {
	return withCode(r.Grades, code, func(g DataGrade) string { return g.Code })
}

// Record is the kind of record with a code.
func (r Register) Record(code string) (Record, bool) {
	return withCode(r.Records, code, func(x Record) string { return x.Code })
}

// Ground is the ground with a code.
func (r Register) Ground(code string) (Ground, bool) {
	return withCode(r.Grounds, code, func(g Ground) string { return g.Code })
}

// Class is the class with a code.
func (r Register) Class(code string) (DataClass, bool) {
	return withCode(r.Classes, code, func(c DataClass) string { return c.Code })
}

func withCode[T any](all []T, code string, of func(T) string) (found T, ok bool) {
	i := slices.IndexFunc(all, func(x T) bool { return of(x) == code })
	if i < 0 {
		return found, false
	}
	return all[i], true
}

// Register is how the data is sorted.
func (l *Library) Register() Register { return l.register }

func (l *loader) readRegister() {
	var r Register
	doc, ok := l.decode("register.yaml", &r)
	if !ok {
		return
	}
	l.word(doc, r.Confidence, confidenceWords, "confidence")
	l.bilingual(doc, r.Note, "note")
	l.registered(doc, "grades", len(r.Grades), func(i int) (string, []i18n.Text) {
		return r.Grades[i].Code, []i18n.Text{r.Grades[i].Name, r.Grades[i].Level, r.Grades[i].Help}
	})
	for _, code := range strings.Split(sensitivityWords, ", ") {
		if _, ok := r.Grade(code); !ok {
			l.report(doc, i18n.M("content.no_grade", code), "grades")
		}
	}
	for i, g := range r.Grades {
		l.word(doc, g.Code, sensitivityWords, "grades", i, "code")
	}
	l.registered(doc, "grounds", len(r.Grounds), func(i int) (string, []i18n.Text) {
		return r.Grounds[i].Code, []i18n.Text{r.Grounds[i].Name, r.Grounds[i].Help}
	})
	l.registered(doc, "classes", len(r.Classes), func(i int) (string, []i18n.Text) {
		return r.Classes[i].Code, []i18n.Text{r.Classes[i].Name, r.Classes[i].Help}
	})
	for i, c := range r.Classes {
		l.keep(doc, c.Keep, factTerms, "classes", i, "keep")
	}
	l.registered(doc, "records", len(r.Records), func(i int) (string, []i18n.Text) {
		return r.Records[i].Code, []i18n.Text{r.Records[i].Name, r.Records[i].Help}
	})
	for i, x := range r.Records {
		l.keep(doc, x.Keep, Never+", "+Recorded+", "+Closed, "records", i, "keep")
	}
	l.lib.register = r
}

// registered checks the codes and texts of a list of the register.
func (l *loader) registered(doc *Document, list string, n int, of func(int) (string, []i18n.Text)) {
	seen := map[string]bool{}
	for i := range n {
		code, texts := of(i)
		if !isCode(code) {
			l.report(doc, i18n.M("content.bad_code", code), list, i, "code")
		}
		if seen[code] {
			l.report(doc, i18n.M("content.code_twice", code), list, i, "code")
		}
		seen[code] = true
		for _, t := range texts {
			l.bilingual(doc, t, list, i)
		}
	}
}

// keep checks a term.
func (l *loader) keep(doc *Document, k Keep, words string, at ...any) {
	l.word(doc, k.After, words, append(at, "after")...)
	if k.After == Never && k.Years != 0 || k.After != Never && (k.Years < 1 || k.Years > maxKeep) {
		l.report(doc, i18n.M("content.bad_term", k.Years, maxKeep), at...)
	}
}

// sorted gives a definition what the register says of it, and tells what it leaves open. Something about a person needs a ground, a
// purpose and a term of its own: nobody may hold it because a class happens to.
func (l *loader) sorted(doc *Document, def *FactDef, class string, item factItem, at func(...any) []any) {
	r := l.lib.register
	def.Class, def.Ground, def.Purpose, def.Keep = class, item.Ground, item.Purpose, item.Keep
	if item.Class != "" {
		def.Class = item.Class
	}
	c, ok := r.Class(def.Class)
	switch {
	case def.Class == "":
		l.report(doc, i18n.M("content.no_class", def.Code), at("code")...)
	case !ok:
		l.report(doc, i18n.M("content.unknown_class", def.Class), at("code")...)
	}
	if def.Ground != "" {
		if _, ok := r.Ground(def.Ground); !ok {
			l.report(doc, i18n.M("content.unknown_ground", def.Ground), at("ground")...)
		}
	}
	if def.Keep != (Keep{}) {
		l.keep(doc, def.Keep, factTerms, at("keep")...)
	}
	if def.Purpose != (i18n.Text{}) {
		l.bilingual(doc, def.Purpose, at("purpose")...)
	}
	if def.Sensitivity == "personal" && (def.Ground == "" || def.Purpose == (i18n.Text{}) || def.Keep.After == "" || def.Keep.After == Never) {
		l.report(doc, i18n.M("content.personal_open", def.Code), at("sensitivity")...)
	}
	if def.Keep == (Keep{}) {
		def.Keep = c.Keep
	}
}
