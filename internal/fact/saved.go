package fact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/packed"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
)

// Saved is where a frame is kept between two runs of the product, so that the next start reads a file and what was
// committed since, and not every statement. The file is a cache: whatever is wrong with it, the frame is built from the
// rows. See docs/decisions/0010-saved-frame.md.
type Saved struct {
	Path  string // "" keeps nothing
	Build string // of the product: what another build wrote is not read
	// Ignored, which may be nil, hears why a file that is there was not used.
	Ignored func(why error)
}

// savedVersion changes with what is written, and with what the same rows come to.
const savedVersion = 1

func (s Saved) kind() packed.Kind {
	return packed.Kind{Magic: "yzframe\n", Version: savedVersion<<16 | party.SavedVersion}
}

// The sections of the file.
const (
	headSection     = "head" // what the file stands on; the first
	sourcesSection  = "said"
	subjectsSection = "kind"
	textsSection    = "text"
	columnSection   = "col " // one for each
	partiesSection  = "reg "
)

// head is what a file stands on. It is used only where all of it is so.
type head struct {
	build    string
	database string // its identity
	content  string // hash of the definitions
	seq      int64  // the commit that it knows up to
	history  string // hash of all that was committed up to there
}

func (h head) save(o *packed.Out) {
	for _, s := range []string{h.build, h.database, h.content, h.history} {
		o.Text(s)
	}
	o.Int(h.seq)
}

func readHead(in *packed.In) (h head) {
	for _, s := range []*string{&h.build, &h.database, &h.content, &h.history} {
		*s = in.Text()
	}
	h.seq = in.Int()
	return h
}

// headAt is what the file of a snapshot at a commit would stand on now, with the log up to there.
func (f *Frames) headAt(ctx context.Context, seq int64) (head, []source.LogEntry, error) {
	h := head{build: f.saved.Build, seq: seq}
	var err error
	if h.database, err = f.facts.db.Identity(ctx); err != nil {
		return h, nil, err
	}
	if h.content, err = hashOf(f.facts.lib.FactDefs(), f.facts.lib.Authorities()); err != nil {
		return h, nil, err
	}
	var log []source.LogEntry
	var live []source.Source
	if seq > 0 { // 0 would stand for all there is
		if log, err = f.facts.sources.Log(ctx, 0, seq); err != nil {
			return h, nil, err
		}
		if live, err = f.facts.sources.LiveSources(ctx, seq); err != nil {
			return h, nil, err
		}
	}
	for i := range live {
		live[i].Retraction = nil // it may have come later
	}
	h.history, err = hashOf(log, live)
	return h, log, err
}

