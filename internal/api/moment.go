package api

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Knowledge asks for what was known at a commit, or by the end of a day, and for decisions as of that day.
type Knowledge struct {
	Known int64  `query:"known" minimum:"0" example:"42" doc:"以哪一次提交时所知为准，默认最新；写了 as_of 则默认当日日终 · as known at a commit, by default the newest, or with as_of the last of that day"`
	AsOf  string `query:"as_of" maxLength:"10" example:"2024-10-31" doc:"按哪一天测算，默认今天；只用当日日终所知，除非另写 known · the day to decide as of, by default today; from what was known by its end, unless known says otherwise"`
}

// moment is what a caller may know, as an answer stands to it, and the day that decisions are made as of.
type moment struct {
	fact.View
	day period.Day
}

// at is the moment that a request asks for. The newest commit and today where it asks for none.
func (s *server) at(ctx context.Context, c *caller, k Knowledge) (moment, error) {
	m := moment{day: s.Clock.Today()}
	known := k.Known
	if k.AsOf != "" {
		day, err := period.ParseDay(k.AsOf)
		if err != nil {
			return m, invalid(c.t, "as_of", k.AsOf, i18n.M("api.bad_day"))
		}
		if known == 0 && day != m.day {
			known, err = s.Frames.KnownBy(ctx, day)
			if msg, ok := errs.Message(err); ok {
				return m, invalid(c.t, "as_of", k.AsOf, msg)
			}
			if err != nil {
				return m, err
			}
		}
		m.day = day
	}
	var err error
	m.View, err = s.Frames.For(ctx, c.scope, known)
	return m, err
}

// asOf is the state of knowledge that an answer shows.
type asOf struct {
	Commit int64  `json:"commit" example:"42" doc:"知晓到哪一次提交 · the commit up to which everything is known"`
	Day    string `json:"day" example:"2024-10-31" doc:"测算到哪一天 · the day that decisions are made as of"`
}

func (m moment) asOf() asOf { return asOf{Commit: m.Seq(), Day: m.day.String()} }
