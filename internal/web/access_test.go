package web

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
)

var updateAccess = flag.Bool("update-access", false, "write testdata/access.txt as pages answer now; every line of it is then to be read")

const accessFile = "testdata/access.txt"

// stand is where a visitor of the table stands to the firm in 亭湖区 that every address of it is about.
type stand struct {
	name  string
	grant func(c *city) access.Grant
}

func inArea(role access.Role, area string) func(*city) access.Grant {
	return func(*city) access.Grant { return access.Grant{Role: role, Area: area} }
}

func ofFirm(role access.Role, code string) func(*city) access.Grant {
	return func(c *city) access.Grant { return access.Grant{Role: role, Party: c.firms[code]} }
}

// column is a role in the table, with where it is tried.
type column struct {
	role   access.Role // "" for the public
	stands []stand
}

// columns are those of the table, each role that there is: an office in the firm's own county (or city), in a neighbouring county and in
// another city; somebody of a party for the firm itself and for another.
func accessColumns() []column {
	all := []column{{stands: []stand{{"public", nil}}}}
	for _, role := range access.Roles() {
		col := column{role: role}
		switch {
		case role.OfArea():
			own := "320900"
			if role == access.CountyOfficial {
				own = "320902"
			}
			col.stands = []stand{{"own", inArea(role, own)}, {"neighbour", inArea(role, "320904")}, {"foreign", inArea(role, "321000")}}
		case role == access.Bank:
			bank := func(id int64) func(*city) access.Grant {
				return func(*city) access.Grant { return access.Grant{Role: role, Party: id} }
			}
			col.stands = []stand{{"own", bank(9_001)}, {"foreign", bank(9_002)}}
		case role.OfParty():
			col.stands = []stand{{"own", ofFirm(role, tinghuCode)}, {"foreign", ofFirm(role, dafengCode)}}
		default:
			col.stands = []stand{{"own", func(*city) access.Grant { return access.Grant{Role: role} }}}
		}
		all = append(all, col)
	}
	return all
}

// Every address, as every role, in the own area, in a neighbouring and in a foreign one: it answers as the table says, which people have
// read line by line. A route without a line fails, and so does a line without a route, and a cell that says nothing.
func TestAccessTable(t *testing.T) {
	c := newCity(t)
	c.openCall()
	c.callRound("2")
	c.cultivated()
	c.openRound()
	c.consents(tinghuCode)
	columns := accessColumns()
	visitors := map[string]*visitor{}
	scopes := map[string]access.Scope{}
	for _, col := range columns {
		for _, s := range col.stands {
			if s.grant == nil {
				visitors[s.name] = c.visitor()
				continue
			}
			login := string(col.role) + "-" + s.name
			a, err := c.acc.Create(t.Context(), access.SystemScope(), access.NewAccount{Login: login, Name: login, Password: password, Grants: []access.Grant{s.grant(c)}})
			if err != nil {
				t.Fatal(err)
			}
			visitors[login], scopes[login] = c.as(login), c.srv.Frames.ScopeOf(a)
		}
	}
	routes := c.srv.routes()
	// What reads comes first: what is let through to change something is not sent at all, unless the table is written anew.
	slices.SortStableFunc(routes, func(a, b route) int { return cmp.Compare(b.pattern[:3], a.pattern[:3]) })
	slices.Reverse(routes)
	answer := func(rt route, login string) string {
		v := visitors[login]
		path := c.addresses(rt.pattern, tinghuCode)
		if strings.HasSuffix(path, "/receipt") {
			path += "?policy=yancheng-2022-6"
		}
		var res *http.Response
		if strings.HasPrefix(rt.pattern, "GET ") {
			res, _ = v.get(path)
		} else {
			res, _ = v.post(path, url.Values{"text": {"x"}, "period": {"2023"}, "note": {"x"}, "reason": {"x"}, "dispute": {"1"}})
		}
		switch {
		case res.Request.URL.Path == "/sign-in" && !strings.HasSuffix(rt.pattern, " /sign-in"):
			return "s"
		case res.StatusCode == http.StatusForbidden:
			return "x"
		case res.StatusCode == http.StatusNotFound:
			return "-"
		case res.StatusCode == http.StatusConflict:
			return "c"
		case res.StatusCode >= 500:
			t.Errorf("%s as %s: status %d", path, login, res.StatusCode)
		case res.StatusCode >= 400:
			return "i"
		}
		return "y"
	}
	loginOf := func(col column, s stand) string {
		if col.role == "" {
			return s.name
		}
		return string(col.role) + "-" + s.name
	}
	if *updateAccess {
		writeAccess(t, columns, routes, func(rt route, col column) string {
			cell := ""
			for _, s := range col.stands {
				if rt.pattern == "POST /sign-out" {
					cell += "y"
					continue
				}
				cell += answer(rt, loginOf(col, s))
			}
			return cell
		})
		return
	}
	table := readAccess(t, columns)
	before := c.logged()
	for _, rt := range routes {
		cells, ok := table[rt.pattern]
		if !ok {
			t.Errorf("%s: say in %s who may", rt.pattern, accessFile)
			continue
		}
		delete(table, rt.pattern)
		for i, col := range columns {
			for j, s := range col.stands {
				login, want := loginOf(col, s), cells[i][j:j+1]
				if want == "y" && strings.HasPrefix(rt.pattern, "POST ") {
					if !rt.need.Public && !rt.need.MetBy(scopes[login]) {
						t.Errorf("%s as %s is refused, the table lets it in", rt.pattern, login)
					}
					continue
				}
				if got := answer(rt, login); got != want {
					t.Errorf("%s as %s: %s, the table says %s", rt.pattern, login, got, want)
				}
			}
		}
	}
	for pattern := range table {
		t.Errorf("%s: %s, which there is no more", accessFile, pattern)
	}
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
	columns := accessColumns()
	i := slices.IndexFunc(columns, func(col column) bool { return col.role == roles[login] })
	cells := readAccess(t, columns)[pattern]
	if cells == nil {
		t.Fatalf("%s says nothing of %s", accessFile, pattern)
	}
	return strings.Contains("yci", cells[i][:1])
}

