// Package policy turns published support policies into exact decisions. A policy is a folder of content: policy.yaml
// (the document, its numbers, its clauses, how they stack), cases.yaml (worked examples that run as tests), SOURCE.md.
//
// Compile checks a file against the fact definitions and gives a Policy; Policy.Plan fixes its open questions and any
// what-if change of its numbers; Plan.Decide applies it to one enterprise as of a day. There is no I/O and no clock in
// here: facts come in through rule.Subject, the day through the caller, and the same input gives the same bytes.
//
// A Crowd is many enterprises whose facts were read once, as columns (package rule/column); a Survey is a plan asked of it.
// Conditions, amounts and ceilings of all clauses are evaluated for all of them; where everything about an enterprise is
// known, its claims are stacked there and then. What is left - something is not known, or two claims may be the same thing -
// is named (Survey.Odd) and decided one by one, by the same answers as ever. An expression that has no kernel is a problem of
// the file.
//
// A file holds the document as later ones amended it. What takes part in a quota or a pool depends on other enterprises:
// Plan.Allot settles the decisions of all of them together.
//
// Three promises. Money is exact: nothing is rounded but where the document says so. What is not known is not zero: an
// amount is an interval from what is sure to what is possible. Every reduction names what it lost to: a ceiling, another
// clause, another document.
package policy
