package flag

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/shelf"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "flag", FS: schema}

// Applications is what was applied for, as a scope may read it, and the subjects that stand for areas.
type Applications interface {
	Applications(ctx context.Context, scope access.Scope, f subsidy.Filter) ([]subsidy.Application, error)
	SharedInvoices(ctx context.Context, scope access.Scope) ([]subsidy.Invoiced, error)
	Bought(ctx context.Context, scope access.Scope) ([]subsidy.Bought, error)
	AreaSubject(ctx context.Context, area string) (int64, error)
}

// Policies is what is in force as known at a commit.
type Policies interface {
	At(ctx context.Context, seq int64) ([]version.InForce, error)
}

// Deps is what the store stands on; all of it is needed.
type Deps struct {
	DB           *store.DB
	Library      *content.Library
	Clock        clock.Clock
	Set          *Set
	Frames       *fact.Frames
	Applications Applications
	Policies     Policies
}

// Store finds flags, and keeps what was made of them. It is safe for many goroutines.
type Store struct {
	Deps
	found shelf.Shelf[knowledge, findings]
}

// knowledge is what flags follow from: who looks, the commit up to which facts are known, and how long the audit log is, in which
// whatever is done to applications and cost items has a leaf.
type knowledge struct {
	scope    string
	seq, log int64
}

// findings is the flags of all kinds, in order.
type findings []Flag

// Size is how much room they take on a shelf.
func (f findings) Size() (rows int) {
	for _, x := range f {
		rows += len(x.Rows)
	}
	return rows
}

// shelved is the number of rows for whose flags there is room, some dozen times.
const shelved = 20_000

// New is the store over a database that Migrations were applied to.
func New(d Deps) *Store {
	s := &Store{Deps: d}
	s.found.RoomFor(shelved)
	return s
}

// Mark is an amount of a policy that amounts were held against.
type Mark struct {
	Amount money.Fen
	Policy string // id of the document
	Number string // by which it is known
	Cite   string
	Fact   string // that is held against it
}

// anchor tells flags of one mark from those of another; the amount may change.
func (m Mark) anchor() string { return m.Policy + " " + m.Fact }

// Row is one of the things that raise a flag.
type Row struct {
	Firm    int64
	Case    int64     // the application; 0 for none
	Subject int64     // the project; 0 for none
	Name    string    // what was applied for, or bought
	Year    int       // of the figure or state; 0 for none
	Amount  money.Fen // 0 where the flag is about none
}

// Flag is one thing to look into.
type Flag struct {
	Kind   string
	Shared string // what its rows have in common; personal data of shared_phone and shared_legal_person; of related_seller the facts that are alike, without what they are. "" for none
	Mark   Mark   // zero for kinds without marks
	Sum    money.Fen
	Rows   []Row // in order of firm, case, subject and year
	Status Status

	def    string // fact that Shared is read from again when the flag is shown
	anchor string // what tells it from others of its kind besides its members
}

// List is what was found in one view. What it found is told by Page alone: so that whose personal data is shown is recorded,
// and of nobody else.
type List struct {
	view    fact.View
	all     []Flag // of all kinds and standings
	flags   []Flag // that were asked for
	reviews []Review
	kinds   []string // in order
}

// Total is how many flags there are.
func (l *List) Total() int { return len(l.flags) }

// Page is the flags from one place to before another, counted from 0; fewer where there are fewer. It reads what they share
// again, through the view that they were asked for with.
func (l *List) Page(from, to int) []Flag {
	from, to = min(max(from, 0), len(l.flags)), min(max(to, 0), len(l.flags))
	if from >= to {
		return nil
	}
	out := slices.Clone(l.flags[from:to])
	for i := range out {
		if out[i].def == "" {
			continue
		}
		out[i].Shared = ""
		for _, r := range out[i].Rows {
			out[i].Shared = cmp.Or(out[i].Shared, l.view.Value(r.Firm, out[i].def, period.Period{}).Value.Text)
		}
	}
	return out
}

// Query chooses flags; zero fields do not.
type Query struct {
	Kind     string
	Standing Standing
}

