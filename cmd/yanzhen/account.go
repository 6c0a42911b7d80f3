package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
)

// accountCreateCommand makes the first administrator, and any other account while nobody can sign in to do so.
func accountCreateCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
	name := fs.String("name", "", t.S("cmd.flag_name"))
	role := fs.String("role", string(access.Administrator), t.S("cmd.flag_role", strings.Join(roleNames(), " ")))
	area := fs.String("area", "", t.S("cmd.flag_area"))
	enterprise := fs.String("enterprise", "", t.S("cmd.flag_enterprise"))
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
		n := access.NewAccount{Login: args[0], Name: *name, Password: password, Grants: []access.Grant{{Role: access.Role(*role), Area: *area}}}
		if n.Name == "" {
			n.Name = n.Login
		}
		if *enterprise != "" {
			if n.Grants[0].Party, err = in.enterprise(ctx, *enterprise); err != nil {
				return err
			}
		}
		if *area != "" {
			if _, ok := in.lib.Areas().Node(*area); !ok {
				return errs.Invalid(i18n.M("cmd.no_such_area", *area))
			}
		}
		account, err := in.accounts.Create(ctx, access.SystemScope(), n)
		if err != nil {
			return err
		}
		c.showPassword(account, password, *given)
		return nil
	}
}

func accountResetCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
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
		account, err := in.account(ctx, args[0])
		if err != nil {
			return err
		}
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
	place := placeFlags(fs, t)
	why := fs.String("why", "", t.S("cmd.flag_why"))
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 1 {
			return wrongUsage(i18n.M("cmd.needs", "LOGIN"))
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		account, err := in.account(ctx, args[0])
		if err != nil {
			return err
		}
		codes, err := in.accounts.IssueCodes(ctx, access.SystemScope(), []access.Holder{{Account: account.ID}}, *why)
		if err != nil {
			return err
		}
		until := time.UnixMilli(codes[0].ExpiresAt).In(clock.Beijing).Format(time.DateOnly)
		fmt.Fprintln(c.out, c.t.S("cmd.account_code", account.Login, codes[0].Text, until))
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
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", a.Login, a.Name, in.grantWords(c.t, view.Registry(), a.Grants), state)
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

// grantWords is what an account may do, and where: areas and enterprises by their names.
func (in *installation) grantWords(t i18n.T, registry *party.Registry, grants []access.Grant) string {
	var words []string
	for _, g := range grants {
		w := t.S("access.role." + string(g.Role))
		if node, ok := in.lib.Areas().Node(g.Area); ok {
			w += " · " + node.Name + " " + g.Area
		}
		if firm, ok := registry.Enterprise(g.Party); ok {
			w += " · " + firm.Name + " " + string(firm.USCC)
		}
		words = append(words, w)
	}
	return strings.Join(words, t.S("cmd.comma"))
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
