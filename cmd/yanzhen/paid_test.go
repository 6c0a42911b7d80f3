package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

// demonstration is the demo in a process of its own, which can be killed, and people at its pages.
type demonstration struct {
	*testing.T
	browser *webtest.Browser
	data    string
	address string // the same after each start
	cmd     *exec.Cmd
	people  map[string]*webtest.Tab
	firm    string // what the enterprise is called
}

// newDemonstration is a demo that is not begun. Its process ends with the test.
func newDemonstration(t *testing.T) *demonstration {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &demonstration{T: t, browser: webtest.Start(t), data: t.TempDir(), address: listener.Addr().String(), people: map[string]*webtest.Tab{}}
	listener.Close() //nolint:errcheck // its number is what was wanted
	t.Cleanup(func() {
		if d.cmd != nil && d.cmd.Process != nil {
			d.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // of a test
			d.cmd.Wait()                          //nolint:errcheck // of a test
		}
	})
	return d
}

// begin starts the demo on a day of its clock.
func (d *demonstration) begin(now string) {
	d.Helper()
	d.cmd = exec.Command(os.Args[0], "demo", "--lang", "zh", "--data", d.data, "--size", "300", "--listen", d.address, "--now", now)
	d.cmd.Args[0] = "yanzhen"
	out, err := d.cmd.StdoutPipe()
	if err == nil {
		err = d.cmd.Start()
	}
	if err != nil {
		d.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "http://") {
			go io.Copy(io.Discard, out) //nolint:errcheck // ends with the process
			return
		}
	}
	d.Fatalf("the demo ended before it was ready: %v", d.cmd.Wait())
}

// kill ends the process as a power cut of the process would: at once.
func (d *demonstration) kill() {
	d.Helper()
	if err := d.cmd.Process.Kill(); err != nil {
		d.Fatal(err)
	}
	d.cmd.Wait() //nolint:errcheck // it was killed
}

// as is the page of a person, who is signed in; "" is somebody without an account.
func (d *demonstration) as(login, path string) *webtest.Tab {
	d.Helper()
	tab := d.people[login]
	if tab == nil {
		tab = d.browser.Tab(d.T, "http://"+d.address, 1440)
		d.people[login] = tab
	}
	tab.Open(path)
	if login != "" && tab.Text("location.pathname") == "/sign-in" {
		tab.Type("#login", login)
		tab.Type("#password", demoPassword)
		tab.Click("main form button")
		tab.Open(path)
	}
	return tab
}

// fill puts texts into fields, each after its CSS selector.
func fill(tab *webtest.Tab, fields ...string) {
	for i := 0; i < len(fields); i += 2 {
		tab.Text(fmt.Sprintf(`(document.querySelector(%q).value = %q)`, fields[i], fields[i+1]))
	}
}

// act presses what a case offers, with a reason where one is given.
func (d *demonstration) act(login, page, action, reason string) *webtest.Tab {
	d.Helper()
	tab := d.as(login, page)
	form := fmt.Sprintf(`main form:has(input[name=action][value=%s])`, action)
	if tab.Text(fmt.Sprintf(`!!document.querySelector(%q)`, form)) != "true" {
		d.Fatalf("%s is not offered %s:\n%s", login, action, tab.Text(`document.querySelector('main').innerText`))
	}
	if reason != "" {
		fill(tab, form+" [name=reason]", reason)
	}
	tab.Click(form + " button")
	d.wants(tab, "")
	return tab
}

// wants holds that a page tells texts, and that nothing was refused on it.
func (d *demonstration) wants(tab *webtest.Tab, texts ...string) {
	d.Helper()
	said := tab.Text(`document.querySelector('main').innerText`)
	for _, text := range texts {
		if !strings.Contains(said, text) {
			d.Fatalf("the page at %s lacks %q:\n%s", tab.Text("location.href"), text, said)
		}
	}
	if alert := tab.Text(`[...document.querySelectorAll('main [role=alert]')].map(e => e.innerText).join(' ')`); len(texts) > 0 && texts[0] == "" && alert != "" {
		d.Fatalf("refused at %s: %s", tab.Text("location.href"), alert)
	}
}

// item is a line of the cost items.
type item struct{ kind, label, invoice, on, seller, serial, amount string }

