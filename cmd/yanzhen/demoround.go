package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// before has a demonstration stand some days before its day while something is done.
func (in *installation) before(days int, do func() error) error {
	in.back.Store(int64(days) * int64(24*time.Hour))
	defer in.back.Store(0)
	return do()
}

// demoBudget is the budget line of a demonstration in a year, made where it is not there yet.
func (in *installation) demoBudget(ctx context.Context, by access.Scope, key string, year int, fen money.Fen) (int64, error) {
	line, err := ledger.Alone(ctx, in.ledger, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return in.ledger.Appropriate(ctx, tx, ledger.Act{Scope: by, Key: key, Reason: "演示：年初预算", Document: "演示预算文件"}, ledger.Appropriation{
			Fund: "先进制造业发展专项资金（演示）", Code: "ZGSZ", Year: year, Area: homeCity, Name: "智改数转补助（演示）", Change: fen,
		})
	})
	if err != nil {
		return 0, fmt.Errorf("make demo budget: %w", err)
	}
	return line, nil
}

// roundMaker makes the rounds of a demonstration: one whose firms were asked and partly paid, one on public notice that was corrected, and one
// that is being checked.
type roundMaker struct {
	*installation
	city, second, finance access.Scope
	own                   int64  // the enterprise of the demonstration, which applies instead
	area                  string // of the rounds
	line                  int64
}

// Days before that of the demonstration. The national holiday lies between the notice and the asking.
const (
	budgetDays    = 60
	listDays      = 35
	publishDays   = 34
	askDays       = 17
	answerDays    = 16
	payDays       = 10
	settleDays    = 9
	returnDays    = 3
	noticeDays    = 1
	roundAnswers  = 4 // firms that have answered, where a round has as many
	wholeCityUpTo = 500
)

// demoRounds gives a demonstration its rounds without applications, what another office has paid before, what is left of the year
// before, and money that came back: so that its fund shows every kind of entry. Where it has rounds, nothing is made.
func (in *installation) demoRounds(ctx context.Context, city demo.Options, data string) error {
	rounds, err := in.subsidy.Rounds(ctx, access.SystemScope())
	if err != nil || len(rounds) > 0 || city.Size > demoCallFirms {
		return err
	}
	m := roundMaker{installation: in, area: homeCity}
	for login, scope := range map[string]*access.Scope{"city": &m.city, "second": &m.second, "finance": &m.finance} {
		if *scope, err = in.scopeOf(ctx, login); err != nil {
			return err
		}
	}
	me, err := in.scopeOf(ctx, "enterprise")
	if err != nil {
		return err
	}
	m.own = me.Owns()[0]
	view, err := in.frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return err
	}
	if e, ok := view.Enterprise(m.own); ok && city.Size > wholeCityUpTo {
		m.area = e.Area // a county of a large city has enough of them
	}
	for _, step := range []struct {
		days int
		do   func(context.Context) error
	}{
		{budgetDays, m.budgets},
		{listDays, func(ctx context.Context) error { return m.opening(ctx, view, data) }},
	} {
		if err := in.before(step.days, func() error { return step.do(ctx) }); err != nil {
			return fmt.Errorf("make demo rounds: %w", err)
		}
	}
	if err := m.paidRound(ctx, view, data); err != nil {
		return fmt.Errorf("make a demo round that was paid: %w", err)
	}
	if err := m.otherRounds(ctx); err != nil {
		return fmt.Errorf("make demo rounds: %w", err)
	}
	return nil
}

// budgets appropriates this year's money and takes what was left of the year before along.
func (m *roundMaker) budgets(ctx context.Context) (err error) {
	year := m.now.Today().Year()
	if m.line, err = m.demoBudget(ctx, m.city, "demo/budget", year, 2*money.Yi); err != nil {
		return err
	}
	last, err := m.demoBudget(ctx, m.city, "demo/budget before", year-1, 500*money.Wan)
	if err != nil {
		return err
	}
	_, err = ledger.Alone(ctx, m.ledger, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, m.ledger.CarryOver(ctx, tx, ledger.Act{Scope: m.finance, Key: "demo/carry", Reason: "演示：上年结余结转", Document: "演示结转文件"}, ledger.Carry{From: last, To: m.line, Free: 300 * money.Wan})
	})
	return err
}

// new is a round of clauses for the area.
func (m *roundMaker) new(title string, clauses ...string) subsidy.NewRound {
	return subsidy.NewRound{Area: m.area, Policy: "yancheng-2022-6", Clauses: clauses, Title: title, Line: m.line}
}

