package consent

import "github.com/yanzhen/yanzhen/internal/audit"

// What the audit log knows: consents, their ends, and emergencies.
var (
	loggedGrant = &audit.Kind{
		Name: "consent.grant",
		Parts: []audit.Part{{
			Name:  "grant",
			Query: `SELECT id, owner_id, to_id, purpose, facts, case_id, given_at, given_by, until_at FROM consent_grant WHERE id = $1`,
		}},
		All:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM consent_grant`,
		Case: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM consent_grant WHERE case_id = $1`,
	}
	loggedEnd = &audit.Kind{
		Name:  "consent.end",
		Parts: []audit.Part{{Name: "end", Query: `SELECT grant_id, at, by_id, reason FROM consent_end WHERE grant_id = $1`}},
		All:   `SELECT CAST(grant_id AS VARCHAR(100)) AS ref FROM consent_end`,
		Case:  `SELECT CAST(e.grant_id AS VARCHAR(100)) AS ref FROM consent_end e JOIN consent_grant g ON g.id = e.grant_id WHERE g.case_id = $1`,
	}
	loggedEmergency = &audit.Kind{
		Name:  "consent.emergency",
		Parts: []audit.Part{{Name: "emergency", Query: `SELECT id, account_id, party_id, area, at, until_at, reason FROM consent_emergency WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM consent_emergency`,
	}
)

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{loggedGrant, loggedEnd, loggedEmergency}
