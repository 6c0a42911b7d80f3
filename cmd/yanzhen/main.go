// Command yanzhen is the whole product in one binary: it serves the pages, takes in spreadsheets, and checks and
// evaluates policies. This package holds flags and wiring; what is done is done in the packages below internal.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// version is set when the binary is built (make build).
var version = "devel"

// What the process answers to its caller.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

func main() { os.Exit(mainCode()) }

func mainCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := &console{in: os.Stdin, out: os.Stdout, err: os.Stderr, t: i18n.T{Lang: languageOf(os.Args[1:], os.Getenv)}}
	return c.run(ctx, os.Args[1:])
}

// console is what a command speaks through.
type console struct {
	in       io.Reader
	out, err io.Writer
	t        i18n.T
}

// command is one thing that the binary does. flags declares its flags and gives what to do with the arguments left.
type command struct {
	name  string // words, "policy eval"
	args  string // after the flags
	flags func(*flag.FlagSet, i18n.T) func(context.Context, *console, []string) error
}

func commands() []command {
	return []command{
		{"serve", "", serveCommand},
		{"demo", "", demoCommand},
		{"import", "FILE…", importCommand},
		{"export", "FILE", exportCommand},
		{"policy eval", "[POLICY…]", policyEvalCommand},
		{"policy region", "[POLICY…]", policyRegionCommand},
		{"policy simulate", "[POLICY]", policySimulateCommand},
		{"policy check", "DIR…", policyCheckCommand},
		{"policy test", "DIR…", policyTestCommand},
		{"policy sql", "DIR", policySQLCommand},
		{"rubric eval", "[MODEL[/EDITION]]", rubricEvalCommand},
		{"rubric test", "[MODEL[/EDITION]…]", rubricTestCommand},
		{"rubric verify", "", rubricVerifyCommand},
		{"content check", "[DIR]", contentCheckCommand},
		{"account create", "LOGIN", accountCreateCommand},
		{"account reset", "LOGIN", accountResetCommand},
		{"account code", "LOGIN", accountCodeCommand},
		{"account list", "", accountListCommand},
		{"account grant", "LOGIN", accountGrantCommand},
		{"account end", "LOGIN", accountEndCommand},
		{"account reach", "LOGIN", accountReachCommand},
		{"account succeed", "LOGIN SUCCESSOR", accountSucceedCommand},
		{"account factor", "LOGIN", accountFactorCommand},
		{"account enrol", "[LIST]", accountEnrolCommand},
		{"account letters", "[BATCH]", accountLettersCommand},
		{"ledger check", "", ledgerCheckCommand},
		{"audit check", "", auditCheckCommand},
		{"audit checkpoint", "", auditCheckpointCommand},
		{"audit consistent", "OLD PROOF", auditConsistentCommand},
		{"audit export", "CASE", auditExportCommand},
		{"audit verify", "DOSSIER", auditVerifyCommand},
		{"audit key", "", auditKeyCommand},
		{"key renew", "", keyRenewCommand},
		{"retention due", "", retentionDueCommand},
		{"retention verify", "CERTIFICATE", retentionVerifyCommand},
		{"retention again", "CERTIFICATE…", retentionAgainCommand},
		{"backup check", "DIR", backupCheckCommand},
		{"backup", "DIR", backupCommand},
		{"restore", "DIR", restoreCommand},
		{"version", "", versionCommand},
	}
}

// errUsage says that the command line was wrong.
var errUsage = errors.New("usage")

// wrongUsage is errUsage with what was wrong.
func wrongUsage(msg i18n.Msg) error { return errors.Join(errUsage, errs.Invalid(msg)) }

// fileError is what went wrong with one of several files.
type fileError struct {
	path string
	err  error
}

func (e *fileError) Error() string { return e.path + ": " + e.err.Error() }
func (e *fileError) Unwrap() error { return e.err }

