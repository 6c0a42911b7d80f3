package content

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/hanzi"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Node is a place in a tree: an area or an industry.
type Node struct {
	Code       string      // unique in its tree: "320904", "zone:320971", "C", "3670"
	Name       string      // full name: 大丰区
	Short      string      // name without its kind: 大丰; equal to Name where there is none
	Parent     string      // code of the node above, "" at the top
	Level      string      // province city county zone; section division group class
	StatCode   string      // six-digit code of statistics, for areas that have one
	Aliases    []string    // other names
	Retired    bool        // the code is no longer used; Successors say what took its place
	Successors []string    // codes in use now
	From, To   *period.Day // when the node was in use, as far as known; nil is not known or still in use
	Source     string
	Confidence string

	moves []move // where it lay before, the earliest first
}

// move is that a node lay below another one until a day.
type move struct {
	parent string
	until  period.Day
}

// Tree is nodes below each other. It never changes.
type Tree struct {
	Version  string // edition of the standard or state of the list
	nodes    map[string]*Node
	order    []string            // codes in file order
	children map[string][]string // of nodes in use
	canon    func(code string) string
	index    [tiers]map[string][]string // folded word → codes; a better tier hides the ones below it
	turns    []period.Day               // the last days on which nodes lay otherwise than on the day after, rising
}

// The tiers of a match: a code, a full name, a short name or alias, a name out of use.
const (
	byCode = iota
	byName
	byAlias
	byRetired
	tiers
)

// maxWord is the longest text that Resolve looks at, in characters.
const maxWord = 64

func newTree(version string, canon func(string) string) *Tree {
	t := &Tree{Version: version, nodes: map[string]*Node{}, children: map[string][]string{}, canon: canon}
	for i := range t.index {
		t.index[i] = map[string][]string{}
	}
	return t
}

// add puts a node into the tree and its words into the index; false when the code is taken.
func (t *Tree) add(n Node) bool {
	if _, taken := t.nodes[n.Code]; taken {
		return false
	}
	t.nodes[n.Code] = &n
	t.order = append(t.order, n.Code)
	t.say(byCode, n.Code, n.Code)
	if n.StatCode != "" {
		t.say(byCode, n.StatCode, n.Code)
	}
	if n.Retired {
		t.say(byRetired, n.Name, n.Code)
		return true
	}
	t.children[n.Parent] = append(t.children[n.Parent], n.Code)
	t.say(byName, n.Name, n.Code)
	if n.Short != n.Name {
		t.say(byAlias, n.Short, n.Code)
	}
	for _, a := range n.Aliases {
		t.say(byAlias, a, n.Code)
	}
	return true
}

func (t *Tree) say(tier int, word, code string) {
	key := Fold(word)
	if key != "" && !slices.Contains(t.index[tier][key], code) {
		t.index[tier][key] = append(t.index[tier][key], code)
	}
}

// alias gives a node of the tree one more name; false when there is no such node.
func (t *Tree) alias(code, word string) bool {
	n, ok := t.nodes[code]
	if ok {
		n.Aliases = append(n.Aliases, word)
		t.say(byAlias, word, code)
	}
	return ok
}

// Node is the node with a code, in use or retired. An industry may carry the letter of its section (C3670).
func (t *Tree) Node(code string) (Node, bool) {
	n, ok := t.nodes[t.canon(code)]
	if !ok {
		return Node{}, false
	}
	return *n, true
}

// Nodes is every node, in the order of the files.
func (t *Tree) Nodes() []Node {
	all := make([]Node, len(t.order))
	for i, code := range t.order {
		all[i] = *t.nodes[code]
	}
	return all
}

// Children is the nodes in use right below a code; "" gives the top.
func (t *Tree) Children(code string) []Node {
	codes := t.children[t.canon(code)]
	all := make([]Node, len(codes))
	for i, c := range codes {
		all[i] = *t.nodes[c]
	}
	return all
}

// Path is the nodes from the top down to a code, itself last; nil when the code is not known.
func (t *Tree) Path(code string) []Node {
	var path []Node
	for n := t.nodes[t.canon(code)]; n != nil; n = t.nodes[n.Parent] {
		path = append(path, *n)
	}
	slices.Reverse(path)
	return path
}

// ParentOn is the code of the node above a node as it was on a day; "" at the top.
func (n Node) ParentOn(day period.Day) string {
	for _, m := range n.moves {
		if day <= m.until {
			return m.parent
		}
	}
	return n.Parent
}

// PathOn is Path as nodes lay below each other on a day.
func (t *Tree) PathOn(code string, day period.Day) []Node {
	var path []Node
	for n := t.nodes[t.canon(code)]; n != nil && len(path) < maxAreas; n = t.nodes[n.ParentOn(day)] {
		path = append(path, *n)
	}
	slices.Reverse(path)
	return path
}

