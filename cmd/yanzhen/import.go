package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
)

// importCommand takes spreadsheets in, and tells of each what it states and what was left out.
func importCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(fs, t)
	sender := fs.String("sender", "", t.S("cmd.flag_sender"))
	authority := fs.String("authority", "enterprise", t.S("cmd.flag_authority"))
	area := fs.String("area", "", t.S("cmd.flag_import_area"))
	about := fs.String("period", "", t.S("cmd.flag_period"))
	passwordFile := fs.String("password-file", "", t.S("cmd.flag_file_password"))
	how := importing{said: answerFlags(fs, t)}
	fs.BoolVar(&how.preview, "preview", false, t.S("cmd.flag_preview"))
	fs.StringVar(&how.remarks, "remarks", "", t.S("cmd.flag_remarks"))
	return func(ctx context.Context, c *console, args []string) error {
		// Reading a large sheet leaves much behind. Collecting it earlier holds a sixth less memory for a tenth more time.
		debug.SetGCPercent(60)
		switch {
		case len(args) == 0:
			return wrongUsage(i18n.M("cmd.needs", "FILE"))
		case *sender == "":
			return wrongUsage(i18n.M("cmd.needs", "--sender"))
		case !slices.Contains([]string{"", string(intake.TakeFirst), string(intake.TakeLast)}, how.said.doubles):
			return wrongUsage(i18n.M("cmd.bad_doubles", how.said.doubles))
		case !slices.Contains([]string{"", string(intake.ByCode), string(intake.ByName)}, how.said.identifier):
			return wrongUsage(i18n.M("cmd.bad_identifier", how.said.identifier))
		}
		var when period.Period
		if *about != "" {
			var err error
			if when, err = period.Parse(*about); err != nil {
				return errs.Invalid(i18n.M("cmd.bad_period", *about))
			}
		}
		password, err := firstLine(*passwordFile)
		if err != nil {
			return err
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		code := ""
		if *area != "" {
			if code, err = in.area(*area); err != nil {
				return err
			}
		}
		left := 0
		for _, path := range args {
			u := intake.Upload{Sender: *sender, Authority: *authority, Area: code, Period: when, Password: password}
			n, err := in.importFile(ctx, c, path, u, how)
			if err != nil {
				return err
			}
			left += n
		}
		if pair := how.said.unused(); pair != "" {
			return errs.Invalid(i18n.M("cmd.answer_unused", pair))
		}
		if left > 0 {
			return errs.Conflict(i18n.M("cmd.left_out", left))
		}
		return nil
	}
}

// firstLine is the first line of a file, where a password stands that no list of processes and no history of a shell is to
// show; "" without a file.
func firstLine(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", errs.Invalid(i18n.M("cmd.no_such_file", path))
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

// importing is how files are brought in.
type importing struct {
	said    *answers
	preview bool   // nothing is committed
	remarks string // directory for the files with remarks; "" for none
}

// importFile brings in a file, or the files of an archive, and tells of each. left is how many of them did not go in.
func (in *installation) importFile(ctx context.Context, c *console, path string, u intake.Upload, how importing) (left int, err error) {
	u, file, err := upload(path, u)
	if err != nil {
		return 0, err
	}
	all, err := in.intake.ReceiveAll(ctx, access.SystemScope(), u)
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return 0, &fileError{path, err}
	}
	committed := 0
	for _, r := range all {
		name, b, err := r.Name, r.Batch, r.Err
		if name == u.Name {
			name = path
		}
		if err == nil && committed > 0 { // a file of an archive was looked at before those that went in since
			if b, err = in.intake.Wait(ctx, access.SystemScope(), b.ID); err == nil {
				b, err = in.intake.Again(ctx, access.SystemScope(), b.ID)
			}
		}
		if err == nil {
			b, err = in.take(ctx, b, how.said, how.preview)
		}
		if b.State == intake.Committed {
			committed++
		}
		msg, forUser := errs.Message(err)
		switch {
		case err == nil:
			c.tellBatch(name, b)
			if err := in.writeRemarks(ctx, c, b, how.remarks); err != nil {
				return left, &fileError{name, err}
			}
			if b.State != intake.Committed && !how.preview && b.Preview.Twin == "" {
				left++
			}
		case len(all) == 1 || !forUser:
			return left, &fileError{name, err}
		default: // the others of the archive go on
			fmt.Fprintf(c.out, "%s: %s\n  %s\n", name, c.t.S("cmd.batch_refused"), c.t.Msg(msg))
			left++
		}
	}
	return left, nil
}

