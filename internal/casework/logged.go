package casework

import (
	"encoding/json"

	"github.com/yanzhen/yanzhen/internal/audit"
)

// What the audit log knows of cases: each event with the facts and files that it froze, the first with what the case is and which
// definitions it runs under; and each file, by its hash, as it was added.
var (
	loggedEvent = &audit.Kind{
		Name: "case.event",
		Parts: []audit.Part{
			{
				Name: "event",
				Query: `SELECT id, case_id, n, kind, action, actor, who, cause, at, from_state, to_state, reason, answers, data, known, source, passes, slot, opened
	FROM case_event WHERE id = $1`,
			},
			{
				Name: "case",
				Query: `SELECT c.id, c.workflow, c.hash, c.subject, c.enterprise, c.area, c.opened_at FROM case_head c JOIN case_event e ON e.case_id = c.id
	WHERE e.id = $1 AND e.n = 1`,
			},
			{
				Name: "pins",
				Query: `SELECT p.kind, p.name, p.hash FROM case_pin p JOIN case_event e ON e.case_id = p.case_id
	WHERE e.id = $1 AND e.n = 1 ORDER BY p.kind, p.name`,
			},
			{
				Name:  "facts",
				Query: `SELECT n, subject, def, period, state, num, text, source FROM case_frozen_fact WHERE event_id = $1 ORDER BY n`,
			},
			{
				Name:  "files",
				Query: `SELECT file_id, sha256 FROM case_frozen_file WHERE event_id = $1 ORDER BY file_id`,
			},
		},
		All:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM case_event`,
		Case: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM case_event WHERE case_id = $1`,

		Holds:    []audit.Hold{audit.Column("case", "hash", audit.DefinitionsDir), pinned, audit.Column("files", "sha256", audit.FilesDir)},
		Numbered: "event",
	}
	loggedFile = &audit.Kind{
		Name: "case.file",
		Parts: []audit.Part{{
			Name:  "file",
			Query: `SELECT id, case_id, field, name, sha256, size, type, actor, at, who, shared FROM case_evidence WHERE id = $1`,
		}},
		All:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM case_evidence`,
		Case: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM case_evidence WHERE case_id = $1`,

		Holds: []audit.Hold{audit.Column("file", "sha256", audit.FilesDir)},
	}
)

// LoggedEvent is the kind of events.
var LoggedEvent = loggedEvent

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{loggedEvent, loggedFile}

// pinned finds what a case is pinned to: policies are packages, all else is a definition.
func pinned(parts map[string]json.RawMessage) (all []audit.Held) {
	var pins []struct{ Kind, Hash string }
	if json.Unmarshal(parts["pins"], &pins) != nil {
		return nil
	}
	for _, p := range pins {
		dir := audit.DefinitionsDir
		if p.Kind == PolicyPin {
			dir = audit.PackagesDir
		}
		all = append(all, audit.Held{Dir: dir, Hash: p.Hash})
	}
	return all
}
