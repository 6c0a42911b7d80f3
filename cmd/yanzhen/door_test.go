package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// certificate writes one for 127.0.0.1, and its key.
func certificate(t *testing.T, dir string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	of := x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	public, err := x509.CreateCertificate(rand.Reader, &of, &of, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: public}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public}))
	return cert, key, pool
}

// Whatever is answered over TLS, by pages, for programs, of files or as an error, carries the same protection.
func TestServeTLS(t *testing.T) {
	cert, key, pool := certificate(t, t.TempDir())
	s := start(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
	if !strings.HasPrefix(s.url, "https://") {
		t.Fatalf("served at %s", s.url)
	}
	browser := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	for _, ask := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/healthz", http.StatusOK},
		{"GET", "/sign-in", http.StatusOK},
		{"GET", "/nothing", http.StatusNotFound},
		{"GET", "/accounts", http.StatusOK}, // leads to the sign-in
		{"POST", "/sign-in", http.StatusUnprocessableEntity},
		{"TRACE", "/sign-in", http.StatusNotFound},
		{"GET", "/static/none", http.StatusNotFound},
		{"GET", "/static/", http.StatusNotFound},
		{"GET", "/api/v1/health", http.StatusOK},
		{"GET", "/api/v1/enterprises", http.StatusUnauthorized},
		{"GET", "/api/v1/nothing", http.StatusNotFound},
		{"TRACE", "/api/v1/health", http.StatusMethodNotAllowed},
	} {
		r, err := http.NewRequestWithContext(t.Context(), ask.method, s.url+ask.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != ask.status {
			t.Errorf("%s %s: %s, want %d; %v", ask.method, ask.path, answer.Status, ask.status, err)
		}
		for name, want := range map[string]string{
			"Strict-Transport-Security": "max-age=31536000; includeSubDomains", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Content-Security-Policy": "frame-ancestors 'none'", "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "",
		} {
			if got := answer.Header.Get(name); got == "" || !strings.Contains(got, want) {
				t.Errorf("%s %s: %s is %q, want %q", ask.method, ask.path, name, got, want)
			}
		}
		if kind := answer.Header.Get("Content-Type"); len(body) > 0 && !strings.Contains(kind, "charset=utf-8") && !strings.Contains(kind, "json") {
			t.Errorf("%s %s: Content-Type is %q", ask.method, ask.path, kind)
		}
		for _, name := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin"} {
			if got := answer.Header.Get(name); got != "" {
				t.Errorf("%s %s: %s is %q", ask.method, ask.path, name, got)
			}
		}
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("exit %d: %s", code, s.err)
	}
}

func TestDoorFlags(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "database")
	if err := os.WriteFile(file, []byte("sqlite:"+filepath.Join(dir, "named.db")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string // part of the mistake
	}{
		{[]string{"serve", "--data", dir, "--tls-cert", "x"}, "-tls-key"},
		{[]string{"serve", "--data", dir, "--proxies", "10.0.0.1"}, "10.0.0.1"},
		{[]string{"serve", "--data", dir, "--db-file", "nowhere"}, "nowhere"},
		{[]string{"serve", "--data", dir, "--session-idle", "3s"}, "--session-idle"},
		{[]string{"serve", "--data", dir, "--profile", "mlps2"}, "mlps2"},
		{[]string{"serve", "--data", dir, "--db", "sqlite:x", "--db-file", file}, "either --db or --db-file"},
		{[]string{"serve", "--data", dir, "--db-file", file, "--db", "sqlite:x"}, "either --db or --db-file"},
	} {
		var said bytes.Buffer
		con := &console{out: io.Discard, err: &said, t: i18n.T{Lang: i18n.EN}}
		if code := con.run(t.Context(), c.args); code == exitOK || !strings.Contains(said.String(), c.want) {
			t.Errorf("%v: exit %d, %q", c.args, code, said.String())
		}
	}
	con := &console{out: io.Discard, err: &bytes.Buffer{}, t: i18n.T{Lang: i18n.EN}}
	if code := con.run(context.Background(), []string{"account", "list", "--data", dir, "--db-file", file}); code != exitOK {
		t.Errorf("exit %d: %s", code, con.err)
	}
	if _, err := os.Stat(filepath.Join(dir, "named.db")); err != nil {
		t.Errorf("the database that the file names was not used: %v", err)
	}
}

// Behind a proxy that speaks TLS, what browsers are told is that of TLS.
func TestServeBehindProxy(t *testing.T) {
	s := start(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--tls-by-proxy", "--proxies", "127.0.0.0/8")
	answer, err := http.Get(s.url + "/sign-in")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.Header.Get("Strict-Transport-Security") == "" || !strings.HasPrefix(s.url, "http://") {
		t.Errorf("%s: %v", s.url, answer.Header)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("exit %d: %s", code, s.err)
	}
}
