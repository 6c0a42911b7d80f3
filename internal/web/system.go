package web

import (
	"cmp"
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/backup"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/source"
)

// Machine is what the installation tells of itself to an administrator.
type Machine struct {
	Version   string // of the binary
	Database  string // which kind, and where without any password
	Since     int64  // when the process started, ms
	Now       int64  // by the same clock
	DiskFree  int64  // bytes where data is kept; 0 where nobody can tell
	DiskTotal int64
	Backup    Backup
}

// Backup is the last one that was made.
type Backup struct {
	Own    bool  // the product makes backups of this database itself
	Made   int64 // ms; 0 for never
	Commit int64
	Place  string

	Schedule *backup.State // nil where none is kept
}

// backupAge is how old the last backup may be, in ms, before somebody should act.
const backupAge = 7 * 24 * 3600 * 1000

// calendarAhead is how many days before a year its working days should be known: the next year's are announced in autumn.
const calendarAhead = 31

// lowDisk is the share of the disk, in percent, below which somebody should act.
const lowDisk = 10

// systemData is the first page of an administrator: what needs a hand, accounts, and how the installation stands.
type systemData struct {
	Todo                  []todo
	InUse, Waiting, Ended int // accounts
	Machine               Machine
	FreePercent           int
	Seq                   int64
	LastCommit            string // when something became known last, "" for never
	LastName              string
	Policies              int // in force
	Years                 []content.CalendarYear
}

// system is the first page of an administrator.
func (s *server) system(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.systemOf(r.Context(), v)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("people.system")), http.StatusOK, systemPage(v.t, d))
}

func (s *server) systemOf(ctx context.Context, v *visit) (systemData, error) {
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return systemData{}, err
	}
	d := systemData{Seq: whole.Seq(), Years: s.Library.CalendarYears()}
	for state, count := range map[access.State]*int{access.InUse: &d.InUse, access.Waiting: &d.Waiting, access.Ended: &d.Ended} {
		if _, *count, err = s.Access.Find(ctx, v.scope, access.Filter{State: state}, 0, 1); err != nil {
			return d, err
		}
	}
	inForce, err := s.Versions.At(ctx, whole.Seq())
	if err != nil {
		return d, err
	}
	d.Policies = len(inForce)
	latest, err := s.Sources.List(ctx, access.SystemScope(), source.Page{Limit: 1}) // when, and the name of a file: no enterprise's data
	if err != nil {
		return d, err
	}
	if len(latest) > 0 {
		d.LastCommit, d.LastName = instant(latest[0].ReceivedAt), latest[0].Name
	}
	if s.Machine != nil {
		if d.Machine, err = s.Machine(); err != nil {
			return d, err
		}
	}
	d.FreePercent = int(100 * d.Machine.DiskFree / max(d.Machine.DiskTotal, 1))
	return d, s.systemTodo(ctx, v, &d)
}

// systemTodo is what an administrator should see to.
func (s *server) systemTodo(ctx context.Context, v *visit, d *systemData) error {
	if d.Machine.DiskTotal > 0 && d.FreePercent < lowDisk {
		d.Todo = append(d.Todo, todo{Text: v.t.S("people.todo_disk", d.FreePercent), Href: "#machine"})
	}
	if m := d.Machine; m.Backup.Schedule != nil {
		for _, lapse := range m.Backup.Schedule.Lapse(m.Now, 0) {
			d.Todo = append(d.Todo, todo{Text: v.t.Msg(lapse), Href: "#machine"})
		}
	} else if m.Backup.Own && m.Backup.Made < m.Now-backupAge && s.Demo == nil {
		d.Todo = append(d.Todo, todo{Text: v.t.S("people.todo_backup"), Href: "#machine"})
	}
	if d.Waiting > 0 {
		d.Todo = append(d.Todo, todo{Count: d.Waiting, Text: v.t.S("people.todo_waiting"), Href: "/accounts?state=waiting"})
	}
	states, _, err := s.Notices.Counts(ctx, v.scope)
	if err != nil {
		return err
	}
	if n := states[notice.Failed]; n > 0 {
		d.Todo = append(d.Todo, todo{Count: n, Text: v.t.S("messages.todo"), Href: "/outbox?state=failed"})
	}
	if soon := s.Clock.Today() + calendarAhead; !s.Library.Calendar().Knows(soon.Year()) {
		d.Todo = append(d.Todo, todo{Text: v.t.S("messages.todo_calendar", soon.Year()), Href: "#calendar"})
	}
	stats := todayData{}
	if err := s.todayDrafts(ctx, v, &stats); err != nil {
		return err
	}
	d.Todo = append(d.Todo, stats.Todo...)
	return nil
}

// open is the first page of whoever has not signed in.
func (s *server) open(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	inForce, err := s.Versions.At(r.Context(), view.Seq())
	if err != nil {
		return err
	}
	today := s.Clock.Today()
	var current []version.InForce
	for _, f := range inForce {
		if to := f.Policy.File.Document.Valid.To; to == nil || cmp.Compare(*to, today) >= 0 {
			current = append(current, f)
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("people.open")), http.StatusOK, openPage(v.t, current))
}
