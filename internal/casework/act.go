package casework

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Limits of what is written with an act.
const (
	maxReason = 2_000   // characters
	maxTitle  = 200     // characters
	maxEntry  = 1 << 20 // bytes
	maxKey    = 128     // bytes
	maxDepth  = 3       // acts that cause acts
)

// session is one transaction, and all acts in it.
type session struct {
	*Store
	tx      *store.Tx
	now     int64
	today   period.Day
	view    fact.View // what was known when it began; the guards read it
	account int64
	depth   int
	said    map[speaker]source.Source
	opened  int64 // the first event of the case that it opened last
}

// speaker is who states facts about what lies where: one source each.
type speaker struct{ authority, area string }

// run does something to cases in one transaction, and has the facts that it stated taken in.
func (s *Store) run(ctx context.Context, scope access.Scope, do func(ctx context.Context, in *session) error) error {
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return err
	}
	stated := false
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := s.Clock.Millis()
		in := &session{Store: s, tx: tx, now: now, today: clock.DayOf(now), view: view, account: scope.Account(), said: map[speaker]source.Source{}}
		err := do(ctx, in)
		stated = len(in.said) > 0
		return err
	})
	if err != nil || !stated {
		return err
	}
	return s.Frames.Refresh(ctx)
}

// Act takes an action in a case and gives the event. It fails with NotFound where the scope may not see the case, with
// Forbidden where it may not take the action, with Conflict where the case has moved on (the message tells what happened),
// and with Invalid where a reason, an answer or what the guard asks for is missing; an effect that refuses says why. Of a
// failed act nothing is kept.
func (s *Store) Act(ctx context.Context, scope access.Scope, a Act) (Event, error) {
	if len(a.Entry) > maxEntry || len(a.Key) > maxKey {
		return Event{}, errs.Invalid(i18n.M("casework.too_much", maxEntry>>10))
	}
	var e Event
	err := s.run(ctx, scope, func(ctx context.Context, in *session) error {
		return in.once(ctx, a.Key, a, &e, func() (err error) {
			e, err = in.act(ctx, scope, a, 0)
			return err
		})
	})
	if err != nil {
		return Event{}, fmt.Errorf("act %s on case %d: %w", a.Action, a.Case, err)
	}
	return e, nil
}

const (
	keyed     = `SELECT body, event_id FROM case_key WHERE actor = $1 AND name = $2`
	insertKey = `INSERT INTO case_key (actor, name, body, event_id) VALUES ($1, $2, $3, $4)`
)

// once does something that has a key, or gives the event that it came to when the same account sent the key before. One
// that is sent twice at once waits, and is told what became of the first.
func (in *session) once(ctx context.Context, key string, asked any, e *Event, do func() error) error {
	if key == "" {
		return do()
	}
	b, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	if err := in.tx.Lock(ctx, fmt.Sprintf("case key %d %s", in.account, key)); err != nil {
		return err
	}
	var body string
	var id int64
	err = in.tx.QueryRow(ctx, keyed, in.account, key).Scan(&body, &id)
	switch {
	case err == nil && body != hashOf(b):
		return errs.Conflict(i18n.M("casework.key_taken"))
	case err == nil:
		*e, err = in.event(ctx, id)
		return err
	case !errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("look for key: %w", err)
	}
	if err := do(); err != nil {
		return err
	}
	if _, err := in.tx.Exec(ctx, insertKey, in.account, key, hashOf(b), e.ID); err != nil {
		return fmt.Errorf("keep key: %w", err)
	}
	return nil
}

const caseOfEvent = `SELECT case_id FROM case_event WHERE id = $1`

func (in *session) event(ctx context.Context, id int64) (Event, error) {
	var of int64
	if err := in.tx.QueryRow(ctx, caseOfEvent, id).Scan(&of); err != nil {
		return Event{}, fmt.Errorf("read event %d: %w", id, err)
	}
	_, w, err := in.load(ctx, in.tx, of)
	if err != nil {
		return Event{}, err
	}
	return w.scanEvent(in.tx.QueryRow(ctx, eventByID, id))
}

