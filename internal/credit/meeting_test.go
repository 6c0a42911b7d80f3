package credit

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// The hours of the tests' meeting: it begins a day after newWorld stands.
var hours = Hours{Day: "2024-11-01", From: "14:00", Until: "17:00"}

// meeting plans a meeting of both banks for the whole city.
func (w *world) meeting() int64 {
	w.t.Helper()
	id, err := w.PlanMeeting(w.t.Context(), city, NewMeeting{
		Area: "320900", Title: "银企对接会", About: "演示", Place: "演示会场", Hours: hours, Products: []string{"demo_a_equipment", "demo_a_digital", "demo_b_factory"},
		Audience: Audience{Area: "320900"},
	})
	must(w.t, err)
	return id
}

// opens lets time go on until the meeting has begun.
func (w *world) opens() { w.now = time.Date(2024, 11, 1, 14, 30, 0, 0, clock.Beijing) }

func comes(firm int64, show bool) Coming {
	return Coming{Plan: 1, Firm: firm, Comes: true, People: 2, Wish: Wish{Amount: 500_0000_00, Purpose: "购置数控机床", Product: "demo_a_equipment"}, Show: show}
}

func (w *world) sees(scope access.Scope, id int64) MeetingSight {
	w.t.Helper()
	m, err := w.Meeting(w.t.Context(), scope, id, w.Clock.Today())
	must(w.t, err)
	return m
}

// outcomes is what a meeting came to by a day.
func (w *world) outcomes(scope access.Scope, id int64, on period.Day) Outcomes {
	w.t.Helper()
	m, err := w.Meeting(w.t.Context(), scope, id, on)
	must(w.t, err)
	return m.Out
}

func names(m MeetingSight) (all []string) {
	for _, f := range m.Firms {
		all = append(all, f.Name)
	}
	return all
}

// told is how many messages a party has.
func (w *world) told(party int64) (n int) {
	w.t.Helper()
	must(w.t, w.DB.Read().QueryRow(w.t.Context(), `SELECT COUNT(*) FROM notice WHERE to_party = $1`, party).Scan(&n))
	return n
}

// A bank sees who a firm is and what it seeks under its consent alone, while that stands; each reading is one that the firm sees.
func TestMeetingShowsWhoConsents(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id := w.meeting()
		a, b := w.firms[0], w.firms[1]
		must(t, w.AnswerMeeting(ctx, w.firm(0), id, comes(a, false)))
		must(t, w.AnswerMeeting(ctx, w.firm(1), id, comes(b, true)))
		bank := w.bank("demo_a")
		m := w.sees(bank, id)
		if !slices.Equal(names(m), []string{"乙机械"}) || m.Firms[0].Answer == nil || m.Firms[0].Answer.Amount != 500_0000_00 {
			t.Errorf("the bank sees %+v", m.Firms)
		}
		if want := (MeetingCounts{Invited: 2, Answered: 2, Comes: 2}); m.Counts != want {
			t.Errorf("the bank counts %+v", m.Counts)
		}
		read, err := w.Consents.Readings(ctx, w.firm(1), b, consent.ReadingQuery{Limit: 10})
		must(t, err)
		if len(read) != 1 || read[0].Grant == 0 || !slices.Equal(read[0].Facts, []string{consent.MeetingWish}) {
			t.Errorf("the firm reads that %+v", read)
		}
		list, err := w.Meetings(ctx, bank, 0, 10)
		must(t, err)
		if len(list) != 1 || len(list[0].Firms) != 0 || !list[0].Unanswered() {
			t.Errorf("the bank lists %+v", list)
		}

		// Taken back where consents are, or by a further answer: the bank sees it no more.
		given, err := w.Consents.Of(ctx, w.firm(1), b)
		must(t, err)
		if len(given) != 2 {
			t.Fatalf("consents %+v", given)
		}
		for _, g := range given {
			if g.To == w.banks["demo_a"] {
				must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
					return w.Consents.End(ctx, tx, w.firm(1), g.ID, "不再需要")
				}))
			}
		}
		if m := w.sees(bank, id); len(m.Firms) != 0 || m.Counts.Comes != 2 {
			t.Errorf("after the consent has ended the bank sees %+v", m)
		}
		if m := w.sees(w.bank("demo_b"), id); len(m.Firms) != 1 {
			t.Errorf("the other bank sees %+v", m.Firms)
		}
		must(t, w.AnswerMeeting(ctx, w.firm(1), id, comes(b, false)))
		if m := w.sees(w.bank("demo_b"), id); len(m.Firms) != 0 {
			t.Errorf("after the answer without it the other bank sees %+v", m.Firms)
		}
		if m := w.sees(w.firm(1), id); len(m.Firms) != 1 || m.Firms[0].Shown {
			t.Errorf("the firm sees %+v", m.Firms)
		}

		// A month after the meeting it has ended by itself.
		must(t, w.AnswerMeeting(ctx, w.firm(1), id, comes(b, true)))
		w.now = time.Date(2024, 12, 1, 16, 59, 0, 0, clock.Beijing)
		if m := w.sees(bank, id); len(m.Firms) != 1 {
			t.Errorf("within the month the bank sees %+v", m.Firms)
		}
		w.now = w.now.Add(time.Minute)
		if m := w.sees(bank, id); len(m.Firms) != 0 {
			t.Errorf("after the month the bank sees %+v", m.Firms)
		}
	})
}

