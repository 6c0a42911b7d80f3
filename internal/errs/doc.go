// Package errs is the small vocabulary of failures that every package shares: a kind, which a page or a command maps to
// its answer in one place, and a message that a user may read, apart from the internal error that goes to the log.
//
// It promises that an error which nobody classified is ours (Internal) and has no message for the user, and that what may
// not be seen and what does not exist read the same.
//
// It leaves to others: the words of messages (i18n), and what an answer looks like.
package errs
