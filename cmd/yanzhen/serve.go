package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/yanzhen/yanzhen/internal/api"
	"github.com/yanzhen/yanzhen/internal/backup"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/web"
)

// door is where and how the pages are served.
type door struct {
	listen    string
	cert, key string
	origins   string
	approval  string // of the map
	rate      int
	post      *post
	backups   *backup.Schedule
	carriers  map[notice.Channel]notice.Carrier // of messages, once checked
}

func doorFlags(fs *flag.FlagSet, t i18n.T) *door {
	d := &door{post: postFlags(fs, t), backups: keepingFlags(fs, t)}
	fs.StringVar(&d.listen, "listen", "127.0.0.1:8080", t.S("cmd.flag_listen"))
	fs.StringVar(&d.cert, "tls-cert", "", t.S("cmd.flag_tls_cert"))
	fs.StringVar(&d.key, "tls-key", "", t.S("cmd.flag_tls_key"))
	fs.StringVar(&d.origins, "origins", "", t.S("cmd.flag_origins"))
	fs.StringVar(&d.approval, "map-approval", "", t.S("cmd.flag_map_approval"))
	fs.IntVar(&d.rate, "api-rate", api.DefaultRate, t.S("cmd.flag_api_rate"))
	return d
}

// check looks at what needs no installation. It fails with errUsage, or with what is wrong.
func (d *door) check() (err error) {
	if (d.cert == "") != (d.key == "") {
		return errUsage
	}
	if d.backups.To != "" {
		if err := d.backups.Check(); err != nil {
			return err
		}
	}
	d.carriers, err = d.post.carriers()
	return err
}

func (d *door) secure() bool { return d.cert != "" }

func (d *door) trusted() []string {
	if d.origins == "" {
		return nil
	}
	return strings.Split(d.origins, ",")
}

// serveCommand serves the pages until it is told to stop.
func serveCommand(fs *flag.FlagSet, t i18n.T) func(context.Context, *console, []string) error {
	place, door := placeFlags(fs, t), doorFlags(fs, t)
	return func(ctx context.Context, c *console, args []string) error {
		if len(args) != 0 {
			return errUsage
		}
		if err := door.check(); err != nil {
			return err
		}
		in, err := place.open(ctx, c)
		if err != nil {
			return err
		}
		defer in.close(c)
		return in.serve(ctx, c, door, nil, place.alone())
	}
}

const (
	followEvery  = 2 * time.Second  // how soon a page knows what another process has committed
	saveEvery    = 5 * time.Minute  // so that a start after a crash has little to read besides
	patience     = 15 * time.Second // for requests under way when told to stop
	headerLimit  = 64 << 10
	headerWait   = 10 * time.Second
	idleWait     = 2 * time.Minute
	healthAnswer = "ok\n"
)

