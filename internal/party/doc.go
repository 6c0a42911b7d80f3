// Package party knows who and where: enterprises and what belongs to them (projects, loans, leases, honours), their
// names, identifiers and memberships in areas, industries and chains. It owns the tables subject, party_mention,
// party_name, party_identifier, party_membership and party_merge.
//
// Rows are statements of a source and never change. What is effective follows from the rows and a point of knowledge
// (a commit sequence): the rows of sources that were live then, and the merges made by then. A Registry is that state in
// memory, immutable; the newest one answers for the present.
//
//   - A subject exists when a live source mentions it.
//   - Its name is the newest stated one; names that were stated before, or stated as former, are still found.
//   - Its membership in a tree on a day is, among the statements that hold on the day, the one with the latest beginning
//     (a statement without a beginning has always held), then the one that became known last.
//   - A merge makes one subject stand for another and can be undone; nothing is deleted.
//
// Enterprises are found by parts of their names and by pinyin through an index that is part of the Registry
// (docs/decisions, search in memory).
//
// Who may see a subject goes by where it belongs now, as far as was known; figures of a period go by where it belonged
// then (docs/decisions/0003-moved-enterprise.md).
package party
