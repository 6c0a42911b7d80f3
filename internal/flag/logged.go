package flag

import "github.com/yanzhen/yanzhen/internal/audit"

// What the audit log knows of flags: that one was opened as a case, with the rows behind it; what was asked about it; what came of it;
// and what was done. What was said stands in the events of the cases.
var (
	loggedReview = &audit.Kind{
		Name: "flag.review",
		Parts: []audit.Part{
			{
				Name: "review",
				Query: `SELECT case_id, kind, anchor, shared, area, mark_fen, mark_policy, mark_number, mark_cite, mark_fact, sum_fen, at, by_account, former
	FROM flag_review WHERE case_id = $1`,
			},
			{Name: "rows", Query: `SELECT n, member, firm, office, of_case, subject, name, year, fen FROM flag_row WHERE case_id = $1 ORDER BY n`},
		},
		All:  `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM flag_review`,
		Case: `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM flag_review WHERE case_id = $1`,
	}
	loggedQuestion = &audit.Kind{
		Name:  "flag.question",
		Parts: []audit.Part{{Name: "question", Query: `SELECT case_id, review, n, to_whom, at, by_account FROM flag_question WHERE case_id = $1`}},
		All:   `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM flag_question`,
		Case:  `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM flag_question WHERE review = $1`,
	}
	loggedOutcome = &audit.Kind{
		Name:  "flag.outcome",
		Parts: []audit.Part{{Name: "outcome", Query: `SELECT case_id, outcome, at, by_account FROM flag_outcome WHERE case_id = $1`}},
		All:   `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM flag_outcome`,
		Case:  `SELECT CAST(case_id AS VARCHAR(100)) AS ref FROM flag_outcome WHERE case_id = $1`,
	}
	loggedMeasure = &audit.Kind{
		Name:  "flag.measure",
		Parts: []audit.Part{{Name: "measure", Query: `SELECT id, case_id, what, of_case, note, at, by_account FROM flag_measure WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM flag_measure`,
		Case:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM flag_measure WHERE case_id = $1`,
	}
)

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{loggedReview, loggedQuestion, loggedOutcome, loggedMeasure}
