package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/api"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/assess/round"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/backup"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/enrol"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	flags "github.com/yanzhen/yanzhen/internal/flag"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	versions "github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/proof"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/retention"
	"github.com/yanzhen/yanzhen/internal/seal"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
	"github.com/yanzhen/yanzhen/internal/target"
	"github.com/yanzhen/yanzhen/internal/visit"
)

// place is where an installation keeps what it knows, as flags say it.
type place struct {
	data, db, content string
	now               string        // a date to stand at; "" for the day of a demonstration, else the machine's time
	city              *demo.Options // the demonstration that the database is to hold; nil where it may hold anything
}

func placeFlags(fs *flag.FlagSet, t i18n.T) *place {
	p := &place{}
	fs.StringVar(&p.data, "data", "data", t.S("cmd.flag_data"))
	p.databaseFlags(fs, t)
	fs.StringVar(&p.content, "content", "", t.S("cmd.flag_content"))
	fs.StringVar(&p.now, "now", "", t.S("cmd.flag_now"))
	return p
}

// databaseFlags name the database: by its address, or by a file that holds it, so that a password is in no list of processes.
func (p *place) databaseFlags(fs *flag.FlagSet, t i18n.T) {
	once := func(address string, err error) error {
		if err == nil && p.db != "" {
			err = errs.Invalid(i18n.M("cmd.db_or_file"))
		}
		if msg, ok := errs.Message(err); ok {
			return errors.New(t.Msg(msg))
		}
		p.db = address
		return err
	}
	fs.Func("db", t.S("cmd.flag_db"), func(address string) error { return once(address, nil) })
	fs.Func("db-file", t.S("cmd.flag_db_file"), func(file string) error {
		address, err := secretOf(file, "")
		return once(string(address), err)
	})
}

// clockAt is the machine's clock, or one that runs on from the morning of the day that a flag names.
func clockAt(day string) (clock.Clock, error) {
	if day == "" {
		return clock.System(), nil
	}
	at, err := period.ParseDay(day)
	if err != nil {
		return nil, errs.Invalid(i18n.M("cmd.bad_date", "--now", day))
	}
	y, m, d := at.YMD()
	return clock.From(time.Date(y, time.Month(m), d, 9, 0, 0, 0, clock.Beijing)), nil
}

// url is the database's; SQLite in the data directory when none is named.
func (p *place) url() string {
	if p.db != "" {
		return p.db
	}
	return "sqlite:" + filepath.Join(p.data, "yanzhen.db")
}

// frame is the file that the frame is saved in: beside a database that is a file, else in the data directory.
func (p *place) frame() string {
	if file, ok := strings.CutPrefix(p.url(), "sqlite:"); ok {
		return file + ".frame"
	}
	return filepath.Join(p.data, "postgres.frame")
}

// alone says that no other process works on the database.
func (p *place) alone() bool { return strings.HasPrefix(p.url(), "sqlite:") }

// kind is which database it is, without its address: that may hold a password.
func (p *place) kind() string {
	if p.alone() {
		return "SQLite"
	}
	return "PostgreSQL"
}

// schemas are the tables of all packages that keep something.
var schemas = []store.Migrations{
	audit.Migrations,
	access.Migrations,
	source.Migrations,
	party.Migrations,
	fact.Migrations,
	notice.Migrations,
	consent.Migrations,
	retention.Migrations,
	ledger.Migrations,
	form.Migrations,
	casework.Migrations,
	release.Migrations,
	selection.Migrations,
	credit.Migrations,
	flags.Migrations,
	bulletin.Migrations,
	results.Migrations,
	round.Migrations,
	visit.Migrations,
	target.Migrations,
	diagnosis.Migrations,
	monitor.Migrations,
	intake.Migrations,
	versions.Migrations,
	lab.Migrations,
	subsidy.Migrations,
	enrol.Migrations,
	api.Migrations,
}

