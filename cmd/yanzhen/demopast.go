package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/period"
)

// demoPast is a demonstration whose cases stand at days that are over. What they state becomes known when it is stated, as the order
// of what is known must be that of its commits.
type demoPast struct {
	*installation
	at     time.Time // where the clock of cases stands
	scopes map[string]access.Scope
}

// inPast opens the forms, releases and cases of a demonstration once more, at an earlier day.
func (in *installation) inPast(ctx context.Context, p *place, day period.Day) (*demoPast, error) {
	d := &demoPast{scopes: map[string]access.Scope{}}
	all, err := in.accounts.List(ctx, access.SystemScope())
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		d.scopes[a.Login] = in.frames.ScopeOf(a)
	}
	past := *in
	past.now = func() time.Time { return d.at }
	d.on(day)
	past.consent = consent.Open(consent.Deps{DB: in.db, Frames: in.frames, Library: in.lib, Clock: past.now})
	if err := past.openForms(p); err != nil {
		return nil, err
	}
	if err := past.openReleases(p); err != nil {
		return nil, err
	}
	if err := past.openCases(ctx, p); err != nil {
		return nil, err
	}
	in.subsidy.Use(in.cases) // not those of the past
	d.installation = &past
	return d, nil
}

// on moves the clock to the morning of a day.
func (d *demoPast) on(day period.Day) {
	y, m, dd := day.YMD()
	d.at = time.Date(y, time.Month(m), dd, 9, 0, 0, 0, clock.Beijing)
}

// does takes actions in a case, each by an account, one minute after the other.
func (d *demoPast) does(ctx context.Context, of int64, acts ...demoAct) error {
	for _, x := range acts {
		d.at = d.at.Add(time.Minute)
		a := casework.Act{Case: of, Action: x.action, Reason: x.reason}
		if x.answers != nil {
			var err error
			if a.Entry, err = json.Marshal(map[string]any{"answers": x.answers}); err != nil {
				return err
			}
		}
		if _, err := d.cases.Act(ctx, d.scopes[x.login], a); err != nil {
			return fmt.Errorf("%s by %s in case %d: %w", x.action, x.login, of, err)
		}
	}
	return nil
}

type demoAct struct {
	login, action, reason string
	answers               map[string]any
}
