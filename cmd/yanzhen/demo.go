package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/subsidy"
	"github.com/yanzhen/yanzhen/internal/web"
)

// demoCommand invents a city, brings its sheets in as anybody's, and serves the pages with accounts to look around.
func demoCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place, door := placeFlags(fs, t), doorFlags(fs, t)
	fs.Lookup("data").DefValue, place.data = "data/demo", "data/demo"
	fs.Lookup("now").DefValue = demo.Clock.String()
	size := fs.Int("size", 3000, t.S("cmd.flag_size", demo.MaxSize))
	seed := fs.Uint64("seed", 1, t.S("cmd.flag_seed"))
	only := fs.Bool("import-only", false, t.S("cmd.flag_import_only"))
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 0 {
			return errUsage
		}
		if door.post.smtp == "" && door.post.folder == "" {
			door.post.folder = filepath.Join(place.data, "mail")
		}
		if err := door.check(); err != nil {
			return err
		}
		if *size < 1 || *size > demo.MaxSize {
			return errs.Invalid(i18n.M("cmd.bad_size", *size, demo.MaxSize))
		}
		city := demo.Options{Seed: *seed, Size: *size}
		place.city = &city
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		if err := in.populate(ctx, c, place.data, city); err != nil {
			return err
		}
		if _, err := in.demoAccounts(ctx, city); err != nil || *only {
			return err
		}
		if err := in.decide(ctx); err != nil {
			return err
		}
		if err := in.demoRounds(ctx, city, place.data); err != nil {
			return err
		}
		accounts, err := in.demoAccounts(ctx, city) // that of a firm that is asked is among them now
		if err != nil {
			return err
		}
		if err := in.demoCall(ctx, city); err != nil {
			return err
		}
		if err := in.demoApplications(ctx, city); err != nil {
			return err
		}
		if err := in.demoSelections(ctx, place, city); err != nil {
			return err
		}
		if err := in.demoDiagnoses(ctx, place); err != nil {
			return err
		}
		if err := in.demoAssessments(ctx, place); err != nil {
			return err
		}
		if err := in.demoCredit(ctx); err != nil {
			return err
		}
		if err := in.demoFlags(ctx); err != nil {
			return err
		}
		if err := in.demoTargets(ctx); err != nil {
			return err
		}
		if err := in.demoBulletins(ctx); err != nil {
			return err
		}
		return in.serve(ctx, c, door, accounts, place.alone())
	}
}

// populate brings in the sheets that were not brought in before: those of a first start, or of one that was stopped.
func (in *installation) populate(ctx context.Context, c *console, data string, city demo.Options) error {
	known, err := in.received(ctx)
	if err != nil {
		return err
	}
	dir := filepath.Join(data, "sheets")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make directory of sheets: %w", err)
	}
	files, err := demo.Sheets(ctx, dir, city, known)
	if err != nil {
		return err
	}
	for i, f := range files {
		if f.Rows == 0 || known[f.SHA256] {
			continue // an office of a very small city has nothing to report
		}
		fmt.Fprintln(c.err, c.t.S("cmd.demo_import", i+1, len(files), f.Sender, f.Title, f.Rows))
		if err := in.bringDemo(ctx, c, f); err != nil {
			return fmt.Errorf("import %s: %w", f.Path, err)
		}
	}
	return nil
}

// received is the hashes of all files that were ever committed, those taken back too: an undone import of the demo
// stays undone.
func (in *installation) received(ctx context.Context) (map[string]bool, error) {
	known := map[string]bool{}
	page := source.Page{Limit: 500}
	for {
		list, err := in.sources.List(ctx, access.SystemScope(), page)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			known[s.SHA256] = true
			page.Before = s.ID
		}
		if len(list) < page.Limit {
			return known, nil
		}
	}
}

const homeCity = "320900"

func (in *installation) bringDemo(ctx context.Context, c *console, f demo.File) error {
	area := homeCity
	if f.Area != "" {
		nodes := in.lib.Areas().Resolve(f.Area, homeCity)
		if len(nodes) != 1 {
			return errs.Invalid(i18n.M("cmd.no_such_area", f.Area))
		}
		area = nodes[0].Code
	}
	u, file, err := upload(f.Path, intake.Upload{Sender: f.Sender, Authority: f.Authority, Area: area, Period: f.Period})
	if err != nil {
		return err
	}
	defer file.Close()
	b, err := in.intake.Receive(ctx, access.SystemScope(), u)
	if err == nil {
		b, err = in.take(ctx, b, &answers{}, false)
	}
	if err != nil {
		return err
	}
	if b.State != intake.Committed {
		c.tellBatch(f.Path, b)
		return errs.Conflict(i18n.M("cmd.left_out", 1))
	}
	return nil
}

