package casework

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/audit"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// reads notes which facts are read of a subject and of what lies around it.
type reads struct {
	root rule.Subject
	list []reading
	seen map[reading]bool
}

// reading is a fact that was read.
type reading struct {
	subject string
	def     string
	period  period.Period
}

func watch(s rule.Subject) *reads { return &reads{root: s, seen: map[reading]bool{}} }

// subject is what to read from; nil where nothing is known.
func (r *reads) subject() rule.Subject { return r.wrap(r.root) }

func (r *reads) wrap(s rule.Subject) rule.Subject {
	if s == nil {
		return nil
	}
	return watched{s, r}
}

// watched is a subject that is read under watch.
type watched struct {
	rule.Subject
	r *reads
}

func (s watched) Fact(def content.FactDef, p period.Period, on period.Day) (rule.Value, rule.State) {
	s.r.note(rule.FactRef{Subject: rule.SubjectRef{ID: s.ID()}, Def: def.Code, Period: p})
	return s.Subject.Fact(def, p, on)
}

// note adds a fact that was read elsewhere.
func (r *reads) note(of rule.FactRef) {
	if key := (reading{of.Subject.ID, of.Def, of.Period}); !r.seen[key] {
		r.seen[key] = true
		r.list = append(r.list, key)
	}
}

func (s watched) Parent() rule.Subject { return s.r.wrap(s.Subject.Parent()) }

func (s watched) Children(kind string) []rule.Subject {
	below := s.Subject.Children(kind)
	all := make([]rule.Subject, len(below))
	for i, c := range below {
		all[i] = s.r.wrap(c)
	}
	return all
}

// Frozen is a fact as an approval has read it.
type Frozen struct {
	Event   int64
	Subject int64
	Def     string
	Period  period.Period
	State   fact.State
	Value   fact.Value
	Source  int64 // who said it, 0 for nobody
}

