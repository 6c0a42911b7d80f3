package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/backup"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

// signedIn is a tab in which somebody has signed in, nobody for "". That a form of the browser's own does it is a matter of
// TestImportInBrowser.
func signedIn(t *testing.T, b *webtest.Browser, s *site, login string, width int64) *webtest.Tab {
	t.Helper()
	tab := b.Tab(t, s.http.URL, width)
	if login == "" {
		return tab
	}
	base, err := url.Parse(s.http.URL)
	if err != nil {
		t.Fatal(err)
	}
	tab.Carry(s.as(login).c.Jar.Cookies(base))
	return tab
}

// Every page, at the widths of a desk and of a telephone, in both languages: it fits, its console is quiet, it asks no
// other host, and axe-core finds nothing serious.
func TestPagesInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	tinghu, twin := c.firms[tinghuCode], c.twin()
	merged := c.mergedFirm()
	draft, proposed, mistaken := c.drafts()
	c.state("ent.employees", "230")
	c.sendMail("firm")
	c.state("ent.profit", "1200")
	c.openCall()
	c.officers()
	begun, application := c.begun(), c.applied()
	c.acts("tinghu", application, "accept", "")
	weighed, panel := c.weighed(), c.weighed()
	c.panelled(panel)
	c.openRound()
	asked, entitled := c.askedRound()
	c.consents(tinghuCode)
	c.as("tinghu").get(enterprisePath(tinghu))
	bank := c.banker()
	told, writes := c.reported(dafengCode), c.visits(dongtaiCode)
	institute := c.instituteAccount(told)
	won := c.selections() // last, as it stands at other days in between
	pages := []sight{
		{"sign-in", "", "/sign-in"},
		{"calculator", "", "/calculator"},
		{"calculator-errors", "", "/calculator?loan-0:loan.principal=much&loan-0:loan.drawn_on=2022-05-01&honour-0:honour.item=x"},
		{"policies", "", "/policies"},
		{"policy", "", "/policies/yancheng-2022-6"},
		{"policy-official", "city", "/policies/yancheng-2022-6"},
		{"policy-benefits", "city", "/policies/yancheng-2022-6/benefits"},
		{"versions", "city", "/versions"},
		{"version-draft", "city", versionPath(draft)},
		{"version-edit", "city", versionPath(draft) + "/edit"},
		{"version-edit-mistakes", "city", versionPath(mistaken) + "/edit"},
		{"version-proposed", "second", versionPath(proposed)},
		{"version-mistakes", "city", versionPath(mistaken)},
		{"version-in-force", "city", versionPath(c.inForce("yancheng-2022-6").ID)},
		{"today", "city", "/today"},
		{"mine", "firm", "/mine"},
		{"open", "", "/"},
		{"flags", "city", "/flags"},
		{"find", "city", "/find?q=" + url.QueryEscape("盐城")},
		{"source", "city", sourcePath(c.sourceID("firms.csv"))},
		{"system", "admin", "/system"},
		{"enterprises", "city", "/enterprises?year=2023"},
		{"template", "city", "/template/enterprises?year=2023"},
		{"template-decisions", "city", "/template/decisions"},
		{"template-accounts", "admin", "/template/accounts"},
		{"template-figures", "city", "/template/figures?period=2024-09"},
		{"template-report", "city", "/template/report_areas"},
		{"nothing-found", "city", "/enterprises?q=nobody"},
		{"file", "city", enterprisePath(tinghu)},
		{"file-answers", "city", enterprisePath(tinghu) + "?policy=yancheng-2022-6&set:investment_base=effective"},
		{"readings", "firm", readingsPath(tinghu)},
		{"emergency", "city", "/emergency"},
		{"proof", "", "/proof"},
		{"register", "", "/register"},
		{"retention", "admin", "/retention"},
		{"file-merged", "city", enterprisePath(merged)},
		{"merge", "city", mergePath(tinghu, 0) + "?q=" + url.QueryEscape("盐城")},
		{"merge-preview", "city", mergePath(tinghu, twin)},
		{"log", "city", "/log"},
		{"log-admin", "admin", "/log"},
		{"report-form", "firm", reportPath(tinghu, tinghu, "ent.revenue", period.OfYear(2023))},
		{"report-form-code", "firm", reportPath(tinghu, tinghu, "ent.size", period.OfYear(2022))},
		{"fact-reported", "city", factPath(tinghu, tinghu, "ent.employees")},
		{"reports", "city", "/reports"},
		{"fact", "city", factPath(tinghu, tinghu, "ent.revenue")},
		{"region", "city", "/region"},
		{"region-firms", "city", "/region/firms"},
		{"lab-start", "city", "/lab"},
		{"lab", "city", "/policies/yancheng-2022-6/lab"},
		{"lab-scenario", "city", "/policies/yancheng-2022-6/lab?budget=50&end=c7&p:min_input=300"},
		{"lab-mistake", "tinghu", "/policies/yancheng-2022-6/lab?budget=much&p:min_input=much"},
		{"lab-firms", "city", "/policies/yancheng-2022-6/lab/firms?p:min_input=400万元"},
		{"lab-firm", "city", fmt.Sprintf("/policies/yancheng-2022-6/lab/firms/%d?p:min_input=400万元", c.firms[dafengCode])},
		{"lab-survey", "city", "/policies/yancheng-2022-6/lab/survey"},
		{"lab-preview", "city", "/policies/yancheng-2022-6/lab/preview"},
		{"lab-find", "city", "/policies/yancheng-2022-6/lab/find?number=p:investment_rate:2023&within=60&low=1&high=20&step=0.1"},
		{"lab-compare", "city", fmt.Sprintf("/lab/compare?s=%d&link=/policies/yancheng-2022-6/lab", c.scenario)},
		{"forms", "", "/forms"},
		{"form-look", "", "/forms/objection"},
		{"form-filing", "firm", "/forms/project_filing"},
		{"form-subsidy", "firm", "/forms/subsidy_investment"},
		{"form-mistakes", "firm", "/forms/subsidy_investment?check=1"},
		{"cases", "city", "/cases"},
		{"cases-own", "firm", "/cases"},
		{"case", "city", casePath(c.caseOf[tinghuCode])},
		{"case-own", "firm", casePath(c.caseOf[tinghuCode]) + "?done=acted"},
		{"reviews", "tax", "/reviews?entered=3&passed=1"},
		{"reviews-city", "city", "/reviews"},
		{"review-case", "city", casePath(application)},
		{"case-appoint", "city", casePath(weighed)},
		{"case-panel", "city", casePath(panel)},
		{"score", "expert1", scorePath(panel)},
		{"workflows", "", "/workflows"},
		{"calls", "firm", "/calls"},
		{"call", "firm", callPath(c.call)},
		{"call-official", "city", callPath(c.call)},
		{"application", "firm", casePath(begun)},
		{"application-checked", "firm", casePath(application)},
		{"cases-new", "firm", "/cases/new"},
		{"cases-new-office", "city", "/cases/new"},
		{"rounds", "city", "/rounds"},
		{"round-new", "city", "/rounds/new?policy=yancheng-2022-6"},
		{"round-preview", "city", fmt.Sprintf("/rounds/new?policy=yancheng-2022-6&clause=c9&area=320900&line=%d&title=%s&preview=1", c.lineOfCall(), url.QueryEscape("2023年度免申即享"))},
		{"round", "city", roundPath(c.round)},
		{"round-open", "second", roundPath(asked)},
		{"mine-entitled", "who1", "/mine"},
		{"case-entitled", "who1", casePath(entitled)},
		{"workflow", "", "/workflows/subsidy_application"},
		{"fund", "city", "/fund"},
		{"fund-entries", "city", "/fund/entries"},
		{"fund-openings", "city", "/fund/openings"},
		{"no-page", "city", "/nothing"},
		{"accounts", "admin", "/accounts"},
		{"account", "admin", "/account"},
		{"tokens", "city", "/account/tokens"},
		{"factor", "city", "/account/factor"},
		{"sessions", "city", "/account/sessions"},
		{"sign-in-rules", "admin", "/system/sign-in"},
		{"messages", "city", "/messages"},
		{"messages-none", "auditor", "/messages"},
		{"message", "firm", messagePath(c.messages[tinghuCode])},
		{"message-ways", "firm", "/account/messages"},
		{"outbox", "admin", "/outbox"},
		{"activate", "", "/activate"},
		{"enrolments", "city", "/enrolments?area=320900&scale=1"},
		{"enrolment", "city", enrolPath(c.enrolment)},
		{"firm-accounts", "city", firmAccountsPath(tinghu)},
		{"handlers", "firm", firmAccountsPath(tinghu)},
		{"selections", "", "/selections"},
		{"selections-city", "city", "/selections"},
		{"selection-open", "firm", won.open},
		{"selection-open-city", "city", won.open + "?q=" + dafengCode},
		{"selection-judged", "city", won.judged},
		{"selection-judged-firm", "firm", won.judged},
		{"selection-judged-expert", won.judge, won.judged},
		{"selection-decided", "", won.decided},
		{"selection-decided-city", "city", won.decided},
		{"selection-call", "second", won.proposed},
		{"selection-call-own", "city", won.proposed},
		{"nomination", "firm", won.nomination},
		{"nomination-county", "tinghu", won.nomination},
		{"title", "city", won.title},
		{"judging", won.judge, "/judging"},
		{"judging-nothing", "expert1", "/judging"},
		{"judge", won.judge, won.sheet},
		{"experts", "city", "/experts"},
		{"experts-second", "second", "/experts"},
		{"experts-auditor", "auditor", "/experts"},
		{"chains", "city", "/chains"},
		{"chain", "city", "/chains/nev?year=2024&segment=parts"},
		{"ladders", "", "/ladders"},
		{"ladder", "", "/ladders/smart_factory"},
		{"ladder-firm", "firm", "/ladders/benchmark"},
		{"ladder-city", "city", "/ladders/smart_factory?firm=" + dongtaiCode},
		{"ladder-empty", "city", "/ladders/cloud_stars"},
		{"assess", "", "/assess"},
		{"assess-firm", "firm", "/assess"},
		{"visits", "expert1", "/visits"},
		{"visit", "expert1", visitPath(c.toVisit("expert1"))},
		{"assess-model", "", "/assess/sme_digital/2024"},
		{"assess-refuses", "city", "/assess/sme_digital/2022"},
		{"assess-standing", "firm", fmt.Sprintf("/assess/sme_digital/2024/firms/%d", c.assessed())},
		{"assess-nothing", "city", fmt.Sprintf("/assess/manufacturing_maturity/2020/firms/%d", c.firms[dongtaiCode])},
		{"assess-region", "city", "/assess/sme_digital/2024/region"},
		{"assess-questions", "firm", actPath(c.questions, "submit")},
		{"diagnoses", "city", "/diagnoses"},
		{"diagnoses-institute", institute, "/diagnoses"},
		{"diagnosis-office", "city", diagnosisPath(told.Case)},
		{"diagnosis-offer", "firm", diagnosisPath(c.diagnosed(tinghuCode).Case)},
		{"diagnosis-report", institute, diagnosisPath(writes.Case) + "/report"},
		{"institutes", "city", "/institutes"},
		{"lots", "city", "/lots"},
		{"advisers", "city", "/advisers"},
		{"lot", "city", lotPath(told.Lot)},
		{"coverage", "city", "/coverage?title=digital_craftsman"},
		{"credit", "city", "/credit"},
		{"lists", "city", "/credit/lists"},
		{"list", "city", fmt.Sprintf("/credit/lists/%d", c.listLoans())},
		{"lease", "firm", casePath(c.leased())},
		{"leases", "city", "/credit?kind=lease"},
		{"lease-product", "firm", "/products/demo_l_equipment?kind=robot&price=100&age=5"},
		{"titles", "city", enterprisePath(c.firms[dafengCode])},
		{"meetings", "city", "/credit/meetings"},
		{"meeting-new", "city", "/credit/meetings/new"},
		{"meeting", "city", meetingPath(c.met())},
		{"meeting-firm", "firm", meetingPath(c.planned)},
		{"meeting-bank", bank, meetingPath(c.planned)},
	}
	plain := c.srv.Machine
	for name, m := range c.machines() { // before the others: what the machine tells is one for all
		c.srv.Machine = func() (Machine, error) { return m, nil }
		c.look(t, browser, sight{name, "admin", "/system"})
	}
	c.srv.Machine = plain
	for lang, widths := range sizes {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			c.lookIn(t, browser, lang, widths, pages...)
		})
	}
}

