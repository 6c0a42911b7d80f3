package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// paymentRoutes are what is payable, the batches in which it is paid, and what the bank says of them.
func (s *server) paymentRoutes() []route {
	read, pay := access.Need{Action: access.ReadFund}, access.Need{Action: access.PayOut}
	return []route{
		{"GET /fund/payments", read, s.payments},
		{"POST /fund/payments", pay, s.orderPayments},
		{"GET /fund/payments/{id}", read, s.paymentBatch},
		{"POST /fund/payments/{id}/send", pay, s.sendPayments},
		{"POST /fund/payments/{id}/cancel", pay, s.paymentStep("cancelled", s.cancelPayments)},
		{"POST /fund/payments/{id}/file", pay, s.paymentFile},
		{"GET /fund/payments/{id}/files/{file}", pay, s.keptFile},
		{"POST /fund/payments/{id}/result", pay, s.bringResult},
		{"GET /fund/payments/{id}/result", pay, s.previewResult},
		{"POST /fund/payments/{id}/settle", pay, s.settlePayments},
	}
}

// payPath is the page of a batch of payments.
func payPath(id int64) string { return "/fund/payments/" + strconv.FormatInt(id, 10) }

// payFilePath is where a file of a batch is handed out.
func payFilePath(batch, file int64) string {
	return payPath(batch) + "/files/" + strconv.FormatInt(file, 10)
}

// owedRow is a payable instalment in words; Value is what chooses it in the form.
type owedRow struct {
	subsidy.Owed
	Clause, Value string
	Name          string // tells it apart
	Amount        money.Fen
}

// owedGroup is what may be paid in one batch: instalments of one fund and area.
type owedGroup struct {
	Fund, Area string
	Rows       []owedRow
	Sum        money.Fen
	MayPay     bool
}

// payRow is a batch of payments in words.
type payRow struct {
	ledger.Batch
	Area, By, State string
	Counts          []string
}

type paymentsData struct {
	Groups  []owedGroup
	More    string // address of what is payable after the last row
	Batches []payRow
	Older   string // address of the batches before the last
	Key     string
	Problem string
	Chosen  map[string]bool
}

const (
	owedShown    = 500 // payable instalments on a page; a batch may hold more than a page does not
	batchesShown = 50
)

func (s *server) payments(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.paymentsOf(r, v)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("paypage.title")), http.StatusOK, paymentsPage(v.t, d))
}

func (s *server) paymentsOf(r *http.Request, v *visit) (paymentsData, error) {
	ctx := r.Context()
	d := paymentsData{Key: rand.Text(), Chosen: map[string]bool{}}
	after, _ := strconv.ParseInt(r.Form.Get("after"), 10, 64)
	before, _ := strconv.ParseInt(r.Form.Get("before"), 10, 64)
	after, before = max(after, 0), max(before, 0)
	clause, err := s.clauseNames(ctx, v.t)
	if err != nil {
		return d, err
	}
	owed, err := s.Subsidy.Owed(ctx, v.scope, ledger.Filter{}, ledger.Page{After: after, Rows: owedShown})
	if err != nil {
		return d, err
	}
	if len(owed) == owedShown {
		d.More = "/fund/payments?after=" + strconv.FormatInt(owed[len(owed)-1].Part, 10)
	}
	for _, o := range owed {
		i := slices.IndexFunc(d.Groups, func(g owedGroup) bool { return g.Fund == o.Line.Fund && g.Area == o.Line.Area })
		if i < 0 {
			i = len(d.Groups)
			d.Groups = append(d.Groups, owedGroup{Fund: o.Line.Fund, Area: o.Line.Area, MayPay: v.scope.Sees(access.PayOut, o.Line.Area, 0)})
		}
		row := owedRow{Owed: o, Clause: clause(o.Clause), Amount: o.Balance[ledger.Payable], Name: dueName(subsidy.Due{Case: o.Case, Sum: ledger.Sum{Instalment: o.N}})}
		if o.Payee != nil {
			row.Value = dueValue(subsidy.Due{Case: o.Case, Sum: ledger.Sum{Instalment: o.N, Amount: row.Amount}, Seen: o.Payee.Version()})
		}
		d.Groups[i].Rows = append(d.Groups[i].Rows, row)
		d.Groups[i].Sum += row.Amount
	}
	err = s.Book.Read(ctx, v.scope, func(ctx context.Context, view *ledger.View) error {
		list, err := view.Batches(ctx, ledger.Filter{}, ledger.Page{After: before, Rows: batchesShown, Back: true})
		if len(list) == batchesShown {
			d.Older = "/fund/payments?before=" + strconv.FormatInt(list[len(list)-1].ID, 10) + "#batches"
		}
		names := map[int64]string{}
		for _, b := range list {
			row, err := s.payRow(ctx, v.t, names, b)
			if err != nil {
				return err
			}
			d.Batches = append(d.Batches, row)
		}
		return err
	})
	return d, err
}

