// Package results keeps where enterprises stand by assessment models (package assess): results that were sealed, and what a model
// makes of a whole region as facts stand.
//
// A result is sealed by an event of a case (Register): the model is asked of the facts that were known before the event, and what came out
// is kept with the hash of the model and the commit up to which facts were known. The bytes of the model are kept too, so that Verify gets
// the same result in ten years. Nothing of it is ever changed; a later round seals a further one.
//
// Of a region a model is asked once for each state of facts, over columns, and kept while readers ask. A reader gets the enterprises whose
// facts the reader may see; what others come to is told as the peers of one enterprise alone, and only of groups that hide each of their members.
//
// The package owns the tables whose names begin with assess_.
package results