// Find finds flags in what a view may know and its scope may read, and says how far each was looked into, as far as the scope may see the
// reviews: one that was opened beyond it is as new. They come in the order of the kinds, and within a kind of what raises them. What was found is kept while nothing changes that it follows from.
func (s *Store) Find(ctx context.Context, view fact.View, q Query) (*List, error) {
	leaves, err := audit.Leaves(ctx, s.DB.Read())
	if err != nil {
		return nil, err
	}
	found, err := s.found.Try(knowledge{view.Scope().Key(), view.Seq(), leaves}, func() (findings, error) { return s.search(ctx, view) })
	if err != nil {
		return nil, err
	}
	all, err := reviews(ctx, s.DB.Read(), "")
	if err != nil {
		return nil, err
	}
	list := &List{view: view, reviews: slices.DeleteFunc(all, func(r Review) bool { return !view.Scope().Sees(access.ReadCase, r.Area, 0) })}
	for _, k := range s.Set.Kinds() {
		list.kinds = append(list.kinds, k.Kind)
	}
	looked := index(list.reviews)
	for _, f := range found {
		f.Status = looked.status(f)
		list.all = append(list.all, f)
		if (q.Kind == "" || f.Kind == q.Kind) && (q.Standing == "" || f.Status.Standing == q.Standing) {
			list.flags = append(list.flags, f)
		}
	}
	return list, nil
}

// search finds the flags of all kinds.
func (s *Store) search(ctx context.Context, view fact.View) (findings, error) {
	// Looking for what is alike reads everybody's number and shows nobody's: only what Page shows counts as read.
	quiet, err := s.Frames.For(ctx, view.Scope().Watched(nil), view.Seq())
	if err != nil {
		return nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), view.Seq())
	if err != nil {
		return nil, err
	}
	in := search{view: quiet, parties: whole.Registry()}
	if in.key, err = s.key(ctx); err != nil {
		return nil, err
	}
	if in.applications, err = s.standing(ctx, view.Scope(), quiet); err != nil {
		return nil, err
	}
	if in.invoices, err = s.Applications.SharedInvoices(ctx, view.Scope()); err != nil {
		return nil, err
	}
	if in.bought, err = s.Applications.Bought(ctx, view.Scope()); err != nil {
		return nil, err
	}
	if in.inForce, err = s.Policies.At(ctx, view.Seq()); err != nil {
		return nil, err
	}
	for _, a := range in.applications {
		in.firms = append(in.firms, a.Enterprise)
	}
	slices.Sort(in.firms)
	in.firms = slices.Compact(in.firms)
	var all findings
	for _, k := range s.Set.Kinds() {
		all = append(all, in.find(k)...)
	}
	return all, nil
}

// Marks is the amounts that a kind is held against in a view: those of policies in force alone.
func (s *Store) Marks(ctx context.Context, view fact.View, k Kind) ([]Mark, error) {
	inForce, err := s.Policies.At(ctx, view.Seq())
	in := search{inForce: inForce}
	return in.marks(k), err
}

// standing is every application that stands, of firms that the view may see, each by the firm that stands for it after merges.
func (s *Store) standing(ctx context.Context, scope access.Scope, view fact.View) (all []subsidy.Application, err error) {
	const most = 1000
	for ask := (subsidy.Filter{Limit: most}); ; {
		part, err := s.Applications.Applications(ctx, scope, ask)
		if err != nil {
			return nil, err
		}
		for _, a := range part {
			ask.Before = a.Case
			e, ok := view.Enterprise(a.Enterprise)
			if a.Standing == subsidy.Closed || !ok {
				continue
			}
			a.Enterprise = e.ID
			all = append(all, a)
		}
		if len(part) < most {
			return all, nil
		}
	}
}

// search is what one search looks at.
type search struct {
	view         fact.View
	parties      *party.Registry // of everybody, for names: what a firm is to the scope is the view's to say
	applications []subsidy.Application
	firms        []int64 // that applied, in order
	invoices     []subsidy.Invoiced
	bought       []subsidy.Bought
	inForce      []version.InForce
	key          []byte // of the hashes of what firms share
}

