package ledger

import (
	"context"
	"fmt"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Checked is what a walk over the whole ledger has found.
type Checked struct {
	Lines, Transfers, Entries, Commitments, Claims, Orders int64    // Orders are lines of batches
	Areas                                                  []string // in which anything of the ledger lies
	Faults                                                 []Fault
}

// Fault is a row that breaks what must hold.
type Fault struct {
	Msg  i18n.Msg
	Area string // where it lies, "" where that cannot be told, or where it concerns several
}

// String is the fault in words, for logs.
func (f Fault) String() string { return f.Msg.String() }

// maxFaults is how many rows of one sort are told of in each area: who sees one area alone misses nothing for those of another.
const maxFaults = 50

// rule is one thing that holds of the whole ledger: a query for the rows that break it, whose columns, as text, are what
// the message names. One of the columns is the id of something that says where the row lies; of "" none does.
type rule struct {
	key, query string
	of, column string
}

// areasOf says where things of the ledger lie, as View reads it: what is committed where its enterprise does, the rest where its
// line does. %s is an id.
var areasOf = map[string]string{
	"line": `SELECT area FROM ledger_line WHERE id = %s`,
	"hold": `SELECT l.area FROM ledger_hold h JOIN ledger_line l ON l.id = h.line_id WHERE h.id = %s`,
	"part": `SELECT c.area FROM ledger_part t JOIN ledger_commitment c ON c.id = t.commitment_id WHERE t.id = %s`,
	"transfer": `SELECT CASE WHEN MIN(COALESCE(c.area, l.area)) = MAX(COALESCE(c.area, l.area)) THEN MIN(COALESCE(c.area, l.area)) END
		FROM ledger_posting p JOIN ledger_line l ON l.id = p.line_id LEFT JOIN ledger_part t ON t.id = p.part_id
		LEFT JOIN ledger_commitment c ON c.id = t.commitment_id WHERE p.transfer_id = %s`,
	"commitment": `SELECT area FROM ledger_commitment WHERE id = %s`,
	"claim":      `SELECT area FROM ledger_claim WHERE id = %s`,
	"batch":      `SELECT area FROM ledger_batch WHERE id = %s`,
}

// placed is the query of a rule with two columns more: where each row lies, and its number among those that lie there.
func (r rule) placed() string {
	place, by := `''`, `1`
	if r.of != "" {
		place, by = fmt.Sprintf(`COALESCE((`+areasOf[r.of]+`), '')`, "u."+r.column), r.column
	}
	return `WITH u AS (` + r.query + `), w AS (SELECT u.*, ` + place + ` AS place FROM u), x AS (SELECT w.*, ROW_NUMBER() OVER (PARTITION BY place ORDER BY ` + by +
		`) AS nth FROM w) SELECT * FROM x WHERE nth <= $1 ORDER BY place, nth`
}

// Check walks over the whole ledger, as it stands at one moment, and says which rows break what must hold, and which files of
// batches are gone or spoilt. It finds what no transaction of this package can do: rows that were changed from outside, or lost.
func (b *Book) Check(ctx context.Context) (c Checked, err error) {
	err = b.db.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		c, err = b.check(ctx, q)
		return err
	})
	return c, err
}

const areasOfLedger = `SELECT area FROM ledger_line UNION SELECT area FROM ledger_commitment UNION SELECT area FROM ledger_claim UNION SELECT area FROM ledger_batch ORDER BY area`

func (b *Book) check(ctx context.Context, q store.Querier) (Checked, error) {
	c := Checked{Areas: []string{}}
	for _, n := range []struct {
		into  *int64
		table string
	}{
		{&c.Lines, "ledger_line"},
		{&c.Transfers, "ledger_transfer"},
		{&c.Entries, "ledger_posting"},
		{&c.Commitments, "ledger_commitment"},
		{&c.Claims, "ledger_claim"},
		{&c.Orders, "ledger_order"},
	} {
		if err := q.QueryRow(ctx, `SELECT COUNT(*) FROM `+n.table).Scan(n.into); err != nil {
			return c, fmt.Errorf("count %s: %w", n.table, err)
		}
	}
	rows, err := q.Query(ctx, areasOfLedger)
	areas, err := collect(rows, err, "read the areas of the ledger", func(rows *store.Rows) (area string, err error) { return area, rows.Scan(&area) })
	if err != nil {
		return c, err
	}
	c.Areas = append(c.Areas, areas...)
	for _, r := range rules() {
		found, err := r.broken(ctx, q)
		if err != nil {
			return c, err
		}
		c.Faults = append(c.Faults, found...)
	}
	spoilt, err := b.spoilt(ctx, q)
	c.Faults = append(c.Faults, spoilt...)
	return c, err
}

