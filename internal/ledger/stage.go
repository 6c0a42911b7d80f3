package ledger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// Stage is where money of a line lies.
type Stage int

// The stages, in the order in which money goes through them.
const (
	Budget    Stage = iota // 预算: owed by the treasury to the line; below zero
	Free                   // 可用
	Held                   // 已预留: set aside for a call
	Committed              // 已承诺
	Payable                // 应付
	Ordered                // 支付中: in a batch
	Paid                   // 已付
	Returned               // 已追回
	stages
)

var stageNames = [stages]string{"budget", "free", "held", "committed", "payable", "ordered", "paid", "returned"}

// String is the name in the database and in the API.
func (s Stage) String() string { return stageNames[s] }

// MarshalText gives String.
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func stageNamed(name string) (Stage, error) {
	i := slices.Index(stageNames[:], name)
	if i < 0 {
		return 0, fmt.Errorf("ledger: no stage is called %q", name)
	}
	return Stage(i), nil
}

// ofPart says that money of the stage belongs to a commitment.
func (s Stage) ofPart() bool { return s >= Committed }

// maxAmount is the largest amount of one request: 720 trillion yuan, so that a hundred of them are still a number.
const maxAmount money.Fen = 1 << 56

// checkAmount refuses what is not above nothing, or above all measure.
func checkAmount(fen money.Fen) error {
	switch {
	case fen <= 0:
		return errs.Invalid(i18n.M("ledger.no_amount"))
	case fen > maxAmount:
		return errs.Invalid(i18n.M("ledger.too_much"))
	}
	return nil
}

// checkChange refuses a change by nothing, or above all measure.
func checkChange(fen money.Fen) error {
	if fen < 0 {
		fen = -max(fen, -maxAmount-1)
	}
	return checkAmount(fen)
}

// Balance is how much lies in each stage. What a line has adds up to nothing.
type Balance [stages]money.Fen

// plus is the sum, or money.ErrOverflow.
func (b Balance) plus(c Balance) (Balance, error) {
	for s := range b {
		sum, err := b[s].Add(c[s])
		if err != nil {
			return Balance{}, err
		}
		b[s] = sum
	}
	return b, nil
}

// into are the places for scanning the columns in the order of the stages.
func (b *Balance) into() []any {
	out := make([]any, stages)
	for s := range b {
		out[s] = &b[s]
	}
	return out
}

// values are the columns from a stage on.
func (b Balance) values(from Stage) []any {
	out := make([]any, 0, stages)
	for _, fen := range b[from:] {
		out = append(out, int64(fen))
	}
	return out
}

// Totals is how far the money of a line, or of some part of it, has ever come, without what was released:
// Paid ≤ Payable ≤ Committed ≤ Budget. Free and Held are what is left of the budget; Ordered is what is on its way to the
// bank; Returned is how much of Paid came back.
type Totals struct {
	Budget, Free, Held, Committed, Payable, Ordered, Paid, Returned money.Fen
}

// Plus is both together, of one line or fund: what a budget holds fits a number.
func (t Totals) Plus(o Totals) Totals {
	return Totals{
		t.Budget + o.Budget, t.Free + o.Free, t.Held + o.Held, t.Committed + o.Committed, t.Payable + o.Payable, t.Ordered + o.Ordered, t.Paid + o.Paid, t.Returned + o.Returned,
	}
}

// Net is what whoever was paid has of it: what was paid, without what came back.
func (t Totals) Net() money.Fen { return t.Paid - t.Returned }

// Totals counts each stage as having passed through those before it.
func (b Balance) Totals() Totals {
	t := Totals{Budget: -b[Budget], Free: b[Free], Held: b[Held], Ordered: b[Ordered], Returned: b[Returned]}
	t.Paid = b[Paid] + b[Returned]
	t.Payable = t.Paid + b[Ordered] + b[Payable]
	t.Committed = t.Payable + b[Committed]
	return t
}

// columns is a list of the columns from a stage on, with a prefix before each.
func columns(prefix string, from Stage) string {
	return prefix + strings.Join(stageNames[from:], ", "+prefix)
}

// placeholders is "$from, $from+1, …", n of them.
func placeholders(from, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("$%d", from+i)
	}
	return strings.Join(list, ", ")
}

// changes is "budget = budget + $1, …" from a stage on.
func changes(from Stage) string {
	list := make([]string, 0, stages)
	for i, name := range stageNames[from:] {
		list = append(list, fmt.Sprintf("%s = %s + $%d", name, name, i+1))
	}
	return strings.Join(list, ", ")
}

// enough is "free + $2 >= 0 AND …": that no stage from the one on falls below zero; the budget aside, which is owed.
func enough(from Stage) string {
	var list []string
	for i, name := range stageNames[from:] {
		if Stage(i)+from != Budget {
			list = append(list, fmt.Sprintf("%s + $%d >= 0", name, i+1))
		}
	}
	return strings.Join(list, " AND ")
}
