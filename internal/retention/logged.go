package retention

import (
	"encoding/json"

	"github.com/yanzhen/yanzhen/internal/audit"
)

// What the audit log knows: each run that was settled with every thing in it, holds and their ends, and requests that were answered.
var (
	loggedRun = &audit.Kind{
		Name: "retention.run",
		Parts: []audit.Part{
			{Name: "run", Query: `SELECT id, request_id, again, proposed_at, proposed_by, settled_at, settled_by, state, note, seq FROM retention_run WHERE id = $1 AND state <> 'proposed'`},
			{Name: "items", Query: `SELECT n, kind, ref, what, area, party, subject, source_id, case_id, since, sha256, count, outcome, reason FROM retention_item WHERE run_id = $1 ORDER BY n`},
		},
		All:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM retention_run WHERE state <> 'proposed'`,
		Case: `SELECT DISTINCT CAST(run_id AS VARCHAR(100)) AS ref FROM retention_item WHERE case_id = $1 AND outcome = 'erased'`,
		Gone: []audit.Hold{goneFiles},
	}
	loggedHold = &audit.Kind{
		Name:  "retention.hold",
		Parts: []audit.Part{{Name: "hold", Query: `SELECT id, party, area, at, by_account, reason FROM retention_hold WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM retention_hold`,
	}
	loggedHoldEnd = &audit.Kind{
		Name:  "retention.hold_end",
		Parts: []audit.Part{{Name: "end", Query: `SELECT hold_id, at, by_account, reason FROM retention_hold_end WHERE hold_id = $1`}},
		All:   `SELECT CAST(hold_id AS VARCHAR(100)) AS ref FROM retention_hold_end`,
	}
	loggedRequest = &audit.Kind{
		Name: "retention.request",
		Parts: []audit.Part{{
			Name: "request",
			Query: `SELECT id, party, area, facts, reason, at, by_account, answered_at, answered_by, outcome, answer, run_id FROM retention_request
	WHERE id = $1 AND answered_at > 0`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM retention_request WHERE answered_at > 0`,
	}
)

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{loggedRun, loggedHold, loggedHoldEnd, loggedRequest}

// LoggedRun is the kind of runs, whose proof is the certificate of a deletion.
var LoggedRun = loggedRun

// goneFiles finds the files of cases that a run has erased.
func goneFiles(parts map[string]json.RawMessage) (all []audit.Held) {
	_, items, err := Told(parts)
	if err != nil {
		return nil
	}
	for _, it := range items {
		if it.Kind == CaseFiles {
			all = append(all, audit.Held{Dir: audit.FilesDir, Hash: it.SHA256})
		}
	}
	return all
}

// Told is a run as the audit log has it, of which it gets the parts: when it was carried out, ms, and what was erased.
func Told(parts map[string]json.RawMessage) (at int64, erased []Item, err error) {
	var runs []struct {
		At    int64 `json:"settled_at"`
		State State `json:"state"`
	}
	if err := json.Unmarshal(parts["run"], &runs); err != nil || len(runs) != 1 || runs[0].State != Done {
		return 0, nil, err
	}
	var rows []struct {
		Kind, Ref, What, Area string
		Party, Subject        int64
		Source                int64 `json:"source_id"`
		Case                  int64 `json:"case_id"`
		Since, Count          int64
		SHA256                string `json:"sha256"`
		Outcome               Outcome
	}
	if err := json.Unmarshal(parts["items"], &rows); err != nil {
		return 0, nil, err
	}
	for _, r := range rows {
		if r.Outcome == Gone {
			erased = append(erased, Item{
				Kind: r.Kind, Ref: r.Ref, What: r.What, Area: r.Area, Party: r.Party, Subject: r.Subject, Source: r.Source, Case: r.Case,
				Since: r.Since, SHA256: r.SHA256, Count: r.Count,
			})
		}
	}
	return runs[0].At, erased, nil
}