// installation is everything wired together.
type installation struct {
	data       string // directory where files are kept
	database   string // kind of database, in words
	alone      bool   // the database is a file that no other process works on
	since      int64  // when the process started, ms
	now        clock.Clock
	demo       bool          // the data is synthetic
	back       *atomic.Int64 // how far before its day a demonstration is while it is made, in nanoseconds; nil where none is made
	log        *slog.Logger
	lib        *content.Library
	db         *store.DB
	evidence   blob.Dir // files of cases
	proof      *proof.Prover
	consent    *consent.Store
	retention  *retention.Store
	accounts   *access.Store
	sources    *source.Store
	parties    *party.Store
	facts      *fact.Store
	frames     *fact.Frames
	intake     *intake.Service
	enrol      *enrol.Service
	region     *region.Runner
	lab        *lab.Lab
	scenarios  *lab.Store
	versions   *versions.Store
	notices    *notice.Store
	forms      *form.Store
	cases      *casework.Store
	ledger     *ledger.Book
	subsidy    *subsidy.Store
	selections *selection.Store
	credit     *credit.Store
	flags      *flags.Store
	models     *assess.Set
	results    *results.Store
	monitor    *monitor.Monitor
	targets    *target.Store
	bulletins  *bulletin.Store
	rounds     *round.Store
	visits     *visit.Store
	diagnoses  *diagnosis.Store
	releases   *release.Store
	keeper     *backup.Keeper // nil where no backups are scheduled
}

// open reads the content, opens the database and brings its schema up to date, and loads what is effective.
func (p *place) open(ctx context.Context, c *console) (_ *installation, err error) {
	in := &installation{data: p.data, database: p.kind(), alone: p.alone(), since: clock.System().Millis(), log: slog.New(slog.NewTextHandler(c.err, nil))}
	if in.now, err = clockAt(p.now); err != nil {
		return nil, err
	}
	// Reading content leaves much behind, and is most of what a short command does: a collection less often takes a third off it.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	if in.lib, err = p.library(); err != nil {
		return nil, err
	}
	if in.models, err = loadAssessments(in.lib, p.content); err != nil {
		return nil, err
	}
	ships, err := shippedPolicies(in.lib, p.content)
	if err != nil {
		return nil, err
	}
	if err := blob.MakeDir(p.data); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	blobs, err := blob.Open(filepath.Join(p.data, "files"))
	if err != nil {
		return nil, err
	}
	in.db, err = store.Open(ctx, p.url(), schemas)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, in.db.Close())
		}
	}()
	if err = in.settle(ctx, p); err != nil {
		return nil, err
	}
	if p.city != nil { // some of what it shows has begun before the day at which it stands
		at, back := in.now, new(atomic.Int64)
		in.back, in.now = back, func() time.Time { return at().Add(-time.Duration(back.Load())) }
	}
	in.accounts = access.New(in.db, in.now, clock.System(), access.Cost{})
	in.accounts.Seal, in.accounts.Tell = seal.At(sealFile(p.data)), notice.AboutAccount
	in.sources = source.New(in.db, in.now)
	in.versions, err = versions.Open(ctx, versions.Deps{
		DB: in.db, Sources: in.sources, Library: in.lib, Clock: in.now, Report: func(err error) { in.log.Error("policy in force", "err", err) },
	}, ships)
	if err != nil {
		return nil, err
	}
	in.parties = party.NewStore(in.db, in.sources)
	in.facts = fact.NewStore(in.db, in.sources, in.lib)
	in.frames, err = fact.OpenSaved(ctx, in.facts, in.parties, in.now, fact.Saved{
		Path: p.frame(), Build: version, Ignored: func(why error) { in.log.Info("the saved frame is not used", "why", why) },
	})
	if err != nil {
		return nil, err
	}
	in.intake, err = intake.Start(ctx, intake.Deps{
		DB: in.db, Blobs: blobs, Library: in.lib, Sources: in.sources, Parties: in.parties, Facts: in.facts, Frames: in.frames,
		Clock: in.now, Report: func(err error) { in.log.Error("import", "err", err) },
	}, p.alone())
	if err != nil {
		return nil, err
	}
	in.enrol, err = enrol.Start(ctx, enrol.Deps{
		DB: in.db, Access: in.accounts, Library: in.lib, Frames: in.frames, Clock: in.now,
		Report: func(err error) { in.log.Error("make accounts", "err", err) },
	}, p.alone())
	if err != nil {
		return nil, err
	}
	if in.notices, err = in.openNotices(); err != nil {
		return nil, err
	}
	in.consent = consent.Open(consent.Deps{DB: in.db, Frames: in.frames, Library: in.lib, Clock: in.now})
	in.region = region.NewRunner(in.frames, in.lib)
	in.lab = lab.New(lab.Deps{Runner: in.region, Versions: in.versions, Library: in.lib})
	in.scenarios = lab.NewStore(in.lab, in.db, in.now)
	if err = in.openForms(p); err != nil {
		return nil, err
	}
	if err = in.openReleases(p); err != nil {
		return nil, err
	}
	if err = in.openSubsidy(p); err != nil {
		return nil, err
	}
	if err = in.openCases(ctx, p); err != nil {
		return nil, err
	}
	if in.retention, err = in.openRetention(ctx); err != nil {
		return nil, err
	}
	in.proof, err = proof.Open(ctx, proof.Deps{
		DB: in.db, Data: p.data, Cases: in.cases, Evidence: in.evidence, Versions: in.versions, Clock: clock.System(),
	})
	if err != nil {
		return nil, err
	}
	return in, nil
}

