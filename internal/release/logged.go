package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/audit"
)

// LoggedRelease is a release with its rows in the audit log; Verify makes it again.
var LoggedRelease = &audit.Kind{
	Name: "release",
	Parts: []audit.Part{
		{
			Name: "head",
			Query: `SELECT id, kind, kind_hash, fields, ref, case_id, area, act, number, title, reason, replaces, published, until, at, by_account, lines, hash,
	(SELECT b.hash FROM release_head b WHERE b.id = h.replaces) AS before FROM release_head h WHERE id = $1 AND sealed = 1`,
		},
		{Name: "rows", Query: `SELECT n, case_id, label, body FROM release_row WHERE release_id = $1 ORDER BY n`},
	},
	All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM release_head WHERE sealed = 1`,
	Case: `SELECT CAST(h.id AS VARCHAR(100)) AS ref FROM release_head h WHERE h.sealed = 1
	AND (h.case_id = $1 OR EXISTS (SELECT 1 FROM release_row r WHERE r.release_id = h.id AND r.case_id = $1))`,
}

// Logged is the kinds of things that this package has in the audit log.
var Logged = []*audit.Kind{LoggedRelease}

// Verify makes a release of the audit log, of which it gets the parts, anew in its canonical form, and says whether its hash is that.
func Verify(parts map[string]json.RawMessage) (bool, error) {
	var list []struct {
		ID, Replaces                                 int64
		Kind, Area, Act, Number, Title, Reason, Hash string
		KindHash                                     string `json:"kind_hash"`
		Fields, Published, Until                     string
		Before                                       *string
	}
	var rows []struct {
		N    int
		Body string
	}
	if err := errors.Join(json.Unmarshal(parts["head"], &list), json.Unmarshal(parts["rows"], &rows)); err != nil {
		return false, fmt.Errorf("read a release of the audit log: %w", err)
	}
	if len(list) != 1 {
		return false, fmt.Errorf("read a release of the audit log: %d heads", len(list))
	}
	x := list[0]
	r := Release{
		ID: x.ID, Kind: x.Kind, KindHash: x.KindHash, Area: x.Area, Act: Act(x.Act), Number: x.Number, Title: x.Title, Reason: x.Reason, Replaces: x.Replaces,
	}
	published, err := dayOf(x.Published)
	until, wrong := dayOf(x.Until)
	if err := errors.Join(err, wrong, json.Unmarshal([]byte(x.Fields), &r.Fields)); err != nil {
		return false, fmt.Errorf("read a release of the audit log: %w", err)
	}
	r.Published, r.Until = published, until
	before := ""
	if x.Before != nil {
		before = *x.Before
	}
	h := sha256.New()
	err = canonical(h, r, before, func(take func(Line) error) error {
		for _, row := range rows {
			l := Line{N: row.N}
			if err := json.Unmarshal([]byte(row.Body), &l.Texts); err != nil {
				return fmt.Errorf("read a release of the audit log: %w", err)
			}
			if err := take(l); err != nil {
				return err
			}
		}
		return nil
	})
	return hex.EncodeToString(h.Sum(nil)) == x.Hash, err
}
