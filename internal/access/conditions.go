package access

import (
	"strconv"
	"strings"
)

// conditions gathers what a list is restricted by, and the arguments of the statement.
type conditions struct {
	terms []string
	args  []any
}

// add is one more condition; each ? in it stands for the next of the arguments.
func (c *conditions) add(sql string, args ...any) {
	for _, arg := range args {
		c.args = append(c.args, arg)
		sql = strings.Replace(sql, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.terms = append(c.terms, sql)
}

// in restricts a column to the values of a list that is not empty.
func (c *conditions) in(column string, list []int64) {
	c.terms, c.args = in(c.terms, column, list, c.args)
}

// where is the clause, "" without conditions.
func (c *conditions) where() string {
	if len(c.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.terms, " AND ")
}
