// Package flag finds what an auditor should look into: facts, applications, cost items and grants that stand together as they
// often do where something is wrong. A flag is a question, with the rows that raise it; it says of nobody that they did wrong.
//
// It owns the kinds of flags (content/flags/flags.yaml), their finders, and reviews: that a flag was opened as a case (workflow
// flag_review), its rows as they were then, what was asked about it and what came of it. What is found follows from what is known, and
// the same knowledge gives the same flags in the same order; how far each was looked into follows from the reviews. The same members are
// opened once, whoever opens them; a flag that was settled is new again only where members have joined, and may be opened again where its
// rows have changed. What firms share is a part of that, hashed under a key of the database.
//
// It promises that nothing is found in, and no row names, what the scope may not see; that telephones and legal representatives, which
// are personal data, are recorded as read of whom they are shown for; that a review keeps them nowhere but in the frozen facts of its
// case; and that nobody whom a flag is about sees its review: who is asked sees the question (flag_inquiry, flag_office_inquiry).
//
// Two kinds are not looked for, because nothing is known by which they could be found: that one person acts for several firms under
// other names; and that a firm is related to the institute that diagnosed it or the provider that it paid, for there are no facts of
// ownership.
package flag
