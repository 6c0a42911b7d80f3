// Package store is the ground that every package which keeps something stands on: it opens the database, brings its
// schema up to date, and runs reads and transactions. It knows no table but its own four (schema_step, commit_seq,
// id_block, database_identity); every other package owns its tables and writes its own SQL.
//
// There are two databases and one SQL text, with $1 placeholders. SQLite is the default: one process owns the file,
// one writer grants turns and commits many transactions with one fsync, readers never wait for it. PostgreSQL (and
// what speaks its protocol) serves several processes.
//
// What a write function may rely on, the same on both databases:
//
//   - it runs in the caller's goroutine, sees its own writes, and is all or nothing; a panic rolls it back and goes on
//     up the caller's stack;
//   - after a statement has failed, every later statement of that transaction fails with the same error, and so does
//     the transaction: PostgreSQL demands it, and code that goes on must not pass on one database alone;
//   - it may be run more than once (PostgreSQL retries serialization failures, deadlocks and races for a unique key),
//     so it must set, not add to, what it captures;
//   - when Write or Commit has returned nil, the transaction is on the disk.
//
// A write function must not call Write or Commit of the same DB: it would wait for itself.
//
// On SQLite the first input/output error or sign of corruption ends the process with exit status 70, without closing
// the database: after a failed fsync nobody knows what is on the disk, and going on has been seen to lose what was
// acknowledged. A full disk is not such an error: writes are refused and reads go on.
package store