// library is the content; that of a demonstration with what was invented for it.
func (p *place) library() (*content.Library, error) {
	if p.city == nil {
		return loadLibrary(p.content)
	}
	files, err := contentFiles(p.content)
	if err != nil {
		return nil, err
	}
	lib, err := content.Load(content.Overlay(files, demo.Content()))
	return lib, placed(err, p.content)
}

// sealFile is where the keys of an installation lie under which the database keeps secrets.
func sealFile(data string) string { return filepath.Join(data, "seal.key") }

// settle finds out whether the database is a demonstration's, or makes it one where that is asked. A demonstration
// stands at its own day unless a flag names another.
func (in *installation) settle(ctx context.Context, p *place) error {
	var (
		held heldCity
		err  error
	)
	if p.city != nil {
		in.demo = true
		held, err = claim(ctx, in.db, heldCity{Options: *p.city, Day: cmp.Or(p.now, demo.Clock.String())})
	} else {
		held, in.demo, err = cityIn(ctx, in.db)
	}
	if err != nil || p.now != "" || !in.demo {
		return err
	}
	in.now, err = clockAt(held.Day)
	return err
}

// close waits for work under way, saves the frame for the next start and closes the database.
func (in *installation) close(c *console) {
	in.intake.Close()
	in.region.Close()
	in.enrol.Close()
	if err := in.frames.Save(context.Background()); err != nil {
		in.log.Error("save the frame", "err", err)
	}
	if in.keeper != nil {
		if err := in.keeper.Finish(context.Background()); err != nil {
			in.log.Error("ship what is committed", "err", err)
		}
	}
	if err := in.db.Close(); err != nil {
		c.tell(err)
	}
	if in.keeper != nil {
		if err := in.keeper.Close(); err != nil {
			in.log.Error("leave the place of backups", "err", err)
		}
	}
}

// enterprise is the id of the enterprise with a credit code.
func (in *installation) enterprise(ctx context.Context, code string) (int64, error) {
	view, err := in.frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return 0, err
	}
	return enterpriseOf(view, code)
}

// enterpriseOf is the id of the enterprise with a credit code, as a view knows it.
func enterpriseOf(view fact.View, code string) (int64, error) {
	usable, finding := party.ParseUSCC(code)
	if !finding.Usable() {
		return 0, errs.Invalid(finding.Msg())
	}
	found := view.Registry().ByUSCC(usable)
	if len(found) == 0 {
		return 0, errs.Invalid(i18n.M("cmd.no_such_enterprise", code))
	}
	return found[0], nil
}

// committable says that a preview leaves nothing to be answered and that it would add something.
func committable(b intake.Batch) bool { return b.Standing() == intake.Standing(intake.Ready) }

// upload opens a file that is to be brought in; the caller closes it.
func upload(path string, u intake.Upload) (intake.Upload, io.Closer, error) {
	f, err := os.Open(path)
	if err != nil {
		return u, nil, errs.Invalid(i18n.M("cmd.no_such_file", path))
	}
	u.Body = f
	if u.Name == "" {
		u.Name = filepath.Base(path)
	}
	return u, f, nil
}
