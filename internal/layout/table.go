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
	Area string // code of the area that {{地区}} names; "" for all that the reader sees
	Year int    // of figures that name no period
	Rows iter.Seq2[Record, error]
}

// Record is one row: what stands in a column, by its place in Table.Columns, for a period. A value is nothing (nil), text
// (string), a truth value (bool), a number (int, int64), an amount (money.Fen), a day (period.Day) or a fact.Cell of the
// definition that the column's role names.
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

// named is a row whose values stand by the names of their columns, as the content has them behind the table's code.
func (t *Table) named(number int, values map[string]any) Record {
	return func(column int, _ period.Period) any {
		role := t.Columns[column].Role
		if role == "row.number" {
			return number
		}
		if v, ok := values[role]; ok {
			return v
		}
		return values[strings.TrimPrefix(role, t.Code+".")]
	}
}
