package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/enrol"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
)

// accountCreateCommand makes the first administrator, and any other account while nobody can sign in to do so.
func accountCreateCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
	name := fs.String("name", "", t.S("cmd.flag_name"))
	right := grantFlags(fs, t)
	given := fs.Bool("password-stdin", false, t.S("cmd.flag_password"))
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 1 {
			return wrongUsage(i18n.M("cmd.needs", "LOGIN"))
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		password, err := c.password(*given)
		if err != nil {
			return err
		}
		grant, err := right.of(ctx, in)
		if err != nil {
			return err
		}
		n := access.NewAccount{Login: args[0], Name: *name, Password: password, Grants: []access.Grant{grant}}
		if n.Name == "" {
			n.Name = n.Login
		}
		account, err := in.accounts.Create(ctx, access.SystemScope(), n)
		if err != nil {
			return err
		}
		c.showPassword(account, password, *given)
		return nil
	}
}

// right is a grant as flags say it.
type right struct{ role, area, enterprise, bank string }

func grantFlags(fs *flag.FlagSet, t i18n.T) *right {
	r := &right{}
	fs.StringVar(&r.role, "role", string(access.Administrator), t.S("cmd.flag_role", strings.Join(roleNames(), " ")))
	fs.StringVar(&r.area, "area", "", t.S("cmd.flag_area"))
	fs.StringVar(&r.enterprise, "enterprise", "", t.S("cmd.flag_enterprise"))
	fs.StringVar(&r.bank, "bank", "", t.S("cmd.flag_bank"))
	return r
}

func (r *right) of(ctx context.Context, in *installation) (g access.Grant, err error) {
	g = access.Grant{Role: access.Role(r.role), Area: r.area}
	if r.enterprise != "" {
		if g.Party, err = in.enterprise(ctx, r.enterprise); err != nil {
			return g, err
		}
	}
	if r.bank != "" {
		if g.Party, err = in.credit.Party(ctx, r.bank); errs.KindOf(err) == errs.KindNotFound {
			return g, errs.Invalid(i18n.M("credit.no_such_bank", r.bank))
		} else if err != nil {
			return g, err
		}
	}
	if r.area != "" {
		if _, ok := in.lib.Areas().Node(r.area); !ok {
			return g, errs.Invalid(i18n.M("cmd.no_such_area", r.area))
		}
	}
	return g, nil
}

// accountGrantCommand gives an account other rights in place of those it had.
func accountGrantCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place, right := placeFlags(fs, t), grantFlags(fs, t)
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 1 {
			return wrongUsage(i18n.M("cmd.needs", "LOGIN"))
		}
		in, account, err := place.openFor(ctx, c, args[0])
		if err != nil {
			return err
		}
		defer in.close(c)
		grant, err := right.of(ctx, in)
		if err != nil {
			return err
		}
		if err := in.accounts.SetGrants(ctx, access.SystemScope(), account.ID, []access.Grant{grant}); err != nil {
			return err
		}
		view, err := in.frames.For(ctx, access.SystemScope(), 0)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, c.t.S("cmd.granted", account.Login, in.grantWords(ctx, c.t, view.Registry(), []access.Grant{grant})))
		return nil
	}
}

// accountEndCommand is for a leaver: the account may no longer sign in, and what it did stays its own.
func accountEndCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
	why := fs.String("why", "", t.S("cmd.flag_why_end"))
	return func(ctx context.Context, c *console, args []string) error {
		switch {
		case len(args) != 1:
			return wrongUsage(i18n.M("cmd.needs", "LOGIN"))
		case *why == "":
			return wrongUsage(i18n.M("cmd.needs", "--why"))
		}
		in, account, err := place.openFor(ctx, c, args[0])
		if err != nil {
			return err
		}
		defer in.close(c)
		switch {
		case account.Disabled():
			fmt.Fprintln(c.out, c.t.S("cmd.ended_before", account.Login))
			return nil
		case actsFor(account) != 0:
			err = in.accounts.Revoke(ctx, access.SystemScope(), access.Firm{Party: actsFor(account)}, account.ID, *why)
		default:
			err = in.accounts.Disable(ctx, access.SystemScope(), account.ID, *why)
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, c.t.S("cmd.ended", account.Login))
		return nil
	}
}

