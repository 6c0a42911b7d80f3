package web

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

const accountNumber = "6228480402564890018"

// presses takes an action on the page of a case, which must succeed.
func (c *city) presses(login, path, action string, more ...string) string {
	c.t.Helper()
	res, body := c.as(login).post(path+"/act", with(url.Values{"action": {action}, "key": {action}}, more...))
	if res.StatusCode != http.StatusOK {
		c.t.Fatalf("%s by %s: %d\n%s", action, login, res.StatusCode, mainOf(body))
	}
	return body
}

// settledCase leads an application of the firm in 亭湖区 by its pages to where it is ready for a batch, and gives its page.
func (c *city) settledCase() string {
	c.t.Helper()
	firm, call := c.as("firm"), fmt.Sprintf("/calls/%d", c.call)
	_, body := firm.get(call)
	offer := offers.FindStringSubmatch(body)
	if offer == nil {
		c.t.Fatalf("nothing to apply for:\n%s", mainOf(body))
	}
	c.otherYears(strings.Split(offer[1], "/")[1])
	res, _ := firm.post(call+"/apply", url.Values{"firm": {fmt.Sprint(c.firms[tinghuCode])}, "offer": {offer[1]}})
	page := res.Request.URL.Path
	firm.post(page+"/costs", url.Values{
		"kind": {"equipment"}, "label": {"六轴机器人"}, "invoice": {"24320000000000001101"}, "on": {"2023-05-06"}, "seller": {"示例机器人公司"}, "serial": {"R-1"}, "amount": {"600万元"},
	})
	res, body = firm.post(page+"/payee", url.Values{"holder": {"盐城亭湖甲机械"}, "bank": {"示例银行"}, "number": {"12345"}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		c.t.Errorf("an account of five digits: %d", res.StatusCode)
	}
	wants(c.t, body, "银行账号不对")
	firm.post(page+"/payee", url.Values{"holder": {"盐城亭湖甲机械"}, "bank": {"示例银行"}, "number": {accountNumber}})
	firm.sends(page+"/files?field=invoices", "发票.pdf", pdf("invoices"))
	c.presses("firm", page, "submit")
	c.presses("tinghu", page, "accept")
	for _, department := range []string{"tax", "safety", "environment", "credit"} {
		c.presses(department, page, "agree")
	}
	if res, body := c.as("county2").post(page+"/act", url.Values{"action": {"recognise"}, "key": {"bare"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "没有审计机构的报告") {
		c.t.Errorf("recognised with neither a report nor a reason: %d", res.StatusCode)
	}
	c.presses("county2", page, "recognise", "reason", "金额小，由县级核对发票")
	c.presses("second", page, "settle")
	return page
}

// otherYears states that nothing was invested into a project in the years beside 2023, so that what it may get is sure.
func (c *city) otherYears(project string) {
	c.t.Helper()
	ctx := context.Background()
	id, err := strconv.ParseInt(project, 10, 64)
	if err != nil {
		c.t.Fatal(err)
	}
	src, err := c.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "years.xlsx", Area: "320900"})
	if err != nil {
		c.t.Fatal(err)
	}
	var all []fact.Statement
	for _, year := range []int{2022, 2024} {
		for _, def := range []string{"project.effective_input", "project.investment"} {
			all = append(all, fact.Statement{Subject: id, Def: def, Period: period.OfYear(year), State: fact.Present, Status: fact.Verified})
		}
	}
	if err := c.facts.Append(ctx, src, all); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.sources.Publish(ctx, src, nil); err != nil {
		c.t.Fatal(err)
	}
	if err := c.srv.Frames.Refresh(ctx); err != nil {
		c.t.Fatal(err)
	}
}

var (
	hiddenDue = regexp.MustCompile(`name="due" value="([^"]+)"`)
	fileSum   = regexp.MustCompile(`name="file" value="([^"]+)"`)
	answers   = regexp.MustCompile(`action="(/objections/\d+)"`)
	payRefs   = regexp.MustCompile(`[0-9a-f]{16}-\d+`)
)

// sends posts a file.
func (v *visitor) sends(path, name, content string) (*http.Response, string) {
	v.s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = io.WriteString(part, content)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		v.s.t.Fatal(err)
	}
	res, err := v.c.Post(v.s.http.URL+path, form.FormDataContentType(), &body)
	if err != nil {
		v.s.t.Fatal(err)
	}
	return v.read(res)
}

