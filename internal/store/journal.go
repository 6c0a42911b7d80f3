package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Journal reads what is committed to a SQLite database, commit by commit, as the pages that each wrote. It reads SQLite's
// write-ahead log: a run of frames, of a page each, that is begun anew after a checkpoint. The writer makes no checkpoint
// while there is something to read, so nothing is passed over; it waits a moment for a reader that lags behind, and goes on
// without it, and tells (ErrJournalLost), when the log has grown to a gigabyte.
type Journal struct {
	w    *writer
	now  clock.Clock
	wal  *os.File
	page int64 // size of one, bytes
	wake chan struct{}

	mu    sync.Mutex
	marks []mark
	head  Position // as last committed
	read  Position // as last read
	at    int64    // of the last mark: time never runs backwards here
	lost  bool
	ended bool
	left  Footprint
	empty chan struct{} // closed when all is read, for whoever waits; nil when nobody does
}

// ErrJournalLost says that something was committed that the journal can no longer read.
var ErrJournalLost = errors.New("the write-ahead log was begun anew before it was read")

// Position is a place in the write-ahead log: after a frame of one of its runs.
type Position struct {
	Salt  uint64 // of the run
	Frame uint32 // 1, 2, 3 …; 0 before the first
	Sum   uint64 // that the frame carries, over all before it
}

// Footprint is a database file as the system tells of it: whoever writes to it leaves another.
type Footprint struct {
	Inode   uint64 `json:"inode"`
	Size    int64  `json:"size"`
	Changed int64  `json:"changed"` // ns, by the machine's clock
}

// Change is one commit, or a cut where a copy of the database was begun.
type Change struct {
	At    int64 // ms; never before that of an earlier one
	Cut   bool
	Pages uint32   // written; one may come twice, and the later counts
	Size  uint32   // of the database afterwards, pages
	End   Position // after it

	journal *Journal
	begin   uint32 // the frame before the first
}

// mark is the end of a commit that waits to be read, or a cut.
type mark struct {
	pos Position // without its sum
	at  int64
	cut bool
}

const (
	walHeader   = 32
	frameHeader = 24
	journalWait = 2 * time.Second // that the writer gives a reader before a checkpoint
	journalMost = 128             // times the pages between two checkpoints, after which it goes on without
)