// decide works out every policy for the whole region, so that the first reader of the result need not wait for it.
func (in *installation) decide(ctx context.Context) error {
	view, err := in.frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return err
	}
	inForce, err := in.versions.At(ctx, view.Seq())
	if err != nil {
		return err
	}
	for _, f := range inForce {
		plan, err := f.Policy.Plan(nil)
		if err != nil {
			return err
		}
		if _, err := in.region.Run(ctx, view, plan, in.now.Today()); err != nil {
			return fmt.Errorf("decide %s: %w", f.Document, err)
		}
	}
	return nil
}

// demoPassword opens every account of a demonstration, and is shown on its sign-in page.
const demoPassword = "geese fly in formation"

// demoAccounts makes one account for each who would use the product, where it is not there yet.
func (in *installation) demoAccounts(ctx context.Context, city demo.Options) ([]web.DemoAccount, error) {
	view, err := in.frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	firm, err := enterpriseOf(view, demo.Showcase(city))
	if err != nil {
		return nil, err
	}
	e, _ := view.Enterprise(firm)
	home, _ := in.lib.Areas().Node(e.Area)
	all, err := in.accounts.List(ctx, access.SystemScope())
	if err != nil {
		return nil, err
	}
	banks := map[string]int64{}
	for login, code := range demoBanks {
		if banks[login], err = in.credit.Party(ctx, code); err != nil {
			return nil, err
		}
	}
	institutes, err := in.demoInstitutes(ctx)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, a := range all {
		there[a.Login] = true
	}
	var shown []web.DemoAccount
	for _, a := range []struct {
		login string
		who   i18n.Text
		grant access.Grant
	}{
		{"city", i18n.Text{ZH: "盐城市工信局", EN: "City official"}, access.Grant{Role: access.CityOfficial, Area: homeCity}},
		{"second", i18n.Text{ZH: "盐城市工信局（审批）", EN: "City official who approves"}, access.Grant{Role: access.CityOfficial, Area: homeCity}},
		{"dafeng", i18n.Text{ZH: "大丰区工信局", EN: "County official, Dafeng"}, access.Grant{Role: access.CountyOfficial, Area: "320904"}},
		{"dongtai", i18n.Text{ZH: "东台市工信局", EN: "County official, Dongtai"}, access.Grant{Role: access.CountyOfficial, Area: "320981"}},
		{"county", i18n.Text{ZH: home.Name + "经办：初审", EN: "County official where the enterprise lies: checks"}, access.Grant{Role: access.CountyOfficial, Area: e.Area}},
		{"county2", i18n.Text{ZH: home.Name + "经办：费用认定", EN: "County official there: rules on costs"}, access.Grant{Role: access.CountyOfficial, Area: e.Area}},
		{"enterprise", i18n.Text{ZH: "一家企业", EN: "An enterprise"}, access.Grant{Role: access.Enterprise, Party: firm}},
		{"finance", i18n.Text{ZH: "盐城市财政局", EN: "Finance"}, access.Grant{Role: access.Finance, Area: homeCity}},
		{"tax", i18n.Text{ZH: "会审：税务", EN: "Joint review: tax"}, access.Grant{Role: access.TaxBureau, Area: homeCity}},
		{"safety", i18n.Text{ZH: "会审：应急管理", EN: "Joint review: work safety"}, access.Grant{Role: access.SafetyBureau, Area: homeCity}},
		{"environment", i18n.Text{ZH: "会审：生态环境", EN: "Joint review: environment"}, access.Grant{Role: access.EnvironmentBureau, Area: homeCity}},
		{"credit", i18n.Text{ZH: "会审：信用", EN: "Joint review: credit"}, access.Grant{Role: access.CreditOffice, Area: homeCity}},
		{"expert1", i18n.Text{ZH: "评审专家 演示人员01", EN: "Expert, demo person 01"}, access.Grant{Role: access.Expert, Area: homeCity}},
		{"expert2", i18n.Text{ZH: "评审专家 演示人员02", EN: "Expert, demo person 02"}, access.Grant{Role: access.Expert, Area: homeCity}},
		{"expert3", i18n.Text{ZH: "评审专家 演示人员03", EN: "Expert, demo person 03"}, access.Grant{Role: access.Expert, Area: homeCity}},
		{"expert4", i18n.Text{ZH: "评审专家 演示人员04", EN: "Expert, demo person 04"}, access.Grant{Role: access.Expert, Area: homeCity}},
		{"expert5", i18n.Text{ZH: "评审专家 演示人员05", EN: "Expert, demo person 05"}, access.Grant{Role: access.Expert, Area: homeCity}},
		{"expert6", i18n.Text{ZH: "评审专家 演示人员06", EN: "Expert, demo person 06"}, access.Grant{Role: access.Expert, Area: homeCity}},
		{"audit", i18n.Text{ZH: "审计机构 演示人员07", EN: "Audit firm, demo person 07"}, access.Grant{Role: access.AuditFirm, Area: homeCity}},
		{"bank", i18n.Text{ZH: "演示银行 A 客户经理，演示人员 08", EN: "Demo bank A, demo person 08"}, access.Grant{Role: access.Bank, Party: banks["bank"]}},
		{"bank2", i18n.Text{ZH: "演示银行 B 客户经理，演示人员 09", EN: "Demo bank B, demo person 09"}, access.Grant{Role: access.Bank, Party: banks["bank2"]}},
		{"lessor", i18n.Text{ZH: "演示融资租赁公司 L 客户经理，演示人员 11", EN: "Demo lessor L, demo person 11"}, access.Grant{Role: access.Bank, Party: banks["lessor"]}},
		{"institute", i18n.Text{ZH: "演示诊断机构 A，演示人员 12", EN: "Demo institute A, demo person 12"}, access.Grant{Role: access.Institute, Party: institutes["institute"]}},
		{"institute2", i18n.Text{ZH: "演示诊断机构 B，演示人员 13", EN: "Demo institute B, demo person 13"}, access.Grant{Role: access.Institute, Party: institutes["institute2"]}},
		{"auditor", i18n.Text{ZH: "市审计局", EN: "Auditor"}, access.Grant{Role: access.Auditor, Area: homeCity}},
		{"admin", i18n.Text{ZH: "系统管理员", EN: "Administrator"}, access.Grant{Role: access.Administrator}},
	} {
		if !there[a.login] {
			made, err := in.accounts.Create(ctx, access.SystemScope(), access.NewAccount{
				Login: a.login, Name: a.who.ZH + "（演示）", Password: demoPassword, Grants: []access.Grant{a.grant},
			})
			if err == nil {
				_, err = in.notices.Enter(ctx, made.ID, notice.Mail, a.login+"@example.com")
			}
			if err != nil {
				return nil, fmt.Errorf("make demo account %s: %w", a.login, err)
			}
		}
		shown = append(shown, web.DemoAccount{Login: a.login, Password: demoPassword, For: a.who})
	}
	return append(shown, in.askedFirm(all)...), nil
}