// One application from the batch to the money by its pages: batched, made public, objected to, answered, approved, sent to the
// bank, refused by it, ordered anew, paid; by separate accounts, and nothing twice.
func TestFromBatchToPaid(t *testing.T) {
	c := newCity(t)
	c.openCall()
	c.officers()
	page := c.settledCase()
	batch := c.batched(page)
	c.public(batch)
	c.objects(batch, page)
	c.pays(page)
	if _, _, err := c.book.Recheck(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, body := c.as("city").get("/fund?by=clause")
	wants(t, body, "有效投入补助（盐政办发〔2022〕6号）")
	for _, login := range []string{"city", "finance", "auditor"} {
		_, body = c.as(login).get("/fund/check")
		wants(t, body, "账目相符")
	}
}

// batched puts the application into a batch and publishes it, and gives the page of the batch.
func (c *city) batched(page string) string {
	t, call := c.t, fmt.Sprintf("/calls/%d", c.call)
	t.Helper()
	id := strings.TrimPrefix(page, "/cases/")
	_, body := c.visitor().get(call)
	lacks(t, body, "待公示", "亭湖甲")
	second := c.as("second")
	_, body = second.get(call)
	wants(t, body, "待公示 1 件", "盐城亭湖甲机械有限公司", "第 1 批")
	choose := url.Values{"key": {"k1"}, "title": {"2024年第一批"}, "case": {id}}
	if res, _ := c.as("firm").post(call+"/batch", choose); res.StatusCode != http.StatusForbidden {
		t.Errorf("a firm opens a batch: %d", res.StatusCode)
	}
	res, body := second.post(call+"/batch", url.Values{"title": {"空批次"}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a batch of nothing: %d", res.StatusCode)
	}
	wants(t, body, "请至少选一件申报", `value="空批次"`)
	if _, body := second.get("/cases?ended=1"); strings.Contains(body, "空批次") {
		t.Error("a batch of nothing was opened")
	}
	res, body = second.post(call+"/batch", choose)
	path := res.Request.URL.Path
	wants(t, body, "2024年第一批", "盐城亭湖甲机械有限公司", "数字车间", "可以批准", "科目可用")
	if res, _ := second.post(call+"/batch", choose); res.Request.URL.Path != path {
		t.Errorf("a press repeated led to %s, not %s", res.Request.URL.Path, path)
	}
	// Taken out and put in again, from the page of the batch.
	_, body = second.post(page+"/act", url.Values{"action": {"leave"}, "reason": {"再核"}, "back": {strings.TrimPrefix(path, "/cases/")}, "key": {"out"}})
	wants(t, body, "批次里还没有申报")
	second.post(call+"/batch", url.Values{"key": {"k2"}, "case": {id}})
	c.presses("second", path, "publish")
	return path
}

// public looks at the notice as anybody does.
func (c *city) public(batch string) {
	t, v := c.t, c.visitor()
	t.Helper()
	notice := "/notices/" + strings.TrimPrefix(batch, "/cases/")
	_, body := v.get("/notices")
	wants(t, body, notice, "2024年度有效投入补助申报", "个工作日")
	_, body = v.get(notice)
	wants(t, body, "盐城亭湖甲机械有限公司", "有效投入补助", "提出异议", `name="text"`)
	lacks(t, body, "数字车间", tinghuCode, accountNumber, "0018", "示例银行", "王某甲", "六轴机器人", linkTo(batch))
	if res, _ := v.get("/notices/1"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a notice that is none: %d", res.StatusCode)
	}
}

// linkTo is a link that the public has no use for.
func linkTo(path string) string { return `href="` + path + `"` }

// objects has somebody object, and leads the batch to its grant.
func (c *city) objects(batch, page string) {
	t, v := c.t, c.visitor()
	t.Helper()
	notice := "/notices/" + strings.TrimPrefix(batch, "/cases/")
	for _, bad := range []url.Values{
		{"line": {"1"}, "name": {""}, "text": {"设备不是新购的"}},
		{"line": {"1"}, "name": {"某人"}, "text": {" "}},
		{"line": {"9"}, "name": {"某人"}, "text": {"x"}},
		{"line": {"1"}, "name": {"某人"}, "text": {strings.Repeat("长", 2001)}},
	} {
		res, body := v.post(notice+"/object", bad)
		if res.StatusCode != http.StatusUnprocessableEntity && res.StatusCode != http.StatusNotFound {
			t.Errorf("%v: status %d", bad["line"], res.StatusCode)
		}
		lacks(t, body, "异议已收到")
	}
	said := url.Values{"line": {"1"}, "name": {"某公司 13800000000"}, "text": {"设备不是新购的"}}
	for range 2 { // a press repeated
		_, body := v.post(notice+"/object", said)
		wants(t, body, "异议已收到")
		lacks(t, body, "设备不是新购的")
	}
	res, body := c.as("city").post(batch+"/act", url.Values{"action": {"approve"}})
	if res.StatusCode != http.StatusConflict {
		t.Errorf("approved while the notice stands: %d", res.StatusCode)
	}
	wants(t, body, "异议 1 件", "设备不是新购的", "13800000000", "还不能批准")
	for _, login := range []string{"finance", "firm", "auditor", "tax", "viewer"} {
		if _, body := c.as(login).get(batch); strings.Contains(body, "设备不是新购的") {
			t.Errorf("%s reads the objection", login)
		}
	}
	answer := answers.FindStringSubmatch(body)[1]
	c.stand(2024, 11, 12)
	if res, body := v.post(notice+"/object", with(said, "text", "晚了")); res.StatusCode != http.StatusConflict || !strings.Contains(body, "期满") {
		t.Errorf("an objection after the notice: %d", res.StatusCode)
	}
	if res, _ := c.as("city").post(batch+"/act", url.Values{"action": {"approve"}}); res.StatusCode != http.StatusConflict {
		t.Errorf("approved with an open objection: %d", res.StatusCode)
	}
	settle := url.Values{"upheld": {"no"}, "answer": {"经核查为新购，异议不成立"}, "back": {batch}}
	for _, login := range []string{"firm", "finance", "auditor"} {
		if res, _ := c.as(login).post(answer, settle); res.StatusCode != http.StatusForbidden && res.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers: %d", login, res.StatusCode)
		}
	}
	res, body = c.as("city").post(answer, with(settle, "upheld", ""))
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an answer that says neither: %d", res.StatusCode)
	}
	wants(t, body, "请说明异议是否成立", "经核查为新购，异议不成立</textarea>", `value="`+batch+`"`)
	long := strings.Repeat("查", 2001)
	if res, body := c.as("city").post(answer, with(settle, "answer", long)); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, long) {
		t.Errorf("a long answer is lost: %d", res.StatusCode)
	}
	_, body = c.as("city").post(answer, settle)
	wants(t, body, "经核查为新购", "不成立", "测试 city", "可以批准")
	if res, _ := c.as("second").post(batch+"/act", url.Values{"action": {"approve"}}); res.StatusCode == http.StatusOK {
		t.Error("approved by who published it")
	}
	c.presses("city", batch, "approve")
	c.presses("city", batch, "grant")
	res, body = c.as("second").post(answer, with(settle, "answer", "另一位的答复"))
	if res.StatusCode != http.StatusConflict {
		t.Errorf("answered twice: %d", res.StatusCode)
	}
	wants(t, body, "另一位的答复", "经核查为新购")
	_, body = c.as("firm").get(page)
	wants(t, body, "待拨付")
}

