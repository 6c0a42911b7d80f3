package inbound_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/yanzhen/yanzhen/internal/inbound"
)

// The word of a proxy is taken where it was named, and of nobody else.
func TestClientAddress(t *testing.T) {
	rules := inbound.Rules{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00::/64")}}
	for name, tc := range map[string]struct {
		peer string
		says []string
		want string
	}{
		"nobody's word":                   {"192.0.2.7:4000", nil, "192.0.2.7:4000"},
		"a stranger's word":               {"192.0.2.7:4000", []string{"198.51.100.1"}, "192.0.2.7:4000"},
		"a proxy's word":                  {"10.0.0.5:4000", []string{"198.51.100.1"}, "198.51.100.1:4000"},
		"a proxy beyond IPv6":             {"[::ffff:10.0.0.5]:4000", []string{"198.51.100.1"}, "198.51.100.1:4000"},
		"what the client wrote first":     {"10.0.0.5:4000", []string{"127.0.0.1, 198.51.100.1"}, "198.51.100.1:4000"},
		"a header of the client's own":    {"10.0.0.5:4000", []string{"127.0.0.1", "198.51.100.1"}, "198.51.100.1:4000"},
		"two proxies":                     {"10.0.0.5:4000", []string{"203.0.113.9, 198.51.100.1, 10.0.0.6"}, "198.51.100.1:4000"},
		"IPv6":                            {"[fd00::1]:4000", []string{"2001:db8::1"}, "[2001:db8::1]:4000"},
		"a proxy that says nothing":       {"10.0.0.5:4000", nil, "10.0.0.5:4000"},
		"a proxy that says no address":    {"10.0.0.5:4000", []string{"198.51.100.1, unknown"}, "10.0.0.5:4000"},
		"all of them proxies":             {"10.0.0.5:4000", []string{"10.0.0.7"}, "10.0.0.7:4000"},
		"a connection without an address": {"@", []string{"198.51.100.1"}, "@"},
	} {
		var got string
		h := rules.Guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tc.peer
		for _, s := range tc.says {
			r.Header.Add("X-Forwarded-For", s)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestStrictTransportOnlyOverTLS(t *testing.T) {
	for _, secure := range []bool{false, true} {
		w := httptest.NewRecorder()
		inbound.Rules{Secure: secure}.Guard(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if got := w.Header().Get("Strict-Transport-Security"); (got == "max-age=31536000; includeSubDomains") != secure || !secure && got != "" {
			t.Errorf("secure %t: Strict-Transport-Security %q", secure, got)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("secure %t: browsers may guess what an error is", secure)
		}
	}
}

// What is older than TLS 1.2 is not spoken, and 1.3 where the other side can.
func TestVersionsOfTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(nil)
	s.Config = inbound.NewServer(inbound.Rules{Secure: true}, http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of each refused connection
	s.TLS = s.Config.TLSConfig
	s.StartTLS()
	defer s.Close()
	for version, want := range map[uint16]uint16{tls.VersionTLS10: 0, tls.VersionTLS11: 0, tls.VersionTLS12: tls.VersionTLS12, tls.VersionTLS13: tls.VersionTLS13} {
		c, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: version}) // the version is asked, not the name
		if err != nil {
			if want != 0 {
				t.Errorf("%s: %v", tls.VersionName(version), err)
			}
			continue
		}
		if got := c.ConnectionState().Version; got != want {
			t.Errorf("asked for %s at most: %s", tls.VersionName(version), tls.VersionName(got))
		}
		c.Close()
	}
}

// pipe is a listener of one connection in memory.
type pipe struct {
	conn chan net.Conn
	done chan struct{}
}

func (p pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conn:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p pipe) Close() error   { close(p.done); return nil }
func (p pipe) Addr() net.Addr { return &net.TCPAddr{} }

// Who connects and sends its request letter by letter, or its body, loses the connection.
func TestNobodyHoldsAConnection(t *testing.T) {
	for name, begins := range map[string]string{
		"nothing":                 "",
		"a header without an end": "GET / HTTP/1.1\r\nHost: a\r\nX: ",
		"a body without an end":   "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n",
		"nothing more":            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := inbound.NewServer(inbound.Rules{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
				ours, theirs := net.Pipe()
				l := pipe{make(chan net.Conn, 1), make(chan struct{})}
				l.conn <- theirs
				go func() { _ = s.Serve(l) }()
				began, ended := time.Now(), make(chan struct{})
				var writer sync.WaitGroup
				writer.Go(func() {
					if _, err := io.WriteString(ours, begins); err != nil || begins == "" || name == "nothing more" {
						return
					}
					for { // a letter now and then, as long as the connection stands
						select {
						case <-ended:
							return
						case <-time.After(5 * time.Second):
						}
						if _, err := io.WriteString(ours, "x"); err != nil {
							return
						}
					}
				})
				_, _ = io.Copy(io.Discard, ours) // until the server ends it
				if held := time.Since(began); held > 20*time.Minute {
					t.Errorf("held for %s", held)
				}
				close(ended)
				ours.Close()
				writer.Wait()
				_ = s.Close()
			})
		})
	}
}

func TestCookieName(t *testing.T) {
	if got := inbound.CookieName("a", true) + " " + inbound.CookieName("a", false); got != "__Host-a a" {
		t.Error(got)
	}
}
