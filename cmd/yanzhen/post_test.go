package main

import (
	"flag"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
)

// What flags say of the ways out of the installation: which channels there are, or what is wrong.
func TestPostFlags(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("sixteen bytes or more\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	hook := func(more ...string) []string { return append([]string{"--hook-secret-file", secret}, more...) }
	for _, c := range []struct {
		args []string
		want string // the channels, or part of the mistake
	}{
		{nil, ""},
		{[]string{"--smtp", "mail.example.com", "--mail-from", "盐城市工信局 <notice@example.com>"}, "mail"},
		{[]string{"--smtp", "mail.example.com:465", "--smtp-security", "tls", "--mail-from", "a@example.com", "--smtp-user", "a"}, "mail"},
		{[]string{"--mail-folder", "x"}, "mail"},
		{hook("--hook", "https://sms.example.com/send"), "sms"},
		{hook("--hook", "https://sms.example.com/send", "--hook-sends", "sms, messages", "--mail-folder", "x"), "hook mail sms"},
		{hook("--hook", "http://10.20.0.7/send", "--hook-network", "10.20.0.0/16,10.21.0.0/16"), "sms"},
		{[]string{"--site", "https://smart.example.cn/"}, ""},

		{[]string{"--smtp", "mail.example.com", "--mail-folder", "x"}, "either --smtp or --mail-folder"},
		{[]string{"--smtp", "mail.example.com"}, "settings of mail"},
		{[]string{"--smtp", "mail.example.com:x", "--mail-from", "a@example.com"}, "settings of mail"},
		{[]string{"--smtp", "mail.example.com", "--mail-from", "a@example.com", "--smtp-security", "ssl"}, "tls, starttls or none"},
		{[]string{"--smtp", "mail.example.com", "--mail-from", "a@example.com", "--smtp-user", "a", "--smtp-password-file", "nowhere"}, "nowhere"},
		{[]string{"--hook", "https://sms.example.com/send"}, "at least 16 bytes"},
		{[]string{"--hook", "https://sms.example.com/send", "--hook-secret-file", short}, "at least 16 bytes"},
		{hook("--hook", "http://sms.example.com/send"), "should be an https address"},
		{hook("--hook", "https://a:b@sms.example.com/send"), "should be an https address"},
		{hook("--hook", "sms.example.com"), "should be an https address"},
		{hook("--hook", "https://sms.example.com/send", "--hook-sends", "fax"), "should be sms or messages"},
		{hook("--hook", "https://sms.example.com/send", "--hook-network", "10.20.0.0"), "should look like"},
		{[]string{"--site", "smart.example.cn"}, "should look like"},
	} {
		en := i18n.T{Lang: i18n.EN}
		fs := flag.NewFlagSet("serve", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		p := postFlags(fs, en)
		if err := fs.Parse(c.args); err != nil {
			t.Fatal(err)
		}
		carriers, err := p.carriers()
		if err != nil {
			if c.want == "" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: %v, want %q", c.args, err, c.want)
			}
			continue
		}
		var got []string
		for _, channel := range []notice.Channel{notice.Hook, notice.Mail, notice.SMS} {
			if carriers[channel] != nil {
				got = append(got, string(channel))
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v: %v, want %q", c.args, got, c.want)
		}
	}
}

func TestSecretsFromTheEnvironment(t *testing.T) {
	t.Setenv(hookSecret, "from the environment")
	if got, err := secretOf("", hookSecret); string(got) != "from the environment" || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

// In a demonstration a mail becomes a file: somebody signs in, asks for an address to be used, and finds the code there.
func TestDemoMails(t *testing.T) {
	dir := t.TempDir()
	s := start(t, "demo", "--data", dir, "--size", "40", "--listen", "127.0.0.1:0")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	for _, form := range []struct {
		path string
		with url.Values
	}{
		{"/sign-in", url.Values{"login": {"enterprise"}, "password": {demoPassword}}},
		{"/account/messages/mail/ask", url.Values{"address": {"office@example.com"}, "password": {demoPassword}}},
	} {
		answer, err := browser.PostForm(s.url+form.path, form.with)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", form.path, answer.Status)
		}
	}
	for { // until the test's own time is over
		mails, err := filepath.Glob(filepath.Join(dir, "mail", "confirm-*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		if len(mails) > 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("exit %d: %s", code, s.err)
	}
}
