package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// moment is the day that a page stands at: today, or a day in the past with what was known by its end. Facts,
// memberships, merges and the policies in force all follow from it.
type moment struct {
	day period.Day
	seq int64 // commit that was the newest then; 0 for today
}

func (m moment) past() bool { return m.seq != 0 }

// param is the moment for an address: "" for today.
func (m moment) param() string {
	if !m.past() {
		return ""
	}
	return m.day.String()
}

// momentOf reads the day that an address asks for. A day by which nothing was known is refused with the first that is.
func (s *server) momentOf(r *http.Request) (moment, error) {
	today := s.Clock.Today()
	text := strings.TrimSpace(r.FormValue("as_of"))
	if text == "" || text == today.String() {
		return moment{day: today}, nil
	}
	day, err := period.ParseDay(text)
	if err != nil {
		return moment{}, errs.Invalid(i18n.M("web.bad_date", text))
	}
	seq, err := s.Frames.KnownBy(r.Context(), day)
	if err != nil {
		return moment{}, err
	}
	return moment{day: day, seq: seq}, nil
}

// viewAt is what the visitor may know of what was known at a moment.
func (s *server) viewAt(ctx context.Context, v *visit, m moment) (fact.View, error) {
	return s.Frames.For(ctx, v.scope, m.seq)
}

// asKnown says up to which commit a page knows, and the day.
func (s *server) asKnown(t i18n.T, m moment, view fact.View) string {
	if m.past() {
		return t.S("asof.as_known_then", m.day.String(), view.Seq())
	}
	return s.asOf(t, view)
}
