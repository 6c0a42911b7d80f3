package main

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/enrol"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/outbound"
)

// post is how messages leave the installation, as flags say it.
type post struct {
	smtp, security, user, passwordFile, from string
	folder                                   string
	hook, secretFile, sends, networks        string
	site                                     string
}

func postFlags(fs *flag.FlagSet, t i18n.T) *post {
	p := &post{}
	fs.StringVar(&p.smtp, "smtp", "", t.S("cmd.flag_smtp"))
	fs.StringVar(&p.security, "smtp-security", string(notice.StartTLS), t.S("cmd.flag_smtp_security"))
	fs.StringVar(&p.user, "smtp-user", "", t.S("cmd.flag_smtp_user"))
	fs.StringVar(&p.passwordFile, "smtp-password-file", "", t.S("cmd.flag_smtp_password", smtpPassword))
	fs.StringVar(&p.from, "mail-from", "", t.S("cmd.flag_mail_from"))
	fs.StringVar(&p.folder, "mail-folder", "", t.S("cmd.flag_mail_folder"))
	fs.StringVar(&p.hook, "hook", "", t.S("cmd.flag_hook"))
	fs.StringVar(&p.secretFile, "hook-secret-file", "", t.S("cmd.flag_hook_secret", hookSecret))
	fs.StringVar(&p.sends, "hook-sends", "sms", t.S("cmd.flag_hook_sends"))
	fs.StringVar(&p.networks, "hook-network", "", t.S("cmd.flag_hook_network"))
	fs.StringVar(&p.site, "site", "", t.S("cmd.flag_post_site"))
	return p
}

// Environment variables that hold secrets, for whoever does not keep them in files.
const (
	smtpPassword = "YANZHEN_SMTP_PASSWORD"
	hookSecret   = "YANZHEN_HOOK_SECRET"
)

// secretMin is the shortest secret that requests are signed with, in bytes.
const secretMin = 16

// carriers are who takes letters out, by channel. It fails with Invalid where the flags do not go together.
func (p *post) carriers() (map[notice.Channel]notice.Carrier, error) {
	all := map[notice.Channel]notice.Carrier{}
	if p.site != "" {
		if u, err := url.Parse(p.site); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" {
			return nil, errs.Invalid(i18n.M("cmd.bad_site", p.site))
		}
	}
	switch {
	case p.smtp != "" && p.folder != "":
		return nil, errs.Invalid(i18n.M("cmd.smtp_or_folder"))
	case p.smtp != "":
		server, err := p.mailServer()
		if err != nil {
			return nil, err
		}
		all[notice.Mail] = server
	case p.folder != "":
		all[notice.Mail] = notice.Drop{Dir: p.folder, From: cmp.Or(p.from, "yanzhen@localhost")}
	}
	if p.hook == "" {
		return all, nil
	}
	hook, err := p.httpHook()
	if err != nil {
		return nil, err
	}
	for _, word := range strings.Split(p.sends, ",") {
		channel, known := map[string]notice.Channel{"sms": notice.SMS, "messages": notice.Hook}[strings.TrimSpace(word)]
		if !known {
			return nil, errs.Invalid(i18n.M("cmd.bad_hook_sends", word))
		}
		all[channel] = hook
	}
	return all, nil
}

func (p *post) mailServer() (notice.SMTP, error) {
	security := notice.Security(p.security)
	host, port, err := notice.ParseServer(p.smtp, security)
	if err != nil {
		return notice.SMTP{}, errs.Invalid(i18n.M("cmd.bad_smtp", err.Error()))
	}
	server := notice.SMTP{Host: host, Port: port, Security: security, User: p.user, From: p.from}
	if p.user != "" {
		password, err := secretOf(p.passwordFile, smtpPassword)
		if err != nil {
			return server, err
		}
		server.Password = string(password)
	}
	if err := server.Check(); err != nil {
		return server, errs.Invalid(i18n.M("cmd.bad_smtp", err.Error()))
	}
	return server, nil
}

func (p *post) httpHook() (notice.HTTPHook, error) {
	to, err := url.Parse(p.hook)
	if err != nil || to.Host == "" || to.User != nil || to.Scheme != "https" && (to.Scheme != "http" || p.networks == "") {
		return notice.HTTPHook{}, errs.Invalid(i18n.M("cmd.bad_hook", p.hook))
	}
	rules := outbound.Rules{Hosts: []string{to.Hostname()}}
	if rules.Networks, err = networks(p.networks); err != nil {
		return notice.HTTPHook{}, err
	}
	secret, err := secretOf(p.secretFile, hookSecret)
	if err != nil {
		return notice.HTTPHook{}, err
	}
	if len(secret) < secretMin {
		return notice.HTTPHook{}, errs.Invalid(i18n.M("cmd.short_secret", secretMin))
	}
	return notice.HTTPHook{URL: p.hook, Secret: secret, Client: outbound.New(rules), Clock: clock.System()}, nil
}

// networks are those that a flag names, separated by commas.
func networks(flag string) (all []netip.Prefix, err error) {
	for word := range strings.SplitSeq(flag, ",") {
		if word == "" {
			continue
		}
		network, err := netip.ParsePrefix(strings.TrimSpace(word))
		if err != nil {
			return nil, errs.Invalid(i18n.M("cmd.bad_network", word))
		}
		all = append(all, network)
	}
	return all, nil
}

// secretOf is what a file holds, without the end of its line, or else an environment variable.
func secretOf(file, variable string) ([]byte, error) {
	if file == "" {
		return []byte(os.Getenv(variable)), nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, errs.Invalid(i18n.M("cmd.no_such_file", file))
	}
	return bytes.TrimRight(b, "\r\n"), nil
}

// openNotices is the store of messages.
func (in *installation) openNotices() (*notice.Store, error) {
	return notice.New(notice.Deps{
		DB: in.db, Access: in.accounts, Areas: in.lib.Areas(), Calendar: in.lib.Calendar(), Clock: in.now, Machine: clock.System(), Same: in.same,
	})
}

// same are the ids under which people act for an enterprise: its own, and those merged into it.
func (in *installation) same(party int64) []int64 {
	view, err := in.frames.For(context.Background(), access.SystemScope(), 0)
	if err != nil {
		in.log.Error("read enterprise of a message", "err", err)
		return []int64{party}
	}
	if e, ok := view.Registry().Enterprise(party); ok && e.ID == party {
		return enrol.Parties(e)
	}
	return []int64{party}
}

// accountReachCommand says where an account is reached, for who knows whose address it is.
func accountReachCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
	mail := fs.String("mail", "", t.S("cmd.flag_reach_mail"))
	phone := fs.String("phone", "", t.S("cmd.flag_reach_phone"))
	return func(ctx context.Context, c *console, args []string) error {
		switch {
		case len(args) != 1:
			return wrongUsage(i18n.M("cmd.needs", "LOGIN"))
		case *mail == "" && *phone == "":
			return wrongUsage(i18n.M("cmd.needs", "--mail, --phone"))
		}
		in, account, err := place.openFor(ctx, c, args[0])
		if err != nil {
			return err
		}
		defer in.close(c)
		for _, given := range []struct {
			channel notice.Channel
			address string
		}{{notice.Mail, *mail}, {notice.SMS, *phone}} {
			if given.address == "" {
				continue
			}
			kept, err := in.notices.Enter(ctx, account.ID, given.channel, given.address)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.t.S("cmd.reached", account.Login, c.t.S("notice.channel."+string(given.channel)), kept.Masked()))
		}
		return nil
	}
}
