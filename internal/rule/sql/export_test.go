package sql

// What tests in sql_test look at from inside.
var (
	Quoted = quoted
	List   = list
)

// The forms of codes.
const (
	AreaForm     = areaForm
	IndustryForm = industryForm
)

// Writes says that an operator or function has SQL.
func Writes(fn string) bool { return writing(fn) != nil }
