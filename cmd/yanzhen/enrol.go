package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/enrol"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/web"
)

// mail is where letters are written, and what stands on them.
type mail struct {
	file, site, sender string
}

func mailFlags(fs *flag.FlagSet, t i18n.T) *mail {
	m := &mail{}
	fs.StringVar(&m.file, "letters", "", t.S("cmd.flag_letters"))
	fs.StringVar(&m.site, "site", "http://127.0.0.1:8080", t.S("cmd.flag_site"))
	fs.StringVar(&m.sender, "sender", "", t.S("cmd.flag_letter_sender"))
	return m
}

// check refuses what would only be noticed when codes are made already.
func (m *mail) check() error {
	if m.file == "" {
		return nil
	}
	if m.sender == "" {
		return wrongUsage(i18n.M("cmd.needs", "--sender"))
	}
	f, err := newFile(m.file)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(m.file))
}

// newFile makes a file that only its owner may read, and that was not there.
func newFile(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return nil, errs.Conflict(i18n.M("cmd.letters_there", name))
	case err != nil:
		return nil, errs.Unavailable(i18n.M("cmd.cannot_write", name), err)
	}
	return f, nil
}

// name is the file of the n-th print.
func (m *mail) name(n int) string {
	if n == 1 {
		return m.file
	}
	ext := filepath.Ext(m.file)
	return strings.TrimSuffix(m.file, ext) + "-" + strconv.Itoa(n) + ext
}

// write keeps letters in a new file. letters is asked for once the file is there: codes are
// not made for a print that cannot be kept.
func (in *installation) write(ctx context.Context, c *console, m *mail, n int, letters func() ([]enrol.Letter, error)) (int, error) {
	name := m.name(n)
	f, err := newFile(name)
	if err != nil {
		return 0, err
	}
	list, err := letters()
	if err == nil && len(list) > 0 {
		head := web.Letterhead{Site: m.site, Sender: m.sender, Day: clock.DayOf(in.now.Millis()).String(), Demo: in.demo}
		if err = head.Write(ctx, f, c.t, list); err == nil {
			err = f.Sync()
		}
	}
	err = errors.Join(err, f.Close())
	if err != nil || len(list) == 0 {
		return 0, errors.Join(err, os.Remove(name))
	}
	fmt.Fprintln(c.out, c.t.S("cmd.letters_written", len(list), name))
	return len(list), nil
}

// print writes the letters of a batch, as many files as it takes; it gives how many letters.
func (in *installation) print(ctx context.Context, c *console, m *mail, id int64, again bool) (int, error) {
	total := 0
	for n := 1; ; n++ {
		wrote, err := in.write(ctx, c, m, n, func() ([]enrol.Letter, error) {
			return in.enrol.Letters(ctx, access.SystemScope(), id, again)
		})
		total += wrote
		if err != nil || wrote < enrol.MaxLetters || again {
			return total, err
		}
	}
}

// accountEnrolCommand makes accounts for many enterprises: of an area, or of a list.
func accountEnrolCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place, m := placeFlags(fs, t), mailFlags(fs, t)
	area := fs.String("area", "", t.S("cmd.flag_enrol_area"))
	year := fs.Int("above-scale", 0, t.S("cmd.flag_above_scale"))
	dry := fs.Bool("dry-run", false, t.S("cmd.flag_dry_run"))
	return func(ctx context.Context, c *console, args []string) error {
		switch {
		case len(args) > 1 || *year != 0 && len(args) == 1:
			return errUsage
		case *area == "":
			return wrongUsage(i18n.M("cmd.needs", "--area"))
		}
		if err := m.check(); err != nil {
			return err
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		if _, ok := in.lib.Areas().Node(*area); !ok {
			return errs.Invalid(i18n.M("cmd.no_such_area", *area))
		}
		order := enrolment{in: in, c: c, choice: enrol.Choice{Area: *area, Year: *year}}
		if len(args) == 1 {
			order.list = args[0]
		}
		if *dry {
			return order.try(ctx)
		}
		return order.run(ctx, m)
	}
}

// enrolment is one order of the command line.
type enrolment struct {
	in     *installation
	c      *console
	choice enrol.Choice
	list   string // file that names the enterprises, "" for those of the choice
}

