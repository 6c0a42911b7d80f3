// Package sql writes checked expressions as one SELECT for PostgreSQL: a third way to the answers that rule.Expr.Eval gives,
// by an engine that we did not make. An auditor can run it, and a region that has its facts in a database can push
// evaluation there. It holds for every row that state and value are those of the row evaluator; a property test compares rows,
// columns and PostgreSQL on random programs and facts.
//
// # Tables
//
// A query reads a table of inputs, with a row for each question and a column for each name that is read, and one more table
// for each kind of children that an aggregate goes over. Query.Tables describes them; docs/sql.md says the same to those who
// fill them. Numbers stand in the scale in which facts are stored: fen, millionths, parts per million. What is not known is
// NULL; what is known to be nothing is NULL with a flag beside it.
//
// # Steps
//
// Each node of an expression becomes a value and a state: 0 present, 1 unknown, 2 none, 3 failed. The value is NULL where the
// state is not 0, so that SQL's own NULL carries what is not there through arithmetic and comparisons, and its AND and OR
// through conditions; the state says which it was. The numbers are chosen so that the state of a strict operator is the
// greatest of those of its operands.
//
// Nodes of one depth are one step of a chain of subqueries. Equal nodes are one, whichever expression they stand in. OFFSET 0
// keeps PostgreSQL from pasting a step into the next, which would write out a deep expression exponentially often.
//
//   - Numbers are numeric, which does not overflow. What has 64 bits in the language is compared with its range, and is failed
//     where it does not fit.
//   - A rate, or money before it is rounded, is a numerator over a denominator that is the same for all rows of a node, but for
//     the denominators of rates that are parameters, which stand in a column. Nothing is ever divided.
//   - Texts are quoted literals. Names of columns are those of definitions, quoted.
//
// What cannot be written so is a problem with file, line and column when the query is made.
//
// The package has no input, no output and no clock: it writes SQL and runs none. It owns no tables.
package sql
