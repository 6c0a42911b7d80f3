package api

import (
	"cmp"
	"flag"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/access/accesstest"
	"github.com/yanzhen/yanzhen/internal/audit"
)

var updateAccess = flag.Bool("update-access", false, "write testdata/access.txt as operations answer now; every line of it is then to be read")

// hole is a name in a body that a call would have filled in from what earlier ones made.
var hole = regexp.MustCompile(`\{[a-z0-9_]+\}`)

// Every operation, with a token of every role, in the own area, in a neighbouring and in a foreign one, with all actions that the role
// has: it answers as the table says, which people have read line by line.
func TestAccessTable(t *testing.T) {
	c := newWalk(t)
	columns := accesstest.Place{
		County: "320902", City: "320900", Neighbour: "320904", Foreign: "321000", Firm: c.firms[tinghuCode], Other: c.firms[dafengCode], Bank: 9_001, Rival: 9_002,
	}.Columns()
	scopes := map[string]access.Scope{}
	accesstest.Settle(t, c.srv.Access, columns, "wild geese fly south 2022", func(s accesstest.Stand, a access.Account) {
		c.ids[s.Login] = a.ID
		c.tokens[s.Login], scopes[s.Login] = c.token(s.Login, access.Actions(), ""), c.scopeOf(s.Login)
	})
	zip, err := ships(t)[0].Zip()
	must(t, err)
	names := map[string]string{
		"dongtai": fmt.Sprint(c.firms[dongtaiCode]), "tinghu": fmt.Sprint(c.firms[tinghuCode]), "plan": `{"sheets": []}`, "zip": string(zip), "message": fmt.Sprint(c.told[tinghuCode]),
		"sheet": strings.Repeat("0", 64),
	}
	bodies := map[string]string{}
	for _, k := range calls {
		if !k.aside {
			bodies[k.id] = hole.ReplaceAllStringFunc(k.body, func(name string) string { return cmp.Or(names[strings.Trim(name, "{}")], "1") })
		}
	}
	queries := map[string]string{
		"upload": upload, "read_opinions": "?name=list.csv", "read_results": "?name=list.csv", "read_openings": "?name=list.csv", "send_loan_list": "?bank=demo_a&month=2024-10&name=list.csv", "attach_case_file": "?name=invoice.pdf",
		"edit_version": "?revision=1", "replace_scenario": "?revision=1", "order_enrolment_list": "?area=320902&name=firms.csv",
		"search_enterprises": "?q=%E5%85%AC%E5%8F%B8", "compare_enterprises": fmt.Sprintf("?with=%d", c.firms[dongtaiCode]), "list_candidates": "?role=expert",
		"get_coverage": "?title=digital_craftsman", "check_claim": "?project=invoice&item=24322000000012345678&family=cost_item",
	}
	// What reads comes first: what is let through to change something is not sent at all, unless the table is written anew.
	ops := slices.Clone(c.srv.ops)
	slices.SortStableFunc(ops, func(a, b operation) int {
		changes := func(op operation) int {
			if op.method == http.MethodGet {
				return 0
			}
			return 1
		}
		return cmp.Compare(changes(a), changes(b))
	})
	rows, byID := make([]string, len(ops)), map[string]operation{}
	for i, op := range ops {
		rows[i], byID[op.id] = op.id, op
	}
	paths := map[string]string{}
	for _, op := range ops {
		paths[op.id] = c.address(op, tinghuCode) + queries[op.id]
	}
	answer := func(row string, s accesstest.Stand) string {
		op := byID[row]
		r := c.ask(s.Login, op.method, paths[row], bodies[row])
		if r.status >= http.StatusInternalServerError {
			t.Errorf("%s as %s: status %d: %s", row, s.Login, r.status, r.body)
		}
		return accesstest.Of(r.status)
	}
	const file = "testdata/access.txt"
	if *updateAccess {
		accesstest.Write(t, file, columns, rows, answer)
		return
	}
	before := c.logged()
	accesstest.Hold(t, file, columns, rows, func(row string, s accesstest.Stand, want string) (string, bool) {
		if op := byID[row]; want == accesstest.In && op.method != http.MethodGet {
			if !op.need.Public && !op.need.MetBy(scopes[s.Login]) {
				t.Errorf("%s as %s is refused, the table lets it in", row, s.Login)
			}
			return "", false
		}
		return answer(row, s), true
	})
	if after := c.logged(); after != before {
		t.Errorf("who was refused has changed something: the audit log has grown from %d to %d", before, after)
	}
}

// logged is how much the audit log holds.
func (c *city) logged() int64 {
	c.t.Helper()
	msg, err := c.srv.Proof.Seal(c.t.Context())
	must(c.t, err)
	head, err := audit.OpenCheckpoint(msg, c.srv.Proof.Key())
	must(c.t, err)
	return head.Size
}
