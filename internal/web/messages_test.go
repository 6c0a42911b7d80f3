package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/notice"
)

// postbox is a carrier that takes mails but those to somebody whose mailbox is full.
type postbox struct{ letters []notice.Letter }

func (p *postbox) Carry(_ context.Context, l notice.Letter) (string, error) {
	if strings.HasPrefix(l.To, "full") {
		return "", fmt.Errorf("%w: 552 mailbox full", notice.ErrRefused)
	}
	p.letters = append(p.letters, l)
	return "250 taken", nil
}

func (c *city) turn(p *postbox) {
	c.t.Helper()
	sender := notice.NewSender(c.notices, map[notice.Channel]notice.Carrier{notice.Mail: p}, "https://smart.example.cn", func(err error) { c.t.Error(err) })
	for range 3 {
		if _, err := sender.Turn(context.Background()); err != nil {
			c.t.Fatal(err)
		}
	}
}

// sendMail has what was told sent, to somebody who is reached, one who asked to be, and one whose mailbox is full.
func (c *city) sendMail(login string) {
	c.t.Helper()
	for who, address := range map[string]string{login: login + "@example.com", "city": "full@example.com"} {
		if _, err := c.notices.Enter(context.Background(), c.account(who).ID, notice.Mail, address); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := c.notices.Ask(context.Background(), c.srv.Frames.ScopeOf(c.account(login)), notice.Mail, "another@example.com"); err != nil {
		c.t.Fatal(err)
	}
	c.turn(&postbox{})
}

func TestMessagesAreReadAndMarked(t *testing.T) {
	c := newCity(t)
	scope := c.srv.Frames.ScopeOf(c.account("firm"))
	all, err := c.notices.Inbox(context.Background(), scope, notice.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all { // what its case has told it
		if m.ID != c.messages[tinghuCode] {
			if err := c.notices.MarkRead(context.Background(), scope, m.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	v := c.as("firm")
	_, body := v.get("/mine")
	wants(t, body, "消息，1 条未读")
	_, body = v.get("/messages")
	wants(t, body, "请补正：盐城亭湖甲 王某甲", "依法送达", "只看未读（1）", "yz-unread")
	path := messagePath(c.messages[tinghuCode])
	_, body = v.get(path)
	wants(t, body, "材料 数字车间 缺少发票", "去看看", "消息，0 条未读", enterprisePath(c.firms[tinghuCode]))
	_, body = v.get("/messages?unread=1")
	wants(t, body, "没有未读消息")
	_, body = v.post(path+"/unread", url.Values{})
	wants(t, body, "消息，1 条未读")
	res, body := v.post("/messages/read", url.Values{"id": {fmt.Sprint(c.messages[tinghuCode])}, "back": {"/messages?unread=1"}})
	wants(t, body, "没有未读消息", "消息，0 条未读")
	if res.Request.URL.RequestURI() != "/messages?unread=1" {
		t.Errorf("came back to %s", res.Request.URL)
	}
	for _, odd := range []url.Values{{"id": {fmt.Sprint(c.messages[dafengCode])}}, {"id": {"x"}}} {
		if res, _ := v.post("/messages/read", odd); res.StatusCode != http.StatusNotFound {
			t.Errorf("%v: status %d", odd, res.StatusCode)
		}
	}
	if res, _ := v.get(messagePath(c.messages[dafengCode])); res.StatusCode != http.StatusNotFound {
		t.Errorf("another's message: status %d", res.StatusCode)
	}
	_, body = c.as("handler").get("/messages")
	wants(t, body, "yz-unread") // each has read what each has read
	_, body = c.visitor().get("/policies")
	lacks(t, body, "yz-bell")
}

func TestMessagesGoBackInTime(t *testing.T) {
	c := newCity(t)
	for range messagesOnPage {
		c.tell(c.account("tinghu").ID, "又一件")
	}
	_, body := c.as("tinghu").get("/messages")
	older := regexp.MustCompile(`/messages\?before=\d+`).FindString(body)
	if older == "" || strings.Contains(body, "待审核") {
		t.Fatalf("page %s", mainOf(body))
	}
	_, body = c.as("tinghu").get(older)
	wants(t, body, "待审核：盐城亭湖甲")
	lacks(t, body, "又一件", "更早的")
}

func TestHowMessagesCome(t *testing.T) {
	c := newCity(t)
	v := c.as("firm")
	_, body := v.get("/account/messages")
	wants(t, body, "邮箱", "手机号", "立即，不能关闭", "每日汇总")
	res, body := v.post("/account/messages/mail/ask", url.Values{"address": {"nobody"}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d", res.StatusCode)
	}
	wants(t, body, "这不是可用的邮箱地址")
	_, body = v.post("/account/messages/mail/ask", url.Values{"address": {"wang@example.com"}, "password": {password}})
	wants(t, body, "验证码已发送", "w***@example.com")
	lacks(t, body, "wang@example.com")
	box := &postbox{}
	c.turn(box)
	code := regexp.MustCompile(`验证码：([A-Z2-7]+)`).FindStringSubmatch(box.letters[0].Text)
	res, body = v.post("/account/messages/mail/confirm", url.Values{"code": {"AAAAAAAA"}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("status %d", res.StatusCode)
	}
	wants(t, body, "验证码不对")
	_, body = v.post("/account/messages/mail/confirm", url.Values{"code": {code[1]}})
	wants(t, body, "已启用", "正在使用：w***@example.com")
	_, body = v.post("/account/messages", url.Values{"task.mail": {"off"}, "lang": {"en"}, "progress.sms": {"now"}})
	wants(t, body, "已保存")
	p, err := c.notices.Person(t.Context(), c.srv.Frames.ScopeOf(c.account("firm")))
	if err != nil || p.Ways[notice.Task][notice.Mail] != notice.Off || p.Ways[notice.Progress][notice.SMS] != notice.Now || p.Lang != "en" || p.Ways[notice.Served][notice.Mail] != notice.Now {
		t.Errorf("%+v %v", p, err)
	}
	res, body = v.post("/account/messages", url.Values{"served.mail": {"off"}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("what the law asks for is turned off: status %d", res.StatusCode)
	}
	wants(t, body, "不能这样接收")
	if res, _ := v.post("/account/messages/fax/ask", url.Values{"address": {"1"}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", res.StatusCode)
	}
	_, body = v.post("/account/messages/mail/forget", url.Values{})
	wants(t, body, "已停用")
	lacks(t, body, "w***@example.com")
}

func TestWithoutMail(t *testing.T) {
	c := newCity(t)
	c.srv.Carries = func(notice.Channel) bool { return false }
	_, body := c.as("firm").get("/account/messages")
	wants(t, body, "没有设置邮件和短信")
	if res, _ := c.as("firm").post("/account/messages/mail/ask", url.Values{"address": {"wang@example.com"}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", res.StatusCode)
	}
	_, body = c.as("admin").get("/outbox")
	wants(t, body, "docs/notices.md")
}

// The administrator sees what was sent and what failed, sends it again, and reads neither words nor whole addresses.
func TestOutbox(t *testing.T) {
	c := newCity(t)
	c.sendMail("firm")
	v := c.as("admin")
	_, body := v.get("/system")
	wants(t, body, "条发送失败", "/outbox?state=failed", "国办发明电〔2023〕7号")
	_, body = v.get("/outbox?state=failed")
	wants(t, body, "f***@example.com", "mailbox full", "期限提醒", "测试 city")
	lacks(t, body, "full@example.com", "亭湖甲", "将超期")
	_, body = v.get("/messages")
	wants(t, body, "有邮件未能送出")
	form := regexp.MustCompile(`/outbox/\d+/retry`)
	_, body = v.get("/outbox")
	wants(t, body, "f***@example.com", "250 taken", "a***@example.com", "地址验证码")
	retry := form.FindString(body)
	_, body = v.post(retry, url.Values{})
	wants(t, body, "已重新排队")
	if res, _ := v.post(retry, url.Values{}); res.StatusCode != http.StatusConflict {
		t.Errorf("twice: status %d", res.StatusCode)
	}
	if res, _ := c.as("city").get("/outbox"); res.StatusCode != http.StatusForbidden {
		t.Errorf("an official: status %d", res.StatusCode)
	}
	_, body = c.as("firm").get(messagePath(c.messages[tinghuCode]))
	wants(t, body, "另外发送到", "f***@example.com", "已送出")
}