func (r rule) broken(ctx context.Context, q store.Querier) ([]Fault, error) {
	rows, err := q.Query(ctx, r.placed(), maxFaults)
	return collect(rows, err, "check "+r.key, func(rows *store.Rows) (Fault, error) {
		names, err := rows.Columns()
		if err != nil {
			return Fault{}, err
		}
		text, into := make([]string, len(names)), make([]any, len(names))
		for i := range text {
			into[i] = &text[i]
		}
		if err := rows.Scan(into...); err != nil {
			return Fault{}, err
		}
		args := make([]any, len(text)-2) // without place and nth
		for i := range args {
			args[i] = text[i]
		}
		return Fault{Msg: i18n.M("ledger.fault_"+r.key, args...), Area: text[len(args)]}, nil
	})
}

// byStage is the columns of the stages from one on, made of entries.
func byStage(from Stage) string {
	list := make([]string, 0, stages)
	for _, name := range stageNames[from:] {
		list = append(list, "CASE WHEN p.stage = '"+name+"' THEN p.fen ELSE 0 END AS "+name)
	}
	return strings.Join(list, ", ")
}

// negated is the columns of the stages from one on, with the other sign.
func negated(from Stage) string {
	list := make([]string, 0, stages)
	for _, name := range stageNames[from:] {
		list = append(list, "-"+name)
	}
	return strings.Join(list, ", ")
}

// differs says of grouped rows, which should add up to nothing, that they do not.
func differs(from Stage) string {
	list := make([]string, 0, stages)
	for _, name := range stageNames[from:] {
		list = append(list, "SUM("+name+") <> 0")
	}
	return strings.Join(list, " OR ")
}

// belowZero says that a stage from one on has less than nothing.
func belowZero(from Stage) string {
	return strings.Join(stageNames[from:], " < 0 OR ") + " < 0"
}

const standingClaims = `SELECT c.id, c.project, c.family, c.item, c.commitment_id FROM ledger_claim c LEFT JOIN ledger_lift l ON l.claim_id = c.id WHERE l.claim_id IS NULL`

