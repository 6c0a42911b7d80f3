package layout

import (
	"iter"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Table is what a template is filled with: columns that headers and placeholders name, and rows.
type Table struct {
	content.Table
	Area   string        // code of the area that {{地区}} names; "" for all that the reader sees
	Year   int           // of figures that name no period
	Period period.Period // the same of figures that are told for months, quarters and the like; Always for none
	Seq    int64         // commit as of which the rows are known; 0 where that says nothing
	Asker  string        // whose table it is
	Rows   iter.Seq2[Record, error]

	// Whole is what the area as a whole comes to, for a total row; nil for none.
	Whole Record
	// Keys are the roles of the columns by which a template may name its rows beforehand; none where it may not. Means are the keys that other
	// words than those of the rows stand for.
	Keys  []string
	Means func(words string) []string
	// Named is the place of the first column that goes by the name of an indicator; 0 for none.
	Named int
	// Bare is the role of the column that a header means which is nothing but a period; "" for none.
	Bare string
}

// Record is one row: what stands in a column, by its place in Table.Columns, for a period. A value is nothing (nil), text
// (string), a truth value (bool), a number (int, int64), an amount (money.Fen), a day (period.Day), a fact.Cell of the
// definition that the column's role names, a quantity, or the error that kept it from being told.
type Record func(column int, p period.Period) any

// Kind is a table by its code, with what it asks of a reader before it looks at any row.
type Kind struct {
	Code string
	Need access.Need
}

// kinds is every table. Their names and columns are content.
var kinds = []Kind{
	{"enterprises", access.Need{Action: access.Export}},
	{"projects", access.Need{Action: access.Export}},
	{"loans", access.Need{Action: access.Export}},
	{"leases", access.Need{Action: access.Export}},
	{"honours", access.Need{Action: access.Export}},
	{"areas", access.Need{Action: access.Export, Area: true}},
	{"memberships", access.Need{Action: access.Export}},
	{"facts", access.Need{Action: access.Export}},
	{"decisions", access.Need{Action: access.Export, Area: true}},
	{"decision_areas", access.Need{Action: access.Export, Area: true}},
	{"decision_clauses", access.Need{Action: access.Export, Area: true}},
	{"figures", access.Need{Action: access.Export, Area: true}},
	{"indicators", access.Need{Action: access.Export, Area: true}},
	{"targets", access.Need{Action: access.Export, Area: true}},
	{"report", access.Need{Action: access.ReadBulletins, Area: true}},
	{"report_areas", access.Need{Action: access.ReadBulletins, Area: true}},
	{"policies", access.Need{}},
	{"problems", access.Need{Action: access.Import}},
	{"deliveries", access.Need{Action: access.Import}},
	{"accounts", access.Need{Action: access.ManageAccounts}},
	{"log", access.Need{Action: access.ReadLog}},
}

// Kinds is every table that can be filled in, in the order in which a page offers them.
func Kinds() []Kind { return slices.Clone(kinds) }

// KindNamed is the table with a code.
func KindNamed(code string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Code == code })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// named is a row whose values stand by the names of their columns, as the content has them behind the table's code. The
// whole has no number: 0.
func (t *Table) named(number int, values map[string]any) Record {
	return func(column int, _ period.Period) any {
		role := t.Columns[column].Role
		if role == "row.number" && number > 0 {
			return number
		}
		if v, ok := values[role]; ok {
			return v
		}
		return values[strings.TrimPrefix(role, t.Code+".")]
	}
}
