package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
)

// A firm sees who has read its personal and confidential data, on which page and why; nobody else sees that of it.
func TestWhoReadsMyData(t *testing.T) {
	c := newCity(t)
	id := c.firms[tinghuCode]
	page := readingsPath(id)
	firm := c.as("firm")
	_, body := firm.get(page)
	wants(t, body, "还没有人看过", "没有授权任何机构")
	firm.get(enterprisePath(id)) // its own

	c.as("tinghu").get(enterprisePath(id))
	c.as("auditor").get(factPath(id, id, "ent.legal_person"))
	_, body = firm.get(page)
	wants(t, body, "测试 tinghu", "县（市、区）经办", "企业档案", "法定代表人", "岗位权限", "测试 auditor", "单项数据页")
	lacks(t, body, "还没有人看过")
	if n := strings.Count(body, "岗位权限"); n != 2 {
		t.Errorf("%d readings, want 2", n)
	}
	for _, login := range []string{"handler", "viewer", "city", "auditor"} {
		if res, _ := c.as(login).get(page); res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", login, res.StatusCode)
		}
	}
	for _, login := range []string{"tinghu", "admin"} {
		if res, _ := c.as(login).get(page); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", login, res.StatusCode)
		}
	}
	if res, _ := firm.get(readingsPath(c.firms[dafengCode])); res.StatusCode != http.StatusNotFound {
		t.Errorf("of another firm: status %d", res.StatusCode)
	}
	if res, _ := firm.get(page + "?before=x"); res.StatusCode != http.StatusNotFound {
		t.Errorf("before what: status %d", res.StatusCode)
	}

	for range listRows + 1 {
		c.as("tinghu").get(factPath(id, id, "ent.legal_person"))
	}
	_, body = firm.get(page)
	_, older, ok := strings.Cut(body, `href="`+page+`?before=`)
	older, _, _ = strings.Cut(older, `"`)
	if !ok {
		t.Fatal("no way to what is older")
	}
	_, body = firm.get(page + "?before=" + older)
	wants(t, body, "企业档案", "回到最新")

	consent := c.consents(tinghuCode)
	_, body = firm.get(page)
	wants(t, body, "申请智能制造贷", "营业收入", "收回授权")
	_, body = c.as("auditor").get(page)
	lacks(t, body, "收回授权</button>")
	_, body = firm.post(fmt.Sprintf("%s/consents/%d/end", enterprisePath(id), consent), url.Values{"reason": {"已另选银行"}})
	wants(t, body, "授权已收回", "已收回：", "已另选银行")
	res, body := firm.post(fmt.Sprintf("%s/consents/%d/end", enterprisePath(id), consent), url.Values{})
	if res.StatusCode != http.StatusConflict {
		t.Errorf("ended twice: status %d", res.StatusCode)
	}
	wants(t, body, "已经收回或到期")
}

// What is kept, and shown again without being read anew, is recorded like the first time: files and the dossier of a case, the values
// that an import would replace.
func TestKeptIsReadToo(t *testing.T) {
	c := newCity(t)
	id := c.firms[tinghuCode]
	firm := c.as("firm")
	one := casePath(c.caseOf[tinghuCode])
	firm.get(fmt.Sprintf("%s/files/%d", one, c.evidence))
	_, body := firm.get(readingsPath(id))
	wants(t, body, "还没有人看过")

	c.as("tinghu").get(fmt.Sprintf("%s/files/%d", one, c.evidence))
	_, body = firm.get(readingsPath(id))
	wants(t, body, "测试 tinghu", "办件的附件")
	if res, _ := c.as("auditor").get(one + "/dossier"); res.StatusCode != http.StatusOK {
		t.Fatalf("dossier: status %d", res.StatusCode)
	}
	_, body = firm.get(readingsPath(id))
	wants(t, body, "测试 auditor", "办件的卷宗", "导出卷宗")

	c.importCSV("persons.csv", "统一社会信用代码,企业名称,县（市、区）,法定代表人\n"+tinghuCode+",盐城亭湖甲机械有限公司,亭湖区,演示人员新\n", "bureau", "320900")
	lacks(t, body, "数据导入")
	c.as("city").get(fmt.Sprintf("/imports/%d", c.batches[len(c.batches)-1]))
	_, body = firm.get(readingsPath(id))
	wants(t, body, "测试 city", "数据导入")
}