// apply has the enterprise apply for a line that its call offers, found by words of its row, with cost items and an account.
func (d *demonstration) apply(row string, items ...item) (page string) {
	d.Helper()
	tab := d.as("enterprise", "/mine")
	d.wants(tab, "设备联网与数据采集项目")
	d.firm = tab.Text(`document.querySelector('h1').innerText`)
	tab.Open("/calls")
	tab.Click(`main a[href^="/calls/"]`)
	button := fmt.Sprintf(`main form[action$="/apply"] button[aria-label*=%q]`, row)
	if tab.Text(fmt.Sprintf(`!!document.querySelector(%q)`, button)) != "true" {
		d.Fatalf("the call offers no %s:\n%s", row, tab.Text(`document.querySelector('main').innerText`))
	}
	tab.Click(button)
	page = tab.Text("location.pathname")
	for i, x := range items {
		tab.Text(fmt.Sprintf(`(function () {
			var form = document.querySelector('form[action$="/costs"]'), at = {kind: %q, label: %q, invoice: %q, on: %q, seller: %q, serial: %q, amount: %q};
			for (var name in at) form.querySelectorAll('[name=' + name + ']')[%d].value = at[name];
		})()`, x.kind, x.label, x.invoice, x.on, x.seller, x.serial, x.amount, i))
	}
	tab.Click(`form[action$="/costs"] button`)
	d.wants(tab, "")
	fill(tab, "#payee-holder", d.firm, "#payee-bank", "演示商业银行盐城分行", "#payee-number", "6228480402564890018")
	tab.Click(`form[action$="/payee"] button`)
	d.wants(tab, "", "0018")
	return page
}

// reviewed leads an application that was handed in to where a batch may take it: checked, reviewed by four departments,
// its costs ruled on by another official than who checked it, settled by a third.
func (d *demonstration) reviewed(page string, rule func(*webtest.Tab)) {
	d.Helper()
	d.act("county", page, "accept", "")
	for _, office := range []string{"tax", "safety", "environment", "credit"} {
		d.act(office, page, "agree", "")
	}
	if rule != nil {
		rule(d.as("county2", page))
	}
	d.act("county2", page, "recognise", "金额小，由县级核对发票")
	d.act("second", page, "settle", "")
}

// TestFromCalculatorToPaid takes a subsidy through the pages of the demo in a browser, by separate accounts: what the enterprise
// may get, its application, an invoice that is cut, the notice with an objection, the payment. The process is killed
// twice on the way, once while it enters what the bank has paid. Then the same invoice is claimed once more, and one that
// another office has paid last year.
func TestFromCalculatorToPaid(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	d := newDemonstration(t)
	d.begin("2024-10-31")

	machine := item{"equipment", "数控加工中心", "24320000000000001101", "2024-05-06", "演示机床公司", "CNC-1101", "8000000"}
	page := d.apply("（三期）", machine, item{"software", "制造执行系统", "24320000000000001102", "2024-05-06", "演示软件公司", "", "1355000"})
	d.act("enterprise", page, "submit", "")
	d.reviewed(page, func(tab *webtest.Tab) {
		fill(tab, `[name="amount-2"]`, "1000000", `[name="reason-2"]`, "含运维服务费，不属有效投入")
		tab.Click(`form[action$="/rulings"] button`)
		d.wants(tab, "")
	})
	d.wants(d.as("enterprise", page), "含运维服务费，不属有效投入", "90 万元")

	batch := d.batch(page)
	notice := strings.Replace(batch, "/cases/", "/notices/", 1)
	anybody := d.as("", notice)
	d.wants(anybody, d.firm, "提出异议")
	anybody.Click(`main a[href$="#object"]`)
	fill(anybody, "#object-name", "某公司", "#object-text", "设备不是新购的")
	anybody.Click("#object form button")
	d.wants(anybody, "", "异议已收到")

	d.kill() // the notice stands, and the objection waits
	d.begin("2024-11-12")
	city := d.as("city", batch)
	d.wants(city, "设备不是新购的", "还不能批准")
	fill(city, `form[action^="/objections/"] [name=answer]`, "经现场核查，设备为新购，异议不成立")
	city.Click(`form[action^="/objections/"] button[value=no]`)
	d.wants(city, "", "异议不成立", "可以批准")
	d.act("city", batch, "approve", "")
	d.act("city", batch, "grant", "")
	d.wants(d.as("enterprise", page), "待拨付")

	d.pay()
	d.wants(d.as("enterprise", page), "已拨付")
	d.kill() // the ledger is walked over at each start: after the payment too
	d.begin("2024-11-14")
	for !strings.Contains(d.as("finance", "/fund/check").Text(`document.querySelector('main').innerText`), "2024-11-14") { // until the test's own time is over
		time.Sleep(50 * time.Millisecond)
	}
	for _, login := range []string{"city", "finance", "auditor"} {
		d.wants(d.as(login, "/fund/check"), "账目相符")
	}
	d.wants(d.as("finance", "/fund?by=clause"), "90.00") // of this clause nothing else was paid

	// The machine once more, for another year and another project.
	machine.on = "2022-05-06"
	again := d.apply("（二期）", machine)
	d.act("enterprise", again, "submit", "")
	d.reviewed(again, nil)
	twice := []string{"发票 24320000000000001101", "已在 2024 年", "盐政办发〔2022〕6号", "不能重复享受"}
	d.wants(d.as("second", again), append(twice, "其他申报中有相同的发票或设备")...)
	d.wants(d.as("city", d.batch(again)), append(twice, "还不能批准")...)

	// What another office paid last year, brought in as a sheet.
	d.paidBefore("企业名称,奖补类别,发票号码,年度,金额（元）,发放单位,依据文号\n" + d.firm + ",投入补助,24320000000000001103,2023,300000,演示发展改革委,演示发改〔2023〕9号\n")
	before := d.apply("智能化生产线改造项目", item{"equipment", "立体仓库", "24320000000000001103", "2023-05-06", "演示物流设备公司", "WMS-1103", "60000000"})
	d.act("enterprise", before, "submit", "")
	d.wants(d.as("county", before), "演示发展改革委", "演示发改〔2023〕9号", "不能重复享受")
}

