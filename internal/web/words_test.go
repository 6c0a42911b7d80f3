package web

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Every key that a page names stands in the catalogue, and every key of the catalogue is named by a page. A key that is
// put together ends in "_" in the source and stands for all that begin so.
func TestKeysOfPages(t *testing.T) {
	for _, area := range []string{"web", "people", "labpage", "paypage", "noticepage", "batchpage"} {
		t.Run(area, func(t *testing.T) { keysOf(t, area) })
	}
}

func keysOf(t *testing.T, area string) {
	var catalogue map[string]i18n.Text
	b, err := os.ReadFile("../i18n/catalogue/" + area + ".json")
	if err == nil {
		err = json.Unmarshal(b, &catalogue)
	}
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`"(` + area + `\.[a-z_0-9.]*)"`)
	used := map[string]bool{}
	err = fs.WalkDir(os.DirFS("."), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") ||
			!strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".templ") {
			return err
		}
		src, err := os.ReadFile(name)
		for _, m := range key.FindAllStringSubmatch(string(src), -1) {
			used[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	made := func(key string) bool {
		for u := range used {
			if (strings.HasSuffix(u, "_") || u == area+".") && strings.HasPrefix(key, u) && u != area+"." {
				return true
			}
		}
		return false
	}
	confidences := map[string]bool{"web.verified": true, "web.secondary": true, "web.unverified": true}
	for k := range used {
		if _, ok := catalogue[k]; !ok && !strings.HasSuffix(k, "_") && k != area+"." {
			t.Errorf("%s is used and not in the catalogue", k)
		}
	}
	for k := range catalogue {
		if !used[k] && !made(k) && !confidences[k] {
			t.Errorf("%s stands in the catalogue and is not used", k)
		}
	}
}

// What is our fault shows an id that stands in the log, and no inner words.
func TestOurFault(t *testing.T) {
	s := newSite(t)
	var log strings.Builder
	s.srv.Log = slog.New(slog.NewTextHandler(&log, nil))
	inner := errors.New("disk on fire")
	tests := map[string]func(http.ResponseWriter, *http.Request, *visit) error{
		"error": func(http.ResponseWriter, *http.Request, *visit) error { return inner },
		"panic": func(http.ResponseWriter, *http.Request, *visit) error { panic(inner) },
	}
	for name, handle := range tests {
		t.Run(name, func(t *testing.T) {
			log.Reset()
			h := s.srv.outermost(s.srv.sessions.LoadAndSave(s.srv.page(route{need: access.Need{Public: true}, handle: handle})))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			if w.Code != http.StatusInternalServerError {
				t.Errorf("status %d", w.Code)
			}
			lacks(t, w.Body.String(), "disk on fire", "系统错误", "goroutine")
			_, rest, _ := strings.Cut(w.Body.String(), "<code>")
			id, _, _ := strings.Cut(rest, "</code>")
			if len(id) < 8 || !strings.Contains(log.String(), "id="+id) || !strings.Contains(log.String(), "disk on fire") {
				t.Errorf("id %q does not stand in the log:\n%s", id, log.String())
			}
		})
	}
}