// opening enters what another office has paid for a project that would be paid without an application otherwise.
func (m *roundMaker) opening(ctx context.Context, view fact.View, data string) error {
	_, lines, err := m.subsidy.PreviewRound(ctx, m.city, m.new("演示", "c9"))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(lines, func(l subsidy.RoundLine) bool { return l.State == subsidy.LineListed && l.Enterprise != m.own })
	if i < 0 {
		return nil // a very small city
	}
	l := lines[i]
	x, _ := view.Subject(l.Subject)
	text := "企业名称,奖补类别,项目,年度,金额（元）,发放单位,依据文号\n" +
		strings.Join([]string{l.Firm, "投入补助", x.Key, strconv.Itoa(max(l.Year, 2022)), "300000", "市发展改革委（演示）", "演示发改文件"}, ",") + "\n"
	path := filepath.Join(data, "sheets", "其他部门已付（演示）.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write a sheet of earlier payouts: %w", err)
	}
	p, err := m.subsidy.PreviewOpenings(ctx, view, path, filepath.Base(path))
	if err != nil {
		return err
	}
	if len(p.Problems) > 0 {
		return fmt.Errorf("read %s: %w", path, errs.Invalid(p.Problems[0].Msg))
	}
	_, err = m.subsidy.ImportOpenings(ctx, m.city, homeCity, subsidy.OpeningAuthority, p)
	return err
}

// list lists a round and drops what the enterprise of the demonstration would get: it applies by the call. It gives 0 where nobody
// would be paid.
func (m *roundMaker) list(ctx context.Context, n subsidy.NewRound) (int64, error) {
	_, lines, err := m.subsidy.PreviewRound(ctx, m.city, n)
	if err != nil {
		return 0, err
	}
	listed := slices.DeleteFunc(lines, func(l subsidy.RoundLine) bool { return l.State != subsidy.LineListed })
	if !slices.ContainsFunc(listed, func(l subsidy.RoundLine) bool { return l.Enterprise != m.own }) {
		return 0, nil
	}
	r, err := m.subsidy.ListRound(ctx, m.city, n)
	if err != nil {
		return 0, err
	}
	for _, l := range listed {
		if l.Enterprise != m.own {
			continue
		}
		if err := m.subsidy.DropLine(ctx, m.city, r.ID, l.N, "演示：该企业按申报通知申报"); err != nil {
			return 0, err
		}
	}
	return r.ID, nil
}

