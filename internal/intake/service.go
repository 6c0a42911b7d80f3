package intake

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/shelf"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations is the schema of this package.
var Migrations = store.Migrations{Package: "intake", FS: files}

// Deps is what a Service works with.
type Deps struct {
	DB      *store.DB
	Blobs   blob.Dir
	Library *content.Library
	Sources *source.Store
	Parties *party.Store
	Facts   *fact.Store
	Frames  *fact.Frames
	Clock   clock.Clock
	Limits  sheet.Limits // zero fields are the product's own
	Report  func(error)  // hears of internal errors of work in the background; must not be nil
}

// Service takes files in. Its work in the background belongs to it: Close waits for it.
type Service struct {
	db         *store.DB
	deps       Deps
	now        clock.Clock
	vocabulary sheet.Vocabulary

	work    sync.WaitGroup
	ctx     context.Context
	cancel  context.CancelFunc
	reading chan struct{} // holds a token for each file being read
	staging chan struct{} // and for the one being staged
	mu      sync.Mutex
	closed  bool
	running map[int64]*job

	counts shelf.Shelf[countsKey, *counts] // of batches that are over
}

const (
	// maxReading is how many files are read at once; others wait. Each may take a few hundred megabytes.
	maxReading = 2
	// crashed is how long nothing was heard of the work on a batch before another process takes it for dead. No file
	// within the limits takes near as long.
	crashed = time.Hour
)

// job is the work under way on one batch.
type job struct {
	Progress
	cancel context.CancelFunc
	done   chan struct{}
}

// Progress is how far the work on a batch has come.
type Progress struct {
	Phase   Phase
	Done    int   // rows
	Total   int   // rows; 0 while not known
	Share   int   // of the walk through the file, in thousandths
	Started int64 // milliseconds UTC
}

// Phase is what the work is at.
type Phase string

// The phases.
const (
	PhaseRead    Phase = "read"    // reading and comparing
	PhaseStage   Phase = "stage"   // writing, still invisible
	PhasePublish Phase = "publish" // making it known
)

// Start is a service whose database is up to date. What a crash left under way is taken back: batches return to the
// state before, and rows that were staged are deleted. alone says that no other process works on the database; where
// others do, only what has been silent for long is taken for crashed.
func Start(ctx context.Context, d Deps, alone bool) (*Service, error) {
	s := &Service{
		db: d.DB, deps: d, now: d.Clock, vocabulary: vocabulary(d.Library), running: map[int64]*job{},
		reading: make(chan struct{}, maxReading), staging: make(chan struct{}, 1),
	}
	s.counts.RoomFor(0)
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	before := int64(math.MaxInt64)
	if !alone {
		before = s.now.Millis() - crashed.Milliseconds()
	}
	if _, err := d.Sources.PurgePending(ctx, before); err != nil {
		return nil, fmt.Errorf("start intake: %w", err)
	}
	if err := s.takeBack(ctx, before); err != nil {
		return nil, fmt.Errorf("start intake: %w", err)
	}
	return s, nil
}

// Close stops the work under way and waits for it. A commit that is being staged is discarded; one that is being
// published is finished.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.work.Wait()
}

// Upload is a file that somebody sends.
type Upload struct {
	Name      string // of the file
	Sender    string // the office that it comes from
	Authority string // in whose name the figures are stated
	Area      string // that the sender answers for
	Period    period.Period
	Password  string // that opens the file, or files of an archive; "" for none. It is not kept
	Body      io.Reader
}

// Receive keeps a file, recognises its tables and starts the preview. The batch it gives is Reading; Wait for it or ask
// for its Progress. A file that is not a spreadsheet, or one beyond the limits, is refused with the reason (Invalid).
func (s *Service) Receive(ctx context.Context, scope access.Scope, u Upload) (Batch, error) {
	if err := s.checkUpload(scope, &u); err != nil {
		return Batch{}, err
	}
	sha, size, err := s.keep(ctx, u.Body, u)
	if err != nil {
		return Batch{}, fmt.Errorf("receive %q: %w", u.Name, err)
	}
	return s.receive(ctx, scope, u, sha, size)
}