// actsFor is the enterprise that somebody was authorised to act for, 0 for an account of another kind.
func actsFor(a access.Account) int64 {
	if len(a.Grants) == 1 && (a.Has(access.Handler) || a.Has(access.Viewer)) {
		return a.Grants[0].Party
	}
	return 0
}

// accountSucceedCommand hands what an account may do to a successor, and makes their letter or shows their code.
func accountSucceedCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place, m := placeFlags(fs, t), mailFlags(fs, t)
	name := fs.String("name", "", t.S("cmd.flag_name"))
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 2 {
			return wrongUsage(i18n.M("cmd.needs", "LOGIN SUCCESSOR"))
		}
		if err := m.check(); err != nil {
			return err
		}
		in, account, err := place.openFor(ctx, c, args[0])
		if err != nil {
			return err
		}
		defer in.close(c)
		return in.hand(ctx, c, m, func() (access.Code, error) {
			return in.accounts.Replace(ctx, access.SystemScope(), account.ID, args[1], cmp.Or(*name, args[1]))
		})
	}
}

// hand gives a new code to whoever it is for: as a letter where a file is named, else on the screen.
func (in *installation) hand(ctx context.Context, c *console, m *mail, issue func() (access.Code, error)) error {
	if m.file != "" {
		_, err := in.write(ctx, c, m, 1, func() ([]enrol.Letter, error) {
			code, err := issue()
			if err != nil {
				return nil, err
			}
			account, err := in.accounts.ByID(ctx, code.Account)
			if err != nil {
				return nil, err
			}
			var firm int64
			for _, g := range account.Grants {
				firm = cmp.Or(firm, g.Party)
			}
			l, err := in.enrol.Envelope(ctx, code, firm)
			return []enrol.Letter{l}, err
		})
		return err
	}
	code, err := issue()
	if err != nil {
		return err
	}
	until := time.UnixMilli(code.ExpiresAt).In(clock.Beijing).Format(time.DateOnly)
	fmt.Fprintln(c.out, c.t.S("cmd.account_code", code.Login, code.Text, until))
	return nil
}

func accountResetCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
	given := fs.Bool("password-stdin", false, t.S("cmd.flag_password"))
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 1 {
			return wrongUsage(i18n.M("cmd.needs", "LOGIN"))
		}
		in, account, err := place.openFor(ctx, c, args[0])
		if err != nil {
			return err
		}
		defer in.close(c)
		password, err := c.password(*given)
		if err != nil {
			return err
		}
		if err := in.accounts.SetPassword(ctx, access.SystemScope(), account.ID, password); err != nil {
			return err
		}
		c.showPassword(account, password, *given)
		return nil
	}
}

// accountCodeCommand gives an account a one-time code, with which its owner sets a password.
func accountCodeCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place, m := placeFlags(fs, t), mailFlags(fs, t)
	why := fs.String("why", "", t.S("cmd.flag_why"))
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 1 {
			return wrongUsage(i18n.M("cmd.needs", "LOGIN"))
		}
		if err := m.check(); err != nil {
			return err
		}
		in, account, err := place.openFor(ctx, c, args[0])
		if err != nil {
			return err
		}
		defer in.close(c)
		return in.hand(ctx, c, m, func() (access.Code, error) {
			codes, err := in.accounts.IssueCodes(ctx, access.SystemScope(), []access.Holder{{Account: account.ID}}, *why)
			if err != nil {
				return access.Code{}, err
			}
			return codes[0], nil
		})
	}
}