// payStates are the states of payments in the order in which a batch counts them.
var payStates = []ledger.OrderState{ledger.OrderSettled, ledger.OrderFailed, ledger.OrderBounced, ledger.OrderUnknown, ledger.OrderSent}

func (s *server) payRow(ctx context.Context, t i18n.T, names map[int64]string, b ledger.Batch) (row payRow, err error) {
	row = payRow{Batch: b, Area: s.areaName(b.Area), State: t.S("ledger.order_" + string(b.State))}
	if b.State == ledger.OrderSent {
		for _, state := range payStates {
			if n := b.Counts[state]; n > 0 {
				row.Counts = append(row.Counts, t.S("paypage.n_of", t.S("ledger.order_"+string(state)), n))
			}
		}
	}
	row.By, err = s.personName(ctx, names, b.MadeBy)
	return row, err
}

// dueValue is an instalment to be paid as the form sends it: case, number of the instalment, fen, and which account was shown.
func dueValue(d subsidy.Due) string {
	return fmt.Sprintf("%d/%d/%d/%s", d.Case, d.Instalment, int64(d.Amount), d.Seen)
}

// dueName tells instalments apart.
func dueName(d subsidy.Due) string { return fmt.Sprintf("%d/%d", d.Case, d.Instalment) }

func readDue(text string) (d subsidy.Due, ok bool) {
	n, err := fmt.Sscanf(text, "%d/%d/%d/%s", &d.Case, &d.Instalment, (*int64)(&d.Amount), &d.Seen)
	return d, err == nil && n == 4
}

