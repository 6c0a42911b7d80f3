package notice

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/outbound"
)

func base64Reader(r io.Reader) io.Reader { return base64.NewDecoder(base64.StdEncoding, r) }

func hookTo(t *testing.T, to string, networks ...string) HTTPHook {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	rules := outbound.Rules{Hosts: []string{u.Hostname()}}
	for _, n := range networks {
		rules.Networks = append(rules.Networks, netip.MustParsePrefix(n))
	}
	return HTTPHook{URL: to, Secret: []byte("s3cret"), Client: outbound.New(rules), Clock: clock.Fixed(aLetter().At)}
}

const loopback = "127.0.0.0/8"

func TestHookRequest(t *testing.T) {
	var got hookBody
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		stamp := r.Header.Get("X-Yanzhen-Timestamp")
		if want := "v1=" + Signature([]byte("s3cret"), stamp, b); r.Header.Get("X-Yanzhen-Signature") != want || stamp != "1730336400" || r.Method != http.MethodPost {
			t.Errorf("%s, signature %s at %s, want %s", r.Method, r.Header.Get("X-Yanzhen-Signature"), stamp, want)
		}
		got = hookBody{}
		if err := json.Unmarshal(b, &got); err != nil || got.ID != r.Header.Get("X-Yanzhen-Id") {
			t.Errorf("%s: %v", b, err)
		}
		_, _ = io.WriteString(w, "taken\r\nas 17")
	}))
	defer s.Close()
	hook := hookTo(t, s.URL, loopback)
	l := aLetter()
	l.Channel, l.To, l.Text = SMS, "13800000001", "【雁阵】请补正"
	receipt, err := hook.Carry(t.Context(), l)
	if err != nil || receipt != "200 OK taken  as 17" {
		t.Errorf("%q %v", receipt, err)
	}
	want := hookBody{ID: l.Mark, Channel: SMS, At: got.At, SMS: &shortMessage{Phone: "13800000001", Lang: "zh", Kind: Served, Text: "【雁阵】请补正"}}
	if diff := cmp.Diff(want, got); diff != "" || !got.At.Equal(l.At) {
		t.Errorf("(-want +got):\n%s", diff)
	}
	l.Channel, l.To, l.Text = Hook, "", `{"kind":"served","title":{"zh":"补正","en":"Correct"},"body":{"zh":"","en":""},"to":{"party":"42"}}`
	if _, err := hook.Carry(t.Context(), l); err != nil {
		t.Error(err)
	}
	if string(got.Message) != l.Text || got.SMS != nil {
		t.Errorf("%s", got.Message)
	}
}

// The signature of the example in docs/notices.md, so that whoever writes the other side can check theirs.
func TestSignatureOfTheDocumentation(t *testing.T) {
	got := Signature([]byte("s3cret"), "1730336400", []byte(`{"id":"notice-12-3-sms"}`))
	if want := "fc25ba9851ded97602cd8f53cb37582c85df1c229dbec4870c7b9b7b5fd6573b"; got != want { // by Python's hmac
		t.Errorf("%s, want %s", got, want)
	}
	doc, err := os.ReadFile("../../docs/notices.md")
	if err != nil || !strings.Contains(string(doc), got) {
		t.Errorf("docs/notices.md shows another signature than %s (%v)", got, err)
	}
}

func TestHookAnswers(t *testing.T) {
	for status, want := range map[int]string{
		200: "", 201: "", 202: "", 204: "", 400: "refused", 401: "refused", 403: "refused", 404: "refused", 410: "refused", 422: "refused",
		408: "later", 425: "later", 429: "later", 500: "later", 502: "later", 503: "later", 301: "later", 304: "later", 308: "later",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		_, err := hookTo(t, s.URL, loopback).Carry(t.Context(), aLetter())
		s.Close()
		got := ""
		switch {
		case errors.Is(err, ErrRefused):
			got = "refused"
		case err != nil:
			got = "later"
		}
		if got != want {
			t.Errorf("%d: %q (%v), want %q", status, got, err, want)
		}
	}
}

// Another system that leads a request into a network of ours is not followed, and nor is a name of it that stands there.
func TestHookDoesNotLeadInside(t *testing.T) {
	var reached atomic.Int64
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer inner.Close()
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inner.URL+"/admin", http.StatusTemporaryRedirect)
	}))
	defer outer.Close()
	if _, err := hookTo(t, outer.URL, loopback).Carry(t.Context(), aLetter()); err == nil || !strings.Contains(err.Error(), "redirects are not followed") {
		t.Errorf("led elsewhere: %v", err)
	}
	for _, to := range []string{inner.URL, strings.Replace(inner.URL, "127.0.0.1", "localhost", 1)} {
		if _, err := hookTo(t, to).Carry(t.Context(), aLetter()); !errors.Is(err, outbound.ErrForbidden) && err == nil {
			t.Errorf("%s: %v", to, err)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the inner system was reached %d times", n)
	}
}

// An answer of any length is read only so far.
func TestHookReadsLittle(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			if _, err := w.Write(make([]byte, 1024)); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	receipt, err := hookTo(t, s.URL, loopback).Carry(t.Context(), aLetter())
	if err != nil || len(receipt) > answerMax+20 {
		t.Errorf("%d bytes, %v", len(receipt), err)
	}
}
