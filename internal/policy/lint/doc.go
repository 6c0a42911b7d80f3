// Package lint tells what is wrong with a policy that compiles: numbers that their quotation does not hold, clauses of the
// document that are left out silently, consequences that clash, conditions that nobody can meet, ceilings and pools that
// never bind, quotas that nothing orders, uplifts and differences that come to nothing, parts that do not make the whole,
// documents that are both in force, and a county that promises less than its city. docs/policy-format.md lists the rules.
//
// Check takes packages as bytes, so that a command, an editor in the browser and a test ask the same. It promises that a
// Finding names its place, the other place where there is one, and how to mend it, in both languages; and that what it
// calls an error is one: reasoning over all facts lets through what it cannot follow. A county that is said to promise less
// comes with an enterprise for which it does.
//
// It leaves to others: the form of a file (policy.Compile, whose problems it hands on), worked cases (policy.Run), files
// and folders (the caller).
package lint