// Who may know of a meeting, and do what.
func TestMeetingScopes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id := w.meeting()
		own, err := w.PlanMeeting(ctx, county, NewMeeting{
			Area: tinghu, Title: "亭湖区对接会", Place: "演示会场", Hours: hours, Products: []string{"demo_b_factory"}, Audience: Audience{Area: tinghu},
		})
		must(t, err)
		_, err = w.PlanMeeting(ctx, county, NewMeeting{Area: dafeng, Title: "x", Place: "x", Hours: hours, Products: []string{"demo_b_factory"}, Audience: Audience{Area: tinghu}})
		refused(t, err, errs.KindForbidden, "a county plans for another")
		for name, tc := range map[string]struct {
			scope     access.Scope
			city, own []string // firms that it sees; nil where it knows of no meeting
		}{
			"city":       {city, []string{"乙机械", "甲机械"}, []string{"甲机械"}},
			"auditor":    {auditor, []string{"乙机械", "甲机械"}, []string{"甲机械"}},
			"county":     {county, []string{"甲机械"}, []string{"甲机械"}},
			"neighbour":  {access.NewScope(21, access.CountyOfficial, []string{dafeng}, nil), []string{"乙机械"}, nil},
			"far away":   {access.NewScope(23, access.CityOfficial, []string{"321000"}, nil), nil, nil},
			"firm":       {w.firm(0), []string{"甲机械"}, []string{"甲机械"}},
			"other firm": {w.firm(1), []string{"乙机械"}, nil},
			"viewer":     {access.NewScope(30, access.Viewer, nil, w.firms[:1]), []string{"甲机械"}, []string{"甲机械"}},
			"bank":       {w.bank("demo_b"), []string{}, []string{}},
			"other bank": {w.bank("demo_a"), []string{}, nil},
			"finance":    {access.NewScope(25, access.Finance, []string{"320900", tinghu}, nil), nil, nil},
			"nobody":     {access.Scope{}, nil, nil},
		} {
			rows := 0
			for meeting, want := range map[int64][]string{id: tc.city, own: tc.own} {
				m, err := w.Meeting(ctx, tc.scope, meeting, w.Clock.Today())
				if want == nil {
					refused(t, err, errs.KindNotFound, name)
					continue
				}
				must(t, err)
				if rows++; !slices.Equal(names(m), want) && len(names(m))+len(want) > 0 {
					t.Errorf("%s sees %v, want %v", name, names(m), want)
				}
			}
			if all, err := w.Meetings(ctx, tc.scope, 0, 10); err != nil || len(all) != rows {
				t.Errorf("%s lists %d meetings, want %d: %v", name, len(all), rows, err)
			}
		}
		other := hours
		other.From = "15:00"
		for name, scope := range map[string]access.Scope{"county": county, "auditor": auditor, "firm": w.firm(0), "bank": w.bank("demo_a")} {
			refused(t, w.MoveMeeting(ctx, scope, id, other, "演示会场", "x"), errs.KindForbidden, name+" moves")
			refused(t, w.CancelMeeting(ctx, scope, id, "x"), errs.KindForbidden, name+" cancels")
			refused(t, w.Invite(ctx, scope, id, Audience{Area: tinghu}), errs.KindForbidden, name+" invites")
			refused(t, w.Attendance(ctx, scope, id, nil), errs.KindForbidden, name+" notes who came")
		}
		refused(t, w.AnswerMeeting(ctx, w.firm(1), own, comes(w.firms[1], false)), errs.KindNotFound, "who is not invited answers")
		refused(t, w.AnswerMeeting(ctx, w.firm(1), id, comes(w.firms[0], false)), errs.KindNotFound, "for another firm")
		refused(t, w.AnswerMeeting(ctx, city, id, comes(w.firms[0], false)), errs.KindNotFound, "an official answers")
		refused(t, w.AnswerMeeting(ctx, access.NewScope(30, access.Viewer, nil, w.firms[:1]), id, comes(w.firms[0], false)), errs.KindForbidden, "a viewer answers")
		refused(t, w.AnswerMeeting(ctx, w.bank("demo_b"), id, Coming{Plan: 1, Bank: "demo_a", Comes: true, People: 1}), errs.KindForbidden, "for another bank")
		refused(t, w.AnswerMeeting(ctx, w.firm(0), id, Coming{Plan: 1, Comes: true, People: 1}), errs.KindInvalid, "for nobody")
		must(t, w.AnswerMeeting(ctx, w.bank("demo_b"), id, Coming{Plan: 1, Bank: "demo_b", Comes: true, People: 3}))
		if m := w.sees(w.firm(0), id); m.Banks[1].Answer == nil || m.Banks[1].Answer.People != 3 || m.Banks[0].Answer != nil {
			t.Errorf("the firm reads of the banks %+v", m.Banks)
		}
	})
}

