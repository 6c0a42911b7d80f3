package notice

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"
)

// Security is how the way to a mail server is kept from others.
type Security string

// The securities. Plain sends what others on the way can read: for a server on the same machine or in a network of its own.
const (
	TLS      Security = "tls"      // from the first byte, port 465
	StartTLS Security = "starttls" // or nothing is sent, port 587
	Plain    Security = "none"     // port 25
)

// SMTP is a mail server that takes letters.
type SMTP struct {
	Host           string
	Port           int
	Security       Security
	User, Password string // "" for a server that asks for none; never sent where others can read it, unless to this machine
	From           string // "盐城市工信局 <notice@example.com>"
	TLSConfig      *tls.Config
}

// Check says what is wrong with the settings.
func (m SMTP) Check() error {
	if _, err := netmail.ParseAddress(m.From); err != nil {
		return fmt.Errorf("sender %q: %w", m.From, err)
	}
	_, err := m.client(context.Background())
	return err
}

// client is made for each letter, so that nothing of one is left for the next.
func (m SMTP) client(ctx context.Context) (*mail.Client, error) {
	options := []mail.Option{mail.WithPort(m.Port), mail.WithTimeout(attempt), mail.WithoutRset(), mail.WithoutNoop(), mail.WithDialContextFunc(m.dial(ctx))}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: m.Host}
	if m.TLSConfig != nil {
		config = m.TLSConfig.Clone()
	}
	options = append(options, mail.WithTLSConfig(config))
	switch m.Security {
	case TLS:
		options = append(options, mail.WithSSL())
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case Plain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		return nil, fmt.Errorf("security %q: want tls, starttls or none", m.Security)
	}
	if m.User != "" {
		options = append(options, mail.WithUsername(m.User), mail.WithPassword(m.Password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return mail.NewClient(m.Host, options...)
}

// dial connects, and hangs up when ctx ends: the library itself heeds a context only until it is connected.
func (m SMTP) dial(until context.Context) mail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var d interface {
			DialContext(context.Context, string, string) (net.Conn, error)
		} = &net.Dialer{}
		if m.Security == TLS {
			config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: m.Host}
			if m.TLSConfig != nil {
				config = m.TLSConfig.Clone()
			}
			d = &tls.Dialer{Config: config}
		}
		conn, err := d.DialContext(ctx, network, address)
		if err == nil {
			context.AfterFunc(until, func() { _ = conn.Close() }) // what was on the way fails and is tried again
		}
		return conn, err
	}
}

// Carry hands a letter to the server. What the server answers with 5xx is refused for good.
func (m SMTP) Carry(ctx context.Context, l Letter) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	letter, err := m.letter(l)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	client, err := m.client(ctx)
	if err != nil {
		return "", err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return "", fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = client.CloseWithSMTPClient(conn) }() // the server has answered, or will not
	err = client.SendWithSMTPClient(conn, letter)
	if letter.IsDelivered() {
		return letter.ServerResponse(), nil // whatever came after it was taken
	}
	var failed *mail.SendError
	if errors.As(err, &failed) && failed.ErrorCode() >= 500 {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err == nil {
		err = errors.New("the server took nothing")
	}
	return "", err
}

// letter is the mail itself. The library puts every header into words of its own, so that no text of ours can end one.
func (m SMTP) letter(l Letter) (*mail.Msg, error) {
	from, err := netmail.ParseAddress(m.From)
	if err != nil {
		return nil, err
	}
	msg := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingB64), mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	if err := msg.To(l.To); err != nil {
		return nil, err
	}
	_, host, _ := strings.Cut(from.Address, "@")
	msg.SetMessageIDWithValue(l.Mark + "@" + host)
	msg.SetDateWithValue(l.At)
	msg.Subject(oneLine(l.Subject))
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("Content-Language", string(l.Lang))
	msg.SetBodyString(mail.TypeTextPlain, l.Text)
	return msg, nil
}

// ParseServer reads "host" or "host:port"; without a port it is the usual one of the security.
func ParseServer(s string, security Security) (host string, port int, err error) {
	usual := map[Security]int{TLS: 465, StartTLS: 587, Plain: 25}
	host, p, err := net.SplitHostPort(s)
	if err != nil {
		return s, usual[security], nil
	}
	port, err = strconv.Atoi(p)
	return host, port, err
}