func (c *console) run(ctx context.Context, args []string) int {
	args = afterLanguage(args)
	cmd, rest := match(args)
	if cmd == nil {
		return c.help(args)
	}
	fs := flag.NewFlagSet("yanzhen "+cmd.name, flag.ContinueOnError)
	fs.SetOutput(c.err)
	fs.Usage = func() { c.usage(cmd, fs) }
	fs.String("lang", string(c.t.Lang), c.t.S("cmd.flag_lang"))
	do := cmd.flags(fs, c.t)
	words, err := parse(fs, rest)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	err = do(ctx, c, words)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		fs.Usage()
		if _, said := errs.Message(err); said {
			fmt.Fprintln(c.err)
			c.tell(err)
		}
		return exitUsage
	}
	c.tell(err)
	return exitFailed
}

// parse sets flags wherever they stand among the other arguments, which it gives; after "--" there are no flags.
func parse(fs *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		rest := fs.Args()
		if len(rest) == 0 {
			return words, nil
		}
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			return append(words, rest...), nil
		}
		words, args = append(words, rest[0]), rest[1:]
	}
}

// afterLanguage is the arguments without the flag of the language where it stands before the command.
func afterLanguage(args []string) []string {
	if len(args) == 0 || !strings.HasPrefix(args[0], "-") {
		return args
	}
	name, _, joined := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
	switch {
	case name != "lang":
		return args
	case joined:
		return args[1:]
	}
	return args[min(2, len(args)):]
}

// match is the command that the arguments begin with and what follows it; nil when there is none.
func match(args []string) (*command, []string) {
	for _, cmd := range commands() {
		words := strings.Fields(cmd.name)
		if len(args) >= len(words) && strings.Join(args[:len(words)], " ") == cmd.name {
			return &cmd, args[len(words):]
		}
	}
	return nil, nil
}

// tell says what went wrong: the message meant for people where there is one, else the error itself.
func (c *console) tell(err error) {
	var problems content.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			fmt.Fprintln(c.err, p.In(c.t.Lang))
		}
		return
	}
	if msg, ok := errs.Message(err); ok {
		words := c.t.Msg(msg)
		if at := (*fileError)(nil); errors.As(err, &at) {
			words = at.path + ": " + words
		}
		fmt.Fprintln(c.err, "yanzhen: "+words)
		return
	}
	fmt.Fprintf(c.err, "yanzhen: %v\n", err)
}

func (c *console) help(args []string) int {
	out, code := c.out, exitOK
	if len(args) > 0 && args[0] != "help" && args[0] != "-h" && args[0] != "--help" && args[0] != "-help" {
		out, code = c.err, exitUsage
		words := args
		if flags := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, "-") }); flags >= 0 {
			words = args[:flags]
		}
		fmt.Fprintln(out, c.t.S("cmd.no_such_command", strings.Join(words, " ")))
	}
	if len(args) == 0 {
		code = exitUsage
	}
	fmt.Fprintf(out, "%s\n\n%s\n", c.t.S("cmd.what"), c.t.S("cmd.commands"))
	for _, cmd := range commands() {
		fmt.Fprintf(out, "  %-16s %s\n", cmd.name, c.t.S(cmd.key()))
	}
	fmt.Fprintf(out, "\n%s\n", c.t.S("cmd.more"))
	return code
}

func (cmd *command) key() string { return "cmd.do_" + strings.ReplaceAll(cmd.name, " ", "_") }

func (c *console) usage(cmd *command, fs *flag.FlagSet) {
	fmt.Fprintf(c.err, "yanzhen %s\n  %s\n\n", strings.TrimSpace(cmd.name+" [--flags] "+cmd.args), c.t.S(cmd.key()))
	fs.PrintDefaults()
}

// languageOf is the language that the command line asks for, else that of the environment; Chinese when neither says.
func languageOf(args []string, getenv func(string) string) i18n.Lang {
	for i, a := range args {
		name, value, joined := strings.Cut(strings.TrimLeft(a, "-"), "=")
		switch {
		case name != "lang" || !strings.HasPrefix(a, "-"):
		case joined:
			return i18n.Parse(value)
		case i+1 < len(args):
			return i18n.Parse(args[i+1])
		}
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			return i18n.Parse(v)
		}
	}
	return i18n.ZH
}

func versionCommand(*flag.FlagSet, i18n.T) func(context.Context, *console, []string) error {
	return func(_ context.Context, c *console, _ []string) error {
		_, err := fmt.Fprintln(c.out, "yanzhen "+version)
		return err
	}
}
