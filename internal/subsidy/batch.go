package subsidy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// The workflows of this package.
const (
	CallWorkflow        = "call"
	ApplicationWorkflow = "subsidy_application"
	BatchWorkflow       = "subsidy_batch"
)

// AreaSubject is the subject that stands for an area, on which calls and batches are cases. It is made where there is none.
func (s *Store) AreaSubject(ctx context.Context, area string) (int64, error) {
	if _, ok := s.Library.Areas().Node(area); !ok {
		return 0, errs.Invalid(i18n.M("subsidy.call_area", area))
	}
	return s.newSubject(ctx, access.SystemScope(), source.Source{Authority: "bureau", Name: area, Area: area}, party.NewSubject{Kind: content.Area, Key: area})
}

// OpenCall drafts a call and opens its case. The scope must handle cases of the area, and see the line of the fund that pays.
// What will not do is CallProblems.
func (s *Store) OpenCall(ctx context.Context, scope access.Scope, c Call) (Call, error) {
	c, err := s.CheckCall(ctx, scope, c)
	if err != nil {
		return c, err
	}
	subject, err := s.AreaSubject(ctx, c.Area)
	if err != nil {
		return c, err
	}
	made, err := s.cases.NewWith(ctx, scope, casework.NewCase{
		Workflow: CallWorkflow, Title: c.Title, Subject: subject, Key: c.Key, Data: casework.Data{"closes": rule.Day(c.Closes)},
	}, func(ctx context.Context, tx *store.Tx, made casework.Case) error {
		c.Case = made.ID
		return s.DraftCall(ctx, tx, scope.Account(), c)
	})
	if err != nil {
		return c, err
	}
	return s.Call(ctx, scope, made.ID)
}

// OpenApplication opens the case of an application for an offer of a call, where nothing is kept but what is aimed at; cost
// items and account follow (Put, NamePayee), then the act that submits it.
func (s *Store) OpenApplication(ctx context.Context, scope access.Scope, call int64, o Offer) (casework.Case, error) {
	c, err := s.Call(ctx, scope, call)
	if err != nil {
		return casework.Case{}, err
	}
	in, _, err := s.policyOf(ctx, c.Policy, c.Known)
	if err != nil {
		return casework.Case{}, err
	}
	clause, _ := in.Policy.Clause(o.Clause)
	return s.cases.New(ctx, scope, casework.NewCase{
		Workflow: ApplicationWorkflow, Title: clause.Name.ZH + " · " + o.Line.Subject.Name, Subject: o.Enterprise,
		Pins: []casework.Pin{{Kind: casework.PolicyPin, Name: c.Policy, Hash: in.Hash}},
		Data: casework.Data{
			"call": rule.Int(call), "policy": rule.Text(c.Policy), "clause": rule.Text(o.Clause), "thing": rule.Int(o.Subject), "year": rule.Int(int64(o.Year)),
		},
	})
}

// NamePayee keeps the account that an application, or a line of a round, is to be paid to: for who acts for the applicant,
// until the money is sent. That of a fee is the account of who did the work: the enterprise that was served never names it.
func (s *Store) NamePayee(ctx context.Context, scope access.Scope, id int64, p Payee) error {
	c, _, err := s.cases.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	if !scope.Sees(access.FileCase, "", c.Enterprise) {
		return errs.Forbidden("name the account of another enterprise")
	}
	if c.Ended != "" {
		return errs.Conflict(i18n.M("subsidy.ended"))
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		switch _, err := feeOf(ctx, tx, id); {
		case err == nil:
			return errs.Forbidden("name the account of who is paid a fee")
		case errs.KindOf(err) != errs.KindNotFound:
			return err
		}
		return s.SetPayee(ctx, tx, id, scope.Account(), p)
	})
}

