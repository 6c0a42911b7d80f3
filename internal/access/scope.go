package access

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Role is what somebody is in the programme.
type Role string

// The roles. Somebody without an account has none and sees what is public.
const (
	CountyOfficial Role = "county_official" // 县（市、区）工信部门
	CityOfficial   Role = "city_official"   // 市工信部门
	Enterprise     Role = "enterprise"      // 企业: the enterprise itself; authorises those who act for it
	Handler        Role = "handler"         // 经办人: acts for an enterprise
	Viewer         Role = "viewer"          // 查阅人: sees an enterprise's file, changes nothing
	Auditor        Role = "auditor"         // 审计：sees, changes nothing
	Administrator  Role = "administrator"   // 管理员: accounts and the log, no enterprise's data
)

// Roles are all roles, in the order in which a page offers them.
func Roles() []Role {
	return []Role{CountyOfficial, CityOfficial, Enterprise, Handler, Viewer, Auditor, Administrator}
}

// Action is something that may be done to an object: a party and all that is known of it, a source, an account.
type Action string

// The actions.
const (
	ReadParty      Action = "read_party"      // that an enterprise exists, its name and identifiers
	ReadFact       Action = "read_fact"       // what is known of it, decisions and traces
	ReadSensitive  Action = "read_sensitive"  // personal data
	Import         Action = "import"          // bring in a sheet about it
	UndoImport     Action = "undo_import"     // take a source back
	Dispute        Action = "dispute"         // say that a fact is wrong
	Report         Action = "report"          // state a fact about oneself, and take it back
	Decide         Action = "decide"          // make a decision that is kept
	Export         Action = "export"          // carry data away
	Merge          Action = "merge"           // declare two parties to be one
	IssueAccess    Action = "issue_access"    // make an enterprise's account, and print it a code
	Delegate       Action = "delegate"        // authorise those who act for an enterprise, and end it
	ManageAccounts Action = "manage_accounts" // create, disable, grant
	ReadLog        Action = "read_log"        // who did what
	ReadDraft      Action = "read_draft"      // a policy that is not in force yet
	DraftPolicy    Action = "draft_policy"    // write one and propose it
	ApprovePolicy  Action = "approve_policy"  // put in force what somebody else proposed, and end it
)

// Actions are all actions, in the order in which a page offers them.
func Actions() []Action {
	return []Action{
		ReadParty, ReadFact, ReadSensitive, Export, Dispute, Report, Import, UndoImport, Decide, Merge, ReadDraft, DraftPolicy, ApprovePolicy, ReadLog,
		IssueAccess, Delegate, ManageAccounts,
	}
}

// cond is when a rule holds for an object.
type cond int

const (
	never  cond = iota
	inArea      // the object lies in an area of the grant
	owns        // the object belongs to a party of the grant
	always      // any object
)

// rule lets a role do something.
type rule struct {
	role   Role
	action Action
	cond   cond
}

// rules is all that anybody may do. What it does not name, nobody may.
var rules = []rule{
	{CountyOfficial, ReadParty, inArea},
	{CountyOfficial, ReadFact, inArea},
	{CountyOfficial, ReadSensitive, inArea},
	{CountyOfficial, Import, inArea},
	{CountyOfficial, UndoImport, inArea},
	{CountyOfficial, Dispute, inArea},
	{CountyOfficial, Decide, inArea},
	{CountyOfficial, Export, inArea},
	{CountyOfficial, ReadDraft, inArea},
	{CountyOfficial, DraftPolicy, inArea},
	{CountyOfficial, ApprovePolicy, inArea},
	{CountyOfficial, IssueAccess, inArea},

	{CityOfficial, ReadParty, inArea},
	{CityOfficial, ReadFact, inArea},
	{CityOfficial, ReadSensitive, inArea},
	{CityOfficial, Import, inArea},
	{CityOfficial, UndoImport, inArea},
	{CityOfficial, Dispute, inArea},
	{CityOfficial, Decide, inArea},
	{CityOfficial, Export, inArea},
	{CityOfficial, IssueAccess, inArea},
	{CityOfficial, Merge, inArea}, // one enterprise may have been two in two counties: the level above says so
	{CityOfficial, ReadLog, inArea},
	{CityOfficial, ReadDraft, inArea},
	{CityOfficial, DraftPolicy, inArea},
	{CityOfficial, ApprovePolicy, inArea},

	{Enterprise, ReadParty, owns},
	{Enterprise, ReadFact, owns},
	{Enterprise, ReadSensitive, owns},
	{Enterprise, Dispute, owns},
	{Enterprise, Report, owns},
	{Enterprise, Export, owns},
	{Enterprise, Delegate, owns},

	{Handler, ReadParty, owns},
	{Handler, ReadFact, owns},
	{Handler, ReadSensitive, owns},
	{Handler, Dispute, owns},
	{Handler, Report, owns},
	{Handler, Export, owns},

	{Viewer, ReadParty, owns},
	{Viewer, ReadFact, owns},
	{Viewer, ReadSensitive, owns},

	{Auditor, ReadParty, inArea},
	{Auditor, ReadFact, inArea},
	{Auditor, ReadSensitive, inArea},
	{Auditor, Export, inArea},
	{Auditor, ReadLog, inArea},
	{Auditor, ReadDraft, inArea},

	{Administrator, IssueAccess, always},
	{Administrator, ManageAccounts, always},
	{Administrator, ReadLog, always},
	{Administrator, ReadDraft, always},
	{Administrator, DraftPolicy, always},
	{Administrator, ApprovePolicy, always}, // of a province or the state, for whose area nobody here has a grant
}