// accountFactorCommand takes away the second factor of who has lost it, an administrator's too, who then signs in with the password.
func accountFactorCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
	why := fs.String("why", "", t.S("cmd.flag_why_factor"))
	return func(ctx context.Context, c *console, args []string) error {
		switch {
		case len(args) != 1:
			return wrongUsage(i18n.M("cmd.needs", "LOGIN"))
		case *why == "":
			return wrongUsage(i18n.M("cmd.needs", "--why"))
		}
		in, account, err := place.openFor(ctx, c, args[0])
		if err != nil {
			return err
		}
		defer in.close(c)
		if !account.Factor() {
			return errs.Invalid(i18n.M("cmd.no_factor", account.Login))
		}
		if err := in.accounts.ResetFactor(ctx, access.SystemScope(), account.ID, *why); err != nil {
			return err
		}
		fmt.Fprintln(c.out, c.t.S("cmd.factor_reset", account.Login))
		return nil
	}
}

// keyRenewCommand seals under a new key what the database keeps sealed.
func keyRenewCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 0 {
			return errUsage
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		n, err := in.accounts.SealAnew(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, c.t.S("cmd.key_renewed", sealFile(place.data), n))
		return nil
	}
}

func accountListCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 0 {
			return errUsage
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		all, err := in.accounts.List(ctx, access.SystemScope())
		if err != nil {
			return err
		}
		view, err := in.frames.For(ctx, access.SystemScope(), 0)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		for _, a := range all {
			state := "-"
			if a.Disabled() {
				state = c.t.S("cmd.disabled")
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", a.Login, a.Name, in.grantWords(ctx, c.t, view.Registry(), a.Grants), state)
		}
		return w.Flush()
	}
}

func roleNames() []string {
	var all []string
	for _, r := range access.Roles() {
		all = append(all, string(r))
	}
	return all
}

// grantWords is what an account may do, and where: areas, enterprises and banks by their names.
func (in *installation) grantWords(ctx context.Context, t i18n.T, registry *party.Registry, grants []access.Grant) string {
	var words []string
	for _, g := range grants {
		w := t.S("access.role." + string(g.Role))
		if node, ok := in.lib.Areas().Node(g.Area); ok {
			w += " · " + node.Name + " " + g.Area
		}
		if firm, ok := registry.Enterprise(g.Party); ok {
			w += " · " + firm.Name + " " + string(firm.USCC)
		} else if bank, err := in.credit.BankOf(ctx, g.Party); g.Role == access.Bank && err == nil {
			w += " · " + t.Text(bank.Name)
		}
		words = append(words, w)
	}
	return strings.Join(words, t.S("cmd.comma"))
}

// openFor opens an installation for what is to be done to the account with a login.
func (p *place) openFor(ctx context.Context, c *console, login string) (*installation, access.Account, error) {
	in, err := p.open(ctx, c)
	if err != nil {
		return nil, access.Account{}, err
	}
	account, err := in.account(ctx, login)
	if err != nil {
		in.close(c)
		return nil, access.Account{}, err
	}
	return in, account, nil
}

// account is the account with a login.
func (in *installation) account(ctx context.Context, login string) (access.Account, error) {
	all, err := in.accounts.List(ctx, access.SystemScope())
	if err != nil {
		return access.Account{}, err
	}
	for _, a := range all {
		if strings.EqualFold(a.Login, login) {
			return a, nil
		}
	}
	return access.Account{}, errs.Invalid(i18n.M("cmd.no_such_account", login))
}

// password is a line of the input where given, else a new one that nobody will guess.
func (c *console) password(given bool) (string, error) {
	if !given {
		return strings.ToLower(rand.Text()), nil
	}
	line, err := bufio.NewReader(c.in).ReadString('\n')
	if line == "" && err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func (c *console) showPassword(a access.Account, password string, given bool) {
	if given {
		fmt.Fprintln(c.out, c.t.S("cmd.account_ready", a.Login))
		return
	}
	fmt.Fprintln(c.out, c.t.S("cmd.account_password", a.Login, password))
}