// orderPayments makes a batch of what was chosen. A press repeated leads to the same batch.
func (s *server) orderPayments(w http.ResponseWriter, r *http.Request, v *visit) error {
	var dues []subsidy.Due
	for _, text := range r.PostForm["due"] {
		d, ok := readDue(text)
		if !ok {
			return errs.Invalid(i18n.M("web.bad_form"))
		}
		dues = append(dues, d)
	}
	var id int64
	err := error(errs.Invalid(i18n.M("paypage.none_chosen")))
	if len(dues) > 0 {
		id, err = ledger.Alone(r.Context(), s.Book, func(ctx context.Context, tx *store.Tx) (int64, error) {
			return s.Subsidy.Order(ctx, tx, v.scope, keyOf(v, r.PostFormValue("key"), "order"), dues)
		})
	}
	if err == nil {
		return seeOther(w, r, payPath(id)+"?done=drafted")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d, again := s.paymentsOf(r, v)
	if again != nil {
		return again
	}
	d.Problem = v.t.Msg(msg)
	for _, due := range dues { // by what was chosen: the account that is shown now may be another
		d.Chosen[dueName(due)] = true
	}
	return s.show(w, r, s.shell(r, v, v.t.S("paypage.title")), statusOf(err), paymentsPage(v.t, d))
}

// paymentRow is a payment of a batch in words.
type paymentRow struct {
	ledger.Payment
	State, Reason, When, By string
	Place                   string         // of what the bank says
	CaseHref, FileHref      string         // of the file that says it, for who may have it
	Again                   string         // what orders it anew, "" where that is not to be done
	To                      *subsidy.Payee // the account that it would be paid to then
}

// keptRow is a file of a batch: one that somebody took for the bank, or brought from it.
type keptRow struct {
	ledger.File
	When, Who string
	Href      string // "" where it was not kept, or is not for the visitor
}

type paymentBatchData struct {
	payRow
	Rows          []paymentRow
	Files         []keptRow
	Again         int // payments that may be ordered anew
	MayPay        bool
	Factor        bool // the visitor has a second factor
	Key           string
	Done, Problem string
	Faults        []string // of a file of the bank
	Document      string   // what was typed
	Reason        string
}

func (s *server) payBatchOf(r *http.Request, v *visit) (paymentBatchData, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return paymentBatchData{}, errs.NotFound("batch", r.PathValue("id"))
	}
	d := paymentBatchData{Key: rand.Text(), Factor: v.account.Factor(), Document: r.PostFormValue("document"), Reason: r.PostFormValue("reason")}
	names := map[int64]string{}
	err = s.Book.Read(r.Context(), v.scope, func(ctx context.Context, view *ledger.View) error {
		b, err := view.Batch(ctx, id)
		if err != nil {
			return err
		}
		if d.payRow, err = s.payRow(ctx, v.t, names, b); err != nil {
			return err
		}
		d.MayPay = v.scope.Sees(access.PayOut, b.Area, 0)
		list, err := view.Payments(ctx, id)
		if err != nil {
			return err
		}
		for _, p := range list {
			row, err := s.paymentRow(ctx, v.t, names, p)
			if err != nil {
				return err
			}
			if d.MayPay {
				if n := len(p.Steps); n > 0 && p.Steps[n-1].File != 0 {
					row.FileHref = payFilePath(id, p.Steps[n-1].File)
				}
				if err := s.orderAgain(ctx, v, view, &row); err != nil {
					return err
				}
			}
			if row.Again != "" {
				d.Again++
			}
			d.Rows = append(d.Rows, row)
		}
		files, err := view.Files(ctx, id)
		for _, f := range files {
			by, err := s.personName(ctx, names, f.By)
			if err != nil {
				return err
			}
			row := keptRow{File: f, When: instant(f.At), Who: by}
			if d.MayPay && f.SHA256 != "" {
				row.Href = payFilePath(id, f.ID)
			}
			d.Files = append(d.Files, row)
		}
		return err
	})
	return d, err
}

func (s *server) paymentRow(ctx context.Context, t i18n.T, names map[int64]string, p ledger.Payment) (row paymentRow, err error) {
	row = paymentRow{Payment: p, State: t.S("ledger.order_" + string(p.State))}
	if id, err := strconv.ParseInt(p.Case, 10, 64); err == nil {
		row.CaseHref = casePath(id)
	}
	if len(p.Steps) > 0 {
		last := p.Steps[len(p.Steps)-1]
		row.When, row.Reason, row.Place = instant(last.At), last.Reason, last.Place
		row.By, err = s.personName(ctx, names, last.By)
	}
	return row, err
}

// orderAgain fills in what orders a payment anew that the bank did not make, as long as its money is payable and an account is
// named.
func (s *server) orderAgain(ctx context.Context, v *visit, view *ledger.View, row *paymentRow) error {
	p := row.Payment
	if p.State != ledger.OrderFailed && p.State != ledger.OrderBounced {
		return nil
	}
	parts, err := view.Payables(ctx, ledger.Filter{Commitment: p.Commitment}, ledger.Page{})
	if err != nil {
		return err
	}
	for _, x := range parts {
		id, err := strconv.ParseInt(x.Case, 10, 64)
		if err != nil || x.N != p.Instalment || x.Balance[ledger.Payable] < p.Amount {
			continue
		}
		to, err := s.Subsidy.Payee(ctx, v.scope, id)
		if errs.KindOf(err) == errs.KindConflict { // nobody has named one
			return nil
		}
		if err != nil {
			return err
		}
		row.To = &to
		row.Again = dueValue(subsidy.Due{Case: id, Sum: ledger.Sum{Instalment: p.Instalment, Amount: p.Amount}, Seen: to.Version()})
		return nil
	}
	return nil
}

func (s *server) paymentBatch(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.payBatchOf(r, v)
	if err != nil {
		return err
	}
	if done := r.FormValue("done"); slices.Contains([]string{"drafted", "sent", "cancelled", "settled"}, done) {
		d.Done = v.t.S("paypage.done_" + done)
	}
	return s.paymentAnswer(w, r, v, http.StatusOK, d)
}