// condOf is what the rules ask of an object; no rule is never.
func condOf(rules []rule, role Role, a Action) cond {
	for _, r := range rules {
		if r.role == role && r.action == a {
			return r.cond
		}
	}
	return never
}

// Scope is what one account may see and do. It is a value, handed to every read; the zero value denies everything.
type Scope struct {
	account int64
	system  bool
	parts   []part
}

// part is what one grant, or several of one role, give.
type part struct {
	role   Role
	areas  []string // sorted
	owns   []int64  // sorted
	only   []Action // sorted: what a narrowed scope keeps of the role's actions; nil keeps all
	fenced bool     // narrowed to areas: nothing is reached but by an area
}

// cond is what an action of the part asks of an object.
func (p part) cond(rules []rule, a Action) cond {
	if p.only != nil && !slices.Contains(p.only, a) {
		return never
	}
	c := condOf(rules, p.role, a)
	if c == always && p.fenced {
		return inArea
	}
	return c
}

// NewScope is the scope of an account in one role: areas are the codes of all areas below its grants, themselves
// included; owns are the parties that are its own. An empty code and the id 0 stand for "not known" and are dropped:
// nobody's grant reaches what lies nowhere.
func NewScope(account int64, role Role, areas []string, owns []int64) Scope {
	p := part{role: role}
	p.areas = sortedWithout(areas, "")
	p.owns = sortedWithout(owns, 0)
	return Scope{account: account, parts: []part{p}}
}

func sortedWithout[T cmp.Ordered](list []T, zero T) []T {
	s := slices.DeleteFunc(slices.Clone(list), func(x T) bool { return x == zero })
	slices.Sort(s)
	return slices.Compact(s)
}

// SystemScope is for the product's own work, such as rebuilding the Frame: it sees all. It never stands for a person;
// where it is used, the results must not reach one without a Scope of their own.
func SystemScope() Scope { return Scope{system: true} }

// And is the scope of an account that holds both grants: it may do what either allows. It remains the account of s.
func (s Scope) And(t Scope) Scope {
	s.system = s.system || t.system
	s.parts = slices.Concat(s.parts, t.parts)
	return s
}

// Narrow is the scope with no more than these actions and, unless areas is nil, with nothing that lies in none of these
// areas; what is the account's own, wherever it lies, is then lost too. It never widens a scope.
func (s Scope) Narrow(actions []Action, areas []string) Scope {
	out := Scope{account: s.account}
	for _, p := range s.parts {
		only := []Action{} // never nil, which would keep all
		for _, a := range sortedWithout(actions, "") {
			if p.only == nil || slices.Contains(p.only, a) {
				only = append(only, a)
			}
		}
		n := part{role: p.role, areas: p.areas, owns: p.owns, only: only, fenced: p.fenced}
		if areas != nil {
			n.areas = slices.DeleteFunc(slices.Clone(p.areas), func(a string) bool { return !slices.Contains(areas, a) })
			n.owns, n.fenced = nil, true
		}
		out.parts = append(out.parts, n)
	}
	return out
}

