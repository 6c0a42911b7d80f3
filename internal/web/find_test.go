package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/backup"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/source"
)

// An auditor finds by whatever they hold in hand, and each result opens what is behind it.
func TestFind(t *testing.T) {
	c := newCity(t)
	v := c.as("auditor")
	res, body := v.get("/")
	if res.Request.URL.Path != "/find" {
		t.Errorf("an auditor begins at %s", res.Request.URL)
	}
	wants(t, body, "最近的操作", "firms.csv", "projects.csv")
	sum := c.sourceOf(v, "firms.csv")
	for text, want := range map[string]string{
		"tinghujia":  `>盐城亭湖甲机械有限公司</a>`,
		tinghuCode:   `>盐城亭湖甲机械有限公司</a>`,
		"firms.csv":  `href="/sources/`,
		"系统管理员":      "经手人",
		"1":          "数据版本",
		"四(三)":       `href="/region/firms?clause=c9`,
		sum[:12]:     `href="/sources/`,
		"谁也没有听说过的东西": "没有找到",
	} {
		_, body := v.get("/find?q=" + url.QueryEscape(text))
		if !strings.Contains(body, want) {
			t.Errorf("%s: no %s on the page:\n%s", text, want, mainOf(body))
		}
	}
	_, body = v.get("/find?q=firms.csv&to=2024-10-30")
	wants(t, body, "没有找到")
	_, body = v.get("/find?q=firms.csv&kind=person")
	lacks(t, body, `href="/sources/`)

	_, body = v.get("/find/export?format=csv&q=firms.csv")
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil || len(lines) != 3 || !strings.Contains(lines[1][1], "firms.csv") || !strings.HasPrefix(lines[1][6], "/sources/") {
		t.Errorf("exported: %q, %v", lines, err)
	}
	// The trace of a file, as far as one may see.
	page := lines[1][6]
	_, body = v.get(page)
	wants(t, body, "涉及 3 家企业", "盐城大丰乙电子有限公司", sum)
	if res, _ := c.as("tinghu").get(page); res.StatusCode != http.StatusNotFound {
		t.Errorf("a county opens a file of the city: status %d", res.StatusCode)
	}
	_, body = c.official("nanjing", access.Auditor, "320100").get("/find?q=firms.csv")
	wants(t, body, "没有找到")
	if res, _ := c.as("firm").get("/find"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a firm searches: status %d", res.StatusCode)
	}
}

// sourceOf is the hash of a file that was brought in, from its trace.
func (c *city) sourceOf(v *visitor, name string) string {
	c.t.Helper()
	_, body := v.get(sourcePath(c.sourceID(name)))
	_, rest, ok := strings.Cut(body, "SHA-256 <code>")
	sum, _, _ := strings.Cut(rest, "</code>")
	if !ok || len(sum) != 64 {
		c.t.Fatalf("no hash of %s on its page:\n%s", name, mainOf(body))
	}
	return sum
}

// sourceID is the newest source of that name.
func (c *city) sourceID(name string) int64 {
	c.t.Helper()
	list, err := c.sources.List(c.t.Context(), access.SystemScope(), source.Page{})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, src := range list {
		if src.Name == name {
			return src.ID
		}
	}
	c.t.Fatalf("no source is called %s", name)
	return 0
}

func TestFirstPages(t *testing.T) {
	c := newCity(t)
	_, body := c.visitor().get("/")
	wants(t, body, "不用登录", `href="/calculator"`, `href="/activate"`, "盐政办发〔2022〕6号")

	c.srv.Machine = func() (Machine, error) {
		return Machine{Version: "v9", Database: "SQLite", DiskFree: 5 << 30, DiskTotal: 100 << 30, Backup: Backup{Own: true, Commit: 41, Made: c.srv.Clock.Millis(), Place: "/mnt/backup/monday"}}, nil
	}
	res, body := c.as("admin").get("/")
	if res.Request.URL.Path != "/system" {
		t.Errorf("an administrator begins at %s", res.Request.URL)
	}
	wants(t, body, "磁盘只剩 5%", "个账号还没有激活", "SQLite", "v9", "projects.csv", "上次备份", "/mnt/backup/monday")
	lacks(t, body, "亭湖甲")

	now := c.srv.Clock.Millis()
	state := backup.State{
		Every: 3_600_000, Ship: 1000, Keep: 14, Due: now, Through: now, FailedAt: now, Failed: i18n.M("backup.cannot_write", "/mnt/backup"),
		Good: &backup.Good{Name: "20241031T000000.000Z", Made: now - 7_300_000, Verified: now, Size: 5 << 30, Commit: 41},
	}
	c.srv.Machine = func() (Machine, error) {
		return Machine{Version: "v9", Database: "SQLite", Now: now, Backup: Backup{Own: true, Schedule: &state}}, nil
	}
	_, body = c.as("admin").get("/system")
	wants(t, body, "最近一份经过验证的备份", "20241031T000000.000Z", "5.0 GB", "下次备份", "日志已写到", "每 1s 写一次", "保留最近 14 份", "太旧", "无法写入 /mnt/backup")
	lacks(t, body, "上次备份")
	if res, _ := c.as("city").get("/system"); res.StatusCode != http.StatusForbidden {
		t.Errorf("an official sees the system: status %d", res.StatusCode)
	}
}
