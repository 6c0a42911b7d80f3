package credit

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

const (
	insertMeetingReferral = `INSERT INTO credit_meeting_referral (case_id, meeting_id) VALUES ($1, $2)`
	meetingOfCase         = `SELECT COALESCE(MAX(meeting_id), 0) FROM credit_meeting_referral WHERE case_id = $1`
)

// fromMeeting says that a firm may ask for a product as what came of a meeting.
func (s *Store) fromMeeting(ctx context.Context, scope access.Scope, q Request) error {
	g, err := s.open(ctx, s.DB.Read(), scope, q.Meeting)
	switch {
	case err != nil:
		return err
	case !g.isInvited(q.Firm):
		return errs.NotFound("meeting", q.Meeting)
	case !g.brings(q.Product):
		return errs.Conflict(i18n.M("credit.meeting_not_brought"))
	case !g.attends(q.Firm):
		return errs.Conflict(i18n.M("credit.meeting_not_there"))
	}
	return s.held(g)
}

// attends says that a firm came, or said that it would.
func (g gathered) attends(firm int64) bool {
	a := g.lastAnswer(g.Plan().N, firm, "")
	return g.hasCome(firm) || a != nil && a.Comes
}

// Stage is how far firms and banks have come: how many firms, each once, and which amount.
type Stage struct {
	Firms  int
	Amount money.Fen
}

// Stages is what a meeting came to with one bank, or with all of them.
type Stages struct {
	Talked   Stage // without an amount
	Intended Stage // the bank means to lend
	Referred Stage // the application was sent; without an amount
	Offered  Stage // the last offer of each referral
	Signed   Stage // credit lines
	Drawn    Stage
}

// each are the stages in their order.
func (x *Stages) each() []*Stage {
	return []*Stage{&x.Talked, &x.Intended, &x.Referred, &x.Offered, &x.Signed, &x.Drawn}
}

// OutcomeCase is a referral that began at a meeting, as of a day. An amount is 0 for what it has not come to.
type OutcomeCase struct {
	Case    int64 // 0 for one that is not to be named
	Sent    bool
	Offered money.Fen
	Line    money.Fen
	Drawn   money.Fen
}

// OutcomeRow is what came of a firm and a bank.
type OutcomeRow struct {
	Firm       int64 // 0 for one that whoever reads may not know by name
	Name, Area string
	Bank       Lender
	Talk       *Talk // the last that was written by the day; nil for none
	Cases      []OutcomeCase

	firm int64
}

// stages is what the row comes to.
func (r OutcomeRow) stages() (x Stages, err error) {
	reach := func(to *Stage, reached bool, amount money.Fen) {
		if !reached || err != nil {
			return
		}
		to.Firms = 1
		to.Amount, err = to.Amount.Add(amount)
	}
	reach(&x.Talked, r.Talk != nil, 0)
	if r.Talk != nil {
		reach(&x.Intended, r.Talk.Outcome == TalkIntent, r.Talk.Amount)
	}
	for _, c := range r.Cases {
		reach(&x.Referred, c.Sent, 0)
		reach(&x.Offered, c.Offered > 0, c.Offered)
		reach(&x.Signed, c.Line > 0, c.Line)
		reach(&x.Drawn, c.Drawn > 0, c.Drawn)
	}
	return x, err
}

// BankOutcome is what a meeting came to with one bank.
type BankOutcome struct {
	Bank Lender
	Stages
}

// Outcomes is what a meeting came to by a day, as far as a scope may know of it. It is worked out from what was answered and written, and from
// the referrals that began there.
type Outcomes struct {
	On     period.Day
	Counts MeetingCounts
	Banks  []BankOutcome // in the order of the meeting, those with nothing too
	Sum    Stages        // a firm of several banks counts once
	Rows   []OutcomeRow  // by bank, then by name
}

