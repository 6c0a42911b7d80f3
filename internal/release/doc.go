// Package release is what was published (公示): a table of whitelisted fields with a title, a number, a hash and a place in the audit
// log. It owns the tables release_head and release_row.
//
// What may stand in a release is declared: a Kind (content/releases) names its fields, what type each has and why it may be
// published. A row with a field that is not on the list, or without one that is, is refused. Every text is looked through for numbers
// of identity cards, mobile telephones and bank accounts, and for addresses of mail (Scan); one of these refuses the publication
// and tells in which row and field it stands, without repeating it.
//
// A release never changes. What was wrong is put right by a further release, which names the one that it replaces and why; one that
// should not have been published is withdrawn by a further one without rows. The releases about one thing, such as the notice of a
// batch, are a series: its newest one stands.
//
// Publishing runs in the transaction of the act that publishes. A long table is written in several (Begin, Add, Seal): it is public
// once it is sealed. Who may publish, what for, and for how long objections are taken is left to the packages above.
package release