const (
	insertBatch = `INSERT INTO subsidy_batch (case_id, call_id, area, notice) VALUES ($1, $2, $3, '') ON CONFLICT DO NOTHING`
	batchByID   = `SELECT case_id, call_id, area, notice FROM subsidy_batch WHERE case_id = $1`
	batchOf     = `SELECT case_id FROM subsidy_batch WHERE call_id = $1 AND notice = '' AND dropped = 0 ORDER BY case_id DESC LIMIT 1`
	dropBatch   = `UPDATE subsidy_batch SET dropped = 1 WHERE case_id = $1`
	batchesOf   = `SELECT case_id, call_id, area, notice FROM subsidy_batch WHERE call_id = $1 AND dropped = 0 ORDER BY case_id DESC LIMIT 200`
	setNotice   = `UPDATE subsidy_batch SET notice = $1 WHERE case_id = $2 AND notice = ''`
	sumNotice   = `UPDATE subsidy_batch SET notice_lines = $1, notice_fen = $2 WHERE case_id = $3`
	setBatch    = `UPDATE subsidy_application SET batch_id = $1 WHERE case_id = $2 AND standing = 'open'`
)

// OpenBatch opens a batch that gathers applications of a call. A call has one that gathers at a time: where there is one it is a
// Conflict. A repetition with the same key gives the same batch.
func (s *Store) OpenBatch(ctx context.Context, scope access.Scope, call int64, title, key string) (casework.Case, error) {
	c, subject, err := s.batching(ctx, scope, call)
	if err != nil {
		return casework.Case{}, err
	}
	return s.cases.NewWith(ctx, scope, casework.NewCase{Workflow: BatchWorkflow, Title: title, Subject: subject, Key: key}, func(ctx context.Context, tx *store.Tx, made casework.Case) error {
		return s.begin(ctx, tx, c, made.ID)
	})
}

// batching is a call whose applications are to be gathered, and the subject that its batches are about.
func (s *Store) batching(ctx context.Context, scope access.Scope, call int64) (Call, int64, error) {
	c, err := s.Call(ctx, scope, call)
	if err != nil {
		return c, 0, err
	}
	subject, err := s.AreaSubject(ctx, c.Area)
	return c, subject, err
}

// begin enters a batch that gathers applications of a call.
func (s *Store) begin(ctx context.Context, tx *store.Tx, c Call, batch int64) error {
	if err := tx.Lock(ctx, "batches of call "+caseName(c.Case)); err != nil {
		return err
	}
	if open, err := gathering(ctx, tx, c.Case); err == nil {
		return errs.Conflict(i18n.M("subsidy.batch_gathers", caseName(open)))
	} else if errs.KindOf(err) != errs.KindConflict {
		return err
	}
	_, err := tx.Exec(ctx, insertBatch, batch, c.Case, c.Area)
	return noted("open batch", err)
}

const (
	joinedAtOnce = 50    // applications that join a batch in one transaction
	maxGather    = 1_000 // that are put into a batch at a time
)

// Gathered is what became of applications that were put into a batch.
type Gathered struct {
	Batch  int64
	Joined int
}

// Gather puts applications of a call into the batch that gathers, which is opened, with a title, where there is none: in the
// transaction in which the first of them join, so that a batch is never empty because an application could not join. They join
// joinedAtOnce a transaction, all of these or none. Where one cannot, the error names it, and Gathered tells how many are in.
// What is in the batch already is passed over.
func (s *Store) Gather(ctx context.Context, scope access.Scope, call int64, title string, cases []int64) (Gathered, error) {
	var done Gathered
	if len(cases) == 0 {
		return done, errs.Invalid(i18n.M("subsidy.gather_none"))
	}
	if len(cases) > maxGather {
		return done, errs.Invalid(i18n.M("subsidy.gather_many", maxGather))
	}
	c, subject, err := s.batching(ctx, scope, call)
	if err != nil {
		return done, err
	}
	for part := range slices.Chunk(cases, joinedAtOnce) {
		var batch int64
		joined := 0
		err := s.cases.Together(ctx, scope, func(ctx context.Context, tx *store.Tx, t casework.Together) (err error) {
			joined = 0
			batch, err = gathering(ctx, tx, call)
			if errs.KindOf(err) == errs.KindConflict {
				made, failed := t.Open(ctx, casework.NewCase{Workflow: BatchWorkflow, Title: title, Subject: subject})
				if failed != nil {
					return failed
				}
				batch, err = made.ID, s.begin(ctx, tx, c, made.ID)
			}
			if err != nil {
				return err
			}
			for _, id := range part {
				did, err := s.joinOne(ctx, tx, t, call, batch, id)
				if err != nil {
					return err
				}
				if did {
					joined++
				}
			}
			return nil
		})
		if err != nil {
			return done, err
		}
		done.Batch, done.Joined = batch, done.Joined+joined
	}
	return done, nil
}

