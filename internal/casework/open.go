package casework

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// New opens a case under the workflow that is in use. It fails with NotFound for a workflow or a subject that does not
// exist, with Forbidden where the scope may not open one, and with Conflict where its batch does not take it.
func (s *Store) New(ctx context.Context, scope access.Scope, n NewCase) (Case, error) {
	return s.NewWith(ctx, scope, n, func(context.Context, *store.Tx, Case) error { return nil })
}

// NewWith opens a case, and does in the same transaction what belongs to it: the one is never there without the other. A
// repetition by a key does nothing again.
func (s *Store) NewWith(ctx context.Context, scope access.Scope, n NewCase, also func(ctx context.Context, tx *store.Tx, c Case) error) (Case, error) {
	if len(n.Key) > maxKey {
		return Case{}, errs.Invalid(i18n.M("casework.too_much", maxEntry>>10))
	}
	var c Case
	err := s.run(ctx, scope, func(ctx context.Context, in *session) error {
		var e Event
		err := in.once(ctx, n.Key, n, &e, func() (err error) {
			if n.Alone {
				if c, e, err = in.underWay(ctx, n); err != nil || c.ID != 0 {
					return err
				}
			}
			if c, err = in.newCase(ctx, scope, n, 0); err != nil {
				return err
			}
			e.ID = in.opened
			return also(ctx, in.tx, c)
		})
		if err == nil && c.ID != e.Case && e.Case != 0 {
			c, _, err = in.load(ctx, in.tx, e.Case)
		}
		return err
	})
	if err != nil {
		return Case{}, fmt.Errorf("open case of %s: %w", n.Workflow, err)
	}
	return c, nil
}

const openOf = `SELECT id FROM case_head WHERE subject = $1 AND workflow = $2 AND ended = '' ORDER BY id`

