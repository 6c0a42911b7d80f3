package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
)

// cockpitRoutes are the programme on one page, and what keeps it live.
func (s *server) cockpitRoutes() []route {
	return []route{
		{"GET /cockpit", mayFigure, s.cockpit},
		{"GET /cockpit/live", mayFigure, s.cockpitLive},
	}
}

// cockpitEach is how many indicators of a group stand on the page where nobody chose.
const cockpitEach = 4

// cockpitMost is how many figures a page of one look holds.
const cockpitMost = 40

// cockpitQuery is a view of the cockpit.
type cockpitQuery struct {
	figureQuery
	Show []string // codes of indicators; none for the first of each group
	Full bool     // without what stands around pages
}

func (q cockpitQuery) href(path string) string {
	out := q.values()
	if len(q.Show) > 0 {
		out["show"] = q.Show
	}
	if q.Full {
		out.Set("full", "1")
	}
	return path + "?" + out.Encode()
}

func (q cockpitQuery) filling(full bool) cockpitQuery {
	q.Full = full
	return q
}

func (q cockpitQuery) now() cockpitQuery {
	q.figureQuery = q.today()
	return q
}

// live is the address of the stream of changes of a page as it was drawn; "" for one that stands in the past.
func (q cockpitQuery) live(a figureAsked) string {
	if a.m.past() {
		return ""
	}
	return q.href("/cockpit/live") + "&since=" + strconv.FormatInt(a.view.Seq(), 10)
}

// tile is a figure of the cockpit.
type tile struct {
	indicatorRow
	Map string
}

type tileGroup struct {
	File  *indicator.File
	Tiles []tile
}

// cockpitChoice is an indicator that may be shown.
type cockpitChoice struct {
	Code, Name string
	Shown      bool
}

// cockpitData is the page.
type cockpitData struct {
	figureFrame
	Query  cockpitQuery
	Groups []tileGroup
	Offer  []cockpitChoice
	Lead   *dataMapData // the first figure by area, on a map
	Live   string       // address of the stream of changes; "" for a page that stands in the past
}

// askedCockpit is what an address shows.
func (s *server) askedCockpit(r *http.Request, v *visit) (figureAsked, cockpitQuery, []*indicator.Indicator, error) {
	a, err := s.askedFigures(r, v)
	if err != nil {
		return a, cockpitQuery{}, nil, err
	}
	a.query = a.query.plainly()
	q := cockpitQuery{figureQuery: a.query, Full: r.FormValue("full") == "1"}
	var all []*indicator.Indicator
	for _, x := range s.Monitor.Set.Indicators() {
		if slices.Contains(r.Form["show"], x.Code) && len(all) < cockpitMost {
			all, q.Show = append(all, x), append(q.Show, x.Code)
		}
	}
	if len(all) == 0 {
		all = s.firstOfGroups()
	}
	return a, q, all, nil
}

// firstOfGroups is the first few indicators of each group.
func (s *server) firstOfGroups() []*indicator.Indicator {
	var all []*indicator.Indicator
	n := map[*indicator.File]int{}
	for _, x := range s.Monitor.Set.Indicators() {
		if n[x.Group]++; n[x.Group] <= cockpitEach && len(all) < cockpitMost {
			all = append(all, x)
		}
	}
	return all
}

// cockpit is the programme on one page: figures that open, the leading one on a map, live while the page stands.
func (s *server) cockpit(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, q, shown, err := s.askedCockpit(r, v)
	if err != nil {
		return err
	}
	t := v.t
	d := cockpitData{figureFrame: s.figureFrame(v, a, shown...), Query: q}
	for _, x := range s.Monitor.Set.Indicators() {
		d.Offer = append(d.Offer, cockpitChoice{x.Code, t.Text(x.Name), slices.Contains(shown, x)})
	}
	for _, x := range shown {
		row, err := s.indicatorRow(r.Context(), t, a, x)
		if err != nil {
			return err
		}
		if n := len(d.Groups); n == 0 || d.Groups[n-1].File != x.Group {
			d.Groups = append(d.Groups, tileGroup{File: x.Group})
		}
		g := &d.Groups[len(d.Groups)-1]
		g.Tiles = append(g.Tiles, tile{row, mapQuery{a.query, x.Code}.href("/map")})
		if d.Lead == nil && row.Why == "" && row.F.Value != nil {
			lead, err := s.dataMapOf(r.Context(), v, a, x)
			if err != nil {
				return err
			}
			d.Lead = &lead
		}
	}
	sh := s.shell(r, v, t.S("figurepage.cockpit"))
	sh.Script, sh.Full = "live.js", q.Full
	d.Live = q.live(a)
	return s.show(w, r, sh, http.StatusOK, cockpitPage(t, d))
}

