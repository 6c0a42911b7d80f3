// Package condition is conditions on a subject as content files write them: each with an id, a text in two languages and an
// expression (docs/expressions.md). Selections ask them who may be nominated, ladders who stands on which step, loan products
// who could get one.
//
// Compile reads a list and tells every mistake at its place in the file. Ask answers a list for a subject on a day, each with
// what was compared where it is not met, and with the facts that are missing where it is not known. The package has no input,
// no output and no clock; what the expressions may read is the caller's environment of package rule.
package condition
