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

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/api"
	"github.com/yanzhen/yanzhen/internal/backup"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/inbound"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/web"
)

// door is where and how the pages are served.
type door struct {
	listen    string
	cert, key string
	proxied   bool // a proxy before the product speaks TLS
	proxies   string
	origins   string
	approval  string // of the map
	idle      time.Duration
	profile   string // of protection
	rate      int    // of the API
	pageRate  int
	post      *post
	backups   *backup.Schedule
	reached   inbound.Rules                     // once checked, like those below
	carriers  map[notice.Channel]notice.Carrier // of messages
}

// graded is the profile of an installation under classified protection (等保) of level 3.
const graded, gradedIdle = "mlps3", 30 * time.Minute

func doorFlags(fs *flag.FlagSet, t i18n.T) *door {
	d := &door{post: postFlags(fs, t), backups: keepingFlags(fs, t)}
	fs.StringVar(&d.listen, "listen", "127.0.0.1:8080", t.S("cmd.flag_listen"))
	fs.StringVar(&d.cert, "tls-cert", "", t.S("cmd.flag_tls_cert"))
	fs.StringVar(&d.key, "tls-key", "", t.S("cmd.flag_tls_key"))
	fs.BoolVar(&d.proxied, "tls-by-proxy", false, t.S("cmd.flag_tls_by_proxy"))
	fs.StringVar(&d.proxies, "proxies", "", t.S("cmd.flag_proxies"))
	fs.StringVar(&d.origins, "origins", "", t.S("cmd.flag_origins"))
	fs.DurationVar(&d.idle, "session-idle", 0, t.S("cmd.flag_session_idle", access.DefaultIdle, gradedIdle))
	fs.StringVar(&d.profile, "profile", "", t.S("cmd.flag_profile"))
	fs.StringVar(&d.approval, "map-approval", "", t.S("cmd.flag_map_approval"))
	fs.IntVar(&d.pageRate, "page-rate", web.DefaultRate, t.S("cmd.flag_page_rate"))
	fs.IntVar(&d.rate, "api-rate", api.DefaultRate, t.S("cmd.flag_api_rate"))
	return d
}

// check looks at what needs no installation. It fails with errUsage, or with what is wrong.
func (d *door) check() (err error) {
	if (d.cert == "") != (d.key == "") {
		return errUsage
	}
	switch {
	case d.profile != "" && d.profile != graded:
		return errs.Invalid(i18n.M("cmd.bad_profile", d.profile))
	case d.idle == 0 && d.profile == graded:
		d.idle = gradedIdle
	case d.idle == 0:
		d.idle = access.DefaultIdle
	case d.idle < time.Minute:
		return errs.Invalid(i18n.M("cmd.short_idle"))
	}
	if d.backups.To != "" {
		if err := d.backups.Check(); err != nil {
			return err
		}
	}
	d.reached = inbound.Rules{Secure: d.cert != "" || d.proxied}
	if d.reached.Proxies, err = networks(d.proxies); err != nil {
		return err
	}
	d.carriers, err = d.post.carriers()
	return err
}

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
	healthAnswer = "ok\n"
)

// serve answers requests until ctx ends, then finishes those under way. The sign-in page offers the accounts shown.
func (in *installation) serve(ctx context.Context, c *console, d *door, shown []web.DemoAccount, alone bool) error {
	if err := in.keepBackups(ctx, *d.backups); err != nil {
		return err
	}
	if d.profile == graded {
		in.accounts.Passwords, in.accounts.Factors = access.Graded(), access.GradedFactors()
	}
	sender := notice.NewSender(in.notices, d.carriers, d.post.site, func(err error) { in.log.Error("send messages", "err", err) })
	var demo *web.DemoInfo
	if in.demo {
		demo = &web.DemoInfo{Accounts: shown}
	}
	pages, err := web.New(web.Deps{
		Access: in.accounts, Library: in.lib, Sources: in.sources, Frames: in.frames, Intake: in.intake, Enrol: in.enrol, Region: in.region, Versions: in.versions,
		Lab: in.lab, Scenarios: in.scenarios, Forms: in.forms, Cases: in.cases, Book: in.ledger, Subsidy: in.subsidy, Selections: in.selections, Credit: in.credit, Flags: in.flags, Results: in.results, Monitor: in.monitor, Targets: in.targets, Visits: in.visits, Diagnoses: in.diagnoses, Releases: in.releases, Proof: in.proof, Consent: in.consent, Retention: in.retention, Notices: in.notices, Carries: sender.Carries, Clock: in.now, Log: in.log,
		Secure: d.reached.Secure, Idle: d.idle, Rate: d.pageRate, MapApproval: d.approval, Machine: in.machine, TrustedOrigins: d.trusted(), Demo: demo,
	})
	if err != nil {
		return err
	}
	programs, err := api.New(api.Deps{
		DB: in.db, Access: in.accounts, Library: in.lib, Sources: in.sources, Frames: in.frames, Intake: in.intake, Enrol: in.enrol, Region: in.region, Versions: in.versions,
		Lab: in.lab, Scenarios: in.scenarios, Notices: in.notices, Forms: in.forms, Cases: in.cases, Book: in.ledger, Subsidy: in.subsidy, Selections: in.selections, Credit: in.credit, Flags: in.flags, Results: in.results, Monitor: in.monitor, Targets: in.targets, Visits: in.visits, Diagnoses: in.diagnoses, Releases: in.releases, Proof: in.proof, Consent: in.consent, Clock: in.now, Log: in.log, Rate: d.rate, Demo: in.demo, MapApproval: d.approval,
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

	listener, err := inbound.Listen(d.listen)
	if err != nil {
		return errs.Unavailable(i18n.M("cmd.cannot_listen", d.listen), err)
	}
	server := inbound.NewServer(d.reached, mux)

	work, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() {
		in.frames.Keep(work, saveEvery, func(err error) { in.log.Error("save the frame", "err", err) })
	})
	beside.Go(func() { in.retention.Keep(work, saveEvery) })
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
		if d.cert != "" {
			ended <- server.ServeTLS(listener, d.cert, d.key)
			return
		}
		ended <- server.Serve(listener)
	}()
	fmt.Fprintln(c.out, c.t.S("cmd.ready", address(listener, d.cert != "")))
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
