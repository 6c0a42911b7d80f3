// Package column evaluates checked expressions over tables: the same answers as rule.Expr.Eval gives one subject at a time,
// for a region in one pass. It holds for every row that the state, the value, the facts that are missing and the words of an
// error are those of the row evaluator; a property test compares the two on random programs and facts.
//
// # From expressions to kernels
//
// Compile reads the trees of expressions (rule.Tree). What it cannot lower is a problem with file, line and column; nothing
// is evaluated in another way behind the caller's back. A Batch is a table: a row for each question, a column for each name
// that is read. Program.Bind makes a Plan for a batch: expressions become nodes, of which equal ones are one, whichever
// expression they stand in; texts become codes of a dictionary and sets of texts sets of codes; and from the least and the
// greatest value of each column it works out what every node can come to.
//
//   - A sum or product that always fits in 64 bits is not checked. One that may not is checked row by row, and the rows
//     where it does not fit are Failed.
//   - Rates, and money before it is rounded, are whole numbers over one denominator that the plan knows: a common fraction
//     of all rows. Where the numerators may pass 64 bits they have 128, and beyond that they are big.Int; Plan.Kernels tells
//     which nodes that is. They are as exact as money.Exact is.
//   - A node that can be neither none, unknown nor failed keeps no bits for it.
//
// # Evaluation
//
// Rows go in blocks that stay in the cache. Nothing is worked out before somebody asks for it, and only for the rows that
// are asked for: of a && b, b is evaluated for the rows where a does not decide, cheap conditions first; of c ? a : b, each
// branch for its own rows. A node keeps the rows that it has done, so that what is shared is never done twice. That is as
// far as the principles of package rule allow: an operand that may fail is evaluated wherever its operator is, since an
// error wins over everything.
//
// Which facts an unknown answer waits for, and how an error is told, is asked of single rows afterwards (Block.Missing,
// Block.Outcome): the states of all nodes say it.
//
// Aggregates fold the rows of children, which lie next to each other in a table of their own (Below), before the rows
// that read them are evaluated. Batches that share their children share what was folded of them.
//
// The package has no input, no output and no clock. A Program and a Plan may be used by many goroutines, a Machine by one.
package column
