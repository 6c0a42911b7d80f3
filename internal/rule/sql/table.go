package sql

import (
	"fmt"
	"strings"

	"github.com/yanzhen/yanzhen/internal/rule"
)

// Table is a table that a query reads.
type Table struct {
	Name    string
	Level   *Level // of what aggregates go over; nil for the questions themselves
	Columns []Column
}

// Level is children of one kind as seen from above.
type Level struct{ From, Over string }

// Column is a column of a table.
type Column struct {
	Name  string
	Type  string // with its constraints, as CREATE TABLE writes it
	Input *rule.Input
	Part  Part
	From  string // of NoParent: the kind of the parent
}

// Part is what a column says of an input, or of the row.
type Part int8

// The parts. A name has a Value, and where it may be known to be nothing a None; a rate that is a parameter has an Over. A
// question has a Key; children have the Key of their question as Parent, and a Place among its children of that kind.
const (
	Value    Part = iota
	None          // known to be nothing
	Over          // the denominator of a rate that is a parameter
	Key           // number of the question
	Parent        // the question that a child belongs to
	Place         // order among the children
	NoParent      // the subject of the question belongs to no subject of the kind From
)

// maxName is how many bytes of a name PostgreSQL keeps.
const maxName = 63

// columnTypes is how values are stored, by type.
var columnTypes = map[rule.Type]string{
	rule.BoolType: "boolean", rule.IntType: "bigint", rule.DecimalType: "bigint", rule.MoneyType: "bigint", rule.RateType: "bigint",
	rule.TextType: "text", rule.DayType: "date",
}

// columns is the columns of a name.
func columns(in *rule.Input) []Column {
	id := in.ID()
	value := Column{Name: id, Type: columnTypes[in.Type()], Input: in}
	if in.Type() == rule.DayType {
		first, last := rule.Calendar()
		value.Type += fmt.Sprintf(" CHECK (%s BETWEEN '%s' AND '%s')", ident(id), first, last)
	}
	switch in.Origin() {
	case rule.FromSetting, rule.FromAsOf:
		value.Type += " NOT NULL"
		return []Column{value}
	case rule.FromYear, rule.FromEvent:
		return []Column{value}
	}
	all := []Column{value, {Name: id + " none", Type: "boolean NOT NULL DEFAULT FALSE", Input: in, Part: None}}
	if over := overName(in); over != "" {
		all = append(all, Column{Name: over, Type: fmt.Sprintf("bigint NOT NULL DEFAULT 1 CHECK (%s > 0)", ident(over)), Input: in, Part: Over})
	}
	return all
}

// overName is the column with the denominator of a rate, "" where it is a million.
func overName(in *rule.Input) string {
	if in.Type() == rule.RateType && in.Origin() == rule.FromParam {
		return in.ID() + " over"
	}
	return ""
}

// perQuestion says that a name means the same for a question and for all children that it asks about.
func perQuestion(in *rule.Input) bool {
	switch in.Origin() {
	case rule.FromFact, rule.FromMembership, rule.FromAggregate:
		return false
	}
	return true
}

// Create is the statement that makes the table.
func (t *Table) Create() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (", ident(t.Name))
	for i, c := range t.Columns {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n  %s %s", ident(c.Name), c.Type)
	}
	if t.Level != nil {
		b.WriteString(",\n  PRIMARY KEY (parent, place)")
	}
	b.WriteString("\n)")
	return b.String()
}
