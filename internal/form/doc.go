// Package form is what people are asked: forms as definitions in content/forms, what was answered, and whether it will do.
//
// A definition is a JSON Schema 2020-12 subset for the answers, and beside it what a page needs: sections, labels and help
// in two languages, which fact a field is prefilled from and written back to, when a field is asked at all (an expression
// of package rule over answers and facts), and which files prove it. Parse reads one strictly: what JSON Schema has and the
// subset does not is a mistake with file, line and column, as is a fact that does not exist, a condition that goes in a
// circle, or a field that nobody could ever be asked. A form is pinned by the hash of its file; Store keeps the file, so
// that a case of today reads the same form in ten years.
//
// Check takes what was typed (an Entry) or sent as JSON and gives the answers, or what is wrong by the name of the field.
// Answers that are no longer asked for are dropped and told: whoever submits keeps them in its log. An answer that a later
// condition needs and that is not relevant itself counts as none, so that nothing irrelevant decides anything.
//
// The package owns its drafts (what an account has typed into a case, with a revision, so that two tabs do not overwrite
// each other) and the definitions that were pinned. It knows no case beyond an opaque number, keeps no files, and states no
// facts by itself: Statements says what to state, and casework does it in its own transaction.
package form
