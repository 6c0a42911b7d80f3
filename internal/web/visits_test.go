package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // what the script makes of photographs
	"image/png"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/subsidy"
	visits "github.com/yanzhen/yanzhen/internal/visit"
	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

// visiting is an assessment of a firm, of which nothing was handed in yet.
func (c *city) visiting(code string) int64 {
	c.t.Helper()
	if id, ok := c.visited[code]; ok {
		return id
	}
	owner := access.NewScope(0, access.Enterprise, nil, []int64{c.firms[code]})
	made, err := c.site.cases.New(context.Background(), owner, casework.NewCase{Workflow: assessFlow, Title: "数字化水平评测", Subject: c.firms[code]})
	if err != nil {
		c.t.Fatal(err)
	}
	if c.visited == nil {
		c.visited = map[string]int64{}
	}
	c.visited[code] = made.ID
	return made.ID
}

// toVisit is an assessment of the firm in 亭湖区 that waits for experts on site.
func (c *city) toVisit(experts ...string) int64 {
	c.t.Helper()
	id := c.assesses(map[string]any{"devices_total": 100, "devices_digital": 50})
	var in subsidy.Picked
	for _, login := range experts {
		in.Accounts = append(in.Accounts, c.account(login).ID)
	}
	if err := c.money.Put(context.Background(), c.scopeOf("tinghu"), id, in); err != nil {
		c.t.Fatal(err)
	}
	c.actsWith("tinghu", id, "appoint", nil)
	return id
}

// visitOf is the visit of a case as an office sees it.
func (c *city) visitOf(id int64) visits.Visit {
	c.t.Helper()
	v, err := c.site.visits.Visit(context.Background(), access.SystemScope(), id)
	if err != nil {
		c.t.Fatal(err)
	}
	return v
}