// Account is the id of the account, 0 for the product itself and for nobody.
func (s Scope) Account() int64 { return s.account }

// Role is the first role of the account; empty for the product itself and for nobody.
func (s Scope) Role() Role {
	if len(s.parts) == 0 {
		return ""
	}
	return s.parts[0].role
}

// Areas are the codes of all areas that the scope reaches, sorted; for the choices that a page offers, never for a
// decision.
func (s Scope) Areas() []string {
	var all []string
	for _, p := range s.parts {
		all = append(all, p.areas...)
	}
	return sortedWithout(all, "")
}

// Owns are the parties that are the account's own, sorted.
func (s Scope) Owns() []int64 {
	var all []int64
	for _, p := range s.parts {
		all = append(all, p.owns...)
	}
	return sortedWithout(all, 0)
}

// Key is the same for scopes that may see and do the same, whoever has them; for keeping what was worked out for one.
func (s Scope) Key() string {
	key := strconv.AppendBool(nil, s.system)
	for _, p := range s.parts {
		key = strconv.AppendQuote(append(key, '|'), string(p.role))
		for _, a := range p.areas {
			key = strconv.AppendQuote(key, a)
		}
		for _, id := range p.owns {
			key = strconv.AppendInt(append(key, ','), id, 10)
		}
		if p.only != nil {
			key = append(key, '!')
		}
		for _, a := range p.only {
			key = strconv.AppendQuote(key, string(a))
		}
		key = strconv.AppendBool(key, p.fenced)
	}
	return string(key)
}

// All says that nothing is hidden from the scope: it is the product's own.
func (s Scope) All() bool { return s.system }

// Can says whether there is any object to which the action may be done: whether to offer it at all. Before it is
// done, the object must be asked about.
func (s Scope) Can(a Action) bool {
	if s.system {
		return true
	}
	for _, p := range s.parts {
		switch p.cond(rules, a) {
		case always:
			return true
		case inArea:
			if len(p.areas) > 0 {
				return true
			}
		case owns:
			if len(p.owns) > 0 {
				return true
			}
		}
	}
	return false
}

// Sees says whether the action may be done to an object in this area (empty: unknown) that belongs to this party
// (0: to none).
func (s Scope) Sees(a Action, area string, owner int64) bool { return s.sees(rules, a, area, owner) }

func (s Scope) sees(rules []rule, a Action, area string, owner int64) bool {
	if s.system {
		return true
	}
	for _, p := range s.parts {
		if p.cond(rules, a).holds(p, area, owner) {
			return true
		}
	}
	return false
}

func (c cond) holds(p part, area string, owner int64) bool {
	found := false
	switch c {
	case always:
		found = true
	case inArea:
		_, found = slices.BinarySearch(p.areas, area)
	case owns:
		_, found = slices.BinarySearch(p.owns, owner)
	}
	return found
}

// Where is Sees as a condition in SQL, in brackets: areaCol and ownerCol are the columns with the object's area and
// party, empty where the table has none. args are the statement's arguments so far; what the condition needs is
// appended to them. It is never empty: a scope without rights gives a condition that holds for no row.
func (s Scope) Where(a Action, areaCol, ownerCol string, args []any) (sql string, argsOut []any) {
	return s.where(rules, a, areaCol, ownerCol, args)
}

const (
	everyRow = "(1=1)"
	noRow    = "(1=0)"
)

func (s Scope) where(rules []rule, a Action, areaCol, ownerCol string, args []any) (string, []any) {
	if s.system {
		return everyRow, args
	}
	before := args
	args = slices.Clip(args)
	var terms []string
	for _, p := range s.parts {
		switch p.cond(rules, a) {
		case always:
			return everyRow, before
		case inArea:
			terms, args = in(terms, areaCol, p.areas, args)
		case owns:
			terms, args = in(terms, ownerCol, p.owns, args)
		}
	}
	if len(terms) == 0 {
		return noRow, args
	}
	return "(" + strings.Join(terms, " OR ") + ")", args
}

func in[T any](terms []string, col string, list []T, args []any) ([]string, []any) {
	if col == "" || len(list) == 0 {
		return terms, args
	}
	var b strings.Builder
	b.WriteString(col + " IN (")
	for i, x := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		args = append(args, x)
		b.WriteString("$" + strconv.Itoa(len(args)))
	}
	b.WriteString(")")
	return append(terms, b.String()), args
}