// hold locks a case until the transaction ends, and reads it.
func (in *session) hold(ctx context.Context, id int64) (Case, *Workflow, error) {
	n, err := in.tx.Exec(ctx, holdCase, id)
	if err != nil {
		return Case{}, nil, fmt.Errorf("hold case %d: %w", id, err)
	}
	if n == 0 {
		return Case{}, nil, errs.NotFound("case", id)
	}
	return in.load(ctx, in.tx, id)
}

// step is one act while it is made.
type step struct {
	*session
	scope  access.Scope
	c      Case // as it will be
	w      *Workflow
	a      *Action
	asked  Act
	e      Event
	tasks  []CaseTask // that are open
	task   *CaseTask  // that it answers
	reads  *reads
	filled Answers
}

func (in *session) act(ctx context.Context, scope access.Scope, asked Act, cause int64) (Event, error) {
	c, w, err := in.hold(ctx, asked.Case)
	if err != nil {
		return Event{}, err
	}
	obj, err := in.objectOf(ctx, in.tx, c)
	if err != nil {
		return Event{}, err
	}
	if !scope.SeesObject(access.ReadCase, obj) {
		return Event{}, errs.NotFound("case", asked.Case)
	}
	st := &step{session: in, scope: scope, c: c, w: w, asked: asked}
	if st.a = w.actions[asked.Action]; st.a == nil {
		return Event{}, errs.NotFound("action", asked.Action)
	}
	id, err := in.tx.NextIDs(ctx, 1)
	if err != nil {
		return Event{}, err
	}
	st.e = Event{
		ID: id, Case: c.ID, N: c.Events, Kind: Acted, Action: st.a.ID, Actor: in.account, Cause: cause, At: in.now,
		From: c.State, To: cmp.Or(st.a.To, c.State), Reason: strings.TrimSpace(asked.Reason), Data: Data{}, Known: in.view.Seq(), Passes: st.a.Passes,
	}
	if scope.All() {
		st.e.Actor = 0
	}
	for _, check := range []func(context.Context, access.Object) error{st.where, st.who, st.mayAnswer, st.inTime, st.gate, st.said, st.fill, st.guard, st.settle} {
		if err := check(ctx, obj); err != nil {
			return Event{}, err
		}
	}
	return st.e, st.write(ctx)
}

// where asks whether the action starts where the case is.
func (st *step) where(ctx context.Context, _ access.Object) (err error) {
	if st.tasks, err = readTasks(ctx, st.tx, openTasksOf, st.c.ID); err != nil {
		return err
	}
	stale := st.asked.Seen > 0 && st.c.Moved > st.asked.Seen
	if !slices.Contains(st.a.From, st.c.State) || stale {
		return st.movedOn(ctx)
	}
	return nil
}

const eventByN = `SELECT ` + eventColumns + ` FROM case_event e WHERE e.case_id = $1 AND e.n = $2`

// movedOn tells what brought the case to where it is.
func (st *step) movedOn(ctx context.Context) error {
	last, err := st.w.scanEvent(st.tx.QueryRow(ctx, eventByN, st.c.ID, st.c.Moved))
	if err != nil {
		return fmt.Errorf("read the event that moved case %d: %w", st.c.ID, err)
	}
	return errs.Conflict(i18n.M("casework.moved_on", whoMsg(last.Who), st.w.told(last), clock.Minute(last.At), st.w.states[st.c.State].Name))
}

// told is what an event is called.
func (w *Workflow) told(e Event) any {
	if a, ok := w.actions[e.Action]; ok {
		return a.Name
	}
	return i18n.M("casework.event." + string(e.Kind))
}

// whoMsg is who acts in a case, in words.
func whoMsg(who string) i18n.Msg {
	if who == Applicant || who == System {
		return i18n.M("casework.who." + who)
	}
	return i18n.M("access.role." + who)
}

