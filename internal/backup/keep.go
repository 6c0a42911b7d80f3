package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// The names at the place of a schedule, beside its backups.
const (
	ownerFile = "owner.json"
	stateFile = "state.json"
	lockName  = "lock"
	proofFile = "proof.json" // in a backup
	scratch   = "verify"
)

const (
	againAfter = 10 * time.Minute // a backup that has failed is tried again, or after Every where that is shorter
	aliveEvery = 30 * time.Second
)

// Schedule says when backups are made, where to, and how many stay.
type Schedule struct {
	To    string
	Every time.Duration
	Keep  int           // of those that were verified, 1 at least
	Ship  time.Duration // how often what is committed is written to the place; 0 for never
}

// Check is an error where a schedule cannot be kept.
func (s Schedule) Check() error {
	switch {
	case s.Every < time.Second:
		return errs.Invalid(i18n.M("backup.bad_every", s.Every.String()))
	case s.Keep < 1:
		return errs.Invalid(i18n.M("backup.bad_keep", s.Keep))
	case s.Ship < 0 || s.Ship > 0 && s.Ship < 10*time.Millisecond:
		return errs.Invalid(i18n.M("backup.bad_ship", s.Ship.String()))
	}
	return nil
}

// Deps are what a keeper works with.
type Deps struct {
	DB      *store.DB
	Data    string // the data directory
	Version string // of the binary
	Clock   clock.Clock
	// Prove looks over a restored data directory as its database is to be: the ledger, say.
	Prove func(ctx context.Context, data string) error
	// Failed hears of each failure; first says that the one before went well.
	Failed func(ctx context.Context, err error, first bool)
	Done   func(Good)
}

// Keeper makes the backups of a schedule, verifies each by restoring it, and ships what is committed in between.
type Keeper struct {
	Schedule
	deps Deps
	lock *os.File
	ship *shipper // nil where nothing is shipped

	base chan struct{} // a new journal needs a backup to stand on

	mu    sync.Mutex
	state State
}

// State is how a schedule stands; it is kept at its place.
type State struct {
	Every int64 `json:"every"` // ms
	Ship  int64 `json:"ship"`  // ms; 0 for never
	Keep  int   `json:"keep"`
	Alive int64 `json:"alive"` // when this was written, ms
	Good  *Good `json:"good"`  // the last verified backup; nil for none
	Due   int64 `json:"due"`   // of the next, ms

	Failed   i18n.Msg `json:"failed,omitzero"` // why the last try went wrong
	FailedAt int64    `json:"failed_at,omitempty"`

	Through       int64    `json:"through"`                 // what was committed by then is at the place, ms
	JournalFailed i18n.Msg `json:"journal_failed,omitzero"` // why it does not go on
}

// Good is a backup that was verified by restoring it.
type Good struct {
	Name     string `json:"name"`
	Made     int64  `json:"made"`     // ms
	Verified int64  `json:"verified"` // ms
	Commit   int64  `json:"commit"`
	Size     int64  `json:"size"` // bytes
	Rows     int64  `json:"rows"`
	Files    int    `json:"files"`
	Journal  string `json:"journal,omitempty"` // the backup from which the journal was shown to lead to this one
}

// Open takes the place of a schedule and begins to follow the database. It fails with Invalid for a database that is no file
// and for a schedule that cannot be kept, and with Conflict where the place belongs to another installation or another process.
func Open(ctx context.Context, s Schedule, d Deps) (_ *Keeper, err error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if s.To, err = filepath.Abs(s.To); err != nil {
		return nil, err
	}
	if inside(d.Data, s.To) {
		return nil, errs.Invalid(i18n.M("backup.inside", s.To))
	}
	if err := os.MkdirAll(s.To, 0o700); err != nil {
		return nil, errs.Unavailable(i18n.M("backup.cannot_write", s.To), err)
	}
	k := &Keeper{Schedule: s, deps: d, base: make(chan struct{}, 1)}
	if k.lock, err = take(filepath.Join(s.To, lockName)); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.lock.Close())
		}
	}()
	if err := k.own(ctx); err != nil {
		return nil, err
	}
	if err := k.sweep(); err != nil {
		return nil, err
	}
	k.state, err = StateOf(s.To)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	k.state.Every, k.state.Ship, k.state.Keep = s.Every.Milliseconds(), s.Ship.Milliseconds(), s.Keep
	good, err := proven(s.To)
	if err != nil {
		return nil, err
	}
	k.state.Good = nil
	if n := len(good); n > 0 {
		k.state.Good = &good[n-1].Good
	}
	k.state.Due = d.Clock.Millis()
	if g := k.state.Good; g != nil {
		k.state.Due = g.Made + s.Every.Milliseconds()
	}
	if s.Ship == 0 {
		return k, nil
	}
	k.ship = &shipper{
		db: d.DB, now: d.Clock, live: filepath.Join(d.Data, files), pool: filepath.Join(s.To, files), dir: filepath.Join(s.To, journalDir),
		spoil: func(key, path string) { k.deps.Failed(ctx, errs.Unavailable(i18n.M(key, path), nil), true) },
	}
	joins, err := k.ship.start(ctx)
	if err != nil {
		return nil, fmt.Errorf("follow the database: %w", err)
	}
	if !joins {
		k.state.Due = d.Clock.Millis()
	}
	return k, nil
}

