package notice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })

// watch is a clock that the test moves.
type watch struct{ ms atomic.Int64 }

func at(day string, hour int) int64 {
	d, err := period.ParseDay(day)
	if err != nil {
		panic(err)
	}
	return clock.StartOf(d) + int64(hour)*time.Hour.Milliseconds()
}

func (w *watch) clock() clock.Clock   { return func() time.Time { return time.UnixMilli(w.ms.Load()) } }
func (w *watch) pass(d time.Duration) { w.ms.Add(d.Milliseconds()) }
func (w *watch) to(day string, h int) { w.ms.Store(at(day, h)) }

// house is a store with people.
type house struct {
	t testing.TB
	*Store
	w        *watch
	accounts *access.Store
	ids      map[string]int64
}

const secret = "sieben Gänse im Keil"

var merged = map[int64][]int64{42: {42, 41}}

// newHouse stands on Thursday 2024-10-31 at nine, with a city official, two of counties, an enterprise with a handler, and
// an administrator.
func newHouse(t testing.TB, db *store.DB) *house {
	t.Helper()
	lib, err := library()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, w: &watch{}, ids: map[string]int64{}}
	h.w.to("2024-10-31", 9)
	h.accounts = access.New(db, h.w.clock(), h.w.clock(), access.Cost{MemoryKiB: 64, Passes: 1, Threads: 1})
	h.Store, err = New(Deps{
		DB: db, Access: h.accounts, Areas: lib.Areas(), Calendar: lib.Calendar(), Clock: h.w.clock(), Machine: h.w.clock(),
		Same: func(party int64) []int64 {
			if same, ok := merged[party]; ok {
				return same
			}
			return []int64{party}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.open("city", access.Grant{Role: access.CityOfficial, Area: "320900"})
	h.open("tinghu", access.Grant{Role: access.CountyOfficial, Area: "320902"})
	h.open("dafeng", access.Grant{Role: access.CountyOfficial, Area: "320904"})
	h.open("firm", access.Grant{Role: access.Enterprise, Party: 42})
	h.open("handler", access.Grant{Role: access.Handler, Party: 42})
	h.open("old firm", access.Grant{Role: access.Enterprise, Party: 41})
	h.open("other", access.Grant{Role: access.Enterprise, Party: 43})
	h.open("admin", access.Grant{Role: access.Administrator})
	return h
}

func (h *house) open(name string, g access.Grant) {
	h.t.Helper()
	login := strings.ReplaceAll(name, " ", "-")
	a, err := h.accounts.Create(h.t.Context(), access.SystemScope(), access.NewAccount{Login: "acc-" + login, Name: name, Password: secret, Grants: []access.Grant{g}})
	if err != nil {
		h.t.Fatal(err)
	}
	h.ids[name] = a.ID
}

// scope is what somebody may do, as package party would expand it.
func (h *house) scope(name string) access.Scope {
	h.t.Helper()
	a, err := h.accounts.ByID(h.t.Context(), h.ids[name])
	if err != nil {
		h.t.Fatal(err)
	}
	g := a.Grants[0]
	owns := []int64{g.Party}
	if g.Party == 41 {
		owns = append(owns, 42)
	}
	return access.NewScope(a.ID, g.Role, h.Areas.Below(g.Area), owns)
}

// reached gives somebody a confirmed address.
func (h *house) reached(name string, c Channel, address string) {
	h.t.Helper()
	_, err := h.Enter(h.t.Context(), h.ids[name], c, address)
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) post(list ...Message) {
	h.t.Helper()
	for i := range list {
		if list[i].At == 0 {
			list[i].At = h.Clock.Millis()
		}
	}
	err := h.DB.Write(h.t.Context(), func(ctx context.Context, tx *store.Tx) error { return Post(ctx, tx, list...) })
	if err != nil {
		h.t.Fatal(err)
	}
}

// say is a message whose words are the test's own: a key that is not in the catalogue is shown as it is.
func say(k Kind, to To, title string) Message { return Message{Kind: k, To: to, Title: i18n.M(title)} }

func titles(items []Item) []string {
	var all []string
	for _, x := range items {
		s := i18n.T{Lang: i18n.ZH}.Msg(x.Title)
		if x.Read {
			s += "✓"
		}
		all = append(all, s)
	}
	return all
}

func (h *house) inboxOf(name string) []string {
	h.t.Helper()
	items, err := h.Inbox(h.t.Context(), h.scope(name), Query{})
	if err != nil {
		h.t.Fatal(err)
	}
	return titles(items)
}

func each2(t *testing.T, test func(t *testing.T, h *house)) {
	storetest.Each(t, []store.Migrations{audit.Migrations, access.Migrations, Migrations}, func(t *testing.T, db *store.DB) { test(t, newHouse(t, db)) })
}

var errChanged = errors.New("changed my mind")

func TestNothingIsToldThatDidNotHappen(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		err := h.DB.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			if err := Post(ctx, tx, Message{Kind: Task, To: ToAccount(h.ids["city"]), Title: i18n.M("notice.kind.task"), At: 1}); err != nil {
				t.Error(err)
			}
			return errChanged
		})
		if !errors.Is(err, errChanged) {
			t.Fatal(err)
		}
		if got := h.inboxOf("city"); got != nil {
			t.Errorf("told of what was rolled back: %v", got)
		}
	})
}