// The page works without its script: answers, findings, photographs and notes are kept, two who note different things are told, and
// handing in takes the case on with what was noted.
func TestVisitWithoutScript(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	c.officers()
	id := c.toVisit("expert1", "expert2")
	page := visitPath(id)
	first, second := c.as("expert1"), c.as("expert2")
	_, body := first.get(casePath(id))
	wants(t, body, `href="`+page+`"`, "打开上门记录")
	_, body = first.get("/visits")
	wants(t, body, `href="`+page+`"`)
	if res, body := c.visitor().get("/visits/sw.js"); res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/javascript") || !strings.Contains(body, "addEventListener('fetch'") {
		t.Errorf("the worker: %s", res.Status)
	}
	res, body := first.get(page)
	wants(t, body, "已知：100 台（2024年 · 企业自报 · 数字化水平评测 · 2024-10-31 09:00）", `name="after answer:devices_total" value=""`, `&#34;account&#34;:`, "题没有回答")
	if res.Header.Get(visitHead) != fmt.Sprint(c.account("expert1").ID) {
		t.Errorf("drawn for %q", res.Header.Get(visitHead))
	}
	_, refused := first.post(page, url.Values{"do": {"finding"}, "title": {strings.Repeat("长", 201)}, "seen": {"十台机床没有接入"}})
	wants(t, refused, "十台机床没有接入</textarea>", strings.Repeat("长", 201), `id="finding-new" open`)
	_, refused = first.post(page, url.Values{"do": {"note"}, "text": {strings.Repeat("长", 4001)}})
	wants(t, refused, strings.Repeat("长", 4001)+"</textarea>")
	for login, status := range map[string]int{"firm": http.StatusNotFound, "expert3": http.StatusNotFound, "tinghu": http.StatusOK} {
		if res, _ := c.as(login).get(page); res.StatusCode != status {
			t.Errorf("%s reads it: %d", login, res.StatusCode)
		}
	}

	answer := func(v *visitor, topic, after, value string) (*http.Response, string) {
		return v.post(page, url.Values{"do": {"save"}, "after answer:" + topic: {after}, "a." + topic: {value}})
	}
	_, body = answer(first, "devices_total", "", "120")
	wants(t, body, "已保存", `value="120"`, "测试 expert1 记于")
	_, body = answer(second, "devices_total", "", "130") // had not seen it
	wants(t, body, "记录不一致：生产设备总数", "120", "130", "采用这个")
	_, body = first.post(page+"/hand-in", url.Values{"seen": {""}})
	wants(t, body, "记录不一致，请先选定")
	heads := c.visitOf(id).About("answer:devices_total").Heads
	slices.SortFunc(heads, func(a, b visits.Entry) int { return strings.Compare(a.Body.Value, b.Body.Value) })
	_, body = first.post(page, url.Values{"do": {"keep " + heads[0].ID}, "after answer:devices_total": {heads[0].ID + " " + heads[1].ID}})
	lacks(t, mainOf(body), "记录不一致")
	_, body = first.post(page, url.Values{"do": {"finding"}, "topic": {""}, "title": {"设备没有联网"}, "seen": {"十台"}, "part": {""}, "photos": {""}})
	wants(t, body, "设备没有联网", "十台")
	_, body = first.post(page, url.Values{"do": {"note"}, "text": {"门卫在南门"}})
	wants(t, body, "门卫在南门")
	thing := c.visitOf(id).Of(visits.Notes)[0]
	_, body = first.post(page, url.Values{"do": {"drop " + thing.Key}, "after " + thing.Key: {thing.Heads[0].ID}})
	if n := len(c.visitOf(id).Of(visits.Notes)); n != 0 {
		t.Errorf("%d notes after it was taken back:\n%s", n, mainOf(body))
	}
	_, body = answer(first, "devices_digital", "", "much")
	wants(t, body, "处回答要改")
	_, body = first.post(page+"/hand-in", url.Values{})
	wants(t, body, "还有 1 处要改或要填")
	_, body = answer(first, "devices_digital", c.visitOf(id).About("answer:devices_digital").Heads[0].ID, "")
	lacks(t, mainOf(body), "处回答要改")
	if res, body := first.post(page+"/hand-in", url.Values{"seen": {"stale"}}); res.StatusCode != http.StatusConflict || !strings.Contains(body, "又有新的记录") {
		t.Errorf("handed in unseen: %s", res.Status)
	}
	first.post(page+"/hand-in", url.Values{"seen": {visits.Digest(c.visitOf(id).Entries)}})
	c.holds(id, "confirm", 120)
	_, body = c.as("tinghu").get(page)
	wants(t, body, "交回，共", "设备没有联网")
	_, body = c.as("tinghu").get(casePath(id))
	wants(t, body, "查看上门记录")
}

// holds checks where a case stands, and how many devices the firm is known to have.
func (c *city) holds(id int64, state string, devices int64) {
	c.t.Helper()
	if at, _, err := c.site.cases.Get(context.Background(), access.SystemScope(), id); err != nil || at.State != state {
		c.t.Fatalf("the case stands at %s, %v", at.State, err)
	}
	if err := c.srv.Frames.Refresh(context.Background()); err != nil {
		c.t.Fatal(err)
	}
	view, err := c.srv.Frames.For(context.Background(), access.SystemScope(), 0)
	if err != nil {
		c.t.Fatal(err)
	}
	if got := view.Value(c.firms[tinghuCode], "ent.devices_total", period.OfYear(2024)); got.Value.Num != devices {
		c.t.Errorf("devices: %+v", got)
	}
}

