package api

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// archiveOf is an archive of files, by name and content.
func archiveOf(t testing.TB, files ...string) string {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		must(t, err)
		_, err = f.Write([]byte(files[i+1]))
		must(t, err)
	}
	must(t, w.Close())
	return buf.String()
}

func uploadTo(name string) string {
	return "/imports?authority=statistics&area=320900&period=2022&" + url.Values{"name": {name}, "sender": {"市统计局"}}.Encode()
}

// ready asks for an import until no work is under way on it.
func (c *city) ready(id int64) Batch {
	c.t.Helper()
	for {
		var b Batch
		c.get("city", fmt.Sprintf("/imports/%d", id)).into(c.t, &b)
		if b.Standing != "reading" && b.Standing != "committing" {
			return b
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// unread is the problem of an import whose texts an answer may be about.
func unread(b Batch) finding {
	for _, p := range b.Preview.Problems {
		if len(p.Texts) > 0 {
			return p
		}
	}
	return finding{}
}

// An archive with the files of several counties becomes an import of each, mended, committed and taken back together.
func TestArchiveOfCounties(t *testing.T) {
	c := newCity(t)
	const head = "统一社会信用代码,企业名称,营业收入（万元）\n"
	body := archiveOf(t,
		"各县/亭湖区.csv", head+tinghuCode+",盐城亭湖甲机械有限公司,见附表\n",
		"各县/大丰区.csv", head+dafengCode+",盐城大丰乙电子有限公司,见附表\n",
		"各县/说明.pdf", "%PDF-1.4 nonsense")
	r := c.ask("city", http.MethodPost, uploadTo("counties.zip"), body, "Content-Type", "application/zip")
	wants(t, r, 201)
	var made struct {
		Batch
		Files []receivedFile
	}
	r.into(t, &made)
	if len(made.Files) != 3 || made.Files[0].Import != made.ID || made.Files[1].Import == 0 || made.Files[2].Refused == nil || made.Files[2].Import != 0 {
		t.Fatalf("the archive was taken as %s", r.body)
	}
	if got, want := r.header.Get("Location"), fmt.Sprintf("%s/imports/%d", Prefix, made.ID); got != want {
		t.Errorf("location %q, want %q", got, want)
	}
	for _, f := range made.Files[:2] {
		if b := c.ready(f.Import); b.Delivery != made.ID || b.Preview.LeftOut != 1 {
			t.Errorf("%s: %+v", f.Name, b)
		}
	}
	path := fmt.Sprintf("/imports/%d", made.ID)
	problem := unread(c.ready(made.ID))
	if problem.At == nil || len(problem.Remedies) == 0 || len(problem.Texts) != 1 || problem.Texts[0].Text != "见附表" {
		t.Fatalf("the problem is %+v", problem)
	}
	at, err := json.Marshal(problem.At)
	must(t, err)
	wants(t, c.get("city", path+"/problems?format=ndjson"), 200, `"place":"C2"`, "见附表")
	wants(t, c.get("city", path+"/problems?format=csv"), 200, "severity,sheet,place", "C2")
	wants(t, c.get("city", path+"/remarks"), 200, "见附表", "营业收入")
	mend := fmt.Sprintf(`{"at": %s, "texts": [{"text": "见附表", "do": "read", "as": "11000"}]}`, at)
	wants(t, c.ask("city", http.MethodPost, path+"/mend", strings.Replace(mend, `"read"`, `"guess"`, 1)), 422, `"pointer":"/texts/0/do"`)
	wants(t, c.ask("city", http.MethodPost, path+"/mend", strings.Replace(mend, string(at), `{"sheet": 7, "column": 0}`, 1)), 422)
	wants(t, c.ask("city", http.MethodPost, path+"/mend", mend), 200)
	if b := c.ready(made.ID); b.Preview.LeftOut != 0 || len(b.Preview.Mended) != 1 {
		t.Errorf("mended: %+v", b.Preview)
	}
	wants(t, c.ask("city", http.MethodPost, path+"/mend", fmt.Sprintf(`{"at": %s, "forget": ["见附表"]}`, at)), 200)
	wants(t, c.ask("city", http.MethodPost, path+"/delivery/mend", mend), 200, `"taken":2`)
	for _, f := range made.Files[:2] {
		if b := c.ready(f.Import); b.Preview.LeftOut != 0 {
			t.Errorf("%s is not mended: %+v", f.Name, b.Preview)
		}
	}
	wants(t, c.ask("tinghu", http.MethodPost, path+"/delivery/commit", `{}`), 404)
	wants(t, c.ask("city", http.MethodPost, path+"/delivery/commit", `{}`), 200, `"taken":2`)
	for _, f := range made.Files[:2] {
		if b := c.ready(f.Import); b.Standing != "committed" {
			t.Errorf("%s is %s", f.Name, b.Standing)
		}
	}
	var list sourcesOut
	c.get("auditor", "/sources?limit=1").into(t, &list.Body)
	wants(t, c.get("auditor", fmt.Sprintf("/sources/%d", list.Body.Items[0].ID)), 200, "counties.zip/各县/", `"retracted":false`)
	wants(t, c.get("auditor", fmt.Sprintf("/sources/%d/enterprises", list.Body.Items[0].ID)), 200, `"total":1`)
	wants(t, c.ask("city", http.MethodPost, path+"/delivery/undo", `{"reason": "报错了年度"}`), 200, `"taken":2`)
	wants(t, c.get("auditor", fmt.Sprintf("/sources/%d", list.Body.Items[0].ID)), 200, `"reason":"报错了年度"`)
}

// An archive of which nothing can be taken is refused, with the reason for each file.
func TestArchiveOfNothing(t *testing.T) {
	c := newCity(t)
	body := archiveOf(t, "a.pdf", "%PDF-1.4 nonsense", "b.pdf", "%PDF-1.4 nonsense")
	wants(t, c.ask("city", http.MethodPost, uploadTo("counties.zip"), body, "Content-Type", "application/zip"), 422, `"file":"counties.zip/a.pdf"`, `"file":"counties.zip/b.pdf"`)
	wants(t, c.ask("city", http.MethodPost, uploadTo("broken.zip"), "PK\x03\x04 and then nothing", "Content-Type", "application/zip"), 422)
}

// A file with a password is opened by the one in the header.
func TestPasswordOfFile(t *testing.T) {
	c := newCity(t)
	locked, err := os.ReadFile("../sheet/testdata/locked/msoffcrypto.xlsx")
	must(t, err)
	send := func(header ...string) reply {
		return c.ask("city", http.MethodPost, uploadTo("locked.xlsx"), string(locked), append([]string{"Content-Type", "application/octet-stream"}, header...)...)
	}
	wants(t, send(), 422)
	wants(t, send("File-Password", "%zz"), 422, `"parameter":"File-Password"`)
	wants(t, send("File-Password", url.PathEscape("盐城Pass1")), 201, `"rows":1`)
}
