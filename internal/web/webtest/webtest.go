// Package webtest looks at pages with the system's Chromium, as a visitor's browser would: it clicks and types, keeps
// what the console says and which hosts are asked, takes pictures, and lets axe-core judge what it sees.
package webtest

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe/axe.min.js
var axe string

// patience is how long a page may take; it is a bound for a hanging browser, not a measurement.
const patience = 60 * time.Second

// Browser is a running Chromium with an empty profile.
type Browser struct{ ctx context.Context }

// Start runs Chromium until the test ends. Without one on this machine the test is skipped, save where CI is true.
func Start(t *testing.T) *Browser {
	t.Helper()
	path := find()
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no Chromium on this machine: install chromium, or name one in CHROMIUM")
		}
		t.Skip("no Chromium on this machine: install chromium, or name one in CHROMIUM")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.WSURLReadTimeout(patience))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // waits for the process, so that its profile can be removed
			t.Logf("close browser: %v", err)
		}
		cancel()
		stop()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &Browser{ctx: ctx}
}

func find() string {
	if p := os.Getenv("CHROMIUM"); p != "" {
		return p
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	return ""
}

// Tab is one page of the browser with a width, and its own cookies.
type Tab struct {
	t    *testing.T
	ctx  context.Context
	base string

	heard *heard
}

// heard is console errors and requests to other hosts.
type heard struct {
	sync.Mutex
	wrong []string
}

// Tab opens an empty tab for the site at base (http://127.0.0.1:1234), that many CSS pixels wide.
func (b *Browser) Tab(t *testing.T, base string, width int64) *Tab {
	t.Helper()
	tab := &Tab{t: t, base: base, heard: &heard{}}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(tab.hear))
	t.Cleanup(cancel)
	tab.ctx = ctx
	if err := chromedp.Do(ctx, resize(width)); err != nil { // in ctx itself: the tab would end with another
		t.Fatalf("open tab: %v", err)
	}
	return tab
}

func resize(width int64) chromedp.Action[chromedp.Void] { return chromedp.EmulateViewport(width, 900) }

// Resize makes the tab that many CSS pixels wide.
func (tab *Tab) Resize(width int64) {
	tab.t.Helper()
	tab.Do(resize(width))
}

// Carry gives the tab the cookies of somebody who is known to the site already.
func (tab *Tab) Carry(cookies []*http.Cookie) {
	tab.t.Helper()
	var all []*network.CookieParam
	for _, c := range cookies {
		all = append(all, &network.CookieParam{Name: c.Name, Value: c.Value, URL: tab.base, HTTPOnly: true, SameSite: network.CookieSameSiteLax})
	}
	tab.Do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.SetCookies, network.SetCookiesParams{Cookies: all})
		return err
	}))
}

func (tab *Tab) hear(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if strings.HasPrefix(e.Request.URL, "data:") || strings.HasPrefix(e.Request.URL, tab.base+"/") {
			return
		}
		tab.note("request to another host: " + e.Request.URL)
	case *runtime.EventExceptionThrown:
		tab.note("exception: " + e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			tab.note(fmt.Sprintf("console %s: %s", e.Type, args(e.Args)))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Source == log.EntrySourceSecurity {
			tab.note(fmt.Sprintf("browser: %s %s", e.Entry.Text, e.Entry.URL))
		}
	}
}

func args(all []*runtime.RemoteObject) string {
	var parts []string
	for _, a := range all {
		parts = append(parts, fmt.Sprint(a.Value, a.Description))
	}
	return strings.Join(parts, " ")
}

func (tab *Tab) note(what string) {
	tab.heard.Lock()
	defer tab.heard.Unlock()
	tab.heard.wrong = append(tab.heard.wrong, what)
}

// Do runs actions; a failure ends the test.
func (tab *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	run(tab, chromedp.Steps(actions...))
}

func run[T any](tab *Tab, a chromedp.Action[T]) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		tab.t.Fatalf("browser: %v", err)
	}
	return v
}

// Open goes to a path of the site and waits for its main part.
func (tab *Tab) Open(path string) {
	tab.t.Helper()
	tab.Do(chromedp.Navigate(tab.base+path), chromedp.WaitReady(chromedp.CSS("main")))
}