// dealt is a referral that began at a meeting, with all that became of it.
type dealt struct {
	id, firm  int64
	bank      string
	sent      int64 // when the application was first sent; 0 while it was not
	offers    []Offer
	contract  *Contract
	drawdowns []Drawdown
}

// on is the referral as of a day: offers by when they were made, contract and drawdowns by their own days, after all corrections.
func (d dealt) on(day period.Day) (x OutcomeCase, err error) {
	end := clock.StartOf(day + 1)
	x = OutcomeCase{Case: d.id, Sent: d.sent != 0 && d.sent < end}
	for _, o := range d.offers {
		if o.At < end {
			x.Offered = o.Amount
		}
	}
	if d.contract != nil && d.contract.SignedOn <= day {
		x.Line = d.contract.Line
	}
	for _, w := range d.drawdowns {
		if w.DrawnOn > day || w.Gone {
			continue
		}
		if x.Drawn, err = x.Drawn.Add(w.Principal); err != nil {
			return x, fmt.Errorf("add up drawdowns of case %d: %w", d.id, err)
		}
	}
	return x, nil
}

// until is the meeting as it stood at an instant.
func (g gathered) until(end int64) gathered {
	late := func(at int64) bool { return at >= end }
	out := g
	out.invited = slices.DeleteFunc(slices.Clone(g.invited), func(x invitation) bool { return late(x.at) })
	out.answers = slices.DeleteFunc(slices.Clone(g.answers), func(x Answer) bool { return late(x.At) })
	out.came = slices.DeleteFunc(slices.Clone(g.came), func(x attendance) bool { return late(x.at) })
	out.talks = slices.DeleteFunc(slices.Clone(g.talks), func(x Talk) bool { return late(x.At) })
	out.Plans = slices.DeleteFunc(slices.Clone(g.Plans), func(x MeetingPlan) bool { return late(x.At) })
	if len(out.Plans) == 0 {
		out.Plans = g.Plans[:1]
	}
	out.index()
	return out
}

// rows is what came of each firm and each bank by a day, of those that talked or in whose referral something was sent.
func (g gathered) rows(deals []dealt, day period.Day) ([]OutcomeRow, error) {
	now := g.until(clock.StartOf(day + 1))
	var all []OutcomeRow
	for _, b := range g.banks {
		for _, x := range now.invited {
			row := OutcomeRow{firm: x.firm, Bank: b.Lender, Talk: now.lastTalk(x.firm, b.Key)}
			for _, d := range deals {
				if d.firm != x.firm || d.bank != b.Key {
					continue
				}
				c, err := d.on(day)
				if err != nil {
					return nil, err
				}
				if c.Sent {
					row.Cases = append(row.Cases, c)
				}
			}
			if row.Talk != nil || len(row.Cases) > 0 {
				all = append(all, row)
			}
		}
	}
	return all, nil
}

// tally adds rows up, by bank and over all. Of each stage a firm counts once, with all that it came to.
func tally(banks []MeetingBank, rows []OutcomeRow) (by []BankOutcome, sum Stages, err error) {
	met := map[int64]Stages{}
	for _, b := range banks {
		x := BankOutcome{Bank: b.Lender}
		for _, r := range rows {
			if r.Bank.Key != b.Key {
				continue
			}
			s, err := r.stages()
			if err != nil {
				return nil, sum, err
			}
			was := met[r.firm]
			for i, to := range x.each() {
				from := *s.each()[i]
				if to.Amount, err = to.Amount.Add(from.Amount); err != nil {
					return nil, sum, fmt.Errorf("add up outcomes: %w", err)
				}
				if sum.each()[i].Amount, err = sum.each()[i].Amount.Add(from.Amount); err != nil {
					return nil, sum, fmt.Errorf("add up outcomes: %w", err)
				}
				to.Firms += from.Firms
				if from.Firms > 0 && was.each()[i].Firms == 0 {
					was.each()[i].Firms = 1
					sum.each()[i].Firms++
				}
			}
			met[r.firm] = was
		}
		by = append(by, x)
	}
	return by, sum, nil
}