// WithinOn is Within as nodes lay below each other on a day.
func (t *Tree) WithinOn(code, ancestor string, day period.Day) bool {
	top := t.canon(ancestor)
	deep := 0
	for n := t.nodes[t.canon(code)]; n != nil && deep < maxAreas; n = t.nodes[n.ParentOn(day)] {
		if n.Code == top {
			return true
		}
		deep++
	}
	return false
}

// Era tells days apart between which nodes moved: on all days of an era they lie below each other in the same way.
func (t *Tree) Era(day period.Day) int {
	era, _ := slices.BinarySearch(t.turns, day)
	return era
}

// maxAreas is more than areas lie below each other: what history says of areas cannot make a circle of them.
const maxAreas = 16

// Within says that a code is the ancestor or lies below it. A code or ancestor that is not known is nowhere.
func (t *Tree) Within(code, ancestor string) bool {
	top := t.canon(ancestor)
	for n := t.nodes[t.canon(code)]; n != nil; n = t.nodes[n.Parent] {
		if n.Code == top {
			return true
		}
	}
	return false
}

// County is the county, or the zone that counts as one, in which an area lies; the area itself above that.
func (t *Tree) County(area string) string {
	for _, n := range t.Path(area) {
		if n.Level == County || n.Level == Zone {
			return n.Code
		}
	}
	return area
}

// Below is the code itself and every code in use below it, top first; nil when the code is not known.
func (t *Tree) Below(code string) []string {
	if _, ok := t.nodes[t.canon(code)]; !ok {
		return nil
	}
	all := []string{t.canon(code)}
	for i := 0; i < len(all); i++ {
		all = append(all, t.children[all[i]]...)
	}
	return all
}

// Resolve is the nodes in use that a word may mean, in file order: a code (in use or retired, of the tree or of
// statistics), a full name, a short name or alias, a name out of use, or such words one after the other from the top
// down (江苏省盐城市大丰区). A better kind of match hides the others, so 朝阳市 is one place and 朝阳 several; when more
// than one is left the caller asks. Retired codes and names give their successors. within, a code, keeps what lies
// there; "" keeps all.
func (t *Tree) Resolve(text, within string) []Node {
	key := Fold(text)
	if key == "" || utf8.RuneCountInString(key) > maxWord {
		return nil
	}
	found := t.resolve(key, within)
	if len(found) == 0 {
		if simple := hanzi.Simplified(key); simple != key { // 東臺市
			found = t.resolve(simple, within)
		}
	}
	var all []Node
	for _, code := range found {
		all = append(all, *t.nodes[code])
	}
	return all
}

func (t *Tree) resolve(key, within string) []string {
	for tier := range t.index {
		if found := t.inUse(t.index[tier][t.canonKey(tier, key)], within); len(found) > 0 {
			return found
		}
	}
	var found []string
	for cut := range key {
		if cut == 0 {
			continue
		}
		for _, top := range t.heads(key[:cut], within) {
			for _, code := range t.resolve(key[cut:], top) {
				if code != top && !slices.Contains(found, code) {
					found = append(found, code)
				}
			}
		}
	}
	return t.sorted(found)
}

// heads is what the first part of a path may mean. The part may name a place above within: 江苏省盐城市 asked within
// 盐城市.
func (t *Tree) heads(key, within string) []string {
	var found []string
	for _, tier := range []int{byName, byAlias} {
		for _, code := range t.index[tier][key] {
			switch {
			case within == "" || t.Within(code, within):
				found = append(found, code)
			case t.Within(within, code):
				found = append(found, within)
			}
		}
	}
	return found
}

// canonKey lets codes be looked up in the form of the tree.
func (t *Tree) canonKey(tier int, key string) string {
	if tier == byCode {
		return Fold(t.canon(strings.ToUpper(key)))
	}
	return key
}

// inUse is the codes, with successors in the place of what is retired, that lie within.
func (t *Tree) inUse(codes []string, within string) []string {
	var found []string
	keep := func(code string) {
		if (within == "" || t.Within(code, within)) && !slices.Contains(found, code) {
			found = append(found, code)
		}
	}
	for _, code := range codes {
		n := t.nodes[code]
		if !n.Retired {
			keep(code)
			continue
		}
		for _, s := range n.Successors {
			keep(s)
		}
	}
	found = slices.DeleteFunc(found, func(code string) bool { return t.repeated(code, found) })
	return t.sorted(found)
}

// repeated says that a node only repeats its single child under the same name, as groups of one class do, and the child
// is among the found.
func (t *Tree) repeated(code string, found []string) bool {
	below := t.children[code]
	return len(below) == 1 && slices.Contains(found, below[0]) && t.nodes[below[0]].Name == t.nodes[code].Name
}

// sorted puts codes in file order.
func (t *Tree) sorted(codes []string) []string {
	if len(codes) > 1 {
		place := make(map[string]int, len(codes))
		for _, c := range codes {
			place[c] = slices.Index(t.order, c)
		}
		slices.SortFunc(codes, func(a, b string) int { return place[a] - place[b] })
	}
	return codes
}
