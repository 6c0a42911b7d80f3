// Package accesstest holds answers against a table that people read: who may what, address by address, in the own area, in a neighbouring
// and in a foreign one. It is for tests.
package accesstest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
)

// Place is what every address of a table is about: a firm, and what else there is.
type Place struct {
	County, City       string // where the firm lies
	Neighbour, Foreign string // a county beside it, another city
	Firm, Other        int64  // the firm, and another
	Bank, Rival        int64  // parties to which cases are referred: banks, institutes
}

// Stand is where somebody stands to the firm.
type Stand struct {
	Login string // "" for the public
	Grant access.Grant
}

// Column is a role, with where it is tried.
type Column struct {
	Role   access.Role // "" for the public
	Stands []Stand
}

func (c Column) name() string { return cmp.Or(string(c.Role), "public") }

// Columns are those of a table: each role that there is. An office is tried in the firm's own county or city, in a neighbouring county
// and in another city; somebody of a party for the firm itself and for another.
func (p Place) Columns() []Column {
	all := []Column{{Stands: []Stand{{}}}}
	for _, role := range access.Roles() {
		col := Column{Role: role}
		add := func(name string, g access.Grant) {
			g.Role = role
			col.Stands = append(col.Stands, Stand{string(role) + "-" + name, g})
		}
		switch {
		case role.OfArea():
			own := p.City
			if role == access.CountyOfficial {
				own = p.County
			}
			add("own", access.Grant{Area: own})
			add("neighbour", access.Grant{Area: p.Neighbour})
			add("foreign", access.Grant{Area: p.Foreign})
		case role.ForFirm():
			add("own", access.Grant{Party: p.Firm})
			add("foreign", access.Grant{Party: p.Other})
		case role.OfParty():
			add("own", access.Grant{Party: p.Bank})
			add("foreign", access.Grant{Party: p.Rival})
		default:
			add("own", access.Grant{})
		}
		all = append(all, col)
	}
	return all
}

// Settle makes the accounts of the columns.
func Settle(t testing.TB, s *access.Store, columns []Column, password string, each func(Stand, access.Account)) {
	t.Helper()
	for _, col := range columns {
		for _, at := range col.Stands {
			if at.Login == "" {
				continue
			}
			a, err := s.Create(context.Background(), access.SystemScope(), access.NewAccount{Login: at.Login, Name: at.Login, Password: password, Grants: []access.Grant{at.Grant}})
			if err != nil {
				t.Fatal(err)
			}
			each(at, a)
		}
	}
}

// What a cell says, a letter for each stand of its column.
const (
	In      = "y" // let in
	Now     = "c" // let in, and told that it cannot be done now
	Form    = "i" // let in, and told what is wrong with the form
	Refused = "x"
	Absent  = "-" // as if it did not exist
	SignIn  = "s" // asked to sign in
)

// Of is what an answer's status says.
func Of(status int) string {
	switch {
	case status < http.StatusBadRequest:
		return In
	case status == http.StatusUnauthorized:
		return SignIn
	case status == http.StatusForbidden:
		return Refused
	case status == http.StatusNotFound:
		return Absent
	case status == http.StatusConflict:
		return Now
	}
	return Form
}

// LetIn says that a letter is one of those that let in.
func LetIn(letter string) bool { return letter == In || letter == Now || letter == Form }

const head = `# Who may what: every address, asked about a firm in 亭湖区 (of Yancheng) or what belongs to it.
# y let in (what it then answers is another test's); c let in, and told that it cannot be done now (409); i let in, and told what is
# wrong in the form (422), which is all but empty; x refused (403); - as if it did not exist (404); s asked to sign in.
# Of an office: in the own county or city, in a neighbouring county, in another city. Of a party: for the firm itself, for another;
# a bank or an institute: none has a case of the firm. Of the public and the administrator there is one.
`

// Write writes a table as things are answered now. Every line of it is then to be read.
func Write(t testing.TB, file string, columns []Column, rows []string, answer func(row string, s Stand) string) {
	t.Helper()
	wide := 1
	for _, row := range rows {
		wide = max(wide, len(row))
	}
	var b strings.Builder
	line := func(first string, cell func(Column) string) {
		text := fmt.Sprintf("%-*s", wide, first)
		for _, col := range columns {
			text += fmt.Sprintf(" %-*s", len(col.name()), cell(col))
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	b.WriteString(head)
	line("#", Column.name)
	for _, row := range rows {
		line(row, func(col Column) (cell string) {
			for _, s := range col.Stands {
				cell += answer(row, s)
			}
			return cell
		})
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Read is a table: of each row a letter for each stand of each column. A cell that says nothing fails the test.
func Read(t testing.TB, file string, columns []Column) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	table := map[string][]string{}
	for n, line := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(line, "#") || line == "" {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) <= len(columns) {
			t.Fatalf("%s:%d: %d cells, there are %d roles", file, n+1, len(fields)-1, len(columns))
		}
		cut := len(fields) - len(columns)
		row, cells := strings.Join(fields[:cut], " "), fields[cut:]
		for i, col := range columns {
			if len(cells[i]) != len(col.Stands) || strings.Trim(cells[i], In+Now+Form+Refused+SignIn+Absent) != "" {
				t.Fatalf("%s:%d: %s is %q; want a letter of y c i x s - for each of %d", file, n+1, col.name(), cells[i], len(col.Stands))
			}
		}
		if table[row] != nil {
			t.Fatalf("%s:%d: %s stands there twice", file, n+1, row)
		}
		table[row] = cells
	}
	return table
}

// Hold asks each row as each stand and wants what the table says. A row without a line in the table fails, and so does a line without a
// row. answer may leave out (ok false) what would change something.
func Hold(t testing.TB, file string, columns []Column, rows []string, answer func(row string, s Stand, want string) (got string, ok bool)) {
	t.Helper()
	table := Read(t, file, columns)
	for _, row := range rows {
		cells, ok := table[row]
		if !ok {
			t.Errorf("%s: say in %s who may", row, file)
			continue
		}
		delete(table, row)
		for i, col := range columns {
			for j, s := range col.Stands {
				want := cells[i][j : j+1]
				if got, ok := answer(row, s, want); ok && got != want {
					t.Errorf("%s as %s: %s, the table says %s", row, cmp.Or(s.Login, "the public"), got, want)
				}
			}
		}
	}
	for row := range table {
		t.Errorf("%s: %s, which there is no more", file, row)
	}
}

// Says is what a table says of a row and the first stand of a role.
func Says(t testing.TB, file string, columns []Column, row string, role access.Role) string {
	t.Helper()
	cells := Read(t, file, columns)[row]
	i := slices.IndexFunc(columns, func(col Column) bool { return col.Role == role })
	if cells == nil || i < 0 {
		t.Fatalf("%s says nothing of %s as %s", file, row, role)
	}
	return cells[i][:1]
}