// What is amiss in a plan, an invitation or an answer is told, and nothing is written.
func TestMeetingRefusals(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		good := NewMeeting{Area: "320900", Title: "x", Place: "x", Hours: hours, Products: []string{"demo_b_factory"}, Audience: Audience{Area: tinghu}}
		for name, spoil := range map[string]func(n *NewMeeting){
			"no title":        func(n *NewMeeting) { n.Title = " " },
			"no place":        func(n *NewMeeting) { n.Place = "" },
			"no bank":         func(n *NewMeeting) { n.Products = nil },
			"no day":          func(n *NewMeeting) { n.Hours.Day = "2024-11-31" },
			"ends before":     func(n *NewMeeting) { n.Hours.Until = "13:00" },
			"yesterday":       func(n *NewMeeting) { n.Hours.Day = "2024-10-30" },
			"in a year":       func(n *NewMeeting) { n.Hours.Day = "2025-10-30" },
			"nobody":          func(n *NewMeeting) { n.Audience = Audience{} },
			"nobody so large": func(n *NewMeeting) { n.Audience.Size = "large" },
			"a wrong code":    func(n *NewMeeting) { n.Audience.Codes = "91320902MA1X5K7Q3B, x" },
		} {
			n := good
			spoil(&n)
			_, err := w.PlanMeeting(ctx, city, n)
			refused(t, err, errs.KindInvalid, name)
		}
		good.Products = []string{"nonsense"}
		_, err := w.PlanMeeting(ctx, city, good)
		refused(t, err, errs.KindNotFound, "a product that there is not")
		if all, err := w.Meetings(ctx, city, 0, 10); err != nil || len(all) != 0 {
			t.Errorf("there are %d meetings, %v", len(all), err)
		}

		id := w.meeting()
		a := w.firms[0]
		for name, spoil := range map[string]func(c *Coming){
			"no people":     func(c *Coming) { c.People = 0 },
			"a crowd":       func(c *Coming) { c.People = 51 },
			"for no amount": func(c *Coming) { c.Amount = 0 },
		} {
			c := comes(a, true)
			spoil(&c)
			refused(t, w.AnswerMeeting(ctx, w.firm(0), id, c), errs.KindInvalid, name)
		}
		c := comes(a, true)
		c.Product = "nonsense"
		refused(t, w.AnswerMeeting(ctx, w.firm(0), id, c), errs.KindNotFound, "a product that nobody brings")
		refused(t, w.Invite(ctx, city, id, Audience{Area: "320900"}), errs.KindInvalid, "who is invited already")
		talk := NewTalk{Firm: a, Bank: "demo_a", Outcome: TalkIntent, Amount: 1_00}
		refused(t, w.WriteTalk(ctx, city, id, talk), errs.KindConflict, "before it begins")
		refused(t, w.Attendance(ctx, city, id, nil), errs.KindConflict, "who came before it begins")
		_, _, err = w.Begin(ctx, w.firm(0), w.cases, Request{Product: "demo_a_equipment", Firm: a, Meeting: id})
		refused(t, err, errs.KindConflict, "a referral before it begins")
		w.opens()
		for name, spoil := range map[string]func(n *NewTalk){
			"no outcome":              func(n *NewTalk) { n.Outcome = "" },
			"an intention of nothing": func(n *NewTalk) { n.Amount = 0 },
			"a reason too many":       func(n *NewTalk) { n.Reason = "rate" },
			"no reason":               func(n *NewTalk) { n.Outcome, n.Amount = TalkNoMatch, 0 },
			"an amount too many":      func(n *NewTalk) { n.Outcome, n.Reason = TalkMaterial, "orders" },
			"other without a word":    func(n *NewTalk) { n.Outcome, n.Reason, n.Amount = TalkNoMatch, "other", 0 },
		} {
			n := talk
			spoil(&n)
			refused(t, w.WriteTalk(ctx, city, id, n), errs.KindInvalid, name)
		}
		refused(t, w.WriteTalk(ctx, w.bank("demo_a"), id, talk), errs.KindNotFound, "a bank writes of a firm that it may not know of")
		refused(t, w.WriteTalk(ctx, w.bank("demo_a"), id, NewTalk{Bank: "demo_a", Outcome: TalkIntent, Amount: 1}), errs.KindInvalid, "of nobody")
		refused(t, w.WriteTalk(ctx, w.bank("demo_b"), id, talk), errs.KindForbidden, "in another bank's name")
		refused(t, w.WriteTalk(ctx, w.firm(0), id, talk), errs.KindForbidden, "a firm writes of itself")
		refused(t, w.WriteTalk(ctx, county, id, talk), errs.KindForbidden, "an office that does not plan it")
		refused(t, w.MoveMeeting(ctx, city, id, Hours{"2024-12-01", "14:00", "17:00"}, "x", "x"), errs.KindConflict, "moved once it has begun")
		refused(t, w.CancelMeeting(ctx, city, id, "x"), errs.KindConflict, "cancelled once it has begun")
		w.now = w.now.Add(24 * time.Hour)
		refused(t, w.AnswerMeeting(ctx, w.firm(0), id, comes(a, true)), errs.KindConflict, "answered once it is over")
		refused(t, w.Invite(ctx, city, id, Audience{Area: "320900"}), errs.KindConflict, "invited once it is over")
	})
}