const accessHead = `# Who may what: every address, asked about a firm in 亭湖区 (of Yancheng) or what belongs to it.
# y let in; c let in, and told that it cannot be done now (409); i let in, and told what is wrong in the form (422), which is all but
# empty; x refused (403); - as if it did not exist (404); s led to sign in.
# Of an office: in the own county or city, in a neighbouring county, in another city. Of a party: for the firm itself, for another;
# a bank: none has a case of the firm. Of the public and the administrator there is one.
`

func writeAccess(t *testing.T, columns []column, routes []route, cell func(route, column) string) {
	t.Helper()
	var b strings.Builder
	b.WriteString(accessHead)
	fmt.Fprintf(&b, "%-58s", "#")
	for _, col := range columns {
		fmt.Fprintf(&b, " %s", cmp.Or(string(col.role), "public"))
	}
	b.WriteString("\n")
	for _, rt := range routes {
		fmt.Fprintf(&b, "%-58s", rt.pattern)
		for _, col := range columns {
			fmt.Fprintf(&b, " %-*s", len(cmp.Or(string(col.role), "public")), cell(rt, col))
		}
		b.WriteString("\n")
	}
	if err := os.WriteFile(accessFile, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// readAccess is the table: of each address a letter for each stand of each column.
func readAccess(t *testing.T, columns []column) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(accessFile)
	if err != nil {
		t.Fatal(err)
	}
	table := map[string][]string{}
	for n, line := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(line, "#") || line == "" {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) != len(columns)+2 {
			t.Fatalf("%s:%d: %d cells, there are %d roles", accessFile, n+1, len(fields)-2, len(columns))
		}
		pattern, cells := fields[0]+" "+fields[1], fields[2:]
		for i, col := range columns {
			if len(cells[i]) != len(col.stands) || strings.Trim(cells[i], "yxcis-") != "" {
				t.Errorf("%s:%d: %s is %q; want a letter of y c i x - s for each of %d", accessFile, n+1, cmp.Or(string(col.role), "public"), cells[i], len(col.stands))
				return nil
			}
		}
		if table[pattern] != nil {
			t.Errorf("%s:%d: %s stands there twice", accessFile, n+1, pattern)
		}
		table[pattern] = cells
	}
	return table
}