// pays has finance pay the application: the bank refuses at first.
func (c *city) pays(page string) {
	t := c.t
	t.Helper()
	if res, _ := c.as("firm").get("/fund/payments"); res.StatusCode != http.StatusForbidden {
		t.Errorf("a firm looks at payments: %d", res.StatusCode)
	}
	_, body := c.as("city").get("/fund/payments")
	wants(t, body, "亭湖甲", "**** 0018")
	lacks(t, body, accountNumber, `name="due"`)
	finance := c.as("finance")
	_, body = finance.get(page)
	wants(t, body, accountNumber, "请核对")
	_, body = finance.get("/fund/payments")
	wants(t, body, accountNumber, "户名与企业名称“盐城亭湖甲机械有限公司”不同")
	due := hiddenDue.FindStringSubmatch(body)[1]
	if res, body := finance.post("/fund/payments", url.Values{"key": {"p0"}}); res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, "至少选一笔") {
		t.Errorf("a batch of nothing: %d", res.StatusCode)
	}
	for _, login := range []string{"city", "tinghu", "auditor"} {
		if res, _ := c.as(login).post("/fund/payments", url.Values{"key": {"p1"}, "due": {due}}); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s makes a batch: %d", login, res.StatusCode)
		}
	}
	account := url.Values{"holder": {"别的户名"}, "bank": {"别的银行"}, "number": {"6228480402564890999"}}
	c.as("firm").post(page+"/payee", account)
	res, body := finance.post("/fund/payments", url.Values{"key": {"p9"}, "due": {due}})
	if res.StatusCode != http.StatusConflict {
		t.Errorf("paid to an account that nobody looked at: %d", res.StatusCode)
	}
	wants(t, body, "收款账户改过", "别的户名", "**** 0999")
	c.as("firm").post(page+"/payee", with(account, "holder", "盐城亭湖甲机械", "bank", "示例银行", "number", accountNumber))
	first := c.orders(due, "p1")
	for range 2 { // a press repeated
		if again := c.orders(due, "p1"); again != first {
			t.Errorf("a press repeated led to %s, not %s", again, first)
		}
	}
	ref := c.sent(first)
	c.results(first, ref, "失败,户名不符", "失败")
	_, body = c.as("firm").get(page)
	wants(t, body, "待拨付")
	_, body = finance.get(first)
	wants(t, body, "户名不符", "另建一批", "重新拨付时付给：盐城亭湖甲机械，示例银行，"+accountNumber)
	second := c.orders(hiddenDue.FindStringSubmatch(body)[1], "p2")
	_, body = finance.get(second)
	wants(t, body, "第 2 次")
	ref = c.sent(second)
	c.results(second, ref, "成功,", "已付")
	_, body = c.as("firm").get(page)
	wants(t, body, "已拨付")
	_, body = finance.get("/fund/payments")
	wants(t, body, "现在没有待拨付的款项")
}

