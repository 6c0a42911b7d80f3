// Package backup copies an installation that keeps its data in SQLite, and brings it back: as a backup holds it, or as it was at
// any moment since the oldest that is kept.
//
// A backup is a directory: the database as it stood at one commit, the files that were brought in, and a manifest with
// the size and the SHA-256 of each. It is made beside its place and gets its name only when all of it is on the disk and
// was read back: what bears the name is whole, and a crash leaves nothing but a directory that the next run clears away.
// It is restored in the same way, into a place that holds nothing.
//
// The database is copied first and the files after it: every file that the copy speaks of is there. The installation may
// be in use meanwhile.
//
// A Keeper makes backups by a schedule, verifies each by restoring it, and never takes the last verified one away. In between it
// ships what is committed, as the pages that each commit wrote (store.Journal), and the files that came in, to a journal beside the
// backups (segment.go): files first, so that whatever a commit speaks of is there. RestoreAt puts the pages of a journal over
// the backup that it stands on, up to a moment. A journal that cannot be gone on with is ended, and another begins, on a new
// backup. What is missing or damaged is named, and nothing is restored.
//
// PostgreSQL has tools of its own, which are better; docs/operations.md says which.
package backup
