package backup

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

const (
	journalDir  = "journal"
	endFile     = "end.json"
	segmentMost = 64 << 20 // bytes, after which the next segment is begun
)

// shipper writes what is committed, and the files that are brought in, to the place of backups. It belongs to one goroutine
// at a time (mu).
type shipper struct {
	db    *store.DB
	now   clock.Clock
	live  string                 // the directory of files
	pool  string                 // of those at the place of backups
	dir   string                 // of journals
	spoil func(key, path string) // tells of a file that a disk has spoilt

	mu      sync.Mutex
	journal *store.Journal
	to      *recorder // nil where a new journal has to be begun
	end     tail      // where to goes on, or has ended
	cut     *Beginning
	dirty   bool
	through int64 // ms: what was committed by then is at the place, on its disk

	known   map[string]bool // files that the journal tells of
	seen    map[string]time.Time
	scanned int64
}

// ended is how a journal was left in order.
type ended struct {
	End  store.Position  `json:"end"`
	File store.Footprint `json:"file"`
}

// start finds the newest journal and goes on with it, where nothing was committed since that it does not know; else it begins
// a new one, which needs a backup to stand on, and says so.
func (s *shipper) start(ctx context.Context) (joins bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(os.MkdirAll(s.dir, 0o700), os.MkdirAll(s.pool, 0o700)); err != nil {
		return false, err
	}
	s.known, s.seen = map[string]bool{}, map[string]time.Time{}
	t, err := newest(s.dir)
	if err != nil {
		return false, err
	}
	var since *store.Position
	var left *store.Footprint
	if t != nil {
		since = &t.End
		if e, err := readEnd(s.dir, t.Chain); err == nil && e.End == t.End {
			left = &e.File
		}
	}
	if s.journal, joins, err = s.db.OpenJournal(ctx, s.now, since, left); err != nil {
		return false, err
	}
	if !joins {
		return false, s.begin()
	}
	if err := removeIfThere(filepath.Join(s.dir, t.Chain, endFile)); err != nil {
		return false, err
	}
	s.end = *t
	s.to, err = goOn(s.dir, *t)
	return true, err
}

// begin starts a new journal.
func (s *shipper) begin() error {
	var mark [4]byte
	_, _ = rand.Read(mark[:]) // never fails
	now := s.now.Millis()
	t := tail{
		Chain: time.UnixMilli(now).UTC().Format(nameLayout) + "-" + hex.EncodeToString(mark[:]),
		Page:  s.journal.PageSize(), At: now, End: s.journal.Position(),
	}
	if err := os.Mkdir(filepath.Join(s.dir, t.Chain), 0o700); err != nil {
		return err
	}
	if err := syncDir(s.dir); err != nil {
		return err
	}
	to, err := beginSegment(s.dir, t)
	if err != nil {
		return err
	}
	s.to, s.cut = to, nil
	clear(s.known)
	clear(s.seen)
	return nil
}

// newest is the end of the newest journal; nil where there is none that can be gone on with.
func newest(dir string) (*tail, error) {
	held, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(held) { // their names begin with when they were begun
		if !e.IsDir() {
			continue
		}
		all, err := segmentsOf(dir, e.Name())
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			continue
		}
		t, err := readSegment(segmentPath(dir, e.Name(), all[len(all)-1]), nil, &visit{})
		if (err == nil || errors.Is(err, errCut)) && t.Segment > 0 {
			return &t, nil
		}
		return nil, nil // damaged: it stays as it is, and another is begun
	}
	return nil, nil
}

func readEnd(dir, chain string) (e ended, err error) {
	b, err := os.ReadFile(filepath.Join(dir, chain, endFile))
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(b, &e)
}

// ship writes what is new. It says what the place has and when: all that was committed before the call, once it was synced.
func (s *shipper) ship(ctx context.Context, sync bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now.Millis()
	if s.to == nil {
		return errs.Unavailable(i18n.M("backup.journal_ended"), nil)
	}
	err := s.journal.Read(ctx, func(c store.Change) error {
		if c.At >= s.scanned { // what it speaks of was brought in before it
			if err := s.scan(ctx); err != nil {
				return err
			}
		}
		s.dirty = true
		if c.Cut {
			return s.rotate(c.At)
		}
		if err := s.to.commit(c); err != nil {
			return err
		}
		if s.to.Bytes >= segmentMost {
			_, err := s.next()
			return err
		}
		return nil
	})
	if errors.Is(err, store.ErrJournalLost) {
		return errors.Join(err, s.giveUp())
	}
	if err != nil || !sync {
		return err
	}
	if s.dirty {
		if err := s.to.f.Sync(); err != nil { // nobody knows what is on the disk now
			return errors.Join(err, s.giveUp())
		}
		s.dirty = false
	}
	s.through = now
	return nil
}