const (
	insertFrozen     = `INSERT INTO case_frozen_fact (event_id, n, case_id, subject, def, period, state, num, text, source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	insertFrozenFile = `INSERT INTO case_frozen_file (event_id, file_id, sha256) VALUES ($1, $2, $3)`
)

// freeze keeps what the act stands on, where the action says so.
func (st *step) freeze(ctx context.Context) error {
	if !st.a.Freeze || st.e.Kind == Voted {
		return nil
	}
	audit.NoteParts(st.tx, loggedEvent, []audit.Rows{audit.Read("facts"), audit.Read("files")}, st.e.ID)
	for n, r := range st.reads.list {
		if r.subject == "" {
			continue // of a subject that is yet to be made
		}
		subject, err := strconv.ParseInt(r.subject, 10, 64)
		if err != nil {
			return fmt.Errorf("freeze %s: %w", r.def, err)
		}
		cell := st.view.Value(subject, r.def, r.period)
		if def, ok := st.Library.FactDef(r.def); !ok {
			cell = st.membership(subject, r)
		} else if def.Code == "" {
			continue
		}
		_, err = st.tx.Exec(ctx, insertFrozen, st.e.ID, n+1, st.c.ID, subject, r.def, r.period.String(), int64(cell.State), cell.Value.Num, cell.Value.Text, cell.Source)
		if err != nil {
			return fmt.Errorf("freeze %s of case %d: %w", r.def, st.c.ID, err)
		}
	}
	files, err := st.evidence(ctx)
	if err != nil {
		return err
	}
	for _, f := range files {
		if _, err := st.tx.Exec(ctx, insertFrozenFile, st.e.ID, f.ID, f.SHA256); err != nil {
			return fmt.Errorf("freeze file %d of case %d: %w", f.ID, st.c.ID, err)
		}
	}
	return nil
}

// membership is the node that an enterprise belongs to, as a cell of text.
func (st *step) membership(subject int64, r reading) fact.Cell {
	trees := map[string]string{rule.AreaCode: party.TreeArea, rule.IndustryCode: party.TreeIndustry}
	node := st.view.NodeOn(subject, trees[r.def], st.today)
	if node == "" {
		return fact.Cell{}
	}
	return fact.Cell{State: fact.Present, Value: fact.Value{Text: node}}
}

const (
	// shakenBy is the cases that froze something of a source, and lastFroze as what the last event acted that did so in a case.
	shakenBy  = `SELECT DISTINCT case_id FROM case_frozen_fact WHERE source = $1 ORDER BY case_id`
	lastFroze = `SELECT e.who FROM case_event e WHERE e.id = (SELECT MAX(event_id) FROM case_frozen_fact WHERE case_id = $1 AND source = $2)`

	// restingOn is the cases of an enterprise that froze something about a subject, and gave what was asked for or may yet.
	restingOn = `SELECT DISTINCT c.id FROM case_head c JOIN case_frozen_fact f ON f.case_id = c.id
	WHERE c.enterprise = $1 AND f.subject = $2 AND c.ended NOT IN ('` + Refused + `', '` + Withdrawn + `') ORDER BY c.id`
	lastRested = `SELECT e.who FROM case_event e WHERE e.id = (SELECT MAX(event_id) FROM case_frozen_fact WHERE case_id = $1 AND subject = $2)`
)

// shake opens a task in every case that an approval of stands on a source that is being taken back. What was frozen stays.
func (s *Store) shake(ctx context.Context, tx *store.Tx, src source.Source) error {
	cases, err := store.List(ctx, tx, scanID, shakenBy, src.ID)
	if err != nil {
		return err
	}
	return s.unsettled(tx).askAgain(ctx, cases, lastFroze, src.ID, src.Name)
}

// Doubt has the cases of an enterprise looked at again in which an approval stands on something about a subject, by whom their workflow
// names or else by whoever approved, in a transaction in which that became known outside of any case. What was frozen stays.
func (s *Store) Doubt(ctx context.Context, tx *store.Tx, enterprise, subject int64, why string) error {
	return s.unsettled(tx).doubt(ctx, enterprise, subject, 0, why)
}

// unsettled is a session in which nobody acts: what stands in cases is put in doubt from outside.
func (s *Store) unsettled(tx *store.Tx) *session {
	now := s.Clock.Millis()
	return &session{Store: s, tx: tx, now: now, today: clock.DayOf(now), said: map[speaker]source.Source{}}
}

func scanID(r *store.Rows) (id int64, err error) { return id, r.Scan(&id) }

// doubt opens a task in every case of an enterprise that an approval of stands on something about a subject, besides the one
// in which that was found out.
func (in *session) doubt(ctx context.Context, enterprise, subject, found int64, why string) error {
	cases, err := store.List(ctx, in.tx, scanID, restingOn, enterprise, subject)
	if err != nil {
		return err
	}
	cases = slices.DeleteFunc(cases, func(id int64) bool { return id == found })
	return in.askAgain(ctx, cases, lastRested, subject, why)
}

// askAgain opens the task in cases. The query tells as what the last act that froze what a case stands on was done.
func (in *session) askAgain(ctx context.Context, cases []int64, last string, on int64, why string) error {
	for _, id := range cases {
		var froze string
		if err := in.tx.QueryRow(ctx, last, id, on).Scan(&froze); err != nil {
			return fmt.Errorf("find who froze evidence of case %d: %w", id, err)
		}
		err := in.aside(ctx, id, Event{Kind: Shaken, Who: System, Reason: clip(why, maxReason)}, func(ctx context.Context, st *step) error {
			return st.open(ctx, CaseTask{Kind: Look, Role: st.w.looksAgain(froze), SinceDay: in.today})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// looksAgain is whom a doubt goes to: the role that the workflow names, else the one that approved, and the county where no office did.
func (w *Workflow) looksAgain(froze string) string {
	switch {
	case w.Doubts != "":
		return w.Doubts
	case froze == System, froze == Applicant:
		return string(access.CountyOfficial)
	}
	return froze
}

// aside writes an event that moves nothing.
func (in *session) aside(ctx context.Context, id int64, e Event, do func(ctx context.Context, st *step) error) error {
	c, w, err := in.hold(ctx, id)
	if err != nil {
		return err
	}
	e.Case, e.N, e.At, e.From, e.To, e.Data = c.ID, c.Events, in.now, c.State, c.State, Data{}
	if e.ID, err = in.tx.NextIDs(ctx, 1); err != nil {
		return err
	}
	st := &step{session: in, c: c, w: w, e: e}
	if err := do(ctx, st); err != nil {
		return err
	}
	return putEvent(ctx, in.tx, st.e)
}

// Settle closes a task that the workflow has not opened: one that asks whether an approval still stands, or that a clock
// escalated. The reason stays on record. It fails like Act.
func (s *Store) Settle(ctx context.Context, scope access.Scope, task int64, reason string) error {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n == 0 || n > maxReason || !utf8.ValidString(reason) {
		return errs.Invalid(i18n.M("casework.settle_reason", maxReason))
	}
	err := s.run(ctx, scope, func(ctx context.Context, in *session) error {
		t, err := scanTask(in.tx.QueryRow(ctx, taskByID, task))
		if err != nil {
			return errs.NotFound("task", task)
		}
		return in.aside(ctx, t.Case, Event{Kind: Settled, Actor: in.account, Reason: reason}, func(ctx context.Context, st *step) error {
			obj, err := in.objectOf(ctx, in.tx, st.c)
			if err != nil {
				return err
			}
			switch {
			case !scope.SeesObject(access.ReadCase, obj):
				return errs.NotFound("task", task)
			case !t.settles(scope, obj):
				return &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("casework.not_settled", whoMsg(t.Role))}
			}
			st.e.Who = t.Role
			n, err := in.tx.Exec(ctx, closeTask, st.e.N, in.now, string(Settled), t.ID)
			if err == nil && n == 0 {
				return errs.Conflict(i18n.M("casework.settled_before"))
			}
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("settle task %d: %w", task, err)
	}
	return nil
}

// clip is the beginning of a text.
func clip(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes])
}
