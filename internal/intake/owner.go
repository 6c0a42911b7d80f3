package intake

import (
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// firms finds the firm that a row means, among those known and those that the same file brings.
type firms struct {
	registry *party.Registry
	fresh    map[string][]owner // firms new in this file, by folded name
}

// owner reads who a row is about. ok is false when that cannot be told or is beyond the sender; the reason is among the
// findings.
func (t *table) owner(rec *sheet.Record) (o owner, ok bool) {
	area, said, ok := t.area(rec)
	if !ok {
		return owner{}, false
	}
	if !t.plan.takes(roleName) && !t.plan.takes(roleUSCC) {
		return t.areaOwner(rec, area, said)
	}
	o = owner{kind: content.Enterprise, area: area, place: rowPlace(t.plan.Name, rec.Row), sound: true}
	o.name, _ = t.text(rec, roleName)
	if former, c := t.text(rec, roleFormer); c != nil {
		o.former = former
	}
	if !t.code(rec, &o) {
		return owner{}, false
	}
	t.industry(rec, &o)
	if o.code == "" && o.name == "" {
		t.find(Left, rec, nil, i18n.M("intake.nobody"))
		return owner{}, false
	}
	return t.identify(rec, o, said)
}

// areaOwner is the subject of figures about an area as a whole.
func (t *table) areaOwner(rec *sheet.Record, area string, said bool) (owner, bool) {
	if !said {
		t.find(Left, rec, nil, i18n.M("intake.no_area"))
		return owner{}, false
	}
	if !t.r.scope.Sees(access.Import, area, 0) {
		t.find(Left, rec, nil, i18n.M("intake.beyond", t.r.areaName(area)))
		return owner{}, false
	}
	o := owner{kind: content.Area, key: area, area: area, name: t.r.areaName(area), place: rowPlace(t.plan.Name, rec.Row)}
	o.id = child(t.r.firms.registry, content.Area, 0, area)
	return o, true
}

// area is where a row says that it belongs, else where its section or its sender does. said is whether the row itself or
// its section said so.
func (t *table) area(rec *sheet.Record) (code string, said, ok bool) {
	text, c := t.text(rec, roleArea)
	if text == "" {
		if t.section != "" {
			return t.section, true, true
		}
		return t.r.area, false, true
	}
	found := t.r.lib.Areas().Resolve(text, t.r.area)
	if len(found) == 1 {
		return found[0].Code, true, true
	}
	if len(found) > 1 {
		names := make([]string, len(found))
		for i, n := range found {
			names[i] = t.r.pathName(n.Code)
		}
		t.find(Left, rec, c, i18n.M("intake.area_many", text, strings.Join(names, "、")))
		return "", false, false
	}
	if elsewhere := t.r.lib.Areas().Resolve(text, ""); len(elsewhere) > 0 {
		t.find(Left, rec, c, i18n.M("intake.beyond", t.r.pathName(elsewhere[0].Code)))
		return "", false, false
	}
	t.find(Left, rec, c, i18n.M("intake.area_unknown", text))
	return "", false, false
}

// pathName is a place from the province down.
func (r *reading) pathName(code string) string {
	var b strings.Builder
	for _, n := range r.lib.Areas().Path(code) {
		b.WriteString(n.Name)
	}
	return b.String()
}

func (t *table) industry(rec *sheet.Record, o *owner) {
	text, c := t.text(rec, roleIndustry)
	if text == "" {
		return
	}
	found := t.r.lib.Industries().Resolve(text, "")
	if len(found) != 1 {
		t.find(Left, rec, c, i18n.M("intake.industry_unknown", text))
		return
	}
	o.industry = found[0].Code
}

// code reads the credit code into o. It is false when the row must be left out for it.
func (t *table) code(rec *sheet.Record, o *owner) bool {
	var c *column
	for i := range t.columns {
		if t.columns[i].Target == roleUSCC {
			c = &t.columns[i]
		}
	}
	if c == nil {
		return true
	}
	cell := rec.Cells[c.at]
	r, why := look(cell, sheet.Want{Kind: sheet.KindCode})
	if !why.IsZero() { // stored as a number: its last digits are lost, the name must serve
		t.find(Warn, rec, c, why)
		return t.named(rec, c, o)
	}
	if r.State != sheet.Present {
		return true
	}
	code, finding := party.ParseUSCC(r.Text)
	switch {
	case !finding.Usable():
		t.find(Warn, rec, c, i18n.M("intake.code_unusable", r.Text, finding.Msg(), suggestions(r.Text)))
		return t.named(rec, c, o)
	case finding != party.Sound && !t.plan.TakeUnsound:
		if len(t.r.firms.registry.ByUSCC(code)) == 0 {
			t.find(Left, rec, c, i18n.M("intake.code_unsound", string(code), finding.Msg(), suggestions(r.Text)))
			return false
		}
	}
	o.code, o.sound = code, finding == party.Sound
	return true
}

// named says that a row whose code cannot be used has a name to go by instead.
func (t *table) named(rec *sheet.Record, c *column, o *owner) bool {
	if o.name == "" {
		t.find(Left, rec, c, i18n.M("intake.nobody"))
	}
	return o.name != ""
}

// suggestions is the codes that may have been meant, as part of a sentence.
func suggestions(text string) i18n.Msg {
	found := party.SuggestUSCC(text)
	if len(found) == 0 {
		return i18n.M("intake.no_suggestion")
	}
	words := make([]string, len(found))
	for i, u := range found {
		words[i] = string(u)
	}
	return i18n.M("intake.suggestion", strings.Join(words, "、"))
}

// identify finds the firm by its code, else by its name within the area, and checks that the sender may speak of it.
// The answer is the same for a firm that does not exist and for one that lies beyond the sender.
func (t *table) identify(rec *sheet.Record, o owner, areaSaid bool) (owner, bool) {
	f := t.r.firms
	if o.code != "" {
		switch same := f.registry.ByUSCC(o.code); {
		case len(same) == 1:
			e, _ := f.registry.Enterprise(same[0])
			return t.take(rec, o, e)
		case len(same) > 1:
			t.find(Left, rec, nil, i18n.M("intake.many_of_code", string(o.code)))
			return owner{}, false
		}
	}
	if o.name != "" {
		switch same := t.sameName(o); {
		case len(same) == 1 && (o.code == "" || same[0].USCC == ""):
			return t.take(rec, o, same[0])
		case len(same) > 1 && o.code == "":
			t.find(Left, rec, nil, i18n.M("intake.many_firms", o.name))
			return owner{}, false
		}
		if o.code == "" {
			if fresh := f.fresh[party.FoldName(o.name)]; len(fresh) == 1 && fresh[0].code != "" {
				o.code, o.sound = fresh[0].code, fresh[0].sound
			}
		}
	}
	if o.name == "" {
		t.find(Left, rec, nil, i18n.M("intake.no_name", string(o.code)))
		return owner{}, false
	}
	if !t.r.scope.Sees(access.Import, o.area, 0) {
		t.find(Left, rec, nil, i18n.M("intake.beyond", t.r.areaName(o.area)))
		return owner{}, false
	}
	if o.code == "" {
		t.find(Warn, rec, nil, i18n.M("intake.no_code_new", o.name))
	}
	o.key = party.EnterpriseKey(o.code, o.name, o.area)
	f.remember(o)
	return o, true
}

func (f *firms) remember(o owner) {
	name := party.FoldName(o.name)
	for _, have := range f.fresh[name] {
		if have.key == o.key {
			return
		}
	}
	f.fresh[name] = append(f.fresh[name], o)
}

// sameName is the known firms of just this name that lie where the row says, or above or below it.
func (t *table) sameName(o owner) []party.Enterprise {
	var same []party.Enterprise
	areas := t.r.lib.Areas()
	for _, alike := range t.r.firms.registry.ByName(o.name) {
		e, ok := t.r.firms.registry.Enterprise(alike.ID)
		if !ok || alike.Likeness < party.SameFormerName {
			continue // alike but for the legal form: a person confirms that, not the importer
		}
		if o.area == "" || areas.Within(e.Area, o.area) || areas.Within(o.area, e.Area) {
			same = append(same, e)
		}
	}
	return same
}

// take makes a known firm the owner of the row.
func (t *table) take(rec *sheet.Record, o owner, e party.Enterprise) (owner, bool) {
	if !t.r.scope.Sees(access.Import, e.Area, e.ID) {
		t.find(Left, rec, nil, i18n.M("intake.beyond", t.r.areaName(o.area)))
		return owner{}, false
	}
	o.id, o.key = e.ID, e.Key
	if o.code == "" {
		o.code, o.sound = e.USCC, e.USCCSound
	}
	if text, _ := t.text(rec, roleArea); text == "" && t.section == "" {
		o.area = e.Area // the sender's area is where the file comes from, not where the firm lies
	}
	return o, true
}

// child is the subject of a kind with a key below another one, 0 when it is not known.
func child(reg *party.Registry, kind string, parent int64, key string) int64 {
	for _, id := range reg.Children(parent, kind) {
		if s, ok := reg.Subject(id); ok && s.Key == key {
			return id
		}
	}
	return 0
}
