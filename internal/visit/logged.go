package visit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/audit"
)

// loggedHanded is that a visit was handed in: which event took what was noted into the case, and the hash of all entries as they were then.
var loggedHanded = &audit.Kind{
	Name:  "visit.handed",
	Parts: []audit.Part{{Name: "handed", Query: `SELECT event_id, case_id, case_n, entries, digest, at, account FROM visit_handed WHERE event_id = $1`}},
	All:   `SELECT CAST(event_id AS VARCHAR(100)) AS ref FROM visit_handed`,
	Case:  `SELECT CAST(event_id AS VARCHAR(100)) AS ref FROM visit_handed WHERE case_id = $1`,
}

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{loggedHanded}

// Digest is the SHA-256, in hexadecimal, over entries in the order of their ids: one line of JSON each.
func Digest(entries []Entry) string {
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b Entry) int { return strings.Compare(a.ID, b.ID) })
	sum := sha256.New()
	write := json.NewEncoder(sum)
	for _, e := range sorted {
		// Strings, numbers and a hash cannot fail.
		_ = write.Encode([]any{e.ID, e.Topic, e.After, e.Body.encode(), e.Device, e.Noted, e.Received, e.Account, e.Late})
	}
	return hex.EncodeToString(sum.Sum(nil))
}
