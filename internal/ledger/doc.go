// Package ledger keeps public money: budgets by fund, line, year and area, what is promised to whom, what has become
// payable, what was paid, what came back, and what may not be granted twice.
//
// Money lies in stages: a budget (owed by the treasury, so below zero) is free, held for a call, committed, payable, ordered
// (in a batch to the bank), paid, returned. A transfer moves it from one stage to another by entries that add up to nothing
// in each line. Entries are only ever added. As no stage but the budget can fall below zero,
//
//	paid ≤ payable ≤ committed ≤ budget
//
// holds for each line at every instant: the figures of Totals are what has ever come as far as a stage and was not taken back.
//
// It promises, on SQLite and PostgreSQL, whatever runs at a time and whenever it is cut off:
//
//   - a transfer happens whole or not at all, once for each key: the same request under the same key is answered as before,
//     another one under it is a conflict;
//   - nothing is spent that is not there: the row of the balance is changed by one statement that also asks for enough, never
//     by looking first;
//   - two commitments never stand on one cost item of a project within a family of clauses, nor on a part and the whole of
//     it, nor beside what another office or an earlier year has granted; a refusal (Refused) names what stands against it;
//   - a payment whose outcome is not known is never made again: only a statement settles it;
//   - the balances equal the entries; each transfer proves it for the rows that it touches, Check for all of them.
//
// Every operation takes the caller's transaction, so that money moves with the event that moves it, and an Act: by whose
// rights, under which key, why. An effect of a workflow acts by access.SystemScope, since the workflow has said who may.
// Account numbers of payees leave it in the file for the bank only; everywhere else they are masked.
//
// It knows no policy, no enterprise and no case beyond an opaque id, and leaves to others who must sign (casework), what is
// owed (policy) and how a project and a cost item are named (subsidy).
package ledger
