package visit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // what a photograph may be
	_ "image/png"
	"io"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "visit", FS: schema}

// Deps is what the store stands on.
type Deps struct {
	DB    *store.DB
	Cases *casework.Store
	Forms *form.Store
	Clock clock.Clock
}

// Store keeps visits. It is safe for many goroutines.
type Store struct {
	Deps
	onSite map[string]bool // codes of the questionnaires that are answered on the spot
}

// Open is the store over a database that Migrations were applied to.
func Open(d Deps) *Store {
	s := &Store{Deps: d, onSite: map[string]bool{}}
	for _, f := range d.Forms.Set().Forms() {
		if f.By == assess.OnSite {
			s.onSite[f.Code] = true
		}
	}
	return s
}

// OnSite says that an action asks for a questionnaire that is answered on the spot.
func (s *Store) OnSite(a casework.ActionItem) bool { return s.onSite[a.Form] }

// Handed is that a visit was handed in.
type Handed struct {
	Event   int64
	N       int64  // of the event in its case
	Entries int    // that there were
	Digest  string // of them (Digest)
	At      int64  // ms
	Account int64
}

// Visit is what was noted in a case.
type Visit struct {
	casework.Standing
	Action  *casework.Action // that hands it in
	Choice  *casework.Choice // that action, where it may be taken now; nil else
	Late    bool             // what the scope notes is kept as late
	Form    *form.Form
	Entries []Entry                      // of whom the case is referred to now, in the order in which they came
	Before  int                          // entries of others that the case was taken from: they are kept and count for nothing
	Topics  []Topic                      // of what was noted in time
	Overdue []Topic                      // of what came late, and was not taken up since
	Files   map[string]casework.Evidence // photographs that have arrived, by hash
	Handed  []Handed                     // the oldest first
}

// Writes says that the scope may add to it.
func (v Visit) Writes() bool { return v.Choice != nil || v.Late }

// Of is the topics of a kind that were not taken away.
func (v Visit) Of(kind string) []Topic {
	var all []Topic
	for _, t := range v.Topics {
		if strings.HasPrefix(t.Key, kind+":") && (t.Conflict() || t.Value() != nil) {
			all = append(all, t)
		}
	}
	return all
}

// About is a topic; one without heads where nothing was noted.
func (v Visit) About(key string) Topic {
	for _, t := range v.Topics {
		if t.Key == key {
			return t
		}
	}
	return Topic{Key: key}
}

// Conflicts is the topics about which different things were noted.
func (v Visit) Conflicts() []Topic {
	return slices.DeleteFunc(slices.Clone(v.Topics), func(t Topic) bool { return !t.Conflict() })
}

// Awaited is the photographs that were noted and have not arrived, by hash.
func (v Visit) Awaited() []string {
	var all []string
	for _, t := range v.Of(Photos) {
		if _, ok := v.Files[t.Which()]; !ok {
			all = append(all, t.Which())
		}
	}
	return all
}

// Entry is the answers that were noted, for the questionnaire. What is in conflict is left out.
func (v Visit) Entry() form.Entry {
	e := form.Entry{Texts: map[string]string{}, Rows: map[string][]map[string]string{}}
	for _, t := range v.Of(Answers) {
		if _, ok := v.Form.Field(t.Which()); ok && t.Value() != nil {
			e.Texts[t.Which()] = t.Value().Value
		}
	}
	return v.Form.Tidy(e)
}

// Visit is the visit of a case. It fails with NotFound where the scope may not see the case, sees it as the one whom it is about, or where
// no action of its workflow asks for a questionnaire on site.
func (s *Store) Visit(ctx context.Context, scope access.Scope, id int64) (Visit, error) {
	v, err := s.stand(ctx, scope, id)
	if err != nil {
		return v, err
	}
	if err := s.fill(ctx, &v); err != nil {
		return v, err
	}
	v.Files, err = s.files(ctx, scope, id)
	return v, err
}