// paidBefore brings in what others have paid.
func (d *demonstration) paidBefore(sheet string) {
	d.Helper()
	file := filepath.Join(d.TempDir(), "已付.csv")
	if err := os.WriteFile(file, []byte(sheet), 0o600); err != nil {
		d.Fatal(err)
	}
	tab := d.as("city", "/fund/openings")
	tab.Do(chromedp.SetUploadFiles(chromedp.CSS("#opening-sheet"), []string{file}))
	tab.Click(`form[action="/fund/openings"] button`)
	d.wants(tab, "", d.firm, "演示发展改革委")
	tab.Click(`form[action$="/enter"] button`)
	d.wants(tab, "", "已登记")
}

// batch puts an application into a batch, publishes it, and gives its page.
func (d *demonstration) batch(page string) string {
	d.Helper()
	tab := d.as("second", page)
	tab.Click(`main a[href^="/calls/"]`)
	tab.Text(fmt.Sprintf(`[...document.querySelectorAll('form[action$="/batch"] [name=case]')].forEach(function (x) { x.checked = x.value === %q })`, strings.TrimPrefix(page, "/cases/")))
	tab.Click(`form[action$="/batch"] button`)
	batch := tab.Text("location.pathname")
	d.act("second", batch, "publish", "")
	return batch
}

// pay has finance pay what is due: the bank's file out, its answer in. The process is killed while the answer is entered,
// and finance enters it again: whatever became of it, the money is paid once.
func (d *demonstration) pay() {
	d.Helper()
	tab := d.as("finance", "/fund/payments")
	d.wants(tab, d.firm, "6228480402564890018")
	tab.Click(`form[action="/fund/payments"] button`)
	payment := tab.Text("location.pathname")
	fill(tab, "#send-document", "演示支付令 1 号")
	fill(tab, "#send-password", demoPassword)
	tab.Click(`form[action$="/send"] button`)
	d.wants(tab, "")
	tab.Text(`fetch(document.querySelector('form[action$="/file"]').action, {method: 'POST', body: new URLSearchParams({format: 'csv'})}).
		then(function (r) { return r.text() }).then(function (text) { window.taken = text }), ''`)
	tab.Wait(`!!window.taken`)
	order := regexp.MustCompile(`([0-9a-f]{16}-\d+),.*6228480402564890018`).FindStringSubmatch(tab.Text(`window.taken`))
	if order == nil {
		d.Fatalf("the file for the bank has no payment:\n%s", tab.Text(`window.taken`))
	}
	answer := filepath.Join(d.TempDir(), "回单.csv")
	if err := os.WriteFile(answer, []byte("付款编号,金额,处理结果,备注\n"+order[1]+",900000.00,成功,\n"), 0o600); err != nil {
		d.Fatal(err)
	}
	enter := func() *webtest.Tab {
		tab := d.as("finance", payment)
		tab.Do(chromedp.SetUploadFiles(chromedp.CSS("#pay-result"), []string{answer}))
		tab.Click(`form[action$="/result"] button`)
		d.wants(tab, "", order[1])
		fill(tab, "#settle-document", "演示回单 1 号")
		return tab
	}
	enter().Text(`fetch(document.querySelector('form[action$="/settle"]').action, {method: 'POST', body: new URLSearchParams(new FormData(document.querySelector('form[action$="/settle"]')))}), ''`)
	d.kill()
	d.begin("2024-11-13")
	if tab = d.as("finance", payment); tab.Text(`!!document.querySelector('#pay-result')`) == "true" {
		tab = enter()
		tab.Click(`form[action$="/settle"] button`)
	}
	d.wants(tab, "", order[1], "已付")
}
