// Package notice tells people what concerns them: in the product, by mail, and by SMS or into another system through one
// HTTP hook (docs/notices.md). It owns the messages, who has read which, the addresses at which people are reached and
// what they choose, and what was sent to whom with what result.
//
// Post writes a message in the caller's transaction, so that nothing is told that did not happen. A sender, of which every
// process of an installation runs one, makes deliveries of it afterwards. It promises that each delivery is sent at least
// once and never twice at the same time, that it carries the same mark each time (the Message-ID of a mail, the id of a
// request), and that after GiveUp it stops, keeps what came of it and tells the administrators.
//
// A message is for an account, for a role in an area, or for those who act for an enterprise. Who that is, is asked when it
// is read and when it is sent, never kept: who takes over an office reads what came to it.
//
// Due gives of clocks that run in working days what is to be told today, once each.
//
// It leaves to others: what is worth telling and its words (whoever posts, in the catalogue), who may read (access), who a
// merged enterprise is (party), and the pages.
package notice