func rules() []rule {
	return append([]rule{
		{"unbalanced", `SELECT transfer_id, line_id, CAST(SUM(fen) AS BIGINT) FROM ledger_posting GROUP BY transfer_id, line_id HAVING SUM(fen) <> 0 ORDER BY transfer_id, line_id`, "line", "line_id"},
		{"empty", `SELECT x.id, x.kind FROM ledger_transfer x WHERE NOT EXISTS (SELECT 1 FROM ledger_posting p WHERE p.transfer_id = x.id) ORDER BY x.id`, "", ""},
		{"line", `SELECT line_id FROM (SELECT line_id, ` + columns("", Budget) + ` FROM ledger_balance UNION ALL SELECT line_id, ` + negated(Budget) +
			` FROM (SELECT p.line_id, ` + byStage(Budget) + ` FROM ledger_posting p) e) u GROUP BY line_id HAVING ` + differs(Budget) + ` ORDER BY line_id`, "line", "line_id"},
		{"part", `SELECT part_id FROM (SELECT part_id, ` + columns("", Committed) + ` FROM ledger_part_balance UNION ALL SELECT part_id, ` + negated(Committed) +
			` FROM (SELECT p.part_id, ` + byStage(Committed) + ` FROM ledger_posting p WHERE p.part_id <> 0) e) u GROUP BY part_id HAVING ` + differs(Committed) + ` ORDER BY part_id`, "part", "part_id"},
		{"hold", `SELECT hold_id FROM (SELECT hold_id, held FROM ledger_hold_balance UNION ALL SELECT hold_id, -fen FROM ledger_posting WHERE hold_id <> 0) u
			GROUP BY hold_id HAVING SUM(held) <> 0 ORDER BY hold_id`, "hold", "hold_id"},
		{"misplaced", `SELECT p.transfer_id, p.n FROM ledger_posting p LEFT JOIN ledger_part t ON t.id = p.part_id LEFT JOIN ledger_hold h ON h.id = p.hold_id
			WHERE p.part_id <> 0 AND (t.id IS NULL OR t.line_id <> p.line_id) OR p.hold_id <> 0 AND (h.id IS NULL OR h.line_id <> p.line_id)
			OR (p.stage IN ('budget', 'free', 'held')) <> (p.part_id = 0) OR (p.stage = 'held') <> (p.hold_id <> 0) ORDER BY p.transfer_id, p.n`, "transfer", "transfer_id"},
		{"order", `SELECT line_id FROM ledger_balance WHERE ` + belowZero(Free) + ` ORDER BY line_id`, "line", "line_id"},
		{"part_order", `SELECT part_id FROM ledger_part_balance WHERE ` + belowZero(Committed) + ` ORDER BY part_id`, "part", "part_id"},
		{"last_state", `SELECT b.line_id FROM ledger_balance b LEFT JOIN ledger_state s ON s.line_id = b.line_id AND s.n = b.n WHERE b.n > 0 AND (s.n IS NULL OR ` +
			unlike("b.", "s.") + `) OR EXISTS (SELECT 1 FROM ledger_state x WHERE x.line_id = b.line_id AND x.n > b.n) ORDER BY b.line_id`, "line", "line_id"},
		{"state", `SELECT line_id, transfer_id FROM (SELECT s.line_id, s.transfer_id, ` + stateSteps() + ` FROM ledger_state s LEFT JOIN ledger_state q ON q.line_id = s.line_id AND q.n = s.n - 1
			UNION ALL SELECT line_id, transfer_id, ` + negated(Budget) + ` FROM (SELECT p.line_id, p.transfer_id, ` + byStage(Budget) + ` FROM ledger_posting p) e) u
			GROUP BY line_id, transfer_id HAVING ` + differs(Budget) + ` ORDER BY line_id, transfer_id`, "line", "line_id"},
		{"sum", `SELECT line_id, area, clause, month FROM (SELECT line_id, area, clause, month, ` + columns("", Budget) + ` FROM ledger_sum UNION ALL
			SELECT line_id, area, clause, month, ` + negated(Budget) + ` FROM (SELECT p.line_id, COALESCE(c.area, l.area) AS area, COALESCE(c.clause, '') AS clause,
			SUBSTR(x.day, 1, 7) AS month, ` + byStage(Budget) + ` FROM ledger_posting p JOIN ledger_transfer x ON x.id = p.transfer_id JOIN ledger_line l ON l.id = p.line_id
			LEFT JOIN ledger_part t ON t.id = p.part_id LEFT JOIN ledger_commitment c ON c.id = t.commitment_id) e) u
			GROUP BY line_id, area, clause, month HAVING ` + differs(Budget) + ` ORDER BY line_id, area, clause, month`, "line", "line_id"},
		{"request", `SELECT x.id, x.request_key FROM ledger_transfer x LEFT JOIN ledger_request r ON r.request_key = x.request_key WHERE r.request_key IS NULL ORDER BY x.id`, "transfer", "id"},
		{"standing", `SELECT commitment_id FROM (SELECT commitment_id, standing FROM ledger_commitment_balance UNION ALL
			SELECT t.commitment_id, -(b.committed + b.payable + b.ordered + b.paid) FROM ledger_part t JOIN ledger_part_balance b ON b.part_id = t.id) u
			GROUP BY commitment_id HAVING SUM(standing) <> 0 ORDER BY commitment_id`, "commitment", "commitment_id"},
	}, append(claimRules(), orderRules()...)...)
}