func (s *search) find(k Kind) []Flag {
	var all []Flag
	switch k.Kind {
	case SharedPhone:
		all = s.shared(sharedFacts[k.Kind], phoneKey)
	case SharedAddress:
		all = s.shared(sharedFacts[k.Kind], addressKey)
	case SharedLegalPerson:
		all = s.shared(sharedFacts[k.Kind], nameKey)
	case SplitProject:
		for _, m := range s.marks(k) {
			all = append(all, s.split(m, k.Within)...)
		}
	case JustAboveMark:
		for _, m := range s.marks(k) {
			all = append(all, s.justAbove(m, k.Within)...)
		}
	case ReusedInvoice:
		all = s.reused()
	case ClosedPayee:
		all = s.closed()
	case RelatedSeller:
		all = s.related()
	}
	for i := range all {
		all[i].Kind = k.Kind
		slices.SortFunc(all[i].Rows, compareRows)
	}
	slices.SortStableFunc(all, func(a, b Flag) int {
		return cmp.Or(slices.CompareFunc(a.Rows, b.Rows, compareRows), cmp.Compare(a.Mark.Policy, b.Mark.Policy), cmp.Compare(a.Mark.Amount, b.Mark.Amount))
	})
	return all
}

func compareRows(a, b Row) int {
	return cmp.Or(cmp.Compare(a.Firm, b.Firm), cmp.Compare(a.Case, b.Case), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Year, b.Year), cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.Name, b.Name))
}

// phoneKey is a telephone number as it is compared: its digits, without the prefix of the country. "" for one that is too short
// to be anybody's.
func phoneKey(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, content.Fold(s))
	digits = strings.TrimPrefix(digits, "00")
	if len(digits) > 11 {
		digits = strings.TrimPrefix(digits, "86")
	}
	if len(digits) < 7 {
		return ""
	}
	return digits
}

// addressKey is an address as it is compared; "" for one without a number, which many have rightly.
func addressKey(s string) string {
	key := content.Fold(s)
	if !strings.ContainsFunc(key, func(r rune) bool {
		return unicode.IsDigit(r) || strings.ContainsRune("一二三四五六七八九十", r)
	}) {
		return ""
	}
	return key
}

// nameKey is a person's name as it is compared; "" for one of a single character, which was shortened or struck out.
func nameKey(s string) string {
	key := content.Fold(s)
	if utf8.RuneCountInString(key) < 2 {
		return ""
	}
	return key
}

// sharedFacts are the facts that several firms have in common, by kind.
var sharedFacts = map[string]string{SharedPhone: "ent.contact_phone", SharedAddress: "ent.address", SharedLegalPerson: "ent.legal_person"}

// operatingState is the fact by which a firm is closed.
const operatingState = "ent.operating_state"

// likeness is by what two firms are found to be one or related: a fact, and how it is compared.
type likeness struct {
	def   string
	keyOf func(string) string
}

var likenesses = []likeness{{"ent.legal_person", nameKey}, {"ent.contact_phone", phoneKey}, {"ent.address", addressKey}}

// itself is what is alike where a firm is its own seller.
const itself = "self"

// alike is the facts that two firms have alike, "" for none.
func (s *search) alike(a, b int64) string {
	if a == b {
		return itself
	}
	x, known := s.view.Row(a)
	y, too := s.view.Row(b)
	if !known || !too {
		return ""
	}
	var all []string
	for _, l := range likenesses {
		column := s.view.Column(l.def, period.Period{})
		if v, w := x.At(column), y.At(column); v.Known && w.Known {
			if key := l.keyOf(v.Value.Text); key != "" && key == l.keyOf(w.Value.Text) {
				all = append(all, l.def)
			}
		}
	}
	return strings.Join(all, " ")
}

// named is the one enterprise that has a name now, or that code; 0 for none. A name that is only alike accuses nobody.
func (s *search) named(seller string) int64 {
	if code, _ := party.ParseUSCC(seller); code != "" {
		return s.parties.Only(seller)
	}
	all := s.parties.ByName(seller)
	if len(all) == 0 || all[0].Likeness != party.SameName || len(all) > 1 && all[1].Likeness == party.SameName {
		return 0
	}
	return all[0].ID
}