// The same answer many times at once is one, with one consent for each bank.
func TestAnswersAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id := w.meeting()
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if err := w.AnswerMeeting(context.Background(), w.firm(0), id, comes(w.firms[0], true)); err != nil {
					t.Errorf("answer: %v", err)
				}
			})
		}
		group.Wait()
		for table, want := range map[string]int{"credit_meeting_answer": 1, "credit_meeting_consent": 2, "consent_grant": 2, "consent_end": 0} {
			var n int
			must(t, w.DB.Read().QueryRow(ctx, `SELECT COUNT(*) FROM `+table).Scan(&n))
			if n != want {
				t.Errorf("%s has %d rows, want %d", table, n, want)
			}
		}
		if _, err := audit.Check(ctx, w.DB, kinds()); err != nil {
			t.Errorf("audit: %v", err)
		}
	})
}

// A meeting that is moved tells all that were asked, wants a new answer and lets the old consents end; one that is cancelled is over.
func TestMeetingMoved(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id := w.meeting()
		a := w.firms[0]
		must(t, w.AnswerMeeting(ctx, w.firm(0), id, comes(a, true)))
		must(t, w.AnswerMeeting(ctx, w.bank("demo_a"), id, Coming{Plan: 1, Bank: "demo_a", Comes: true, People: 1}))
		refused(t, w.MoveMeeting(ctx, city, id, hours, "演示会场", "x"), errs.KindInvalid, "moved to where it is")
		later := Hours{"2024-11-08", "09:00", "11:00"}
		refused(t, w.MoveMeeting(ctx, city, id, later, "演示会场", " "), errs.KindInvalid, "moved for no reason")
		must(t, w.MoveMeeting(ctx, city, id, later, "演示会场", "会场检修"))
		m := w.sees(city, id)
		if p := m.Plan(); p.N != 2 || clock.Minute(p.From) != "2024-11-08 09:00" || p.Reason != "会场检修" || len(m.Plans) != 2 {
			t.Errorf("the plan is %+v", m.Plans)
		}
		if m.Counts.Answered != 0 || m.Banks[0].Answer != nil {
			t.Errorf("answers to the old hours count: %+v", m.Counts)
		}
		if m := w.sees(w.bank("demo_a"), id); len(m.Firms) != 0 || !m.Unanswered() {
			t.Errorf("the bank still sees %+v", m.Firms)
		}
		for _, party := range append(slices.Clone(w.firms), w.banks["demo_a"], w.banks["demo_b"]) {
			if n := w.told(party); n != 2 {
				t.Errorf("party %d was told %d times, want 2", party, n)
			}
		}
		refused(t, w.AnswerMeeting(ctx, w.firm(0), id, comes(a, true)), errs.KindConflict, "answered from a page of the old hours")
		again := comes(a, true)
		again.Plan = 2
		must(t, w.AnswerMeeting(ctx, w.firm(0), id, again))
		if m := w.sees(w.bank("demo_a"), id); len(m.Firms) != 1 {
			t.Errorf("after the new answer the bank sees %+v", m.Firms)
		}
		must(t, w.CancelMeeting(ctx, city, id, "报名不足"))
		if m := w.sees(w.firm(0), id); m.State != MeetingCancelled || m.Firms[0].Shown || m.Unanswered() {
			t.Errorf("cancelled, it stands as %s, %+v", m.State, m.Firms)
		}
		if n := w.told(a); n != 3 {
			t.Errorf("the firm was told %d times, want 3", n)
		}
		refused(t, w.AnswerMeeting(ctx, w.firm(0), id, comes(a, true)), errs.KindConflict, "answered once it is cancelled")
		refused(t, w.MoveMeeting(ctx, city, id, hours, "x", "x"), errs.KindConflict, "moved once it is cancelled")
		w.now = time.Date(2024, 11, 8, 10, 0, 0, 0, clock.Beijing)
		refused(t, w.WriteTalk(ctx, city, id, NewTalk{Firm: a, Bank: "demo_a", Outcome: TalkIntent, Amount: 1}), errs.KindConflict, "talked at a cancelled one")
		if _, err := audit.Check(ctx, w.DB, kinds()); err != nil {
			t.Errorf("audit: %v", err)
		}
	})
}