// orders makes a batch of an instalment, and gives its page.
func (c *city) orders(due, key string) string {
	c.t.Helper()
	res, body := c.as("finance").post("/fund/payments", url.Values{"key": {key}, "due": {html.UnescapeString(due)}})
	if !strings.HasPrefix(res.Request.URL.Path, "/fund/payments/") {
		c.t.Fatalf("no batch: %d\n%s", res.StatusCode, mainOf(body))
	}
	return res.Request.URL.Path
}

// sent sends a batch to the bank and takes its file, and gives the reference of its only payment.
func (c *city) sent(batch string) string {
	t, finance := c.t, c.as("finance")
	t.Helper()
	if res, _ := finance.post(batch+"/file", url.Values{"format": {"csv"}}); res.StatusCode != http.StatusConflict {
		t.Errorf("the file of a draft: %d", res.StatusCode)
	}
	if res, _ := finance.post(batch+"/send", url.Values{"key": {"s"}, "document": {" "}, "password": {password}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("sent without a document: %d", res.StatusCode)
	}
	if _, body := finance.post(batch+"/send", url.Values{"key": {"s"}, "document": {"支付令〔2024〕1号"}}); !strings.Contains(body, "请再输入一次密码") {
		t.Errorf("sent without the password:\n%s", mainOf(body))
	}
	for range 2 { // a press repeated
		_, body := finance.post(batch+"/send", url.Values{"key": {"send " + batch}, "document": {"支付令〔2024〕1号"}, "password": {password}})
		wants(t, body, "批次已送出")
	}
	if res, _ := c.as("city").post(batch+"/file", url.Values{"format": {"csv"}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("the city takes the file: %d", res.StatusCode)
	}
	for _, format := range []string{"csv", "xlsx"} {
		res, body := finance.post(batch+"/file", url.Values{"format": {format}})
		if all := text(t, res, body); !strings.Contains(all, accountNumber) || !strings.Contains(res.Header.Get("Content-Disposition"), format) {
			t.Errorf("the file as %s: %s", format, all)
		}
	}
	_, body := finance.get(batch)
	wants(t, body, "往来文件", "取给银行", "测试 finance", "**** 0018")
	lacks(t, body, accountNumber)
	return payRefs.FindString(body)
}

// results brings what the bank says of the only payment of a batch: wrong at first, then as it should be, and enters it.
func (c *city) results(batch, ref, said, state string) {
	t, finance := c.t, c.as("finance")
	t.Helper()
	head, amount := "付款编号,金额,处理结果,备注\n", amountOf(t, c, batch)
	for row, wrong := range map[string]string{
		ref + ",1.00," + said: "B2", "0000000000000000-9,600000," + said: "A2", ref + "," + amount + ",也许,": "C2", ref + "," + amount + ",退汇,": "C2",
	} {
		res, body := finance.sends(batch+"/result", "回单.csv", head+row+"\n")
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", row, res.StatusCode)
		}
		wants(t, body, "没有登记任何一笔", wrong)
	}
	if res, _ := finance.sends(batch+"/result", "空.csv", "什么,都没有\n1,2\n"); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a file of something else: %d", res.StatusCode)
	}
	if res, _ := c.as("city").sends(batch+"/result", "回单.csv", head); res.StatusCode != http.StatusForbidden {
		t.Errorf("the city brings an answer of the bank: %d", res.StatusCode)
	}
	file := head + ref + "," + amount + "," + said + "\n"
	res, body := finance.sends(batch+"/result", "回单.csv", file)
	if res.Request.URL.Path != batch+"/result" || res.StatusCode != http.StatusOK {
		t.Fatalf("no preview: %d %s\n%s", res.StatusCode, res.Request.URL, mainOf(body))
	}
	wants(t, body, ref, state, "回单.csv")
	enter := url.Values{"key": {"enter " + batch}, "file": {fileSum.FindStringSubmatch(body)[1]}, "document": {"银行回单 1 号"}}
	if res, _ := finance.post(batch+"/settle", with(enter, "file", "0000")); res.StatusCode != http.StatusConflict {
		t.Errorf("a file that was not looked at: %d", res.StatusCode)
	}
	for range 2 { // a press repeated
		_, body = finance.post(batch+"/settle", enter)
		wants(t, body, "回单已登记", state)
	}
	// Both files are kept as they were; the payment and the list of files lead to that of the bank, for finance alone.
	links := bankFile.FindAllStringSubmatch(body, -1)
	if len(links) != 2 || links[0][1] != links[1][1] {
		t.Fatalf("links to the file of the bank: %v\n%s", links, mainOf(body))
	}
	if res, kept := finance.get(links[0][1]); res.StatusCode != http.StatusOK || kept != file || !strings.Contains(res.Header.Get("Content-Disposition"), "csv") {
		t.Errorf("the file of the bank: %d %q, it came as %q", res.StatusCode, kept, file)
	}
	_, body = c.as("city").get(batch)
	wants(t, body, "银行回单", "回单.csv")
	lacks(t, body, "/files/")
	if res, _ := c.as("city").get(links[0][1]); res.StatusCode != http.StatusForbidden {
		t.Errorf("the city has the file of the bank: %d", res.StatusCode)
	}
}