// related is sellers whom an applicant names on invoices and is related to, as far as the view knows both; a seller is known by its full
// name or code, where these are of one enterprise alone.
func (s *search) related() []Flag {
	type pair struct{ buyer, seller int64 }
	sellers, at := map[string]int64{}, map[pair]int{}
	var all []Flag
	for _, x := range s.bought {
		buyer, ok := s.view.Enterprise(x.Enterprise)
		if !ok {
			continue
		}
		id, known := sellers[x.Seller]
		if !known {
			if e, ok := s.view.Enterprise(s.named(x.Seller)); ok {
				id = e.ID
			}
			sellers[x.Seller] = id
		}
		if id == 0 {
			continue
		}
		p := pair{buyer.ID, id}
		i, seen := at[p]
		if !seen {
			i = -1
			if alike := s.alike(p.buyer, p.seller); alike != "" {
				i = len(all)
				all = append(all, Flag{Shared: alike, anchor: fmt.Sprintf("%d %d", p.buyer, p.seller)})
				if alike != itself {
					all[i].Rows = []Row{{Firm: id}}
				}
			}
			at[p] = i
		}
		if i >= 0 {
			all[i].Rows = append(all[i].Rows, Row{Firm: buyer.ID, Case: x.Case, Name: x.Seller, Year: x.Year, Amount: x.Amount})
		}
	}
	return all
}

// shared is what several firms that applied have in common.
func (s *search) shared(def string, keyOf func(string) string) []Flag {
	column := s.view.Column(def, period.Period{})
	by := map[string][]int64{}
	for _, firm := range s.firms {
		row, ok := s.view.Row(firm)
		if !ok {
			continue
		}
		if c := row.At(column); c.Known {
			if key := keyOf(c.Value.Text); key != "" {
				by[key] = append(by[key], firm)
			}
		}
	}
	var all []Flag
	for _, key := range slices.Sorted(maps.Keys(by)) {
		if len(by[key]) < 2 {
			continue
		}
		flag := Flag{def: def, anchor: s.hash(key)}
		for _, firm := range by[key] {
			for _, a := range s.applications {
				if a.Enterprise == firm {
					flag.Rows = append(flag.Rows, Row{Firm: firm, Case: a.Case, Name: a.Name, Year: a.Year, Amount: a.Amount})
				}
			}
		}
		all = append(all, flag)
	}
	return all
}

// hash tells what firms share from everything else that others do, and not what it is.
func (s *search) hash(shared string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(shared))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

const (
	selectKey = `SELECT hex_key FROM flag_key WHERE id = 1`
	insertKey = `INSERT INTO flag_key (id, hex_key) VALUES (1, $1) ON CONFLICT (id) DO NOTHING`
)

// key is what shared values are hashed under. It is drawn once.
func (s *Store) key(ctx context.Context) ([]byte, error) {
	read := func() ([]byte, error) {
		all, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (k string, err error) { return k, r.Scan(&k) }, selectKey)
		if err != nil || len(all) == 0 {
			return nil, err
		}
		return hex.DecodeString(all[0])
	}
	if key, err := read(); err != nil || key != nil {
		return key, err
	}
	drawn := make([]byte, sha256.Size)
	if _, err := rand.Read(drawn); err != nil {
		return nil, fmt.Errorf("draw the key of shared values: %w", err)
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, insertKey, hex.EncodeToString(drawn))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("keep the key of shared values: %w", err)
	}
	return read() // what another drew first counts
}

// marks are the amounts of policies in force that a kind is held against. One that a policy sets by year or by place is none: no
// single amount stands for it.
func (s *search) marks(k Kind) []Mark {
	var all []Mark
	for _, ref := range k.Marks {
		for _, f := range s.inForce {
			doc := f.Policy.File.Document
			if doc.ID != ref.Policy {
				continue
			}
			for _, p := range f.Policy.File.Params {
				amount, err := money.Parse(p.Value)
				if p.ID != ref.Param || p.Type != "money" || p.By != "" || err != nil || amount <= 0 {
					continue
				}
				all = append(all, Mark{Amount: amount, Policy: doc.ID, Number: doc.Number, Cite: p.Cite, Fact: ref.Fact})
			}
		}
	}
	return all
}