// keep stores a file. Of a workbook with a password it stores what the password protects: it is read again, and nobody is
// to keep passwords.
func (s *Service) keep(ctx context.Context, body io.Reader, u Upload) (sha string, size int64, err error) {
	sha, size, err = s.deps.Blobs.Put(body, s.fileLimit())
	if err != nil {
		return "", 0, err
	}
	f, err := s.deps.Blobs.Get(sha)
	if err != nil {
		return "", 0, err
	}
	clear, locked, err := sheet.Unlock(f.Name(), u.Name, u.Password, s.deps.Limits)
	err = errors.Join(err, f.Close())
	if err == nil && !locked {
		return sha, size, nil
	}
	was := sha
	if err == nil {
		sha, size, err = s.deps.Blobs.Put(clear, s.fileLimit())
	}
	return sha, size, errors.Join(err, s.forget(context.WithoutCancel(ctx), was))
}

// receive makes a batch of a file that is kept, or lets go of the file.
func (s *Service) receive(ctx context.Context, scope access.Scope, u Upload, sha string, size int64) (Batch, error) {
	b, err := s.newBatch(ctx, scope, u, sha, size)
	if err != nil {
		return Batch{}, errors.Join(err, s.forget(context.WithoutCancel(ctx), sha))
	}
	s.start(scope, b, PhaseRead, s.preview)
	return b, nil
}

// fileLimit is the largest file that is taken, in bytes.
func (s *Service) fileLimit() int64 {
	return cmp.Or(max(s.deps.Limits.File, 0), sheet.DefaultLimits().File)
}

// newBatch recognises the tables of a file and stores the batch.
func (s *Service) newBatch(ctx context.Context, scope access.Scope, u Upload, sha string, size int64) (Batch, error) {
	now := s.now.Millis()
	b := Batch{
		SHA256: sha, Name: u.Name, Size: size, Sender: u.Sender, Authority: u.Authority, Area: u.Area,
		Account: scope.Account(), State: Reading, ReceivedAt: now, ChangedAt: now,
	}
	mem, err := s.recall(ctx, b.memory())
	if err != nil {
		return Batch{}, err
	}
	if b.Plan, err = s.draft(ctx, b, u.Period, mem); err != nil {
		return Batch{}, err
	}
	former, err := s.formerBatch(ctx, &b)
	if err != nil {
		return Batch{}, err
	}
	b.Plan = b.Plan.answeredAs(former.Plan)
	if err := s.insert(ctx, &b); err != nil {
		return Batch{}, fmt.Errorf("receive %q: %w", u.Name, err)
	}
	return b, nil
}

// forget removes a file that was refused, unless a batch that is kept has the same one.
func (s *Service) forget(ctx context.Context, sha string) error {
	var n int
	if err := s.db.Read().QueryRow(ctx, countFile, sha).Scan(&n); err != nil {
		return fmt.Errorf("look for batches of a file: %w", err)
	}
	if n > 0 {
		return nil
	}
	return s.deps.Blobs.Remove(sha)
}

