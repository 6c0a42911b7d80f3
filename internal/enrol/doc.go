// Package enrol gives many enterprises their accounts at once: it chooses them, by area and scale or from a list that an
// office has, makes the accounts in the background, and says which still wait for their letter. It owns the tables
// enrolment and enrolment_firm.
//
// An account is made without a password and without a code. Codes are made when letters are printed, in that moment and
// for that print: nothing that opens an account lies in the database or in a file. Printing again replaces the codes of
// letters that were not used yet.
//
// It knows who acts for an enterprise as it is now, after merges, and what was done to accounts as far as a scope reads it.
//
// Whose accounts may be made, and who may print their letters, is decided by package access for each enterprise, by where
// it is at that moment.
package enrol