// writeRemarks writes the file of a batch with what was found in it to a directory.
func (in *installation) writeRemarks(ctx context.Context, c *console, b intake.Batch, dir string) error {
	if dir == "" || b.State == intake.Failed {
		return nil
	}
	out, err := in.intake.Remarks(ctx, access.SystemScope(), b.ID, c.t)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, out.Name)
	if err := os.WriteFile(path, out.Body, 0o644); err != nil {
		return fmt.Errorf("write remarks: %w", err)
	}
	_, err = fmt.Fprintf(c.out, "  %s\n", c.t.S("cmd.remarks_written", path))
	return err
}

// take brings a batch in, or, for a preview, as far as can be seen without committing.
func (in *installation) take(ctx context.Context, b intake.Batch, said *answers, preview bool) (intake.Batch, error) {
	scope := access.SystemScope()
	b, err := in.intake.Wait(ctx, scope, b.ID)
	if err != nil {
		return b, err
	}
	if said.given() {
		view, err := in.frames.For(ctx, scope, 0)
		if err != nil {
			return b, err
		}
		plan, err := said.over(in.lib, view.Registry(), b.Name, b.Plan)
		if err != nil {
			return b, err
		}
		if b, err = in.intake.Replan(ctx, scope, b.ID, plan); err != nil {
			return b, err
		}
		if b, err = in.intake.Wait(ctx, scope, b.ID); err != nil {
			return b, err
		}
	}
	if preview || !committable(b) {
		return b, nil
	}
	if b, err = in.intake.Commit(ctx, scope, b.ID); err != nil {
		return b, err
	}
	return in.intake.Wait(ctx, scope, b.ID)
}

// area is the code of an area by its code or name.
func (in *installation) area(text string) (string, error) {
	nodes := in.lib.Areas().Resolve(text, "")
	if len(nodes) != 1 {
		return "", errs.Invalid(i18n.M("cmd.no_such_area", text))
	}
	return nodes[0].Code, nil
}

// tellBatch says what a file states and what was left out of it, each cause once with an example.
func (c *console) tellBatch(path string, b intake.Batch) {
	p := b.Preview
	fmt.Fprintf(c.out, "%s: %s\n", path, c.t.S("cmd.batch_"+string(b.State)))
	if !b.Failure.IsZero() {
		fmt.Fprintf(c.out, "  %s\n", c.t.Msg(b.Failure))
	}
	if p.Twin != "" {
		fmt.Fprintf(c.out, "  %s\n", c.t.S("cmd.batch_twin", p.Twin))
	}
	var counts []string
	for _, class := range intake.Classes() {
		if n := p.Counts[class]; n > 0 {
			counts = append(counts, c.t.S("cmd.class_"+string(class), n))
		}
	}
	if len(counts) > 0 {
		fmt.Fprintf(c.out, "  %s\n", c.t.S("cmd.batch_counts", p.Rows, p.Cells, strings.Join(counts, c.t.S("cmd.comma"))))
	}
	for _, m := range p.Mended {
		fmt.Fprintf(c.out, "  %s\n", c.t.S("cmd.mended_"+string(m.From), m.Text, c.mendWords(m), m.Count))
	}
	for _, problem := range p.Problems {
		words := []string{c.t.S("cmd.severity_" + string(problem.Severity)), fmt.Sprintf("×%d", problem.Count)}
		example := problem.Examples[0]
		for _, w := range []string{problem.Column, example.Place} {
			if w != "" {
				words = append(words, w)
			}
		}
		line := strings.Join(words, " ") + ": " + c.t.Msg(example.Msg)
		if n := len(problem.Texts); n > 1 {
			line += " " + c.t.S("cmd.unlike", n, textsOf(problem))
		}
		if answer := flagsFor(problem); answer != "" {
			line += " " + c.t.S("cmd.answer_with", answer)
		}
		fmt.Fprintf(c.out, "  %s\n", line)
	}
}

// textsOf is the unlike texts of a problem, as far as they fit on a line.
func textsOf(p intake.Problem) string {
	var all []string
	for _, x := range p.Texts[:min(len(p.Texts), 8)] {
		all = append(all, fmt.Sprintf("%s ×%d", x.Text, x.Count))
	}
	if len(p.Texts) > len(all) || p.More > 0 {
		all = append(all, "…")
	}
	return strings.Join(all, " | ")
}

// mendWords is what a text is read as.
func (c *console) mendWords(m intake.Mended) string {
	return c.t.S("cmd.act_"+string(m.Do), cmp.Or(m.Name, m.As))
}
