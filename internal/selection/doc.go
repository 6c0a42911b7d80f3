// Package selection is the programme's yearly selections (评选: demonstration enterprises, service providers, digital
// craftsmen), the titles that come of them, and the ladders (梯度) and cultivation pools (培育库) that lead to them.
//
// A scheme in content/selections says for one title how it is selected: quota, who nominates, conditions, rubric, how many
// experts, what they do not see, how ties are decided, how long the notice stands, how long the title holds. A round is a
// scheme in a year; it pins the bytes of scheme and rubric.
//
// What is decided is a pure function of what was put in, and none of the orders in which things came matters:
//
//   - Lots are hashes of a seed whose own hash is published when the round opens, and of the roll of all nominations and
//     experts; anybody can draw them again (Lots).
//   - Experts who declared an interest, belong to the enterprise, or come from its county where the scheme says so, never
//     judge it: a sheet of theirs does not count even if it was given before (Lots.Panel).
//   - Experts see of a nomination a number and the fields that the scheme shows, nothing else (Blind).
//   - Scores are exact and rounded once; equal totals are told apart by declared rules in order, the last of which is the
//     lot; each tie says which rule decided it (Rank).
//   - The quota is never exceeded; who is out makes room for the next on the waiting list (Choose), who stands in a notice
//     of its own before getting a title.
//
// A title is a fact: an honour of the enterprise with its day, level and document, stated by the round under a source of
// its own. Revoking it states the day on which it ended.
//
// A ladder in content/ladders is steps with conditions; Advise says on which step an enterprise stands and what is missing
// for the next one, by the three-valued answers of package rule. A pool is who is cultivated: entries with their history.
//
// Operations take the caller's transaction, so that they join an event of a case (Register). Who may act is the workflow's; reads, and
// what experts do, take an access.Scope. The package owns the tables whose names begin with selection_ and pool_.
package selection