// joinOne has an application of a call join the batch that gathers; false where it is in it already.
func (s *Store) joinOne(ctx context.Context, tx *store.Tx, t casework.Together, call, batch, id int64) (bool, error) {
	a, err := applicationOf(ctx, tx, id)
	if err == nil && a.Call != call {
		err = errs.NotFound("application", id)
	}
	if err != nil || a.Batch == batch {
		return false, err
	}
	_, err = t.Act(ctx, casework.Act{Case: id, Action: "join"})
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) != errs.KindNotFound {
		return false, &errs.Error{Kind: errs.KindOf(err), Msg: i18n.M("subsidy.gather_one", caseName(id), a.Name, msg), Err: err}
	}
	return err == nil, err
}

// Batch is a list of applications that is made public and approved as one.
type Batch struct {
	Case   int64
	Call   int64
	Area   string
	Notice period.Day // on which its notice began; 0 before
}

// Batch is a batch that the scope may read: by its area.
func (s *Store) Batch(ctx context.Context, scope access.Scope, id int64) (Batch, error) {
	b, err := batchAt(ctx, s.DB.Read(), id)
	if err == nil && !scope.Sees(access.ReadCase, b.Area, 0) {
		return Batch{}, errs.NotFound("batch", id)
	}
	return b, err
}

// Batches is the batches of a call, newest first, for who reads cases of its area; those that were dropped are not among them.
func (s *Store) Batches(ctx context.Context, scope access.Scope, call int64) ([]Batch, error) {
	rows, err := s.DB.Read().Query(ctx, batchesOf, call)
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	defer rows.Close()
	var all []Batch
	for rows.Next() {
		b, err := scanBatch(rows)
		if err != nil {
			return nil, fmt.Errorf("list batches: %w", err)
		}
		if scope.Sees(access.ReadCase, b.Area, 0) {
			all = append(all, b)
		}
	}
	return all, noted("list batches", rows.Err())
}

// Hindrances is all for which an application of a batch could not be granted as it stands, in words; nothing where it could.
// The scope must handle cases of its area.
func (s *Store) Hindrances(ctx context.Context, scope access.Scope, id int64) ([]i18n.Msg, error) {
	a, err := s.Application(ctx, scope, id)
	if err != nil || a.Standing != Open || !scope.Sees(access.HandleCase, a.Area, 0) {
		return nil, err
	}
	q := s.DB.Read()
	var all []i18n.Msg
	var unanswered int
	if err := q.QueryRow(ctx, openAgainst, id).Scan(&unanswered); err != nil {
		return nil, fmt.Errorf("look for objections: %w", err)
	}
	if unanswered > 0 {
		all = append(all, i18n.M("subsidy.objections_open", unanswered))
	}
	out, err := s.again(ctx, q, a)
	if err == nil {
		err = s.grantable(ctx, q, a, out)
	}
	if msg, ok := errs.Message(err); ok {
		all = append(all, msg)
	} else if err != nil {
		return nil, err
	}
	warnings, err := s.warnings(ctx, q, a)
	for _, w := range warnings {
		if w.Twin == nil { // another application that is not granted yet does not hinder this one
			all = append(all, w.Msg)
		}
	}
	if _, err := payeeOf(ctx, q, id); err != nil {
		msg, ok := errs.Message(err)
		if !ok {
			return nil, err
		}
		all = append(all, msg)
	}
	return all, err
}

const openAgainst = `SELECT COUNT(*) FROM subsidy_objection WHERE case_id = $1 AND answered = 0`

