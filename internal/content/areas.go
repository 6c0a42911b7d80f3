package content

import (
	"io/fs"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Levels of areas (Node.Level).
const (
	Province = "province"
	City     = "city"
	County   = "county"
	Zone     = "zone" // a functional zone: governs like a county, has no code of GB/T 2260
)

// readAreas reads the divisions, the zones, the codes out of use and the other names.
func readAreas(fsys fs.FS) (*Tree, Problems) {
	tree := newTree("GB/T 2260, 2026-04", areaCode)
	var problems Problems
	divisions, ps := readTable(fsys, "areas/divisions.csv", "code", "name", "parent", "level", "sources")
	problems = append(problems, ps...)
	for _, row := range divisions.rows {
		c := row.cells
		if len(c[0]) != 6 || strings.Trim(c[0], "0123456789") != "" {
			problems = append(problems, divisions.problem(row, 0, i18n.M("content.area_code", c[0])))
			continue
		}
		if c[3] != Province && c[3] != City && c[3] != County {
			problems = append(problems, divisions.problem(row, 3, i18n.M("content.one_of", c[3], "province, city, county")))
			continue
		}
		if c[2] != "" && tree.nodes[c[2]] == nil {
			problems = append(problems, divisions.problem(row, 2, i18n.M("content.no_parent", c[2])))
			continue
		}
		// M is the ministry's list of 2021, S the statistics' of 2023, L a later collection: two agreeing are enough.
		confidence := Secondary
		if len(c[4]) > 1 {
			confidence = Verified
		}
		n := Node{
			Code: c[0], Name: c[1], Short: shortArea(c[1]), Parent: c[2], Level: c[3], StatCode: c[0],
			Source: "GB/T 2260", Confidence: confidence,
		}
		if !tree.add(n) {
			problems = append(problems, divisions.problem(row, 0, i18n.M("content.code_twice", c[0])))
		}
	}
	problems = append(problems, readZones(fsys, tree)...)
	problems = append(problems, readRetired(fsys, tree)...)
	problems = append(problems, readMoves(fsys, tree)...)
	aliases, ps := readTable(fsys, "areas/aliases.csv", "code", "alias")
	problems = append(problems, ps...)
	for _, row := range aliases.rows {
		if !tree.alias(row.cells[0], row.cells[1]) {
			problems = append(problems, aliases.problem(row, 0, i18n.M("content.no_node", row.cells[0])))
		}
	}
	return tree, problems
}

// readZones adds the functional zones. A row whose code is a division says that the zone is that division's territory
// under another name.
func readZones(fsys fs.FS, tree *Tree) Problems {
	zones, problems := readTable(fsys, "areas/zones.csv", "code", "stat_code", "name", "parent", "note")
	for _, row := range zones.rows {
		c := row.cells
		parent, ok := tree.nodes[c[3]]
		if !ok {
			problems = append(problems, zones.problem(row, 3, i18n.M("content.no_parent", c[3])))
			continue
		}
		if tree.alias(c[0], c[2]) {
			continue
		}
		if !strings.HasPrefix(c[0], "zone:") {
			problems = append(problems, zones.problem(row, 0, i18n.M("content.zone_code", c[0])))
			continue
		}
		confidence := Secondary
		if c[1] == "" { // not from the list but from a document that names it
			confidence = Verified
		}
		short, aliases := zoneNames(c[2], parent.Short)
		n := Node{
			Code: c[0], Name: c[2], Short: short, Parent: c[3], Level: Zone, StatCode: c[1], Aliases: aliases,
			Source: c[4], Confidence: confidence,
		}
		if !tree.add(n) {
			problems = append(problems, zones.problem(row, 0, i18n.M("content.code_twice", c[0])))
		}
	}
	return problems
}

// readMoves adds where areas lay before: figures of a period keep the boundaries of the period.
func readMoves(fsys fs.FS, tree *Tree) Problems {
	moves, problems := readTable(fsys, "areas/moves.csv", "code", "parent", "until", "note")
	for _, row := range moves.rows {
		c := row.cells
		until, err := period.ParseDay(c[2])
		n, above := tree.nodes[c[0]], tree.nodes[c[1]]
		switch {
		case n == nil:
			problems = append(problems, moves.problem(row, 0, i18n.M("content.no_node", c[0])))
		case above == nil || above == n || tree.Within(c[1], c[0]):
			problems = append(problems, moves.problem(row, 1, i18n.M("content.no_parent", c[1])))
		case err != nil:
			problems = append(problems, moves.problem(row, 2, i18n.M("content.move_until", c[2])))
		case len(n.moves) > 0 && n.moves[len(n.moves)-1].until >= until:
			problems = append(problems, moves.problem(row, 2, i18n.M("content.move_order", c[0])))
		default:
			n.moves = append(n.moves, move{c[1], until})
			tree.turns = append(tree.turns, until)
		}
	}
	slices.Sort(tree.turns)
	tree.turns = slices.Compact(tree.turns)
	return problems
}

// readRetired adds the codes out of use. When they went out of use is not known, so their days stay open.
func readRetired(fsys fs.FS, tree *Tree) Problems {
	retired, problems := readTable(fsys, "areas/retired_jiangsu.csv", "old_code", "old_name", "successor_codes", "note")
	for _, row := range retired.rows {
		c := row.cells
		var successors []string
		if c[2] != "" {
			successors = strings.Split(c[2], "|")
		}
		known := true
		for _, s := range successors {
			if n := tree.nodes[s]; n == nil || n.Retired {
				problems = append(problems, retired.problem(row, 2, i18n.M("content.no_successor", s)))
				known = false
			}
		}
		if !known {
			continue
		}
		n := Node{
			Code: c[0], Name: c[1], Short: shortArea(c[1]), Parent: retiredParent(tree, c[0], successors), Level: County,
			StatCode: c[0], Retired: true, Successors: successors, Source: "GB/T 2260", Confidence: Secondary,
		}
		if strings.HasSuffix(c[0], "00") {
			n.Level = City
		}
		if !tree.add(n) {
			problems = append(problems, retired.problem(row, 0, i18n.M("content.code_twice", c[0])))
		}
	}
	return problems
}

// retiredParent is the node that all successors lie right below, else the province.
func retiredParent(tree *Tree, code string, successors []string) string {
	parent := ""
	for i, s := range successors {
		p := tree.nodes[s].Parent
		if i > 0 && p != parent {
			parent = ""
			break
		}
		parent = p
	}
	if parent == "" && tree.nodes[code[:2]+"0000"] != nil {
		parent = code[:2] + "0000"
	}
	return parent
}

// areaCode brings a code into the form of the tree: twelve digits of statistics end in zeros for a county or above.
func areaCode(code string) string {
	if len(code) == 12 && strings.HasSuffix(code, "000000") && strings.Trim(code, "0123456789") == "" {
		return code[:6]
	}
	return strings.ToLower(code)
}

// shortArea is a name without its kind. Names of two characters, and of autonomous areas other than those that
// aliases.csv names, have no short form.
func shortArea(name string) string {
	if strings.Contains(name, "自治") || strings.HasSuffix(name, "行政区") {
		return name
	}
	for _, kind := range []string{"地区", "林区", "特区", "省", "市", "区", "县", "盟", "旗"} {
		if short, ok := strings.CutSuffix(name, kind); ok && len([]rune(short)) >= 2 {
			return short
		}
	}
	return name
}

// zoneNames is the short name of a zone and the ways in which its city speaks of it.
func zoneNames(name, city string) (short string, aliases []string) {
	own := strings.TrimPrefix(strings.TrimPrefix(name, city), "市")
	for _, k := range []struct {
		kind   string
		shorts []string
	}{
		{"经济技术开发区", []string{"经开区", "经济开发区", "开发区"}},
		{"经济开发区", []string{"经开区", "开发区"}},
		{"高新技术产业开发区", []string{"高新区", "高新技术开发区"}},
		{"高新技术开发区", []string{"高新区"}},
	} {
		place, ok := strings.CutSuffix(name, k.kind)
		if !ok {
			continue
		}
		for _, s := range k.shorts {
			aliases = append(aliases, place+s)
			if own == k.kind {
				aliases = append(aliases, s)
			}
		}
		return aliases[0], append(aliases, own)
	}
	if own != name && len([]rune(own)) > 2 {
		aliases = append(aliases, own)
	}
	return name, aliases
}