// rotate begins a segment where a backup was made.
func (s *shipper) rotate(at int64) error {
	if s.to.Records > 0 {
		s.to.At = max(s.to.At, at)
		if _, err := s.next(); err != nil {
			return err
		}
	}
	s.cut = &Beginning{Chain: s.to.Chain, Segment: s.to.Segment}
	return nil
}

// next ends a segment and begins another.
func (s *shipper) next() (*recorder, error) {
	if err := errors.Join(s.to.mend(), s.to.f.Sync()); err != nil {
		return nil, err
	}
	to, err := beginSegment(s.dir, s.to.tail)
	if err != nil {
		return nil, err
	}
	old := s.to
	s.to = to
	return to, old.f.Close()
}

// giveUp ends a journal that cannot be gone on with.
func (s *shipper) giveUp() error {
	s.end = s.to.tail
	err := s.to.f.Close()
	s.to = nil
	return err
}

// abandon ends the journal that is being written: it was found not to hold what it should.
func (s *shipper) abandon() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.to == nil {
		return nil
	}
	return s.giveUp()
}

// again begins a new journal after one was given up.
func (s *shipper) again(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.to != nil {
		return nil
	}
	j, _, err := s.db.OpenJournal(ctx, s.now, nil, nil)
	if err != nil {
		return err
	}
	old := s.journal
	s.journal = j
	return errors.Join(old.Close(), s.begin())
}

// takeCut is where the backup that is being made was begun.
func (s *shipper) takeCut(ctx context.Context) (*Beginning, error) {
	if err := s.ship(ctx, true); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cut := s.cut
	s.cut = nil
	return cut, nil
}

// standing is how far the journal has come, and whether it goes on.
func (s *shipper) standing() (through int64, goes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.through, s.to != nil
}

// current is the journal that is being written; "" for none.
func (s *shipper) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.to == nil {
		return ""
	}
	return s.to.Chain
}

// wake tells that the writer waits for what is unread to be read.
func (s *shipper) wake() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.Wake()
}

// seal is called once the database was closed: where all of it was shipped, the next start goes on from here.
func (s *shipper) seal() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal == nil {
		return nil
	}
	defer func() { err = errors.Join(err, s.journal.Close()) }()
	if s.to == nil {
		return nil
	}
	file, complete := s.journal.Ended()
	if err := errors.Join(s.to.mend(), s.to.f.Sync(), s.to.f.Close()); err != nil || !complete {
		return err
	}
	return writeJSON(filepath.Join(s.dir, s.to.Chain, endFile), ended{End: s.to.End, File: file})
}

// settled is how long a directory is looked at again after it was changed: another change within the same tick of the file
// system's clock would not show.
const settled = 2 * time.Second