// dealtIn is the referrals that began at a meeting.
func (s *Store) dealtIn(ctx context.Context, q store.Querier, canonical func(int64) int64, ids []int64) ([]dealt, error) {
	var all []dealt
	for _, id := range ids {
		r, _, err := s.referral(ctx, q, id)
		if err != nil {
			return nil, err
		}
		d := dealt{id: id, firm: canonical(r.Firm), bank: r.Bank}
		given, err := s.Consents.InCase(ctx, q, id)
		if err != nil {
			return nil, err
		}
		if n := len(given); n > 0 {
			d.sent = given[n-1].From // the newest comes first
		}
		if d.offers, err = offersOf(ctx, q, id); err != nil {
			return nil, err
		}
		if d.drawdowns, err = drawdownsOf(ctx, q, id); err != nil {
			return nil, err
		}
		c, err := contractOf(ctx, q, id)
		switch {
		case errs.KindOf(err) == errs.KindNotFound:
		case err != nil:
			return nil, err
		default:
			d.contract = &c
		}
		all = append(all, d)
	}
	return all, nil
}

// Day is the day that a text names, today for "". Invalid for what is no day, or one to come.
func (s *Store) Day(text string) (period.Day, error) {
	if text == "" {
		return s.Clock.Today(), nil
	}
	day, err := period.ParseDay(text)
	if err != nil || day > s.Clock.Today() {
		return 0, errs.Invalid(i18n.M("credit.bad_day", text))
	}
	return day, nil
}

// outcomesSeen is what came of a meeting by a day as far as a scope may know of it: an office of the firms of its area, a bank of itself, a
// firm of itself.
func (g gathered) outcomesSeen(x sight, scope access.Scope, deals []dealt, on period.Day) (out Outcomes, err error) {
	rows, err := g.rows(deals, on)
	if err != nil {
		return out, err
	}
	out.On = on
	office, banks := x.office(g, scope), g.banks
	if !office && len(x.acts) > 0 {
		banks = slices.DeleteFunc(slices.Clone(banks), func(b MeetingBank) bool { return !slices.Contains(x.acts, b.Key) })
	}
	now := g.until(clock.StartOf(on + 1))
	for _, inv := range now.invited {
		_, full, _ := x.firm(inv.firm)
		if !full && (office || len(x.acts) == 0) {
			continue
		}
		f := MeetingFirm{Answer: now.lastAnswer(now.Plan().N, inv.firm, ""), Came: now.hasCome(inv.firm)}
		for _, b := range banks {
			if talk := now.lastTalk(inv.firm, b.Key); talk != nil {
				f.Talks = append(f.Talks, *talk)
			}
		}
		out.Counts.add(f)
	}
	for _, r := range rows {
		acts := slices.Contains(x.acts, r.Bank.Key)
		e, full, known := x.firm(r.firm)
		if acts && len(r.Cases) > 0 && !known { // its application tells the bank who it is
			e, known = x.whole.Enterprise(r.firm)
			full = known
		}
		switch {
		case !full && !acts:
			continue
		case known:
			if r.Firm, r.Name = e.ID, e.Name; full {
				r.Area = e.Area
			}
		case r.Talk != nil: // what an office wrote of it may name it
			talk := *r.Talk
			talk.Firm, talk.Note = 0, ""
			r.Talk = &talk
		}
		out.Rows = append(out.Rows, r)
	}
	order := map[string]int{}
	for i, b := range g.banks {
		order[b.Key] = i
	}
	slices.SortFunc(out.Rows, func(a, b OutcomeRow) int {
		return cmp.Or(cmp.Compare(order[a.Bank.Key], order[b.Bank.Key]), cmp.Compare(a.Name, b.Name), cmp.Compare(a.firm, b.firm))
	})
	out.Banks, out.Sum, err = tally(banks, out.Rows)
	return out, err
}
