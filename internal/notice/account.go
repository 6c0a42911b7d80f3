package notice

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// AboutAccount tells the owner of an account what was done to it, in the transaction of the deed (access.Store.Tell).
func AboutAccount(ctx context.Context, tx *store.Tx, e access.Event) error {
	m := Message{
		Kind: System, To: ToAccount(e.Account), Title: i18n.M("notice.account_deed", i18n.M("access.deed."+string(e.Deed))),
		Body: i18n.M("notice.not_you"), Link: "/account", At: e.At,
	}
	if e.Note != "" {
		m.Body = i18n.M("notice.not_you_why", e.Note)
	}
	return Post(ctx, tx, m)
}
