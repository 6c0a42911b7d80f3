// Package source knows who said something, when it was received, and at which moment it became known.
//
// It owns two tables. source holds what was received: an import, a form, a case event. commit_log is the one
// append-only log of everything that changes what is known: a source published, a source retracted, two subjects
// merged or parted again. Its order is the commit sequence of package store, never a clock; "as known at n" means the
// entries up to n.
//
// A source is loaded in three steps, so that the writer stays free and a crash leaves nothing visible: Begin opens it
// pending; packages above append rows under its id in many short transactions, each of which calls Stage first;
// Publish makes all of it known at one commit. Retract, one further row of the log, takes all of it back. Rows of a
// published source are never changed or deleted; a pending one may be thrown away with Discard, and what a crash left
// pending is purged at the next start.
//
// Packages that keep rows of a source name their tables with Owns; each has a column source_id.
package source