// claimRules are those of claims: that they match their commitments, and what their keys count.
func claimRules() []rule {
	return []rule{
		{"unclaimed", `SELECT c.id FROM ledger_commitment c WHERE NOT EXISTS (SELECT 1 FROM ledger_claim k WHERE k.commitment_id = c.id) ORDER BY c.id`, "commitment", "id"},
		{"claim", `SELECT k.id, k.commitment_id FROM ledger_claim k LEFT JOIN ledger_commitment c ON c.id = k.commitment_id LEFT JOIN ledger_commitment_balance b ON b.commitment_id = c.id
			LEFT JOIN ledger_lift l ON l.claim_id = k.id WHERE k.commitment_id <> 0 AND (c.id IS NULL OR b.standing IS NULL OR k.case_id <> c.case_id OR k.party_id <> c.party_id OR k.area <> c.area
			OR (b.standing > 0) <> (l.claim_id IS NULL)) ORDER BY k.id`, "claim", "id"},
		{"claimed_above", `SELECT k.commitment_id, k.family FROM ledger_claim k WHERE k.commitment_id <> 0 GROUP BY k.commitment_id, k.family HAVING SUM(k.fen) >
			(SELECT SUM(p.fen) FROM ledger_posting p JOIN ledger_part t ON t.id = p.part_id JOIN ledger_transfer x ON x.id = p.transfer_id
			WHERE t.commitment_id = k.commitment_id AND x.kind = 'promised') ORDER BY k.commitment_id, k.family`, "commitment", "commitment_id"},
		{"claimed_twice", `SELECT a.project, a.family, a.item, a.commitment_id, b.commitment_id AS other FROM (` + standingClaims + `) a JOIN (` + standingClaims + `) b
			ON b.project = a.project AND b.family = a.family AND b.id > a.id AND (b.item = a.item OR b.item = '' OR a.item = '')
			WHERE a.commitment_id <> 0 AND b.commitment_id <> 0 ORDER BY a.id, b.id`, "commitment", "commitment_id"},
		{"stand", `SELECT project, family, item FROM (SELECT project, family, item, n, below FROM ledger_stand
			UNION ALL SELECT project, family, item, -1, 0 FROM (` + standingClaims + `) c
			UNION ALL SELECT project, family, '', 0, -1 FROM (` + standingClaims + ` AND c.item <> '') d) u
			GROUP BY project, family, item HAVING SUM(n) <> 0 OR SUM(below) <> 0 ORDER BY project, family, item`, "", ""},
	}
}

// unlike says that two rows differ in a stage.
func unlike(a, b string) string {
	list := make([]string, stages)
	for s, name := range stageNames {
		list[s] = a + name + " <> " + b + name
	}
	return strings.Join(list, " OR ")
}

// stateSteps is what a state adds to the one before it.
func stateSteps() string {
	list := make([]string, stages)
	for s, name := range stageNames {
		list[s] = "s." + name + " - COALESCE(q." + name + ", 0) AS " + name
	}
	return strings.Join(list, ", ")
}

// orderRules are those of batches: what is ordered of a part is what its open payments say, and a payment has moved what its
// state says.
func orderRules() []rule {
	return []rule{
		{"ordered", `SELECT part_id FROM (SELECT part_id, ordered FROM ledger_part_balance UNION ALL
			SELECT o.part_id, -o.fen FROM ledger_order o JOIN ledger_order_now w ON w.batch_id = o.batch_id AND w.n = o.n WHERE w.state IN ('draft', 'sent', 'unknown')) u
			GROUP BY part_id HAVING SUM(ordered) <> 0 ORDER BY part_id`, "part", "part_id"},
		{"order_state", `SELECT w.batch_id, w.n FROM ledger_order_now w LEFT JOIN ledger_order_step s ON s.batch_id = w.batch_id AND s.n = w.n AND s.step = w.step
			WHERE s.state IS NULL OR s.state <> w.state ORDER BY w.batch_id, w.n`, "batch", "batch_id"},
		{"batch", `SELECT b.id FROM ledger_batch b LEFT JOIN (SELECT batch_id, SUM(fen) AS fen, COUNT(*) AS orders FROM ledger_order GROUP BY batch_id) o ON o.batch_id = b.id
			WHERE o.fen IS NULL OR o.fen <> b.fen OR o.orders <> b.orders ORDER BY b.id`, "batch", "id"},
		{"paid_twice", `SELECT o.part_id, CAST(SUM(o.fen) AS BIGINT) FROM ledger_order o JOIN ledger_order_now w ON w.batch_id = o.batch_id AND w.n = o.n
			JOIN ledger_part_balance b ON b.part_id = o.part_id WHERE w.state = 'settled' GROUP BY o.part_id, b.paid, b.returned HAVING SUM(o.fen) > b.paid + b.returned ORDER BY o.part_id`, "part", "part_id"},
	}
}
