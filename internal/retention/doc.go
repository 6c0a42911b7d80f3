// Package retention deletes what is no longer to be kept, and proves that it did. It owns the tables retention_*.
//
// How long a thing is kept is content: each definition of facts has a term, and so has each kind of record besides (content.Register).
// A Run lists what is due: one person proposes it, another approves it, and then all of it goes in one transaction, values out of their
// rows and files off the disk. What something stands on is kept, with the reason: frozen evidence, claims on public money, a case that is
// open, a Hold. It is asked twice, when the run is proposed and when it is carried out.
//
// An enterprise asks to have its personal data deleted (Ask); an official answers, and what is to go becomes a run of its own, which
// still needs the second person.
//
// What may be deleted, and how, is known by the packages that own it: each offers a Kind. The audit log has a leaf about each run that
// was settled, with every single thing that went; no content of a leaf is ever deleted (docs/decisions/0030-erased-in-place.md). A backup
// that is restored is brought up to date with what the runs since told (Again).
package retention