func (s *Service) checkUpload(scope access.Scope, u *Upload) error {
	if !scope.Sees(access.Import, u.Area, 0) {
		return errs.Forbidden(fmt.Sprintf("import for area %q", u.Area))
	}
	u.Name = u.Name[strings.LastIndexAny(u.Name, `/\`)+1:] // some browsers send the path too
	u.Name, u.Sender = strings.TrimSpace(u.Name), strings.TrimSpace(u.Sender)
	for _, field := range []string{u.Name, u.Sender} {
		if field == "" || len(field) > maxField || !utf8.ValidString(field) || strings.ContainsFunc(field, unicode.IsControl) {
			return errs.Invalid(i18n.M("intake.name_and_sender", maxField))
		}
	}
	var codes []string
	for _, a := range s.deps.Library.Authorities() {
		if a.Code == u.Authority {
			return nil
		}
		codes = append(codes, a.Code)
	}
	return errs.Invalid(i18n.M("intake.no_authority", u.Authority, strings.Join(codes, ", ")))
}

// open opens the file of a batch.
func (s *Service) open(b Batch) (*sheet.Book, error) {
	if err := b.erasedFile(); err != nil {
		return nil, err
	}
	f, err := s.deps.Blobs.Get(b.SHA256)
	if err != nil {
		return nil, fmt.Errorf("open file of batch %d: %w", b.ID, err)
	}
	defer f.Close()
	return sheet.Open(f.Name(), b.Name, s.deps.Limits)
}

// draft makes the first plan of a file.
func (s *Service) draft(ctx context.Context, b Batch, p period.Period, mem memory) (Plan, error) {
	book, err := s.open(b)
	if err != nil {
		return Plan{}, err
	}
	defer book.Close()
	if n := len(book.Sheets()); n > maxSheets {
		return Plan{}, errs.Invalid(i18n.M("intake.too_many_sheets", n, maxSheets))
	}
	var (
		plan   Plan
		tables int
		why    error // the first sheet has no table
	)
	for i, info := range book.Sheets() {
		notes, err := isNotes(ctx, book, i)
		if err != nil {
			return Plan{}, err
		}
		if notes {
			plan.Sheets = append(plan.Sheets, SheetPlan{Index: i, Name: info.Name, Skip: true})
			continue
		}
		layout, err := sheet.Detect(ctx, book, i, s.vocabulary)
		if errs.KindOf(err) == errs.KindInvalid && len(book.Sheets()) > 1 {
			why = cmp.Or(why, err)
			plan.Sheets = append(plan.Sheets, SheetPlan{Index: i, Name: info.Name, Hidden: info.Hidden, Skip: true})
			continue
		}
		if err != nil {
			return Plan{}, err
		}
		tables++
		draft := draftSheet(s.deps.Library, info, layout, mem)
		if err := draft.sample(ctx, book, &layout); err != nil {
			return Plan{}, err
		}
		if draft.Period.Kind() == period.Always {
			draft.Period = p
		}
		if !draft.takes(roleArea) {
			draft.Area = s.areaIn(b.Area, info.Name, draft.Title, b.Name)
		}
		plan.Sheets = append(plan.Sheets, draft)
	}
	if tables == 0 {
		return Plan{}, why
	}
	return plan, nil
}

// Replan takes the sender's changes to the plan, remembers them for the sender, and starts the preview anew.
func (s *Service) Replan(ctx context.Context, scope access.Scope, id int64, p Plan) (Batch, error) {
	b, err := s.Batch(ctx, scope, id)
	if err != nil {
		return Batch{}, err
	}
	if err := b.erasedFile(); err != nil {
		return Batch{}, err
	}
	if p, err = p.over(s.deps.Library, b.Plan); err != nil {
		return Batch{}, err
	}
	from := b.State
	if from != Ready && from != Failed {
		return Batch{}, errs.Conflict(i18n.M("intake.moved"))
	}
	was := b.Plan
	if err := s.recallMends(ctx, b.memory(), was, p); err != nil {
		return Batch{}, err
	}
	b.Plan, b.State, b.Failure = p, Reading, i18n.Msg{}
	if err := s.move(ctx, &b, from); err != nil {
		return Batch{}, err
	}
	if err := s.remember(ctx, b.memory(), was, p); err != nil {
		s.deps.Report(err) // the plan holds all the same
	}
	s.start(scope, b, PhaseRead, s.preview)
	return b, nil
}

// Commit makes a batch known, in the background. It refuses (Conflict) while something must be answered first, and when
// nothing would be added.
func (s *Service) Commit(ctx context.Context, scope access.Scope, id int64) (Batch, error) {
	b, err := s.Batch(ctx, scope, id)
	if err != nil {
		return Batch{}, err
	}
	switch {
	case b.State != Ready:
		return Batch{}, errs.Conflict(i18n.M("intake.moved"))
	case b.Preview.Stops():
		return Batch{}, errs.Conflict(i18n.M("intake.stops"))
	case b.Preview.Digest == "":
		return Batch{}, errs.Conflict(i18n.M("intake.nothing"))
	case b.Preview.Twin == "" && !b.Preview.Adds():
		return Batch{}, errs.Conflict(i18n.M("intake.nothing_changed"))
	}
	b.State, b.Failure = Committing, i18n.Msg{}
	if err := s.move(ctx, &b, Ready); err != nil {
		return Batch{}, err
	}
	s.start(scope, b, PhaseStage, s.commit)
	return b, nil
}

// Undo takes back all that a committed batch made known, in one step. The file and its plan stay: committing again adds
// it again.
func (s *Service) Undo(ctx context.Context, scope access.Scope, id int64, reason string) (Batch, error) {
	b, err := s.Batch(ctx, scope, id)
	if err != nil {
		return Batch{}, err
	}
	if b.State != Committed {
		return Batch{}, errs.Conflict(i18n.M("intake.moved"))
	}
	// A crash between the two steps below leaves a source that is taken back and a batch that does not know it yet.
	src, err := s.deps.Sources.Get(ctx, scope, b.Source)
	if err != nil {
		return Batch{}, err
	}
	if src.Retraction == nil {
		check := func(ctx context.Context, tx *store.Tx) error { return leanedOn(ctx, tx, b.ID) }
		if _, err := s.deps.Sources.Retract(ctx, scope, b.Source, reason, check); err != nil {
			return Batch{}, err
		}
	}
	ctx = context.WithoutCancel(ctx)
	b.State = Undone
	if err := s.move(ctx, &b, Committed); err != nil {
		return Batch{}, err
	}
	return b, s.deps.Frames.Refresh(ctx)
}

// Again reads an undone batch anew, so that it can be committed once more.
func (s *Service) Again(ctx context.Context, scope access.Scope, id int64) (Batch, error) {
	b, err := s.Batch(ctx, scope, id)
	if err != nil {
		return Batch{}, err
	}
	if err := b.erasedFile(); err != nil {
		return Batch{}, err
	}
	if b.State != Undone && b.State != Ready && b.State != Failed {
		return Batch{}, errs.Conflict(i18n.M("intake.moved"))
	}
	from := b.State
	b.State, b.Source, b.Failure = Reading, 0, i18n.Msg{}
	if err := s.move(ctx, &b, from); err != nil {
		return Batch{}, err
	}
	s.start(scope, b, PhaseRead, s.preview)
	return b, nil
}

// Progress is how far the work on a batch has come; ok is false when none is under way in this process.
func (s *Service) Progress(id int64) (Progress, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok := s.running[id]
	if !ok {
		return Progress{}, false
	}
	return j.Progress, true
}

// Cancel stops the work under way on a batch that the scope may work on; what was staged is discarded. Once publishing
// has begun it is too late: the batch will be committed, and can be undone.
func (s *Service) Cancel(ctx context.Context, scope access.Scope, id int64) error {
	if _, err := s.Batch(ctx, scope, id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if j, ok := s.running[id]; ok {
		j.cancel()
	}
	return nil
}

// Wait is the batch once no work is under way on it.
func (s *Service) Wait(ctx context.Context, scope access.Scope, id int64) (Batch, error) {
	s.mu.Lock()
	j, ok := s.running[id]
	s.mu.Unlock()
	if ok {
		select {
		case <-j.done:
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		}
	}
	return s.Batch(ctx, scope, id)
}

// start runs a step on a batch in the background and writes how it ended.
func (s *Service) start(scope access.Scope, b Batch, phase Phase, step func(context.Context, access.Scope, *Batch, *job) error) {
	ctx, cancel := context.WithCancel(s.ctx)
	j := &job{Progress: Progress{Phase: phase, Total: b.Preview.Rows, Started: s.now.Millis()}, cancel: cancel, done: make(chan struct{})}
	work := func() {
		defer close(j.done)
		defer cancel()
		from := b.State
		s.finish(&b, from, s.take(ctx, func() error { return step(ctx, scope, &b, j) }))
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.running[b.ID] == j { // how it ended is written, so the next step may have begun
			delete(s.running, b.ID)
		}
	}
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.running[b.ID] = j
		s.work.Go(work)
	}
	s.mu.Unlock()
	if closed {
		work() // the context is done: only the batch is written back
	}
}

// take runs a step in its turn. A panic, which only a file that nobody thought of can cause, fails the batch and not the
// process.
func (s *Service) take(ctx context.Context, step func() error) (err error) {
	release, err := turn(ctx, s.reading)
	if err != nil {
		return err
	}
	defer release()
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	if err = step(); err != nil && ctx.Err() != nil { // a driver may tell of a connection that it closed, not why
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

// turn waits for a token and gives the way to return it.
func turn(ctx context.Context, tokens chan struct{}) (release func(), err error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case tokens <- struct{}{}:
		if err := ctx.Err(); err != nil { // both were ready: the token goes back
			<-tokens
			return nil, err
		}
		return func() { <-tokens }, nil
	}
}

// finish writes how a step ended. A file that cannot be read fails the batch; a commit that fails leaves it ready. A
// commit that succeeded has been written with what it made known.
func (s *Service) finish(b *Batch, from State, err error) {
	if err == nil && from == Committing {
		return
	}
	if err != nil {
		msg, forUser := errs.Message(err)
		switch {
		case errors.Is(err, context.Canceled):
			msg = i18n.M("intake.cancelled")
		case !forUser:
			msg = i18n.M("intake.internal")
			s.deps.Report(fmt.Errorf("batch %d (%s): %w", b.ID, from, err))
		}
		b.Failure, b.Source = msg, 0
		b.State = map[State]State{Reading: Failed, Committing: Ready}[from]
	}
	// Even when the service is closing, how it ended must be written.
	if err := s.move(context.WithoutCancel(s.ctx), b, from); err != nil {
		s.deps.Report(err)
	}
}

// walk prepares a reading of the batch's file as it stands to what is known now.
func (s *Service) walk(ctx context.Context, scope access.Scope, b *Batch, j *job) (*reading, fact.View, error) {
	if err := s.deps.Frames.Refresh(ctx); err != nil {
		return nil, fact.View{}, err
	}
	view, err := s.deps.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, fact.View{}, err
	}
	book, err := s.open(*b)
	if err != nil {
		return nil, fact.View{}, err
	}
	r := &reading{
		lib: s.deps.Library, book: book, plan: b.Plan, area: b.Area, scope: scope, found: &findings{},
		firms: &firms{registry: view.Registry(), fresh: map[string][]freshFirm{}},
		progress: func(rows, share int) {
			s.mu.Lock()
			j.Done, j.Share = rows, share
			s.mu.Unlock()
		},
	}
	if err := r.open(ctx, s.vocabulary); err != nil {
		return nil, fact.View{}, errors.Join(err, book.Close())
	}
	return r, view, nil
}

// preview reads the file and compares it with what is known.
func (s *Service) preview(ctx context.Context, scope access.Scope, b *Batch, j *job) error {
	p, err := s.compare(ctx, scope, b, j, nil)
	if err != nil {
		return err
	}
	b.Preview, b.State = *p, Ready
	return nil
}

// compare is the preview of a batch. each, when there is one, hears of everything that is found.
func (s *Service) compare(ctx context.Context, scope access.Scope, b *Batch, j *job, each func(finding)) (*Preview, error) {
	r, view, err := s.walk(ctx, scope, b, j)
	if err != nil {
		return nil, err
	}
	defer r.book.Close()
	r.found.each = each
	p := &Preview{
		Seq: view.Seq(), Counts: map[Class]int{}, Subjects: map[string]int{}, NewSubjects: map[string]int{}, Notes: r.book.Notes(),
	}
	d := &differ{
		r: r, view: view, registry: view.Registry(), authority: b.Authority, p: p, met: map[uint64]bool{},
		columns: map[cellKey]fact.Column{}, jumps: map[*column]*jump{}, peers: map[string]int64{},
	}
	if d.former, err = s.former(ctx, b, view, r); err != nil {
		return nil, err
	}
	r.tellPlan()
	err = r.each(ctx, func(e *entry) error {
		d.take(e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.finish()
	if b.Base = 0; p.Kept > 0 {
		b.Base = d.former.batch
	}
	if p.Degraded = r.degraded; p.Degraded {
		p.Notes = append(slices.Clone(p.Notes), i18n.M("intake.degraded"))
	}
	p.Totals, p.Others, p.Leave, p.Problems = r.totals, r.others, r.leave, r.found.sorted()
	if p.Digest != "" {
		twin, ok, err := s.deps.Sources.ByDigest(ctx, b.Authority, p.Digest)
		if err != nil {
			return nil, err
		}
		if ok {
			p.Twin = twin.Name
		}
	}
	return p, nil
}

// commit stages the file under a source and publishes it, one file at a time: which firm a row means depends on the files
// before it.
func (s *Service) commit(ctx context.Context, scope access.Scope, b *Batch, j *job) error {
	release, err := turn(ctx, s.staging)
	if err != nil {
		return err
	}
	defer release()
	if err := s.stillTrue(ctx, scope, b, j); err != nil {
		return err
	}
	// Whoever cancels in the middle of this must not leave a source behind of which nobody learnt the number.
	id, err := s.deps.Sources.Begin(context.WithoutCancel(ctx), scope, source.Source{
		Kind: source.Import, Authority: b.Authority, Name: b.Name, SHA256: b.SHA256, Digest: b.Preview.Digest,
		Area: b.Area, Note: b.Sender, Degraded: b.Preview.Degraded,
	})
	if err != nil {
		return err
	}
	published := false
	defer func() {
		if published {
			return
		}
		if err := s.deps.Sources.Discard(context.WithoutCancel(ctx), id); err != nil {
			s.deps.Report(fmt.Errorf("batch %d: %w", b.ID, err)) // it stays invisible, and is swept at the next start
		}
	}()
	if err := s.stage(ctx, scope, b, j, id); err != nil {
		return err
	}
	s.mu.Lock()
	j.Phase = PhasePublish
	s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	// From here it is carried through: a caller that went away during the commit could not know how it ended.
	ctx = context.WithoutCancel(ctx)
	done := *b
	done.Source, done.State, done.Failure = id, Committed, i18n.Msg{}
	_, err = s.deps.Sources.Publish(ctx, id, func(ctx context.Context, tx *store.Tx, _ int64) error {
		if err := stillIn(ctx, tx, done.Base); err != nil {
			return err
		}
		return s.moveIn(ctx, tx, &done, Committing)
	})
	if err != nil {
		return err
	}
	published = true
	*b = done
	// It is known now. A frame that cannot follow follows with the next commit.
	if err := s.deps.Frames.Refresh(ctx); err != nil {
		s.deps.Report(err)
	}
	return nil
}

// stillTrue makes sure that the preview which the sender has seen still tells what the commit will do. Where something
// became known since, it is made anew; what it would overwrite or leave out beyond what was shown, the sender must see
// first.
func (s *Service) stillTrue(ctx context.Context, scope access.Scope, b *Batch, j *job) error {
	if err := s.deps.Frames.Refresh(ctx); err != nil {
		return err
	}
	view, err := s.deps.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil || view.Seq() == b.Preview.Seq {
		return err
	}
	shown := b.Preview
	if err := s.preview(ctx, scope, b, j); err != nil {
		return err
	}
	b.State = Committing
	now := b.Preview
	more := func(c Class) bool { return now.Counts[c] > shown.Counts[c] }
	if now.Stops() || now.Digest != shown.Digest || more(Changed) || more(Conflicting) || now.LeftOut() > shown.LeftOut() {
		return errs.Conflict(i18n.M("intake.known_moved"))
	}
	return nil
}

// stage appends what the file states under a pending source.
func (s *Service) stage(ctx context.Context, scope access.Scope, b *Batch, j *job, id int64) error {
	r, view, err := s.walk(ctx, scope, b, j)
	if err != nil {
		return err
	}
	defer r.book.Close()
	st := &stager{
		db: s.db, parties: s.deps.Parties, facts: s.deps.Facts, registry: view.Registry(), source: id,
		today: s.now.Today(), seed: maphash.MakeSeed(), stated: map[saying]bool{},
	}
	before := &former{}
	if b.Base != 0 {
		if before, err = s.former(ctx, b, view, r); err != nil {
			return err
		}
		if before.batch != b.Base {
			return errs.Conflict(i18n.M("intake.known_moved"))
		}
	}
	return st.stage(ctx, func(ctx context.Context, fn func(*entry) error) error {
		return r.each(ctx, func(e *entry) error {
			before.strip(e)
			return fn(e)
		})
	})
}
