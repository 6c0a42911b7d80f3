package web

import (
	"fmt"
	"testing"

	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

// Every page, at the widths of a desk and of a telephone, in both languages: it fits, its console is quiet, it asks no
// other host, and axe-core finds nothing serious.
func TestPagesInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	s := newSite(t)
	pages := []struct{ name, login, path string }{
		{"sign-in", "", "/sign-in"},
		{"calculator", "", "/calculator"},
		{"policies", "", "/policies"},
		{"policy", "", "/policies/yancheng-2022-6"},
		{"accounts", "admin", "/accounts"},
		{"account", "admin", "/account"},
	}
	for _, width := range []int64{1440, 390} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			tabs := map[string]*webtest.Tab{}
			for _, p := range pages {
				tab, ok := tabs[p.login]
				if !ok {
					tab = browser.Tab(t, s.http.URL, width)
					tab.Open("/sign-in")
					if p.login != "" {
						tab.Type("#login", p.login)
						tab.Type("#password", password)
						tab.Click("main form button")
					}
					tabs[p.login] = tab
				}
				for _, lang := range []string{"zh", "en"} {
					tab.Open("/sign-in")
					if now := tab.Text(`document.documentElement.lang.slice(0, 2)`); now != lang {
						tab.Click(`header form[action="/language"] button`)
					}
					tab.Open(p.path)
					name := fmt.Sprintf("%s-%d-%s", p.name, width, lang)
					t.Log(name)
					tab.Fits()
					tab.Accessible()
					tab.Quiet()
					tab.Picture(name)
				}
			}
		})
	}
}
