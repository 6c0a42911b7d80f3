package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// Package is the scenario as the files of a policy: the wording with its numbers and default answers written in, comments
// kept. Its plan gives what the scenario gives. A number that the scenario changed loses its quotation, for no document says
// it; worked cases and provenance are those of the law, and a note in the latter says where the package comes from.
func (p *Planned) Package() (version.Package, error) {
	w := newWording(p.src)
	for _, c := range p.Plan.Patches {
		w.renumber(c, p.Plan.Policy.Names(c.Param, c.Key, c.Value))
	}
	for i, s := range w.file.Settings {
		if is := p.Plan.Settings[s.ID]; is != s.Default && w.err == nil {
			w.put(w.doc.Apply([]content.Change{{Path: []any{"settings", i, "default"}, Text: is}}))
		}
	}
	if w.err != nil {
		return version.Package{}, w.err
	}
	out := version.Package{Policy: w.src, Cases: p.from.Cases, Provenance: p.from.Provenance}
	if string(out.Policy) != string(p.from.Policy) {
		out.Provenance = append(slices.Clone(out.Provenance), p.note()...)
	}
	return out.Canonical(), nil
}

// note is what SOURCE.md says of a scenario.
func (p *Planned) note() string {
	name := strings.Join(strings.Fields(p.Scenario.Name), " ")
	return fmt.Sprintf("\n## 方案 / Scenario\n\n本包由政策仿真的方案%s生成，起点是版本 %s；改动的数值是假设，没有原文。\n"+
		"Made by the policy laboratory from a scenario, starting from version %s; numbers that differ are assumptions without a source.\n",
		"“"+name+"”", p.law.Hash[:12], p.law.Hash[:12])
}

// renumber writes one number of a scenario into the text: the parameter itself, and where amendments gave it others. same
// says that the parameter has it already.
func (w *wording) renumber(c policy.Patch, same bool) {
	revised := slices.ContainsFunc(w.file.Amendments, func(a policy.Amendment) bool {
		return slices.ContainsFunc(a.Revises, func(r policy.Revision) bool { return r.Param == c.Param })
	})
	if w.err != nil || same && !revised {
		return
	}
	found := false
	params := func(list []any, all []policy.Param) {
		i := slices.IndexFunc(all, func(p policy.Param) bool { return p.ID == c.Param })
		if i < 0 {
			return
		}
		at := append(slices.Clone(list), i)
		if found = w.number(at, c) || found; c.Key == "" && all[i].Unquoted == nil && w.err == nil {
			w.put(w.doc.Insert(at, "unquoted", inBoth(assumed)))
		}
	}
	params([]any{"params"}, w.file.Params)
	for a := range w.file.Amendments {
		params([]any{"amendments", a, "params"}, w.file.Amendments[a].Params)
		for i := range w.file.Amendments[a].Revises {
			if w.file.Amendments[a].Revises[i].Param == c.Param {
				found = w.number([]any{"amendments", a, "revises", i}, c) || found
			}
		}
	}
	if !found && w.err == nil {
		w.refuse("lab.in_text")
	}
}

// number writes a value below a parameter or revision, and takes away the quotation that had another; false where there is
// none for the key.
func (w *wording) number(at []any, c policy.Patch) bool {
	below := func(path ...any) []any { return append(slices.Clone(at), path...) }
	value := below("value")
	if c.Key != "" {
		value = below("values", c.Key)
	}
	if w.err != nil || !w.doc.Has(value...) {
		return false
	}
	cite, _ := w.doc.Scalar(below("cite")...)
	w.put(w.doc.Apply([]content.Change{{Path: value, Text: c.Value}}))
	quoted := below("quote")
	if c.Key != "" {
		if own := below("places", c.Key); w.doc.Has(own...) {
			quoted = append(own, "quote")
		} else if w.doc.Has(quoted...) {
			w.place(at, c.Key, cite)
			return true
		}
	}
	if w.err == nil && w.doc.Has(quoted...) {
		w.put(w.doc.Remove(quoted...))
	}
	return true
}

// place cites one value of a table by itself, without the quotation of the others.
func (w *wording) place(at []any, key, cite string) {
	place := content.Part{Map: []content.Entry{{Key: "cite", Part: content.Part{Text: cite}}}}
	places := append(slices.Clone(at), "places")
	switch {
	case w.err != nil:
	case w.doc.Has(places...):
		w.put(w.doc.Insert(places, key, place))
	default:
		w.put(w.doc.Insert(at, "places", content.Part{Map: []content.Entry{{Key: key, Part: place}}}))
	}
}

// Draft makes a draft package of a scenario, as policy/version keeps it. The scope must be one that may draft for the areas
// of the document.
func (l *Lab) Draft(ctx context.Context, scope access.Scope, seq int64, s Scenario) (version.Version, error) {
	p, err := l.Plan(ctx, seq, s)
	if err != nil {
		return version.Version{}, err
	}
	if !s.Changed() {
		return version.Version{}, errs.Invalid(i18n.M("lab.nothing_changed"))
	}
	pkg, err := p.Package()
	if err != nil {
		return version.Version{}, err
	}
	return l.Versions.New(ctx, scope, pkg)
}