// scan brings files that are new to the place, and tells of them in the journal. A directory is read only when it was changed.
func (s *shipper) scan(ctx context.Context) error {
	begun := s.now.Millis()
	seen := map[string]time.Time{}
	err := filepath.WalkDir(s.live, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || !d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if s.seen[path].Equal(info.ModTime()) {
			return s.passOver(path)
		}
		if s.now().Sub(info.ModTime()) > settled {
			seen[path] = info.ModTime()
		}
		return s.bring(ctx, path)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for path, at := range seen { // only once all of it was brought in
		s.seen[path] = at
	}
	s.scanned = begun
	return nil
}

// passOver leaves out the files of a directory, whose own directories are looked at.
func (s *shipper) passOver(dir string) error {
	if len(filepath.Base(dir)) == 2 { // the lowest: it holds files alone
		return fs.SkipDir
	}
	return nil
}

// bring brings the files of one directory.
func (s *shipper) bring(ctx context.Context, dir string) error {
	held, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range held {
		path := filepath.Join(dir, e.Name())
		name, err := filepath.Rel(s.live, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if e.IsDir() || len(e.Name()) != 2*sha256.Size || s.known[name] {
			continue
		}
		f, ok, err := s.bringOne(ctx, path, name)
		if err != nil {
			return err
		}
		if ok {
			if err := s.to.file(f); err != nil {
				return err
			}
			s.dirty = true
		}
		s.known[name] = true
	}
	return nil
}

// bringOne brings a file that may be there already. One that was taken away, or that the disk has spoilt, is not brought.
func (s *shipper) bringOne(ctx context.Context, path, name string) (f File, ok bool, err error) {
	f = File{Path: files + "/" + name, SHA256: filepath.Base(name)}
	target := filepath.Join(s.pool, filepath.FromSlash(name))
	there, err := os.Stat(target)
	here, err2 := os.Stat(path)
	switch {
	case errors.Is(err2, fs.ErrNotExist):
		return f, false, nil
	case err2 != nil:
		return f, false, err2
	case err == nil && there.Size() == here.Size():
		f.Size = here.Size()
		return f, true, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return f, false, err
	}
	switch size, err := s.put(ctx, path, target, f.SHA256); {
	case errors.Is(err, fs.ErrNotExist):
		return f, false, nil
	case errors.Is(err, errSpoilt):
		s.spoil("backup.spoilt", f.Path)
		return f, false, nil
	case err != nil:
		return f, false, err
	default:
		f.Size = size
		return f, true, nil
	}
}

// errSpoilt says that a file is not what its name says.
var errSpoilt = errors.New("spoilt")

// put puts a copy of a file in its place, whole or not at all, in place of what is there.
func (s *shipper) put(ctx context.Context, path, target, sha string) (size int64, err error) {
	temp := target + partial
	if err := removeIfThere(temp); err != nil {
		return 0, err
	}
	if err := copyFile(ctx, path, temp); err != nil {
		return 0, err
	}
	sum, size, err := digest(temp)
	if err != nil {
		return 0, err
	}
	if sum != sha {
		return 0, errors.Join(errSpoilt, os.Remove(temp))
	}
	return size, errors.Join(os.Rename(temp, target), syncDir(filepath.Dir(target)))
}

// renew brings a file anew that the disk of the place has spoilt, from the data directory, and puts it into every directory there
// that had the spoilt one, by a link of it. It fails with errSpoilt where the data directory has no better one.
func (s *shipper) renew(ctx context.Context, f File, dirs []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := filepath.FromSlash(strings.TrimPrefix(f.Path, files+"/"))
	target := filepath.Join(s.pool, name)
	old, err := os.Stat(target)
	if err != nil {
		return err
	}
	if _, err := s.put(ctx, filepath.Join(s.live, name), target, filepath.Base(name)); err != nil {
		return err
	}
	for _, dir := range dirs {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		switch held, err := os.Stat(path); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return err
		case !os.SameFile(held, old):
			continue
		}
		temp := path + partial
		if err := errors.Join(removeIfThere(temp), os.Link(target, temp)); err != nil {
			return err
		}
		if err := errors.Join(os.Rename(temp, path), syncDir(filepath.Dir(path))); err != nil {
			return err
		}
	}
	s.spoil("backup.renewed", f.Path)
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// prune takes away what no kept backup goes on with: segments before the first that one of them needs, and journals that none
// needs. The journal that is being written stays.
func (s *shipper) prune(kept []Manifest) error {
	current := s.current()
	first := map[string]int{}
	for _, m := range kept {
		if m.Journal == nil {
			continue
		}
		if n, ok := first[m.Journal.Chain]; !ok || m.Journal.Segment < n {
			first[m.Journal.Chain] = m.Journal.Segment
		}
	}
	held, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range held {
		need, ok := first[e.Name()]
		if !ok && e.Name() != current {
			if err := os.RemoveAll(filepath.Join(s.dir, e.Name())); err != nil {
				return err
			}
			continue
		}
		all, err := segmentsOf(s.dir, e.Name())
		if err != nil {
			return err
		}
		for _, n := range all {
			if n < need {
				if err := removeSegment(segmentPath(s.dir, e.Name(), n)); err != nil {
					return err
				}
			}
		}
	}
	return s.prunePool(kept)
}

// pack packs the segments that are written to no more. It is called by whoever prunes, never at the same time.
func (s *shipper) pack(ctx context.Context) error {
	held, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, e := range held {
		all, err := segmentsOf(s.dir, e.Name())
		if err != nil {
			return err
		}
		// Asked after the listing: one that is no longer being written then is not written to again. The last one is what the next
		// start goes on with.
		last := s.writing(e.Name(), all)
		for _, n := range all {
			path := segmentPath(s.dir, e.Name(), n)
			if _, err := os.Stat(path); n >= last || errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err := packSegment(ctx, path); err != nil {
				return fmt.Errorf("pack %s: %w", path, err)
			}
		}
	}
	return nil
}

// writing is the segment of a journal that is being written, or the last of one that is not.
func (s *shipper) writing(chain string, all []int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.to != nil && s.to.Chain == chain {
		return s.to.Segment
	}
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1]
}

// prunePool takes away files that neither the installation nor a kept backup holds, and that came before the oldest of them:
// a later one may be spoken of between two backups.
func (s *shipper) prunePool(kept []Manifest) error {
	if len(kept) == 0 {
		return nil
	}
	hold := map[string]bool{}
	oldest := kept[0].Made
	for _, m := range kept {
		oldest = min(oldest, m.Made)
		for _, f := range m.Files {
			hold[f.Path] = true
		}
	}
	return filepath.WalkDir(s.pool, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(s.pool, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		_, here := os.Stat(filepath.Join(s.live, name))
		if hold[files+"/"+filepath.ToSlash(name)] || here == nil || info.ModTime().UnixMilli() >= oldest || strings.HasSuffix(name, ".partial") {
			return nil
		}
		s.mu.Lock()
		delete(s.known, filepath.ToSlash(name))
		s.mu.Unlock()
		return os.Remove(path)
	})
}
