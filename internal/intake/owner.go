package intake

import (
	"cmp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// firms finds the firm that a row means, among those known and those that the same file brings.
type firms struct {
	registry *party.Registry
	fresh    map[string][]freshFirm // firms new in this file, by folded name
	late     bool                   // a row went by name alone before its firm's code was met
	last     struct {               // the children looked up last
		parent int64
		kind   string
		byKey  map[string]int64
	}
}

// freshFirm is a firm that the file brings, as far as a row without a code needs it to be told.
type freshFirm struct {
	code  party.USCC // "" for a firm that goes by its name
	sound bool
	area  string
}

// owner reads who a row is about. ok is false when that cannot be told or is beyond the sender; the reason is among the
// findings.
func (t *table) owner(rec *sheet.Record) (o owner, ok bool) {
	area, said, ok := t.area(rec)
	if !ok {
		return owner{}, false
	}
	if !t.firms {
		return t.areaOwner(rec, area, said)
	}
	o = owner{kind: content.Enterprise, area: area, areaSaid: said, sound: true}
	if o.name, ok = t.text(rec, roleName); !ok {
		return owner{}, false
	}
	o.former, _ = t.text(rec, roleFormer)
	if !t.code(rec, &o) {
		return owner{}, false
	}
	t.industry(rec, &o)
	if o.code == "" && o.name == "" {
		t.find(Left, rec, nil, i18n.M("intake.nobody"))
		return owner{}, false
	}
	o.said = party.EnterpriseKey(o.code, o.name, area)
	if m := t.mendOf(rec, t.roles[roleName]); m != nil && m.Do == IsFirm {
		return t.confirmed(rec, o, m.Firm)
	}
	return t.identify(rec, o)
}

// confirmed makes the enterprise that a person named the owner of the row. Its name there is another way to write it; a
// code that is not the enterprise's own is the one of the two that lost.
func (t *table) confirmed(rec *sheet.Record, o owner, firm int64) (owner, bool) {
	reg := t.r.firms.registry
	e, ok := reg.Enterprise(reg.Canonical(firm))
	if !ok || !t.r.sees(e.Area, e.ID) {
		t.find(Left, rec, t.roles[roleName], i18n.M("intake.firm_gone", o.name))
		return owner{}, false
	}
	o.said += "\x00" + e.Key
	if e.USCC != "" && o.code != e.USCC {
		o.code, o.sound = "", true
	}
	o = take(o, e)
	o.past = party.FoldName(o.name) != party.FoldName(e.Name)
	return o, true
}

// areaOwner is the subject of figures about an area as a whole.
func (t *table) areaOwner(rec *sheet.Record, area string, said bool) (owner, bool) {
	if !said {
		t.find(Left, rec, nil, i18n.M("intake.no_area"))
		return owner{}, false
	}
	if !t.r.sees(area, 0) {
		t.find(Left, rec, nil, i18n.M("intake.beyond", t.r.areaName(area)))
		return owner{}, false
	}
	o := owner{kind: content.Area, key: area, said: area, area: area, areaSaid: true, name: t.r.areaName(area)}
	o.id = t.r.firms.child(content.Area, 0, area)
	return o, true
}

// area is where a row says that it belongs, else where its section or its sender does. said is whether the row itself or
// its section said so.
func (t *table) area(rec *sheet.Record) (code string, said, ok bool) {
	text, ok := t.text(rec, roleArea)
	if !ok {
		return "", false, false
	}
	if text == "" {
		if at := cmp.Or(t.section, t.plan.Area); at != "" {
			return at, true, true
		}
		return t.r.area, false, true
	}
	areas, c := t.r.lib.Areas(), t.roles[roleArea]
	found := t.r.resolve(areas, text, t.r.area)
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
	if elsewhere := t.r.resolve(areas, text, ""); len(elsewhere) > 0 {
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
	text, _ := t.text(rec, roleIndustry)
	if text == "" {
		return
	}
	found := t.r.resolve(t.r.lib.Industries(), text, "")
	if len(found) != 1 {
		t.find(Left, rec, t.roles[roleIndustry], i18n.M("intake.industry_unknown", text))
		return
	}
	o.industry = found[0].Code
}

// code reads the credit code into o. It is false when the row must be left out for it.
func (t *table) code(rec *sheet.Record, o *owner) bool {
	c := t.roles[roleUSCC]
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
	case finding != party.Sound && !t.plan.TakeUnsound && !t.asIs(rec, c):
		if known, _ := t.byCode(code); len(known) == 0 {
			t.find(Left, rec, c, i18n.M("intake.code_unsound", string(code), finding.Msg(), suggestions(r.Text)))
			return false
		}
	}
	o.code, o.sound = code, finding == party.Sound
	return true
}

// asIs says that the sender took the text of a cell as it stands.
func (t *table) asIs(rec *sheet.Record, c *column) bool {
	m := t.mendOf(rec, c)
	return m != nil && m.Do == AsIs
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

// byCode is the known firms with a code that the sender may speak of; hidden says that there are others.
func (t *table) byCode(code party.USCC) (known []party.Enterprise, hidden bool) {
	for _, id := range t.r.firms.registry.ByUSCC(code) {
		e, ok := t.r.firms.registry.Enterprise(id)
		switch {
		case !ok:
		case t.r.sees(e.Area, e.ID):
			known = append(known, e)
		default:
			hidden = true
		}
	}
	return known, hidden
}

// identify finds the firm by its code, else by its name within the area, and checks that the sender may speak of it. Of
// a firm that lies elsewhere nothing is told but that it does: where, and what it is called, is not the sender's to know.
func (t *table) identify(rec *sheet.Record, o owner) (owner, bool) {
	if o.code != "" {
		switch known, hidden := t.byCode(o.code); {
		case len(known) == 1 && !hidden:
			return t.oneOfTwo(rec, o, known[0])
		case len(known) > 1:
			t.find(Left, rec, nil, i18n.M("intake.many_of_code", string(o.code)))
			return owner{}, false
		case hidden:
			t.find(Left, rec, nil, i18n.M("intake.code_elsewhere", string(o.code)))
			return owner{}, false
		}
	}
	if o.name == "" {
		t.find(Left, rec, nil, i18n.M("intake.no_name", string(o.code)))
		return owner{}, false
	}
	same, alike := t.byName(o)
	switch asIs := t.asIs(rec, t.roles[roleName]); {
	case asIs && o.code != "": // a new one, whatever it is called
	case len(same) == 1 && (o.code == "" || same[0].USCC == ""):
		return take(o, same[0]), true
	case len(same) == 1 && o.code != "":
		switch t.plan.Identifier {
		case ByName:
			o.code, o.sound = "", true
			return take(o, same[0]), true
		case AskWhich:
			t.findLike(Left, rec, t.roles[roleName], i18n.M("intake.code_or_new", string(o.code), o.name, string(same[0].USCC)), likes(same, 1000))
			return owner{}, false
		}
	case len(same) > 1 && o.code == "":
		t.findLike(Left, rec, t.roles[roleName], i18n.M("intake.many_firms", o.name), likes(same, 1000))
		return owner{}, false
	case !asIs && o.code == "" && len(alike) > 0:
		t.findLike(Left, rec, t.roles[roleName], i18n.M("intake.alike_firms", o.name, alike[0].Name), likes(alike, likeKey))
		return owner{}, false
	}
	if !t.r.sees(o.area, 0) {
		t.find(Left, rec, nil, i18n.M("intake.beyond", t.r.areaName(o.area)))
		return owner{}, false
	}
	t.bring(rec, &o)
	return o, true
}

// oneOfTwo is a row whose code is that of a known enterprise. Where its name is that of another one, the sender says what
// the row goes by: until then it is left out, lest the one gets the name of the other.
func (t *table) oneOfTwo(rec *sheet.Record, o owner, e party.Enterprise) (owner, bool) {
	if o.name == "" || o.name == e.Name || party.FoldName(o.name) == party.FoldName(e.Name) {
		return take(o, e), true
	}
	same, _ := t.byName(o)
	if len(same) != 1 || same[0].ID == e.ID {
		return take(o, e), true
	}
	switch t.plan.Identifier {
	case ByCode:
		o.name = ""
		return take(o, e), true
	case ByName:
		o.code, o.sound = "", true
		return take(o, same[0]), true
	}
	t.findLike(Left, rec, t.roles[roleName], i18n.M("intake.code_or_name", string(o.code), e.Name, o.name),
		likes([]party.Enterprise{e, same[0]}, 1000))
	return owner{}, false
}

// likeKey is the score of a name that is the same but for its legal form.
const likeKey = 950

// maxLike is how many enterprises are offered for one name.
const maxLike = 5

func likes(all []party.Enterprise, score int) []Like {
	var out []Like
	for _, e := range all[:min(len(all), maxLike)] {
		out = append(out, Like{Firm: e.ID, Name: e.Name, Code: string(e.USCC), Area: e.Area, Score: score})
	}
	return out
}

// bring makes a firm that nobody knows yet the owner of the row: by its code, or by the code that the file states for the
// same name elsewhere, or by its name.
func (t *table) bring(rec *sheet.Record, o *owner) {
	f := t.r.firms
	name := party.FoldName(o.name)
	var coded []freshFirm
	bare := false // met without a code
	for _, x := range f.fresh[name] {
		switch {
		case !t.near(x.area, o.area):
		case x.code == "":
			bare = true
		default:
			coded = append(coded, x)
		}
	}
	switch {
	case o.code == "" && len(coded) == 1:
		o.code, o.sound = coded[0].code, coded[0].sound
	case o.code == "":
		if !t.asIs(rec, t.roles[roleName]) {
			t.find(Warn, rec, t.roles[roleName], i18n.M("intake.no_code_new", o.name))
		}
	case bare && len(coded) == 0:
		f.late = true
	}
	o.key = party.EnterpriseKey(o.code, o.name, o.area)
	x := freshFirm{code: party.USCC(strings.Clone(string(o.code))), sound: o.sound, area: o.area} // not the row's text
	if have := f.fresh[name]; !slices.Contains(have, x) {
		f.fresh[strings.Clone(name)] = append(have, x)
	}
}

// near says that a firm of one area may be meant by a row of another: one lies in the other.
func (t *table) near(a, b string) bool {
	areas := t.r.lib.Areas()
	return a == b || b == "" || areas.Within(a, b) || areas.Within(b, a)
}

// byName is the known firms of just this name that lie where the row says, or above or below it, and that the sender
// may speak of; and those alike but for the legal form, which a person confirms.
func (t *table) byName(o owner) (same, alike []party.Enterprise) {
	for _, found := range t.r.firms.registry.ByName(o.name) {
		e, ok := t.r.firms.registry.Enterprise(found.ID)
		if !ok || !t.near(e.Area, o.area) || !t.r.sees(e.Area, e.ID) {
			continue
		}
		if found.Likeness < party.SameFormerName {
			alike = append(alike, e)
		} else {
			same = append(same, e)
		}
	}
	return same, alike
}

// take makes a known firm the owner of the row.
func take(o owner, e party.Enterprise) owner {
	o.id, o.key = e.ID, e.Key
	if !o.areaSaid && e.Area != "" {
		o.area = e.Area // the sender's area is where the file comes from, not where the firm lies
	}
	o.past = o.code == "" && party.FoldName(o.name) != party.FoldName(e.Name)
	return o
}

// child is the subject of a kind with a key below another one, 0 when it is not known.
func (f *firms) child(kind string, parent int64, key string) int64 {
	if f.last.byKey == nil || f.last.parent != parent || f.last.kind != kind {
		f.last.parent, f.last.kind, f.last.byKey = parent, kind, map[string]int64{}
		for _, id := range f.registry.Children(parent, kind) {
			if s, ok := f.registry.Subject(id); ok {
				f.last.byKey[s.Key] = id
			}
		}
	}
	return f.last.byKey[key]
}