func (s *server) paymentAnswer(w http.ResponseWriter, r *http.Request, v *visit, status int, d paymentBatchData) error {
	return s.show(w, r, s.shell(r, v, v.t.S("paypage.batch", d.Hash[:16])), status, paymentBatchPage(v.t, d))
}

// paymentStep takes a step of a batch. What hinders it is told on the page of the batch.
func (s *server) paymentStep(done string, step func(ctx context.Context, act ledger.Act, id int64) error) func(http.ResponseWriter, *http.Request, *visit) error {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		d, err := s.payBatchOf(r, v)
		if err != nil {
			return err
		}
		act := ledger.Act{
			Scope: v.scope, Key: keyOf(v, r.PostFormValue("key"), done), Reason: strings.TrimSpace(r.PostFormValue("reason")),
			Document: strings.TrimSpace(r.PostFormValue("document")),
		}
		return s.stepped(w, r, v, d, done, step(r.Context(), act, d.ID))
	}
}

func (s *server) stepped(w http.ResponseWriter, r *http.Request, v *visit, d paymentBatchData, done string, err error) error {
	if err == nil {
		return seeOther(w, r, payPath(d.ID)+"?done="+done)
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d.Problem = v.t.Msg(msg)
	return s.paymentAnswer(w, r, v, statusOf(err), d)
}

// sendPayments sends a batch off, for whoever proves to be at the keyboard: from then on there is a file with the accounts.
func (s *server) sendPayments(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.payBatchOf(r, v)
	if err != nil {
		return err
	}
	if !d.MayPay {
		return forbidden(access.PayOut)
	}
	if err := s.prove(r, v); err != nil {
		return s.stepped(w, r, v, d, "sent", err)
	}
	return s.paymentStep("sent", s.sendBatch)(w, r, v)
}

func (s *server) sendBatch(ctx context.Context, act ledger.Act, id int64) error {
	_, err := ledger.Alone(ctx, s.Book, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, s.Book.Send(ctx, tx, act, id)
	})
	return err
}

func (s *server) cancelPayments(ctx context.Context, act ledger.Act, id int64) error {
	_, err := ledger.Alone(ctx, s.Book, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, s.Book.Cancel(ctx, tx, act, id)
	})
	return err
}

// paymentFile hands the file for the bank out, with the account numbers, and notes who took it.
func (s *server) paymentFile(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.payBatchOf(r, v)
	if err != nil {
		return err
	}
	kind := ""
	f, body, err := s.Book.TakeFile(r.Context(), ledger.Act{Scope: v.scope}, d.ID, func(w io.Writer, b ledger.Batch, list []ledger.Payment) (string, error) {
		x := s.exported(r, v, v.t.S("paypage.file_name", b.Hash[:16]), *ledger.Paper(v.t, b, list))
		kind = x.kind
		return x.name, x.write(w)
	})
	if err != nil {
		return s.stepped(w, r, v, d, "", err)
	}
	return handOut(w, r, kind, f, body)
}

// keptFile hands a file of a batch out again as it was taken or brought.
func (s *server) keptFile(w http.ResponseWriter, r *http.Request, v *visit) error {
	batch, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return errs.NotFound("batch", r.PathValue("id"))
	}
	id, err := strconv.ParseInt(r.PathValue("file"), 10, 64)
	if err != nil {
		return errs.NotFound("file", r.PathValue("file"))
	}
	f, body, err := s.Book.OpenFile(r.Context(), v.scope, batch, id)
	if err != nil {
		return err
	}
	return handOut(w, r, "application/octet-stream", f, body)
}

// handOut sends a file of a batch, to be kept and never to be shown by the browser in our name, and closes it.
func handOut(w http.ResponseWriter, r *http.Request, kind string, f ledger.File, body *os.File) error {
	defer func() { _ = body.Close() }() // read only
	attach(w, f.Name, kind)
	http.ServeContent(w, r, "", time.UnixMilli(f.At), body)
	return nil
}

