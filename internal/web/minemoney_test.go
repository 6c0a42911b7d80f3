package web

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
)

// moneyOf is what the first page of an enterprise says under its money.
func moneyOf(t *testing.T, page string) string {
	t.Helper()
	_, part, ok := strings.Cut(page, `<h2 id="money">`)
	if !ok {
		t.Fatalf("the page tells of no money:\n%s", mainOf(page))
	}
	part, _, _ = strings.Cut(part, "</table>")
	return part
}

var lackLink = regexp.MustCompile(`href="(/enterprises/\d+[^"]*)">数字车间 · [^<]*（2022年?）</a>`)

// An amount that is not sure names the figures that it waits for, each with where it is stated; once they are known it says so.
func TestMyMoneyNamesWhatIsMissing(t *testing.T) {
	c := newCity(t)
	c.openCall()
	c.applied()
	firm := c.as("firm")
	_, page := firm.get("/mine")
	part := moneyOf(t, page)
	wants(t, part, "最多", "缺：", "数字车间 · ")
	link := lackLink.FindStringSubmatch(part)
	if link == nil {
		t.Fatalf("no figure of 2022 is led to:\n%s", part)
	}
	if res, body := firm.get(link[1]); res.StatusCode != 200 {
		t.Errorf("%s leads to %d:\n%s", link[1], res.StatusCode, mainOf(body))
	}
	firm.post("/language", url.Values{"lang": {"en"}})
	_, page = firm.get("/mine")
	wants(t, moneyOf(t, page), "Missing: ")
	firm.post("/language", url.Values{"lang": {"zh"}})

	view, err := c.srv.Frames.For(context.Background(), access.SystemScope(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, project := range view.Children(c.firms[tinghuCode], content.Project) {
		c.otherYears(fmt.Sprint(project))
	}
	_, page = firm.get("/mine")
	part = moneyOf(t, page)
	wants(t, part, "所缺的数据已经补齐")
	lacks(t, part, "缺：")
}