// who asks whether the account may take the action in one of its roles, and has not done what others must do.
func (st *step) who(ctx context.Context, obj access.Object) error {
	for _, word := range st.a.Who {
		if st.actsAs(word, obj) && (st.e.Who == "" || st.answerable(word) && !st.answerable(st.e.Who)) {
			st.e.Who = word
		}
	}
	if st.e.Who == "" {
		return &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("casework.not_yours", st.a.Name, st.whoMay())}
	}
	if st.e.Actor == 0 {
		return nil
	}
	other, err := st.a.apart(ctx, st.tx, st.c.ID, st.e.Actor)
	if err != nil || other == "" {
		return err
	}
	return &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("casework.apart", st.a.Name, st.w.actions[other].Name)}
}

const actedBefore = `SELECT action, actor FROM case_event WHERE case_id = $1 AND action <> '' ORDER BY n`

// apart is the action for which an account may not take this one in a case, because somebody else must: it has taken it there, or has
// taken it last. "" for none.
func (a *Action) apart(ctx context.Context, q store.Querier, id, actor int64) (string, error) {
	if len(a.Apart)+len(a.Last) == 0 {
		return "", nil
	}
	type deed struct {
		action string
		actor  int64
	}
	done, err := store.List(ctx, q, func(r *store.Rows) (d deed, err error) { return d, r.Scan(&d.action, &d.actor) }, actedBefore, id)
	if err != nil {
		return "", err
	}
	last := map[string]int64{}
	for _, d := range done {
		if d.actor == actor && slices.Contains(a.Apart, d.action) {
			return d.action, nil
		}
		last[d.action] = d.actor
	}
	i := slices.IndexFunc(a.Last, func(of string) bool { return last[of] == actor })
	if i < 0 {
		return "", nil
	}
	return a.Last[i], nil
}

func (st *step) actsAs(word string, obj access.Object) bool { return actsAs(st.scope, word, obj) }

// actsAs says whether a scope may act on an object as a word of a workflow says. Whoever belongs to the enterprise that a case
// is about is no office in it, whatever else the account may be.
func actsAs(scope access.Scope, word string, obj access.Object) bool {
	switch {
	case word == System:
		return scope.All()
	case word != Applicant && slices.Contains(scope.Owns(), obj.Owner):
		return false
	}
	return slices.ContainsFunc(rolesOf(word), func(r access.Role) bool { return scope.As(r).SeesObject(deeds[r], obj) })
}

// whoMay is who the action is for, in words.
func (st *step) whoMay() i18n.Msg {
	var all i18n.Msg
	for i, word := range st.a.Who {
		if i == 0 {
			all = whoMsg(word)
			continue
		}
		all = i18n.M("casework.or", all, whoMsg(word))
	}
	return all
}

// answerable says that an open parallel task is for the account as the word says.
func (st *step) answerable(word string) bool {
	return slices.ContainsFunc(st.tasks, func(t CaseTask) bool { return st.theirs(t, word) })
}

func (st *step) theirs(t CaseTask, word string) bool {
	return t.Kind == Work && t.Role == word && (t.Account == 0 || t.Account == st.e.Actor) && (st.asked.Task == 0 || st.asked.Task == t.ID)
}

// mayAnswer finds the task that the act answers.
func (st *step) mayAnswer(ctx context.Context, _ access.Object) error {
	i := slices.IndexFunc(st.tasks, func(t CaseTask) bool { return st.theirs(t, st.e.Who) })
	switch {
	case i >= 0:
		st.task = &st.tasks[i]
		if st.a.Quorum != nil {
			st.e.Slot = st.task.Slot
		}
		return nil
	case st.asked.Task == 0 && st.a.Quorum == nil:
		return nil
	}
	return st.answeredBefore(ctx)
}

// answeredBefore tells what became of the task that somebody wants to answer.
func (st *step) answeredBefore(ctx context.Context) error {
	all, err := readTasks(ctx, st.tx, tasksOf, st.c.ID)
	if err != nil {
		return err
	}
	for _, t := range slices.Backward(all) {
		if t.Open() || !st.theirs(t, st.e.Who) || t.OpenedN < st.c.Moved {
			continue
		}
		last, err := st.w.scanEvent(st.tx.QueryRow(ctx, eventByN, st.c.ID, t.ClosedN))
		if err != nil {
			return fmt.Errorf("read the event that closed task %d: %w", t.ID, err)
		}
		return errs.Conflict(i18n.M("casework.answered", whoMsg(last.Who), st.w.told(last), clock.Minute(last.At)))
	}
	return &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("casework.no_task", st.a.Name)}
}