// fill reads what was noted.
func (s *Store) fill(ctx context.Context, v *Visit) error {
	pins, err := s.Cases.Pins(ctx, access.SystemScope(), v.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(pins, func(p casework.Pin) bool { return p.Kind == casework.FormPin && p.Name == v.Action.Form })
	if i < 0 {
		return errs.NotFound("form", v.Action.Form)
	}
	if v.Form, err = s.Forms.Form(ctx, pins[i].Hash); err != nil {
		return err
	}
	all, err := entriesOf(ctx, s.DB.Read(), v.ID)
	if err != nil {
		return err
	}
	v.takes(all)
	v.Handed, err = handedOf(ctx, s.DB.Read(), v.ID)
	return err
}

// notKept is the partner of an entry of before it was kept.
const notKept = -1

// takes sets the entries: those of whom the case is referred to now. What came late changes nothing of what was noted in time until somebody
// takes it up, in an entry that names it.
func (v *Visit) takes(all []Entry) {
	v.Before = len(all)
	all = slices.DeleteFunc(all, func(e Entry) bool { return e.Partner != v.Partner && e.Partner != notKept })
	v.Before -= len(all)
	var timely, late []Entry
	named := map[string]bool{}
	for _, e := range all {
		if e.Late {
			late = append(late, e)
			continue
		}
		timely = append(timely, e)
		for _, id := range e.After {
			named[id] = true
		}
	}
	v.Entries, v.Topics, v.Overdue = all, Topics(timely), nil
	for _, t := range Topics(late) {
		t.Heads = slices.DeleteFunc(t.Heads, func(e Entry) bool { return named[e.ID] || e.Erased })
		if len(t.Heads) > 0 {
			v.Overdue = append(v.Overdue, t)
		}
	}
}

// Writing is the visit of a case for who adds to it; Forbidden for who reads it and no more. Whoever was appointed once hands over what was noted then, and reads nothing.
func (s *Store) Writing(ctx context.Context, scope access.Scope, id int64) (Visit, error) {
	v, err := s.Visit(ctx, scope, id)
	if errs.KindOf(err) != errs.KindNotFound {
		if err == nil && !v.Writes() {
			err = errs.Forbidden(fmt.Sprintf("note on the visit of case %d", id))
		}
		return v, err
	}
	served, none := s.Cases.Served(ctx, scope, id)
	if none != nil {
		return v, none
	}
	i := slices.IndexFunc(served.Duties, func(a *casework.Action) bool { return s.OnSite(a.ActionItem) })
	if i < 0 {
		return v, err
	}
	served.Partner = 0 // for whom the case was taken from, not for whom it is referred to now
	v = Visit{Standing: served, Action: served.Duties[i], Late: true}
	if err := s.fill(ctx, &v); err != nil {
		return v, err
	}
	v.Files, err = s.files(ctx, access.SystemScope(), id)
	return v, err
}

// stand is how the scope stands to the visit of a case, without what was noted.
func (s *Store) stand(ctx context.Context, scope access.Scope, id int64) (v Visit, err error) {
	if v.Standing, err = s.Cases.Standing(ctx, scope, id); err != nil {
		return v, err
	}
	if v.Outside {
		return v, errs.NotFound("visit of case", id)
	}
	choices, err := s.Cases.Choices(ctx, scope, id)
	if err != nil {
		return v, err
	}
	if i := slices.IndexFunc(choices, func(c casework.Choice) bool { return s.OnSite(c.ActionItem) && c.From == 0 }); i >= 0 {
		v.Choice, v.Action = &choices[i], choices[i].Action
		return v, nil
	}
	if i := slices.IndexFunc(v.Duties, func(a *casework.Action) bool { return s.OnSite(a.ActionItem) }); i >= 0 {
		v.Late, v.Action = true, v.Duties[i]
		return v, nil
	}
	for _, item := range v.Workflow.Actions {
		if s.OnSite(item) {
			v.Action, _ = v.Workflow.Action(item.ID)
			return v, nil
		}
	}
	return v, errs.NotFound("visit of case", id)
}

// files is the photographs of a case by their hash.
func (s *Store) files(ctx context.Context, scope access.Scope, id int64) (map[string]casework.Evidence, error) {
	all, err := s.Cases.Files(ctx, scope, id)
	files := map[string]casework.Evidence{}
	for _, f := range all {
		if f.RemovedAt == 0 {
			files[f.SHA256] = f
		}
	}
	return files, err
}

const (
	entryColumns = `id, topic, after_ids, body, device, noted, received, account, late, erased_at, partner`
	entriesIn    = `SELECT ` + entryColumns + ` FROM visit_entry WHERE case_id = $1 ORDER BY received, id`
	entryByID    = `SELECT case_id FROM visit_entry WHERE id = $1`
	insertEntry  = `INSERT INTO visit_entry (id, case_id, topic, after_ids, body, device, noted, received, account, late, erased_at, partner) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11)`
	handedIn     = `SELECT event_id, case_n, entries, digest, at, account FROM visit_handed WHERE case_id = $1 ORDER BY case_n`
	insertHanded = `INSERT INTO visit_handed (event_id, case_id, case_n, entries, digest, at, account) VALUES ($1, $2, $3, $4, $5, $6, $7)`
)

func entriesOf(ctx context.Context, q store.Querier, id int64) ([]Entry, error) {
	return store.List(ctx, q, func(r *store.Rows) (e Entry, err error) {
		var after, body string
		var late int
		var erased int64
		if err := r.Scan(&e.ID, &e.Topic, &after, &body, &e.Device, &e.Noted, &e.Received, &e.Account, &late, &erased, &e.Partner); err != nil {
			return e, err
		}
		e.After, e.Late, e.Erased = strings.Fields(after), late != 0, erased != 0
		if body != "" {
			err = json.Unmarshal([]byte(body), &e.Body)
		}
		return e, err
	}, entriesIn, id)
}

func handedOf(ctx context.Context, q store.Querier, id int64) ([]Handed, error) {
	return store.List(ctx, q, func(r *store.Rows) (h Handed, err error) {
		return h, r.Scan(&h.Event, &h.N, &h.Entries, &h.Digest, &h.At, &h.Account)
	}, handedIn, id)
}

// lockOf is what is held while entries of a case are added or handed in.
func lockOf(id int64) string { return fmt.Sprintf("visit %d", id) }

// Refused is an entry that was not taken, and why.
type Refused struct {
	ID  string
	Why i18n.Msg
}

// Add keeps what was noted in a case. What was there already is no error; an entry that will not do is refused by itself, and the others
// are kept. It fails with NotFound as Visit does, with Forbidden where the scope sees it and the action is not for it, and
// with Invalid for more than MaxSend at once.
func (s *Store) Add(ctx context.Context, scope access.Scope, id int64, entries []Entry) ([]Refused, error) {
	if len(entries) > MaxSend {
		return nil, errs.Invalid(i18n.M("visit.many_sent", MaxSend))
	}
	v, err := s.Writing(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	var refused []Refused
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		refused = nil
		if err := tx.Lock(ctx, lockOf(id)); err != nil {
			return err
		}
		in := &adding{tx: tx, v: v, now: s.Clock.Millis(), account: scope.Account()}
		if err := in.begin(ctx); err != nil {
			return err
		}
		for _, e := range entries {
			why, err := in.add(ctx, e)
			if err != nil {
				return err
			}
			if !why.IsZero() {
				refused = append(refused, Refused{e.ID, why})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("note on the visit of case %d: %w", id, err)
	}
	return refused, nil
}

// adding is one transaction in which entries are added.
type adding struct {
	tx      *store.Tx
	v       Visit
	now     int64
	account int64
	late    bool
	known   map[string]Entry
	photos  map[string]bool
}

func (in *adding) begin(ctx context.Context) error {
	have, err := entriesOf(ctx, in.tx, in.v.ID)
	if err != nil {
		return err
	}
	in.known, in.photos = map[string]Entry{}, map[string]bool{}
	for _, e := range have {
		in.keep(e)
	}
	// Whoever handed in between the look at the case and now was quicker.
	handed, err := handedOf(ctx, in.tx, in.v.ID)
	in.late = in.v.Choice == nil || slices.ContainsFunc(handed, func(h Handed) bool { return h.N > in.v.Moved })
	return err
}

func (in *adding) keep(e Entry) {
	in.known[e.ID] = e
	if kind, _ := e.Kind(); kind == Photos {
		in.photos[e.Topic] = true
	}
}

// add keeps an entry, or says why not.
func (in *adding) add(ctx context.Context, e Entry) (i18n.Msg, error) {
	e.Received, e.Account, e.Partner, e.Late, e.Erased = in.now, in.account, in.v.Partner, in.late, false
	if why := e.fault(); !why.IsZero() {
		return why, nil
	}
	if have, ok := in.known[e.ID]; ok {
		if have.Erased || have.same(e) {
			return i18n.Msg{}, nil
		}
		return i18n.M("visit.other_content"), nil
	}
	kind, which := e.Kind()
	_, asked := in.v.Form.Field(which)
	switch {
	case len(in.known) >= MaxEntries:
		return i18n.M("visit.many_entries", MaxEntries), nil
	case kind == Photos && !in.photos[e.Topic] && len(in.photos) >= maxPhotos:
		return i18n.M("visit.many_photos", maxPhotos), nil
	case kind == Answers && !asked:
		return i18n.M("visit.no_question", which), nil
	case slices.ContainsFunc(e.After, func(id string) bool { return in.known[id].Topic != e.Topic }):
		return i18n.M("visit.unknown_after"), nil
	}
	var of int64
	err := in.tx.QueryRow(ctx, entryByID, e.ID).Scan(&of)
	if err == nil {
		return i18n.M("visit.other_content"), nil // in another case
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return i18n.Msg{}, err
	}
	late := 0
	if e.Late {
		late = 1
	}
	_, err = in.tx.Exec(ctx, insertEntry, e.ID, in.v.ID, e.Topic, strings.Join(e.After, " "), e.Body.encode(), e.Device, e.Noted, e.Received, e.Account, late, e.Partner)
	in.keep(e)
	return i18n.Msg{}, err
}

// photo is a photograph that was noted, in time or late, and was not taken away.
func (v Visit) photo(sha string) (*Body, bool) {
	for _, t := range slices.Concat(v.Topics, v.Overdue) {
		if t.Key != Photos+":"+sha {
			continue
		}
		for _, e := range t.Heads {
			if e.Body != nil {
				return e.Body, true
			}
		}
	}
	return nil, false
}

// Limits of a photograph.
const (
	MaxPhoto = 10 << 20 // bytes
	maxSide  = 20_000   // pixels
)

// AddPhoto takes the bytes of a photograph that was noted (photo:SHA256): it becomes a file of the case, at the question that it proves the
// answer to. One that is there already is no error. It fails with NotFound where no such photograph was noted, with Invalid for what is no
// JPEG or PNG, is too large, or has another hash.
func (s *Store) AddPhoto(ctx context.Context, scope access.Scope, id int64, sha string, body io.Reader) (casework.Evidence, error) {
	v, err := s.Writing(ctx, scope, id)
	if err != nil {
		return casework.Evidence{}, err
	}
	noted, ok := v.photo(sha)
	if !ok {
		return casework.Evidence{}, errs.NotFound("photograph", sha)
	}
	if have, ok := v.Files[sha]; ok {
		return have, nil
	}
	b, err := io.ReadAll(io.LimitReader(body, MaxPhoto+1))
	if err != nil {
		return casework.Evidence{}, fmt.Errorf("read a photograph: %w", err)
	}
	if len(b) > MaxPhoto {
		return casework.Evidence{}, errs.Invalid(i18n.M("visit.large_photo", MaxPhoto>>20))
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != sha {
		return casework.Evidence{}, errs.Invalid(i18n.M("visit.other_photo"))
	}
	if size, _, err := image.DecodeConfig(bytes.NewReader(b)); err != nil || size.Width > maxSide || size.Height > maxSide {
		return casework.Evidence{}, errs.Invalid(i18n.M("visit.no_photo"))
	}
	a := casework.Attachment{Case: id, Name: noted.Name, Body: bytes.NewReader(b), Duty: v.Action.ID}
	if a.Name == "" {
		a.Name = sha[:12] + ".jpg"
	}
	if f, ok := v.Form.Field(noted.Field); ok && f.Evidence != nil && v.Choice != nil {
		a.Field = f.Name
	}
	got, err := s.Cases.Attach(ctx, scope, a)
	if errs.KindOf(err) != errs.KindConflict {
		return got, err
	}
	// Another request of the same was quicker.
	files, again := s.files(ctx, access.SystemScope(), id)
	if have, ok := files[sha]; ok && again == nil {
		return have, nil
	}
	return got, errors.Join(err, again)
}

// Handing is a visit to be handed in.
type Handing struct {
	Case   int64
	Seen   string // Digest of the entries that whoever hands in had before them; "": not told
	Reason string
}

// HandIn takes the action of the case with the answers that were noted. It fails with Conflict where the case has moved on, something else
// was noted meanwhile, different things stand about one question, or a photograph has not arrived; and as casework.Store.Act does, with
// what is wrong in the questionnaire. What was not answered may be left out as the questionnaire allows.
func (s *Store) HandIn(ctx context.Context, scope access.Scope, h Handing) (casework.Event, error) {
	v, err := s.Visit(ctx, scope, h.Case)
	if err != nil {
		return casework.Event{}, err
	}
	if v.Choice == nil {
		state, _ := v.Workflow.State(v.State)
		return casework.Event{}, errs.Conflict(i18n.M("visit.moved_on", state.Name))
	}
	if err := s.tidy(ctx, scope, v); err != nil {
		return casework.Event{}, err
	}
	var e casework.Event
	err = s.Cases.Together(ctx, scope, func(ctx context.Context, tx *store.Tx, t casework.Together) (err error) {
		if err := tx.Lock(ctx, lockOf(h.Case)); err != nil {
			return err
		}
		all, err := entriesOf(ctx, tx, h.Case)
		if err != nil {
			return err
		}
		v.takes(all)
		digest := Digest(v.Entries)
		if h.Seen != "" && h.Seen != digest {
			return errs.Conflict(i18n.M("visit.noted_since"))
		}
		if n := len(v.Conflicts()); n > 0 {
			return errs.Conflict(i18n.M("visit.conflicts", n))
		}
		if n := len(v.Awaited()); n > 0 {
			return errs.Conflict(i18n.M("visit.awaited", n))
		}
		entry, err := json.Marshal(v.Entry())
		if err != nil {
			return fmt.Errorf("write entry: %w", err)
		}
		e, err = t.Act(ctx, casework.Act{Case: h.Case, Action: v.Action.ID, Task: v.Choice.Task, Reason: h.Reason, Entry: entry})
		if err != nil {
			return err
		}
		audit.Note(tx, loggedHanded, e.ID)
		_, err = tx.Exec(ctx, insertHanded, e.ID, h.Case, e.N, len(v.Entries), digest, s.Clock.Millis(), scope.Account())
		return err
	})
	if err != nil {
		return casework.Event{}, fmt.Errorf("hand in the visit of case %d: %w", h.Case, err)
	}
	return e, nil
}

// tidy takes the own photographs away that were taken back after they had arrived. Those of others stay with the case.
func (s *Store) tidy(ctx context.Context, scope access.Scope, v Visit) error {
	for _, t := range v.Topics {
		f, ok := v.Files[t.Which()]
		if !strings.HasPrefix(t.Key, Photos+":") || t.Conflict() || t.Value() != nil || !ok || !f.Loose {
			continue
		}
		if err := s.Cases.Detach(ctx, scope, f.ID); err != nil {
			return err
		}
	}
	return nil
}