// bringResult reads a file of the bank. What is wrong with it is told cell by cell; what is well is kept and shown before
// anything is entered.
func (s *server) bringResult(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.payBatchOf(r, v)
	if err != nil {
		return err
	}
	in, faults, err := s.readResult(w, r, v, d.ID)
	if err == nil && len(faults) == 0 {
		if err = s.Subsidy.KeepAnswer(r.Context(), v.scope, d.ID, in); err == nil {
			return seeOther(w, r, payPath(d.ID)+"/result")
		}
	}
	if err != nil {
		return s.stepped(w, r, v, d, "", err)
	}
	for _, f := range faults {
		d.Faults = append(d.Faults, v.t.Msg(f))
	}
	d.Problem = v.t.S("paypage.faulty", len(faults))
	return s.paymentAnswer(w, r, v, http.StatusUnprocessableEntity, d)
}

func (s *server) readResult(w http.ResponseWriter, r *http.Request, v *visit, id int64) (in subsidy.BankAnswer, faults []i18n.Msg, err error) {
	path, name, err := s.sentSheet(w, r)
	if err != nil {
		return in, nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(path)) }()
	out, err := s.Book.ReadResults(r.Context(), v.scope, id, ledger.ResultFile{Path: path, Name: name})
	return subsidy.BankAnswer{Name: name, SHA256: out.File.SHA256, Outcomes: out.Outcomes, Silent: out.Silent}, out.Faults, err
}

// saidRow is a payment and what the bank says of it.
type saidRow struct {
	ledger.Payment
	Now, Said, Reason, Place string
	Same                     bool // it stands so already
}

type resultData struct {
	Batch         payRow
	Answer        subsidy.BankAnswer
	Rows          []saidRow
	New           int // rows that change something
	Silent        int
	Sums          []datum // by what the bank says
	Key, Document string
	Problem       string
}

func (s *server) previewResult(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.resultOf(r, v)
	if err != nil {
		return err
	}
	return s.resultAnswer(w, r, v, http.StatusOK, d)
}

func (s *server) resultAnswer(w http.ResponseWriter, r *http.Request, v *visit, status int, d resultData) error {
	return s.show(w, r, s.shell(r, v, v.t.S("paypage.result")), status, resultPage(v.t, d))
}

func (s *server) resultOf(r *http.Request, v *visit) (resultData, error) {
	b, err := s.payBatchOf(r, v)
	if err != nil {
		return resultData{}, err
	}
	d := resultData{Batch: b.payRow, Key: rand.Text()}
	if d.Answer, err = s.Subsidy.KeptAnswer(r.Context(), v.scope, b.ID); err != nil {
		return d, err
	}
	said := map[int]ledger.Outcome{}
	for _, o := range d.Answer.Outcomes {
		said[o.Order] = o
	}
	sums := map[ledger.OrderState]money.Fen{}
	for _, p := range b.Rows {
		row := saidRow{Payment: p.Payment, Now: p.State}
		if o, ok := said[p.N]; ok {
			row.Said, row.Reason, row.Place = v.t.S("ledger.order_"+string(o.State)), o.Reason, o.Place
			row.Same = o.State == p.Payment.State
			sums[o.State] += p.Amount
			if !row.Same {
				d.New++
			}
		} else {
			d.Silent++
		}
		d.Rows = append(d.Rows, row)
	}
	for _, state := range payStates {
		if sum, ok := sums[state]; ok {
			d.Sums = append(d.Sums, datum{v.t.S("ledger.order_" + string(state)), exactYuan(v.t, sum)})
		}
	}
	return d, nil
}

// settlePayments enters what was shown: the file that the visitor has looked at, and no other.
func (s *server) settlePayments(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.resultOf(r, v)
	if err != nil {
		return err
	}
	d.Document = strings.TrimSpace(r.PostFormValue("document"))
	if r.PostFormValue("file") != d.Answer.SHA256 {
		err = errs.Conflict(i18n.M("paypage.other_file"))
	} else {
		act := ledger.Act{Key: keyOf(v, r.PostFormValue("key"), "settle"), Document: d.Document}
		_, err = s.Subsidy.Settle(r.Context(), v.scope, act, d.Batch.ID, d.Answer.Outcomes)
	}
	if err == nil {
		return seeOther(w, r, payPath(d.Batch.ID)+"?done=settled")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d.Problem = v.t.Msg(msg)
	return s.resultAnswer(w, r, v, statusOf(err), d)
}
