package casework

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Forms is what is asked at actions, by the hashes that cases pin.
type Forms interface {
	// InUse is the hash of the form in use under a code.
	InUse(code string) (hash string, ok bool)
	// Pin keeps the form with a hash for good, in the transaction that opens a case.
	Pin(ctx context.Context, tx *store.Tx, hash string) error
	// Given is what expressions may read of the answers to a form: answer.x.
	Given(ctx context.Context, hash string) (map[string]rule.Given, error)
	// Check gives the answers that an entry comes to. The error is Invalid and tells the fields that will not do.
	Check(ctx context.Context, hash string, q Asked) (Answers, error)
}

// Asked is a form as it was filled in.
type Asked struct {
	Entry   []byte       // JSON, as the form's page or the API sends it
	Case    int64        // whose files prove what is answered
	Subject rule.Subject // whose facts the form reads; nil for none
	ID      int64        // of the subject, for the statements
	Day     period.Day   // on which it is answered
	Files   []Evidence   // that the case holds
}

// Answers is what a form comes to.
type Answers struct {
	Kept   []byte                      // JSON: what stays with the event, what was dropped included
	Given  func(id string) rule.Answer // answer.x for expressions
	Texts  func(path string) []string  // of a field, or of a column of a list: items.invoice_no
	States []fact.Statement            // facts to state, by the form's own words
	By     string                      // the authority that speaks in them
}