func hashOf(parts ...any) (string, error) {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(parts); err != nil {
		return "", fmt.Errorf("hash what the frame stands on: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// OpenSaved is Open from a file and what was committed since, where there is one that fits.
func OpenSaved(ctx context.Context, facts *Store, parties *party.Store, now clock.Clock, saved Saved) (*Frames, error) {
	f := &Frames{facts: facts, parties: parties, now: now, limits: limits{sources: 200, subjects: 5000}, saved: saved}
	seq, err := facts.db.Seq(ctx)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	snap, why := f.resume(ctx, seq)
	if why != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if saved.Ignored != nil && !errors.Is(why, fs.ErrNotExist) {
			saved.Ignored(why)
		}
		if snap, err = f.rebuild(ctx, seq); err != nil {
			return nil, fmt.Errorf("open frame: %w", err)
		}
	}
	f.newest.Store(snap)
	return f, nil
}

// resume is the snapshot at a commit, from the file and the commits since.
func (f *Frames) resume(ctx context.Context, seq int64) (*snapshot, error) {
	if f.saved.Path == "" {
		return nil, fs.ErrNotExist
	}
	file, err := blob.Map(f.saved.Path)
	if err != nil {
		return nil, err
	}
	snap, codes, err := f.unpack(ctx, file.Bytes(), seq)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f.codes, f.epoch, f.stored = codes, 1, snap.seq
	log, err := f.facts.sources.Log(ctx, snap.seq, 0)
	if err != nil || len(log) == 0 {
		return snap, err
	}
	return f.advance(ctx, snap, log)
}

// unpack makes a snapshot of a file. Its figures stay in the file, which must stay with it.
func (f *Frames) unpack(ctx context.Context, file []byte, seq int64) (*snapshot, *codes, error) {
	sections, err := packed.Parse(file, f.saved.kind())
	if err != nil {
		return nil, nil, err
	}
	return f.restore(ctx, sections, seq)
}

var errSections = errors.New("its sections are not those of a frame")

// restore makes a snapshot of the sections of a file. seq is how far the database is.
func (f *Frames) restore(ctx context.Context, sections []packed.Section, seq int64) (*snapshot, *codes, error) {
	if len(sections) == 0 || sections[0].Tag != headSection {
		return nil, nil, errSections
	}
	in := packed.Read(sections[0].Body)
	h := readHead(in)
	if err := in.Err(); err != nil {
		return nil, nil, err
	}
	log, err := f.fits(ctx, h, seq)
	if err != nil {
		return nil, nil, err
	}
	snap := emptySnapshot(f.facts.lib)
	snap.seq, snap.merged = h.seq, map[int64]int64{}
	b := builder{snapshot: *snap, codes: newCodes()}
	for _, e := range log {
		b.merge(e)
	}
	var (
		group   errgroup.Group
		parties *party.Registry
	)
	defer func() { _ = group.Wait() }() // what it reads must not outlive a fault of the rest
	for _, s := range sections[1:] {
		in := packed.Read(s.Body)
		switch s.Tag {
		case partiesSection:
			group.Go(func() (err error) {
				parties, err = f.parties.Restore(in, h.seq, log)
				return err
			})
			continue
		case sourcesSection:
			b.readSources(in)
		case subjectsSection:
			b.readSubjects(in)
		case textsSection:
			b.readTexts(in)
		case columnSection:
			b.readColumn(in)
		default:
			return nil, nil, errSections
		}
		if err := in.Err(); err != nil {
			return nil, nil, err
		}
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	if parties == nil {
		return nil, nil, errSections
	}
	return b.done(h.seq, parties), b.codes, nil
}

// fits says whether a file stands on what is so now, and gives the commits that it knows.
func (f *Frames) fits(ctx context.Context, h head, seq int64) ([]source.LogEntry, error) {
	if h.seq < 0 || h.seq > seq {
		return nil, fmt.Errorf("it knows up to commit %d, the database up to %d", h.seq, seq)
	}
	want, log, err := f.headAt(ctx, h.seq)
	switch {
	case err != nil:
		return nil, err
	case h.build != want.build:
		return nil, fmt.Errorf("build %q wrote it, this is %q", h.build, want.build)
	case h.database != want.database:
		return nil, errors.New("it is another database's")
	case h.content != want.content:
		return nil, errors.New("the definitions have changed since")
	case h.history != want.history:
		return nil, errors.New("the database has another history: it was restored, or is a copy")
	}
	return log, nil
}

// Save writes the newest snapshot to its file, unless that is what the file holds.
func (f *Frames) Save(ctx context.Context) error {
	if f.saved.Path == "" {
		return nil
	}
	f.saving.Lock()
	defer f.saving.Unlock()
	snap := f.newest.Load()
	if snap.seq == f.stored {
		return nil
	}
	h, _, err := f.headAt(ctx, snap.seq)
	if err == nil {
		err = blob.Replace(f.saved.Path, func(to io.Writer) error {
			return packed.Write(to, f.saved.kind(), func(w *packed.Writer) error { return snap.save(w, h) })
		})
	}
	if err != nil {
		return fmt.Errorf("save frame at commit %d: %w", snap.seq, err)
	}
	f.stored = snap.seq
	return nil
}

// Keep saves at an interval until ctx ends; report, which must not be nil, hears of each time that it did not succeed.
func (f *Frames) Keep(ctx context.Context, every time.Duration, report func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := f.Save(ctx); err != nil && ctx.Err() == nil {
				report(err)
			}
		}
	}
}

func (s *snapshot) save(w *packed.Writer, h head) error {
	var o packed.Out
	section := func(tag string, write func(*packed.Out)) error {
		o.Reset()
		write(&o)
		return w.Section(tag, o.Bytes())
	}
	for _, part := range []struct {
		tag   string
		write func(*packed.Out)
	}{
		{headSection, h.save},
		{partiesSection, s.parties.Save}, // early: it takes longest to read, and is read beside the rest
		{sourcesSection, s.saveSources},
		{subjectsSection, s.saveSubjects},
		{textsSection, s.saveTexts},
	} {
		if err := section(part.tag, part.write); err != nil {
			return err
		}
	}
	for def, columns := range s.columns {
		code := s.lib.FactDefs()[def].Code
		for _, c := range columns {
			if err := section(columnSection, func(o *packed.Out) { c.save(o, code) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *snapshot) saveSources(o *packed.Out) {
	o.Uint(uint64(len(s.said)))
	for i, src := range s.said {
		at, live := s.saidAt[src.id]
		o.Bool(live && int(at) == i)
		o.Int(src.id)
		o.Int(src.seq)
		o.Text(src.authority)
	}
}

func (b *builder) readSources(in *packed.In) {
	for i := range in.Count() {
		live, src := in.Bool(), said{id: in.Int(), seq: in.Int(), authority: in.Text()}
		b.said = append(b.said, src)
		if live {
			b.saidAt[src.id] = uint32(i)
		}
	}
}

func (s *snapshot) saveSubjects(o *packed.Out) {
	o.Uint(uint64(len(s.kinds)))
	for kind, ords := range s.kinds {
		o.Text(kind)
		o.Uint(uint64(len(ords.ids)))
		for _, id := range ords.ids {
			o.Int(id)
		}
	}
}

func (b *builder) readSubjects(in *packed.In) {
	for range in.Count() {
		kind, count := in.Text(), in.Count()
		o := &ordinals{epoch: b.epoch, ids: make([]int64, 0, count), pages: map[int64]*page{}}
		for range count {
			o.add(in.Int())
		}
		b.kinds[kind] = o
	}
}

func (s *snapshot) saveTexts(o *packed.Out) {
	o.Uint(uint64(len(s.texts)))
	for _, t := range s.texts {
		o.Text(t)
	}
}

func (b *builder) readTexts(in *packed.In) {
	b.codes.texts = make([]string, in.Count())
	for i := range b.codes.texts {
		b.codes.texts[i] = in.Text()
	}
}

func (c *column) save(o *packed.Out, def string) {
	o.Text(def)
	o.Text(c.period.String())
	o.Uint(uint64(len(c.chunks)))
	for _, ch := range c.chunks {
		o.Bool(ch != nil)
		if ch != nil {
			for _, p := range []packed.Ints{ch.mark, ch.said, ch.n, ch.value} {
				o.Ints(p)
			}
		}
	}
}

// readColumn reads a column after sources, subjects and texts. Nothing that a cell refers to may lie beyond them.
func (b *builder) readColumn(in *packed.In) {
	code, when := in.Word(), in.Word()
	def, ok := b.defs[code]
	p, err := period.Parse(when)
	if !ok || err != nil {
		in.Fail()
		return
	}
	if n := len(b.columns[def]); n > 0 && b.columns[def][n-1].period.Compare(p) >= 0 {
		in.Fail()
		return
	}
	subjects := 0
	if o := b.kinds[b.lib.FactDefs()[def].Subject]; o != nil {
		subjects = len(o.ids)
	}
	c := newColumn(b.epoch, b.lib, def, p)
	c.chunks = make([]*chunk, in.Count())
	for i := range c.chunks {
		if !in.Bool() {
			continue
		}
		ch := &chunk{mark: in.Ints(chunkLen), said: in.Ints(chunkLen), n: in.Ints(chunkLen), value: in.Ints(chunkLen)}
		if !b.sound(c, ch, subjects-i<<chunkBits) {
			in.Fail()
			return
		}
		c.chunks[i] = ch
	}
	b.columns[def] = append(b.columns[def], c)
}

// sound says that a chunk has cells of no more subjects than there are for it, and refers to nothing that is not there.
func (b *builder) sound(c *column, ch *chunk, subjects int) bool {
	if subjects <= 0 || !ch.said.Within(chunkLen, 0, int64(len(b.said))-1) || !ch.n.Within(chunkLen, 0, 1<<32-1) {
		return false
	}
	if c.text && !ch.value.Within(chunkLen, 0, int64(len(b.codes.texts))-1) {
		return false
	}
	if !ch.mark.Within(chunkLen, 0, int64(newMark(Withheld, AtLeast, Erased))) {
		return false
	}
	for i := range chunkLen {
		m := mark(ch.mark.At(i))
		if m.state() > Withheld || m.precision() > AtLeast || m != 0 && i >= subjects {
			return false
		}
	}
	return true
}
