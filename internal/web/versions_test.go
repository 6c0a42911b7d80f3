package web

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// inForce is the version of a document that is in force.
func (s *site) inForce(document string) version.InForce {
	s.t.Helper()
	f, err := s.srv.versionInForce(context.Background(), &visit{}, document)
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

// yancheng is the package that ships, with a piece of its policy.yaml replaced.
func yancheng(t *testing.T, old, fresh string) version.Package {
	t.Helper()
	content, err := readShipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range content.packages {
		if bytes.Contains(p.Policy, []byte("id: yancheng-2022-6\n")) && bytes.Contains(p.Policy, []byte(old)) {
			p.Policy = bytes.Replace(p.Policy, []byte(old), []byte(fresh), 1)
			return p
		}
	}
	t.Fatalf("no policy with %q", old)
	return version.Package{}
}

// cheaper is the policy with a lower ceiling of the investment subsidy; no worked case reaches it.
func cheaper(t *testing.T) version.Package {
	p := yancheng(t, "en: Ceiling of the investment subsidy}\n    value: 500万元", "en: Ceiling of the investment subsidy}\n    value: 50万元")
	p.Policy = bytes.Replace(p.Policy, []byte("{cite: 四(三), numbers: [500万元,"), []byte("{cite: 四(三), numbers: [500万元, 50万元,"), 1)
	p.Cases = []byte(oneCase)
	return p
}

const oneCase = `cases:
  - name: nothing is known
    as_of: 2024-10-31
    enterprise: {id: E1, facts: {ent.area: "320500"}}
    expect: {total: "0"}
`

// sendPackage posts a package as a file, and gives where that led.
func (v *visitor) sendPackage(p version.Package, name string) (*http.Response, string) {
	v.s.t.Helper()
	return v.sendPackageTo("/versions", p, name, "")
}

// sendPackageTo posts a package to an address, with the revision that it is to follow.
func (v *visitor) sendPackageTo(to string, p version.Package, name, revision string) (*http.Response, string) {
	v.s.t.Helper()
	body, err := p.Zip()
	if err != nil {
		v.s.t.Fatal(err)
	}
	if strings.HasSuffix(name, ".yaml") {
		body = p.Policy
	}
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	w, err := m.CreateFormFile("file", name)
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = m.WriteField("revision", revision)
	}
	if err == nil {
		err = m.Close()
	}
	if err != nil {
		v.s.t.Fatal(err)
	}
	res, err := v.c.Post(v.s.http.URL+to, m.FormDataContentType(), &form)
	if err != nil {
		v.s.t.Fatal(err)
	}
	return v.read(res)
}

var revisionField = regexp.MustCompile(`name="(revision|instead)" value="(\d+)"`)

// take sends the form of a step as the version's page offers it, with a reason.
func (v *visitor) take(path, step, reason string) (*http.Response, string) {
	v.s.t.Helper()
	_, page := v.get(path)
	form := url.Values{"reason": {reason}, "from": {"2024-07-01"}}
	for _, m := range revisionField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	return v.post(path+"/"+step, form)
}

