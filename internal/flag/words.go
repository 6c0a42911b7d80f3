package flag

import (
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// Msg is what raises the flag, in words: what its rows share, or the mark that they were held against.
func (f Flag) Msg() i18n.Msg {
	switch f.Kind {
	case SplitProject:
		return i18n.M("flag.split", amount(f.Mark.Amount), f.Mark.Number, f.Mark.Cite, amount(f.Sum))
	case JustAboveMark:
		return i18n.M("flag.just_above", amount(f.Mark.Amount), f.Mark.Number, f.Mark.Cite)
	case ReusedInvoice:
		return i18n.M("flag.invoice", f.Shared)
	case ClosedPayee:
		return i18n.M("flag.closed", f.Shared)
	case RelatedSeller:
		var all i18n.Msg
		for i, def := range strings.Fields(f.Shared) {
			word := i18n.M("flag.alike." + strings.TrimPrefix(def, "ent."))
			if all = i18n.M("flag.and", all, word); i == 0 {
				all = word
			}
		}
		return all
	case SharedPhone:
		return i18n.M("flag.phone", f.Shared)
	case SharedAddress:
		return i18n.M("flag.address", f.Shared)
	}
	return i18n.M("flag.person", f.Shared)
}

// amount is a sum as each language writes it.
func amount(a money.Fen) i18n.Text {
	return i18n.Text{ZH: a.In(10_000*money.Yuan) + " 万元", EN: i18n.Group(a.In(money.Yuan)) + " yuan"}
}
