package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Edit is one field that differs between two wordings of a policy. An item that one of them lacks is one Edit.
type Edit struct {
	Kind   EditKind
	Within []Item    // what the field belongs to, outermost first: a clause, a ceiling in it
	Key    string    // of the field, as the file calls it; of a table, the key in it; "" for an item as a whole
	Table  string    // the field that Key is a key of
	Before i18n.Text // as the files write it; of an item, its name
	After  i18n.Text
	Cite   string // where the document says it
	Path   []any  // of the field in the later file; in the earlier one where it was removed
}

// EditKind is how a field differs.
type EditKind string

// The kinds.
const (
	Added   EditKind = "added"
	Removed EditKind = "removed"
	Changed EditKind = "changed"
)

// Item is something that has fields of its own. Key is the list or field that it stands in.
type Item struct {
	Key  string
	ID   string // "" where it has none
	Name i18n.Text
}

// Compare lists the fields that differ between two files, in the order of the later one. Items are told apart by their
// ids: what stands in another order is the same.
func Compare(before, after *File) []Edit {
	c := comparison{}
	c.fields(place{}, reflect.ValueOf(*before), reflect.ValueOf(*after))
	return c.edits
}

type comparison struct{ edits []Edit }

// place is where a comparison stands: path in each file, and the items passed on the way.
type place struct {
	before, after []any
	within        []Item
	key, table    string
	cite          string
}

func (p place) step(key string) place {
	p.before, p.after, p.key = at(p.before, key), at(p.after, key), key
	return p
}

func (p place) index(before, after int, it Item) place {
	p.before, p.after = at(p.before, before), at(p.after, after)
	p.within = append(slices.Clone(p.within), it)
	p.key = ""
	return p
}

func (c *comparison) add(p place, kind EditKind, before, after i18n.Text) {
	e := Edit{Kind: kind, Within: p.within, Key: p.key, Table: p.table, Before: before, After: after, Cite: p.cite, Path: p.after}
	if kind == Removed {
		e.Path = p.before
	}
	c.edits = append(c.edits, e)
}

// fields compares two structs field by field.
func (c *comparison) fields(p place, a, b reflect.Value) {
	if cite := b.FieldByName("Cite"); cite.IsValid() && cite.Kind() == reflect.String && cite.String() != "" {
		p.cite = cite.String()
	}
	for _, f := range content.Fields(a.Type()) {
		c.value(p.step(f.Key), a.FieldByIndex(f.Index), b.FieldByIndex(f.Index))
	}
}

func (c *comparison) value(p place, a, b reflect.Value) {
	if a.Kind() == reflect.Pointer {
		switch {
		case a.IsNil() && b.IsNil():
		case a.IsNil():
			c.whole(p, Added, b.Elem())
		case b.IsNil():
			c.whole(p, Removed, a.Elem())
		default:
			c.value(p, a.Elem(), b.Elem())
		}
		return
	}
	_, leaf := written(a)
	switch {
	case leaf:
		c.leaf(p, a, b)
	case a.Kind() == reflect.Struct:
		p.within = append(slices.Clone(p.within), Item{Key: p.key})
		c.fields(p, a, b)
	case a.Kind() == reflect.Map:
		c.entries(p, a, b)
	default:
		c.list(p, a, b)
	}
}

func (c *comparison) leaf(p place, a, b reflect.Value) {
	before, _ := written(a)
	after, _ := written(b)
	kind := Changed
	switch {
	case before == after:
		return
	case before == i18n.Text{}:
		kind = Added
	case after == i18n.Text{}:
		kind = Removed
	}
	c.add(p, kind, before, after)
}

// whole is an item that only one of the files has.
func (c *comparison) whole(p place, kind EditKind, v reflect.Value) {
	text, leaf := written(v)
	if !leaf {
		text = NameOf(v)
		if cite := v.FieldByName("Cite"); cite.IsValid() && cite.String() != "" {
			p.cite = cite.String()
		}
	}
	if kind == Added {
		c.add(p, kind, i18n.Text{}, text)
		return
	}
	c.add(p, kind, text, i18n.Text{})
}

func (c *comparison) entries(p place, a, b reflect.Value) {
	keys := map[string]bool{}
	for _, m := range []reflect.Value{a, b} {
		for _, k := range m.MapKeys() {
			keys[k.String()] = true
		}
	}
	p.table = p.key
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		x, y := a.MapIndex(reflect.ValueOf(k)), b.MapIndex(reflect.ValueOf(k))
		switch q := p.step(k); {
		case !x.IsValid():
			c.whole(q, Added, y)
		case !y.IsValid():
			c.whole(q, Removed, x)
		default:
			c.value(q, x, y)
		}
	}
}

// list compares two lists of items: by id where they have one, else by their place in the list.
func (c *comparison) list(p place, a, b reflect.Value) {
	same := func(x, y int) bool {
		id, other := idOf(a.Index(x)), idOf(b.Index(y))
		return id == other && (id != "" || x == y)
	}
	find := func(n int, is func(int) bool) int {
		for i := range n {
			if is(i) {
				return i
			}
		}
		return -1
	}
	for j := range b.Len() {
		item := Item{Key: p.key, ID: idOf(b.Index(j)), Name: NameOf(b.Index(j))}
		i := find(a.Len(), func(i int) bool { return same(i, j) })
		if q := p.index(max(i, 0), j, item); i < 0 {
			c.whole(q, Added, b.Index(j))
		} else {
			c.fields(q, a.Index(i), b.Index(j))
		}
	}
	for i := range a.Len() {
		if find(b.Len(), func(j int) bool { return same(i, j) }) < 0 {
			item := Item{Key: p.key, ID: idOf(a.Index(i)), Name: NameOf(a.Index(i))}
			c.whole(p.index(i, 0, item), Removed, a.Index(i))
		}
	}
}

// written is a value as a file writes it; ok is false for what has fields of its own.
func written(v reflect.Value) (text i18n.Text, ok bool) {
	plain := func(s string) (i18n.Text, bool) { return i18n.Text{ZH: s, EN: s}, true }
	switch x := v.Interface().(type) {
	case i18n.Text:
		return x, true
	case fmt.Stringer:
		return plain(x.String())
	case []string:
		return plain(strings.Join(x, ", "))
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Pointer:
		return text, false
	case reflect.Bool:
		if !v.Bool() {
			return text, true // as if it were left out
		}
	case reflect.Int, reflect.Int64:
		if v.Int() == 0 {
			return text, true
		}
	}
	return plain(fmt.Sprint(v.Interface()))
}

// idOf is what tells an item from others of its list.
func idOf(v reflect.Value) string {
	for _, name := range []string{"ID", "Payer"} {
		if f := v.FieldByName(name); f.IsValid() && f.Kind() == reflect.String {
			return f.String()
		}
	}
	return ""
}

// NameOf is what an item is called: its name, what it says or asks, else its id.
func NameOf(v reflect.Value) i18n.Text {
	for _, name := range []string{"Name", "Text", "Question"} {
		if f := v.FieldByName(name); f.IsValid() {
			if t, ok := f.Interface().(i18n.Text); ok && t.ZH != "" {
				return t
			}
		}
	}
	return i18n.Text{ZH: idOf(v), EN: idOf(v)}
}