// From a talk to a loan that is drawn: what came of the meeting is worked out as of any day, each for whom it concerns.
func TestMeetingOutcomes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id := w.meeting()
		a, b := w.firms[0], w.firms[1]
		must(t, w.AnswerMeeting(ctx, w.firm(0), id, comes(a, true)))
		w.opens()
		bankA, bankB := w.bank("demo_a"), w.bank("demo_b")
		must(t, w.Attendance(ctx, city, id, []int64{a, b}))
		must(t, w.Attendance(ctx, city, id, []int64{a}))
		must(t, w.WriteTalk(ctx, bankA, id, NewTalk{Firm: a, Bank: "demo_a", Outcome: TalkMaterial, Reason: "orders"}))
		must(t, w.WriteTalk(ctx, bankA, id, NewTalk{Firm: a, Bank: "demo_a", Outcome: TalkIntent, Amount: 500_0000_00}))
		must(t, w.WriteTalk(ctx, bankA, id, NewTalk{Firm: a, Bank: "demo_a", Outcome: TalkIntent, Amount: 500_0000_00}))
		must(t, w.WriteTalk(ctx, city, id, NewTalk{Firm: b, Bank: "demo_b", Outcome: TalkNoMatch, Reason: "other", Note: "乙机械另有安排"}))
		if m := w.sees(w.firm(0), id); len(m.Firms[0].Talks) != 1 || m.Firms[0].Talks[0].Amount != 500_0000_00 || w.told(a) != 3 {
			t.Errorf("the firm reads %+v, told %d times", m.Firms, w.told(a))
		}

		_, _, err := w.Begin(ctx, w.firm(0), w.cases, Request{Product: "demo_a_equipment", Firm: a, Meeting: id + 1_000_000})
		refused(t, err, errs.KindNotFound, "of a meeting that there is not")
		of, begun, err := w.Begin(ctx, w.firm(0), w.cases, Request{Product: "demo_a_equipment", Firm: a, Meeting: id})
		must(t, err)
		if begun {
			t.Error("it was begun before")
		}
		day := func(d int) { w.now = time.Date(2024, 11, d, 10, 0, 0, 0, clock.Beijing) }
		day(2)
		w.must(w.firm(0), of, "submit", application(500, 36))
		day(3)
		w.must(bankA, of, "offer", offer(450))
		day(4)
		w.must(w.firm(0), of, "accept", nil)
		sign, draw := contract("H-1", 400), drawdown("J-1", 300)
		sign["signed_on"], draw["drawn_on"] = "2024-11-04", "2024-11-05"
		w.must(bankA, of, "sign", sign)
		day(5)
		w.must(bankA, of, "draw", draw)

		const wan = 1_0000_00
		stage := func(firms int, amount money.Fen) Stage { return Stage{firms, amount * wan} }
		want := map[int]Stages{
			0: {},
			1: {Talked: stage(2, 0), Intended: stage(1, 500)},
			2: {Talked: stage(2, 0), Intended: stage(1, 500), Referred: stage(1, 0)},
			3: {Talked: stage(2, 0), Intended: stage(1, 500), Referred: stage(1, 0), Offered: stage(1, 450)},
			4: {Talked: stage(2, 0), Intended: stage(1, 500), Referred: stage(1, 0), Offered: stage(1, 450), Signed: stage(1, 400)},
			5: {Talked: stage(2, 0), Intended: stage(1, 500), Referred: stage(1, 0), Offered: stage(1, 450), Signed: stage(1, 400), Drawn: stage(1, 300)},
		}
		first := period.Date(2024, 10, 31)
		for d, stages := range want {
			out := w.outcomes(city, id, first+period.Day(d))
			if diff := cmp.Diff(stages, out.Sum); diff != "" {
				t.Errorf("day %d (-want +got):\n%s", d, diff)
			}
		}
		today := w.Clock.Today()
		out := w.outcomes(city, id, today)
		if want := (MeetingCounts{Invited: 2, Answered: 1, Comes: 1, Came: 2, Talked: 2}); out.Counts != want {
			t.Errorf("counts %+v", out.Counts)
		}
		if len(out.Rows) != 2 || len(out.Rows[0].Cases) != 1 || out.Rows[0].Cases[0].Case != of || len(out.Banks) != 2 || out.Banks[0].Drawn.Amount != 300*wan {
			t.Errorf("rows %+v, banks %+v", out.Rows, out.Banks)
		}
		out = w.outcomes(county, id, today)
		if len(out.Rows) != 1 || out.Rows[0].Name != "甲机械" || out.Counts.Invited != 1 || out.Sum.Talked.Firms != 1 {
			t.Errorf("the county reads %+v", out)
		}
		out = w.outcomes(bankB, id, today)
		if len(out.Rows) != 1 || out.Rows[0].Name != "" || out.Rows[0].Firm != 0 || out.Rows[0].Talk.Note != "" || out.Rows[0].Talk.Firm != 0 || len(out.Banks) != 1 {
			t.Errorf("the bank reads of a firm that did not consent: %+v", out.Rows)
		}
		given, err := w.Consents.Of(ctx, w.firm(0), a)
		must(t, err)
		for _, g := range given {
			if g.Purpose == meetingPurpose {
				must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return w.Consents.End(ctx, tx, w.firm(0), g.ID, "") }))
			}
		}
		out = w.outcomes(bankA, id, today)
		if len(out.Rows) != 1 || out.Rows[0].Name != "甲机械" || out.Sum.Drawn.Amount != 300*wan {
			t.Errorf("the bank reads of what it wrote and lends: %+v", out.Rows)
		}
		out = w.outcomes(w.firm(1), id, today)
		if len(out.Rows) != 1 || out.Rows[0].Name != "乙机械" || out.Rows[0].Talk.Note == "" || out.Sum.Drawn.Firms != 0 {
			t.Errorf("the firm reads %+v", out.Rows)
		}
		_, err = w.cases.Act(ctx, bankA, casework.Act{Case: of, Action: "undo", Entry: []byte(`{"answers": {"voucher": "J-1", "reason": "重复登记"}}`)})
		must(t, err)
		if out = w.outcomes(city, id, today); out.Sum.Drawn != (Stage{}) || out.Sum.Signed.Firms != 1 {
			t.Errorf("once the drawdown was taken back: %+v", out.Sum)
		}
		if _, err := audit.Check(ctx, w.DB, kinds()); err != nil {
			t.Errorf("audit: %v", err)
		}
	})
}