// paidRound is a round of loan subsidies whose notice is over: of its firms one has declined, some are paid, one whose account was
// wrong is to be paid again, one gave money back, and the others are still asked.
func (m *roundMaker) paidRound(ctx context.Context, view fact.View, data string) error {
	var id int64
	if err := m.before(listDays, func() (err error) {
		id, err = m.list(ctx, m.new("贷款贴息免申即享第一批（演示）", "c8"))
		return err
	}); err != nil || id == 0 {
		return err
	}
	if err := m.before(publishDays, func() error { return m.subsidy.PublishRound(ctx, m.second, id) }); err != nil {
		return err
	}
	var asked []subsidy.RoundLine
	if err := m.before(askDays, func() error {
		if _, err := m.subsidy.OpenRound(ctx, m.city, id); err != nil {
			return err
		}
		var err error
		asked, _, err = m.subsidy.RoundLines(ctx, m.city, id, subsidy.LineFilter{States: []string{subsidy.LineAsked}, Limit: roundAnswers + 1})
		return err
	}); err != nil {
		return err
	}
	var confirmed []subsidy.RoundLine
	if err := m.before(answerDays, func() error {
		for i, l := range asked {
			firm, err := m.firm(ctx, view, l, i)
			if err != nil {
				return err
			}
			switch {
			case i == 0: // is left to whoever looks at the demonstration
				continue
			case i == 1:
				_, err = m.cases.Act(ctx, firm, casework.Act{Case: l.Case, Action: "decline", Reason: "演示：企业自愿放弃"})
			default:
				confirmed = append(confirmed, l)
				if err = m.subsidy.NamePayee(ctx, firm, l.Case, subsidy.Payee{Holder: l.Firm, Bank: "演示商业银行盐城分行", Number: ledger.Account("622848040256489" + strconv.Itoa(1000+i))}); err == nil {
					_, err = m.cases.Act(ctx, firm, casework.Act{Case: l.Case, Action: "confirm"})
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	}); err != nil || len(confirmed) == 0 {
		return err
	}
	if err := m.pay(ctx, data, confirmed); err != nil {
		return err
	}
	return m.clawBack(ctx, confirmed[0])
}

// firm is what an account of a firm that is asked may do: one is made for each that answers, and the first is on the sign-in page.
func (m *roundMaker) firm(ctx context.Context, view fact.View, l subsidy.RoundLine, i int) (access.Scope, error) {
	login := askedLogin
	if i > 0 {
		login += strconv.Itoa(i + 1)
	}
	_, err := m.accounts.Create(ctx, access.SystemScope(), access.NewAccount{
		Login: login, Name: "免申即享企业（演示）", Password: demoPassword, Grants: []access.Grant{{Role: access.Enterprise, Party: l.Enterprise}},
	})
	if err != nil {
		return access.Scope{}, fmt.Errorf("make demo account %s: %w", login, err)
	}
	return m.scopeOf(ctx, login)
}

// askedLogin is the account of a firm that is asked without having applied.
const askedLogin = "entitled"

// pay has finance pay what was confirmed in one batch, and settle it by the bank's file: of several payments the last one fails.
func (m *roundMaker) pay(ctx context.Context, data string, confirmed []subsidy.RoundLine) error {
	var batch int64
	if err := m.before(payDays, func() (err error) {
		var dues []subsidy.Due
		for _, l := range confirmed {
			p, err := m.subsidy.Payee(ctx, m.finance, l.Case)
			if err != nil {
				return err
			}
			dues = append(dues, subsidy.Due{Case: l.Case, Sum: ledger.Sum{Instalment: 1, Amount: l.Amount}, Seen: p.Version()})
		}
		_, err = ledger.Alone(ctx, m.ledger, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			if batch, err = m.subsidy.Order(ctx, tx, m.finance, "demo/pay", dues); err != nil {
				return struct{}{}, err
			}
			return struct{}{}, m.ledger.Send(ctx, tx, ledger.Act{Scope: m.finance, Key: "demo/send", Document: "演示支付令"}, batch)
		})
		return err
	}); err != nil {
		return err
	}
	return m.before(settleDays, func() error {
		path, err := m.bankFile(ctx, data, batch)
		if err != nil {
			return err
		}
		found, err := m.ledger.ReadResults(ctx, m.finance, batch, ledger.ResultFile{Path: path, Name: filepath.Base(path)})
		if err != nil {
			return err
		}
		if len(found.Faults) > 0 {
			return fmt.Errorf("read %s: %w", path, errs.Invalid(found.Faults[0]))
		}
		_, err = m.subsidy.Settle(ctx, m.finance, ledger.Act{Key: "demo/settle", Document: filepath.Base(path)}, batch, found.Outcomes)
		return err
	})
}

// correct has a notice corrected: one holds it to be wrong, and another publishes it anew without its last firm. A notice of a single
// firm stays as it is.
func (m *roundMaker) correct(ctx context.Context, id int64) error {
	if id == 0 {
		return nil
	}
	lines, n, err := m.subsidy.RoundLines(ctx, m.city, id, subsidy.LineFilter{States: []string{subsidy.LineListed}, Limit: 1000})
	if err != nil || n < 2 {
		return err
	}
	last := lines[len(lines)-1].N
	if err := m.subsidy.DropLine(ctx, m.city, id, last, "演示：企业已在其他地区申报，自愿退出"); err != nil {
		return err
	}
	if err := m.subsidy.DoubtRound(ctx, m.city, id, fmt.Sprintf("演示：第 %d 项的企业自愿退出，公示应更正", last)); err != nil {
		return err
	}
	return m.subsidy.SettleDoubt(ctx, m.second, id, subsidy.Correct, fmt.Sprintf("演示：第 %d 项的企业自愿退出，撤下", last))
}

// bankFile is what the bank says of a batch.
func (m *roundMaker) bankFile(ctx context.Context, data string, batch int64) (string, error) {
	var b strings.Builder
	b.WriteString("付款编号,金额,处理结果,原因\n")
	err := m.ledger.Read(ctx, m.finance, func(ctx context.Context, v *ledger.View) error {
		list, err := v.Payments(ctx, batch)
		for i, p := range list {
			result, reason := "成功", ""
			if i > 0 && i == len(list)-1 {
				result, reason = "失败", "账号与户名不符（演示）"
			}
			fmt.Fprintf(&b, "%s,%s,%s,%s\n", p.Reference, p.Amount, result, reason)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	path := filepath.Join(data, "sheets", "银行回单（演示）.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return "", fmt.Errorf("write the bank's file: %w", err)
	}
	return path, nil
}

// clawBack has a firm that was paid give its money back.
func (m *roundMaker) clawBack(ctx context.Context, l subsidy.RoundLine) error {
	return m.before(returnDays, func() error {
		back := subsidy.Returned{Return: subsidy.Return{Instalment: 1, Amount: l.Amount, Document: "演示追回文件"}}
		if err := m.subsidy.Put(ctx, m.city, l.Case, back); err != nil {
			return err
		}
		if _, err := m.cases.Act(ctx, m.city, casework.Act{Case: l.Case, Action: "order_return", Reason: "演示：贷款未按约定用途使用，贴息全额退回"}); err != nil {
			return err
		}
		_, err := m.cases.Act(ctx, m.finance, casework.Act{Case: l.Case, Action: "returned"})
		return err
	})
}

// otherRounds are one on public notice, which was corrected, and one that is being checked.
func (m *roundMaker) otherRounds(ctx context.Context) error {
	var public int64
	if err := m.before(noticeDays, func() (err error) {
		if public, err = m.list(ctx, m.new("有效投入补助免申即享（演示）", "c9")); err != nil || public == 0 {
			return err
		}
		return m.subsidy.PublishRound(ctx, m.second, public)
	}); err != nil {
		return err
	}
	if err := m.correct(ctx, public); err != nil {
		return err
	}
	_, err := m.list(ctx, m.new("荣誉奖励免申即享（演示）", "c10", "c11", "c12", "c13"))
	return err
}
