package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// registerRoutes is the register of data: what may be kept about whom, on what ground, and for how long. It is public.
func (s *server) registerRoutes() []route {
	return []route{
		{"GET /register", access.Need{Public: true}, s.register},
		{"GET /register/export", access.Need{Public: true}, s.exportRegister},
	}
}

// registerData is the page.
type registerData struct {
	Register content.Register
	Count    int // definitions
	Classes  []registerClass
	Readers  []gradeReaders
}

// registerClass is a class with the definitions in it.
type registerClass struct {
	content.DataClass
	Defs []content.FactDef
}

// gradeReaders is who may read what is of a grade.
type gradeReaders struct {
	content.DataGrade
	Who string
}

func (s *server) registered(t i18n.T) registerData {
	d := registerData{Register: s.Library.Register(), Count: len(s.Library.FactDefs())}
	for _, c := range d.Register.Classes {
		rc := registerClass{DataClass: c}
		for _, def := range s.Library.FactDefs() {
			if def.Class == c.Code {
				rc.Defs = append(rc.Defs, def)
			}
		}
		if len(rc.Defs) > 0 {
			d.Classes = append(d.Classes, rc)
		}
	}
	for _, g := range d.Register.Grades {
		d.Readers = append(d.Readers, gradeReaders{g, readersOf(t, g.Code)})
	}
	return d
}

// readersOf is the roles that may read what is of a grade, in words.
func readersOf(t i18n.T, grade string) string {
	roles := fact.Readers(content.FactDef{Sensitivity: grade})
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = t.S("access.role." + string(r))
	}
	return strings.Join(words, t.S("web.comma"))
}

// keepText is a term in words.
func keepText(t i18n.T, k content.Keep) string { return t.S("registerpage.keep_"+k.After, k.Years) }

// groundText is why something is kept: the ground in law and the purpose; "" where it is about nobody.
func groundText(t i18n.T, r content.Register, def content.FactDef) string {
	g, _ := r.Ground(def.Ground)
	parts := []string{t.Text(g.Name), t.Text(def.Purpose)}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), t.S("web.colon"))
}

func gradeName(t i18n.T, r content.Register, def content.FactDef) string {
	g, _ := r.Grade(def.Sensitivity)
	return t.Text(g.Name)
}

func (s *server) register(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.show(w, r, s.shell(r, v, v.t.S("registerpage.title")), http.StatusOK, registerPage(v.t, s.registered(v.t)))
}

func (s *server) exportRegister(w http.ResponseWriter, r *http.Request, v *visit) error {
	t, d := v.t, s.registered(v.t)
	var rows [][]any
	for _, c := range d.Classes {
		for _, def := range c.Defs {
			g, _ := d.Register.Grade(def.Sensitivity)
			ground, _ := d.Register.Ground(def.Ground)
			rows = append(rows, []any{
				def.Code, t.Text(def.Name), t.S("web.kind_" + def.Subject), t.Text(c.Name), t.Text(g.Name), t.Text(g.Level), t.Text(ground.Name), t.Text(def.Purpose),
				keepText(t, def.Keep), readersOf(t, def.Sensitivity), joined(def.Source, def.Cite), t.S("web." + def.Confidence),
			})
		}
	}
	return s.export(w, r, v, t.S("registerpage.title")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: t.S("registerpage.title"),
		Notes: [][2]string{{t.S("registerpage.source"), d.Register.Source + " · " + t.S("web."+d.Register.Confidence)}, {t.S("registerpage.note"), t.Text(d.Register.Note)}},
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("registerpage.code"), t.S("registerpage.definition"), t.S("registerpage.subject"), t.S("registerpage.class"), t.S("registerpage.grade"), t.S("registerpage.level"),
			t.S("registerpage.ground"), t.S("registerpage.purpose"), t.S("registerpage.keep"), t.S("registerpage.readers"), t.S("registerpage.source"), t.S("registerpage.confidence"),
		}},
	})
}
