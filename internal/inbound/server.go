package inbound

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/clock"
)

// Limits of a connection. A body has the longest: a file of 128 MB takes a quarter of an hour over 1.2 Mbit/s. A
// handler that still works when it is over is told that its reader is gone.
const (
	headerLimit = 64 << 10
	headerWait  = 10 * time.Second
	readWait    = 15 * time.Minute
	writeWait   = time.Minute // for a reader to take the next chunk
	chunk       = 64 << 10
	idleWait    = 2 * time.Minute
)

// Rules are how the installation is reached.
type Rules struct {
	Secure  bool           // browsers speak TLS, with the product or with a proxy before it
	Proxies []netip.Prefix // whose word about where a request came from is taken
}

// NewServer is a server of a handler within the limits, by the rules.
func NewServer(r Rules, h http.Handler) *http.Server {
	return &http.Server{
		Handler:        r.Guard(h),
		TLSConfig:      &tls.Config{MinVersion: tls.VersionTLS12},
		MaxHeaderBytes: headerLimit, ReadHeaderTimeout: headerWait, ReadTimeout: readWait, IdleTimeout: idleWait,
	}
}

// Listen is where a server waits for connections, each of which is lost to a reader that takes nothing.
func Listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return listener{l}, nil
}

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return conn{c, clock.System()}, nil
}

// conn gives its reader time by what is written, not for the whole of it: an export may take as long as it is read.
type conn struct {
	net.Conn
	now clock.Clock
}

func (c conn) Write(b []byte) (n int, err error) {
	for {
		if err := c.SetWriteDeadline(c.now().Add(writeWait)); err != nil {
			return n, err
		}
		part, err := c.Conn.Write(b[n:min(n+chunk, len(b))])
		if n += part; err != nil || n == len(b) {
			return n, err
		}
	}
}

// year is how long a browser keeps to TLS once it has been told.
const year = "max-age=31536000; includeSubDomains"

// Guard sets the headers that go with every answer, and the address that a request came from.
func (r Rules) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if r.Secure {
			h.Set("Strict-Transport-Security", year)
		}
		if from, ok := r.client(req); ok {
			req.RemoteAddr = from.String()
		}
		next.ServeHTTP(w, req)
	})
}

// client is where a request came from, by the word of the proxies: of X-Forwarded-For the last address that none of them has.
// What stands before it was written by whoever asked. It is false where the connection itself tells.
func (r Rules) client(req *http.Request) (netip.AddrPort, bool) {
	peer, err := netip.ParseAddrPort(req.RemoteAddr)
	if err != nil || !r.trusts(peer.Addr()) {
		return netip.AddrPort{}, false
	}
	from := peer.Addr()
	hops := strings.Split(strings.Join(req.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		ip, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if from = ip; !r.trusts(ip) {
			break
		}
	}
	return netip.AddrPortFrom(from, peer.Port()), true
}

func (r Rules) trusts(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return slices.ContainsFunc(r.Proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// CookieName is what a cookie is called: over TLS with the prefix by which browsers take it from this host alone, for all of its
// paths, and over TLS only. Such a cookie is Secure, has the path "/" and no domain.
func CookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}
