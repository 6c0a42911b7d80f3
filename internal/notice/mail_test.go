package notice

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"mime"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// mailServer is a real mail server, which does as a test says.
type mailServer struct {
	mu      sync.Mutex
	got     []string // whole mails, as they came
	to      []string
	secured []bool
	users   []string

	host string
	port int
	pool *x509.CertPool

	atRcpt, atData error         // how it answers
	hang           chan struct{} // it never answers DATA until this is closed
}

// start runs the server; wrapped is TLS from the first byte, offers is STARTTLS.
func (m *mailServer) start(t *testing.T, wrapped, offers bool) {
	t.Helper()
	web := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(web.Close)
	m.pool = x509.NewCertPool()
	m.pool.AddCert(web.Certificate())
	s := smtp.NewServer(m)
	s.Domain, s.AllowInsecureAuth = "mail.example.com", true
	config := &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
	if offers {
		s.TLSConfig = config
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.host, m.port = "127.0.0.1", l.Addr().(*net.TCPAddr).Port
	if wrapped {
		l = tls.NewListener(l, config)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close()
		<-ended
	})
}

func (m *mailServer) smtp(s Security) SMTP {
	return SMTP{
		Host: m.host, Port: m.port, Security: s, From: "盐城市工信局 <notice@example.com>",
		TLSConfig: &tls.Config{RootCAs: m.pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12},
	}
}

func (m *mailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, secured := c.TLSConnectionState()
	return &mailSession{m: m, secured: secured}, nil
}

type mailSession struct {
	m       *mailServer
	secured bool
	user    string
	to      string
}

func (*mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "yanzhen" || password != secret {
			return errors.New("wrong password")
		}
		s.user = user
		return nil
	}), nil
}

func (*mailSession) Reset()                               {}
func (*mailSession) Logout() error                        { return nil }
func (*mailSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.m.atRcpt
}

func (s *mailSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.m.hang != nil {
		<-s.m.hang
	}
	if s.m.atData != nil {
		return s.m.atData
	}
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.got = append(s.m.got, string(b))
	s.m.to = append(s.m.to, s.to)
	s.m.secured = append(s.m.secured, s.secured)
	s.m.users = append(s.m.users, s.user)
	return nil
}

func aLetter() Letter {
	return Letter{
		Mark: "notice-12-3-mail", Channel: Mail, Kind: Served, To: "firm@example.com", Lang: i18n.ZH, Subject: "【雁阵】请补正《设备发票清单》",
		Text: "您好：\n\n请补正。\n.\n一行以点开头\n", At: time.UnixMilli(at("2024-10-31", 9)).In(clock.Beijing),
	}
}

func TestMailArrives(t *testing.T) {
	for name, tt := range map[string]struct {
		wrapped, offers bool
		security        Security
	}{
		"tls": {true, false, TLS}, "starttls": {false, true, StartTLS}, "plain": {false, false, Plain},
	} {
		t.Run(name, func(t *testing.T) {
			var m mailServer
			m.start(t, tt.wrapped, tt.offers)
			carrier := m.smtp(tt.security)
			carrier.User, carrier.Password = "yanzhen", secret
			if err := carrier.Check(); err != nil {
				t.Fatal(err)
			}
			receipt, err := carrier.Carry(t.Context(), aLetter())
			if err != nil {
				t.Fatal(err)
			}
			if len(m.got) != 1 || m.to[0] != "firm@example.com" || m.secured[0] != (tt.security != Plain) || m.users[0] != "yanzhen" || receipt == "" {
				t.Fatalf("%d mails to %v, secured %v, by %v, receipt %q", len(m.got), m.to, m.secured, m.users, receipt)
			}
			letter, err := netmail.ReadMessage(strings.NewReader(m.got[0]))
			if err != nil {
				t.Fatal(err)
			}
			for key, want := range map[string]string{
				"Subject": "【雁阵】请补正《设备发票清单》", "Message-Id": "<notice-12-3-mail@example.com>", "To": "<firm@example.com>", "Date": "Thu, 31 Oct 2024 09:00:00 +0800",
				"Auto-Submitted": "auto-generated", "Content-Language": "zh", "From": "盐城市工信局 <notice@example.com>",
			} {
				got, err := new(mime.WordDecoder).DecodeHeader(letter.Header.Get(key))
				if strings.ReplaceAll(got, `"`, "") != want || err != nil {
					t.Errorf("%s: %q (%v), want %q", key, got, err, want)
				}
			}
			if body := bodyOf(t, m.got[0]); body != strings.ReplaceAll(aLetter().Text, "\n", "\r\n") && body != aLetter().Text {
				t.Errorf("body %q", body)
			}
		})
	}
}

func TestMailIsNotSentInTheOpen(t *testing.T) {
	for name, tt := range map[string]func(m *mailServer) SMTP{
		"no STARTTLS offered": func(m *mailServer) SMTP { m.start(t, false, false); return m.smtp(StartTLS) },
		"no TLS":              func(m *mailServer) SMTP { m.start(t, false, false); return m.smtp(TLS) },
		"unknown certificate": func(m *mailServer) SMTP { m.start(t, true, false); c := m.smtp(TLS); c.TLSConfig = nil; return c },
		"another's certifcate": func(m *mailServer) SMTP {
			m.start(t, false, true)
			c := m.smtp(StartTLS)
			c.TLSConfig.ServerName = "mail.elsewhere.cn"
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			var m mailServer
			_, err := tt(&m).Carry(t.Context(), aLetter())
			if err == nil || errors.Is(err, ErrRefused) || len(m.got) != 0 {
				t.Errorf("%v, %d mails arrived; want another attempt later", err, len(m.got))
			}
		})
	}
}

