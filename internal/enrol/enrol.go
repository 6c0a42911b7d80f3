package enrol

import (
	"context"
	"embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/shelf"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations is the schema of this package.
var Migrations = store.Migrations{Package: "enrol", FS: files}

// Deps is what a Service works with.
type Deps struct {
	DB      *store.DB
	Access  *access.Store
	Library *content.Library
	Frames  *fact.Frames
	Clock   clock.Clock
	Limits  sheet.Limits // zero fields are the product's own
	Report  func(error)  // hears of errors of work in the background; must not be nil
}

// Service makes accounts. Its work in the background belongs to it: Close waits for it.
type Service struct {
	deps   Deps
	work   sync.WaitGroup
	ctx    context.Context
	cancel context.CancelFunc
	turn   chan struct{} // one batch is worked on at a time
	ends   sync.Map      // by batch that is worked on, a channel that is closed when the work ends

	chosen shelf.Shelf[chosenKey, chosen]
}

// State is how a batch stands.
type State string

// The states.
const (
	Running   State = "running"
	Done      State = "done"
	Cancelled State = "cancelled"
	Failed    State = "failed" // an error of ours; Resume goes on
)

// Outcome is what became of an enterprise of a batch.
type Outcome string

// The outcomes.
const (
	Waiting Outcome = "waiting" // its turn comes
	Made    Outcome = "made"
	Had     Outcome = "had"     // has an account already, or stands in the list twice
	Unknown Outcome = "unknown" // the line names no enterprise of the area
)

// Batch is one order to make accounts.
type Batch struct {
	ID     int64
	Choice        // what it was chosen by
	List   string // name of the file that named the enterprises; "" for none
	By     int64  // account
	MadeAt int64  // ms
	State  State

	Count   map[Outcome]int
	ToPrint int // accounts whose letter was never printed and that still wait
}

// Total is how many enterprises or lines the batch is about.
func (b Batch) Total() int {
	n := 0
	for _, c := range b.Count {
		n += c
	}
	return n
}

// step is how many accounts one transaction makes: others get their turn in between.
const step = 200

// keptFirms is how many enterprises a choice may have for a few dozen choices to be kept; of larger ones fewer are.
const keptFirms = 10_000

// Start is a service whose database is up to date. It goes on with batches that a crash left unfinished, if no other
// process works on the database.
func Start(ctx context.Context, d Deps, alone bool) (*Service, error) {
	s := &Service{deps: d, turn: make(chan struct{}, 1)}
	s.chosen.RoomFor(keptFirms)
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if !alone {
		return s, nil
	}
	left, err := s.read(ctx, `state = 'running'`, `ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("start enrolment: %w", err)
	}
	for _, b := range left {
		s.begin(b)
	}
	return s, nil
}

// Close stops the work under way, which goes on with the next Start, and waits for it.
func (s *Service) Close() {
	s.cancel()
	s.work.Wait()
}

const (
	insertBatch = `INSERT INTO enrolment (id, area, year, list, made_by, made_at, changed_at, state) VALUES ($1, $2, $3, $4, $5, $6, $6, 'running')`
	setState    = `UPDATE enrolment SET state = $1, changed_at = $2 WHERE id = $3 AND state = $4`
	nextFirms   = `SELECT n, party_id FROM enrolment_firm WHERE enrolment_id = $1 AND outcome = 'waiting' ORDER BY n LIMIT $2`
	setOutcome  = `UPDATE enrolment_firm SET outcome = $1, account_id = $2 WHERE enrolment_id = $3 AND n = $4`
	setPrinted  = `UPDATE enrolment_firm SET printed_at = $1 WHERE enrolment_id = $2 AND n = $3`
)

var firmColumns = []string{"enrolment_id", "n", "party_id", "words", "place", "outcome", "account_id", "printed_at"}

// Order makes a batch of the enterprises of a choice and begins to make their accounts. It fails with Forbidden where the
// scope may not for the area, and with Invalid where nobody is left to be given one.
func (s *Service) Order(ctx context.Context, scope access.Scope, c Choice) (Batch, error) {
	firms, err := s.Choose(ctx, scope, c)
	if err != nil {
		return Batch{}, err
	}
	if len(firms) == 0 {
		return Batch{}, errs.Invalid(i18n.M("enrol.nobody"))
	}
	lines := make([]line, len(firms))
	for i, e := range firms {
		lines[i] = line{party: e.ID, outcome: Waiting}
	}
	return s.order(ctx, scope, Batch{Choice: c}, lines)
}

// OrderList is Order for the enterprises that a workbook or a .csv names. The choice gives the area that the sender
// answers for.
func (s *Service) OrderList(ctx context.Context, scope access.Scope, c Choice, name string, body io.Reader) (Batch, error) {
	if !scope.Sees(access.IssueAccess, c.Area, 0) {
		return Batch{}, errs.Forbidden("enrol the enterprises of area " + c.Area)
	}
	lines, err := s.readList(ctx, scope, c.Area, name, body)
	if err != nil {
		return Batch{}, err
	}
	return s.order(ctx, scope, Batch{Choice: Choice{Area: c.Area}, List: shortName(name)}, lines)
}

// shortName is a file's name without its path, and no longer than a page can show.
func shortName(name string) string {
	name = strings.ToValidUTF8(name[strings.LastIndexAny(name, `/\`)+1:], "�")
	if utf8.RuneCountInString(name) > 200 {
		return string([]rune(name)[:200])
	}
	return name
}

func (s *Service) order(ctx context.Context, scope access.Scope, b Batch, lines []line) (Batch, error) {
	b.By, b.MadeAt, b.State, b.Count = scope.Account(), s.deps.Clock.Millis(), Running, map[Outcome]int{}
	err := s.deps.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if b.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertBatch, b.ID, b.Area, b.Year, b.List, b.By, b.MadeAt); err != nil {
			return err
		}
		return tx.InsertRows(ctx, "enrolment_firm", firmColumns, func(yield func([]any) bool) {
			for i, l := range lines {
				if !yield([]any{b.ID, int64(i + 1), l.party, l.words, l.place, string(l.outcome), int64(0), int64(0)}) {
					return
				}
			}
		})
	})
	if err != nil {
		return Batch{}, fmt.Errorf("order accounts: %w", err)
	}
	for _, l := range lines {
		b.Count[l.outcome]++
	}
	s.begin(b)
	return b, nil
}

// begin works on a batch in the background.
func (s *Service) begin(b Batch) {
	end := make(chan struct{})
	s.ends.Store(b.ID, end)
	s.work.Go(func() {
		defer func() {
			s.ends.CompareAndDelete(b.ID, end)
			close(end)
		}()
		select {
		case s.turn <- struct{}{}:
			defer func() { <-s.turn }()
		case <-s.ctx.Done():
			return
		}
		err := s.run(b)
		if err == nil || s.ctx.Err() != nil {
			return
		}
		s.deps.Report(fmt.Errorf("make accounts of batch %d: %w", b.ID, err))
		if err := s.move(s.ctx, b.ID, Running, Failed); err != nil {
			s.deps.Report(err)
		}
	})
}

// run makes the accounts of a batch step by step, as the one who ordered it may at that moment. It ends when none is
// left or the batch was cancelled.
func (s *Service) run(b Batch) error {
	for {
		now, err := s.get(s.ctx, b.ID)
		if err != nil || now.State != Running {
			return err
		}
		scope, err := s.scopeOf(s.ctx, b.By)
		if err != nil {
			return err
		}
		n, err := s.advance(s.ctx, scope, b.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return s.move(s.ctx, b.ID, Running, Done)
		}
	}
}

// scopeOf is what an account may do now; the command line, which has no account, all.
func (s *Service) scopeOf(ctx context.Context, account int64) (access.Scope, error) {
	if account == 0 {
		return access.SystemScope(), nil
	}
	whole, err := s.deps.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return access.Scope{}, err
	}
	a, err := s.deps.Access.ByID(ctx, account)
	if err != nil {
		return access.Scope{}, err
	}
	return party.ExpandScope(s.deps.Library, whole.Registry(), a), nil
}

// advance makes the next accounts and says how many enterprises it dealt with. A crash between making and noting is
// mended by the next run: it finds that they have one.
func (s *Service) advance(ctx context.Context, scope access.Scope, id int64) (int, error) {
	whole, have, err := s.standing(ctx)
	if err != nil {
		return 0, err
	}
	waiting, err := s.lines(ctx, nextFirms, id, step)
	if err != nil {
		return 0, err
	}
	var list []access.Enrolment
	var numbers []int64
	settled := map[int64]noted{}
	for n, p := range waiting {
		e, ok := whole.Enterprise(p)
		switch {
		case !ok || !scope.Sees(access.IssueAccess, e.Area, e.ID):
			settled[n] = noted{Unknown, 0}
		case has(have, e):
			settled[n] = noted{Had, 0}
		default:
			list = append(list, access.Enrolment{Firm: access.Firm{Party: e.ID, Area: e.Area}, Login: loginOf(e), Name: e.Name})
			numbers = append(numbers, n)
		}
	}
	ids, err := s.deps.Access.Enrol(ctx, scope, list)
	if err != nil {
		return 0, err
	}
	for i, n := range numbers {
		settled[n] = noted{Made, ids[i]}
		if ids[i] == 0 {
			settled[n] = noted{Had, 0}
		}
	}
	return len(waiting), s.settle(ctx, id, settled)
}

// noted is what became of a line.
type noted struct {
	outcome Outcome
	account int64
}

func (s *Service) settle(ctx context.Context, id int64, settled map[int64]noted) error {
	return s.deps.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		for n, x := range settled {
			if _, err := tx.Exec(ctx, setOutcome, string(x.outcome), x.account, id, n); err != nil {
				return fmt.Errorf("note outcome: %w", err)
			}
		}
		return nil
	})
}

// loginOf is what an enterprise signs in with: its credit code, which it knows; else a number.
func loginOf(e party.Enterprise) string {
	if e.USCC != "" {
		return string(e.USCC)
	}
	return "yz" + strconv.FormatInt(e.ID, 10)
}

// lines is the number and the party of the lines that a query gives.
func (s *Service) lines(ctx context.Context, query string, args ...any) (map[int64]int64, error) {
	rows, err := s.deps.DB.Read().Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	defer rows.Close()
	found := map[int64]int64{}
	for rows.Next() {
		var n, p int64
		if err := rows.Scan(&n, &p); err != nil {
			return nil, fmt.Errorf("read lines: %w", err)
		}
		found[n] = p
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	return found, nil
}

func (s *Service) move(ctx context.Context, id int64, from, to State) error {
	return s.deps.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, setState, string(to), s.deps.Clock.Millis(), id, string(from))
		if err == nil && n == 0 && to != Done { // one that was cancelled meanwhile is not done
			return errs.Conflict(i18n.M("enrol.moved"))
		}
		return err
	})
}

// Wait is the batch once this process works on it no more.
func (s *Service) Wait(ctx context.Context, scope access.Scope, id int64) (Batch, error) {
	if end, ok := s.ends.Load(id); ok {
		select {
		case <-end.(chan struct{}):
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		}
	}
	return s.Batch(ctx, scope, id)
}

// Cancel stops a batch: accounts that were made stay, no more are made.
func (s *Service) Cancel(ctx context.Context, scope access.Scope, id int64) error {
	if _, err := s.Batch(ctx, scope, id); err != nil {
		return err
	}
	return s.move(ctx, id, Running, Cancelled)
}

// Resume goes on with a batch that was cancelled or has failed.
func (s *Service) Resume(ctx context.Context, scope access.Scope, id int64) error {
	b, err := s.Batch(ctx, scope, id)
	if err != nil {
		return err
	}
	if b.State != Cancelled && b.State != Failed {
		return errs.Conflict(i18n.M("enrol.moved"))
	}
	if err := s.move(ctx, id, b.State, Running); err != nil {
		return err
	}
	s.begin(b)
	return nil
}

const (
	selectBatch = `SELECT id, area, year, list, made_by, made_at, state FROM enrolment WHERE `
	countLines  = `SELECT outcome, COUNT(*) FROM enrolment_firm WHERE enrolment_id = $1 GROUP BY outcome`
	unprinted   = `SELECT n, account_id FROM enrolment_firm WHERE enrolment_id = $1 AND outcome = 'made' AND printed_at = 0`
)

func (s *Service) read(ctx context.Context, where, order string, args ...any) ([]Batch, error) {
	rows, err := s.deps.DB.Read().Query(ctx, selectBatch+where+" "+order, args...)
	if err != nil {
		return nil, fmt.Errorf("read enrolments: %w", err)
	}
	defer rows.Close()
	var list []Batch
	for rows.Next() {
		var b Batch
		if err := rows.Scan(&b.ID, &b.Area, &b.Year, &b.List, &b.By, &b.MadeAt, &b.State); err != nil {
			return nil, fmt.Errorf("read enrolments: %w", err)
		}
		list = append(list, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read enrolments: %w", err)
	}
	return list, nil
}

func (s *Service) get(ctx context.Context, id int64) (Batch, error) {
	list, err := s.read(ctx, `id = $1`, "", id)
	if err != nil {
		return Batch{}, err
	}
	if len(list) == 0 {
		return Batch{}, errs.NotFound("enrolment", id)
	}
	return list[0], nil
}

// Batch is one batch with its counts; NotFound unless the scope may give accounts in its area.
func (s *Service) Batch(ctx context.Context, scope access.Scope, id int64) (Batch, error) {
	b, err := s.get(ctx, id)
	if err != nil {
		return Batch{}, err
	}
	if !scope.Sees(access.IssueAccess, b.Area, 0) {
		return Batch{}, errs.NotFound("enrolment", id)
	}
	if err := s.count(ctx, &b); err != nil {
		return Batch{}, err
	}
	accounts, err := s.lines(ctx, unprinted, id)
	if err != nil {
		return Batch{}, err
	}
	waiting, err := s.deps.Access.Waiting(ctx)
	if err != nil {
		return Batch{}, err
	}
	for _, a := range accounts {
		if waiting[a] {
			b.ToPrint++
		}
	}
	return b, nil
}

func (s *Service) count(ctx context.Context, b *Batch) error {
	rows, err := s.deps.DB.Read().Query(ctx, countLines, b.ID)
	if err != nil {
		return fmt.Errorf("count enrolment: %w", err)
	}
	defer rows.Close()
	b.Count = map[Outcome]int{}
	for rows.Next() {
		var (
			o Outcome
			n int
		)
		if err := rows.Scan(&o, &n); err != nil {
			return fmt.Errorf("count enrolment: %w", err)
		}
		b.Count[o] = n
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("count enrolment: %w", err)
	}
	return nil
}

// Batches is the newest batches of the areas that the scope may give accounts in, with their counts but ToPrint.
func (s *Service) Batches(ctx context.Context, scope access.Scope, limit int) ([]Batch, error) {
	where, args := scope.Where(access.IssueAccess, "area", "", nil)
	list, err := s.read(ctx, where, `ORDER BY id DESC LIMIT `+strconv.Itoa(limit), args...)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := s.count(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Left is a line that no account was made for, with the reason.
type Left struct {
	Words, Place string
	Party        int64
	Outcome      Outcome
}

const selectLeft = `SELECT words, place, party_id, outcome FROM enrolment_firm
WHERE enrolment_id = $1 AND outcome IN ('had', 'unknown') ORDER BY n LIMIT $2`

// Left are the first lines of a batch that no account was made for.
func (s *Service) Left(ctx context.Context, scope access.Scope, id int64, limit int) ([]Left, error) {
	if _, err := s.Batch(ctx, scope, id); err != nil {
		return nil, err
	}
	rows, err := s.deps.DB.Read().Query(ctx, selectLeft, id, limit)
	if err != nil {
		return nil, fmt.Errorf("read lines left: %w", err)
	}
	defer rows.Close()
	var list []Left
	for rows.Next() {
		var l Left
		if err := rows.Scan(&l.Words, &l.Place, &l.Party, &l.Outcome); err != nil {
			return nil, fmt.Errorf("read lines left: %w", err)
		}
		list = append(list, l)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read lines left: %w", err)
	}
	return list, nil
}

// Letter is what a letter to an enterprise is printed from.
type Letter struct {
	access.Code
	Firm    party.Enterprise
	Address string // where it is, as far as known
}

// MaxLetters is how many letters one call of Letters prints.
const MaxLetters = 2000

const allMade = `SELECT n, account_id FROM enrolment_firm WHERE enrolment_id = $1 AND outcome = 'made'`

// Letters makes new codes for the accounts of a batch that still wait for one and prints them: those whose letter was
// never printed, or with again all that were not used, whose earlier letters are then worth nothing. At most 2,000 at a
// time; enterprises that the scope may no longer give a code are left out.
func (s *Service) Letters(ctx context.Context, scope access.Scope, id int64, again bool) ([]Letter, error) {
	if _, err := s.Batch(ctx, scope, id); err != nil {
		return nil, err
	}
	query := unprinted
	if again {
		query = allMade
	}
	accounts, err := s.lines(ctx, query, id)
	if err != nil {
		return nil, err
	}
	waiting, err := s.deps.Access.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	whole, _, err := s.standing(ctx)
	if err != nil {
		return nil, err
	}
	var holders []access.Holder
	var letters []Letter
	var numbers []int64
	for _, n := range slices.Sorted(maps.Keys(accounts)) {
		if !waiting[accounts[n]] {
			continue
		}
		if len(holders) == MaxLetters {
			break
		}
		a, err := s.deps.Access.ByID(ctx, accounts[n])
		if err != nil {
			return nil, err
		}
		h, e, ok := s.holder(whole, a)
		if !ok || !scope.Sees(access.IssueAccess, h.Firm.Area, h.Firm.Party) {
			continue
		}
		holders, numbers = append(holders, h), append(numbers, n)
		letters = append(letters, Letter{Firm: e, Address: addressOf(whole, e.ID)})
	}
	codes, err := s.deps.Access.IssueCodes(ctx, scope, holders, "")
	if err != nil {
		return nil, err
	}
	for i, c := range codes {
		letters[i].Code = c
	}
	return letters, s.printed(ctx, id, numbers)
}

func (s *Service) printed(ctx context.Context, id int64, numbers []int64) error {
	now := max(1, s.deps.Clock.Millis())
	for batch := range slices.Chunk(numbers, step) {
		err := s.deps.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			for _, n := range batch {
				if _, err := tx.Exec(ctx, setPrinted, now, id, n); err != nil {
					return fmt.Errorf("note print: %w", err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// holder is an enterprise's own account as codes are issued to it, and the enterprise.
func (s *Service) holder(whole fact.View, a access.Account) (access.Holder, party.Enterprise, bool) {
	i := slices.IndexFunc(a.Grants, func(g access.Grant) bool { return g.Role == access.Enterprise })
	if i < 0 {
		return access.Holder{}, party.Enterprise{}, false
	}
	e, ok := whole.Enterprise(a.Grants[i].Party)
	return access.Holder{Account: a.ID, Firm: access.Firm{Party: a.Grants[i].Party, Area: e.Area}}, e, ok
}

// Letter gives one account a new code and prints it; see access.IssueCodes for why, and for who may.
func (s *Service) Letter(ctx context.Context, scope access.Scope, h access.Holder, why string) (Letter, error) {
	codes, err := s.deps.Access.IssueCodes(ctx, scope, []access.Holder{h}, why)
	if err != nil {
		return Letter{}, err
	}
	return s.Envelope(ctx, codes[0], h.Firm.Party)
}

// One makes the account of one enterprise and prints its letter. It fails with Forbidden where the scope may not, and with
// Conflict where the enterprise has an account.
func (s *Service) One(ctx context.Context, scope access.Scope, firm int64) (Letter, error) {
	whole, have, err := s.standing(ctx)
	if err != nil {
		return Letter{}, err
	}
	e, ok := whole.Enterprise(firm)
	switch {
	case !ok || !scope.Sees(access.IssueAccess, e.Area, e.ID):
		return Letter{}, errs.Forbidden(fmt.Sprintf("enrol enterprise %d", firm))
	case has(have, e):
		return Letter{}, errs.Conflict(i18n.M("enrol.has_one", e.Name))
	}
	f := access.Firm{Party: e.ID, Area: e.Area}
	ids, err := s.deps.Access.Enrol(ctx, scope, []access.Enrolment{{Firm: f, Login: loginOf(e), Name: e.Name}})
	if err != nil {
		return Letter{}, err
	}
	if ids[0] == 0 { // another was quicker
		return Letter{}, errs.Conflict(i18n.M("enrol.has_one", e.Name))
	}
	return s.Letter(ctx, scope, access.Holder{Account: ids[0], Firm: f}, "")
}

// Envelope puts a code into a letter to the enterprise that its account acts for, or to none.
func (s *Service) Envelope(ctx context.Context, code access.Code, firm int64) (Letter, error) {
	l := Letter{Code: code}
	if firm == 0 {
		return l, nil
	}
	whole, err := s.deps.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return Letter{}, err
	}
	l.Firm, _ = whole.Enterprise(firm)
	l.Address = addressOf(whole, l.Firm.ID)
	return l, nil
}

// addressOf is where an enterprise gets its post, "" when nobody said.
func addressOf(whole fact.View, firm int64) string {
	return whole.Value(firm, "ent.address", period.Period{}).Value.Text
}