// Text is a script expression as text.
func (tab *Tab) Text(script string) string {
	tab.t.Helper()
	return run(tab, chromedp.Evaluate[string]("String("+script+")"))
}

// Wait lets the browser work until a script expression is true.
func (tab *Tab) Wait(condition string) {
	tab.t.Helper()
	run(tab, chromedp.Poll[bool](condition, chromedp.WithPollingTimeout(patience)))
}

// Click clicks what a CSS selector finds first, and waits for the page that follows.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		tab.t.Fatalf("click %s: %v", selector, err)
	}
}

// Type puts text, key by key, in the place of what stands in the field that a CSS selector finds first.
func (tab *Tab) Type(selector, text string) {
	tab.t.Helper()
	tab.Do(chromedp.WaitVisible(chromedp.CSS(selector)))
	tab.Text(fmt.Sprintf(`document.querySelector(%q).select()`, selector))
	tab.Do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// For is the same tab, reporting to another test.
func (tab *Tab) For(t *testing.T) *Tab {
	return &Tab{t: t, ctx: tab.ctx, base: tab.base, heard: tab.heard}
}

// Forget drops what was heard so far: what a test expects the browser to complain of.
func (tab *Tab) Forget() {
	tab.heard.Lock()
	defer tab.heard.Unlock()
	tab.heard.wrong = nil
}

// Quiet reports what the console said and whom the page asked, and forgets it.
func (tab *Tab) Quiet() {
	tab.t.Helper()
	tab.heard.Lock()
	defer tab.heard.Unlock()
	for _, w := range tab.heard.wrong {
		tab.t.Errorf("page is not quiet: %s", w)
	}
	tab.heard.wrong = nil
}

// Fits reports a page that scrolls sideways.
func (tab *Tab) Fits() {
	tab.t.Helper()
	over := tab.Text(`(function () {
		var w = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= w) return '';
		var all = document.querySelectorAll('body *'), worst = null;
		for (var i = 0; i < all.length; i++) {
			var r = all[i].getBoundingClientRect();
			if (r.right > w + 1 && !all[i].closest('.yz-scroll')) worst = all[i].tagName + '.' + all[i].getAttribute('class') + ', as far as ' + r.right;
		}
		return 'page is ' + document.documentElement.scrollWidth + ' wide in ' + w + ': ' + worst;
	})()`)
	if over != "" {
		tab.t.Error(over)
	}
}

// Accessible reports what axe-core finds serious or worse, by the rules of WCAG 2.2 A and AA and its best practices, on the whole page or
// in what a CSS selector finds.
func (tab *Tab) Accessible(within ...string) {
	tab.t.Helper()
	where := "document"
	if len(within) > 0 {
		where = fmt.Sprintf("%q", strings.Join(within, ","))
	}
	run(tab, chromedp.Evaluate[bool](axe+";true"))
	out := run(tab, chromedp.Evaluate[string](`axe.run(`+where+`, {resultTypes: ['violations']}).then(function (r) {
		return JSON.stringify(r.violations.map(function (v) {
			return {ID: v.id, Impact: v.impact, Help: v.help, Where: v.nodes.slice(0, 4).map(function (n) {
				return n.target.join(' ') + ': ' + n.html.slice(0, 160) + ' | ' + n.failureSummary;
			})};
		}));
	})`, chromedp.EvalAwaitPromise))
	var found []struct {
		ID, Impact, Help string
		Where            []string
	}
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		tab.t.Fatalf("axe: %v", err)
	}
	for _, f := range found {
		if f.Impact == "serious" || f.Impact == "critical" {
			tab.t.Errorf("axe: %s (%s): %s\n  %s", f.ID, f.Impact, f.Help, strings.Join(f.Where, "\n  "))
		}
	}
}

// Picture writes the whole page as name.png into the folder named by YANZHEN_PICTURES; without it, nothing.
func (tab *Tab) Picture(name string) {
	tab.t.Helper()
	dir := os.Getenv("YANZHEN_PICTURES")
	if dir == "" {
		return
	}
	png := run(tab, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		tab.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		tab.t.Fatal(err)
	}
}