// What the script sends is taken for its account alone, once, and of nobody else.
func TestVisitByScript(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	c.officers()
	id := c.toVisit("expert1")
	send := func(v *visitor, account int64, entries string) (*http.Response, string) {
		t.Helper()
		return v.sendTo(visitPath(id)+"/entries", "application/json", strings.NewReader(fmt.Sprintf(`{"account": %d, "entries": [%s]}`, account, entries)))
	}
	one := `{"id": "0000000000000000000000000000000a", "topic": "answer:devices_total", "after": [], "body": {"value": "7"}, "device": "0000000000000000000000000000000b", "noted": 1730336400000}`
	expert, me := c.as("expert1"), c.account("expert1").ID
	for range 2 {
		res, body := send(expert, me, one)
		var got visitSent
		if err := json.Unmarshal([]byte(body), &got); err != nil || res.StatusCode != http.StatusOK || len(got.Refused) > 0 || got.Pack == nil || len(got.Pack.Entries) != 1 {
			t.Fatalf("%s %s", res.Status, body)
		}
	}
	if res, _ := send(expert, me+1, one); res.StatusCode != http.StatusConflict {
		t.Errorf("of another account: %s", res.Status)
	}
	if res, _ := send(c.as("expert2"), c.account("expert2").ID, one); res.StatusCode != http.StatusNotFound {
		t.Errorf("by a stranger: %s", res.Status)
	}
	if res, _ := send(expert, me, `{"id": 7}`); res.StatusCode != http.StatusUnprocessableEntity && res.StatusCode != http.StatusBadRequest {
		t.Errorf("nonsense: %s", res.Status)
	}
	c.actsWith("expert1", id, "rate", map[string]any{"devices_total": 8})
	late := strings.Replace(strings.Replace(one, "00a", "00c", 1), `"7"`, `"9"`, 1)
	res, body := send(expert, me, late)
	if res.StatusCode != http.StatusOK || !strings.Contains(body, `"pack":null`) {
		t.Errorf("late: %s %s", res.Status, body)
	}
	_, body = c.as("tinghu").get(visitPath(id))
	wants(t, body, "迟到的记录")
}

// An institute notes on the visit of a diagnosis that was referred to it, and on none else; what it comes with after the case has moved on is
// kept as late.
func TestVisitOfAnInstitute(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	ctx := context.Background()
	row := c.diagnosed(tinghuCode)
	own := access.NewScope(1<<41, access.Enterprise, nil, []int64{c.firms[tinghuCode]})
	one, other := access.NewScope(1<<42, access.Institute, nil, []int64{row.Institute}), access.NewScope(1<<43, access.Institute, nil, []int64{row.Institute + 1})
	act := func(by access.Scope, action, reason string) {
		t.Helper()
		if _, err := c.cases.Act(ctx, by, casework.Act{Case: row.Case, Action: action, Reason: reason}); err != nil {
			t.Fatalf("%s: %v", action, err)
		}
	}
	act(own, "agree", "")
	act(one, "take", "")
	entry := func(n int, field, value string) []visits.Entry {
		return []visits.Entry{{ID: fmt.Sprintf("%032x", n), Device: fmt.Sprintf("%032x", 9), Topic: "answer:" + field, Noted: 1, Body: &visits.Body{Value: value}}}
	}
	if refused, err := c.site.visits.Add(ctx, one, row.Case, entry(1, "devices_total", "77")); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	for name, by := range map[string]access.Scope{"another institute": other, "the firm": own} {
		if _, err := c.site.visits.Add(ctx, by, row.Case, entry(2, "devices_total", "1")); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("%s notes: %v", name, err)
		}
	}
	if e, err := c.site.visits.HandIn(ctx, one, visits.Handing{Case: row.Case}); err != nil || e.Action != "visited" || e.To != "report" {
		t.Fatalf("handed in: %+v, %v", e, err)
	}
	c.holds(row.Case, "report", 77)
	if _, err := c.site.visits.Add(ctx, one, row.Case, entry(3, "devices_digital", "5")); err != nil {
		t.Error(err)
	}
	if v := c.visitOf(row.Case); len(v.Entries) != 2 || !v.Entries[1].Late || len(v.Overdue) != 1 {
		t.Errorf("%+v", v.Entries)
	}
}