// How a server answers decides whether there is another attempt.
func TestMailServerThatDoesNotTakeIt(t *testing.T) {
	busy := &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "greylisted, come back"}
	never := &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	for name, tt := range map[string]struct {
		atRcpt, atData error
		user           string
		forGood        bool
		want           string
	}{
		"4xx at RCPT":    {atRcpt: busy, want: "greylisted"},
		"4xx at DATA":    {atData: busy, want: "greylisted"},
		"5xx at RCPT":    {atRcpt: never, forGood: true, want: "no such user"},
		"5xx at DATA":    {atData: never, forGood: true, want: "no such user"},
		"wrong password": {user: "nobody", want: "AUTH"},
	} {
		t.Run(name, func(t *testing.T) {
			m := mailServer{atRcpt: tt.atRcpt, atData: tt.atData}
			m.start(t, false, true)
			carrier := m.smtp(StartTLS)
			carrier.User, carrier.Password = tt.user, "wrong"
			_, err := carrier.Carry(t.Context(), aLetter())
			if err == nil || errors.Is(err, ErrRefused) != tt.forGood || !strings.Contains(err.Error(), tt.want) || len(m.got) != 0 {
				t.Errorf("%v, want %q, for good %v", err, tt.want, tt.forGood)
			}
		})
	}
}

func TestMailServerThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	_, err = SMTP{Host: "127.0.0.1", Port: port, Security: Plain, From: "a@example.com"}.Carry(t.Context(), aLetter())
	if err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("%v, want another attempt later", err)
	}
}

// A server that takes all of it and then says nothing: the attempt ends when its time is over. So it does with one that
// does not even greet.
func TestMailServerThatHangs(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	m := mailServer{hang: make(chan struct{})}
	m.start(t, false, true)
	defer close(m.hang)
	for name, carrier := range map[string]SMTP{
		"after DATA": m.smtp(StartTLS),
		"at once":    {Host: "127.0.0.1", Port: silent.Addr().(*net.TCPAddr).Port, Security: Plain, From: "a@example.com"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		_, err := carrier.Carry(ctx, aLetter())
		cancel()
		if err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want another attempt later", name, err)
		}
	}
}

// Whatever a title or a text holds, the mail has the headers that we gave it, one receiver, and the text as it was.
func TestNoTextEndsAHeader(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z\r\n: .]{0,40}`), rapid.SampledFrom([]string{
		"x\r\nBcc: evil@example.com", "x\nBcc: evil@example.com\n\nbody", "x\r\n.\r\nMAIL FROM:<evil@example.com>", "=?utf-8?q?=0D=0ABcc:_evil@example.com?=", "\r\n\r\n",
	}))
	rapid.Check(t, func(t *rapid.T) {
		l := aLetter()
		l.Subject, l.Text = text.Draw(t, "subject"), text.Draw(t, "text")
		dir, err := os.MkdirTemp("", "mails")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		name, err := Drop{Dir: dir, From: "notice@example.com"}.Carry(context.Background(), l)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		letter, err := netmail.ReadMessage(strings.NewReader(string(b)))
		if err != nil {
			t.Fatalf("%v in\n%s", err, b)
		}
		for key := range letter.Header {
			switch key {
			case "From", "To", "Subject", "Date", "Message-Id", "Mime-Version", "Auto-Submitted", "Content-Language", "Content-Type", "Content-Transfer-Encoding":
			default:
				t.Fatalf("a header %s in\n%s", key, b)
			}
		}
		if to := letter.Header["To"]; len(to) != 1 || to[0] != "<firm@example.com>" || len(letter.Header["Message-Id"]) != 1 {
			t.Fatalf("headers %v", letter.Header)
		}
	})
}

func bodyOf(t *testing.T, mail string) string {
	t.Helper()
	letter, err := netmail.ReadMessage(strings.NewReader(mail))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(base64Reader(letter.Body))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestServerNames(t *testing.T) {
	for in, want := range map[string]struct {
		security Security
		host     string
		port     int
	}{
		"smtp.example.com":      {TLS, "smtp.example.com", 465},
		"smtp.example.com:2525": {StartTLS, "smtp.example.com", 2525},
		"127.0.0.1":             {Plain, "127.0.0.1", 25},
		"[::1]:587":             {StartTLS, "::1", 587},
	} {
		host, port, err := ParseServer(in, want.security)
		if host != want.host || port != want.port || err != nil {
			t.Errorf("%s: %s %d %v", in, host, port, err)
		}
	}
	if _, _, err := ParseServer("host:many", TLS); err == nil {
		t.Error("a port that is no number")
	}
	for name, m := range map[string]SMTP{
		"security": {Host: "h", Port: 25, Security: "some", From: "a@example.com"}, "sender": {Host: "h", Port: 25, Security: TLS, From: "nobody"}, "port": {Host: "h", Security: TLS, From: "a@example.com", Port: -1},
	} {
		if m.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