// opensOn is the first day on which an action may be taken in a case that stands where it starts: the one after the last day of the
// state's clock where the action is for what is late, else 0. A year whose days off are not ordained yet counts by its weekends, as where
// the clock rings.
func (s *Store) opensOn(w *Workflow, a *Action, c Case) period.Day {
	clocked := w.states[c.State].Clock
	if !a.Late || clocked == nil {
		return 0
	}
	since := clock.DayOf(c.Since)
	if from, ok := c.Data[clocked.From]; ok {
		since = from.Day()
	}
	last, _ := s.Library.Calendar().AddWorkdays(since, clocked.Days)
	return last + 1
}

// inTime asks whether the days of an action have come, and have not passed.
func (st *step) inTime(context.Context, access.Object) error {
	if from := st.opensOn(st.w, st.a, st.c); st.today < from {
		return errs.Conflict(i18n.M("casework.too_early", st.a.Name, from.String()))
	}
	if st.a.Within == 0 {
		return nil
	}
	last, _ := st.Library.Calendar().AddWorkdays(clock.DayOf(st.c.Since), st.a.Within)
	if st.today > last {
		return errs.Conflict(i18n.M("casework.too_late", st.a.Name, st.a.Within, last.String()))
	}
	return nil
}

const gatePassed = `SELECT COUNT(*) FROM case_event WHERE case_id = $1 AND passes = $2`

// gate asks whether the batch of the case has passed the gate before it.
func (st *step) gate(ctx context.Context, _ access.Object) error {
	if st.a.Gate == "" {
		return nil
	}
	if st.c.Batch == 0 {
		return errs.Conflict(i18n.M("casework.no_batch_yet", st.a.Name))
	}
	var n int
	if err := st.tx.QueryRow(ctx, gatePassed, st.c.Batch, st.a.Gate).Scan(&n); err != nil {
		return fmt.Errorf("look at the gates of case %d: %w", st.c.Batch, err)
	}
	if n == 0 {
		return errs.Conflict(i18n.M("casework.gate_closed", st.a.Name))
	}
	return nil
}

func (st *step) said(context.Context, access.Object) error {
	n := utf8.RuneCountInString(st.e.Reason)
	switch {
	case st.a.Reason == "required" && n == 0:
		return errs.Invalid(i18n.M("casework.need_reason", st.a.Name))
	case st.a.Reason == "" && n > 0 && st.e.Who != System:
		return errs.Invalid(i18n.M("casework.takes_no_reason", st.a.Name))
	case n > maxReason || !utf8.ValidString(st.e.Reason):
		return errs.Invalid(i18n.M("casework.long_reason", maxReason))
	case st.a.Form == "" && len(st.asked.Entry) > 0:
		return errs.Invalid(i18n.M("casework.takes_no_form", st.a.Name))
	}
	return nil
}

// evidence is the files that the case stands on: what a partner added that it was taken from is not among them.
func (st *step) evidence(ctx context.Context) ([]Evidence, error) {
	all, err := evidenceOf(ctx, st.tx, st.c.ID)
	return slices.DeleteFunc(all, func(f Evidence) bool { return f.ofAnother(st.c) }), err
}

// fill checks the answers of the action's form.
func (st *step) fill(ctx context.Context, _ access.Object) error {
	subject, id := st.subject()
	st.reads = watch(subject)
	if st.a.Form == "" {
		return nil
	}
	files, err := st.evidence(ctx)
	if err != nil {
		return err
	}
	if st.e.Who == Applicant {
		files = slices.DeleteFunc(files, func(f Evidence) bool { return !f.Open() })
	}
	st.filled, err = st.Forms.Check(ctx, st.w.forms[st.a.Form], Asked{
		Entry: st.asked.Entry, Case: st.c.ID, Subject: st.reads.subject(), ID: id, Day: st.today, Year: st.c.Year(st.today), Files: files,
	})
	if err != nil {
		return err
	}
	st.e.Answers = st.filled.Kept
	return nil
}

