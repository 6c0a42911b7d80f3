package backup

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// nameLayout is how a backup of a schedule is called, by when it was made (UTC).
const nameLayout = "20060102T150405.000Z"

// Restored is what was brought back.
type Restored struct {
	Manifest        // of the backup that it stands on, but for the commit and the rows
	Place    string // of that backup
	Commits  int    // of the journal, after it
	Last     int64  // moment of the last of them, or of the backup, ms; when that was made, where it was without a journal
}

// IsPlace says that a directory is one that a schedule writes backups to, and no backup itself.
func IsPlace(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, journalDir))
	return err == nil && info.IsDir()
}

// RestoreAt brings an installation back as it was after the last transaction that was committed at or before a moment, in
// milliseconds; 0 for the last one that there is. from is the place that a schedule writes to, or one of the backups there to
// stand on. Nothing is restored, with Invalid, where something that it needs is missing or damaged: the message names it, and the
// last moment that can be had; and with NotFound where nothing reaches back so far.
func RestoreAt(ctx context.Context, from, to string, at int64) (Restored, error) {
	place, on, err := standOn(from, at)
	if err != nil {
		return Restored{}, err
	}
	r := Restored{Manifest: on, Place: place, Last: cmp.Or(on.Moment, on.Made)}
	err = build(to, func(dir string) error {
		if err := bringBack(ctx, place, dir, on); err != nil {
			return err
		}
		if on.Journal != nil {
			re := replay{dir: filepath.Join(filepath.Dir(place), journalDir), pool: filepath.Join(filepath.Dir(place), files), on: on, until: at}
			if err := re.run(ctx, dir); err != nil {
				return err
			}
			if re.commits > 0 {
				r.Commits, r.Last = re.commits, re.last
			}
		}
		have, err := store.Examine(ctx, filepath.Join(dir, database))
		r.Commit, r.Rows = have.Seq, have.Rows
		return err
	})
	if err != nil {
		return Restored{}, fmt.Errorf("restore: %w", err)
	}
	return r, nil
}

// standOn is the newest backup that shows no later moment. One without a journal is at no moment but its own: it is stood on where
// it is the last that there is, and what lies around it is not known.
func standOn(from string, at int64) (place string, on Manifest, err error) {
	if !IsPlace(from) {
		on, err = read(from)
		if err == nil && (on.Journal == nil || !IsPlace(filepath.Dir(from))) {
			err = errs.Invalid(i18n.M("backup.no_journal", from))
		}
		if err == nil && at > 0 && on.Moment > at {
			err = &errs.Error{Kind: errs.KindNotFound, Msg: i18n.M("backup.too_early", instant(at), instant(on.Moment))}
		}
		return from, on, err
	}
	all, err := held(from)
	if err != nil {
		return "", on, err
	}
	var earliest int64
	var gap *kept // the next backup, of another journal or of none: what lies between is not known
	for i, b := range slices.Backward(all) {
		if b.Journal == nil && at > 0 {
			continue
		}
		earliest = b.Moment
		if at > 0 && b.Moment > at {
			continue
		}
		if i+1 < len(all) && at > 0 && (all[i+1].Journal == nil || all[i+1].Journal.Chain != b.Journal.Chain) {
			gap = &all[i+1]
		}
		place, on = b.place, b.Manifest
		break
	}
	switch {
	case place == "" && earliest == 0:
		return "", on, errs.Invalid(i18n.M("backup.no_journal", from))
	case place == "":
		return "", on, &errs.Error{Kind: errs.KindNotFound, Msg: i18n.M("backup.too_early", instant(at), instant(earliest))}
	case gap != nil:
		re := replay{dir: filepath.Join(from, journalDir), on: on, until: at}
		switch err := re.read(&visit{until: at}); {
		case err != nil:
			return "", on, err
		case !re.later && at > re.end.At && gap.Journal == nil:
			return "", on, errs.Invalid(i18n.M("backup.gap_bare", instant(at), instant(re.end.At), gap.place))
		case !re.later && at > re.end.At:
			return "", on, errs.Invalid(i18n.M("backup.gap", instant(at), instant(re.end.At), instant(gap.Moment)))
		}
	}
	return place, on, nil
}

// instant is a moment as --at takes it, in Beijing's time; clock.Minute is one that is only told.
func instant(ms int64) string {
	return time.UnixMilli(ms).In(clock.Beijing).Format("2006-01-02T15:04:05.000Z07:00")
}

// kept is a backup at a place.
type kept struct {
	Manifest
	place string
}