// askedFirm is the account of a firm that the demonstration's round asks, where it has one.
func (in *installation) askedFirm(all []access.Account) []web.DemoAccount {
	if !slices.ContainsFunc(all, func(a access.Account) bool { return a.Login == askedLogin }) {
		return nil
	}
	return []web.DemoAccount{{Login: askedLogin, Password: demoPassword, For: i18n.Text{ZH: "一家免申即享企业", EN: "An enterprise that is asked without having applied"}}}
}

// most enterprises of a demonstration for which a call is made: telling each of a larger city would keep its start waiting.
const demoCallFirms = 10_000

// demoCall gives a demonstration a budget line and one call under the document that it shows, drafted by one official and
// published by another, where it has none yet.
func (in *installation) demoCall(ctx context.Context, city demo.Options) error {
	calls, err := in.subsidy.Calls(ctx, access.SystemScope(), "")
	if err != nil || len(calls) > 0 || city.Size > demoCallFirms {
		return err
	}
	drafts, err := in.scopeOf(ctx, "city")
	if err != nil {
		return err
	}
	publishes, err := in.scopeOf(ctx, "second")
	if err != nil {
		return err
	}
	line, err := in.demoBudget(ctx, drafts, "demo/budget", in.now.Today().Year(), 2*money.Yi)
	if err != nil {
		return err
	}
	today := in.now.Today()
	call, err := in.subsidy.OpenCall(ctx, drafts, subsidy.Call{
		Area: homeCity, Policy: "yancheng-2022-6", Clauses: []string{"c8", "c9", "c10", "c11", "c12", "c13"}, Title: "智改数转补助申报通知（演示）",
		Text: "演示通知：企业按条款在线申报，材料见清单。", Opens: today, Closes: today + 45, Line: line, Reserve: money.Yi,
	})
	if err != nil {
		return fmt.Errorf("make demo call: %w", err)
	}
	if _, err := in.cases.Act(ctx, publishes, casework.Act{Case: call.Case, Action: "publish", Key: "demo/publish"}); err != nil {
		return fmt.Errorf("publish demo call: %w", err)
	}
	return nil
}