func TestAKeyIsToldOnce(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		var group errgroup.Group
		for range 8 {
			group.Go(func() error {
				return h.DB.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
					m := say(Task, ToAccount(h.ids["city"]), "一次")
					m.Key, m.At = "case/1/x", 1
					return Post(ctx, tx, m)
				})
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		h.post(say(Task, ToAccount(h.ids["city"]), "每次"), say(Task, ToAccount(h.ids["city"]), "每次"))
		if diff := cmp.Diff([]string{"每次", "每次", "一次"}, h.inboxOf("city")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestPostRefusesMistakes(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t, []store.Migrations{audit.Migrations, access.Migrations, Migrations}))
	good := Message{Kind: Task, To: ToAccount(1), Title: i18n.M("notice.kind.task"), At: 1}
	for name, spoil := range map[string]func(*Message){
		"kind":       func(m *Message) { m.Kind = "news" },
		"nobody":     func(m *Message) { m.To = To{} },
		"two":        func(m *Message) { m.To.Party = 3 },
		"no area":    func(m *Message) { m.To = ToRole(access.CityOfficial, "") },
		"an area":    func(m *Message) { m.To = ToRole(access.Administrator, "320900") },
		"no title":   func(m *Message) { m.Title = i18n.Msg{} },
		"elsewhere":  func(m *Message) { m.Link = "//evil.example" },
		"absolute":   func(m *Message) { m.Link = "https://evil.example" },
		"lines":      func(m *Message) { m.Link = "/cases/1\r\nBcc: x" },
		"long key":   func(m *Message) { m.Key = strings.Repeat("k", KeyMax+1) },
		"key of ids": func(m *Message) { m.Key = "#1" },
		"no time":    func(m *Message) { m.At = 0 },
	} {
		m := good
		spoil(&m)
		err := h.DB.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error { return Post(ctx, tx, m) })
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	h.post(good)
}

func TestWhoReadsWhat(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		h.post(
			say(Task, ToAccount(h.ids["city"]), "市"),
			say(Task, ToRole(access.CountyOfficial, "320902"), "亭湖"),
			say(Task, ToRole(access.CityOfficial, "320902"), "上级"),
			say(Served, ToParty(42), "企业"),
			say(Served, ToParty(43), "别的企业"),
			say(System, ToRole(access.Administrator, ""), "系统"),
		)
		want := map[string][]string{
			"city": {"上级", "市"}, "tinghu": {"亭湖"}, "dafeng": nil, "firm": {"企业"}, "handler": {"企业"}, "old firm": {"企业"}, "other": {"别的企业"}, "admin": {"系统"},
		}
		for name, titles := range want {
			if diff := cmp.Diff(titles, h.inboxOf(name)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			n, err := h.Unread(t.Context(), h.scope(name))
			if err != nil || n != len(titles) {
				t.Errorf("%s: %d unread (%v), want %d", name, n, err, len(titles))
			}
		}
		if none, err := h.Inbox(t.Context(), access.Scope{}, Query{}); err != nil || len(none) > 0 {
			t.Errorf("nobody reads %v %v", none, err)
		}
		token := h.scope("city").Narrow([]access.Action{access.ReadFact}, nil)
		if none, err := h.Inbox(t.Context(), token, Query{}); err != nil || len(none) > 0 {
			t.Errorf("a token for figures reads messages: %v %v", titles(none), err)
		}
	})
}