// serve answers requests until ctx ends, then finishes those under way. The sign-in page offers the accounts shown.
func (in *installation) serve(ctx context.Context, c *console, d *door, shown []web.DemoAccount, alone bool) error {
	if err := in.keepBackups(ctx, *d.backups); err != nil {
		return err
	}
	sender := notice.NewSender(in.notices, d.carriers, d.post.site, func(err error) { in.log.Error("send messages", "err", err) })
	var demo *web.DemoInfo
	if in.demo {
		demo = &web.DemoInfo{Accounts: shown}
	}
	pages, err := web.New(web.Deps{
		Access: in.accounts, Library: in.lib, Sources: in.sources, Frames: in.frames, Intake: in.intake, Enrol: in.enrol, Region: in.region, Versions: in.versions,
		Lab: in.lab, Scenarios: in.scenarios, Forms: in.forms, Cases: in.cases, Book: in.ledger, Subsidy: in.subsidy, Selections: in.selections, Credit: in.credit, Releases: in.releases, Proof: in.proof, Consent: in.consent, Notices: in.notices, Carries: sender.Carries, Clock: in.now, Log: in.log,
		Secure: d.secure(), MapApproval: d.approval, Machine: in.machine, TrustedOrigins: d.trusted(), Demo: demo,
	})
	if err != nil {
		return err
	}
	programs, err := api.New(api.Deps{
		DB: in.db, Access: in.accounts, Library: in.lib, Sources: in.sources, Frames: in.frames, Intake: in.intake, Enrol: in.enrol, Region: in.region, Versions: in.versions,
		Lab: in.lab, Scenarios: in.scenarios, Notices: in.notices, Forms: in.forms, Cases: in.cases, Book: in.ledger, Subsidy: in.subsidy, Selections: in.selections, Credit: in.credit, Releases: in.releases, Proof: in.proof, Consent: in.consent, Clock: in.now, Log: in.log, Rate: d.rate, Demo: in.demo, MapApproval: d.approval,
		Machine: func() (api.Machine, error) {
			m, err := in.machine()
			return api.Machine{
				Version: m.Version, Database: m.Database, Since: m.Since, DiskFree: m.DiskFree, DiskTotal: m.DiskTotal,
				BackupAt: m.Backup.Made, BackupCommit: m.Backup.Commit, BackupPlace: m.Backup.Place, Now: m.Now, Schedule: m.Backup.Schedule,
			}, err
		},
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", in.health)
	mux.Handle(api.Prefix+"/", programs)
	mux.Handle("/", pages)

	listener, err := net.Listen("tcp", d.listen)
	if err != nil {
		return errs.Unavailable(i18n.M("cmd.cannot_listen", d.listen), err)
	}
	server := &http.Server{Handler: mux, MaxHeaderBytes: headerLimit, ReadHeaderTimeout: headerWait, IdleTimeout: idleWait}

	work, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() {
		in.frames.Keep(work, saveEvery, func(err error) { in.log.Error("save the frame", "err", err) })
	})
	beside.Go(func() { sender.Run(work) })
	beside.Go(func() {
		in.cases.Watch(work, watchEvery, func(err error) { in.log.Error("clocks of cases", "err", err) })
	})
	beside.Go(func() {
		in.subsidy.Watch(work, askEvery, func(err error) { in.log.Error("firms of rounds", "err", err) })
	})
	beside.Go(func() { in.watchLedger(work) })
	beside.Go(func() { in.watchAudit(work) })
	if in.keeper != nil {
		beside.Go(func() { in.keeper.Run(work) })
	}
	if !alone {
		beside.Go(func() {
			in.frames.Follow(work, followEvery, func(err error) { in.log.Error("follow", "err", err) })
		})
	}
	defer beside.Wait()
	defer stop()

	ended := make(chan error, 1)
	go func() {
		if d.secure() {
			ended <- server.ServeTLS(listener, d.cert, d.key)
			return
		}
		ended <- server.Serve(listener)
	}()
	fmt.Fprintln(c.out, c.t.S("cmd.ready", address(listener, d.secure())))
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := server.Shutdown(finish); err != nil {
		return fmt.Errorf("stop serving: %w", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// machine is how the installation stands, for the administrator.
func (in *installation) machine() (web.Machine, error) {
	m := web.Machine{Version: version, Database: in.database, Since: in.since, Now: clock.System().Millis()}
	last, err := backup.LastOf(in.data)
	if err != nil {
		return m, err
	}
	m.Backup = web.Backup{Own: in.alone, Made: last.Made, Commit: last.Commit, Place: last.Place}
	if in.keeper != nil {
		state := in.keeper.State()
		m.Backup.Schedule = &state
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(in.data, &fs); err != nil {
		return m, fmt.Errorf("ask for the space left in %s: %w", in.data, err)
	}
	m.DiskFree, m.DiskTotal = int64(fs.Bavail)*int64(fs.Bsize), int64(fs.Blocks)*int64(fs.Bsize)
	return m, nil
}

// health answers once the frame is loaded, and as long as the database can be read.
func (in *installation) health(w http.ResponseWriter, r *http.Request) {
	if _, err := in.db.Seq(r.Context()); err != nil {
		in.log.Error("health", "err", err)
		http.Error(w, "database", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if _, err := w.Write([]byte(healthAnswer)); err != nil {
		in.log.Debug("health", "err", err)
	}
}

// address is where a browser on this machine finds the pages.
func address(l net.Listener, secure bool) string {
	scheme := "http"
	if secure {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return l.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if name, err := os.Hostname(); err == nil && secure {
			host = name
		}
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/"
}
