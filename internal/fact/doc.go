// Package fact keeps what was stated about subjects and answers what holds.
//
// A Statement says that a definition has a value for a subject in a period. It belongs to exactly one source, is known
// from the commit at which that source is published, and is never changed: a correction is a further statement, an
// undo retracts the source. What is blank in a sheet makes no statement.
//
// Of the statements about one subject, definition and period whose sources are live, one is effective: that of the
// authority which the definition believes first; among equals the one that became known last; within one source the
// one that stands last. A statement of any state competes, "said to be missing" too: the last word of the best
// authority holds. The statements about a merged subject count for the one it was merged into.
//
// A capability may say that what is stated of one subject is stated of others beside it too (Pairing): what is left then counts in its
// place, and the time line says why.
//
// Frames holds the effective values in memory as columns, one for each definition and period. A snapshot never
// changes; a commit makes the next one, which shares what did not change. The only way to read is Frames.For, which
// takes the reader's scope and gives a View; no method of View tells of a subject, a value or a count beyond it. Who
// may see an enterprise goes by its area as known at the view's commit: the history of a firm that moved follows it.
//
// An enterprise may state what is missing or wrong in its own file (View.Report): a statement of its own
// authority, under a source of its own, which it may take back. It never covers the word of somebody who is believed more;
// a difference beyond the tolerance waits for an official, who asks back or lets it stand.
//
// What Append writes is kept, packed, until a frame of the same process takes it in or makes room for others: reading it
// back would take longer. OpenSaved starts from a file that Save wrote, read in place, and from what was committed since
// (docs/decisions/0010-saved-frame.md, 0013-frame-in-place.md). Both are caches, and one that does not fit is not used.
//
// The package owns the tables fact, fact_column (the pairs of definition and period, so that a statement is small),
// dispute, dispute_closing and report_answer. All of them only grow, except that rows of a source that never became known
// may be discarded (see package source).
package fact
