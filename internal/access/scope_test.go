package access

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// allowed is the oracle: what each role may do, written down a second time and in another shape than the rules.
// A = in its areas, O = its own, S = assigned to the account, H = handed to the role in its areas, * = any, . = never.
// R = referred to its own party.
// T = S, O, H, or handed to a role that has no areas and lying nowhere.
const allowed = `
                 county city finance tax safety environment credit expert audit_firm bank institute enterprise handler viewer auditor administrator emergency
read_party       A      A    .       .   .      .           .      .      .          .    .         O          O       O      A       .             O
read_fact        A      A    .       .   .      .           .      .      .          .    .         O          O       O      A       .             O
read_sensitive   A      A    .       .   .      .           .      .      .          .    .         O          O       O      A       .             O
import           A      A    .       .   .      .           .      .      .          .    .         .          .       .      .       .             .
undo_import      A      A    .       .   .      .           .      .      .          .    .         .          .       .      .       .             .
dispute          A      A    .       .   .      .           .      .      .          .    .         O          O       .      .       .             .
report           .      .    .       .   .      .           .      .      .          .    .         O          O       .      .       .             .
decide           A      A    .       .   .      .           .      .      .          .    .         .          .       .      .       .             .
export           A      A    .       .   .      .           .      .      .          .    .         O          O       .      A       .             .
merge            .      A    .       .   .      .           .      .      .          .    .         .          .       .      .       .             .
issue_access     A      A    .       .   .      .           .      .      .          .    .         .          .       .      .       *             .
delegate         .      .    .       .   .      .           .      .      .          .    .         O          .       .      .       .             .
manage_accounts  .      .    .       .   .      .           .      .      .          .    .         .          .       .      .       *             .
read_log         .      A    .       .   .      .           .      .      .          .    .         .          .       .      A       *             .
read_draft       A      A    .       .   .      .           .      .      .          .    .         .          .       .      A       *             .
draft_policy     A      A    .       .   .      .           .      .      .          .    .         .          .       .      .       *             .
approve_policy   A      A    .       .   .      .           .      .      .          .    .         .          .       .      .       *             .
read_case        A      A    H       H   H      H           H      S      S          R    R         O          O       O      A       .             .
file_case        .      .    .       .   .      .           .      .      .          .    .         O          O       .      .       .             .
handle_case      A      A    .       .   .      .           .      .      .          .    .         .          .       .      .       .             .
review_case      .      .    .       H   H      H           H      .      .          .    .         .          .       .      .       .             .
score_case       .      .    .       .   .      .           .      S      .          .    .         .          .       .      .       .             .
audit_case       .      .    .       .   .      .           .      .      S          .    .         .          .       .      .       .             .
answer_case      .      .    .       .   .      .           .      .      .          R    R         .          .       .      .       .             .
review_flag      .      A    .       .   .      .           .      .      .          .    .         .          .       .      A       .             .
read_fund        A      A    A       .   .      .           .      .      .          .    .         .          .       .      A       .             .
manage_fund      A      A    A       .   .      .           .      .      .          .    .         .          .       .      .       .             .
pay_out          .      .    A       .   .      .           .      .      .          .    .         .          .       .      .       .             .
read_notice      T      T    T       T   T      T           T      T      T          T    T         T          T       T      T       T             .
consent          .      .    .       .   .      .           .      .      .          .    .         O          O       .      .       .             .
use_consent      .      .    .       .   .      .           .      .      .          R    R         .          .       .      .       .             .
read_readings    .      A    .       .   .      .           .      .      .          .    .         O          O       O      A       .             .
read_loans       A      A    .       .   .      .           .      .      .          R    .         .          .       .      A       .             .
tell_loans       .      A    .       .   .      .           .      .      .          R    .         .          .       .      .       .             .
read_meetings    A      A    .       .   .      .           .      .      .          R    .         O          O       O      A       .             .
plan_meeting     A      A    .       .   .      .           .      .      .          .    .         .          .       .      .       .             .
read_bulletins   A      A    .       .   .      .           .      .      .          .    .         .          .       .      A       .             .
write_bulletins  A      A    .       .   .      .           .      .      .          .    .         .          .       .      .       .             .
answer_meeting   .      .    .       .   .      .           .      .      .          R    .         O          O       .      .       .             .
break_glass      *      *    .       .   *      *           .      .      .          .    .         .          .       .      *       .             .
erase            .      A    .       .   .      .           .      .      .          .    .         .          .       .      .       *             .
`