// demoSteps is how far the applications of the demonstration are, one after the other: at the joint review, at the check of the
// county, and a draft.
var demoSteps = [][]struct{ login, action string }{
	{{"enterprise", "submit"}, {"county", "accept"}},
	{{"enterprise", "submit"}},
	{},
}

// demoApplications has the enterprise of a demonstration apply for some of what its call offers, so that offices find work, where
// it has not applied yet. What is paid for projects is left to whoever looks at the demonstration.
func (in *installation) demoApplications(ctx context.Context, city demo.Options) error {
	me, err := in.scopeOf(ctx, "enterprise")
	if err != nil {
		return err
	}
	begun, err := in.subsidy.Applications(ctx, me, subsidy.Filter{})
	if err != nil || len(begun) > 0 || city.Size > demoCallFirms {
		return err
	}
	view, err := in.frames.For(ctx, me, 0)
	if err != nil {
		return err
	}
	offers, _, err := in.subsidy.CallsFor(ctx, view, me.Owns()[0], in.now.Today())
	if err != nil {
		return fmt.Errorf("read what the demo's call offers: %w", err)
	}
	e, _ := view.Enterprise(me.Owns()[0])
	steps := demoSteps
	for call, all := range offers {
		for _, o := range all {
			if len(steps) == 0 || o.Line.Subject.Kind == content.Project || o.Line.Pays.Sure == 0 {
				continue
			}
			if err := in.demoApplication(ctx, me, call, o, e.Name, steps[0]); err != nil {
				return fmt.Errorf("make demo application: %w", err)
			}
			steps = steps[1:]
		}
	}
	return nil
}

func (in *installation) demoApplication(ctx context.Context, me access.Scope, call int64, o subsidy.Offer, firm string, steps []struct{ login, action string }) error {
	made, err := in.subsidy.OpenApplication(ctx, me, call, o)
	if err != nil {
		return err
	}
	if err := in.subsidy.NamePayee(ctx, me, made.ID, subsidy.Payee{Holder: firm, Bank: "演示商业银行盐城分行", Number: "6228480402564890018"}); err != nil {
		return err
	}
	if len(o.Asked) > 0 {
		number := strconv.FormatInt(made.ID, 10)
		item := subsidy.Item{
			Kind: o.Asked[0].ID, Label: "演示设备", Invoice: "2432" + strings.Repeat("0", 16-len(number)) + number, On: period.Date(max(o.Year, 2022), 6, 1),
			Seller: "演示设备公司", Serial: "DEMO-" + number, Amount: 8_000_000 * money.Yuan,
		}
		if err := in.subsidy.Put(ctx, me, made.ID, subsidy.Asked{Items: []subsidy.Item{item}}); err != nil {
			return err
		}
	}
	for _, x := range steps {
		scope, err := in.scopeOf(ctx, x.login)
		if err != nil {
			return err
		}
		if _, err := in.cases.Act(ctx, scope, casework.Act{Case: made.ID, Action: x.action}); err != nil {
			return err
		}
	}
	return nil
}

// scopeOf is what an account of the demonstration may do.
func (in *installation) scopeOf(ctx context.Context, login string) (access.Scope, error) {
	all, err := in.accounts.List(ctx, access.SystemScope())
	if err != nil {
		return access.Scope{}, err
	}
	for _, a := range all {
		if a.Login == login {
			return in.frames.ScopeOf(a), nil
		}
	}
	return access.Scope{}, errs.NotFound("account", login)
}