func scanBatch(row interface{ Scan(...any) error }) (b Batch, err error) {
	var day string
	err = row.Scan(&b.Case, &b.Call, &b.Area, &day)
	if err == nil && day != "" {
		b.Notice, err = period.ParseDay(day)
	}
	return b, err
}

func batchAt(ctx context.Context, q store.Querier, id int64) (b Batch, err error) {
	b, err = scanBatch(q.QueryRow(ctx, batchByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return b, errs.NotFound("batch", id)
	}
	return b, noted("read batch", err)
}

// gathering is the newest batch of a call that is not public yet.
func gathering(ctx context.Context, q store.Querier, call int64) (id int64, err error) {
	err = q.QueryRow(ctx, batchOf, call).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errs.Conflict(i18n.M("subsidy.no_batch"))
	}
	return id, noted("look for a batch", err)
}

// Total is what applications come to together, as last decided.
func Total(list []Application) (sum money.Fen, err error) {
	for _, a := range list {
		if sum, err = sum.Add(a.Amount); err != nil {
			return 0, errs.Invalid(i18n.M("subsidy.too_much"))
		}
	}
	return sum, nil
}

// paid says how much of an application was paid, how much more is payable, and how much waits to fall due.
func paid(ctx context.Context, q store.Querier, commitment int64) (done, owed, waits money.Fen, err error) {
	parts, err := instalmentsOf(ctx, q, commitment)
	if err != nil {
		return 0, 0, 0, err
	}
	for _, p := range parts {
		t := p.Totals()
		done += t.Paid
		owed += t.Payable - t.Paid
		waits += t.Committed - t.Payable
	}
	return done, owed, waits, nil
}

// Settle enters what the bank or the treasury says of a payment batch, and has the cases whose money arrived move on. Cases
// are acted on one by one after the ledger has settled; calling it again with the same file moves those that were left.
func (s *Store) Settle(ctx context.Context, scope access.Scope, act ledger.Act, batch int64, outcomes []ledger.Outcome) (ledger.Settled, error) {
	act.Scope = scope
	settled, err := ledger.Alone(ctx, s.Book, func(ctx context.Context, tx *store.Tx) (ledger.Settled, error) {
		return s.Book.Settle(ctx, tx, act, batch, outcomes)
	})
	if err != nil {
		return settled, err
	}
	var cases []int64
	err = s.Book.Read(ctx, scope, func(ctx context.Context, v *ledger.View) error {
		payments, err := v.Payments(ctx, batch)
		for _, p := range payments {
			if p.State == ledger.OrderSettled {
				id, err := strconv.ParseInt(p.Case, 10, 64)
				if err != nil {
					return fmt.Errorf("case of a payment: %w", err)
				}
				cases = append(cases, id)
			}
		}
		return err
	})
	if err != nil {
		return settled, err
	}
	for _, id := range cases {
		if err := s.arrived(ctx, id); err != nil {
			return settled, err
		}
	}
	return settled, nil
}

// arrived moves a case on once all of its money is paid, or all that is payable while another instalment is to come.
func (s *Store) arrived(ctx context.Context, id int64) error {
	a, err := heldFor(ctx, s.DB.Read(), id)
	if err != nil {
		return err
	}
	c, w, err := s.cases.Get(ctx, access.SystemScope(), id)
	if err != nil {
		return err
	}
	_, owed, waits, err := paid(ctx, s.DB.Read(), a.Commitment)
	if err != nil || owed > 0 || c.State != "payable" {
		return err
	}
	action := "paid"
	if waits > 0 {
		action = "part_paid"
	}
	if _, ok := w.Action(action); !ok { // of a case that was opened when parts were all paid in one state
		return nil
	}
	_, err = s.cases.Act(ctx, access.SystemScope(), casework.Act{Case: id, Action: action})
	return err
}

// clauseOf is the clause of an application.
func (s *Store) clauseOf(ctx context.Context, a Application) (policy.Clause, error) {
	in, _, err := s.policyOf(ctx, a.Policy, a.Known)
	if err != nil {
		return policy.Clause{}, err
	}
	c, _ := in.Policy.Clause(a.Clause)
	return c, nil
}