// sight is a page to look at: the name of its pictures, who looks, and its address.
type sight struct{ name, login, path string }

// sizes are the widths of a desk and of a telephone, by language: a page is loaded and judged at the first, and turned to the second. So
// each page is loaded at both, and in both languages.
var sizes = map[string][2]int64{"zh": {1440, 390}, "en": {390, 1440}}

// look opens pages in both languages, at both widths: they fit, axe-core finds nothing, the console is quiet.
func (c *city) look(t *testing.T, browser *webtest.Browser, pages ...sight) {
	t.Helper()
	for lang, widths := range sizes {
		c.lookIn(t, browser, lang, widths, pages...)
	}
}

func (c *city) lookIn(t *testing.T, browser *webtest.Browser, lang string, widths [2]int64, pages ...sight) {
	tabs := map[string]*webtest.Tab{}
	for _, p := range pages {
		if tabs[p.login] == nil {
			tabs[p.login] = signedIn(t, browser, c.site, p.login, widths[0])
		}
		t.Run(p.name+"-"+lang, func(t *testing.T) {
			tab := tabs[p.login].For(t)
			tab.Resize(widths[0])
			tab.Open(p.path)
			if tab.Text(`document.documentElement.lang.slice(0, 2)`) != lang {
				tab.Click(`header form[action="/language"] button`)
			}
			tab.Accessible()
			if p.name == "no-page" || p.name == "lab-mistake" {
				tab.Forget() // the browser notes the status
			}
			c.tellsOfBackups(t, tab, p.name, lang)
			for _, width := range widths {
				tab.Resize(width)
				tab.Fits()
				tab.Picture(fmt.Sprintf("%s-%d-%s", p.name, width, lang))
			}
			if tab.Text(`[...document.querySelectorAll('details.yz-columns')].map(function (d) { d.open = true; }).length`) != "0" {
				for _, width := range widths {
					tab.Resize(width)
					tab.Fits() // with what opens over the page
				}
				tab.Accessible("details.yz-columns")
			}
			tab.Quiet()
		})
	}
}