// bankFile is a link to what came back from the bank.
var bankFile = regexp.MustCompile(`href="(/fund/payments/\d+/files/\d+)">回单`)

// amountOf is the amount of the only payment of a batch, as a bank writes it.
func amountOf(t *testing.T, c *city, batch string) (amount string) {
	t.Helper()
	var id int64
	if _, err := fmt.Sscanf(batch, "/fund/payments/%d", &id); err != nil {
		t.Fatal(err)
	}
	err := c.book.Read(context.Background(), access.SystemScope(), func(ctx context.Context, v *ledger.View) error {
		b, err := v.Batch(ctx, id)
		amount = b.Amount.String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return amount
}

// A flood of objections from one address is held back, and told so.
func TestObjectionsAreHeldBack(t *testing.T) {
	c := newCity(t)
	c.openCall()
	c.officers()
	batch := c.batched(c.settledCase())
	notice := "/notices/" + strings.TrimPrefix(batch, "/cases/")
	v := c.visitor()
	for i := range subsidy.ObjectionsPerAddress {
		if res, _ := v.post(notice+"/object", url.Values{"line": {"1"}, "name": {"某人"}, "text": {fmt.Sprint("异议 ", i)}}); res.StatusCode != http.StatusOK {
			t.Fatalf("objection %d: %d", i, res.StatusCode)
		}
	}
	res, body := v.post(notice+"/object", url.Values{"line": {"1"}, "name": {"某人"}, "text": {"还有"}})
	if res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one more: %d", res.StatusCode)
	}
	wants(t, body, "太频繁", "还有")
}

// A budget year is carried over by its page: what is free and what is promised, once.
func TestCarryOverByItsPage(t *testing.T) {
	c := newCity(t)
	city := c.as("city")
	give := url.Values{
		"fund": {"智改数转专项"}, "code": {"A1"}, "name": {"有效投入补助"}, "year": {"2024"}, "area": {"320900"}, "amount": {"800"},
		"document": {"盐财指〔2024〕演示1号"}, "reason": {"年初预算"}, "key": {"k1"}, "do": {"add"},
	}
	city.post("/fund/budget", give)
	var from, to int64
	line := func(year int) (id int64) {
		err := c.book.Read(context.Background(), access.SystemScope(), func(ctx context.Context, v *ledger.View) error {
			lines, err := v.Lines(ctx, ledger.Filter{Year: year})
			for _, l := range lines {
				id = l.ID
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	from = line(2024)
	_, body := city.get(fmt.Sprintf("/fund/carry?from=%d", from))
	wants(t, body, "没有可结转到的科目")
	city.post("/fund/budget", with(give, "key", "k2", "year", "2025", "amount", "100"))
	to = line(2025)
	commitment, err := ledger.Alone(context.Background(), c.book, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return c.book.Commit(ctx, tx, ledger.Act{Scope: access.SystemScope(), Key: "c", Case: "7"}, ledger.Promise{
			Line: from, Party: 1, Area: "320900", Clause: "yancheng-2022-6 c9", Instalments: []money.Fen{3_000_000},
			Claims: []ledger.Claim{{Project: "p", Family: "f", Amount: 3_000_000, Year: 2024, Bureau: "测试", Doc: "测试"}},
		})
	})
	if err != nil || commitment == 0 {
		t.Fatal(err)
	}
	_, body = city.get(fmt.Sprintf("/fund/carry?from=%d", from))
	wants(t, body, "一并结转", "3.00", `value="7970000.00"`)
	part := regexp.MustCompile(`name="part" value="(\d+)"`).FindStringSubmatch(body)[1]
	carry := url.Values{"key": {"c1"}, "from": {fmt.Sprint(from)}, "to": {fmt.Sprint(to)}, "free": {"7970000"}, "part": {part}, "document": {"盐财〔2025〕2号"}, "reason": {"年终结转"}}
	for _, bad := range []url.Values{with(carry, "free", "9990000"), with(carry, "free", "不详"), with(carry, "document", ""), with(carry, "to", fmt.Sprint(from))} {
		res, body := city.post("/fund/carry", bad)
		if res.StatusCode < 400 || res.StatusCode >= 500 {
			t.Errorf("%v: status %d", bad, res.StatusCode)
		}
		wants(t, body, "年终结转")
	}
	for range 2 { // a press repeated
		_, body = city.post("/fund/carry", carry)
		wants(t, body, "已结转")
	}
	_, body = city.get("/fund?year=2025")
	wants(t, body, "900.00")
	if res, _ := c.as("auditor").get("/fund/carry"); res.StatusCode != http.StatusForbidden {
		t.Errorf("an auditor carries over: %d", res.StatusCode)
	}
	_, body = city.get("/fund/check")
	wants(t, body, "账目还没有核对过", "现在核对")
	if res, _ := c.as("auditor").post("/fund/check", nil); res.StatusCode != http.StatusForbidden {
		t.Errorf("an auditor has the ledger walked over: %d", res.StatusCode)
	}
	_, body = c.as("auditor").get("/fund/check")
	lacks(t, body, "现在核对")
	_, body = city.post("/fund/check", nil)
	wants(t, body, "正在进行")
	lacks(t, body, "现在核对")
	if _, did, err := c.book.Recheck(context.Background()); err != nil || !did {
		t.Errorf("walked over: %t, %v", did, err)
	}
	_, body = city.get("/fund/check")
	wants(t, body, "账目相符", "占用登记")
	lacks(t, body, "现在核对")
	_, body = c.as("tinghu").get("/fund/check")
	wants(t, body, "您的管理范围内没有发现不符")
	lacks(t, body, "占用登记", "账目相符")
}