// held are the backups at a place of a schedule, from the oldest.
func held(dir string) ([]kept, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []kept
	for _, e := range entries {
		if _, err := time.Parse(nameLayout, e.Name()); err != nil || !e.IsDir() {
			continue
		}
		place := filepath.Join(dir, e.Name())
		m, err := read(place)
		if err != nil {
			continue // no backup
		}
		all = append(all, kept{m, place})
	}
	slices.SortStableFunc(all, func(a, b kept) int { return int(a.Made - b.Made) })
	return all, nil
}

// replay brings what a journal tells into a directory that holds a backup.
type replay struct {
	dir, pool string
	on        Manifest
	until     int64 // ms; 0 for all
	before    int   // the segment before which to stop; 0 for none

	end     tail
	later   bool // there is a record after the moment
	commits int
	last    int64
}

func (r *replay) run(ctx context.Context, dir string) (err error) {
	db, err := os.OpenFile(filepath.Join(dir, database), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = r.read(&visit{
		until: r.until,
		page: func(number uint32, data []byte) error {
			if number == 0 {
				return errDamaged
			}
			_, err := db.WriteAt(data, int64(number-1)*int64(len(data)))
			return err
		},
		commit: func(at int64, size uint32) error {
			r.commits, r.last = r.commits+1, at
			if err := ctx.Err(); err != nil {
				return err
			}
			return db.Truncate(int64(size) * int64(r.end.Page))
		},
		file: func(_ int64, f File) error {
			if r.pool == "" {
				return nil
			}
			return r.bring(ctx, dir, f)
		},
	})
	if err != nil {
		return err
	}
	return db.Sync()
}

// bring brings a file that came in after the backup.
func (r *replay) bring(ctx context.Context, dir string, f File) error {
	target := filepath.Join(dir, filepath.FromSlash(f.Path))
	if _, err := os.Stat(target); err == nil {
		return nil
	}
	err := copyFile(ctx, filepath.Join(filepath.Dir(r.pool), filepath.FromSlash(f.Path)), target)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		sum, size, err := digest(target)
		if err != nil {
			return err
		}
		if sum == f.SHA256 && size == f.Size {
			return nil
		}
	}
	return errs.Invalid(i18n.M("backup.journal_file", f.Path, instant(max(r.last, r.on.Moment))))
}

// read reads the segments that follow a backup.
func (r *replay) read(v *visit) error {
	chain := r.on.Journal.Chain
	all, err := segmentsOf(r.dir, chain)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	last := r.on.Journal.Segment // at least this one was begun
	if len(all) > 0 {
		last = max(last, all[len(all)-1])
	}
	r.end = tail{At: r.on.Moment}
	var before *tail
	for n := r.on.Journal.Segment; n <= last && (r.before == 0 || n < r.before); n++ {
		path := segmentPath(r.dir, chain, n)
		// All of it is looked over before anything is taken: a record that is not whole must leave nothing behind.
		ahead := &visit{until: v.until}
		t, err := readSegment(path, before, ahead)
		if t.Page != 0 {
			t.At = max(t.At, r.end.At)
			r.end = t
		}
		switch {
		case err == nil:
		case errors.Is(err, errCut) && n == last: // it was being written when all ended
		case v.until > 0 && r.end.At >= v.until: // what is damaged comes after
		case errors.Is(err, fs.ErrNotExist):
			return errs.Invalid(i18n.M("backup.journal_missing", path, instant(r.end.At)))
		case errors.Is(err, errCut), errors.Is(err, errDamaged):
			return errs.Invalid(i18n.M("backup.journal_damaged", path, instant(r.end.At)))
		default:
			return err
		}
		if v.most = t.Records; t.Records > 0 {
			if _, err := readSegment(path, before, v); err != nil {
				return err
			}
		}
		if r.later = ahead.stop; r.later || err != nil {
			return nil
		}
		before = &t
	}
	return nil
}

// sameAs holds that an earlier backup and the journal after it give the database that a later one holds, byte by byte.
func sameAs(ctx context.Context, earlier, later kept, scratch string) (err error) {
	if err := os.RemoveAll(scratch); err != nil {
		return err
	}
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	if err := copyFile(ctx, filepath.Join(earlier.place, database), filepath.Join(scratch, database)); err != nil {
		return err
	}
	re := replay{dir: filepath.Join(filepath.Dir(later.place), journalDir), on: earlier.Manifest, before: later.Journal.Segment}
	if err := re.run(ctx, scratch); err != nil {
		return err
	}
	f, err := os.Open(filepath.Join(scratch, database))
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	for _, want := range later.Files {
		if want.Path == database && want.SHA256 != hex.EncodeToString(h.Sum(nil)) {
			return errs.Unavailable(i18n.M("backup.journal_differs", clock.Minute(earlier.Moment), clock.Minute(later.Moment)), nil)
		}
	}
	return nil
}
