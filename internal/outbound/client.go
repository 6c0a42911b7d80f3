package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Rules are what requests may reach.
type Rules struct {
	Hosts    []string       // names or addresses as they stand in a URL, without a port
	Networks []netip.Prefix // of addresses that are not public and may be reached all the same
	Timeout  time.Duration  // of a whole request; 0 is DefaultTimeout
}

// DefaultTimeout is how long a request may take.
const DefaultTimeout = 15 * time.Second

// ErrForbidden says that a request would have reached what it may not.
var ErrForbidden = errors.New("not allowed to be reached")

// New is a client that keeps to the rules. An answer that leads elsewhere is handed to the caller as it is.
func New(r Rules) *http.Client {
	if r.Timeout == 0 {
		r.Timeout = DefaultTimeout
	}
	dialer := &net.Dialer{Timeout: r.Timeout, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return r.allows(address)
	}}
	transport := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    r.Timeout,
		ResponseHeaderTimeout:  r.Timeout,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true, // requests are few, and each connection is looked at
	}
	return &http.Client{
		Transport:     guard{r, transport},
		Timeout:       r.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guard looks at the URL before anything is looked up.
type guard struct {
	rules Rules
	next  http.RoundTripper
}

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && r.URL.Scheme != "http" || r.URL.User != nil {
		return nil, fmt.Errorf("%s: %w", r.URL.Redacted(), ErrForbidden)
	}
	host := strings.ToLower(r.URL.Hostname())
	if !slices.ContainsFunc(g.rules.Hosts, func(h string) bool { return strings.ToLower(h) == host }) {
		return nil, fmt.Errorf("host %s: %w", host, ErrForbidden)
	}
	return g.next.RoundTrip(r)
}

// allows looks at the address of a connection that is about to be made.
func (r Rules) allows(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %s: %w", address, ErrForbidden)
	}
	ip := to.Addr().WithZone("").Unmap()
	named := slices.ContainsFunc(r.Networks, func(p netip.Prefix) bool { return p.Contains(ip) })
	if !named && !public(ip) {
		return fmt.Errorf("address %s lies inside a network that was not named: %w", ip, ErrForbidden)
	}
	return nil
}

// special are the blocks that are no public addresses (IANA's registries of special-purpose addresses, RFC 6890) besides
// those that package netip knows, and those of IPv6 that carry an address of IPv4.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

func public(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate() &&
		!slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(ip) })
}
