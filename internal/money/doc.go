// Package money holds amounts, rates and the one rounding between them. An amount is whole fen in an int64; a rate
// is an exact fraction; their product stays exact until a declared rounding makes it fen again.
//
// It promises that nothing here is a float and nothing wraps: what does not fit is an error.
//
// It leaves to others: how an amount stands in a spreadsheet (sheet), how it is shown (fact, web), and which rounding a
// clause declares (policy).
package money
