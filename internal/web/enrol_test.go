package web

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
)

// The whole way of an enterprise to its file: an official makes accounts for the area, prints letters, the enterprise
// sets its password with the code, and authorises somebody who does the same.
func TestFromLetterToFile(t *testing.T) {
	c := newCity(t)
	city := c.as("city")
	_, body := city.get(enrolPath(c.enrolment))
	wants(t, body, "账号都已建好", "打印未打印的 2 封") // the third has an account
	_, body = city.post(enrolPath(c.enrolment)+"/letters", nil)
	first := lettersIn(body)
	wants(t, body, "盐城大丰乙电子有限公司", "东台丙纺织有限公司", "演示数据，请勿寄出", c.http.URL+"/activate")
	if len(first) != 2 {
		t.Fatalf("letters to %v", first)
	}
	_, body = city.post(enrolPath(c.enrolment)+"/letters", nil)
	wants(t, body, "没有要打印的信")

	// Printing again replaces the codes.
	res, body := city.post(enrolPath(c.enrolment)+"/letters", url.Values{"again": {"1"}, "as": {"file"}})
	if !strings.Contains(res.Header.Get("Content-Disposition"), "attachment") || strings.Contains(body, "/static/") {
		t.Errorf("the file is %q, or leans on the site", res.Header.Get("Content-Disposition"))
	}
	second, login := lettersIn(body), strings.ToLower(dafengCode)
	firm := c.visitor()
	_, body = firm.post("/activate", url.Values{"login": {login}, "code": {first[login]}, "new": {password}, "again": {password}})
	wants(t, body, "激活码不对，或激活码已用过")
	_, body = firm.post("/activate", url.Values{"login": {login}, "code": {second[login]}, "new": {"short"}, "again": {"short"}})
	wants(t, body, "密码至少要 10 个字符", `value="`+second[login]+`"`)
	firm.activate(login, second[login])
	_, body = firm.get("/mine")
	wants(t, body, "盐城大丰乙电子有限公司", "还差 100 元")

	// The enterprise authorises; officials see it and cannot.
	path := firmAccountsPath(c.firms[dafengCode])
	who := url.Values{"name": {"李会计"}, "login": {"li.kuaiji"}, "role": {"viewer"}, "until": {"2025-06-30"}}
	if res, _ := city.post(path+"/authorise", who); res.StatusCode != http.StatusForbidden {
		t.Errorf("the city authorises for a firm: status %d", res.StatusCode)
	}
	_, body = firm.post(path+"/authorise", url.Values{"name": {"李会计"}, "login": {"li.kuaiji"}, "role": {"viewer"}, "until": {"2020-01-01"}})
	wants(t, body, "授权截止日应在今天之后", `value="李会计"`)
	_, body = firm.post(path+"/authorise", who)
	viewer := c.visitor()
	viewer.activate("li.kuaiji", codeIn(t, body))
	_, body = viewer.get("/mine")
	wants(t, body, "盐城大丰乙电子有限公司")
	figure := factPath(c.firms[dafengCode], c.firms[dafengCode], "ent.revenue")
	if res, _ := viewer.post(figure+"/dispute", url.Values{"text": {"x"}, "period": {"2023"}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("who may only read disputes: status %d", res.StatusCode)
	}
	_, body = city.get(path)
	wants(t, body, "李会计", "企业经办人（仅查阅）", "授权至 2025-06-30")
	lacks(t, body, "撤销授权")

	// A leaver is out at once, the successor comes in.
	_, body = firm.get(path)
	id := accountIn(t, body, "li.kuaiji")
	_, body = firm.post(path+"/"+id+"/succeed", url.Values{"name": {"王会计"}, "login": {"wang.kuaiji"}})
	next := codeIn(t, body)
	if res, _ := viewer.get("/mine"); res.Request.URL.Path != "/sign-in" {
		t.Error("the leaver is still in")
	}
	c.visitor().activate("wang.kuaiji", next)
	_, body = firm.get(path)
	wants(t, body, "王会计", "离任交接", "授权经办")
	firm.post(path+"/"+accountIn(t, body, "wang.kuaiji")+"/revoke", url.Values{"why": {"已离职"}})
	_, body = firm.get(path)
	lacks(t, body, "<code>wang.kuaiji</code>")
	wants(t, body, "撤销经办授权", "已离职")

	// A reset without e-mail, by the official of the area, with a reason that stays.
	_, body = city.get(path)
	own := accountIn(t, body, login)
	if res, _ := c.as("tinghu").post(path+"/"+own+"/code", url.Values{"why": {"x"}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("an official of another county resets: status %d", res.StatusCode)
	}
	_, body = city.post(path+"/"+own+"/code", url.Values{"why": {"执照副本和身份证"}})
	code := codeIn(t, body)
	if res, _ := firm.get("/mine"); res.Request.URL.Path != "/sign-in" {
		t.Error("the old session goes on after a reset")
	}
	firm.activate(login, code)
	_, body = firm.get(path)
	wants(t, body, "执照副本和身份证", "测试 city")
}

// accountIn is the id of an account on the page of an enterprise's accounts.
func accountIn(t *testing.T, body, login string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, "<code>"+login+"</code>")
	_, rest, found := strings.Cut(rest, `/accounts/`)
	id, _, _ := strings.Cut(rest, "/")
	if !ok || !found {
		t.Fatalf("no account %s on the page", login)
	}
	return id
}

func TestEnrolFromAList(t *testing.T) {
	c := newCity(t)
	if err := c.acc.Disable(t.Context(), access.SystemScope(), c.ownAccount(dongtaiCode), ""); err != nil {
		t.Fatal(err)
	}
	list := "县（市、区）企业开户名单\n序号,企业,代码\n1,东台丙纺织有限公司,\n2,谁也不认识的公司,\n3,," + tinghuCode + "\n4,,91330106673959654P\n"
	post := func(login string) (*http.Response, string) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for name, value := range map[string]string{"by": "file", "area": "320900"} {
			if err := form.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
		part, err := form.CreateFormFile("file", "名单.csv")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(list)); err != nil {
			t.Fatal(err)
		}
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		v := c.as(login)
		req, err := http.NewRequest(http.MethodPost, c.http.URL+"/enrolments", &body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", form.FormDataContentType())
		res, err := v.c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		page, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, string(page)
	}
	res, _ := post("tinghu")
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("an official of a county enrols for the city: status %d", res.StatusCode)
	}
	res, body := post("city")
	if !strings.HasPrefix(res.Request.URL.Path, "/enrolments/") {
		t.Fatalf("ended at %s, status %d\n%s", res.Request.URL, res.StatusCode, mainOf(body))
	}
	v := c.as("city")
	for strings.Contains(body, `id="progress"`) {
		_, body = v.get(res.Request.URL.Path)
	}
	wants(t, body, "打印未打印的 1 封", "谁也不认识的公司", "名单.csv#4", "未认出", tinghuCode, "已有账号")
	lacks(t, body, "县（市、区）企业开户名单")
}

// ownAccount is the account of a firm.
func (c *city) ownAccount(code string) int64 {
	c.t.Helper()
	have, err := c.acc.Enrolled(c.t.Context())
	if err != nil || have[c.firms[code]] == 0 {
		c.t.Fatalf("the account of %s: %v, %v", code, have, err)
	}
	return have[c.firms[code]]
}
