package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/proof"
	"github.com/yanzhen/yanzhen/internal/store"
)

// sealEvery is how often the head of the audit log is signed while the pages are served, and auditEvery how often all of it is walked
// over.
const (
	sealEvery  = time.Minute
	auditEvery = 24 * time.Hour
)

// watchAudit signs the head of the audit log and walks over it, until ctx ends.
func (in *installation) watchAudit(ctx context.Context) {
	in.proof.Watch(ctx, sealEvery, auditEvery, func(found *audit.Checked, err error) {
		if err != nil {
			in.log.Error("sign or check the audit log", "err", err)
			return
		}
		for _, f := range found.Faults {
			in.log.Error("the audit log and the database differ", "fault", f.String())
		}
		in.log.Info("audit log checked", "leaves", found.Leaves, "faults", found.Found)
	})
}

// auditFlags are the flags of commands on a log that no server has open.
func auditFlags(fs *flag.FlagSet, t i18n.T) *place {
	p := &place{}
	fs.StringVar(&p.data, "data", "data", t.S("cmd.flag_data"))
	p.databaseFlags(fs, t)
	return p
}

// existing opens the database of a place; it makes none.
func (p *place) existing(ctx context.Context) (*store.DB, error) {
	if file, ok := strings.CutPrefix(p.url(), "sqlite:"); ok {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) { // which opening would make, empty and without a fault
			return nil, &errs.Error{Kind: errs.KindNotFound, Msg: i18n.M("store.no_database", file), Err: err}
		}
	}
	return store.Open(ctx, p.url(), schemas)
}

// auditCheckCommand holds the database against the audit log.
func auditCheckCommand(flags *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := auditFlags(flags, t)
	return func(ctx context.Context, c *console, args []string) (err error) {
		if len(args) != 0 {
			return errUsage
		}
		db, err := place.existing(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		if err := audit.Adopt(ctx, db, proof.Kinds(), clock.System()); err != nil {
			return err
		}
		found, err := audit.Check(ctx, db, proof.Kinds())
		if err != nil {
			return err
		}
		for _, f := range found.Faults {
			fmt.Fprintln(c.out, c.t.Msg(f.Msg))
		}
		fmt.Fprintln(c.out, c.t.S("cmd.audit_checked", found.Leaves, found.Checkpoints, found.Head.Root.String()))
		if found.Found > 0 {
			return errs.Conflict(i18n.M("cmd.audit_faults", found.Found))
		}
		return nil
	}
}

// auditKeyCommand prints the key that verifies the checkpoints of an installation.
func auditKeyCommand(flags *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	data := flags.String("data", "data", t.S("cmd.flag_data"))
	return func(_ context.Context, c *console, args []string) error {
		if len(args) != 0 {
			return errUsage
		}
		file := proof.KeyFile(*data)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return errs.Invalid(i18n.M("cmd.no_such_file", file))
		}
		key, err := audit.OpenKey(file, "")
		if err == nil {
			fmt.Fprintln(c.out, key.Public())
		}
		return err
	}
}

// auditCheckpointCommand signs the head of the log and prints it, or proves that it contains an earlier one.
func auditCheckpointCommand(flags *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := auditFlags(flags, t)
	since := flags.String("since", "", t.S("cmd.flag_audit_since"))
	return func(ctx context.Context, c *console, args []string) (err error) {
		if len(args) != 0 {
			return errUsage
		}
		db, err := place.existing(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		origin, err := audit.Origin(ctx, db)
		if err != nil {
			return err
		}
		key, err := audit.OpenKey(proof.KeyFile(place.data), origin)
		if err != nil {
			return err
		}
		msg, err := audit.Seal(ctx, db, key, clock.System())
		if err != nil {
			return err
		}
		if *since == "" {
			fmt.Fprint(c.out, string(msg))
			return nil
		}
		earlier, err := os.ReadFile(*since)
		if err != nil {
			return errs.Invalid(i18n.M("cmd.no_such_file", *since))
		}
		s, err := audit.Since(ctx, db.Read(), earlier, msg, key.Public())
		if err != nil {
			return err
		}
		enc := json.NewEncoder(c.out)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	}
}

// auditConsistentCommand verifies, without a database, that one checkpoint contains another.
func auditConsistentCommand(flags *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	key := flags.String("key", "", t.S("cmd.flag_audit_key"))
	return func(_ context.Context, c *console, args []string) error {
		if len(args) != 2 || *key == "" {
			return wrongUsage(i18n.M("cmd.needs", "OLD PROOF --key"))
		}
		public, err := keyIn(*key)
		if err != nil {
			return err
		}
		var texts [2][]byte
		for i, name := range args {
			if texts[i], err = os.ReadFile(name); err != nil {
				return errs.Invalid(i18n.M("cmd.no_such_file", name))
			}
		}
		old, later, err := audit.VerifySince(texts[0], texts[1], public)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, c.t.S("cmd.audit_consistent", old.Size, later.Size))
		return nil
	}
}