// tellsOfBackups holds what an administrator sees of them first: nothing to do where they are in order; what is wrong, on top, where
// they are not.
func (c *city) tellsOfBackups(t *testing.T, tab *webtest.Tab, page, lang string) {
	t.Helper()
	if !strings.HasPrefix(page, "system-backups") {
		return
	}
	text := tab.Text(`document.querySelector('main').innerText`)
	words := i18n.T{Lang: i18n.Lang(lang)}
	for _, key := range []string{"backup.good", "backup.due", "backup.through"} {
		if line := words.S(key); !strings.Contains(text, line) {
			t.Errorf("%q does not stand there", line)
		}
	}
	above, _, _ := strings.Cut(text, words.S("people.machine"))
	if late := strings.Contains(above, "/mnt/backup/yanzhen"); late != (page == "system-backups-late") {
		t.Errorf("that backups fail stands on top: %v; the page:\n%s", late, text)
	}
}

// machines are what the first page of an administrator tells in some cases, by the name of the picture: backups that are in order,
// and ones that are late and fail.
func (c *city) machines() map[string]Machine {
	now := c.srv.Clock.Millis()
	machine := func(b backup.State) Machine {
		return Machine{Version: "v1", Database: "SQLite", Now: now, Since: now - 400_000_000, DiskFree: 61 << 30, DiskTotal: 100 << 30, Backup: Backup{Own: true, Schedule: &b}}
	}
	const day = 86_400_000
	good := &backup.Good{Name: "20241030T130000.000Z", Made: now - day/2, Verified: now - day/2 + 90_000, Size: 5 << 30, Commit: 123456, Rows: 4_000_000, Files: 3100}
	well := backup.State{Every: day, Ship: 1000, Keep: 14, Alive: now, Good: good, Due: now + day/2, Through: now - 700}
	late := well
	old := *good
	old.Made, old.Verified = now-5*day/2, now-5*day/2+90_000
	late.Good, late.Due, late.Through = &old, now-day, now-day
	late.FailedAt, late.Failed = now-600_000, i18n.M("backup.cannot_write", "/mnt/backup/yanzhen")
	late.JournalFailed = i18n.M("backup.cannot_write", "/mnt/backup/yanzhen")
	return map[string]Machine{"system-backups": machine(well), "system-backups-late": machine(late)}
}

