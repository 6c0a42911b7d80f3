// Package content reads the programme as data: what may be known about whom (fact definitions), where (areas), in
// which trade (industries), which codes and words are used, who is believed before whom (authorities), what the plan
// promises (targets), and on which days people work (calendar). It owns the reading and the checking, and answers
// questions about what was read; it stores nothing and knows no enterprise.
//
// Content is read strictly. Every mistake is a Problem with file, line and column, what is wrong, what was expected and
// how to mend it; all mistakes of a file are told at once. Packages with content of their own (policies) read it with
// Decode and report with the same Problem.
//
// A Library never changes after Load and may be used by many goroutines.
package content