// Somebody visits a firm with a phone and no network; a second phone notes something else of the same answer.
func TestVisitWithoutNetwork(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	c.officers()
	id := c.toVisit("expert1", "expert2")
	page := visitPath(id)
	phone := signedIn(t, browser, c.site, "expert1", 390)
	phone.Open(page)
	phone.Wait(`document.documentElement.getAttribute('data-visit-ready') === 'true'`)
	phone.Quiet()

	// No network: the page opens from the device, and keeps what is noted.
	left := func(n int) {
		t.Helper()
		phone.Wait(fmt.Sprintf(`document.getElementById('visit-line').getAttribute('data-left') === '%d'`, n))
	}
	c.http.CloseClientConnections()
	c.cut.Store(true)
	phone.Open(page)
	phone.Wait(`document.documentElement.getAttribute('data-visit') === 'on'`)
	phone.Type("#f-devices_total", "120")
	phone.Text(`(function () { var s = document.querySelector('select[name="a.net_control"]'); s.value = 'true'; s.dispatchEvent(new Event('input', {bubbles: true})); s.dispatchEvent(new Event('change', {bubbles: true})); return ''; })()`)
	left(2)
	for n, title := range []string{"设备没有联网", "图纸在纸上流转"} {
		phone.Text(`(document.getElementById('finding-new').open = true, '')`)
		phone.Type(`#finding-new [name=title]`, title)
		phone.Type(`#finding-new [name=seen]`, "十台机床没有接入")
		phone.Text(`(document.querySelector('#finding-new button').click(), '')`)
		left(3 + n)
	}
	dir := t.TempDir()
	img := image.NewRGBA(image.Rect(0, 0, 3000, 1000))
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "车间.png")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	phone.Do(chromedp.SetUploadFiles(chromedp.CSS("#photo-file"), []string{file}))
	phone.Text(`(document.querySelector('#photo-form button').click(), '')`)
	left(6) // its entry and itself
	phone.Wait(`document.getElementById('visit-state').textContent.indexOf('离线，待上传 6 项') >= 0`)
	phone.Picture("visit-offline-390-zh")
	phone.Open(page)
	left(6)
	if got := phone.Text(`document.getElementById('f-devices_total').value + document.getElementById('findings').innerText`); !strings.Contains(got, "120") || !strings.Contains(got, "设备没有联网") || !strings.Contains(got, "图纸在纸上流转") {
		t.Errorf("kept on the device: %s", got)
	}
	if n := len(c.visitOf(id).Entries); n != 0 {
		t.Errorf("%d entries arrived without network", n)
	}

	// Meanwhile the other notes something else of the same answer.
	c.cut.Store(false)
	if _, body := c.as("expert2").post(page, url.Values{"do": {"save"}, "after answer:devices_total": {""}, "a.devices_total": {"130"}}); !strings.Contains(body, "已保存") {
		t.Fatal("the second could not note anything")
	}
	phone.Forget() // what the browser said of the network
	phone.Text(`(window.dispatchEvent(new Event('online')), '')`)
	left(0)
	phone.Wait(`document.getElementById('visit-state').textContent.indexOf('已全部上传') >= 0`)
	phone.Wait(`!!document.querySelector('[data-conflict="answer:devices_total"]')`)
	v := c.visitOf(id)
	if len(v.Entries) != 6 || len(v.Files) != 1 || len(v.Awaited()) != 0 {
		t.Errorf("%d entries, files %v", len(v.Entries), v.Files)
	}
	for _, f := range v.Files {
		if f.Type != "image" || f.Name != "车间.jpg" {
			t.Errorf("file %+v", f)
		}
		_, body, err := c.site.cases.OpenFile(context.Background(), access.SystemScope(), f.ID)
		if err != nil {
			t.Fatal(err)
		}
		size, _, err := image.DecodeConfig(body)
		if err := errors.Join(err, body.Close()); err != nil || size.Width != 2000 || size.Height != 667 {
			t.Errorf("the photograph is %d × %d, %v", size.Width, size.Height, err)
		}
	}
	phone.Fits()
	phone.Accessible()
	phone.Picture("visit-conflict-390-zh")
	phone.Text(`(document.getElementById('visit-send').click(), '')`)
	phone.Wait(`document.getElementById('visit-state').textContent.indexOf('已全部上传') >= 0`)
	if n := len(c.visitOf(id).Entries); n != 6 {
		t.Errorf("%d entries after it was sent again", n)
	}
	phone.Text(`([...document.querySelectorAll('[data-conflict] li')].find(function (li) { return li.textContent.indexOf('120') === 0; }).querySelector('button').click(), '')`)
	phone.Wait(`!document.querySelector('[data-conflict]')`)
	left(0)

	// The session ends: what is noted stays on the device, and goes when the same account is back.
	phone.Do(chromedp.Func(func(ctx context.Context, at *chromedp.Target) error {
		return at.Call(ctx, network.ClearBrowserCookies.Method, cdp.Empty{}, nil)
	}))
	phone.Type("#note-text", "门卫在南门")
	phone.Text(`(document.querySelector('#note-form button').click(), '')`)
	left(1)
	phone.Wait(`document.getElementById('visit-state').textContent.indexOf('登录已过期') >= 0`)
	phone.Text(fmt.Sprintf(`(window.back = false, fetch('/sign-in', {method: 'POST', body: new URLSearchParams({login: 'expert1', password: %q})}).then(function () { window.back = true }), '')`, password))
	phone.Wait(`window.back`)
	phone.Text(`(document.getElementById('visit-send').click(), '')`)
	left(0)
	phone.Forget()

	phone.Click("#hand-in-form button")
	phone.Wait(`location.pathname.indexOf('/cases') === 0`)
	c.holds(id, "confirm", 120)
	// Whoever is appointed no more finds nothing of it on the device.
	phone.Open(page)
	phone.Wait(`document.querySelector('main').innerText.indexOf('404') >= 0 || !document.getElementById('visit')`)
	phone.Wait(`(caches.keys().then(async function (all) { for (var n of all) { if ((await (await caches.open(n)).keys()).some(function (r) { return r.url.indexOf('/visits/') >= 0; })) { window.found = 'yes'; return; } } window.found = 'no'; }), window.found === 'no')`)
	phone.Forget()
}