// OpenJournal begins to read, from where an earlier journal of the same file has ended, as its last position says, and the
// footprint that the file had when it was closed in order; nil where nothing is known. Where anything may have been committed
// since that can no longer be read, it begins with what is committed next, and says that it does not join. One journal is
// open at a time. It fails with Invalid for a database that is no file.
func (db *DB) OpenJournal(ctx context.Context, now clock.Clock, since *Position, left *Footprint) (j *Journal, joins bool, err error) {
	w, ok := db.engine.(*writer)
	if !ok {
		return nil, false, errs.Invalid(i18n.M("store.no_copy"))
	}
	err = db.Write(ctx, func(ctx context.Context, tx *Tx) error { // nobody commits meanwhile
		if w.shm == nil {
			// It stays open as long as the database: closing it would take SQLite's own locks away, which belong to the process.
			if w.shm, err = os.Open(w.file + "-shm"); err != nil {
				return err
			}
		}
		j = &Journal{w: w, now: now, wake: make(chan struct{}, 1)}
		if err := tx.QueryRow(ctx, `SELECT page_size FROM pragma_page_size`).Scan(&j.page); err != nil {
			return err
		}
		if j.wal, err = os.Open(w.file + "-wal"); err != nil {
			return err
		}
		joins, err = j.join(since, left)
		if err != nil {
			return errors.Join(err, j.wal.Close())
		}
		w.journal = j
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("open journal: %w", err)
	}
	return j, joins, nil
}

// join finds where to begin.
func (j *Journal) join(since *Position, left *Footprint) (joins bool, err error) {
	if j.head, err = j.w.committed(); err != nil {
		return false, err
	}
	j.read = j.head
	switch {
	case since != nil && since.Frame > 0 && since.Salt == j.head.Salt && since.Frame <= j.head.Frame:
		_, _, pos, err := j.frame(since.Frame)
		if err != nil || pos != *since {
			return false, err
		}
		j.read = *since
	case since != nil && since.Frame > 0 && j.endedRun(*since):
		j.read = Position{Salt: j.head.Salt}
	case left != nil && *left == j.w.opened && j.w.walSize == 0 && !j.w.checkpointed:
		j.read = Position{Salt: j.head.Salt}
	default:
		return false, nil
	}
	// What a process has committed that was killed is dated by its file.
	at := j.w.walTime
	if at == 0 {
		at = j.now.Millis()
	}
	j.at = at
	for n := j.read.Frame + 1; n <= j.head.Frame; n++ {
		_, size, pos, err := j.frame(n)
		if err != nil {
			return false, err
		}
		if size > 0 {
			j.marks = append(j.marks, mark{pos: pos, at: at})
		}
	}
	return true, nil
}

// endedRun says whether the run before the present one ended at a position: frames of it that the present run has not written
// over yet are still in the file. SQLite begins the next run only once the database holds all of the one before, and counts runs
// in the upper half of the salt.
func (j *Journal) endedRun(at Position) bool {
	if uint32(j.head.Salt>>32) != uint32(at.Salt>>32)+1 || j.head.Frame >= at.Frame {
		return false
	}
	_, _, pos, err := j.frame(at.Frame)
	if err != nil || pos != at {
		return false
	}
	_, _, after, err := j.frame(at.Frame + 1)
	return errors.Is(err, io.EOF) || err == nil && after.Salt != at.Salt
}

// committed is the end of the last commit, as the index beside the log tells: in memory that SQLite shares between processes,
// laid out as its documentation of the file format says. Nobody but the writer changes it.
func (w *writer) committed() (Position, error) {
	var b [48]byte
	if _, err := w.shm.ReadAt(b[:], 0); err != nil {
		return Position{}, fmt.Errorf("read the index of the write-ahead log: %w", err)
	}
	return Position{Frame: binary.NativeEndian.Uint32(b[16:]), Salt: binary.BigEndian.Uint64(b[32:])}, nil
}

// frame is the header of a frame.
func (j *Journal) frame(n uint32) (page, size uint32, end Position, err error) {
	var b [frameHeader]byte
	if _, err := j.wal.ReadAt(b[:], j.offset(n)); err != nil {
		return 0, 0, Position{}, fmt.Errorf("read frame %d of the write-ahead log: %w", n, err)
	}
	end = Position{Salt: binary.BigEndian.Uint64(b[8:]), Frame: n, Sum: binary.BigEndian.Uint64(b[16:])}
	return binary.BigEndian.Uint32(b[:]), binary.BigEndian.Uint32(b[4:]), end, nil
}

func (j *Journal) offset(n uint32) int64 {
	return walHeader + (int64(n)-1)*(frameHeader+j.page)
}

// note is called by the writer after each commit.
func (j *Journal) note() error {
	pos, err := j.w.committed()
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lost || pos.Salt == j.head.Salt && pos.Frame == j.head.Frame {
		return nil
	}
	j.head = pos
	j.marks = append(j.marks, mark{pos: pos, at: j.time()})
	return nil
}

// cut marks the moment between two commits, in a turn.
func (j *Journal) cut() (at int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	at = j.time()
	if !j.lost {
		j.marks = append(j.marks, mark{pos: j.head, at: at, cut: true})
	}
	return at
}

func (j *Journal) time() int64 {
	j.at = max(j.at, j.now.Millis())
	return j.at
}

// Wake is sent to when the writer waits for what is unread.
func (j *Journal) Wake() <-chan struct{} { return j.wake }

// caughtUp says whether the log may be begun anew. It asks the reader to hurry, and waits for it once: not again while
// the reader stands still.
func (j *Journal) caughtUp(pages, most int) bool {
	j.mu.Lock()
	if len(j.marks) == 0 {
		j.mu.Unlock()
		return true
	}
	if pages >= most {
		j.lost, j.marks = true, nil
		j.mu.Unlock()
		return true
	}
	again := j.empty != nil // it was asked before, and has not come to the end since
	if !again {
		j.empty = make(chan struct{})
	}
	done := j.empty
	j.mu.Unlock()
	select {
	case j.wake <- struct{}{}:
	default:
	}
	if again {
		return false
	}
	patience := time.NewTimer(journalWait)
	defer patience.Stop()
	select {
	case <-done:
		return true
	case <-patience.C:
		return false
	}
}

// Read gives each change that was not read yet, in their order, and returns when there is none left. Where each returns an
// error, the same change comes again the next time. It fails with ErrJournalLost when changes were passed over.
func (j *Journal) Read(ctx context.Context, each func(Change) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		j.mu.Lock()
		if j.lost {
			j.mu.Unlock()
			return ErrJournalLost
		}
		if len(j.marks) == 0 {
			if j.empty != nil {
				close(j.empty)
				j.empty = nil
			}
			j.mu.Unlock()
			return nil
		}
		m, from := j.marks[0], j.read
		j.mu.Unlock()
		c, err := j.change(m, from)
		if err != nil {
			return err
		}
		if err := each(c); err != nil {
			return err
		}
		j.mu.Lock()
		if !j.lost {
			j.marks, j.read = j.marks[1:], c.End
		}
		j.mu.Unlock()
	}
}

