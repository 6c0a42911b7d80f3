// Package audit is the log that proves what was done: a Merkle tree (RFC 6962, hashed by golang.org/x/mod/sumdb/tlog) whose leaves
// are written in the database transaction of what they are about. It owns the tables audit_leaf, audit_hash, audit_tree and
// audit_checkpoint.
//
// A package that keeps something which must not change later declares a Kind: which rows of its tables a thing is made of. It
// calls Note in the transaction that writes them. At the end of the transaction, after all else, the rows are brought into one
// canonical form and hashed with a salt; the hash is a leaf. A log of its own would sooner or later tell something else than the
// database; this one is there exactly when the thing is.
//
// A leaf gets its place in the tree a little later, when the head is signed (Seal), so that nobody who writes waits for another.
// Several processes on one PostgreSQL agree, since the row of the tree is locked while leaves are placed.
//
// A Checkpoint is the head of the tree, signed (Ed25519). Whoever keeps one elsewhere (the level above, an auditor) can have it
// proven that a later one contains it (Consistent), and that a thing is in the tree (Prove), without the database and without
// trusting those who run it. Check walks over all: it makes each thing anew from its tables and holds it against its leaf.
//
// What the log shows: that something was changed, removed, put in between or dated back after it was logged, by whatever means.
// What it cannot show: that what was written was true, and what was done outside of the system.
//
// The salt keeps leaves from being guessed: a leaf may be public without telling what it is about. Who is to check a thing is given
// its canonical form and its salt.
package audit