// A language is chosen on the page that one is at, and stays.
func TestLanguageInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	tab := signedIn(t, browser, c.site, "city", 1440)
	tab.Open("/enterprises?area=320902&sort=-ent.revenue")
	tab.Click(`header form[action="/language"] button`)
	if got := tab.Text(`location.pathname + location.search`); got != "/enterprises?area=320902&sort=-ent.revenue" {
		t.Errorf("the change of language led to %s", got)
	}
	tab.Open("/today")
	if got := tab.Text(`document.documentElement.lang`); got != "en" {
		t.Errorf("language is %s", got)
	}
}

// Dragging an amount moves the result, without a click and without a new page.
func TestCalculatorInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	s := newSite(t)
	tab := browser.Tab(t, s.http.URL, 1440)
	tab.Open("/calculator?blank=1&enterprise-0:area=320902&add=project")
	tab.Text(`window.here = 'still'`)
	drag := func(field, value string) {
		tab.Text(fmt.Sprintf(`(function () {
			var r = document.getElementById(%q);
			r.value = %q;
			r.dispatchEvent(new Event('input', {bubbles: true}));
		})()`, field+":range", value))
	}
	total := `document.querySelector('#result .yz-total-num').textContent.replace(/\s+/g, ' ').trim()`
	drag("project-0:project.investment:2024", "700")
	drag("project-0:project.effective_input:2024", "490")
	tab.Wait(`document.querySelector('#result').textContent.indexOf('即达') > 0`)
	drag("project-0:project.effective_input:2024", "500")
	tab.Wait(total + ` === '70 万元'`)
	if got := tab.Text(`document.getElementById('project-0:project.effective_input:2024').value`); got != "500" {
		t.Errorf("the field beside the slider says %s", got)
	}
	tab.Type("#project-0\\:project\\.investment\\:2024", "800")
	tab.Wait(total + ` === '80 万元'`)
	if got := tab.Text(`window.here`); got != "still" {
		t.Error("the page was loaded anew")
	}
	if got := tab.Text(`location.search`); got == "" {
		t.Error("the address does not hold the calculation")
	}
	tab.Quiet()
}

