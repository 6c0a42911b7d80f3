package access

import "github.com/yanzhen/yanzhen/internal/audit"

// What the audit log knows of accounts: what was granted to whom, and what was done to an account, the end of its grants among it.
var (
	loggedGrant = &audit.Kind{
		Name: "access.grant",
		Parts: []audit.Part{{
			Name:  "grant",
			Query: `SELECT id, account_id, role, area, party_id, given_at, given_by, until_at FROM grant_ WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM grant_`,
	}
	loggedEvent = &audit.Kind{
		Name: "access.event",
		Parts: []audit.Part{{
			Name:  "event",
			Query: `SELECT id, at, actor, account_id, party_id, area, deed, note FROM account_event WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM account_event`,
	}
)

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{loggedGrant, loggedEvent}
