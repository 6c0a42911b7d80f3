package subsidy

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// What the audit log knows of subsidies: each decision that an application was given, with its receipt; its cost items as they were
// claimed and what was recognised of each; the score sheets; and what became of doubts about notices.
var (
	// LoggedAssessment is what an application was decided to come to; ReceiptIn finds its receipt.
	LoggedAssessment = &audit.Kind{
		Name: "subsidy.assessment",
		Parts: []audit.Part{{
			Name: "assessment",
			Query: `SELECT case_id, n, stage, at, by_account, seq, sure, possible, open, reason, bounds, receipt FROM subsidy_assessment
	WHERE case_id = $1 AND n = $2`,
		}},
		All:  `SELECT CAST(case_id AS VARCHAR(40)) || '.' || CAST(n AS VARCHAR(40)) AS ref FROM subsidy_assessment`,
		Case: `SELECT CAST(case_id AS VARCHAR(40)) || '.' || CAST(n AS VARCHAR(40)) AS ref FROM subsidy_assessment WHERE case_id = $1`,

		Holds: []audit.Hold{packageOfReceipt},
	}
	loggedCost = &audit.Kind{
		Name: "subsidy.cost",
		Parts: []audit.Part{{
			Name: "cost",
			Query: `SELECT id, case_id, n, kind, label, invoice, invoiced_on, seller, serial, fen, invoice_key, serial_key, invoice_no, serial_no
	FROM subsidy_cost WHERE id = $1`,
		}},
		All:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM subsidy_cost`,
		Case: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM subsidy_cost WHERE case_id = $1`,
	}
	loggedRuling = &audit.Kind{
		Name: "subsidy.ruling",
		Parts: []audit.Part{{
			Name:  "ruling",
			Query: `SELECT id, cost_id, case_id, at, by_account, role, fen, reason, report FROM subsidy_ruling WHERE id = $1`,
		}},
		All:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM subsidy_ruling`,
		Case: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM subsidy_ruling WHERE case_id = $1`,
	}
	loggedScore = &audit.Kind{
		Name: "subsidy.score",
		Parts: []audit.Part{{
			Name: "score",
			Query: `SELECT case_id, panel, account, rubric, sheet, remark, conflict, at FROM subsidy_score
	WHERE case_id = $1 AND panel = $2 AND account = $3`,
		}},
		All:  `SELECT CAST(case_id AS VARCHAR(40)) || '.' || CAST(panel AS VARCHAR(20)) || '.' || CAST(account AS VARCHAR(40)) AS ref FROM subsidy_score`,
		Case: `SELECT CAST(case_id AS VARCHAR(40)) || '.' || CAST(panel AS VARCHAR(20)) || '.' || CAST(account AS VARCHAR(40)) AS ref FROM subsidy_score WHERE case_id = $1`,
	}
	// Each time that somebody named the account that a case is paid to.
	loggedPayee = &audit.Kind{
		Name:  "subsidy.payee",
		Parts: []audit.Part{{Name: "payee", Query: `SELECT id, case_id, holder, bank, number, at, by_account FROM subsidy_payee_named WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM subsidy_payee_named WHERE logged = 1`,
		Case:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM subsidy_payee_named WHERE logged = 1 AND case_id = $1`,
	}
	// Notices that were public before they were releases.
	loggedNotice = &audit.Kind{
		Name: "subsidy.notice",
		Parts: []audit.Part{{
			Name:  "lines",
			Query: `SELECT n, case_id, firm, clause, fen FROM subsidy_release WHERE notice_id = $1 ORDER BY n`,
		}},
		All: `SELECT DISTINCT CAST(r.notice_id AS VARCHAR(100)) AS ref FROM subsidy_release r
	WHERE NOT EXISTS (SELECT 1 FROM subsidy_round o WHERE o.id = r.notice_id AND o.state = 'publishing')`,
		Case: `SELECT DISTINCT CAST(notice_id AS VARCHAR(100)) AS ref FROM subsidy_release WHERE case_id = $1 OR notice_id = $1`,
	}
	// A doubt about a notice of a round, once it is settled.
	loggedDoubt = &audit.Kind{
		Name: "subsidy.doubt",
		Parts: []audit.Part{{
			Name: "doubt",
			Query: `SELECT id, round_id, asked_at, asked_by, reason, settled_at, settled_by, outcome, answer, release_id FROM subsidy_doubt
	WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM subsidy_doubt WHERE settled_at <> 0`,
	}
)

// packageOfReceipt finds the policy package by which an assessment was decided.
func packageOfReceipt(parts map[string]json.RawMessage) []audit.Held {
	text, err := ReceiptIn(parts)
	if err != nil || text == "" {
		return nil
	}
	r, err := version.ReadReceipt(strings.NewReader(text))
	if err != nil {
		return nil
	}
	return []audit.Held{{Dir: audit.PackagesDir, Hash: r.Policy.Package}}
}

// ReceiptIn is the receipt in an assessment as the audit log has it, of which it gets the parts; "" where there is none.
func ReceiptIn(parts map[string]json.RawMessage) (string, error) {
	var rows []struct{ Receipt string }
	if err := json.Unmarshal(parts["assessment"], &rows); err != nil {
		return "", fmt.Errorf("read an assessment of the audit log: %w", err)
	}
	if len(rows) != 1 {
		return "", fmt.Errorf("read an assessment of the audit log: %d rows", len(rows))
	}
	return rows[0].Receipt, nil
}

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{LoggedAssessment, loggedCost, loggedRuling, loggedScore, loggedFee, loggedPayee, loggedNotice, loggedDoubt}