var columns = map[Role]int{
	CountyOfficial: 1, CityOfficial: 2, Finance: 3, TaxBureau: 4, SafetyBureau: 5, EnvironmentBureau: 6, CreditOffice: 7, Expert: 8, AuditFirm: 9,
	Bank: 10, Institute: 11, Enterprise: 12, Handler: 13, Viewer: 14, Auditor: 15, Administrator: 16, Emergency: 17,
}

func oracle(t *testing.T) func(s Scope, a Action, o object) bool {
	table := map[Action][]string{}
	for i, line := range strings.Split(strings.TrimSpace(allowed), "\n") {
		if fields := strings.Fields(line); i > 0 {
			table[Action(fields[0])] = fields
		}
	}
	if got, want := slices.Sorted(maps.Keys(table)), slices.Sorted(slices.Values(Actions())); !slices.Equal(got, want) {
		t.Fatalf("the oracle knows other actions:\n%s", cmp.Diff(want, got))
	}
	return func(s Scope, a Action, o object) bool {
		for _, p := range s.parts {
			switch table[a][columns[p.role]] {
			case "*":
				return true
			case "A":
				if o.area != "" && slices.Contains(p.areas, o.area) {
					return true
				}
			case "O":
				if o.owner != 0 && slices.Contains(p.owns, o.owner) {
					return true
				}
			case "R":
				if o.partner != 0 && slices.Contains(p.owns, o.partner) {
					return true
				}
			case "S":
				if s.account != 0 && slices.Contains(o.accounts, s.account) {
					return true
				}
			case "H":
				if o.area != "" && slices.Contains(p.areas, o.area) && slices.Contains(o.roles, p.role) {
					return true
				}
			case "T":
				mine := s.account != 0 && slices.Contains(o.accounts, s.account) || o.owner != 0 && slices.Contains(p.owns, o.owner)
				ofArea := columns[p.role] < columns[Bank] || p.role == Auditor
				if mine || slices.Contains(o.roles, p.role) && (o.area == "" && !ofArea || o.area != "" && slices.Contains(p.areas, o.area)) {
					return true
				}
			}
		}
		return false
	}
}

// object is a row of the test's table; an empty area and the owner 0 are stored as NULL in odd rows.
type object struct {
	id       int64
	area     string
	owner    int64
	partner  int64
	accounts []int64
	roles    []Role
}

func (o object) object() Object {
	return Object{Area: o.area, Owner: o.owner, Partner: o.partner, Accounts: o.accounts, Roles: o.roles}
}

var testAreas = []string{"", "320900", "320902", "320903", "320971", "zone:yancheng-yannan", "321000"}

func objects() []object {
	var all []object
	for _, area := range testAreas {
		for owner := range int64(5) {
			for _, o := range []object{ // as many even as odd ones
				{},
				{accounts: []int64{7}},
				{accounts: []int64{6, 8}, roles: []Role{TaxBureau, Expert}},
				{accounts: []int64{0}, roles: Roles()},
				{accounts: []int64{7, 8}, roles: []Role{Finance, CreditOffice}},
				{partner: 2},
				{},
				{partner: 4, roles: []Role{Bank}},
			} {
				o.id, o.area, o.owner = int64(len(all)), area, owner
				all = append(all, o)
			}
		}
	}
	return all
}

func drawScope(t *rapid.T) Scope {
	s := Scope{account: rapid.SampledFrom([]int64{0, 7, 7, 8}).Draw(t, "account")}
	for range rapid.IntRange(0, 3).Draw(t, "grants") {
		s = s.And(NewScope(7,
			rapid.SampledFrom(append(Roles(), Emergency, "stranger", "")).Draw(t, "role"),
			rapid.SliceOfN(rapid.SampledFrom(testAreas), 0, 4).Draw(t, "areas"),
			rapid.SliceOfN(rapid.Int64Range(0, 4), 0, 3).Draw(t, "owns")))
	}
	return s
}