// What rows add up to is what one counts firm by firm, whatever was written, offered, signed and drawn, on every day.
func TestOutcomesEqualARecount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := gathered{Meeting: Meeting{Plans: []MeetingPlan{{N: 1}}}}
		banks := []string{"a", "b", "c"}
		for _, b := range banks {
			g.banks = append(g.banks, MeetingBank{Lender: Lender{Key: b, Name: i18n.Text{ZH: b, EN: b}}})
		}
		const days = 10
		on := func(label string) period.Day { return period.Day(rapid.IntRange(1, days).Draw(t, label)) }
		at := func(label string) int64 {
			return clock.StartOf(on(label)) + rapid.Int64Range(0, 86_399_999).Draw(t, label+" time")
		}
		fen := func(label string) money.Fen { return money.Fen(rapid.Int64Range(1, 1000).Draw(t, label)) }
		firms := rapid.IntRange(1, 5).Draw(t, "firms")
		for f := range firms {
			g.invited = append(g.invited, invitation{int64(f + 1), 0})
		}
		who := func() int64 { return int64(rapid.IntRange(1, firms).Draw(t, "firm")) }
		var deals []dealt
		for range rapid.IntRange(0, 12).Draw(t, "talks") {
			x := Talk{Firm: who(), Bank: rapid.SampledFrom(banks).Draw(t, "bank"), Outcome: rapid.SampledFrom(TalkOutcomes()).Draw(t, "outcome"), At: at("talk")}
			if x.Outcome == TalkIntent {
				x.Amount = fen("intention")
			}
			g.talks = append(g.talks, x)
		}
		slices.SortStableFunc(g.talks, func(a, b Talk) int { return int(a.At - b.At) })
		for i := range rapid.IntRange(0, 8).Draw(t, "referrals") {
			d := dealt{id: int64(100 + i), firm: who(), bank: rapid.SampledFrom(banks).Draw(t, "bank")}
			if rapid.Bool().Draw(t, "sent") {
				d.sent = clock.StartOf(1)
				for range rapid.IntRange(0, 2).Draw(t, "offers") {
					d.offers = append(d.offers, Offer{Amount: fen("offer"), At: at("offered")})
				}
				slices.SortStableFunc(d.offers, func(a, b Offer) int { return int(a.At - b.At) })
				if rapid.Bool().Draw(t, "signed") {
					d.contract = &Contract{Line: fen("line"), SignedOn: on("signed on")}
				}
				for range rapid.IntRange(0, 3).Draw(t, "drawdowns") {
					d.drawdowns = append(d.drawdowns, Drawdown{Terms: Terms{Principal: fen("drawn"), DrawnOn: on("drawn on"), Gone: rapid.Bool().Draw(t, "gone")}})
				}
			}
			deals = append(deals, d)
		}
		for day := period.Day(0); day <= days+1; day++ {
			rows, err := g.rows(deals, day)
			if err != nil {
				t.Fatal(err)
			}
			by, sum, err := tally(g.banks, rows)
			if err != nil {
				t.Fatal(err)
			}
			for i, b := range banks {
				if diff := cmp.Diff(recount(g, deals, day, firms, b), by[i].Stages); diff != "" {
					t.Fatalf("day %d, bank %s (-want +got):\n%s", day, b, diff)
				}
			}
			if diff := cmp.Diff(recount(g, deals, day, firms, banks...), sum); diff != "" {
				t.Fatalf("day %d (-want +got):\n%s", day, diff)
			}
		}
	})
}