func TestReadAndUnread(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		h.post(say(Served, ToParty(42), "甲"), say(Served, ToParty(42), "乙"), say(Served, ToParty(43), "丙"))
		firm := h.scope("firm")
		items, err := h.Inbox(t.Context(), firm, Query{})
		if err != nil {
			t.Fatal(err)
		}
		foreign, err := h.Inbox(t.Context(), h.scope("other"), Query{})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.MarkRead(t.Context(), firm, items[1].ID, foreign[0].ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("marks a foreign message: %v", err)
		}
		if diff := cmp.Diff([]string{"乙", "甲"}, h.inboxOf("firm")); diff != "" {
			t.Errorf("half of it was marked (-want +got):\n%s", diff)
		}
		var group errgroup.Group
		for range 4 {
			group.Go(func() error { return h.MarkRead(t.Context(), firm, items[1].ID) })
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"乙", "甲✓"}, h.inboxOf("firm")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"乙", "甲"}, h.inboxOf("handler")); diff != "" {
			t.Errorf("one reads, another has read (-want +got):\n%s", diff)
		}
		only, err := h.Inbox(t.Context(), firm, Query{Unread: true})
		if diff := cmp.Diff([]string{"乙"}, titles(only)); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		older, err := h.Inbox(t.Context(), firm, Query{Before: items[0].ID, Limit: 1})
		if diff := cmp.Diff([]string{"甲✓"}, titles(older)); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if err := h.MarkUnread(t.Context(), firm, items[1].ID); err != nil {
			t.Fatal(err)
		}
		if err := h.MarkUnread(t.Context(), firm, foreign[0].ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("marks a foreign message: %v", err)
		}
		if n, err := h.Unread(t.Context(), firm); n != 2 || err != nil {
			t.Errorf("%d unread, %v", n, err)
		}
	})
}

