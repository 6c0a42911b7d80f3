package selection

import "github.com/yanzhen/yanzhen/internal/audit"

// What the audit log knows of selections: the sheets of experts, the ranking, the titles that were given, and that they were looked
// at again.
var (
	loggedSheet = &audit.Kind{
		Name:  "selection.sheet",
		Parts: []audit.Part{{Name: "sheet", Query: `SELECT id, nomination_id, expert_id, at, points, remark FROM selection_sheet WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM selection_sheet`,
		Case: `SELECT CAST(x.id AS VARCHAR(100)) AS ref FROM selection_sheet x JOIN selection_nomination n ON n.id = x.nomination_id
	WHERE n.case_id = $1`,
	}
	loggedPlace = &audit.Kind{
		Name: "selection.place",
		Parts: []audit.Part{{
			Name:  "place",
			Query: `SELECT nomination_id, round_id, place, total, exact, items, tie FROM selection_place WHERE nomination_id = $1`,
		}},
		All: `SELECT CAST(nomination_id AS VARCHAR(100)) AS ref FROM selection_place`,
		Case: `SELECT CAST(x.nomination_id AS VARCHAR(100)) AS ref FROM selection_place x JOIN selection_nomination n ON n.id = x.nomination_id
	WHERE n.case_id = $1`,
	}
	loggedTitle = &audit.Kind{
		Name: "selection.title",
		Parts: []audit.Part{{
			Name:  "title",
			Query: `SELECT id, nomination_id, round_id, party, item, title, honour, given_on, valid_until FROM selection_title WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM selection_title`,
		Case: `SELECT CAST(x.id AS VARCHAR(100)) AS ref FROM selection_title x JOIN selection_nomination n ON n.id = x.nomination_id
	WHERE n.case_id = $1`,
	}
	loggedRecheck = &audit.Kind{
		Name:  "selection.recheck",
		Parts: []audit.Part{{Name: "recheck", Query: `SELECT id, title_id, case_id, at, actor, passed, note FROM selection_recheck WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM selection_recheck`,
		Case:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM selection_recheck WHERE case_id = $1`,
	}
)

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{loggedSheet, loggedPlace, loggedTitle, loggedRecheck}