func (j *Journal) change(m mark, from Position) (Change, error) {
	if m.cut {
		return Change{At: m.at, Cut: true, End: from}, nil
	}
	c := Change{At: m.at, journal: j}
	if m.pos.Salt == from.Salt {
		c.begin = from.Frame
	}
	c.Pages = m.pos.Frame - c.begin
	_, size, end, err := j.frame(m.pos.Frame)
	if err != nil {
		return c, err
	}
	if size == 0 || end.Salt != m.pos.Salt {
		return c, fmt.Errorf("frame %d: %w", m.pos.Frame, ErrJournalLost)
	}
	c.Size, c.End = size, end
	return c, nil
}

// EachPage gives the pages of a change, numbered from 1, in the order in which they were written. The slice may be used
// until the next.
func (c Change) EachPage(take func(page uint32, data []byte) error) error {
	if c.Pages == 0 {
		return nil
	}
	j := c.journal
	r := io.NewSectionReader(j.wal, j.offset(c.begin+1), int64(c.Pages)*(frameHeader+j.page))
	b := make([]byte, frameHeader+j.page)
	for range c.Pages {
		if _, err := io.ReadFull(r, b); err != nil {
			return fmt.Errorf("read the write-ahead log: %w", err)
		}
		if binary.BigEndian.Uint64(b[8:]) != c.End.Salt {
			return ErrJournalLost
		}
		if err := take(binary.BigEndian.Uint32(b), b[frameHeader:]); err != nil {
			return err
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lost { // the log may have been written over while it was read
		return ErrJournalLost
	}
	return nil
}

// PageSize is that of the database, in bytes.
func (j *Journal) PageSize() int { return int(j.page) }

// Position is the end of what was read.
func (j *Journal) Position() Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.read
}

// Ended tells, after the database was closed, how its file was left, and whether all that was ever committed to it had been
// read by then.
func (j *Journal) Ended() (Footprint, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.left, j.ended
}

// Close stops reading. It is called when the journal was lost, or after the database was closed.
func (j *Journal) Close() error { return j.wal.Close() }

// finish is called when no more will be written, and settle when the file was closed.
func (j *Journal) finish() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = !j.lost && len(j.marks) == 0
}

func (j *Journal) settle(left Footprint, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.left, j.ended = left, j.ended && err == nil
}

// footprint is that of a file.
func footprint(file string) (Footprint, error) {
	info, err := os.Stat(file)
	if err != nil {
		return Footprint{}, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Footprint{}, fmt.Errorf("%s: the system tells too little of it", file)
	}
	return Footprint{Inode: st.Ino, Size: info.Size(), Changed: st.Ctim.Nano()}, nil
}
