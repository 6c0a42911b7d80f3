package bulletin

import "github.com/yanzhen/yanzhen/internal/audit"

// What the audit log knows: an edition as it was signed, with every figure, how far it is from its
// target, what was said and what it was made of; minutes of meetings.
var (
	loggedEdition = &audit.Kind{
		Name: "bulletin.edition",
		Parts: []audit.Part{
			{
				Name: "signed",
				Query: `SELECT e.id, r.definition, r.area, r.period, e.n, e.reason, s.definition AS definition_hash, s.seq, s.at, s.by_account
	FROM bulletin_edition e JOIN bulletin_report r ON r.id = e.report JOIN bulletin_step s ON s.edition = e.id AND s.step = 'sign' WHERE e.id = $1`,
			},
			{Name: "steps", Query: `SELECT step, note, seq, at, by_account FROM bulletin_step WHERE edition = $1 ORDER BY id`},
			{Name: "words", Query: `SELECT question, body, at, by_account FROM bulletin_word WHERE edition = $1 ORDER BY id`},
			{
				Name: "figures",
				Query: `SELECT n, part, col, area, indicator, method, hash, period, value, counted, within, open, carried, cells, verified, verified_counted, value_before, value_year, points
	FROM bulletin_figure WHERE edition = $1 ORDER BY n`,
			},
			{Name: "sources", Query: `SELECT n, area, period, of_edition, state FROM bulletin_source WHERE edition = $1 ORDER BY n`},
		},
		All: `SELECT CAST(edition AS VARCHAR(100)) AS ref FROM bulletin_step WHERE step = 'sign'`,
	}
	// A kind of its own: leaves of editions that were signed before there were targets in reports stay what they were.
	loggedAims = &audit.Kind{
		Name: "bulletin.targets",
		Parts: []audit.Part{{
			Name:  "figures",
			Query: `SELECT n, target, actual, promise, need, target_state, quarter, place, ranked_by FROM bulletin_figure WHERE edition = $1 AND target <> '' ORDER BY n`,
		}},
		All: `SELECT DISTINCT CAST(edition AS VARCHAR(100)) AS ref FROM bulletin_figure WHERE target <> ''`,
	}
	loggedMinutes = &audit.Kind{
		Name: "bulletin.minutes",
		Parts: []audit.Part{{
			Name:  "minutes",
			Query: `SELECT m.id, m.meeting, t.area, t.day, t.title, t.offices, m.body, m.at, m.by_account FROM bulletin_minutes m JOIN bulletin_meeting t ON t.id = m.meeting WHERE m.id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM bulletin_minutes`,
	}
)

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{loggedEdition, loggedAims, loggedMinutes}