func TestUnreadIsNotCountedForEver(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t, []store.Migrations{audit.Migrations, access.Migrations, Migrations}))
	var list []Message
	for i := range MaxUnread + 30 {
		list = append(list, say(Task, ToAccount(h.ids["city"]), fmt.Sprint(i)))
	}
	h.post(list...)
	if n, err := h.Unread(t.Context(), h.scope("city")); n != MaxUnread+1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestAddressesAreMasked(t *testing.T) {
	for in, want := range map[Address]string{
		"zhang@example.com": "z***@example.com", "张@example.com": "张***@example.com", "13812345678": "138****5678", "+8613812345678": "+86*******5678", "12345": "*****", "": "",
	} {
		if got := fmt.Sprint(in); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for s, ok := range map[string]bool{
		"a@example.com": true, " a@example.com ": true, "a.b+c@sub.example.com": true, "a@b\r\nBcc: x@y.z": false, "A <a@example.com>": false, "a": false, "": false,
		"a@例.cn": false, "a b@example.com": false, "<a@example.com>": false, strings.Repeat("a", 260) + "@example.com": false, "a@example.com,b@example.com": false,
	} {
		if _, err := ParseAddress(Mail, s); (err == nil) != ok {
			t.Errorf("mail %q: %v", s, err)
		}
	}
	for s, ok := range map[string]bool{"13812345678": true, "138 1234-5678": true, "+86 138 1234 5678": true, "abc": false, "138;rm": false, "1": false} {
		if _, err := ParseAddress(SMS, s); (err == nil) != ok {
			t.Errorf("phone %q: %v", s, err)
		}
	}
}

func TestAnAddressIsConfirmed(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		firm := h.scope("firm")
		out := &box{}
		sender := h.sender(out)
		ask := func(address string) string {
			t.Helper()
			if err := h.Ask(t.Context(), firm, Mail, address); err != nil {
				t.Fatal(err)
			}
			h.turn(sender)
			letters := out.take()
			if len(letters) != 1 || letters[0].To != address {
				t.Fatalf("letters %v", letters)
			}
			_, rest, _ := strings.Cut(letters[0].Text, "：")
			code, _, _ := strings.Cut(rest, "\n")
			return code
		}
		person := func() Person {
			t.Helper()
			p, err := h.Person(t.Context(), firm)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		code := ask("one@example.com")
		if p := person(); p.Addresses[Mail] != "" || p.Asked[Mail] != "one@example.com" {
			t.Errorf("before it is confirmed: %v", p)
		}
		for range codeTries - 1 {
			if err := h.Confirm(t.Context(), firm, Mail, "WRONG234"); errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("a wrong code: %v", err)
			}
		}
		if err := h.Confirm(t.Context(), firm, Mail, " "+strings.ToLower(code)+" "); err != nil {
			t.Fatal(err)
		}
		if p := person(); p.Addresses[Mail] != "one@example.com" || p.Asked[Mail] != "" {
			t.Errorf("confirmed: %v", p)
		}
		if err := h.Confirm(t.Context(), firm, Mail, code); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a code twice: %v", err)
		}
		code = ask("two@example.com")
		if p := person(); p.Addresses[Mail] != "one@example.com" {
			t.Errorf("the confirmed one is in use until the next is: %v", p)
		}
		for range codeTries {
			_ = h.Confirm(t.Context(), firm, Mail, "WRONG234")
		}
		if err := h.Confirm(t.Context(), firm, Mail, code); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a code that was guessed at too often: %v", err)
		}
		code = ask("two@example.com")
		h.w.pass(codeFor + time.Minute)
		if err := h.Confirm(t.Context(), firm, Mail, code); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("an old code: %v", err)
		}
		if err := h.Confirm(t.Context(), h.scope("other"), Mail, code); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("another's code: %v", err)
		}
		if err := h.Forget(t.Context(), firm, Mail); err != nil {
			t.Fatal(err)
		}
		if p := person(); len(p.Addresses) != 0 {
			t.Errorf("forgotten: %v", p)
		}
		for range codesMax {
			ask("three@example.com")
		}
		if err := h.Ask(t.Context(), firm, Mail, "three@example.com"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("too many codes: %v", err)
		}
	})
}

func TestChoose(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		firm := h.scope("firm")
		for name, ways := range map[string]map[Kind]map[Channel]Way{
			"served is never off":  {Served: {Mail: Off}},
			"served is no digest":  {Served: {Mail: Digest}},
			"no digest by SMS":     {Task: {SMS: Digest}},
			"an unknown kind":      {"news": {Mail: Now}},
			"a code is not chosen": {Confirmation: {Mail: Off}},
			"a hook is not chosen": {Task: {Hook: Off}},
			"an unheard-of way":    {Task: {Mail: "sometimes"}},
		} {
			if err := h.Choose(t.Context(), firm, i18n.ZH, ways); errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		for range 2 {
			if err := h.Choose(t.Context(), firm, i18n.EN, map[Kind]map[Channel]Way{Task: {Mail: Off, SMS: Now}, Served: {Mail: Now}}); err != nil {
				t.Fatal(err)
			}
		}
		p, err := h.Person(t.Context(), firm)
		if err != nil {
			t.Fatal(err)
		}
		if p.Lang != i18n.EN || p.Ways[Task][Mail] != Off || p.Ways[Task][SMS] != Now || p.Ways[Served][Mail] != Now || p.Ways[Deadline][Mail] != Now || p.Ways[Call][Mail] != Digest {
			t.Errorf("%+v", p)
		}
		if other, err := h.Person(t.Context(), h.scope("handler")); err != nil || other.Lang != i18n.ZH || other.Ways[Task][Mail] != Digest {
			t.Errorf("another's choice: %+v %v", other, err)
		}
	})
}

// box takes letters.
type box struct {
	mu      sync.Mutex
	letters []Letter
	fail    func(Letter) error // nil takes everything
}

func (b *box) Carry(_ context.Context, l Letter) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		if err := b.fail(l); err != nil {
			return "", err
		}
	}
	b.letters = append(b.letters, l)
	return "taken", nil
}

func (b *box) take() []Letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.letters
	b.letters = nil
	return all
}

