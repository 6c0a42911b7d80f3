// Package intake takes a spreadsheet from the moment it arrives to the moment its figures are known, and back again.
// It owns the tables intake_batch, intake_memory and intake_mend.
//
// What a sender answers is a mend of the plan: of a column (what it holds, its unit, how it writes rates and dates), of a
// sheet (its period, its area, rows that are left out), or of one text of a column, once for all cells that say it. Problems
// come grouped by column, cause and the make of the text, and each names its remedies.
//
// The way through is a batch: Receive stores the file, recognises its tables and makes a Plan (which column is what, in
// which unit, about which year); the sender may change it (Replan), and what was decided for a label is remembered for
// the sender. A preview reads the file under the plan and tells what would become known, as a difference to what is
// known: new, changed, conflicting, unchanged; what was left out and why; and what must be answered first. Commit stages
// the same reading under one source and publishes it in one step; Undo takes that source back in one step.
//
// It promises: nothing is half-applied (a source is published whole or not at all, and a crash leaves nothing visible);
// a blank cell states nothing; a value that cannot be read for certain is left out with its place and reason, never
// guessed; a file that states what a live source of the same authority already states adds nothing.
//
// It leaves to others: what a cell says (sheet), which firms exist (party), which of several statements holds (fact).
package intake