// recount is what some banks and all firms came to by a day, counted firm by firm.
func recount(g gathered, deals []dealt, day period.Day, firms int, banks ...string) (x Stages) {
	end := clock.StartOf(day + 1)
	for f := int64(1); f <= int64(firms); f++ {
		var talked, intended, referred, offered, signed, drawn bool
		for _, b := range banks {
			var last *Talk
			for _, talk := range g.talks {
				if talk.Firm == f && talk.Bank == b && talk.At < end {
					last = &talk
				}
			}
			if last != nil {
				talked = true
				if last.Outcome == TalkIntent {
					intended = true
					x.Intended.Amount += last.Amount
				}
			}
		}
		for _, d := range deals {
			if d.firm != f || !slices.Contains(banks, d.bank) || d.sent == 0 || d.sent >= end {
				continue
			}
			referred = true
			var made money.Fen
			for _, o := range d.offers {
				if o.At < end {
					made = o.Amount
				}
			}
			if x.Offered.Amount += made; made > 0 {
				offered = true
			}
			if d.contract != nil && d.contract.SignedOn <= day {
				signed = true
				x.Signed.Amount += d.contract.Line
			}
			for _, w := range d.drawdowns {
				if w.DrawnOn <= day && !w.Gone {
					drawn = true
					x.Drawn.Amount += w.Principal
				}
			}
		}
		for _, reached := range []struct {
			is bool
			to *Stage
		}{{talked, &x.Talked}, {intended, &x.Intended}, {referred, &x.Referred}, {offered, &x.Offered}, {signed, &x.Signed}, {drawn, &x.Drawn}} {
			if reached.is {
				reached.to.Firms++
			}
		}
	}
	return x
}
