// Package version keeps policies as they were put in force, and takes a new one there: a draft, checked by the same
// compiler, linter and worked cases as a file of content/, proposed by one person and approved by another. It owns the
// tables policy_package, policy_version and policy_event.
//
// A Package is the files of a policy under the hash of their bytes. A version that is in force never changes: its bytes
// are stored once under their hash, which every read checks; no statement of this package updates or deletes them. What
// happened to a version (drafted, proposed, rejected, approved, ended), who did it, when and why, is a list that only
// grows. Ending a policy names the first day on which it no longer holds; nothing is deleted.
//
// A version is known from the commit that put it in force (docs/decisions/0006-policy-versions.md): At answers which
// policies were in force as known at a commit, so an old decision is taken again by the rule of its time. What ships with
// the binary is the first version of each document, known from the beginning.
//
// A Receipt is a decision with all that it follows from, and is verified without this program's database
// (docs/receipt.md).
//
// It leaves to others: what a policy means (policy), what it comes to in a region (policy/region), how it looks (web).
package version