// running is the cases of a workflow about a subject that have not ended, the oldest first. Nobody else asks before the transaction ends.
func (in *session) running(ctx context.Context, workflow string, subject int64) ([]Case, error) {
	if err := in.tx.Lock(ctx, fmt.Sprintf("case alone %s %d", workflow, subject)); err != nil {
		return nil, err
	}
	ids, err := store.List(ctx, in.tx, scanID, openOf, subject, workflow)
	if err != nil {
		return nil, fmt.Errorf("look for a case of %s under way: %w", workflow, err)
	}
	all := make([]Case, len(ids))
	for i, id := range ids {
		if all[i], _, err = in.load(ctx, in.tx, id); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// underWay is the case of a workflow about a subject that has not ended, with its first event; none where there is none. Nobody else
// asks before the transaction ends.
func (in *session) underWay(ctx context.Context, n NewCase) (c Case, e Event, err error) {
	all, err := in.running(ctx, n.Workflow, n.Subject)
	if err != nil || len(all) == 0 {
		return c, e, err
	}
	c, w, err := in.load(ctx, in.tx, all[0].ID)
	if err != nil {
		return c, e, err
	}
	e, err = w.scanEvent(in.tx.QueryRow(ctx, firstEvent, c.ID))
	if err != nil {
		return c, e, fmt.Errorf("read the first event of case %d: %w", c.ID, err)
	}
	return c, e, nil
}

// Together is one transaction in which several things are done to cases.
type Together struct {
	in    *session
	scope access.Scope
}

// Together does several things to cases in one transaction: all of them, or none.
func (s *Store) Together(ctx context.Context, scope access.Scope, do func(ctx context.Context, tx *store.Tx, t Together) error) error {
	return s.run(ctx, scope, func(ctx context.Context, in *session) error { return do(ctx, in.tx, Together{in, scope}) })
}

// Running is the cases of a workflow about a subject that have not ended, whoever may see them, the oldest first. Until the transaction
// ends nobody else asks for the same, so that what is opened where there are none is the only one.
func (t Together) Running(ctx context.Context, workflow string, subject int64) ([]Case, error) {
	return t.in.running(ctx, workflow, subject)
}

// Open opens a case, as New does; the key of n is not looked at.
func (t Together) Open(ctx context.Context, n NewCase) (Case, error) {
	return t.in.newCase(ctx, t.scope, n, 0)
}

// Act takes an action in a case, as Store.Act does; the key of a is not looked at.
func (t Together) Act(ctx context.Context, a Act) (Event, error) {
	return t.in.act(ctx, t.scope, a, 0)
}

// newCase opens a case within a transaction.
func (in *session) newCase(ctx context.Context, scope access.Scope, n NewCase, cause int64) (Case, error) {
	w, ok := in.Set.Workflow(n.Workflow)
	if !ok {
		return Case{}, errs.NotFound("workflow", n.Workflow)
	}
	c := Case{Workflow: w.Workflow, Hash: w.Hash, Title: strings.TrimSpace(n.Title), Subject: n.Subject, OpenedAt: in.now, Events: 1, Data: Data{}}
	if err := in.place(&c, w); err != nil {
		return Case{}, err
	}
	st := &step{session: in, scope: scope, c: c, w: w}
	st.e.Who = w.Opener(scope, c.object(nil, nil))
	length := utf8.RuneCountInString(c.Title)
	switch {
	case st.e.Who == "":
		return Case{}, &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("casework.not_opened", w.Title)}
	case length == 0 || length > maxTitle || !utf8.ValidString(c.Title):
		return Case{}, errs.Invalid(i18n.M("casework.title", maxTitle))
	}
	for _, key := range slices.Sorted(maps.Keys(n.Data)) {
		if t, ok := w.data[key]; !ok || t != n.Data[key].Type() {
			return Case{}, fmt.Errorf("workflow %s has no data %s of type %s", w.Workflow, key, n.Data[key].Type())
		}
	}
	for _, d := range w.Data {
		if d.Open == OpenYear {
			st.c.Data[d.ID] = rule.Int(int64(in.today.Year()))
		}
	}
	maps.Copy(st.c.Data, n.Data)
	return in.begin(ctx, st, n, cause)
}

// Opener is as whom a scope may open a case of the workflow about an object; "" where it may not.
func (w *Workflow) Opener(scope access.Scope, obj access.Object) string {
	for _, word := range w.Open {
		if actsAs(scope, word, obj) {
			return word
		}
	}
	return ""
}

// begin writes a case with its first event.
func (in *session) begin(ctx context.Context, st *step, n NewCase, cause int64) (Case, error) {
	first, err := in.tx.NextIDs(ctx, 2)
	if err != nil {
		return Case{}, err
	}
	if n.Batch != 0 {
		if _, err := in.gathers(ctx, n.Batch, st.w.Workflow); err != nil {
			return Case{}, err
		}
	}
	c := &st.c
	c.ID, c.Batch = first, n.Batch
	st.e = Event{
		ID: first + 1, Case: c.ID, N: 1, Kind: Opened, Actor: in.account, Who: st.e.Who, Cause: cause, At: in.now, To: st.w.first().ID,
		Reason: strings.TrimSpace(n.Reason), Data: maps.Clone(c.Data), Known: in.view.Seq(),
	}
	if st.scope.All() {
		st.e.Actor = 0
	}
	in.opened = st.e.ID
	if err := keep(ctx, in.tx, st.w.Hash, st.w.Workflow, st.w.doc.Source); err != nil {
		return Case{}, err
	}
	_, err = in.tx.Exec(ctx, insertCase, c.ID, c.Workflow, c.Hash, c.Title, c.Subject, c.Enterprise, c.Area, c.Batch, c.OpenedAt,
		st.e.To, in.now, 1, 1, "", c.Data.encode())
	if err != nil {
		return Case{}, fmt.Errorf("write case: %w", err)
	}
	if err := in.pin(ctx, st, n.Pins); err != nil {
		return Case{}, err
	}
	if err := st.enter(ctx, st.w.first()); err != nil {
		return Case{}, err
	}
	if err := putEvent(ctx, in.tx, st.e); err != nil {
		return Case{}, err
	}
	return *c, st.save(ctx)
}

// pin writes down what the case runs under.
func (in *session) pin(ctx context.Context, st *step, pins []Pin) error {
	for _, code := range slices.Sorted(maps.Keys(st.w.forms)) {
		hash := st.w.forms[code]
		if err := in.Forms.Pin(ctx, in.tx, hash); err != nil {
			return err
		}
		pins = append(pins[:len(pins):len(pins)], Pin{Kind: FormPin, Name: code, Hash: hash})
	}
	named, err := in.named(ctx, st.w)
	if err != nil {
		return err
	}
	for _, p := range append(pins[:len(pins):len(pins)], named...) {
		if _, err := in.tx.Exec(ctx, insertPin, st.c.ID, p.Kind, p.Name, p.Hash); err != nil {
			return fmt.Errorf("pin %s %s: %w", p.Kind, p.Name, err)
		}
	}
	return nil
}

// named is the definitions that effects of a workflow go by, each kept under its hash.
func (in *session) named(ctx context.Context, w *Workflow) ([]Pin, error) {
	pins := w.Definitions()
	for i, p := range pins {
		find, ok := in.Effects.defined[p.Kind]
		if !ok {
			return nil, fmt.Errorf("workflow %s goes by a %s, which nobody defines", w.Workflow, p.Kind)
		}
		hash, body, err := find(p.Name)
		if err != nil {
			return nil, err
		}
		if err := keep(ctx, in.tx, hash, p.Name, body); err != nil {
			return nil, err
		}
		pins[i].Hash = hash
	}
	return pins, nil
}

// place finds where the subject of a case lies and whose it is.
func (in *session) place(c *Case, w *Workflow) error {
	id := c.Subject
	for range maxSubjects {
		sub, ok := in.view.Subject(id)
		switch {
		case !ok || id == c.Subject && sub.Kind != w.Subject:
			return errs.NotFound(w.Subject, c.Subject)
		case sub.Kind == content.Area:
			c.Area = sub.Key
			return nil
		case sub.Kind == content.Enterprise:
			e, ok := in.view.Enterprise(id)
			if !ok {
				return errs.NotFound("enterprise", id)
			}
			if id == c.Subject {
				c.Subject = e.ID
			}
			c.Enterprise, c.Area = e.ID, e.Area
			return nil
		}
		id = sub.Parent
	}
	return errs.NotFound(w.Subject, c.Subject)
}

// maxSubjects is how deep subjects may lie below their enterprise.
const maxSubjects = 16

// subject is what the expressions of a case are about, and its id.
func (st *step) subject() (rule.Subject, int64) {
	return st.SubjectOf(st.view, st.c, st.w.Subject), st.c.Subject
}

// SubjectOf is what the expressions and forms of a case are about, as a view knows it; of one that is not known any more
// nothing is known. The kind is the workflow's.
func (s *Store) SubjectOf(view fact.View, c Case, kind string) rule.Subject {
	firm, ok := s.Subjects.Subject(view, c.Enterprise)
	if c.Enterprise == 0 || !ok {
		return form.Fresh(kind, nil)
	}
	if kind == content.Enterprise {
		return firm
	}
	for _, child := range firm.Children(kind) {
		if child.ID() == strconv.FormatInt(c.Subject, 10) {
			return child
		}
	}
	return form.Fresh(kind, firm)
}