// What is kept of a visit for one account goes once somebody else has signed in on the device, whether they open a visit or not, and on signing
// out.
func TestVisitKeptForOneAccount(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	c.officers()
	page := visitPath(c.toVisit("expert1", "expert2"))
	phone := signedIn(t, browser, c.site, "expert1", 1440)
	opens := func() {
		t.Helper()
		phone.Open(page)
		phone.Wait(`document.documentElement.getAttribute('data-visit-ready') === 'true'`)
	}
	kept := func(want string) {
		t.Helper()
		phone.Wait(`(caches.keys().then(function (all) { window.kept = all.join(); }), window.kept === '` + want + `')`)
	}
	opens()
	kept("yz-visit-" + fmt.Sprint(c.account("expert1").ID))
	phone.Do(chromedp.Func(func(ctx context.Context, at *chromedp.Target) error { // the session ends
		return at.Call(ctx, network.ClearBrowserCookies.Method, cdp.Empty{}, nil)
	}))
	phone.Open("/sign-in")
	kept("yz-visit-" + fmt.Sprint(c.account("expert1").ID))
	phone.Type("#login", "expert2")
	phone.Type("#password", password)
	phone.Click("main form button")
	kept("")
	opens()
	kept("yz-visit-" + fmt.Sprint(c.account("expert2").ID))
	phone.Text(`(document.querySelectorAll("form[action='/sign-out'] button").forEach(function (b) { if (b.offsetParent) b.id = 'out'; }), '')`)
	phone.Click("#out")
	kept("")
}
