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
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	versions "github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// logged is the kinds of all packages that have something in the audit log.
var logged = slices.Concat(access.Logged, ledger.Logged, casework.Logged, versions.Logged, subsidy.Logged, selection.Logged)

// openAudit reads the key of the audit log and logs what had been there before it.
func (in *installation) openAudit(ctx context.Context, p *place) error {
	origin, err := audit.Origin(ctx, in.db)
	if err != nil {
		return err
	}
	if in.auditKey, err = audit.OpenKey(auditKeyFile(p.data), origin); err != nil {
		return err
	}
	return audit.Adopt(ctx, in.db, logged, clock.System())
}

func auditKeyFile(data string) string { return filepath.Join(data, "audit.key") }

// sealEvery is how often the head of the audit log is signed while the pages are served, and auditEvery how often all of it is walked
// over.
const (
	sealEvery  = time.Minute
	auditEvery = 24 * time.Hour
)

// watchAudit signs the head of the audit log and walks over it, until ctx ends, and once more then.
func (in *installation) watchAudit(ctx context.Context) {
	seal := func(ctx context.Context) {
		if _, err := audit.Seal(ctx, in.db, in.auditKey, clock.System()); err != nil && ctx.Err() == nil {
			in.log.Error("sign the audit log", "err", err)
		}
	}
	minute, day := time.NewTicker(sealEvery), time.NewTimer(sealEvery)
	defer minute.Stop()
	defer day.Stop()
	for {
		select {
		case <-ctx.Done():
			seal(context.WithoutCancel(ctx))
			return
		case <-minute.C:
			seal(ctx)
		case <-day.C:
			day.Reset(auditEvery)
			found, err := audit.Check(ctx, in.db, logged)
			if err != nil {
				in.log.Error("check the audit log", "err", err)
				continue
			}
			for _, f := range found.Faults {
				in.log.Error("the audit log and the database differ", "fault", f.String())
			}
			in.log.Info("audit log checked", "leaves", found.Leaves, "faults", found.Found)
		}
	}
}

// dossier is what proves a case, up to now.
func (in *installation) dossier(ctx context.Context, id int64) (entries []audit.Entry, err error) {
	msg, err := audit.Seal(ctx, in.db, in.auditKey, clock.System())
	if err != nil {
		return nil, err
	}
	head, err := audit.OpenCheckpoint(msg, in.auditKey.Public())
	if err != nil {
		return nil, err
	}
	err = in.db.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		entries, err = audit.Dossier(ctx, q, logged, id, msg, head, func(h audit.Held) (audit.Entry, error) {
			name := path.Join(h.Dir, h.Hash)
			switch h.Dir {
			case audit.FilesDir:
				f, err := in.evidence.Get(h.Hash)
				if err != nil {
					return audit.Entry{}, err
				}
				return audit.Entry{Name: name, Open: func() (io.ReadCloser, error) { return in.evidence.Get(h.Hash) }}, f.Close()
			case audit.DefinitionsDir:
				body, err := casework.Definition(ctx, q, h.Hash)
				return audit.Text(name, body), err
			}
			p, err := in.versions.PackageWith(ctx, h.Hash)
			return audit.Text(name, p.Flat()), err
		})
		return err
	})
	return entries, err
}

// auditFlags are the flags of commands on a log that no server has open.
func auditFlags(fs *flag.FlagSet, t i18n.T) *place {
	p := &place{}
	fs.StringVar(&p.data, "data", "data", t.S("cmd.flag_data"))
	fs.StringVar(&p.db, "db", "", t.S("cmd.flag_db"))
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
		if err := audit.Adopt(ctx, db, logged, clock.System()); err != nil {
			return err
		}
		found, err := audit.Check(ctx, db, logged)
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
		file := auditKeyFile(*data)
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
		key, err := audit.OpenKey(auditKeyFile(place.data), origin)
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
		s, err := audit.Since(ctx, db.Read(), *since, msg, key.Public())
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
		text, err := os.ReadFile(args[1])
		if err != nil {
			return errs.Invalid(i18n.M("cmd.no_such_file", args[1]))
		}
		old, later, err := audit.VerifySince(args[0], text, public)
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
		entries, err := in.dossier(ctx, id)
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
		fmt.Fprintln(c.out, c.t.S("cmd.audit_exported", file, in.auditKey.Public()))
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
	v, err := audit.Verify(dossier, logged, key, decidedAgain(lib))
	if err != nil {
		return err
	}
	if faults = append(faults, v.Faults...); len(faults) > 0 {
		for _, msg := range faults {
			fmt.Fprintln(c.out, c.t.Msg(msg))
		}
		return errs.Conflict(i18n.M("cmd.audit_not_verified", len(faults)))
	}
	fmt.Fprintln(c.out, c.t.S("cmd.audit_verified", v.Things, v.Files, v.Decided, v.Checkpoint.Size, v.Checkpoint.Origin))
	return nil
}

// decidedAgain decides assessments again by the packages that the dossier has.
func decidedAgain(lib *content.Library) audit.Again {
	return func(p audit.Proof, dossier fs.FS) (int, []i18n.Msg, error) {
		var parts map[string]json.RawMessage
		if p.Kind != subsidy.LoggedAssessment.Name || json.Unmarshal(p.Thing, &parts) != nil {
			return 0, nil, nil
		}
		text, err := subsidy.ReceiptIn(parts)
		if err != nil || text == "" {
			return 0, nil, err
		}
		r, err := versions.ReadReceipt(strings.NewReader(text))
		if err != nil {
			return 0, nil, err
		}
		flat, err := fs.ReadFile(dossier, path.Join(audit.PackagesDir, r.Policy.Package))
		var pkg versions.Package
		if err == nil {
			pkg, err = versions.ParseFlat(flat)
		}
		if err != nil || pkg.Hash() != r.Policy.Package {
			return 0, []i18n.Msg{i18n.M("audit.no_package", p.Kind, p.Ref, r.Policy.Package)}, nil
		}
		differ, err := r.Verify(lib, pkg)
		if err != nil {
			return 0, nil, err
		}
		var faults []i18n.Msg
		for _, d := range differ {
			faults = append(faults, i18n.M("audit.decided_otherwise", p.Kind, p.Ref, d.Path, d.Was, d.Now))
		}
		return 1, faults, nil
	}
}
