package diagnosis

import "github.com/yanzhen/yanzhen/internal/audit"

// What the audit log knows of diagnoses: institutes and what they may do, conflicts, lots, who was given to whom and why, reports as they
// were handed in, what firms answered, and where institutes are paid.
var (
	loggedInstitute = &audit.Kind{
		Name:  "diagnosis.institute",
		Parts: []audit.Part{{Name: "institute", Query: `SELECT id, code, name, uscc, area, invented, at, by_account FROM diagnosis_institute WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_institute`,
	}
	loggedTerms = &audit.Kind{
		Name: "diagnosis.terms",
		Parts: []audit.Part{{
			Name:  "terms",
			Query: `SELECT id, institute, kinds, counties, divisions, qualified, until, capacity, left_why, at, by_account FROM diagnosis_terms WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_terms`,
	}
	loggedConflict = &audit.Kind{
		Name:  "diagnosis.conflict",
		Parts: []audit.Part{{Name: "conflict", Query: `SELECT institute, firm, reason, at, by_account FROM diagnosis_conflict WHERE institute = $1 AND firm = $2`}},
		All:   `SELECT CAST(institute AS VARCHAR(40)) || '.' || CAST(firm AS VARCHAR(40)) AS ref FROM diagnosis_conflict`,
	}
	loggedLot = &audit.Kind{
		Name: "diagnosis.lot",
		Parts: []audit.Part{
			{Name: "lot", Query: `SELECT id, name, kind, year, area, divisions, sizes, ceiling, line, document, at, by_account FROM diagnosis_lot WHERE id = $1`},
			{Name: "shares", Query: `SELECT institute, firms, fee FROM diagnosis_share WHERE lot = $1 ORDER BY institute`},
		},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_lot`,
	}
	loggedAssignment = &audit.Kind{
		Name:  "diagnosis.assignment",
		Parts: []audit.Part{{Name: "assignment", Query: `SELECT id, case_id, institute, how, why, at, by_account FROM diagnosis_assignment WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_assignment`,
		Case:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_assignment WHERE case_id = $1`,
	}
	loggedHanded = &audit.Kind{
		Name: "diagnosis.report",
		Parts: []audit.Part{
			{Name: "handed", Query: `SELECT id, case_id, n, hash, institute, lint, risks, sampled, advice, at, by_account FROM diagnosis_handed WHERE id = $1`},
			{Name: "report", Query: `SELECT r.body FROM diagnosis_report r JOIN diagnosis_handed h ON h.case_id = r.case_id AND h.n = r.n WHERE h.id = $1`},
		},
		All:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_handed`,
		Case: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_handed WHERE case_id = $1`,
	}
	loggedAnswer = &audit.Kind{
		Name:  "diagnosis.answer",
		Parts: []audit.Part{{Name: "answer", Query: `SELECT id, case_id, handed, advice, answer, reason, at, by_account FROM diagnosis_answer WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_answer`,
		Case:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_answer WHERE case_id = $1`,
	}
	loggedFiling = &audit.Kind{
		Name:  "diagnosis.filing",
		Parts: []audit.Part{{Name: "filing", Query: `SELECT id, case_id, advice, filing, at, by_account FROM diagnosis_filing WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_filing`,
		Case:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_filing WHERE case_id = $1`,
	}
	loggedMark = &audit.Kind{
		Name:  "diagnosis.mark",
		Parts: []audit.Part{{Name: "mark", Query: `SELECT handed, case_id, institute, score, enough, at FROM diagnosis_mark WHERE handed = $1`}},
		All:   `SELECT CAST(handed AS VARCHAR(100)) AS ref FROM diagnosis_mark`,
		Case:  `SELECT CAST(handed AS VARCHAR(100)) AS ref FROM diagnosis_mark WHERE case_id = $1`,
	}
	loggedClosed = &audit.Kind{
		Name:  "diagnosis.closed",
		Parts: []audit.Part{{Name: "closed", Query: `SELECT lot, freed, at, by_account FROM diagnosis_closed WHERE lot = $1`}},
		All:   `SELECT CAST(lot AS VARCHAR(100)) AS ref FROM diagnosis_closed`,
	}
	loggedAccount = &audit.Kind{
		Name:  "diagnosis.account",
		Parts: []audit.Part{{Name: "account", Query: `SELECT id, institute, holder, bank, number, at, by_account FROM diagnosis_account WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_account WHERE logged = 1`,
	}
	loggedNote = &audit.Kind{
		Name:  "diagnosis.note",
		Parts: []audit.Part{{Name: "note", Query: `SELECT id, firm, area, day, who, what, barrier, next, at, by_account FROM diagnosis_log WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM diagnosis_log`,
	}
)

// Logged is what the audit log knows of diagnoses.
var Logged = []*audit.Kind{
	loggedInstitute, loggedTerms, loggedConflict, loggedLot, loggedAssignment, loggedHanded, loggedAnswer, loggedFiling, loggedMark, loggedNote, loggedClosed, loggedAccount,
}
