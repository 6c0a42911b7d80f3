// Package round holds the yearly rounds of assessment (年度评测): an official opens one for a model, an area and a year, with a first and a
// last day; the enterprises concerned are told and reminded, answer by the workflow of the model, and what they answer is looked through;
// in the end the round is closed and stands.
//
// Whom a round concerns is frozen when it is opened: those of the area that a condition holds of, above scale where nothing else is said.
// So a share always has the same whole, and nobody is late who was never asked. Who meets the condition later is added by hand (More); nobody
// is taken out.
//
// How far an enterprise is (Standing) follows from the cases of the workflow and from sealed results (package results) and is kept nowhere
// while the round runs. The checks (Check) hold answers against the conditions of the model, against those of others, against peers, and
// against the year before. Each thing found is a finding, with what is behind it: the enterprise explains it, and an official accepts it or
// sends it back, which returns the case.
//
// Closing keeps how each enterprise stood, by which result, as of a commit, and what that comes to. Verify makes the figures anew from what
// was known then, and each result by its own model.
//
// A reader gets the enterprises whose facts the reader may see (results.Shows). Who may not see them gets the figures of a closed round, without
// any from which fewer than results.Least could be told (Hide). An enterprise is never told which other one answered as it did.
//
// The package owns the tables whose names begin with round_.
package round