func (h *house) sender(out Carrier) *Sender {
	return NewSender(h.Store, map[Channel]Carrier{Mail: out, SMS: out, Hook: out}, "https://smart.example.cn/", func(err error) { h.t.Error(err) })
}

// turn has the sender do all there is to do now.
func (h *house) turn(s *Sender) {
	h.t.Helper()
	for {
		more, err := s.Turn(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		if !more {
			break
		}
	}
	if _, err := s.Turn(h.t.Context()); err != nil { // what was handed out in the last turn
		h.t.Fatal(err)
	}
}

func sentBy(letters []Letter, c Channel) []string {
	var all []string
	for _, l := range letters {
		if l.Channel == c {
			all = append(all, l.To+" "+l.Subject)
		}
	}
	slices.Sort(all)
	return all
}

// What comes by which way to whom, in which language.
func TestSenderFollowsWhatPeopleChoose(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		h.w.to("2024-10-31", 7) // before the digests
		h.reached("city", Mail, "city@example.com")
		h.reached("firm", Mail, "firm@example.com")
		h.reached("firm", SMS, "13800000001")
		h.reached("old firm", Mail, "old@example.com")
		h.reached("handler", Mail, "handler@example.com")
		for name, ways := range map[string]map[Kind]map[Channel]Way{
			"firm": {Progress: {Mail: Off}}, "handler": {Task: {Mail: Now, SMS: Now}},
		} {
			if err := h.Choose(t.Context(), h.scope(name), i18n.ZH, ways); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.Choose(t.Context(), h.scope("old firm"), i18n.EN, nil); err != nil {
			t.Fatal(err)
		}
		served := say(Served, ToParty(42), "补正")
		served.Body, served.Link = i18n.M("notice.channel.mail"), "/cases/7"
		h.post(served, say(Progress, ToParty(42), "受理"), say(Task, ToParty(42), "补充材料"), say(Task, ToRole(access.CityOfficial, "320904"), "复核"))
		out := &box{}
		sender := h.sender(out)
		h.turn(sender)
		letters := out.take()
		wantMail := []string{
			"firm@example.com 【雁阵】补正", "handler@example.com 【雁阵】受理", "handler@example.com 【雁阵】补充材料", "handler@example.com 【雁阵】补正",
			"old@example.com Yanzhen: 受理", "old@example.com Yanzhen: 补正",
		}
		if diff := cmp.Diff(wantMail, sentBy(letters, Mail)); diff != "" {
			t.Errorf("mail (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"13800000001 【雁阵】补正"}, sentBy(letters, SMS)); diff != "" {
			t.Errorf("SMS (-want +got):\n%s", diff)
		}
		if n := len(sentBy(letters, Hook)); n != 4 {
			t.Errorf("%d messages went to the other system, want each of 4 once", n)
		}
		for _, l := range letters {
			if l.Channel == Mail && l.To == "firm@example.com" {
				want := "firm，您好：\n\n补正\n邮件\nhttps://smart.example.cn/cases/7\n\n您收到这封邮件，是因为账号设置为以邮件接收“依法送达”。\n\n" +
					"此邮件由系统发出，请勿回复。更改接收方式：https://smart.example.cn/account/messages\n"
				if diff := cmp.Diff(want, l.Text); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			if l.Channel == Hook && strings.Contains(l.Text, "补正") {
				want := `{"kind":"served","title":{"zh":"补正","en":"补正"},"body":{"zh":"邮件","en":"Mail"},"link":"https://smart.example.cn/cases/7","to":{"party":"42"}}`
				if diff := cmp.Diff(want, l.Text); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		}
		h.turn(sender)
		if again := out.take(); len(again) > 0 {
			t.Errorf("sent again: %v", again)
		}
		items, err := h.Inbox(t.Context(), h.scope("firm"), Query{})
		if err != nil {
			t.Fatal(err)
		}
		sent, err := h.SentTo(t.Context(), h.scope("firm"), items[2].ID)
		if err != nil || len(sent) != 2 || sent[0].State != Sent || sent[0].SentAt == 0 || !strings.Contains(sent[0].Address, "***") || sent[0].Result != "taken" {
			t.Errorf("what was sent of it: %+v %v", sent, err)
		}
		if _, err := h.SentTo(t.Context(), h.scope("other"), items[2].ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("another's message: %v", err)
		}
	})
}

func TestProof(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		h.reached("firm", Mail, "firm@example.com")
		h.reached("handler", Mail, "handler@example.com")
		m := say(Served, ToParty(42), "决定")
		m.Key = "case/9/decision"
		h.post(m)
		out := &box{}
		h.turn(h.sender(out))
		proof, err := h.Proof(t.Context(), m.Key)
		if err != nil || len(proof) != 3 { // two people and the other system
			t.Errorf("%+v %v", proof, err)
		}
		if _, err := h.Proof(t.Context(), "case/9/other"); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("no such message: %v", err)
		}
	})
}

