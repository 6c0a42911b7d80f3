// Package subsidy is what the programme does with decisions on money: calls (申报通知), applications by any clause of any
// policy, the cost items behind them and what is cut of them (核减), joint review by other departments, panels that score by
// a rubric, batches with their public notice, rounds that need no application (免申即享), and what earlier years and other
// offices have granted already. It owns the tables subsidy_*.
//
// Nothing here knows a clause: a clause is found in the policy in force, its amount is what policy.Plan.Decide says, its cost
// items are those behind the facts that it reads (content/subsidy/costs.yaml), and its claims follow from them. An application
// pins the commit at which its policy was in force, and each amount that it was told is kept with the receipt it follows from.
//
// It promises, on SQLite and PostgreSQL:
//
//   - a cost item (an invoice, a machine) is granted once, whatever the firm, the project, the year and the area; a project,
//     a loan, a title is supported once in a family and year; whoever comes second learns what stands against it;
//   - what is recognised of cost items bounds the facts that it adds up to, the amount is decided again by the same policy with
//     the same rounding, and both decisions stay with their traces;
//   - an amount that is granted is the one that the ledger holds: a batch is the sum of its children;
//   - a public notice is a release (package release): what its kind in content/releases names, and nothing else.
//
// Operations take the caller's transaction, so that they join an event of a case; Register makes effects of workflows of
// them. Who may act is the workflow's, and of the few operations without a case the scope's. Pages and the steps of workflows
// are left to others, and so are money (ledger), deciding (policy) and asking (form).
package subsidy
