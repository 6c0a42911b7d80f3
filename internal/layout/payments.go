package layout

import (
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/ledger"
)

// Payments is the table of a batch for the form of a bank or a treasury. It holds the account numbers in full, and is
// therefore no Kind that a page offers to whoever may read: ledger.Book.TakeFile gives the payments to whoever may pay, and
// notes it.
func Payments(lib *content.Library, b ledger.Batch, list []ledger.Payment) (*Table, error) {
	const code = "payments"
	form, ok := lib.Table(code)
	if !ok {
		return nil, errs.NotFound("table", code)
	}
	t := &Table{Table: form, Area: b.Area}
	t.Rows = t.rows(func(yield func(map[string]any) bool) error {
		for _, p := range list {
			values := map[string]any{
				"reference": p.Reference, "payee": p.Payee, "account": p.Account.Reveal(), "bank": p.Bank, "amount": p.Amount,
				"case": p.Case, "purpose": p.Line.Name, "batch": b.Hash,
			}
			if !yield(values) {
				return nil
			}
		}
		return nil
	})
	return t, nil
}
