// Package policy turns published support policies into exact decisions. A policy is a folder of content: policy.yaml
// (the document, its numbers, its clauses, how they stack), cases.yaml (worked examples that run as tests), SOURCE.md.
//
// Compile checks a file against the fact definitions and gives a Policy; Policy.Plan fixes its open questions and any
// what-if change of its numbers; Plan.Decide applies it to one enterprise as of a day. There is no I/O and no clock in
// here: facts come in through rule.Subject, the day through the caller, and the same input gives the same bytes.
//
// Plan.DecideAll gives the decisions of many enterprises sooner: the conditions of all clauses are evaluated in columns
// (package rule/column) for all of them, and only what they do not rule out is asked of each. A condition that has no
// kernel is a problem of the file.
//
// A file holds the document as later ones amended it. What takes part in a quota or a pool depends on other enterprises:
// Plan.Allot settles the decisions of all of them together.
//
// Three promises. Money is exact: nothing is rounded but where the document says so. What is not known is not zero: an
// amount is an interval from what is sure to what is possible. Every reduction names what it lost to: a ceiling, another
// clause, another document.
package policy
