package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

// walk is people at their browsers, each in a tab of their own; who comes back on another day signs in again.
type walk struct {
	*city
	t       *testing.T
	browser *webtest.Browser
	tabs    map[string]*webtest.Tab
}

func (w *walk) as(login string) *webtest.Tab {
	w.t.Helper()
	if w.tabs[login] == nil {
		w.tabs[login] = signedIn(w.t, w.browser, w.site, login, 1440)
	}
	return w.tabs[login]
}

func (w *walk) on(year, month, day int) {
	w.stand(year, month, day)
	w.tabs = map[string]*webtest.Tab{}
}

// presses takes an action on the page of a case, with a reason where it asks for one.
func (w *walk) presses(login, page, action, reason string) {
	w.t.Helper()
	tab := w.as(login)
	tab.Open(page)
	if reason != "" {
		tab.Type("#reason-"+action, reason)
	}
	tab.Click(fmt.Sprintf(`form:has(input[name="action"][value=%q]) button`, action))
	tab.Quiet()
}

// fills fills in the form of an action and sends it; the case follows.
func (w *walk) fills(login, page, action string, answers map[string]string) {
	w.t.Helper()
	tab := w.as(login)
	tab.Open(page + "/act/" + action)
	for name, value := range answers {
		tab.Text(fmt.Sprintf(`Array.from(document.querySelectorAll('[name="a.%s"]')).map(function (e) {
			if (e.type !== 'radio' && e.type !== 'checkbox') { e.value = %q } else if (e.value === %[2]q) { e.checked = true }
		}).length`, name, value))
	}
	tab.Click(`button[name="do"][value="send"]`)
	if at := tab.Text(`location.pathname`); at != page {
		w.t.Fatalf("%s of %s led to %s: %s", action, page, at, tab.Text(`document.querySelector('main').innerText`))
	}
	tab.Quiet()
}

// reads wants words on a page.
func (w *walk) reads(login, page string, words ...string) {
	w.t.Helper()
	tab := w.as(login)
	tab.Open(page)
	text := tab.Text(`document.querySelector('main').textContent`)
	for _, word := range words {
		if !strings.Contains(text, word) {
			w.t.Errorf("%s of %s does not say %q", page, login, word)
		}
	}
	tab.Quiet()
}

// links is the addresses on a page that begin with a path.
func (w *walk) links(login, page, path string) []string {
	w.t.Helper()
	tab := w.as(login)
	tab.Open(page)
	return strings.Fields(tab.Text(fmt.Sprintf(`Array.from(document.querySelectorAll('main a[href^=%q]')).map(function (a) { return a.getAttribute('href') }).join(' ')`, path)))
}

// nominated nominates somebody of a firm on the page of the round and has the nomination accepted by another account.
func (w *walk) nominated(login, round, code, word, person, accepts string) {
	w.t.Helper()
	tab := w.as(login)
	tab.Open(round + "?q=" + code)
	tab.Click(`form[action$="/nominate"] button`)
	page := tab.Text(`location.pathname`)
	w.fills(login, page, "submit", craftsman(word, person))
	w.presses(accepts, page, "accept", "")
}

// judges gives points to all that waits for an expert, by what stands on the sheets.
func (w *walk) judges(login string, points map[string][3]string) {
	w.t.Helper()
	tab := w.as(login)
	for _, link := range w.links(login, "/judging", "/judging/") {
		tab.Open(link)
		text := tab.Text(`document.querySelector('main').textContent`)
		for word, p := range points {
			if !strings.Contains(text, word) {
				continue
			}
			for i, item := range []string{"skill", "work", "teaching"} {
				tab.Type(fmt.Sprintf(`[name="points-%s"]`, item), p[i])
			}
			tab.Click(`button[name="do"][value="give"]`)
		}
		tab.Quiet()
	}
}

// A round in the browser, from the call to a title that is revoked, by the accounts that do so in life: two of the city, an
// enterprise, a county, experts of whom one steps back, and the public. Two nominations come to the same total.
func TestSelectionInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	c := newCity(t)
	logins := c.judges(5)
	c.fillPool(logins...)
	w := &walk{city: c, t: t, browser: webtest.Start(t), tabs: map[string]*webtest.Tab{}}

	city := w.as("city")
	city.Open("/selections")
	city.Type("#s-title", "2024年数字工匠评选（演示）")
	city.Click(`form[action="/selections"] button`)
	call := city.Text(`location.pathname`)
	w.fills("city", call, "propose", map[string]string{"scheme": "digital_craftsman", "year": "2024", "closes": "2024-11-08", "quota": "2"})
	w.presses("second", call, "announce", "")
	round := w.links("second", call, "/selections/")[0]
	w.reads("", round, "推荐申报中", "企业登录后可在本页申报")
	w.reads("city", round, "下一步", "2024-11-08 推荐截止")

	w.nominated("firm", round, tinghuCode, "甲组", "演示人员 41", "tinghu")
	w.nominated("city", round, dafengCode, "乙组", "演示人员 42", "second")
	w.nominated("city", round, dongtaiCode, "丙组", "演示人员 43", "second")

	w.on(2024, 11, 11)
	w.presses("city", call, "draw", "")
	w.stepsBack(logins)
	w.reads("city", round, "还差 9 份评分")
	for _, login := range logins {
		w.judges(login, map[string][3]string{"甲组": {"36", "32", "20"}, "乙组": {"38", "30", "20"}, "丙组": {"30", "30", "14"}})
	}
	w.reads("city", round, "评分已收齐，由抽取人以外的人排名")
	w.presses("second", call, "rank", "")
	w.reads("city", round, "与第 2 名同分", "38 对 36", "候补")
	w.presses("city", call, "publish", "")
	w.reads("", round, "公示名单", "盐城大丰乙电子有限公司")

	w.on(2024, 11, 19)
	w.fills("second", call, "award", map[string]string{"document": "演示〔2024〕1号"})
	file := enterprisePath(c.firms[dafengCode])
	w.reads("city", file, "数字工匠", "持有")
	title := w.as("city").Text(`Array.from(document.querySelectorAll('main a')).filter(function (a) { return a.textContent.indexOf('复核、撤销') >= 0 })[0].getAttribute('href')`)
	w.presses("second", title, "recheck_failed", "离职（演示）")
	w.presses("city", title, "revoke", "离职（演示）")
	w.reads("city", file, "2024-11-19 起撤销", "离职（演示）")
}

// stepsBack has the first expert who judges something step back from it.
func (w *walk) stepsBack(logins []string) {
	w.t.Helper()
	for _, login := range logins {
		links := w.links(login, "/judging", "/judging/")
		if len(links) == 0 {
			continue
		}
		tab := w.as(login)
		tab.Open(links[0])
		tab.Text(`document.querySelector('details:has(#recuse-reason)').open = true`)
		tab.Type("#recuse-reason", "曾为其提供咨询（演示）")
		tab.Click(`form[action$="/recuse"] button`)
		w.reads(login, "/judging", "曾为其提供咨询（演示）")
		return
	}
	w.t.Fatal("nobody judges anything")
}
