package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/backup"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Machine is what the installation tells of itself to an administrator.
type Machine struct {
	Version   string // of the binary
	Database  string // which kind, and where without any password
	Since     int64  // when the process started, ms
	DiskFree  int64  // bytes where data is kept
	DiskTotal int64

	BackupAt     int64 // of the last one that was made, ms; 0 for never
	BackupCommit int64
	BackupPlace  string

	Now      int64         // ms
	Schedule *backup.State // of backups that are made by themselves; nil where none are
}

// scheduleOut is how backups stand that are made by themselves.
type scheduleOut struct {
	Good     string   `json:"good,omitempty" example:"20241030T020000.000Z" doc:"最近一份恢复验证过的，没有则不写 · the last that was verified by restoring it; none if there is none"`
	Made     string   `json:"made,omitempty" example:"2024-10-30T10:00:00+08:00"`
	Verified string   `json:"verified,omitempty" example:"2024-10-30T10:00:41+08:00"`
	Size     int64    `json:"size,omitempty" example:"1288490188" doc:"字节 · bytes"`
	Due      string   `json:"due" example:"2024-10-31T10:00:00+08:00" doc:"下次 · of the next"`
	Through  string   `json:"through,omitempty" example:"2024-10-31T08:59:59+08:00" doc:"此前提交的都已写入备份目录的日志 · what was committed by then is in the journal beside the backups"`
	Wrong    []string `json:"wrong" example:"[]" doc:"有什么问题 · what is wrong"`
}

func scheduleOf(t i18n.T, s *backup.State, now int64) *scheduleOut {
	if s == nil {
		return nil
	}
	out := &scheduleOut{Due: instant(s.Due), Through: instant(s.Through), Wrong: []string{}}
	if g := s.Good; g != nil {
		out.Good, out.Made, out.Verified, out.Size = g.Name, instant(g.Made), instant(g.Verified), g.Size
	}
	for _, l := range s.Lapse(now, 0) {
		out.Wrong = append(out.Wrong, t.Msg(l))
	}
	return out
}

type healthOut struct {
	Body struct {
		Status string `json:"status" example:"ok"`
		AsOf   asOf   `json:"as_of"`
	}
}

// health answers as long as the database can be read and the frame is loaded.
func (s *server) health(ctx context.Context, c *caller, _ *struct{}) (*healthOut, error) {
	if _, err := s.DB.Seq(ctx); err != nil {
		return nil, errs.Unavailable(i18n.M("api.no_database"), err)
	}
	m, err := s.at(ctx, c, Knowledge{})
	out := &healthOut{}
	out.Body.Status, out.Body.AsOf = "ok", m.asOf()
	return out, err
}

type systemOut struct {
	Body struct {
		Version   string `json:"version" example:"1.0.0"`
		Database  string `json:"database" example:"SQLite /var/lib/yanzhen/yanzhen.db"`
		Since     string `json:"since,omitempty" example:"2024-10-31T09:00:00+08:00" doc:"进程何时启动 · when the process started"`
		DiskFree  int64  `json:"disk_free" example:"52428800000" doc:"存放数据处的余量，字节 · where data is kept, in bytes"`
		DiskTotal int64  `json:"disk_total" example:"104857600000"`
		Backup    struct {
			At     string `json:"at,omitempty" example:"2024-10-30T02:00:00+08:00" doc:"最近一次，没有则不写 · of the last one; none if none was made"`
			Commit int64  `json:"commit,omitempty" example:"40"`
			Place  string `json:"place,omitempty" example:"/backup/2024-10-30"`

			Schedule *scheduleOut `json:"schedule,omitempty" doc:"定时备份；没有设置则不写 · backups by a schedule; none where none is kept"`
		} `json:"backup"`
		Policies int `json:"policies" example:"6" doc:"现行的政策 · in force"`
		Accounts struct {
			InUse   int `json:"in_use" example:"6"`
			Waiting int `json:"waiting" example:"2" doc:"尚未激活 · for their code"`
			Ended   int `json:"ended" example:"1"`
		} `json:"accounts"`
		AsOf asOf `json:"as_of"`
	}
}

// system is how the installation stands.
func (s *server) system(ctx context.Context, c *caller, _ *struct{}) (*systemOut, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	out := &systemOut{}
	b := &out.Body
	b.AsOf = m.asOf()
	for state, count := range map[access.State]*int{access.InUse: &b.Accounts.InUse, access.Waiting: &b.Accounts.Waiting, access.Ended: &b.Accounts.Ended} {
		if _, *count, err = s.Access.Find(ctx, c.scope, access.Filter{State: state}, 0, 1); err != nil {
			return nil, err
		}
	}
	inForce, err := s.Versions.At(ctx, m.Seq())
	if err != nil {
		return nil, err
	}
	b.Policies = len(inForce)
	if s.Machine == nil {
		return out, nil
	}
	machine, err := s.Machine()
	b.Version, b.Database, b.Since = machine.Version, machine.Database, instant(machine.Since)
	b.DiskFree, b.DiskTotal = machine.DiskFree, machine.DiskTotal
	b.Backup.At, b.Backup.Commit, b.Backup.Place = instant(machine.BackupAt), machine.BackupCommit, machine.BackupPlace
	b.Backup.Schedule = scheduleOf(c.t, machine.Schedule, machine.Now)
	return out, err
}

func (s *server) registerSystem() {
	handle(s, operation{id: "health", tag: "service", method: http.MethodGet, path: "/health", need: access.Need{Public: true}}, s.health)
	handle(s, operation{id: "get_system", tag: "service", method: http.MethodGet, path: "/system", need: access.Need{Action: access.ManageAccounts}}, s.system)
}
