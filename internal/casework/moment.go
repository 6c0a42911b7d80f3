package casework

import (
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Moment is an act while it is made: what an effect may know and cause. It is good until the effect returns.
type Moment struct{ step *step }

// Scope is that of whoever acts: for what an effect asks of them beyond the act itself.
func (m *Moment) Scope() access.Scope { return m.step.scope }

// Case is the case as the act leaves it so far: its data is set, its state is still the one before.
func (m *Moment) Case() Case { return m.step.c }

// Workflow is the definition that the case runs under.
func (m *Moment) Workflow() *Workflow { return m.step.w }

// Event is what is being written.
func (m *Moment) Event() Event { return m.step.e }

// Pin is the hash of a definition that the case pinned; NotFound where it pinned none of the kind by that name. An empty
// name is for a kind of which a case has one.
func (m *Moment) Pin(ctx context.Context, kind, name string) (Pin, error) {
	pins, err := readPins(ctx, m.step.tx, m.step.c.ID)
	if err != nil {
		return Pin{}, err
	}
	i := slices.IndexFunc(pins, func(p Pin) bool { return p.Kind == kind && (name == "" || p.Name == name) })
	if i < 0 {
		return Pin{}, errs.NotFound("pin "+kind, name)
	}
	return pins[i], nil
}

// Definition is the bytes of a definition that the case pinned; NotFound where it pinned none of the kind by that name.
func (m *Moment) Definition(ctx context.Context, kind, name string) ([]byte, error) {
	return m.step.pinned(ctx, m.step.tx, m.step.c.ID, kind, name)
}

// Today is the day on which the act is made, in Beijing.
func (m *Moment) Today() period.Day { return m.step.today }

// View is what was known before the act, to the product itself: nothing of it may be shown to a person.
func (m *Moment) View() fact.View { return m.step.view }

// Subject is the subject of the case as expressions read it. What is read of it is frozen where the action freezes.
func (m *Moment) Subject() rule.Subject { return m.step.reads.subject() }

// Stand notes facts that an effect decided by and did not read of Subject: they are frozen too where the action freezes.
func (m *Moment) Stand(facts ...rule.FactRef) {
	for _, of := range facts {
		m.step.reads.note(of)
	}
}

// Answer is the answer to the action's form, by the name that expressions use: answer.x.
func (m *Moment) Answer(name string) rule.Answer {
	if m.step.filled.Given == nil {
		return rule.Answer{State: rule.Unknown}
	}
	return m.step.filled.Given(name)
}

// Texts is the answers at a path of the form, as they are kept: a field, or a column of a list, such as items.invoice_no.
func (m *Moment) Texts(path string) []string {
	if m.step.filled.Texts == nil {
		return nil
	}
	return m.step.filled.Texts(path)
}

// Reached says that the act moves the case; of an answer in a quorum, that it was the one that was missing.
func (m *Moment) Reached() bool { return m.step.e.Kind == Acted }

// Refuse is an error that leaves nothing of the act and shows its message.
func (m *Moment) Refuse(msg i18n.Msg) error { return errs.Conflict(msg) }

// State makes statements known with the event, by the authority of the workflow.
func (m *Moment) State(ctx context.Context, statements ...fact.Statement) error {
	return m.step.state(ctx, m.step.w.Authority, statements)
}

// Doubt has the other cases of the enterprise looked at again in which an approval stands on something about a subject, such as a
// title that is revoked, by whom their workflow names or else by whoever approved. What was frozen stays.
func (m *Moment) Doubt(ctx context.Context, subject int64, why string) error {
	return m.step.doubt(ctx, m.step.c.Enterprise, subject, m.step.c.ID, why)
}

// Mention makes subjects known with the event, such as an honour of an enterprise: those that are there already are found.
// It gives their ids, of which State may speak.
func (m *Moment) Mention(ctx context.Context, subs ...party.NewSubject) ([]int64, error) {
	src, err := m.step.source(ctx, m.step.w.Authority)
	if err != nil {
		return nil, err
	}
	return m.step.Parties.Say(ctx, m.step.tx, src.ID, subs)
}

// Set keeps a value in the data that the workflow declares.
func (m *Moment) Set(key string, v rule.Value) error {
	if t, ok := m.step.w.data[key]; !ok || t != v.Type() {
		return fmt.Errorf("workflow %s has no data %s of type %s", m.step.w.Workflow, key, v.Type())
	}
	m.step.e.Data[key], m.step.c.Data[key] = v, v
	return nil
}

// Rename gives the case another title.
func (m *Moment) Rename(title string) { m.step.c.Title = title }

// Mark writes something on the case for others to find, such as the number of an invoice.
func (m *Moment) Mark(ctx context.Context, kind, text string) error {
	return m.step.putMark(ctx, kind, text)
}

// Open opens another case, caused by this one.
func (m *Moment) Open(ctx context.Context, n NewCase) (Case, error) {
	return m.step.newCase(ctx, access.SystemScope(), n, m.step.e.ID)
}

// Other is another case as it stands in the transaction; nobody moves it before that ends.
func (m *Moment) Other(ctx context.Context, id int64) (Case, error) {
	if _, err := m.step.tx.Exec(ctx, lockCase, id); err != nil {
		return Case{}, fmt.Errorf("lock case %d: %w", id, err)
	}
	c, _, err := m.step.load(ctx, m.step.tx, id)
	return c, err
}

const actedIn = `SELECT COUNT(*) FROM case_event e WHERE e.actor = $2 AND e.action <> '' AND
	(e.case_id = $1 OR e.case_id = (SELECT batch FROM case_head WHERE id = $1))`

// Acted says that an account has taken an action in another case, or in the batch that the other stands in.
func (m *Moment) Acted(ctx context.Context, id, account int64) (bool, error) {
	var n int64
	if err := m.step.tx.QueryRow(ctx, actedIn, id, account).Scan(&n); err != nil {
		return false, fmt.Errorf("read who acted in case %d: %w", id, err)
	}
	return n > 0, nil
}

// Act takes an action in another case, as the product itself.
func (m *Moment) Act(ctx context.Context, a Act) (Event, error) {
	if a.Case == m.step.c.ID {
		return Event{}, fmt.Errorf("an effect of case %d acts on the case itself", a.Case)
	}
	if m.step.depth >= maxDepth {
		return Event{}, fmt.Errorf("acts cause each other: case %d", a.Case)
	}
	in := *m.step.session
	in.depth++
	return in.act(ctx, access.SystemScope(), a, m.step.e.ID)
}

const (
	setAssignment    = `UPDATE case_assignment SET ended = $1 WHERE case_id = $2 AND account = $3 AND role = $4`
	insertAssignment = `INSERT INTO case_assignment (case_id, account, role, at, ended) VALUES ($1, $2, $3, $4, 0)`
)

// Assign gives the case to an account in a role, which from now on sees it. It does nothing where it is assigned already.
func (m *Moment) Assign(ctx context.Context, account int64, role access.Role) error {
	return m.assign(ctx, account, role, 0)
}

// Unassign takes it back: the account no longer sees the case by this role, unless its rules say so otherwise, and nothing in
// it waits for the account any more.
func (m *Moment) Unassign(ctx context.Context, account int64, role access.Role) error {
	if err := m.assign(ctx, account, role, m.step.now); err != nil {
		return err
	}
	return m.step.leave(ctx, account, string(role))
}

func (m *Moment) assign(ctx context.Context, account int64, role access.Role, ended int64) error {
	n, err := m.step.tx.Exec(ctx, setAssignment, ended, m.step.c.ID, account, string(role))
	if err == nil && n == 0 && ended == 0 {
		_, err = m.step.tx.Exec(ctx, insertAssignment, m.step.c.ID, account, string(role), m.step.now)
	}
	if err != nil {
		return fmt.Errorf("assign case %d: %w", m.step.c.ID, err)
	}
	return nil
}

// Assigned are the accounts that the case is assigned to in a role.
func (m *Moment) Assigned(ctx context.Context, role access.Role) ([]int64, error) {
	return assigned(ctx, m.step.tx, m.step.c.ID, string(role))
}

func assigned(ctx context.Context, q store.Querier, id int64, role string) ([]int64, error) {
	return store.List(ctx, q, func(r *store.Rows) (a int64, err error) { return a, r.Scan(&a) }, assignedTo, id, role)
}

// Notify tells a role, or the applicant, something about the case.
func (m *Moment) Notify(ctx context.Context, to string, say i18n.Msg) error {
	return m.step.tell(ctx, message{kind: notice.Progress, to: to, title: i18n.M("casework.tell_action", m.step.c.Title, m.step.a.Name), say: say})
}

// Refer lets a party outside the offices, such as a bank, see the case from now on, and answer where it waits for its role: all who
// act for the party, whenever they came to it.
func (m *Moment) Refer(party int64) { m.step.c.Partner = party }

// Join puts the case into a batch. It fails with Conflict where the batch does not gather such cases, or no longer does.
func (m *Moment) Join(ctx context.Context, batch int64) error {
	b, err := m.step.gathers(ctx, batch, m.step.w.Workflow)
	if err != nil {
		return err
	}
	m.step.c.Batch = b.ID
	return nil
}

// Leave takes the case out of its batch, while that still gathers.
func (m *Moment) Leave(ctx context.Context) error {
	if m.step.c.Batch == 0 {
		return nil
	}
	if _, err := m.step.gathers(ctx, m.step.c.Batch, m.step.w.Workflow); err != nil {
		return err
	}
	m.step.c.Batch = 0
	return nil
}

// Files is what the case stands on.
func (m *Moment) Files(ctx context.Context) ([]Evidence, error) {
	return m.step.evidence(ctx)
}

const lockCase = `UPDATE case_head SET events = events WHERE id = $1`

// gathers is a batch that takes cases of a workflow at this moment. It is locked, so that it cannot pass a gate meanwhile.
func (in *session) gathers(ctx context.Context, batch int64, workflow string) (Case, error) {
	if _, err := in.tx.Exec(ctx, lockCase, batch); err != nil {
		return Case{}, fmt.Errorf("lock case %d: %w", batch, err)
	}
	b, w, err := in.load(ctx, in.tx, batch)
	switch {
	case err != nil:
		return Case{}, err
	case w.Children == nil || !slices.Contains(w.Children.Workflows, workflow):
		return Case{}, errs.Conflict(i18n.M("casework.not_gathered", b.Title))
	case !slices.Contains(w.Children.While, b.State):
		return Case{}, errs.Conflict(i18n.M("casework.gathers_no_more", b.Title, w.states[b.State].Name))
	}
	return b, nil
}

const childrenOf = `SELECT c.id, c.state FROM case_head c WHERE c.batch = $1 ORDER BY c.id`

// Children are the cases that the case gathers, by their ids.
func (m *Moment) Children(ctx context.Context) ([]int64, error) {
	return store.List(ctx, m.step.tx, func(r *store.Rows) (id int64, err error) {
		var state string
		return id, r.Scan(&id, &state)
	}, childrenOf, m.step.c.ID)
}

// eachChild is the arguments of children.act.
type eachChild struct {
	Action string `yaml:"action"`
}

// childrenAct takes an action in every case of the batch that stands where it starts.
func childrenAct(ctx context.Context, tx *store.Tx, at *Moment, args eachChild) error {
	type child struct {
		id    int64
		state string
	}
	all, err := store.List(ctx, tx, func(r *store.Rows) (c child, err error) { return c, r.Scan(&c.id, &c.state) }, childrenOf, at.step.c.ID)
	if err != nil {
		return err
	}
	for _, c := range all {
		_, w, err := at.step.load(ctx, tx, c.id)
		if err != nil {
			return err
		}
		a, ok := w.actions[args.Action]
		if !ok || !slices.Contains(a.From, c.state) || !a.offered(System) {
			continue
		}
		if _, err := at.Act(ctx, Act{Case: c.id, Action: args.Action}); err != nil {
			return fmt.Errorf("case %d: %w", c.id, err)
		}
	}
	return nil
}

// objectOf is a case as the rule table sees it.
func (s *Store) objectOf(ctx context.Context, q store.Querier, c Case) (access.Object, error) {
	accounts, err := store.List(ctx, q, func(r *store.Rows) (a int64, err error) { return a, r.Scan(&a) }, allAssigned, c.ID)
	if err != nil {
		return access.Object{}, err
	}
	roles, err := store.List(ctx, q, func(r *store.Rows) (a access.Role, err error) { return a, r.Scan(&a) }, allHanded, c.ID)
	if err != nil {
		return access.Object{}, err
	}
	return c.object(accounts, roles), nil
}
