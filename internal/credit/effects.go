package credit

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Register adds what the workflows of referrals may cause.
func Register(r *casework.Registry, s *Store) {
	plain := func(name string, do func(context.Context, *store.Tx, *casework.Moment) error) {
		casework.Register(r, name, func(ctx context.Context, tx *store.Tx, at *casework.Moment, _ struct{}) error { return do(ctx, tx, at) })
	}
	for _, k := range Kinds() {
		r.Begins(k.Flow(), casework.Beginning{Page: "/products", Operation: "ask_bank"})
	}

	plain("credit.send", s.sends)
	plain("credit.offer", s.offers)
	plain("credit.sign", s.signs)
	plain("credit.draw", s.draws)
	plain("credit.repay", s.repays)
	plain("credit.redraw", s.redraws)
	plain("credit.rerepay", s.rerepays)
	plain("credit.undo", s.undoes)
	plain("credit.settle", s.settles)
	plain("credit.late", s.late)
	plain("credit.close", func(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
		return s.endConsents(ctx, tx, access.SystemScope(), at.Case().ID, "办件已办结") // its purpose is over, whoever ended it
	})
}

// answered is the answers of an act's form.
type answered struct{ at *casework.Moment }

func (a answered) fen(name string) money.Fen {
	if x := a.at.Answer("answer." + name); x.State == rule.Present {
		return x.Value.Fen()
	}
	return 0
}

func (a answered) int(name string) int64 {
	if x := a.at.Answer("answer." + name); x.State == rule.Present {
		return x.Value.Int()
	}
	return 0
}

func (a answered) day(name string) period.Day {
	if x := a.at.Answer("answer." + name); x.State == rule.Present {
		return x.Value.Day()
	}
	return 0
}

func (a answered) yes(name string) bool {
	x := a.at.Answer("answer." + name)
	return x.State == rule.Present && x.Value.Bool()
}

// ppm is a rate in parts per million, what is less than one of them dropped: forms take six decimals at most.
func (a answered) ppm(name string) int64 {
	x := a.at.Answer("answer." + name)
	if x.State != rule.Present {
		return 0
	}
	n := new(big.Rat).Mul(x.Value.Rate().Rat(), big.NewRat(1_000_000, 1))
	return new(big.Int).Quo(n.Num(), n.Denom()).Int64()
}

func (a answered) text(name string) string {
	return strings.TrimSpace(strings.Join(a.at.Texts(name), ""))
}

