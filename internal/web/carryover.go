package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// yearRoutes are what is done with the fund as a whole: a budget year is carried over, the ledger is walked through.
func (s *server) yearRoutes() []route {
	manage := access.Need{Action: access.ManageFund}
	return []route{
		{"GET /fund/carry", manage, s.carryPage},
		{"POST /fund/carry", manage, s.carryOver},
		{"GET /fund/check", access.Need{Action: access.ReadFund}, s.checkFund},
		{"POST /fund/check", manage, s.askCheck},
	}
}

// carryRow is an instalment that may go along.
type carryRow struct {
	ledger.Instalment
	Clause, CaseHref string
	Committed, Due   money.Fen
	Chosen           bool
}

type carryData struct {
	From, To         string // lines
	Froms, Tos       []option
	Free             money.Fen
	Ordered          money.Fen // on its way to the bank: it stays
	Held             money.Fen // set aside for calls: it stays
	Rows             []carryRow
	More             bool // than one carrying over takes
	Amount           string
	Document, Reason string
	Key              string
	Done, Problem    string
}

// carriedRows is how many instalments one carrying over shows and takes.
const carriedRows = 500

func (s *server) carryPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.carryOf(r, v, r.Form)
	if err != nil {
		return err
	}
	if r.FormValue("done") == "1" {
		d.Done = v.t.S("fundpage.done_carry")
	}
	return s.carryAnswer(w, r, v, http.StatusOK, d)
}

func (s *server) carryAnswer(w http.ResponseWriter, r *http.Request, v *visit, status int, d carryData) error {
	return s.show(w, r, s.shell(r, v, v.t.S("fundpage.carry")), status, carryOverPage(v.t, d))
}

// carryOf is the form: the lines to choose from, and what the chosen one has that may go along.
func (s *server) carryOf(r *http.Request, v *visit, in url.Values) (carryData, error) {
	d := carryData{From: in.Get("from"), To: in.Get("to"), Amount: in.Get("free"), Document: in.Get("document"), Reason: in.Get("reason"), Key: rand.Text()}
	from, _ := strconv.ParseInt(d.From, 10, 64)
	clause, err := s.clauseNames(r.Context(), v.t)
	if err != nil {
		return d, err
	}
	err = s.Book.Read(r.Context(), v.scope, func(ctx context.Context, view *ledger.View) error {
		lines, err := view.Lines(ctx, ledger.Filter{})
		if err != nil {
			return err
		}
		var chosen ledger.Line
		for _, l := range lines {
			if !v.scope.Sees(access.ManageFund, l.Area, 0) {
				continue
			}
			d.Froms = append(d.Froms, option{strconv.FormatInt(l.ID, 10), l.Fund + " · " + s.lineName(l)})
			if l.ID == from {
				chosen = l
			}
		}
		if chosen.ID == 0 {
			return nil
		}
		for _, l := range lines {
			if l.Fund == chosen.Fund && l.Year > chosen.Year && v.scope.Sees(access.ManageFund, l.Area, 0) {
				d.Tos = append(d.Tos, option{strconv.FormatInt(l.ID, 10), s.lineName(l)})
			}
		}
		shares, err := view.Fund(ctx, ledger.Filter{Line: from}, ledger.ByLine)
		for _, x := range shares {
			d.Free, d.Held, d.Ordered = x.Balance[ledger.Free], x.Balance[ledger.Held], x.Balance[ledger.Ordered]
		}
		if err != nil {
			return err
		}
		parts, err := view.Unpaid(ctx, ledger.Filter{Line: from}, ledger.Page{Rows: carriedRows + 1})
		for _, p := range parts[:min(len(parts), carriedRows)] {
			row := carryRow{Instalment: p, Clause: clause(p.Clause), Committed: p.Balance[ledger.Committed], Due: p.Balance[ledger.Payable], Chosen: true}
			if id, err := strconv.ParseInt(p.Case, 10, 64); err == nil {
				row.CaseHref = casePath(id)
			}
			d.Rows = append(d.Rows, row)
		}
		d.More = len(parts) > carriedRows
		return err
	})
	if r.Method == http.MethodGet && !in.Has("free") { // what is sent says it itself
		d.Amount = d.Free.String()
	}
	return d, err
}

// carryOver takes what was chosen to the line of a later year.
func (s *server) carryOver(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.carryOf(r, v, r.PostForm)
	if err != nil {
		return err
	}
	chosen := map[string]bool{}
	for _, part := range r.PostForm["part"] {
		chosen[part] = true
	}
	c := ledger.Carry{}
	c.From, _ = strconv.ParseInt(d.From, 10, 64)
	c.To, _ = strconv.ParseInt(d.To, 10, 64)
	for _, part := range r.PostForm["part"] {
		id, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return errs.Invalid(i18n.M("web.bad_form"))
		}
		c.Parts = append(c.Parts, id)
	}
	for i := range d.Rows {
		d.Rows[i].Chosen = chosen[strconv.FormatInt(d.Rows[i].Part, 10)]
	}
	if len(d.Tos) == 0 || c.To == 0 {
		err = errs.Invalid(i18n.M("fundpage.carry_no_line"))
	} else {
		c.Free, err = s.yuanOf(d.Amount)
	}
	if err == nil {
		act := ledger.Act{Scope: v.scope, Key: keyOf(v, r.PostFormValue("key"), "carry"), Reason: strings.TrimSpace(d.Reason), Document: strings.TrimSpace(d.Document)}
		_, err = ledger.Alone(r.Context(), s.Book, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, s.Book.CarryOver(ctx, tx, act, c)
		})
	}
	if err == nil {
		return seeOther(w, r, "/fund/carry?done=1&from="+url.QueryEscape(d.From))
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d.Problem = v.t.Msg(msg)
	return s.carryAnswer(w, r, v, statusOf(err), d)
}

type checkData struct {
	ledger.Kept
	AsOf, Waits string // when the walk ended, and when another was asked for; "" for none
	MayAsk      bool
	Faults      []string
}

// checkFund says what the last walk over the whole ledger has found: whether every sum that a page shows is that of its entries.
func (s *server) checkFund(w http.ResponseWriter, r *http.Request, v *visit) error {
	k, err := s.Book.LastCheck(r.Context(), v.scope)
	if err != nil {
		return err
	}
	d := checkData{Kept: k}
	if k.At != 0 {
		d.AsOf = instant(k.At)
	}
	if k.Asked != 0 {
		d.Waits = instant(k.Asked)
	}
	d.MayAsk = v.scope.Can(access.ManageFund) && d.Waits == "" && s.Clock.Millis()-k.At >= ledger.CheckRests.Milliseconds()
	for _, f := range k.Faults {
		d.Faults = append(d.Faults, v.t.Msg(f.Msg))
	}
	return s.show(w, r, s.shell(r, v, v.t.S("fundpage.check")), http.StatusOK, checkPage(v.t, d))
}

// askCheck asks for a walk over the whole ledger.
func (s *server) askCheck(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.Book.AskCheck(r.Context(), v.scope); err != nil {
		return err
	}
	return seeOther(w, r, "/fund/check")
}
