// Package backup copies an installation that keeps its data in SQLite, and brings it back.
//
// A backup is a directory: the database as it stood at one commit, the files that were brought in, and a manifest with
// the size and the SHA-256 of each. It is made beside its place and gets its name only when all of it is on the disk and
// was read back: what bears the name is whole, and a crash leaves nothing but a directory that the next run clears away.
// It is restored in the same way, into a place that holds nothing.
//
// The database is copied first and the files after it: every file that the copy speaks of is there. The installation may
// be in use meanwhile.
//
// PostgreSQL has tools of its own, which are better; docs/operations.md says which.
package backup
