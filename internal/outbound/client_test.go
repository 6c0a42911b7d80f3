package outbound

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// server counts who reaches it.
func server(t *testing.T, answer http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var reached atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s, &reached
}

func ok(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// Every way of writing an address inside a network is refused, though the host itself was named.
func TestInnerAddressesAreRefused(t *testing.T) {
	s, reached := server(t, ok)
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{
		"127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.1", "127.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "0177.0.0.1", "017700000001",
		"127.0.0.1.", "0.0.0.0", "0", "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
		"[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fd12:3456::1]", "[fec0::1]", "[ff02::1]",
		"[2001:db8::1]", "[100::1]", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "[fd00:ec2::254]",
		"100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
		"239.255.255.255", "240.0.0.1", "255.255.255.255", "0.1.2.3",
	} {
		bare := strings.NewReplacer("[", "", "]", "", "%25", "%").Replace(host)
		client := New(Rules{Hosts: []string{bare}, Timeout: 5 * time.Second})
		res, err := client.Get("http://" + host + ":" + at.Port() + "/")
		if err == nil {
			res.Body.Close()
			t.Errorf("%s was reached", host)
		}
		ip, isIP := netip.ParseAddr(bare)
		if isIP == nil && ip.IsValid() && !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v, want it refused by its address", host, err)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("the server was reached %d times", n)
	}
}

func TestPublicAddresses(t *testing.T) {
	for _, s := range []string{"1.1.1.1", "8.8.8.8", "114.114.114.114", "2400:3200::1", "2606:4700::1"} {
		if !public(netip.MustParseAddr(s)) {
			t.Errorf("%s is public", s)
		}
	}
}

func TestNamedNetworkIsReached(t *testing.T) {
	s, reached := server(t, ok)
	res, err := New(Rules{Hosts: []string{"127.0.0.1"}, Networks: loopback}).Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if reached.Load() != 1 {
		t.Error("not reached")
	}
}

func TestOnlyNamedHosts(t *testing.T) {
	s, reached := server(t, ok)
	client := New(Rules{Hosts: []string{"sms.example.com"}, Networks: loopback})
	for _, to := range []string{s.URL, strings.Replace(s.URL, "http://", "http://sms.example.com@", 1), "ftp://sms.example.com/", "file:///etc/passwd"} {
		res, err := client.Get(to)
		if err == nil {
			res.Body.Close()
		}
		if err == nil || reached.Load() != 0 {
			t.Errorf("%s: %v, reached %d times", to, err, reached.Load())
		}
	}
}

// A redirect is an answer like another: it is not followed, whether it leads inside or elsewhere.
func TestNoRedirectIsFollowed(t *testing.T) {
	inner, reached := server(t, ok)
	s, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, inner.URL, http.StatusTemporaryRedirect)
	})
	res, err := New(Rules{Hosts: []string{"127.0.0.1"}, Networks: loopback}).Post(s.URL, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusTemporaryRedirect || reached.Load() != 0 {
		t.Errorf("status %d, the place it led to was reached %d times", res.StatusCode, reached.Load())
	}
}

func TestNoProxyAndNoEndlessWait(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	s, _ := server(t, func(http.ResponseWriter, *http.Request) { <-hang })
	t.Setenv("HTTP_PROXY", "http://192.0.2.1:1")
	res, err := New(Rules{Hosts: []string{"127.0.0.1"}, Networks: loopback, Timeout: 50 * time.Millisecond}).Get(s.URL)
	if err == nil {
		res.Body.Close()
		t.Fatal("an answer that never came")
	}
	var timeout interface{ Timeout() bool }
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%v, want a timeout", err)
	}
}
