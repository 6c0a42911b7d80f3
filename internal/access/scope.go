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
	Auditor        Role = "auditor"         // 审计：sees, changes nothing but reviews of red flags
	Administrator  Role = "administrator"   // 管理员: accounts and the log, no enterprise's data

	Finance           Role = "finance"            // 财政经办: sees what is to be paid, and pays
	TaxBureau         Role = "tax_bureau"         // 会审部门·税务
	SafetyBureau      Role = "safety_bureau"      // 会审部门·应急管理
	EnvironmentBureau Role = "environment_bureau" // 会审部门·生态环境
	CreditOffice      Role = "credit_office"      // 会审部门·信用
	Expert            Role = "expert"             // 评审专家: sees and scores what was assigned to the account
	AuditFirm         Role = "audit_firm"         // 审计机构: sees and audits what was assigned to the account
	Bank              Role = "bank"               // 银行或租赁公司客户经理: sees and answers what was referred to the bank or lessor
	Institute         Role = "institute"          // 诊断机构: sees and answers the diagnoses that were referred to the institute

	// Emergency is no office: for some hours an official sees an enterprise beyond the own rights, having said why (package consent).
	// It is granted to nobody.
	Emergency Role = "emergency"
)

// Roles are all roles, in the order in which a page offers them.
func Roles() []Role {
	return []Role{
		CountyOfficial, CityOfficial, Finance, TaxBureau, SafetyBureau, EnvironmentBureau, CreditOffice, Expert, AuditFirm,
		Bank, Institute, Enterprise, Handler, Viewer, Auditor, Administrator,
	}
}

// OfArea says that a grant of the role is for an area: of officials, of the departments and experts that they turn to, and
// of auditors.
func (r Role) OfArea() bool {
	switch r {
	case CountyOfficial, CityOfficial, Finance, TaxBureau, SafetyBureau, EnvironmentBureau, CreditOffice, Expert, AuditFirm, Auditor:
		return true
	}
	return false
}

// OfParty says that a grant of the role is for one party: an enterprise, or a partner.
func (r Role) OfParty() bool { return r.ForFirm() || r.Partner() }

// Partner says that somebody of the role acts for a party outside the offices to which cases are referred: a bank, an institute.
func (r Role) Partner() bool { return r == Bank || r == Institute }

// ForFirm says that somebody of the role acts for an enterprise, or looks at it as one of its own.
func (r Role) ForFirm() bool { return r == Enterprise || r == Handler || r == Viewer }

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
	ReadCase       Action = "read_case"       // a case, its events, tasks, comments and evidence
	FileCase       Action = "file_case"       // open a case for one's own enterprise, and act in it as the applicant
	HandleCase     Action = "handle_case"     // act in it as the office in charge
	ReviewCase     Action = "review_case"     // answer for a department in a joint review
	ScoreCase      Action = "score_case"      // judge it as an expert
	AuditCase      Action = "audit_case"      // report on its costs as an audit firm
	AnswerCase     Action = "answer_case"     // answer it as the partner that it was referred to
	ReviewFlag     Action = "review_flag"     // open a red flag as a case, and act in its review as who looks into it
	ReadFund       Action = "read_fund"       // budget lines, and what was entered on them
	ManageFund     Action = "manage_fund"     // open budget lines and set them
	PayOut         Action = "pay_out"         // send payments, and enter what became of them
	ReadNotice     Action = "read_notice"     // messages to oneself, to one's role, to one's enterprise
	Consent        Action = "consent"         // let somebody read certain data of an enterprise for a purpose, and end that
	ReadReadings   Action = "read_readings"   // who has read an enterprise's personal and confidential data, and who may by consent
	UseConsent     Action = "use_consent"     // read what an enterprise has consented to
	ReadLoans      Action = "read_loans"      // lists of loans that banks send, beside what we know of these loans
	TellLoans      Action = "tell_loans"      // bring such a list in
	ReadMeetings   Action = "read_meetings"   // meetings of banks and firms: who is asked, what was said and what came of it
	PlanMeeting    Action = "plan_meeting"    // plan such a meeting, move and cancel it, and note who came
	AnswerMeeting  Action = "answer_meeting"  // say whether one comes to it, and as a bank what the talks came to
	ReadBulletins  Action = "read_bulletins"  // what an area reports of its periods, meetings on site, warnings
	WriteBulletins Action = "write_bulletins" // prepare and sign such a report, hold meetings, see to what follows
	BreakGlass     Action = "break_glass"     // see an enterprise beyond one's rights in an emergency
	Erase          Action = "erase"           // propose, approve and refuse to delete what is no longer to be kept, and hold it
)