// A digest comes on the morning of a working day, with what was not read meanwhile and is still for its reader.
func TestDigest(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		for _, name := range []string{"city", "tinghu", "dafeng"} {
			h.reached(name, Mail, name+"@example.com")
		}
		out := &box{}
		sender := h.sender(out)
		digest := func() []string {
			t.Helper()
			h.turn(sender)
			return sentBy(slices.DeleteFunc(out.take(), func(l Letter) bool { return l.Kind != Gathered }), Mail)
		}
		h.w.to("2024-09-30", 7) // Monday, before the seven days of National Day
		h.post(say(Task, ToRole(access.CityOfficial, "320904"), "一"), say(Task, ToRole(access.CountyOfficial, "320902"), "二"), say(Task, ToRole(access.CountyOfficial, "320904"), "三"))
		if got := digest(); got != nil {
			t.Errorf("before the morning: %v", got)
		}
		h.w.to("2024-09-30", 9)
		if diff := cmp.Diff([]string{"city@example.com 【雁阵】1 条消息（2024-09-30）", "dafeng@example.com 【雁阵】1 条消息（2024-09-30）", "tinghu@example.com 【雁阵】1 条消息（2024-09-30）"}, digest()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		h.w.to("2024-09-30", 10)
		for _, s := range []string{"四", "五", "六"} {
			h.post(say(Task, ToRole(access.CityOfficial, "320904"), s), say(Task, ToRole(access.CountyOfficial, "320902"), s))
		}
		if got := digest(); got != nil {
			t.Errorf("twice in a day: %v", got)
		}
		h.w.to("2024-10-04", 9)
		if got := digest(); got != nil {
			t.Errorf("on a public holiday: %v", got)
		}
		items, err := h.Inbox(t.Context(), h.scope("city"), Query{})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.MarkRead(t.Context(), h.scope("city"), items[1].ID); err != nil {
			t.Fatal(err)
		}
		if err := h.accounts.Disable(t.Context(), access.SystemScope(), h.ids["tinghu"], "has left"); err != nil {
			t.Fatal(err)
		}
		h.w.to("2024-10-12", 9) // a Saturday that is worked
		second := h.sender(out) // another process, which does not remember this one's mornings
		h.turn(second)
		letters := out.take()
		if diff := cmp.Diff([]string{"city@example.com 【雁阵】2 条消息（2024-10-12）"}, sentBy(letters, Mail)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if !strings.Contains(letters[len(letters)-1].Text, "1. 四") || !strings.Contains(letters[len(letters)-1].Text, "2. 六") || strings.Contains(letters[len(letters)-1].Text, "五") {
			t.Errorf("digest: %s", letters[len(letters)-1].Text)
		}
		if got := digest(); got != nil {
			t.Errorf("by a second process: %v", got)
		}
	})
}

func TestALongDigestIsCut(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t, []store.Migrations{audit.Migrations, access.Migrations, Migrations}))
	h.reached("city", Mail, "city@example.com")
	h.w.to("2024-10-31", 8)
	for i := range digestMax + 7 {
		h.post(say(Task, ToAccount(h.ids["city"]), fmt.Sprintf("第%d件", i)))
	}
	out := &box{}
	s := h.sender(out)
	h.turn(s)
	h.w.to("2024-10-31", 9)
	out.take()
	h.turn(s)
	letters := out.take()
	if len(letters) != 1 || !strings.Contains(letters[0].Text, "另有 7 条") || strings.Contains(letters[0].Text, "101. ") || !strings.Contains(letters[0].Subject, "107 条") {
		t.Errorf("%d letters", len(letters))
	}
}