// try tells what would be done.
func (o enrolment) try(ctx context.Context) error {
	if o.list == "" {
		firms, err := o.in.enrol.Choose(ctx, access.SystemScope(), o.choice)
		if err != nil {
			return err
		}
		for _, e := range firms {
			fmt.Fprintf(o.c.out, "%s\t%s\n", cmp.Or(string(e.USCC), "-"), e.Name)
		}
		fmt.Fprintln(o.c.out, o.c.t.S("cmd.would_enrol", len(firms)))
		return nil
	}
	f, err := openList(o.list)
	if err != nil {
		return err
	}
	defer f.Close()
	trial, err := o.in.enrol.TryList(ctx, access.SystemScope(), o.choice, filepath.Base(o.list), f)
	if err != nil {
		return err
	}
	o.tellLeft(trial.Left)
	fmt.Fprintln(o.c.out, o.c.t.S("cmd.would_enrol_list", trial.Count[enrol.Waiting], trial.Count[enrol.Had], trial.Count[enrol.Unknown]))
	return leftOut(trial.Count)
}

// run makes the accounts and, where a file is named, their letters.
func (o enrolment) run(ctx context.Context, m *mail) error {
	b, err := o.order(ctx)
	if errs.KindOf(err) == errs.KindInvalid && o.list == "" {
		fmt.Fprintln(o.c.out, o.c.t.S("cmd.enrolled_nobody")) // everybody has one: done before, not wrong
		return nil
	}
	if err != nil {
		return err
	}
	if b, err = o.in.enrol.Wait(ctx, access.SystemScope(), b.ID); err != nil {
		return err
	}
	if o.list != "" {
		left, err := o.in.enrol.Left(ctx, access.SystemScope(), b.ID, b.Total())
		if err != nil {
			return err
		}
		o.tellLeft(left)
	}
	fmt.Fprintln(o.c.out, o.c.t.S("cmd.enrolled", b.ID, b.Count[enrol.Made], b.Count[enrol.Had], b.Count[enrol.Unknown]))
	if b.State != enrol.Done {
		return errs.Conflict(i18n.M("cmd.enrol_stopped", b.ID))
	}
	if m.file != "" && b.ToPrint > 0 {
		if _, err := o.in.print(ctx, o.c, m, b.ID, false); err != nil {
			return err
		}
	}
	return leftOut(b.Count)
}

func (o enrolment) order(ctx context.Context) (enrol.Batch, error) {
	if o.list == "" {
		return o.in.enrol.Order(ctx, access.SystemScope(), o.choice)
	}
	f, err := openList(o.list)
	if err != nil {
		return enrol.Batch{}, err
	}
	defer f.Close()
	return o.in.enrol.OrderList(ctx, access.SystemScope(), o.choice, filepath.Base(o.list), f)
}

func openList(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errs.Invalid(i18n.M("cmd.no_such_file", path))
	}
	return f, nil
}

// tellLeft says of each line why no account was made for it.
func (o enrolment) tellLeft(left []enrol.Left) {
	for _, l := range left {
		fmt.Fprintf(o.c.err, "%s\t%s\t%s\n", l.Place, l.Words, o.c.t.S("people.outcome_"+string(l.Outcome)))
	}
}

// leftOut is an error where lines named no enterprise of the area: whoever wrote the list must know.
func leftOut(count map[enrol.Outcome]int) error {
	if n := count[enrol.Unknown]; n > 0 {
		return errs.Conflict(i18n.M("cmd.enrol_unknown", n))
	}
	return nil
}

// accountLettersCommand prints letters of a batch; without one it lists the batches.
func accountLettersCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place, m := placeFlags(fs, t), mailFlags(fs, t)
	again := fs.Bool("again", false, t.S("cmd.flag_again"))
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) > 1 {
			return errUsage
		}
		if len(args) == 1 && m.file == "" {
			return wrongUsage(i18n.M("cmd.needs", "--letters"))
		}
		if err := m.check(); err != nil {
			return err
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		if len(args) == 0 {
			return in.listBatches(ctx, c)
		}
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return errs.Invalid(i18n.M("cmd.no_such_batch", args[0]))
		}
		if _, err := in.enrol.Batch(ctx, access.SystemScope(), id); err != nil {
			return errs.Invalid(i18n.M("cmd.no_such_batch", args[0]))
		}
		n, err := in.print(ctx, c, m, id, *again)
		if err == nil && n == 0 {
			fmt.Fprintln(c.out, c.t.S("people.no_letters"))
		}
		return err
	}
}

const listedBatches = 1000

func (in *installation) listBatches(ctx context.Context, c *console) error {
	batches, err := in.enrol.Batches(ctx, access.SystemScope(), listedBatches)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, b := range batches {
		if b, err = in.enrol.Batch(ctx, access.SystemScope(), b.ID); err != nil {
			return err
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", b.ID, clock.DayOf(b.MadeAt), cmp.Or(b.List, b.Area), c.t.S("cmd.enrol_counts", b.Count[enrol.Made], b.ToPrint))
	}
	return w.Flush()
}
