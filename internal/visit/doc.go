// Package visit keeps what somebody notes on a visit to a firm: answers to the questionnaire of an assessment model, findings, photographs
// and notes, with or without network.
//
// What is noted is a set of entries that only grows. Each has an id that its device made, says what it is about, and names the entries
// about the same that whoever wrote it had before them. What counts of a topic is what no other entry names: one is its value, several that
// say different things are a conflict, which is shown and settled by an entry that names them all. So devices that were apart come together
// in any order, however often they send, and nothing is overwritten. An entry without a body takes something away.
//
// Whoever may take an action now that asks for a questionnaire on site writes in its case; who else sees the case reads, but for the one
// whom it is about. What arrives after the case moved on is kept and marked late, from those for whom the action is or was: it changes
// nothing until somebody who writes takes it up. Handing in builds the answers of the questionnaire from what was noted, takes the action
// (package casework), and keeps the hash of all entries, which goes into the audit log. Photographs are files of the case, and go with it;
// entries lose their bodies when their term is over (Retention).
//
// The package owns the tables visit_*. It knows no workflow and no model by name.
package visit