// Actions are all actions, in the order in which a page offers them.
func Actions() []Action {
	return []Action{
		ReadParty, ReadFact, ReadSensitive, Export, Dispute, Report, Import, UndoImport, Decide, Merge, ReadDraft, DraftPolicy, ApprovePolicy,
		ReadCase, FileCase, HandleCase, ReviewCase, ScoreCase, AuditCase, AnswerCase, ReadLoans, TellLoans, ReadMeetings, PlanMeeting, AnswerMeeting,
		ReadBulletins, WriteBulletins, ReviewFlag, ReadFund, ManageFund, PayOut,
		Consent, UseConsent, ReadReadings, BreakGlass, Erase, ReadNotice, ReadLog, IssueAccess, Delegate, ManageAccounts,
	}
}

// cond is when a rule holds for an object.
type cond int

const (
	never    cond = iota
	inArea        // the object lies in an area of the grant
	owns          // the object belongs to a party of the grant
	assigned      // the object was assigned to the account
	handed        // the object lies in an area of the grant, and was handed to its role
	referred      // the object was referred to a party of the grant
	told          // assigned, handed or owns; of a role without areas also what was handed to it and lies nowhere
	always        // any object
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
	{CountyOfficial, ReadCase, inArea},
	{CountyOfficial, HandleCase, inArea},
	{CountyOfficial, ReadFund, inArea},
	{CountyOfficial, ManageFund, inArea},

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
	{CityOfficial, ReadCase, inArea},
	{CityOfficial, HandleCase, inArea},
	{CityOfficial, ReviewFlag, inArea},
	{CityOfficial, ReadFund, inArea},
	{CityOfficial, ManageFund, inArea},

	{Finance, ReadCase, handed},
	{Finance, ReadFund, inArea},
	{Finance, ManageFund, inArea},
	{Finance, PayOut, inArea},

	// A department sees of an enterprise what a case asks it about, and only once it is asked.
	{TaxBureau, ReadCase, handed},
	{TaxBureau, ReviewCase, handed},
	{SafetyBureau, ReadCase, handed},
	{SafetyBureau, ReviewCase, handed},
	{EnvironmentBureau, ReadCase, handed},
	{EnvironmentBureau, ReviewCase, handed},
	{CreditOffice, ReadCase, handed},
	{CreditOffice, ReviewCase, handed},

	{Expert, ReadCase, assigned},
	{Expert, ScoreCase, assigned},
	{AuditFirm, ReadCase, assigned},
	{AuditFirm, AuditCase, assigned},

	// A bank sees of an enterprise the case that it sent, and by a consent what that names; of the others nothing.
	{Bank, ReadCase, referred},
	{Bank, AnswerCase, referred},
	{Bank, UseConsent, referred},

	// An institute sees of an enterprise the diagnosis that it was given, and by a consent what that names.
	{Institute, ReadCase, referred},
	{Institute, AnswerCase, referred},
	{Institute, UseConsent, referred},

	// Of loans a bank sees its own; an official brings its list in where the bank has sent it on another way.
	{Bank, ReadLoans, referred},
	{Bank, TellLoans, referred},
	{CountyOfficial, ReadLoans, inArea},
	{CityOfficial, ReadLoans, inArea},
	{CityOfficial, TellLoans, inArea},
	{Auditor, ReadLoans, inArea},

	// Of a meeting whoever is asked sees its own part, an office what concerns its area.
	{Bank, ReadMeetings, referred},
	{Bank, AnswerMeeting, referred},
	{CountyOfficial, ReadMeetings, inArea},
	{CountyOfficial, PlanMeeting, inArea},
	{CityOfficial, ReadMeetings, inArea},
	{CityOfficial, PlanMeeting, inArea},
	{Auditor, ReadMeetings, inArea},
	{Enterprise, ReadMeetings, owns},
	{Enterprise, AnswerMeeting, owns},
	{Handler, ReadMeetings, owns},
	{Handler, AnswerMeeting, owns},
	{Viewer, ReadMeetings, owns},

	// What a county reports it writes itself, and the city its own; each reads what concerns its area.
	{CountyOfficial, ReadBulletins, inArea},
	{CountyOfficial, WriteBulletins, inArea},
	{CityOfficial, ReadBulletins, inArea},
	{CityOfficial, WriteBulletins, inArea},
	{Auditor, ReadBulletins, inArea},

	{Enterprise, ReadParty, owns},
	{Enterprise, ReadFact, owns},
	{Enterprise, ReadSensitive, owns},
	{Enterprise, Dispute, owns},
	{Enterprise, Report, owns},
	{Enterprise, Export, owns},
	{Enterprise, Delegate, owns},
	{Enterprise, ReadCase, owns},
	{Enterprise, FileCase, owns},

	{Handler, ReadParty, owns},
	{Handler, ReadFact, owns},
	{Handler, ReadSensitive, owns},
	{Handler, Dispute, owns},
	{Handler, Report, owns},
	{Handler, Export, owns},
	{Handler, ReadCase, owns},
	{Handler, FileCase, owns},

	{Viewer, ReadParty, owns},
	{Viewer, ReadFact, owns},
	{Viewer, ReadSensitive, owns},
	{Viewer, ReadCase, owns},

	{Auditor, ReadParty, inArea},
	{Auditor, ReadFact, inArea},
	{Auditor, ReadSensitive, inArea},
	{Auditor, Export, inArea},
	{Auditor, ReadLog, inArea},
	{Auditor, ReadDraft, inArea},
	{Auditor, ReadCase, inArea},
	{Auditor, ReviewFlag, inArea}, // all that an auditor changes
	{Auditor, ReadFund, inArea},

	{Administrator, IssueAccess, always},
	{Administrator, ManageAccounts, always},
	{Administrator, ReadLog, always},
	{Administrator, ReadDraft, always},
	{Administrator, DraftPolicy, always},
	{Administrator, ApprovePolicy, always}, // of a province or the state, for whose area nobody here has a grant

	{Enterprise, Consent, owns},
	{Handler, Consent, owns},
	{Enterprise, ReadReadings, owns},
	{Handler, ReadReadings, owns},
	{Viewer, ReadReadings, owns},
	{CityOfficial, ReadReadings, inArea},
	{Auditor, ReadReadings, inArea},

	// Whom an emergency may make ask about an enterprise anywhere: each use is told to the enterprise and to the auditors.
	{CountyOfficial, BreakGlass, always},
	{CityOfficial, BreakGlass, always},
	{SafetyBureau, BreakGlass, always},
	{EnvironmentBureau, BreakGlass, always},
	{Auditor, BreakGlass, always},
	// Who has data deleted is shown what it is about, never what it says. Whoever proposes is not the one who approves.
	{CityOfficial, Erase, inArea},
	{Administrator, Erase, always},
	{Emergency, ReadParty, owns},
	{Emergency, ReadFact, owns},
	{Emergency, ReadSensitive, owns},

	{CountyOfficial, ReadNotice, told},
	{CityOfficial, ReadNotice, told},
	{Finance, ReadNotice, told},
	{TaxBureau, ReadNotice, told},
	{SafetyBureau, ReadNotice, told},
	{EnvironmentBureau, ReadNotice, told},
	{CreditOffice, ReadNotice, told},
	{Expert, ReadNotice, told},
	{AuditFirm, ReadNotice, told},
	{Bank, ReadNotice, told},
	{Institute, ReadNotice, told},
	{Enterprise, ReadNotice, told},
	{Handler, ReadNotice, told},
	{Viewer, ReadNotice, told},
	{Auditor, ReadNotice, told},
	{Administrator, ReadNotice, told},
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

// Holders are the roles that may do an action to something, in the order in which a page offers them; Emergency is not among them.
func Holders(a Action) []Role {
	var all []Role
	for _, r := range Roles() {
		if condOf(rules, r, a) != never {
			all = append(all, r)
		}
	}
	return all
}

// Scope is what one account may see and do. It is a value, handed to every read; the zero value denies everything.
type Scope struct {
	account int64
	system  bool
	parts   []part
	watch   *Watch // nil where nobody asks what was read
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
	switch {
	case c == always && p.fenced:
		return inArea
	case c == assigned && p.fenced:
		return never
	case c == told && p.fenced:
		return handed
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
	if s.watch == nil {
		s.watch = t.watch
	}
	return s
}

// Narrow is the scope with no more than these actions and, unless areas is nil, with nothing that lies in none of these
// areas; what is the account's own or assigned to it, wherever it lies, is then lost too. It never widens a scope.
func (s Scope) Narrow(actions []Action, areas []string) Scope {
	out := Scope{account: s.account, watch: s.watch}
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

// Roles are the roles of the account, each once.
func (s Scope) Roles() []Role {
	var all []Role
	for _, p := range s.parts {
		if !slices.Contains(all, p.role) {
			all = append(all, p.role)
		}
	}
	return all
}

// As is what the account may see and do in one of its roles; nothing in one that it does not have.
func (s Scope) As(role Role) Scope {
	out := Scope{account: s.account, watch: s.watch}
	for _, p := range s.parts {
		if p.role == role {
			out.parts = append(out.parts, p)
		}
	}
	return out
}

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

// Owns are the enterprises that the account acts for, sorted.
func (s Scope) Owns() []int64 {
	var all []int64
	for _, p := range s.parts {
		if p.role.ForFirm() {
			all = append(all, p.owns...)
		}
	}
	return sortedWithout(all, 0)
}

// Key is the same for scopes that may see and do the same, whoever has them, their messages aside; for keeping what was
// worked out for one.
func (s Scope) Key() string {
	key := strconv.AppendBool(nil, s.system)
	for _, p := range s.parts {
		key = strconv.AppendQuote(append(key, '|'), string(p.role))
		if slices.ContainsFunc(rules, func(r rule) bool { return r.role == p.role && r.cond == assigned }) {
			key = strconv.AppendInt(append(key, '@'), s.account, 10)
		}
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
		case inArea, handed:
			if len(p.areas) > 0 {
				return true
			}
		case owns, referred:
			if len(p.owns) > 0 {
				return true
			}
		case assigned:
			if s.account != 0 {
				return true
			}
		case told:
			return true
		}
	}
	return false
}

// Object is what an action may be done to, as far as the rules ask.
type Object struct {
	Area     string  // where it lies; empty: unknown
	Owner    int64   // the party that it belongs to, 0: to none
	Partner  int64   // the party that it was referred to, 0: to none
	Accounts []int64 // to whom it was assigned
	Roles    []Role  // to which it was handed
}

// Sees says whether the action may be done to an object in this area (empty: unknown) that belongs to this party
// (0: to none), and was assigned or handed to nobody.
func (s Scope) Sees(a Action, area string, owner int64) bool {
	return s.sees(rules, a, Object{Area: area, Owner: owner})
}

// SeesObject says whether the action may be done to an object, such as a case.
func (s Scope) SeesObject(a Action, o Object) bool { return s.sees(rules, a, o) }

func (s Scope) sees(rules []rule, a Action, o Object) bool {
	if s.system {
		return true
	}
	for _, p := range s.parts {
		if p.cond(rules, a).holds(s.account, p, o) {
			return true
		}
	}
	return false
}

func (c cond) holds(account int64, p part, o Object) bool {
	found := false
	switch c {
	case always:
		found = true
	case inArea:
		_, found = slices.BinarySearch(p.areas, o.Area)
	case owns:
		_, found = slices.BinarySearch(p.owns, o.Owner)
	case referred:
		_, found = slices.BinarySearch(p.owns, o.Partner)
	case assigned:
		found = account != 0 && slices.Contains(o.Accounts, account)
	case handed:
		_, found = slices.BinarySearch(p.areas, o.Area)
		found = found && slices.Contains(o.Roles, p.role)
	case told:
		found = assigned.holds(account, p, o) || owns.holds(account, p, o) || handed.holds(account, p, o) ||
			!p.role.OfArea() && o.Area == "" && slices.Contains(o.Roles, p.role)
	}
	return found
}

// Columns is where a statement finds what the rules ask of an object; empty where its tables do not have it.
type Columns struct {
	Area     string // a column
	Owner    string // a column
	Partner  string // a column
	Accounts string // a subquery without brackets, over the row's own: the accounts that it was assigned to
	Roles    string // a subquery alike: the roles that it was handed to
}

// Where is Sees as a condition in SQL, in brackets: areaCol and ownerCol are the columns with the object's area and
// party, empty where the table has none. args are the statement's arguments so far; what the condition needs is
// appended to them. It is never empty: a scope without rights gives a condition that holds for no row.
func (s Scope) Where(a Action, areaCol, ownerCol string, args []any) (sql string, argsOut []any) {
	return s.where(rules, a, Columns{Area: areaCol, Owner: ownerCol}, args)
}

// WhereObject is SeesObject as a condition in SQL, like Where.
func (s Scope) WhereObject(a Action, c Columns, args []any) (sql string, argsOut []any) {
	return s.where(rules, a, c, args)
}

const (
	everyRow = "(1=1)"
	noRow    = "(1=0)"
)

func (s Scope) where(rules []rule, a Action, c Columns, args []any) (string, []any) {
	if s.system {
		return everyRow, args
	}
	before := args
	args = slices.Clip(args)
	var terms []string
	for _, p := range s.parts {
		held := p.cond(rules, a)
		if held == always {
			return everyRow, before
		}
		terms, args = held.terms(terms, s.account, p, c, args)
	}
	if len(terms) == 0 {
		return noRow, args
	}
	return "(" + strings.Join(terms, " OR ") + ")", args
}

// terms adds what the condition asks of a row, one term of an OR each.
func (c cond) terms(terms []string, account int64, p part, cols Columns, args []any) ([]string, []any) {
	arg := func(a any) string { args = append(args, a); return "$" + strconv.Itoa(len(args)) }
	switch c {
	case inArea:
		terms, args = in(terms, cols.Area, p.areas, args)
	case owns:
		terms, args = in(terms, cols.Owner, p.owns, args)
	case referred:
		terms, args = in(terms, cols.Partner, p.owns, args)
	case assigned:
		if cols.Accounts != "" && account != 0 {
			terms = append(terms, arg(account)+" IN ("+cols.Accounts+")")
		}
	case handed:
		if cols.Roles != "" && cols.Area != "" && len(p.areas) > 0 {
			var area []string
			area, args = in(nil, cols.Area, p.areas, args)
			terms = append(terms, area[0]+" AND "+arg(string(p.role))+" IN ("+cols.Roles+")")
		}
	case told:
		for _, c := range []cond{assigned, owns, handed} {
			terms, args = c.terms(terms, account, p, cols, args)
		}
		if cols.Roles != "" && cols.Area != "" && !p.role.OfArea() {
			terms = append(terms, "COALESCE("+cols.Area+", '') = '' AND "+arg(string(p.role))+" IN ("+cols.Roles+")")
		}
	}
	return terms, args
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