// context is what the expressions of the action are evaluated for.
func (st *step) context() *rule.Context {
	day := st.today
	return &rule.Context{Subject: st.reads.subject(), Year: st.c.Year(st.today), Event: &day, On: day, Given: func(id string) rule.Answer {
		if key, ok := strings.CutPrefix(id, "case."); ok {
			return st.c.remembers(key)
		}
		if st.filled.Given != nil {
			return st.filled.Given(id)
		}
		return rule.Answer{State: rule.Unknown}
	}}
}

func (st *step) guard(context.Context, access.Object) error {
	if st.a.guard == nil {
		return nil
	}
	c := st.context()
	out := st.a.guard.Eval(c)
	if out.True() {
		return nil
	}
	if out.State == rule.Failed {
		return st.a.guard.Failure(out.Err)
	}
	var why any = st.a.guard.Explain(c)
	if st.a.Say != (i18n.Text{}) {
		why = st.a.Say
	}
	if len(out.Missing) > 0 {
		return errs.Invalid(i18n.M("casework.guard_missing", st.a.Name, why, st.missing(out.Missing)))
	}
	return errs.Invalid(i18n.M("casework.guard", st.a.Name, why))
}

// missing is facts that are not known, by name.
func (st *step) missing(refs []rule.FactRef) i18n.Msg {
	var all i18n.Msg
	seen := map[string]bool{}
	for _, ref := range refs {
		def, ok := rule.FactDef(st.Library, ref.Def)
		if !ok || seen[ref.Def] {
			continue
		}
		name := i18n.M("casework.name", def.Name)
		if seen[ref.Def] = true; len(seen) == 1 {
			all = name
			continue
		}
		all = i18n.M("casework.and", all, name)
	}
	return all
}

// settle works out what the case will remember, and where it goes.
func (st *step) settle(context.Context, access.Object) error {
	c := st.context()
	for _, key := range slices.Sorted(maps.Keys(st.a.set)) {
		out := st.a.set[key].Eval(c)
		switch out.State {
		case rule.Failed:
			return st.a.set[key].Failure(out.Err)
		case rule.Present:
			st.e.Data[key] = out.Value
		default:
			return errs.Invalid(i18n.M("casework.cannot_set", st.a.Name, st.w.datum(key).Name))
		}
	}
	if st.a.Quorum == nil {
		return nil
	}
	return st.count()
}

func (w *Workflow) datum(id string) Datum {
	i := slices.IndexFunc(w.Data, func(d Datum) bool { return d.ID == id })
	return w.Data[i]
}

const answersOf = `SELECT outcome, closed_n FROM case_task WHERE case_id = $1 AND kind = 'work' AND opened_n = $2`

// count sees whether the answer moves the case. It is the last of the checks that may query.
func (st *step) count() error {
	type answer struct {
		outcome string
		n       int64
	}
	all, err := store.List(context.Background(), st.tx, func(r *store.Rows) (a answer, err error) { return a, r.Scan(&a.outcome, &a.n) }, answersOf, st.c.ID, st.c.Moved)
	if err != nil {
		return err
	}
	same, open := 1, -1
	asked := 0
	for _, a := range all {
		if a.n == 0 || a.outcome != "" { // else it was taken from its account
			asked++
		}
		if a.outcome == st.a.ID {
			same++
		}
		if a.n == 0 {
			open++
		}
	}
	need := int(st.a.Quorum.Need)
	if need == 0 {
		need = asked
	}
	switch {
	case same >= need:
	case open > 0 || st.w.states[st.c.State].Undecided == "": // too few are left: others must be asked
		st.e.Kind, st.e.To = Voted, st.c.State
	default:
		st.e.Kind, st.e.To = Decided, st.w.states[st.c.State].Undecided
	}
	return nil
}