// inside says that one directory is within another.
func inside(dir, in string) bool {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(dir, in)
	return err == nil && filepath.IsLocal(rel)
}

// take locks a file, so that one process works at a place.
func take(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, errs.Unavailable(i18n.M("backup.cannot_write", filepath.Dir(path)), err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(&errs.Error{Kind: errs.KindConflict, Msg: i18n.M("backup.in_use", filepath.Dir(path)), Err: err}, f.Close())
	}
	return f, nil
}

// own holds that the place belongs to this database, or to none yet.
func (k *Keeper) own(ctx context.Context) error {
	name, err := k.deps.DB.Identity(ctx)
	if err != nil {
		return err
	}
	path := filepath.Join(k.To, ownerFile)
	var owner struct {
		Database string `json:"database"`
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		owner.Database = name
		return writeJSON(path, owner)
	}
	if err == nil {
		err = json.Unmarshal(b, &owner)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if owner.Database != name {
		return errs.Conflict(i18n.M("backup.others", k.To))
	}
	return nil
}

// sweep takes away what a process that was killed has left.
func (k *Keeper) sweep() error {
	left, err := filepath.Glob(filepath.Join(k.To, "*.partial"))
	if err != nil {
		return err
	}
	for _, path := range append(left, filepath.Join(k.To, scratch)) {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(k.To)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, err := time.Parse(nameLayout, e.Name()); err != nil {
			continue
		}
		path := filepath.Join(k.To, e.Name())
		if _, err := os.Stat(filepath.Join(path, manifest)); errors.Is(err, fs.ErrNotExist) { // half taken away
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// StateOf is how the schedule of a place stood when it was last written down.
func StateOf(place string) (s State, err error) {
	b, err := os.ReadFile(filepath.Join(place, stateFile))
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	return s, err
}

// State is how the schedule stands.
func (k *Keeper) State() State {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.state
	if k.ship != nil {
		s.Through, _ = k.ship.standing()
		s.Through = max(s.Through, k.state.Through)
	}
	return s
}

// change changes the state and writes it down.
func (k *Keeper) change(f func(*State)) error {
	k.mu.Lock()
	f(&k.state)
	k.mu.Unlock()
	s := k.State()
	s.Alive = k.deps.Clock.Millis()
	return writeJSON(filepath.Join(k.To, stateFile), s)
}

// Run ships and makes backups until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	var both sync.WaitGroup
	if k.ship != nil {
		both.Go(func() { k.follow(ctx) })
	}
	both.Go(func() { k.keep(ctx) })
	both.Wait()
}

// follow ships what is committed.
func (k *Keeper) follow(ctx context.Context) {
	every := time.NewTicker(k.Ship)
	defer every.Stop()
	for {
		sync := true
		select {
		case <-every.C:
		case <-k.ship.wake():
			sync = false // the log is what counts until the next tick
		case <-ctx.Done():
			return
		}
		err := k.ship.ship(ctx, sync)
		if ctx.Err() != nil {
			return
		}
		if _, goes := k.ship.standing(); !goes {
			if again := k.ship.again(ctx); again == nil {
				select {
				case k.base <- struct{}{}:
				default:
				}
			} else {
				err = errors.Join(err, again)
			}
		}
		k.shipped(ctx, err)
	}
}

// shipped notes how shipping went.
func (k *Keeper) shipped(ctx context.Context, err error) {
	was := k.State().JournalFailed
	switch {
	case err != nil:
		k.deps.Failed(ctx, fmt.Errorf("ship what is committed: %w", err), was.IsZero())
		if was.IsZero() {
			err = k.change(func(s *State) { s.JournalFailed = message(err) })
		} else {
			err = nil
		}
	case !was.IsZero():
		err = k.change(func(s *State) { s.JournalFailed = i18n.Msg{} })
	}
	if err != nil {
		k.deps.Failed(ctx, err, false)
	}
}

// message is what a person is told of an error.
func message(err error) i18n.Msg {
	if msg, ok := errs.Message(err); ok {
		return msg
	}
	return i18n.M("backup.went_wrong", err.Error())
}

// wait is how long there is until the next backup: none where it is further than one round away, since the clock was set back then.
func (k *Keeper) wait() time.Duration {
	wait := time.Duration(k.State().Due-k.deps.Clock.Millis()) * time.Millisecond
	if wait < 0 || wait > k.Every {
		return 0
	}
	return wait
}

// keep makes backups when they are due.
func (k *Keeper) keep(ctx context.Context) {
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for {
		due := time.NewTimer(k.wait())
		select {
		case <-due.C:
		case <-k.base:
		case <-alive.C:
			due.Stop()
			if err := errors.Join(k.change(func(*State) {}), k.pack(ctx)); err != nil && ctx.Err() == nil {
				k.deps.Failed(ctx, err, false)
			}
			continue
		case <-ctx.Done():
			due.Stop()
			return
		}
		due.Stop()
		good, err := k.Backup(ctx)
		if ctx.Err() != nil {
			return
		}
		now := k.deps.Clock.Millis()
		first := k.State().FailedAt == 0
		if err != nil {
			k.deps.Failed(ctx, err, first)
			err = k.change(func(s *State) {
				s.Failed, s.FailedAt, s.Due = message(err), now, now+min(k.Every, againAfter).Milliseconds()
			})
		} else {
			k.deps.Done(good)
			err = k.change(func(s *State) {
				s.Good, s.Failed, s.FailedAt, s.Due = &good, i18n.Msg{}, 0, max(min(good.Made, now)+k.Every.Milliseconds(), now)
			})
		}
		if err != nil {
			k.deps.Failed(ctx, err, false)
		}
	}
}

// Backup makes a backup now, verifies it by restoring it, and takes away those that are no longer kept. One that did not pass
// is taken away, and those before it stay.
func (k *Keeper) Backup(ctx context.Context) (Good, error) {
	now := k.deps.Clock.Millis()
	all, err := held(k.To)
	if err != nil {
		return Good{}, err
	}
	if n := len(all); n > 0 { // their order is that of their names, also where the clock was set back
		now = max(now, all[n-1].Made+1)
	}
	name := time.UnixMilli(now).UTC().Format(nameLayout)
	w := What{Data: k.deps.Data, To: filepath.Join(k.To, name), Version: k.deps.Version, Now: now, db: k.deps.DB}
	if k.ship != nil {
		w.pool, w.begun = k.ship.pool, k.ship.takeCut
		dirs := []string{w.To + partial}
		for _, b := range all {
			dirs = append(dirs, b.place)
		}
		w.renew = func(ctx context.Context, f File) error { return k.ship.renew(ctx, f, dirs) }
	}
	m, err := Make(ctx, w)
	if err != nil {
		return Good{}, err
	}
	b := kept{m, w.To}
	good, err := k.verify(ctx, b)
	if err != nil {
		return Good{}, errors.Join(err, os.RemoveAll(w.To))
	}
	if err := writeJSON(filepath.Join(w.To, proofFile), good); err != nil {
		return Good{}, err
	}
	return good, errors.Join(k.prune(), k.pack(ctx))
}

// pack makes the journal smaller.
func (k *Keeper) pack(ctx context.Context) error {
	if k.ship == nil {
		return nil
	}
	return k.ship.pack(ctx)
}

// verify restores a backup and looks it over: every page and index, each table's rows as they were counted when it was made, and
// what Prove asks. It holds, too, that the verified backup before it and the journal since give the very same database; where they
// do not, the journal is ended, and another begun that does not stand on it.
func (k *Keeper) verify(ctx context.Context, b kept) (Good, error) {
	place := filepath.Join(k.To, scratch)
	if err := os.RemoveAll(place); err != nil {
		return Good{}, err
	}
	m, err := Restore(ctx, b.place, place)
	if err != nil {
		return Good{}, err
	}
	good := Good{Name: filepath.Base(b.place), Made: m.Made, Commit: m.Commit, Size: m.Size(), Files: len(m.Files) - 1}
	err = func() error {
		have, err := store.Examine(ctx, filepath.Join(place, database))
		if err != nil {
			return err
		}
		if have.Seq != m.Commit || !maps.Equal(have.Rows, m.Rows) {
			return errs.Unavailable(i18n.M("backup.counts", good.Name), nil)
		}
		for _, n := range have.Rows {
			good.Rows += n
		}
		return k.deps.Prove(ctx, place)
	}()
	if err := errors.Join(err, os.RemoveAll(place)); err != nil {
		return Good{}, fmt.Errorf("verify: %w", err)
	}
	before, err := proven(k.To)
	if err != nil {
		return Good{}, err
	}
	if n := len(before); n > 0 && m.Journal != nil && before[n-1].Manifest.Journal != nil && before[n-1].Manifest.Journal.Chain == m.Journal.Chain {
		if err := sameAs(ctx, before[n-1].kept, b, place); err != nil {
			return Good{}, errors.Join(fmt.Errorf("verify the journal: %w", err), k.ship.abandon())
		}
		good.Journal = before[n-1].Name
	}
	good.Verified = k.deps.Clock.Millis()
	return good, nil
}

// provenBackup is a backup that was verified.
type provenBackup struct {
	Good
	kept
}

// proven are the verified backups of a place, from the oldest.
func proven(place string) ([]provenBackup, error) {
	all, err := held(place)
	if err != nil {
		return nil, err
	}
	var good []provenBackup
	for _, b := range all {
		raw, err := os.ReadFile(filepath.Join(b.place, proofFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		p := provenBackup{kept: b}
		if err == nil {
			err = json.Unmarshal(raw, &p.Good)
		}
		if err != nil {
			return nil, fmt.Errorf("read proof of %s: %w", b.place, err)
		}
		good = append(good, p)
	}
	return good, nil
}

// prune takes away the verified backups before the last Keep, and what nothing stands on any more. The last verified one always
// stays; one that was never verified goes once a later one was.
func (k *Keeper) prune() error {
	good, err := proven(k.To)
	if err != nil || len(good) == 0 {
		return err
	}
	stay := map[string]bool{}
	var manifests []Manifest
	for _, b := range good[max(0, len(good)-k.Keep):] {
		stay[b.place] = true
		manifests = append(manifests, b.Manifest)
	}
	all, err := held(k.To)
	if err != nil {
		return err
	}
	newest := good[len(good)-1].Manifest.Made
	for _, b := range all {
		if stay[b.place] || b.Made > newest {
			continue
		}
		// Without its manifest it is no backup: a crash in the middle leaves nothing that looks like one.
		if err := errors.Join(os.Remove(filepath.Join(b.place, manifest)), os.RemoveAll(b.place)); err != nil {
			return err
		}
	}
	if k.ship == nil {
		return nil
	}
	return k.ship.prune(manifests)
}

// Finish ships what is left, before the database is closed.
func (k *Keeper) Finish(ctx context.Context) error {
	if k.ship == nil {
		return nil
	}
	if _, goes := k.ship.standing(); !goes {
		return nil
	}
	return errors.Join(k.ship.ship(ctx, true), k.change(func(*State) {}))
}

// Close gives the place free, after the database was closed.
func (k *Keeper) Close() error {
	var err error
	if k.ship != nil {
		err = k.ship.seal()
	}
	return errors.Join(err, k.lock.Close())
}

// Lapse is what is wrong with the backups of a place at an instant, as State tells; none where all is well. A backup may be as
// old as age says, in milliseconds; 0 for twice as old as they are made.
func (s State) Lapse(now, age int64) []i18n.Msg {
	if age == 0 {
		age = 2 * s.Every
	}
	var all []i18n.Msg
	switch {
	case s.Good == nil:
		all = append(all, i18n.M("backup.lapse_none"))
	case min(s.Good.Made, s.Good.Verified) < now-age: // Made is after Verified where the clock was set back
		all = append(all, i18n.M("backup.lapse_old", clock.Minute(s.Good.Made)))
	}
	if s.FailedAt > 0 {
		all = append(all, i18n.M("backup.lapse_failed", clock.Minute(s.FailedAt), s.Failed))
	}
	if !s.JournalFailed.IsZero() {
		all = append(all, i18n.M("backup.lapse_journal", clock.Minute(s.Through), s.JournalFailed))
	}
	if s.Alive > 0 && s.Alive < now-10*aliveEvery.Milliseconds() {
		all = append(all, i18n.M("backup.lapse_dead", clock.Minute(s.Alive)))
	}
	return slices.Clip(all)
}
