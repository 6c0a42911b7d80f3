package version

import "github.com/yanzhen/yanzhen/internal/audit"

// loggedEvent is what the audit log knows of policies: what happened to each version, and the hash of its package then.
var loggedEvent = &audit.Kind{
	Name: "policy.event",
	Parts: []audit.Part{{
		Name: "event",
		Query: `SELECT e.version_id, e.n, v.document, e.kind, e.at, e.actor, e.hash, e.reason, e.day, e.seq FROM policy_event e JOIN policy_version v ON v.id = e.version_id
	WHERE e.version_id = $1 AND e.n = $2`,
	}},
	All: `SELECT CAST(version_id AS VARCHAR(40)) || '.' || CAST(n AS VARCHAR(40)) AS ref FROM policy_event`,
}

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{loggedEvent}