// sends hands the application to the bank: the bank sees the case from now on, and reads what the firm consents to.
func (s *Store) sends(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	r, p, err := s.referral(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	a := answered{at}
	amount, months := a.fen("amount"), a.int("months")
	switch {
	case amount < p.Least || amount > p.Most:
		return at.Refuse(i18n.M("credit.amount_outside", p.Amount.Least, p.Amount.Most))
	case months < int64(p.Months.From) || months > int64(p.Months.To):
		return at.Refuse(i18n.M("credit.months_outside", p.Months.From, p.Months.To))
	}
	bank, err := s.enter(ctx, tx, r.Bank)
	if err != nil {
		return err
	}
	if err := s.endConsents(ctx, tx, at.Scope(), r.Case, "重新提交"); err != nil {
		return err
	}
	g, err := s.Consents.Give(ctx, tx, at.Scope(), consent.NewGrant{
		Owner: r.Firm, To: bank, Purpose: string(p.Kind), Facts: p.Facts(), Case: r.Case, Until: clock.StartOf(a.day("until") + 1),
	})
	if err != nil {
		return err
	}
	at.Refer(bank)
	if err := at.Set("consent", rule.Int(g.ID)); err != nil {
		return err
	}
	return at.Set("asked", rule.Money(amount))
}

// late refuses to end a referral unanswered while the bank may still answer: until the working days of its state are over. It is for
// referrals that began before workflows could say so themselves (late).
func (s *Store) late(_ context.Context, _ *store.Tx, at *casework.Moment) error {
	c := at.Case()
	in, ok := at.Workflow().State(c.State)
	if !ok || in.Clock == nil {
		return fmt.Errorf("state %s of workflow %s has no clock", c.State, c.Workflow)
	}
	// A year whose days off are not ordained yet counts by its weekends, as where the clock rings.
	due, _ := s.Library.Calendar().AddWorkdays(clock.DayOf(c.Since), in.Clock.Days)
	if at.Today() <= due {
		return at.Refuse(i18n.M("credit.may_answer", in.Clock.Days, (due + 1).String()))
	}
	return nil
}

// endConsents ends the consents of a case that still stand.
func (s *Store) endConsents(ctx context.Context, tx *store.Tx, scope access.Scope, id int64, why string) error {
	all, err := s.Consents.InCase(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, g := range all {
		if !g.Stands(s.Clock.Millis()) {
			continue
		}
		if err := s.Consents.End(ctx, tx, scope, g.ID, why); err != nil {
			return err
		}
	}
	return nil
}

const insertOffer = `INSERT INTO credit_offer (id, case_id, fen, ppm, months, valid_until, conditions, at, by_account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

func (s *Store) offers(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	_, p, err := s.referral(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	a := answered{at}
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertOffer, id, at.Case().ID, int64(a.fen("amount")), a.ppm("rate"), a.int("months"), int64(a.day("valid_until")),
		a.text("conditions"), s.Clock.Millis(), at.Event().Actor)
	if err != nil {
		return fmt.Errorf("write offer: %w", err)
	}
	audit.Note(tx, loggedOffer, id)
	if err := p.Kind.writeRental(ctx, tx, id, at.Case().ID, a.rental()); err != nil {
		return err
	}
	return at.Set("offered", rule.Money(a.fen("amount")))
}

const (
	sameContract   = `SELECT COUNT(*) FROM credit_contract WHERE bank = $1 AND number_key = $2`
	insertContract = `INSERT INTO credit_contract (case_id, bank, number, number_key, fen, ppm, signed_on, ends_on, at, by_account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
)

func (s *Store) signs(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	r, p, err := s.referral(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	a := answered{at}
	number := a.text("number")
	used := i18n.M("credit.contract_taken", number)
	if err := taken(ctx, tx, sameContract, r.Bank, number, used); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertContract, r.Case, r.Bank, number, content.Fold(number), int64(a.fen("line")), a.ppm("rate"), int64(a.day("signed_on")),
		int64(a.day("ends_on")), s.Clock.Millis(), at.Event().Actor)
	if err != nil {
		return twice(err, used)
	}
	audit.Note(tx, loggedContract, r.Case)
	if err := p.Kind.writeRental(ctx, tx, r.Case, r.Case, a.rental()); err != nil {
		return err
	}
	return at.Set("line", rule.Money(a.fen("line")))
}

// taken refuses a number that the bank has used, and says so.
func taken(ctx context.Context, tx *store.Tx, query, bank, number string, used i18n.Msg) error {
	var n int
	if err := tx.QueryRow(ctx, query, bank, content.Fold(number)).Scan(&n); err != nil {
		return fmt.Errorf("look for number %s: %w", number, err)
	}
	if n > 0 {
		return errs.Conflict(used)
	}
	return nil
}

// twice is taken for who was quicker.
func twice(err error, used i18n.Msg) error {
	if store.IsUnique(err) {
		return errs.Conflict(used)
	}
	return fmt.Errorf("write a number: %w", err)
}

const (
	sameVoucher    = `SELECT COUNT(*) FROM credit_drawdown WHERE bank = $1 AND voucher_key = $2`
	ofOtherBank    = `SELECT COUNT(*) FROM credit_drawdown WHERE subject = $1 AND bank <> $2`
	insertDrawdown = `INSERT INTO credit_drawdown (id, case_id, bank, subject, voucher, voucher_key, fen, ppm, drawn_on, due_on, at, by_account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
)

// draws enters a drawdown, or the delivery of what is leased: it never goes beyond the line with what is not repaid, and becomes facts of the
// firm's loan or lease.
func (s *Store) draws(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	r, p, err := s.referral(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	c, before, err := s.under(ctx, tx, r.Case)
	if err != nil {
		return err
	}
	a := answered{at}
	d := Drawdown{Kind: p.Kind, Voucher: a.text("voucher"), Terms: a.terms()}
	most, _ := most(before, d.DrawnOn) // a drawdown of an earlier day counts on all days since
	switch free := c.Line - most; {
	case d.DrawnOn < c.SignedOn || d.DrawnOn > c.EndOn:
		return at.Refuse(p.Kind.msg("credit.drawn_outside", c.SignedOn.String(), c.EndOn.String()))
	case d.Principal > free:
		return at.Refuse(p.Kind.msg("credit.over_line", d.Principal.In(wan), max(free, 0).In(wan)))
	}
	used := p.Kind.msg("credit.voucher_taken", d.Voucher)
	if err := taken(ctx, tx, sameVoucher, r.Bank, d.Voucher, used); err != nil {
		return err
	}
	loans, err := at.Mention(ctx, party.NewSubject{Kind: string(p.Kind), Parent: at.Case().Enterprise, Key: content.Fold(d.Voucher)})
	if err != nil {
		return err
	}
	d.Subject = loans[0]
	if err := s.ofOneBank(ctx, tx, at.View(), r.Bank, d); err != nil {
		return err
	}
	if d.ID, err = tx.NextIDs(ctx, 1); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertDrawdown, d.ID, r.Case, r.Bank, d.Subject, d.Voucher, content.Fold(d.Voucher), int64(d.Principal), d.PPM, int64(d.DrawnOn),
		int64(d.DueOn), s.Clock.Millis(), at.Event().Actor)
	if err != nil {
		return twice(err, used)
	}
	audit.Note(tx, loggedDrawdown, d.ID)
	if err := d.Kind.writeRental(ctx, tx, d.ID, r.Case, d.Rental); err != nil {
		return err
	}
	if err := s.stand(ctx, tx, at, c, append(d.begins(p.By.Name.ZH, c.Number, a.use()), d.idle(at.View(), at.Today())...)); err != nil {
		return err
	}
	t := d.Kind.tells()
	told := func(y period.Period) bool { return at.View().Value(d.Subject, t.paid, y).Known }
	if d.Kind != Lease || !slices.ContainsFunc(at.View().Periods(d.Subject, t.paid), told) {
		return nil
	}
	return at.Doubt(ctx, d.Subject, t.lender+"登记了"+t.drawdown+" "+d.Voucher+"，此前已有当年费用数据")
}

// ofOneBank refuses a drawdown under whose number the firm has the loan of another bank, by what was entered or by what a sheet says: that
// one's facts would be stated anew.
func (s *Store) ofOneBank(ctx context.Context, tx *store.Tx, view fact.View, bank string, d Drawdown) error {
	// Two banks may enter one number at the same time.
	if err := tx.Lock(ctx, fmt.Sprintf("credit loan %d", d.Subject)); err != nil {
		return err
	}
	var n int
	if err := tx.QueryRow(ctx, ofOtherBank, d.Subject, bank).Scan(&n); err != nil {
		return fmt.Errorf("look for the bank of drawdown %s: %w", d.Voucher, err)
	}
	of := view.Value(d.Subject, d.Kind.tells().bank, period.Period{})
	if n > 0 || of.Known && s.Set.lender(of.Value.Text).Key != bank {
		return errs.Conflict(d.Kind.msg("credit.voucher_of_other", d.Voucher))
	}
	return nil
}

const insertRepayment = `INSERT INTO credit_repayment (id, drawdown_id, paid_on, fen, interest, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7)`

// repays enters a repayment of a drawdown of the case: never more than is left of it on its day or later.
func (s *Store) repays(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	a := answered{at}
	c, all, i, err := s.entered(ctx, tx, at)
	if err != nil {
		return err
	}
	was, r, d := slices.Clone(all), Repayment{Paid: a.paid()}, all[i]
	switch {
	case d.Gone:
		return at.Refuse(d.Kind.msg("credit.gone", d.Voucher))
	case r.Principal == 0 && r.Interest == 0:
		return at.Refuse(d.Kind.msg("credit.nothing_paid"))
	}
	if r.ID, err = tx.NextIDs(ctx, 1); err != nil {
		return err
	}
	r.N = maxRepayments // the last one of its day
	all[i] = d.with(r)
	if msg, broken := c.breaks(was, all); broken {
		return at.Refuse(msg)
	}
	if err := s.writeRepayment(ctx, tx, d.ID, r, at.Event().Actor); err != nil {
		return err
	}
	return s.stand(ctx, tx, at, c, append(all[i].repays(r.PaidOn), all[i].idle(at.View(), at.Today())...))
}

// stand states what follows for a drawdown of the contract. Approvals are looked at again that stand on what a sheet tells of the same money,
// of which another part counts now, or on what others said that was paid of the drawdown itself.
func (s *Store) stand(ctx context.Context, tx *store.Tx, at *casework.Moment, c Contract, stated []fact.Statement) error {
	if err := at.State(ctx, stated...); err != nil {
		return err
	}
	r, _, err := s.referral(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	shaken := s.sheets(at.View(), c.Kind, at.Case().Enterprise, r.Bank, c.Number, stated)
	for _, f := range stated {
		said := at.View().Value(f.Subject, f.Def, f.Period)
		if f.Def == c.Kind.tells().paid && f.State == fact.Present && said.Known && at.View().Authority(said) != bankAuthority && !slices.Contains(shaken, f.Subject) {
			shaken = append(shaken, f.Subject)
		}
	}
	for _, id := range shaken {
		if err := at.Doubt(ctx, id, c.Kind.redrawn(c.Number)); err != nil {
			return err
		}
	}
	return nil
}

// maxRepayments is above every number of a repayment.
const maxRepayments = 1 << 30

func (s *Store) writeRepayment(ctx context.Context, tx *store.Tx, drawdown int64, r Repayment, by int64) error {
	if _, err := tx.Exec(ctx, insertRepayment, r.ID, drawdown, int64(r.PaidOn), int64(r.Principal), int64(r.Interest), s.Clock.Millis(), by); err != nil {
		return fmt.Errorf("write repayment: %w", err)
	}
	audit.Note(tx, loggedRepayment, r.ID)
	return nil
}

// entered is the contract of the case and its drawdowns, and which of these the form names.
func (s *Store) entered(ctx context.Context, tx *store.Tx, at *casework.Moment) (c Contract, all []Drawdown, i int, err error) {
	if c, all, err = s.under(ctx, tx, at.Case().ID); err != nil {
		return c, nil, 0, err
	}
	number := answered{at}.text("voucher")
	i, ok := byVoucher(all, number)
	if !ok {
		err = at.Refuse(c.Kind.msg("credit.no_voucher", number))
	}
	return c, all, i, err
}

// terms is what the form says of a drawdown, paid what it says of a repayment, and use what the drawdown is for.
func (a answered) terms() Terms {
	return Terms{Principal: a.fen("principal"), PPM: a.ppm("rate"), DrawnOn: a.day("drawn_on"), DueOn: a.day("due_on"), Rental: a.rental()}
}

func (a answered) paid() Paid {
	return Paid{PaidOn: a.day("paid_on"), Principal: a.fen("principal"), Interest: a.fen("interest")}
}

func (a answered) use() Use {
	return Use{Project: a.text("project"), Digital: a.yes("for_digital")}
}

// redraws corrects a drawdown that was entered wrongly: all that the form says takes the place of what was said.
func (s *Store) redraws(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	a := answered{at}
	c, all, i, err := s.entered(ctx, tx, at)
	if err != nil {
		return err
	}
	was, before := slices.Clone(all), all[i]
	all[i].Terms = a.terms()
	if msg, broken := c.breaks(was, all); broken {
		return at.Refuse(msg)
	}
	if err := s.restateDrawdown(ctx, tx, all[i], a.text("reason"), at.Event().Actor); err != nil {
		return err
	}
	use, project := a.use(), c.Kind.tells().project
	besides := use.facts(all[i])
	if said := at.View().Value(before.Subject, project, period.Period{}); use.Project == "" && said.Known && at.View().Authority(said) == bankAuthority {
		besides = append(besides, before.none(project, period.Period{})) // it was entered for one, and is for none
	}
	return s.corrected(ctx, tx, at, c, before, all[i], besides...)
}

// rerepays corrects a repayment that was entered wrongly.
func (s *Store) rerepays(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	a := answered{at}
	c, all, i, err := s.entered(ctx, tx, at)
	if err != nil {
		return err
	}
	was, before := slices.Clone(all), all[i]
	r, err := numbered(at, before, a.int("n"))
	if err != nil {
		return err
	}
	r.Paid = a.paid()
	if r.Principal == 0 && r.Interest == 0 {
		return at.Refuse(c.Kind.msg("credit.nothing_paid"))
	}
	all[i] = before.put(r)
	if msg, broken := c.breaks(was, all); broken {
		return at.Refuse(msg)
	}
	if err := s.restateRepayment(ctx, tx, r, a.text("reason"), at.Event().Actor); err != nil {
		return err
	}
	return s.corrected(ctx, tx, at, c, before, all[i])
}

// undoes takes a drawdown back that there was not, or one of its repayments.
func (s *Store) undoes(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	a := answered{at}
	c, all, i, err := s.entered(ctx, tx, at)
	if err != nil {
		return err
	}
	was, before := slices.Clone(all), all[i]
	n, reason, by := a.int("n"), a.text("reason"), at.Event().Actor
	switch {
	case before.Gone:
		return at.Refuse(c.Kind.msg("credit.gone", before.Voucher))
	case n == 0 && len(before.Repayments) > 0:
		return at.Refuse(c.Kind.msg("credit.repaid_before_undone", before.Voucher, len(before.Repayments)))
	case n == 0:
		all[i].Gone = true
		err = s.restateDrawdown(ctx, tx, all[i], reason, by)
	default:
		var r Repayment
		if r, err = numbered(at, before, n); err != nil {
			return err
		}
		r.Gone = true
		all[i] = before.put(r)
		err = s.restateRepayment(ctx, tx, r, reason, by)
	}
	if err != nil {
		return err
	}
	if msg, broken := c.breaks(was, all); broken {
		return at.Refuse(msg)
	}
	return s.corrected(ctx, tx, at, c, before, all[i])
}

// numbered is a repayment by its number; Conflict where there is none.
func numbered(at *casework.Moment, d Drawdown, n int64) (Repayment, error) {
	for _, r := range d.Repayments {
		if int64(r.N) == n {
			return r, nil
		}
	}
	return Repayment{}, at.Refuse(d.Kind.msg("credit.no_repayment", d.Voucher, n))
}

// corrected states what stands now, and has the applications looked at again in which an approval stands on what was said before.
func (s *Store) corrected(ctx context.Context, tx *store.Tx, at *casework.Moment, c Contract, before, now Drawdown, besides ...fact.Statement) error {
	if err := s.stand(ctx, tx, at, c, slices.Concat(now.restates(before), now.idle(at.View(), at.Today()), besides)); err != nil {
		return err
	}
	t := now.Kind.tells()
	return at.Doubt(ctx, now.Subject, t.lender+"更正了"+t.drawdown+" "+now.Voucher+"："+answered{at}.text("reason"))
}

const (
	insertDrawdownRestated = `INSERT INTO credit_drawdown_restated (id, drawdown_id, fen, ppm, drawn_on, due_on, gone, reason, at, by_account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	insertRepaymentRestated = `INSERT INTO credit_repayment_restated (id, repayment_id, paid_on, fen, interest, gone, reason, at, by_account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
)

// restateDrawdown writes what a drawdown is in the place of what was said.
func (s *Store) restateDrawdown(ctx context.Context, tx *store.Tx, d Drawdown, reason string, by int64) error {
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertDrawdownRestated, id, d.ID, int64(d.Principal), d.PPM, int64(d.DrawnOn), int64(d.DueOn), flag(d.Gone), reason, s.Clock.Millis(), by)
	if err != nil {
		return fmt.Errorf("correct drawdown %d: %w", d.ID, err)
	}
	audit.Note(tx, loggedDrawdownRestated, id)
	return d.Kind.writeRental(ctx, tx, id, d.Case, d.Rental)
}

func (s *Store) restateRepayment(ctx context.Context, tx *store.Tx, r Repayment, reason string, by int64) error {
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertRepaymentRestated, id, r.ID, int64(r.PaidOn), int64(r.Principal), int64(r.Interest), flag(r.Gone), reason, s.Clock.Millis(), by)
	if err != nil {
		return fmt.Errorf("correct repayment %d: %w", r.ID, err)
	}
	audit.Note(tx, loggedRepaymentRestated, id)
	return nil
}

// flag is a truth value as tables have it.
func flag(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// settles closes a referral whose drawdowns are all repaid, and ends its consent.
func (s *Store) settles(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	c, all, err := s.under(ctx, tx, at.Case().ID) // nor does a list change any until it is closed
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.Left() > 0 {
			return at.Refuse(d.Kind.msg("credit.not_repaid", d.Voucher, d.Left().In(wan)))
		}
	}
	return s.endConsents(ctx, tx, access.SystemScope(), at.Case().ID, c.Kind.tells().noun+"已结清")
}

const (
	contractByCase = `SELECT number, fen, ppm, signed_on, ends_on, at, by_account FROM credit_contract WHERE case_id = $1`
	offersByCase   = `SELECT id, fen, ppm, months, valid_until, conditions, at, by_account FROM credit_offer WHERE case_id = $1 ORDER BY id`
	drawdownsBy    = `SELECT id, subject, voucher, fen, ppm, drawn_on, due_on, at, by_account FROM credit_drawdown WHERE case_id = $1 ORDER BY id`
	repaymentsBy   = `SELECT r.drawdown_id, r.id, r.paid_on, r.fen, r.interest, r.at, r.by_account FROM credit_repayment r
JOIN credit_drawdown d ON d.id = r.drawdown_id WHERE d.case_id = $1 ORDER BY r.id`
	drawdownsRestated = `SELECT x.id, x.drawdown_id, x.fen, x.ppm, x.drawn_on, x.due_on, x.gone, x.reason, x.at, x.by_account FROM credit_drawdown_restated x
JOIN credit_drawdown d ON d.id = x.drawdown_id WHERE d.case_id = $1 ORDER BY x.id`
	repaymentsRestated = `SELECT x.id, x.repayment_id, x.paid_on, x.fen, x.interest, x.gone, x.reason, x.at, x.by_account FROM credit_repayment_restated x
JOIN credit_repayment r ON r.id = x.repayment_id JOIN credit_drawdown d ON d.id = r.drawdown_id WHERE d.case_id = $1 ORDER BY x.id`
)

// under is the contract of a case and its drawdowns: nobody enters any before the transaction ends.
func (s *Store) under(ctx context.Context, tx *store.Tx, id int64) (c Contract, all []Drawdown, err error) {
	if err := tx.Lock(ctx, fmt.Sprintf("credit contract %d", id)); err != nil {
		return c, nil, err
	}
	if c, err = contractOf(ctx, tx, id); err != nil {
		return c, nil, err
	}
	all, err = drawdownsOf(ctx, tx, id)
	return c, all, err
}

// contractOf is the contract of a case; NotFound before it is entered.
func contractOf(ctx context.Context, q store.Querier, id int64) (c Contract, err error) {
	err = q.QueryRow(ctx, contractByCase, id).Scan(&c.Number, &c.Line, &c.PPM, &c.SignedOn, &c.EndOn, &c.At, &c.By)
	if errors.Is(err, sql.ErrNoRows) {
		return c, errs.NotFound("contract of case", id)
	}
	if err != nil {
		return c, fmt.Errorf("read contract of case %d: %w", id, err)
	}
	leased, err := rentalsOf(ctx, q, id)
	c.Kind, c.Rental = leased.kind(), leased[id]
	return c, err
}

func offersOf(ctx context.Context, q store.Querier, id int64) ([]Offer, error) {
	leased, err := rentalsOf(ctx, q, id)
	if err != nil {
		return nil, err
	}
	return store.List(ctx, q, func(r *store.Rows) (o Offer, err error) {
		err = r.Scan(&o.ID, &o.Amount, &o.PPM, &o.Months, &o.ValidUntil, &o.Conditions, &o.At, &o.By)
		o.Rental = leased[o.ID]
		return o, err
	}, offersByCase, id)
}

// drawdownsOf are the drawdowns of a case with their repayments, in the order in which they were entered, after all corrections.
func drawdownsOf(ctx context.Context, q store.Querier, id int64) ([]Drawdown, error) {
	leased, err := rentalsOf(ctx, q, id)
	if err != nil {
		return nil, err
	}
	all, err := store.List(ctx, q, func(r *store.Rows) (d Drawdown, err error) {
		err = r.Scan(&d.ID, &d.Subject, &d.Voucher, &d.Principal, &d.PPM, &d.DrawnOn, &d.DueOn, &d.At, &d.By)
		d.Kind, d.Case, d.Rental = leased.kind(), id, leased[d.ID]
		return d, err
	}, drawdownsBy, id)
	if err != nil {
		return nil, err
	}
	type row struct {
		of int64
		Repayment
	}
	paid, err := store.List(ctx, q, func(r *store.Rows) (x row, err error) {
		return x, r.Scan(&x.of, &x.ID, &x.PaidOn, &x.Principal, &x.Interest, &x.At, &x.By)
	}, repaymentsBy, id)
	if err != nil {
		return nil, err
	}
	for _, x := range paid {
		if i := slices.IndexFunc(all, func(d Drawdown) bool { return d.ID == x.of }); i >= 0 {
			x.N = len(all[i].Repayments) + 1
			all[i].Repayments = append(all[i].Repayments, x.Repayment)
		}
	}
	corrections, err := correctionsOf(ctx, q, id, leased)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i] = all[i].corrected(corrections)
	}
	return all, nil
}

// restated is a correction with what it is of: a drawdown, or a repayment.
type restated struct {
	drawdown, repayment int64
	Correction
}

// correctionsOf are those of a case, in the order in which they were made.
func correctionsOf(ctx context.Context, q store.Querier, id int64, leased rentals) ([]restated, error) {
	all, err := store.List(ctx, q, func(r *store.Rows) (x restated, err error) {
		var gone int
		err = r.Scan(&x.ID, &x.drawdown, &x.Now.Principal, &x.Now.PPM, &x.Now.DrawnOn, &x.Now.DueOn, &gone, &x.Reason, &x.At, &x.By)
		x.Now.Gone, x.Now.Rental = gone == 1, leased[x.ID]
		return x, err
	}, drawdownsRestated, id)
	if err != nil {
		return nil, err
	}
	paid, err := store.List(ctx, q, func(r *store.Rows) (x restated, err error) {
		var gone int
		err = r.Scan(&x.ID, &x.repayment, &x.Has.PaidOn, &x.Has.Principal, &x.Has.Interest, &gone, &x.Reason, &x.At, &x.By)
		x.Has.Gone = gone == 1
		return x, err
	}, repaymentsRestated, id)
	if err != nil {
		return nil, err
	}
	all = append(all, paid...)
	slices.SortFunc(all, func(a, b restated) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// corrected is the drawdown as it was entered, after those of the corrections that concern it.
func (d Drawdown) corrected(all []restated) Drawdown {
	for _, x := range all {
		if x.drawdown == d.ID {
			x.Was, d.Terms = d.Terms, x.Now
			d.Restated = append(d.Restated, x.Correction)
		}
		for i, r := range d.Repayments {
			if x.repayment == r.ID {
				x.N, x.Had, d.Repayments[i].Paid = r.N, r.Paid, x.Has
				d.Restated = append(d.Restated, x.Correction)
			}
		}
	}
	d.Repayments = slices.DeleteFunc(d.Repayments, func(r Repayment) bool { return r.Gone })
	d.order()
	return d
}
