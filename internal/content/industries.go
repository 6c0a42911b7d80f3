package content

import (
	"io/fs"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Levels of industries (Node.Level): 门类, 大类, 中类, 小类.
const (
	Section  = "section"
	Division = "division"
	Group    = "group"
	Class    = "class"
)

var industryLevels = map[string]string{"门类": Section, "大类": Division, "中类": Group, "小类": Class}

func readIndustries(fsys fs.FS) (*Tree, Problems) {
	tree := newTree("GB/T 4754-2017", industryCode)
	t, problems := readTable(fsys, "industries/gbt4754_2017.csv", "code", "name", "parent", "level", "section", "agree")
	for _, row := range t.rows {
		c := row.cells
		level, ok := industryLevels[c[3]]
		if !ok {
			problems = append(problems, t.problem(row, 3, i18n.M("content.one_of", c[3], "门类, 大类, 中类, 小类")))
			continue
		}
		if c[2] != "" && tree.nodes[c[2]] == nil {
			problems = append(problems, t.problem(row, 2, i18n.M("content.no_parent", c[2])))
			continue
		}
		confidence := Verified
		if c[5] == "1" { // one transcription of the standard alone
			confidence = Secondary
		}
		n := Node{
			Code: c[0], Name: c[1], Short: c[1], Parent: c[2], Level: level,
			Source: tree.Version, Confidence: confidence,
		}
		if short, ok := strings.CutSuffix(c[1], "业"); ok && level != Class {
			n.Short = short
		}
		if !tree.add(n) {
			problems = append(problems, t.problem(row, 0, i18n.M("content.code_twice", c[0])))
		}
	}
	return tree, problems
}

// industryCode takes off the letter of the section that senders put before the digits: C3670.
func industryCode(code string) string {
	code = strings.ToUpper(strings.TrimSpace(code))
	if len(code) > 2 && code[0] >= 'A' && code[0] <= 'T' && strings.Trim(code[1:], "0123456789") == "" {
		return code[1:]
	}
	return code
}