// How the stream of changes goes: how often it looks for news, and after how long it ends, so that a page asks anew who is looking. A page
// without a stream is asked for again by its reader.
const (
	liveEvery = 500 * time.Millisecond
	liveFor   = 2 * time.Minute
)

// liveFigure is a figure that has changed, as the page is told of it.
type liveFigure struct {
	Code   string `json:"code"`
	Value  string `json:"value"`
	Growth string `json:"growth"`
}

// liveFigures is what an open page shows: its figures, and the leading one by area as one text.
type liveFigures struct {
	all   []liveFigure
	parts string
}

// cockpitLive tells an open page, by server-sent events, which of its figures have changed since something was committed, or that only those
// of areas have.
func (s *server) cockpitLive(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, _, shown, err := s.askedCockpit(r, v)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(r.Context(), liveFor)
	defer stop()
	out := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	drawn, err := s.asDrawn(r, v, a)
	if err != nil {
		return err
	}
	was, err := s.liveFigures(ctx, v.t, drawn, shown)
	if err != nil {
		return err
	}
	a.view = fact.View{} // so that what came in since the page was drawn is told at once
	fmt.Fprint(w, "retry: 1000\n\n")
	if err := out.Flush(); err != nil {
		return nil // the reader has gone
	}
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	for ; ; wait(ctx, tick) {
		select {
		case <-s.Stopping:
			return nil
		case <-ctx.Done():
			return nil
		default:
		}
		view, err := s.viewAt(ctx, v, a.m)
		if err != nil || view.Seq() == a.view.Seq() {
			continue
		}
		var now liveFigures
		if a, err = s.knownAt(ctx, a, view); err == nil {
			now, err = s.liveFigures(ctx, v.t, a, shown)
		}
		if err != nil {
			if ctx.Err() == nil {
				s.Log.Error("live figures", "error", err)
			}
			return nil
		}
		var changed []liveFigure
		for i := range now.all {
			if now.all[i] != was.all[i] {
				changed = append(changed, now.all[i])
			}
		}
		same := len(changed) == 0 && now.parts == was.parts
		was = now
		if same {
			continue
		}
		body, err := json.Marshal(map[string]any{"as_of": s.asKnown(v.t, a.m, view), "figures": changed})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "id: %d\ndata: %s\n\n", view.Seq(), body); err != nil {
			return nil // the reader has gone
		}
		if err := out.Flush(); err != nil {
			return nil
		}
	}
}

// wait is until the next tick, or the end.
func wait(ctx context.Context, tick *time.Ticker) {
	select {
	case <-ctx.Done():
	case <-tick.C:
	}
}

// asDrawn is what a page knew when it was drawn, or was told last: as far as that is still known, else what is known now.
func (s *server) asDrawn(r *http.Request, v *visit, a figureAsked) (figureAsked, error) {
	seq, err := strconv.ParseInt(cmp.Or(r.Header.Get("Last-Event-ID"), r.FormValue("since")), 10, 64)
	if err != nil || seq <= 0 || seq >= a.view.Seq() {
		return a, nil
	}
	view, err := s.Frames.For(r.Context(), v.scope, seq)
	if err != nil {
		return a, nil
	}
	return s.knownAt(r.Context(), a, view)
}

func (s *server) liveFigures(ctx context.Context, t i18n.T, a figureAsked, shown []*indicator.Indicator) (liveFigures, error) {
	out := liveFigures{all: make([]liveFigure, len(shown))}
	for i, x := range shown {
		row, err := s.indicatorRow(ctx, t, a, x)
		if err != nil {
			return out, err
		}
		out.all[i] = liveFigure{x.Code, row.Value, row.Growth}
		if out.parts != "" || row.Why != "" || row.F.Value == nil {
			continue
		}
		rows, err := s.mapRows(ctx, t, a, x)
		if err != nil {
			return out, err
		}
		for _, r := range rows {
			out.parts += fmt.Sprintln(r.Code, r.Value, r.Growth, r.F.Counted, r.F.Within, r.F.Open+r.F.Dark+r.F.Failed)
		}
	}
	return out, nil
}
