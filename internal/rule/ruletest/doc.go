// Package ruletest is for tests of those who evaluate checked expressions in another way than rule.Expr.Eval does. It draws
// typed programs and facts, with what is unknown, none, too large or equal among them, and counts what a run came across, so
// that agreement says something.
package ruletest
