package web

import (
	"cmp"
	"context"
	"flag"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/access/accesstest"
	"github.com/yanzhen/yanzhen/internal/audit"
)

var updateAccess = flag.Bool("update-access", false, "write testdata/access.txt as pages answer now; every line of it is then to be read")

const accessFile = "testdata/access.txt"

func (c *city) place() accesstest.Place {
	return accesstest.Place{
		County: "320902", City: "320900", Neighbour: "320904", Foreign: "321000", Firm: c.firms[tinghuCode], Other: c.firms[dafengCode], Bank: 9_001, Rival: 9_002,
	}
}

// Every address, as every role, in the own area, in a neighbouring and in a foreign one: it answers as the table says, which people have
// read line by line.
func TestAccessTable(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	c.openCall()
	c.callRound("2")
	c.cultivated()
	c.openRound()
	c.consents(tinghuCode)
	c.listLoans()
	c.meeting()
	c.diagnosed(tinghuCode)
	c.visiting(tinghuCode)
	c.resultOf(tinghuCode)
	c.monthSigned()
	columns := c.place().Columns()
	visitors, scopes := map[string]*visitor{"": c.visitor()}, map[string]access.Scope{}
	accesstest.Settle(t, c.acc, columns, password, func(s accesstest.Stand, a access.Account) {
		visitors[s.Login], scopes[s.Login] = c.as(s.Login), c.srv.Frames.ScopeOf(a)
	})
	routes := c.srv.routes()
	// What reads comes first: what is let through to change something is not sent at all, unless the table is written anew.
	slices.SortStableFunc(routes, func(a, b route) int { return cmp.Compare(a.pattern[:3], b.pattern[:3]) })
	needs := map[string]access.Need{}
	rows := make([]string, len(routes))
	for i, rt := range routes {
		rows[i], needs[rt.pattern] = rt.pattern, rt.need
	}
	answer := func(row string, s accesstest.Stand) string {
		if row == "POST /sign-out" {
			return accesstest.In // it would end what the others are asked with
		}
		path := c.addresses(row, tinghuCode)
		if strings.HasSuffix(path, "/receipt") {
			path += "?policy=yancheng-2022-6"
		}
		var res *http.Response
		if strings.HasPrefix(row, "GET ") {
			res, _ = visitors[s.Login].get(path)
		} else {
			res, _ = visitors[s.Login].post(path, url.Values{"text": {"x"}, "period": {"2023"}, "note": {"x"}, "reason": {"x"}, "dispute": {"1"}})
		}
		if res.StatusCode >= http.StatusInternalServerError {
			t.Errorf("%s as %s: status %d", path, s.Login, res.StatusCode)
		}
		if res.Request.URL.Path == "/sign-in" && !strings.HasSuffix(row, " /sign-in") {
			return accesstest.SignIn
		}
		return accesstest.Of(res.StatusCode)
	}
	if *updateAccess {
		accesstest.Write(t, accessFile, columns, rows, answer)
		return
	}
	for _, row := range rows {
		c.addresses(row, tinghuCode) // what an address names is there before anybody asks
	}
	before := c.logged()
	accesstest.Hold(t, accessFile, columns, rows, func(row string, s accesstest.Stand, want string) (string, bool) {
		if want == accesstest.In && strings.HasPrefix(row, "POST ") {
			if need := needs[row]; !need.Public && !need.MetBy(scopes[s.Login]) {
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
	msg, err := c.srv.Proof.Seal(context.Background())
	if err != nil {
		c.t.Fatal(err)
	}
	head, err := audit.OpenCheckpoint(msg, c.srv.Proof.Key())
	if err != nil {
		c.t.Fatal(err)
	}
	return head.Size
}

// letIn is what the table says of an address and one of the usual visitors of the tests.
func letIn(t *testing.T, pattern, login string) bool {
	t.Helper()
	roles := map[string]access.Role{
		"tinghu": access.CountyOfficial, "city": access.CityOfficial, "auditor": access.Auditor,
		"firm": access.Enterprise, "handler": access.Handler, "viewer": access.Viewer, "admin": access.Administrator,
	}
	return accesstest.LetIn(accesstest.Says(t, accessFile, accesstest.Place{}.Columns(), pattern, roles[login]))
}