// keyIn is a public key: that in a file, or the text itself.
func keyIn(text string) (string, error) {
	if strings.Contains(text, "+") {
		return text, nil
	}
	b, err := os.ReadFile(text)
	if err != nil {
		return "", errs.Invalid(i18n.M("cmd.no_such_file", text))
	}
	return strings.TrimSpace(string(b)), nil
}

// auditExportCommand writes the dossier of a case.
func auditExportCommand(flags *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place := placeFlags(flags, t)
	to := flags.String("out", "", t.S("cmd.flag_audit_out"))
	return func(ctx context.Context, c *console, args []string) (err error) {
		if len(args) != 1 {
			return wrongUsage(i18n.M("cmd.needs", "CASE"))
		}
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return errs.NotFound("case", args[0])
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		entries, err := in.proof.Dossier(ctx, access.SystemScope(), id)
		if err != nil {
			return err
		}
		file := *to
		if file == "" {
			file = fmt.Sprintf("case-%d.zip", id)
		}
		if err := blob.Replace(file, func(w io.Writer) error { return audit.WriteZip(w, entries) }); err != nil {
			return err
		}
		fmt.Fprintln(c.out, c.t.S("cmd.audit_exported", file, in.proof.Key()))
		return nil
	}
}

// auditVerifyCommand verifies a dossier without a database.
func auditVerifyCommand(flags *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	key := flags.String("key", "", t.S("cmd.flag_audit_key"))
	over := flags.String("content", "", t.S("cmd.flag_content"))
	return func(_ context.Context, c *console, args []string) error {
		if len(args) != 1 || *key == "" {
			return wrongUsage(i18n.M("cmd.needs", "DOSSIER --key"))
		}
		public, err := keyIn(*key)
		if err != nil {
			return err
		}
		lib, err := loadLibrary(*over)
		if err != nil {
			return err
		}
		return c.verifyDossier(args[0], public, lib)
	}
}

func (c *console) verifyDossier(name, key string, lib *content.Library) error {
	info, err := os.Stat(name)
	if err != nil {
		return errs.Invalid(i18n.M("cmd.no_such_file", name))
	}
	var faults []i18n.Msg
	dossier := os.DirFS(name)
	if !info.IsDir() {
		f, err := os.Open(name)
		if err != nil {
			return errs.Invalid(i18n.M("cmd.no_such_file", name))
		}
		defer f.Close()
		var z *zip.Reader
		var whole bool
		if z, whole, err = audit.Whole(f, info.Size()); err != nil {
			return err
		}
		if dossier = z; !whole {
			faults = append(faults, i18n.M("audit.archive_changed"))
		}
	}
	v, err := proof.Verify(dossier, key, lib)
	if err != nil {
		return err
	}
	if faults = append(faults, v.Faults...); len(faults) > 0 {
		for _, msg := range faults {
			fmt.Fprintln(c.out, c.t.Msg(msg))
		}
		return errs.Conflict(i18n.M("cmd.audit_not_verified", len(faults)))
	}
	if v.Gone > 0 {
		fmt.Fprintln(c.out, c.t.S("cmd.audit_gone", v.Gone))
	}
	fmt.Fprintln(c.out, c.t.S("cmd.audit_verified", v.Things, v.Files, v.Decided, v.Checkpoint.Size, v.Checkpoint.Origin))
	return nil
}