// split is firms with several projects in a year that are each below a mark, by less than a share of it, and together reach it.
func (s *search) split(m Mark, within money.Rate) []Flag {
	least := money.Of(m.Amount).Minus(money.Of(m.Amount).Times(within))
	var all []Flag
	for _, firm := range s.firms {
		by := map[int][]Row{}
		for _, project := range s.view.Children(firm, content.Project) {
			for _, p := range s.view.Periods(project, m.Fact) {
				c := s.view.Value(project, m.Fact, p)
				fen := money.Fen(c.Value.Num)
				if c.Known && fen < m.Amount && money.Of(fen).Cmp(least) > 0 {
					by[p.YearOf()] = append(by[p.YearOf()], s.ofProject(firm, project, p.YearOf(), fen))
				}
			}
		}
		for _, year := range slices.Sorted(maps.Keys(by)) {
			sum, err := money.Fen(0), error(nil)
			for _, r := range by[year] {
				if sum, err = sum.Add(r.Amount); err != nil {
					break // beyond all money: bounds of the fact do not let it come to that
				}
			}
			if len(by[year]) > 1 && err == nil && sum >= m.Amount {
				all = append(all, Flag{Mark: m, Sum: sum, Rows: by[year], anchor: m.anchor()})
			}
		}
	}
	return all
}

// ofProject is a project in a year, with the application for it where there is one.
func (s *search) ofProject(firm, project int64, year int, fen money.Fen) Row {
	r := Row{Firm: firm, Subject: project, Name: s.view.Value(project, "project.name", period.Period{}).Value.Text, Year: year, Amount: fen}
	for _, a := range s.applications {
		if a.Subject == project && a.Year == year && (r.Case == 0 || a.Case < r.Case) {
			r.Case = a.Case
		}
	}
	return r
}

// justAbove is projects applied for under the policy of a mark that reach it, and pass it by less than a share of it.
func (s *search) justAbove(m Mark, within money.Rate) []Flag {
	most := money.Of(m.Amount).Plus(money.Of(m.Amount).Times(within))
	type at struct {
		project int64
		year    int
	}
	seen := map[at]bool{}
	var all []Flag
	for _, a := range s.applications {
		c := s.view.Value(a.Subject, m.Fact, period.OfYear(a.Year))
		fen := money.Fen(c.Value.Num)
		if a.Policy != m.Policy || !c.Known || seen[at{a.Subject, a.Year}] || fen < m.Amount || money.Of(fen).Cmp(most) >= 0 {
			continue
		}
		seen[at{a.Subject, a.Year}] = true
		all = append(all, Flag{Mark: m, Sum: fen, anchor: m.anchor(), Rows: []Row{s.ofProject(a.Enterprise, a.Subject, a.Year, fen)}})
	}
	return all
}

// reused is invoices that cost items of several applications name.
func (s *search) reused() []Flag {
	var all []Flag
	for i := 0; i < len(s.invoices); {
		flag, cases, key := Flag{Shared: s.invoices[i].Invoice, anchor: s.invoices[i].Key}, map[int64]bool{}, s.invoices[i].Key
		for ; i < len(s.invoices) && s.invoices[i].Key == key; i++ {
			x := s.invoices[i]
			e, ok := s.view.Enterprise(x.Enterprise)
			if !ok {
				continue
			}
			cases[x.Case] = true
			flag.Rows = append(flag.Rows, Row{Firm: e.ID, Case: x.Case, Name: x.Label, Year: x.Year, Amount: x.Amount})
		}
		if len(cases) > 1 {
			all = append(all, flag)
		}
	}
	return all
}

// closed is firms that the ledger holds money for and whose newest state of business is closed.
func (s *search) closed() []Flag {
	var all []Flag
	for _, firm := range s.firms {
		periods := s.view.Periods(firm, operatingState)
		if len(periods) == 0 {
			continue
		}
		newest := periods[len(periods)-1]
		if c := s.view.Value(firm, operatingState, newest); !c.Known || c.Value.Text != "closed" {
			continue
		}
		var flag Flag
		for _, a := range s.applications {
			if a.Enterprise == firm && a.Standing == subsidy.Granted && a.Granted > 0 {
				flag.Rows = append(flag.Rows, Row{Firm: firm, Case: a.Case, Name: a.Name, Year: a.Year, Amount: a.Granted})
			}
		}
		if len(flag.Rows) > 0 {
			flag.Shared = newest.String()
			all = append(all, flag)
		}
	}
	return all
}