func objectDB(t *testing.T) *store.DB {
	db := storetest.SQLite(t, []store.Migrations{{Package: "trial", FS: fstest.MapFS{"migrations/0001_trial.sql": {
		Data: []byte(`CREATE TABLE object (id BIGINT NOT NULL PRIMARY KEY, area TEXT, owner BIGINT, partner BIGINT);
CREATE TABLE assigned (object BIGINT NOT NULL, account BIGINT NOT NULL);
CREATE TABLE handed (object BIGINT NOT NULL, role TEXT NOT NULL);`),
	}}}})
	err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for _, o := range objects() {
			for _, a := range o.accounts {
				if _, err := tx.Exec(ctx, `INSERT INTO assigned (object, account) VALUES ($1, $2)`, o.id, a); err != nil {
					return err
				}
			}
			for _, r := range o.roles {
				if _, err := tx.Exec(ctx, `INSERT INTO handed (object, role) VALUES ($1, $2)`, o.id, string(r)); err != nil {
					return err
				}
			}
		}
		return tx.InsertRows(ctx, "object", []string{"id", "area", "owner", "partner"}, func(yield func([]any) bool) {
			for _, o := range objects() {
				row := []any{o.id, o.area, o.owner, o.partner}
				if o.id%2 == 1 && o.area == "" {
					row[1] = nil
				}
				if o.id%2 == 1 && o.owner == 0 {
					row[2] = nil
				}
				if o.id%2 == 1 && o.partner == 0 {
					row[3] = nil
				}
				if !yield(row) {
					return
				}
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// selected are the objects that the condition selects, in a statement that has an argument of its own before and one
// behind it.
func selected(ctx context.Context, db *store.DB, rules []rule, s Scope, a Action) ([]int64, error) {
	where, args := s.where(rules, a, Columns{
		Area: "o.area", Owner: "o.owner", Partner: "o.partner",
		Accounts: `SELECT account FROM assigned WHERE object = o.id`, Roles: `SELECT role FROM handed WHERE object = o.id`,
	}, []any{-1})
	args = append(args, 1<<40)
	rows, err := db.Read().Query(ctx, fmt.Sprintf(
		`SELECT o.id FROM object o WHERE o.id > $1 AND %s AND o.id < $%d ORDER BY o.id`, where, len(args)), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func seen(s Scope, rules []rule, a Action) []int64 {
	var ids []int64
	for _, o := range objects() {
		if s.sees(rules, a, o.object()) {
			ids = append(ids, o.id)
		}
	}
	return ids
}

// TestScope holds three things together: the check of an object, the condition in SQL on a real database, and the
// oracle.
func TestScope(t *testing.T) {
	db := objectDB(t)
	may := oracle(t)
	rapid.Check(t, func(r *rapid.T) {
		s := drawScope(r)
		a := rapid.SampledFrom(append(Actions(), "unheard_of")).Draw(r, "action")
		sees := seen(s, rules, a)
		where, err := selected(t.Context(), db, rules, s, a)
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(sees, where); diff != "" {
			r.Fatalf("Sees and Where differ (-sees +where):\n%s", diff)
		}
		if a == "unheard_of" {
			if len(sees) > 0 {
				r.Fatalf("an unknown action is allowed on %v", sees)
			}
			return
		}
		for _, o := range objects() {
			if got, want := slices.Contains(sees, o.id), may(s, a, o); got != want {
				r.Fatalf("%+v %s %+v: %v, want %v", s, a, o, got, want)
			}
		}
		if !s.Can(a) && len(sees) > 0 {
			r.Fatalf("cannot %s, yet may to %v", a, sees)
		}
	})
}

// TestScopeMutants plants every fault of one rule (left out, another condition) and every rule too many, and asks
// whether the comparison above would notice.
func TestScopeMutants(t *testing.T) {
	may := oracle(t)
	all := objects()
	notices := func(rules []rule, role Role) bool { // no role's rules are another's
		s := NewScope(7, role, []string{"320902", "320971"}, []int64{2, 3})
		for _, a := range Actions() {
			for _, o := range all {
				if s.sees(rules, a, o.object()) != may(s, a, o) {
					return true
				}
			}
		}
		return false
	}
	for _, role := range Roles() {
		if notices(rules, role) {
			t.Fatalf("the rules of %s themselves differ from the oracle", role)
		}
	}
	mutants, missed := 0, 0
	try := func(what string, rules []rule, role Role) {
		mutants++
		if !notices(rules, role) {
			missed++
			t.Errorf("not noticed: %s", what)
		}
	}
	for i, r := range rules {
		try(fmt.Sprintf("%v left out", r), slices.Delete(slices.Clone(rules), i, i+1), r.role)
		for _, c := range []cond{never, inArea, owns, assigned, handed, referred, told, always} {
			if c != r.cond {
				mutant := slices.Clone(rules)
				mutant[i].cond = c
				try(fmt.Sprintf("%v with condition %d", r, c), mutant, r.role)
			}
		}
	}
	for _, role := range Roles() {
		for _, a := range Actions() {
			if condOf(rules, role, a) == never {
				for _, c := range []cond{inArea, owns, assigned, handed, referred, told, always} {
					try(fmt.Sprintf("%s may %s (%d)", role, a, c), append(slices.Clone(rules), rule{role, a, c}), role)
				}
			}
		}
	}
	t.Logf("%d of %d mutants noticed", mutants-missed, mutants)
}

func TestScopeEdges(t *testing.T) {
	none := Scope{}
	for _, a := range Actions() {
		if none.Can(a) || none.Sees(a, "320902", 1) || none.Sees(a, "", 0) {
			t.Errorf("the zero scope may %s", a)
		}
		if where, args := none.Where(a, "area", "owner", []any{1}); where != noRow || len(args) != 1 {
			t.Errorf("the zero scope selects by %q %v", where, args)
		}
		system := SystemScope()
		if !system.All() || !system.Can(a) || !system.Sees(a, "", 0) {
			t.Errorf("the system may not %s", a)
		}
		if where, args := system.Where(a, "area", "owner", nil); where != everyRow || len(args) != 0 {
			t.Errorf("the system selects by %q %v", where, args)
		}
	}
	county := NewScope(1, CountyOfficial, []string{"320902"}, nil)
	if where, _ := county.Where(ReadFact, "", "owner", nil); where != noRow {
		t.Errorf("a table without areas: %q", where)
	}
	both := county.And(NewScope(1, Administrator, nil, nil))
	if where, args := both.Where(ReadLog, "area", "owner", []any{1}); where != everyRow || len(args) != 1 {
		t.Errorf("area and anything: %q %v", where, args)
	}
	if got, want := both.Areas(), []string{"320902"}; !slices.Equal(got, want) || both.Role() != CountyOfficial {
		t.Errorf("areas %v, role %s", got, both.Role())
	}
	expert := NewScope(4, Expert, []string{"320902"}, nil)
	if where, _ := expert.Where(ReadCase, "area", "owner", nil); where != noRow || expert.Sees(ReadCase, "320902", 0) {
		t.Errorf("an expert sees what is assigned to nobody: %q", where)
	}
	tax := NewScope(4, TaxBureau, []string{"320902"}, nil)
	if where, _ := tax.WhereObject(ReadCase, Columns{Roles: "SELECT role FROM handed"}, nil); where != noRow {
		t.Errorf("a department sees what lies nowhere: %q", where)
	}
	if as := both.As(Administrator); as.Sees(ReadCase, "320902", 0) || !as.Can(ReadLog) || len(as.Roles()) != 1 || both.As(Expert).Can(ReadLog) {
		t.Errorf("as an administrator: %+v", as)
	}
	if got := both.Roles(); !slices.Equal(got, []Role{CountyOfficial, Administrator}) {
		t.Errorf("roles %v", got)
	}
	// Where must not write into the caller's spare capacity: two conditions may be made from the same arguments.
	args := make([]any, 0, 8)
	_, first := county.Where(ReadFact, "area", "owner", args)
	_, _ = NewScope(2, CountyOfficial, []string{"321000"}, nil).Where(ReadFact, "area", "owner", args)
	if first[0] != "320902" {
		t.Errorf("the first condition's argument became %v", first[0])
	}
}

// TestNarrow: a narrowed scope may do what the whole scope may, of the actions named and in the areas named, however
// often it is narrowed; check and condition in SQL agree on it.
func TestNarrow(t *testing.T) {
	db := objectDB(t)
	rapid.Check(t, func(r *rapid.T) {
		whole := drawScope(r)
		narrow, fenced, within := whole, false, func(Action, object) bool { return true }
		for range rapid.IntRange(1, 2).Draw(r, "times") {
			actions := rapid.SliceOf(rapid.SampledFrom(Actions())).Draw(r, "actions")
			var areas []string
			if rapid.Bool().Draw(r, "fenced") {
				fenced = true
				areas = append([]string{}, rapid.SliceOf(rapid.SampledFrom(testAreas)).Draw(r, "areas")...)
			}
			before := within
			within = func(a Action, o object) bool {
				return before(a, o) && slices.Contains(actions, a) && (areas == nil || o.area != "" && slices.Contains(areas, o.area))
			}
			narrow = narrow.Narrow(actions, areas)
		}
		a := rapid.SampledFrom(Actions()).Draw(r, "action")
		sees := seen(narrow, rules, a)
		where, err := selected(t.Context(), db, rules, narrow, a)
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(sees, where); diff != "" {
			r.Fatalf("Sees and Where differ (-sees +where):\n%s", diff)
		}
		for _, o := range objects() {
			got := slices.Contains(sees, o.id)
			if got && !(whole.SeesObject(a, o.object()) && within(a, o)) {
				r.Fatalf("%+v narrowed to %+v may %s to %+v", whole, narrow, a, o)
			}
			if !got && !fenced && whole.SeesObject(a, o.object()) && within(a, o) {
				r.Fatalf("%+v narrowed to %+v may not %s to %+v", whole, narrow, a, o)
			}
		}
	})
	if s := SystemScope().Narrow(Actions(), nil); s.All() || s.Can(ReadFact) {
		t.Errorf("the product's own scope was narrowed to %+v", s)
	}
}

// An eye sees what its scope does.
func TestEye(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScope(t)
		actions := rapid.SliceOfN(rapid.SampledFrom(Actions()), 1, 4).Draw(t, "actions")
		e := s.Eye(actions...)
		for _, o := range objects() {
			for i, a := range actions {
				if got, want := e.Sees(i, o.area, o.owner), s.Sees(a, o.area, o.owner); got != want {
					t.Fatalf("%s to %q of %d: the eye says %v, the scope %v", a, o.area, o.owner, got, want)
				}
			}
		}
	})
}

func BenchmarkSees(b *testing.B) {
	s := NewScope(1, CityOfficial, testAreas, nil)
	for b.Loop() {
		s.Sees(ReadFact, "320971", 3)
	}
}

// TestScopeKey: what is kept for one scope is shown to another only where both may do the same.
func TestScopeKey(t *testing.T) {
	scopes := map[string]Scope{
		"nobody":           {},
		"system":           SystemScope(),
		"no area":          NewScope(1, CityOfficial, nil, nil),
		"city":             NewScope(1, CityOfficial, []string{"320900", "320904"}, nil),
		"one code":         NewScope(1, CityOfficial, []string{`320900""320904`}, nil),
		"county":           NewScope(1, CountyOfficial, []string{"320900", "320904"}, nil),
		"auditor":          NewScope(1, Auditor, []string{"320900", "320904"}, nil),
		"enterprise":       NewScope(1, Enterprise, nil, []int64{12}),
		"two enterprises":  NewScope(1, Enterprise, nil, []int64{1, 2}),
		"two roles":        NewScope(1, CityOfficial, []string{"320900"}, nil).And(NewScope(1, Auditor, []string{"320904"}, nil)),
		"two other roles":  NewScope(1, CityOfficial, []string{"320900", "320904"}, nil).And(NewScope(1, Auditor, nil, nil)),
		"the other of two": NewScope(1, Auditor, []string{"320904"}, nil),
		"reads only":       NewScope(1, CityOfficial, []string{"320900", "320904"}, nil).Narrow([]Action{ReadParty, ReadFact}, nil),
		"does nothing":     NewScope(1, CityOfficial, []string{"320900", "320904"}, nil).Narrow(nil, nil),
		"fenced":           NewScope(1, CityOfficial, []string{"320900", "320904"}, nil).Narrow(Actions(), []string{"320900", "320904"}),
		"expert":           NewScope(1, Expert, []string{"320900", "320904"}, nil),
		"another expert":   NewScope(2, Expert, []string{"320900", "320904"}, nil),
		"not fenced":       NewScope(1, CityOfficial, []string{"320900", "320904"}, nil).Narrow(Actions(), nil),
	}
	names := map[string]string{}
	for name, s := range scopes {
		if other, taken := names[s.Key()]; taken {
			t.Errorf("%s and %s have the key %q", name, other, s.Key())
		}
		names[s.Key()] = name
	}
	if NewScope(2, CityOfficial, []string{"320904", "320900"}, nil).Key() != scopes["city"].Key() {
		t.Error("another account with the same rights has another key")
	}
}