// Typing into the search shows what the visitor may see, and Escape puts it away.
func TestSuggestionsInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	tab := signedIn(t, browser, c.site, "tinghu", 1440)
	tab.Open("/today")
	tab.Type("#q", "盐城")
	tab.Wait(`document.querySelectorAll('#suggest a').length === 1`)
	tab.Type("#q", "\x1b")
	tab.Wait(`document.querySelector('#suggest').children.length === 0`)
	tab.Quiet()
}

// What is typed into the editor is checked at once, and what is wrong stands beside the field.
func TestEditorInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	draft, _, _ := c.drafts()
	tab := signedIn(t, browser, c.site, "city", 1440)
	tab.Open(versionPath(draft) + "/edit")
	id := tab.Text(`Array.from(document.querySelectorAll('input')).filter(function (i) { return /^f:params\/\d+\/values\/2023$/.test(i.name) })[0].id`)
	set := func(value string) {
		tab.Text(fmt.Sprintf(`(function () {
			var i = document.getElementById(%q);
			i.value = %q;
			i.dispatchEvent(new Event('input', {bubbles: true}));
		})()`, id, value))
	}
	said := fmt.Sprintf(`document.getElementById(%q).textContent`, id+"-error")
	set("eleven")
	tab.Wait(said + `.indexOf('eleven') >= 0`)
	set("1.1%")
	tab.Wait(said + ` === ''`)
	if got := tab.Text(`document.getElementById('problems').textContent`); got == "" {
		t.Error("the check says nothing")
	}
	tab.Quiet()
}
