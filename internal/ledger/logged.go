package ledger

import "github.com/yanzhen/yanzhen/internal/audit"

// What the audit log knows of money: lines and reserves, every transfer with its entries, what was promised to whom in which parts,
// every claim and that it was lifted, and what went to the bank and came of it. Balances are not logged: they follow from the
// entries, which Check holds them against.
var (
	loggedLine = &audit.Kind{
		Name:  "ledger.line",
		Parts: []audit.Part{{Name: "line", Query: `SELECT id, fund, code, year, area, name FROM ledger_line WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM ledger_line`,
	}
	loggedHold = &audit.Kind{
		Name:  "ledger.hold",
		Parts: []audit.Part{{Name: "hold", Query: `SELECT id, line_id, call_id FROM ledger_hold WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM ledger_hold`,
	}
	loggedTransfer = &audit.Kind{
		Name: "ledger.transfer",
		Parts: []audit.Part{
			{
				Name:  "transfer",
				Query: `SELECT id, kind, at, day, by_account, case_id, reason, document, request_key FROM ledger_transfer WHERE id = $1`,
			},
			{
				Name:  "entries",
				Query: `SELECT n, line_id, stage, part_id, hold_id, fen FROM ledger_posting WHERE transfer_id = $1 ORDER BY n`,
			},
		},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM ledger_transfer`,
		Case: `SELECT CAST(x.id AS VARCHAR(100)) AS ref FROM ledger_transfer x WHERE x.case_id = CAST($1 AS VARCHAR(200)) OR x.id IN (
	SELECT p.transfer_id FROM ledger_posting p JOIN ledger_part t ON t.id = p.part_id JOIN ledger_commitment c ON c.id = t.commitment_id
	WHERE c.case_id = CAST($1 AS VARCHAR(200)))`,
	}
	loggedCommitment = &audit.Kind{
		Name: "ledger.commitment",
		Parts: []audit.Part{{
			Name:  "commitment",
			Query: `SELECT id, line_id, hold_id, case_id, party_id, area, clause FROM ledger_commitment WHERE id = $1`,
		}},
		All:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM ledger_commitment`,
		Case: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM ledger_commitment WHERE case_id = CAST($1 AS VARCHAR(200))`,
	}
	loggedPart = &audit.Kind{
		Name:  "ledger.part",
		Parts: []audit.Part{{Name: "part", Query: `SELECT id, commitment_id, n, line_id FROM ledger_part WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM ledger_part`,
		Case: `SELECT CAST(t.id AS VARCHAR(100)) AS ref FROM ledger_part t JOIN ledger_commitment c ON c.id = t.commitment_id
	WHERE c.case_id = CAST($1 AS VARCHAR(200))`,
	}
	loggedClaim = &audit.Kind{
		Name: "ledger.claim",
		Parts: []audit.Part{{
			Name: "claim",
			Query: `SELECT id, project, item, family, commitment_id, case_id, party_id, area, fen, year, bureau, document, source_id, place, request_key
	FROM ledger_claim WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM ledger_claim`,
		Case: `SELECT CAST(l.id AS VARCHAR(100)) AS ref FROM ledger_claim l JOIN ledger_commitment c ON c.id = l.commitment_id
	WHERE c.case_id = CAST($1 AS VARCHAR(200))`,
	}
	loggedLift = &audit.Kind{
		Name:  "ledger.lift",
		Parts: []audit.Part{{Name: "lift", Query: `SELECT claim_id, at, by_account, reason, request_key FROM ledger_lift WHERE claim_id = $1`}},
		All:   `SELECT CAST(claim_id AS VARCHAR(100)) AS ref FROM ledger_lift`,
		Case: `SELECT CAST(x.claim_id AS VARCHAR(100)) AS ref FROM ledger_lift x JOIN ledger_claim l ON l.id = x.claim_id
	JOIN ledger_commitment c ON c.id = l.commitment_id WHERE c.case_id = CAST($1 AS VARCHAR(200))`,
	}
	loggedBatch = &audit.Kind{
		Name: "ledger.batch",
		Parts: []audit.Part{
			{Name: "batch", Query: `SELECT id, hash, fund, area, fen, orders, made_at, made_by, request_key FROM ledger_batch WHERE id = $1`},
			{Name: "orders", Query: `SELECT n, part_id, try, fen, payee, account, bank FROM ledger_order WHERE batch_id = $1 ORDER BY n`},
		},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM ledger_batch`,
	}
	loggedStep = &audit.Kind{
		Name: "ledger.step",
		Parts: []audit.Part{{
			Name: "step",
			Query: `SELECT batch_id, n, step, state, at, by_account, reason, document, place, file_id, request_key FROM ledger_order_step
	WHERE batch_id = $1 AND n = $2 AND step = $3`,
		}},
		All: `SELECT CAST(batch_id AS VARCHAR(40)) || '.' || CAST(n AS VARCHAR(20)) || '.' || CAST(step AS VARCHAR(20)) AS ref FROM ledger_order_step`,
	}
	loggedFile = &audit.Kind{
		Name: "ledger.file",
		Parts: []audit.Part{{
			Name:  "file",
			Query: `SELECT id, batch_id, kind, name, sha256, size, at, by_account FROM ledger_batch_file WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM ledger_batch_file`,
	}
)

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{
	loggedLine, loggedHold, loggedTransfer, loggedCommitment, loggedPart, loggedClaim, loggedLift, loggedBatch, loggedStep, loggedFile,
}