// In an emergency an official of another county sees a firm, which is told of it.
func TestEmergency(t *testing.T) {
	c := newCity(t)
	id := c.firms[dafengCode]
	tinghu := c.as("tinghu")
	if res, _ := tinghu.get(enterprisePath(id)); res.StatusCode != http.StatusNotFound {
		t.Fatalf("without an emergency: status %d", res.StatusCode)
	}
	_, body := tinghu.get("/account")
	wants(t, body, `href="/emergency"`)
	for what, form := range map[string]url.Values{
		"请写明紧急情况":  {"code": {dafengCode}},
		"18 位":     {"code": {"9132090"}, "reason": {"车间起火，需要联系负责人"}},
		"没有统一社会信用": {"code": {"91310000MA1FL0LX6Q"}, "reason": {"车间起火，需要联系负责人"}},
	} {
		res, body := tinghu.post("/emergency", form)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, what) {
			t.Errorf("%v: status %d, not told %q", form, res.StatusCode, what)
		}
	}
	res, body := tinghu.post("/emergency", url.Values{"code": {dafengCode}, "reason": {"车间起火，需要联系负责人"}})
	if res.Request.URL.Path != enterprisePath(id) {
		t.Errorf("led to %s", res.Request.URL.Path)
	}
	wants(t, body, "盐城大丰乙电子有限公司", "李某乙")
	_, body = tinghu.get("/emergency")
	wants(t, body, "盐城大丰乙电子有限公司", "仍有效的应急查阅")
	_, body = c.official("dafengaudit", access.Auditor, "320904").get("/messages")
	wants(t, body, "应急查阅", "测试 tinghu")
	_, body = c.as("city").get(readingsPath(id))
	wants(t, body, "车间起火，需要联系负责人", "测试 tinghu", "应急查阅", "仍有效")
	for _, login := range []string{"firm", "admin"} {
		if res, _ := c.as(login).get("/emergency"); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", login, res.StatusCode)
		}
	}
}

// Where it cannot be recorded what was read, nothing goes out; what is read after an answer had begun breaks it off.
func TestRecorder(t *testing.T) {
	full := errors.New("disk full")
	for name, test := range map[string]struct {
		record []error // of each call
		answer func(w http.ResponseWriter)
		body   string
		failed bool
		broken bool
	}{
		"recorded":  {[]error{nil, nil}, func(w http.ResponseWriter) { _, _ = w.Write([]byte("page")) }, "page", false, false},
		"refused":   {[]error{full}, func(w http.ResponseWriter) { w.WriteHeader(200); _, _ = w.Write([]byte("page")) }, "", true, false},
		"later":     {[]error{nil, full}, func(w http.ResponseWriter) { _, _ = w.Write([]byte("row")) }, "row", false, true},
		"no answer": {[]error{full}, func(http.ResponseWriter) {}, "", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			rec, calls := httptest.NewRecorder(), 0
			w := &recorder{ResponseWriter: rec, record: func() error { calls++; return test.record[calls-1] }}
			broken := func() (broken bool) {
				defer func() { broken = recover() == http.ErrAbortHandler }()
				test.answer(w)
				w.end()
				return false
			}()
			if broken != test.broken || (w.failed != nil) != test.failed || rec.Body.String() != test.body || calls != len(test.record) {
				t.Errorf("broken off %v, failed %v, %d records, sent %q", broken, w.failed, calls, rec.Body)
			}
		})
	}
}