// await asks for a page again until what it tells of is worked out.
func (v *visitor) await(path string) string {
	v.s.t.Helper()
	for {
		_, body := v.get(path)
		if !strings.Contains(body, "正在逐家测算") {
			return body
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (c *city) cityScope() access.Scope {
	return access.NewScope(c.account("city").ID, access.CityOfficial, c.srv.Library.Areas().Below("320900"), nil)
}

// drafts makes a draft, a proposal and a draft with mistakes.
func (c *city) drafts() (draft, proposed, mistaken int64) {
	c.t.Helper()
	scope := c.cityScope()
	var ids []int64
	for _, p := range []version.Package{cheaper(c.t), cheaper(c.t), yancheng(c.t, "status: live", "status: perhaps")} {
		x, err := c.srv.Versions.New(context.Background(), scope, p)
		if err != nil {
			c.t.Fatal(err)
		}
		ids = append(ids, x.ID)
	}
	if err := c.srv.Versions.Propose(context.Background(), scope, version.Step{ID: ids[1], Revision: 1, Reason: "按市局复函下调上限"}); err != nil {
		c.t.Fatal(err)
	}
	return ids[0], ids[1], ids[2]
}

// From the version in force to a new one: by a file, with its difference and effect, through two persons.
func TestRuleIntoForce(t *testing.T) {
	c := newCity(t)
	author, second := c.as("city"), c.as("second")
	unlisted := cheaper(t)
	unlisted.Policy = bytes.Replace(unlisted.Policy, []byte("500万元, 50万元,"), []byte("500万元,"), 1)
	_, body := author.sendPackage(unlisted, "盐城.zip")
	wants(t, body, "核对结果（1 条）", "不在条款清单中", "核对发现 1 处错误，改好后才能送审")
	res, body := author.sendPackage(cheaper(t), "盐城.zip") // the clauses of the document have its number
	path := res.Request.URL.Path
	wants(t, body, "草稿", "与之前版本的差异", "有效投入补助上限", "500万元", "50万元", "四(三)", "算例：1 / 1 相符", "对本区域的影响")
	effect := second.await(path + "/effect")
	wants(t, effect, "少得的企业", "1 家，共 18.20 万元", "盐城亭湖甲机械有限公司", "−18.20", "多得的企业", "0 家")
	_, body = c.as("tinghu").get(path)
	lacks(t, body, "有效投入补助上限")

	res, body = author.take(path, "propose", " ")
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("proposed without a reason: status %d", res.StatusCode)
	}
	wants(t, body, "请写明理由")
	_, body = author.take(path, "propose", "按市局复函")
	wants(t, body, "已送审", "须由另一人审批", "按市局复函")
	lacks(t, body, "同意，即刻生效")
	if res, _ := author.take(path, "approve", "我自己同意"); res.StatusCode != http.StatusForbidden {
		t.Errorf("the author approves: status %d", res.StatusCode)
	}
	_, body = second.take(path, "reject", "依据不足")
	wants(t, body, "已退回", "依据不足")
	author.take(path, "propose", "附复函")
	_, body = second.take(path, "approve", "同意")
	wants(t, body, "已生效。", "起草", "送审", "退回", "测试 second", "附复函")

	_, body = c.visitor().get("/policies/yancheng-2022-6")
	wants(t, body, "50 万元")
	_, body = second.get("/region")
	wants(t, body, "50.00 万元")
	_, body = second.get("/log?deed=enforce")
	wants(t, body, "政策生效", "测试 second", "同意", path)

	_, body = second.take(path, "end", "市政府废止")
	wants(t, body, "自 2024-07-01 起废止")
	_, body = c.visitor().get("/policies")
	wants(t, body, "2024-06-30")
}

func TestUploadRefused(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	for name, tc := range map[string]struct {
		p    version.Package
		file string
		want string
	}{
		"broken":       {version.Package{Policy: []byte("document: [")}, "a.yaml", "policy.yaml:1:"},
		"another area": {yancheng(t, `in: ["320902",`, `in: ["320500", "320902",`), "a.zip", "超出您的权限"},
	} {
		res, body := v.sendPackage(tc.p, tc.file)
		if res.StatusCode < 400 || res.StatusCode >= 500 {
			t.Errorf("%s: status %d", name, res.StatusCode)
		}
		wants(t, body, tc.want)
	}
}

// What was in force is public, and comes back as the file that it was.
func TestVersionPackage(t *testing.T) {
	c := newCity(t)
	f := c.inForce("yancheng-2022-6")
	res, body := c.visitor().get(versionPath(f.ID) + "/package")
	p, err := version.Read(strings.NewReader(body))
	if err != nil || p.Hash() != f.Hash {
		t.Errorf("the package that came back: %v, status %d", err, res.StatusCode)
	}
	draft, _, _ := c.drafts()
	for _, login := range []string{"", "firm", "tinghu"} {
		v := c.visitor()
		if login != "" {
			v = c.as(login)
		}
		if res, _ := v.get(versionPath(draft) + "/package"); res.StatusCode != http.StatusNotFound {
			t.Errorf("%q reads a draft: status %d", login, res.StatusCode)
		}
	}
}
