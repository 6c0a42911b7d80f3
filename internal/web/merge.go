package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
)

// mergeData is the page: which enterprise may be the same as this one, and what would happen.
type mergeData struct {
	Firm    mergeSide
	Query   string
	Alike   []mergeSide // of the same name up to the legal form, or of the same code
	Found   []mergeSide // by the search
	Total   int         // what the search fits
	Preview *mergePreview
	Reason  string // as it was typed
	Problem string
}

// mergeSide is one of two enterprises.
type mergeSide struct {
	party.Enterprise
	AreaName, IndustryName string
	Figures                int
	Children               []string // how many of each kind, in words
}

// mergePreview is what would happen if From counted for the page's enterprise.
type mergePreview struct {
	From   mergeSide
	After  mergeSide // who it would be; without figures
	Doubts []string
	Differ []differing // at most shownDiffering
	More   int         // further ones
}

// differing is a figure that both have, and not the same.
type differing struct{ Name, Period, Into, From string }

const (
	shownCandidates = 20
	shownDiffering  = 20
)

// mergedRow is an enterprise that stands for another, in that one's file.
type mergedRow struct {
	party.Enterprise
	When, Who, Why string
}

func mergePath(into, from int64) string {
	path := enterprisePath(into) + "/merge"
	if from == 0 {
		return path
	}
	return path + "?" + url.Values{"with": {strconv.FormatInt(from, 10)}}.Encode()
}

// mergeableOf is the enterprise of an address, if the visitor may merge it.
func (s *server) mergeableOf(r *http.Request, v *visit) (fact.View, party.Enterprise, error) {
	view, e, err := s.firmOf(r, v)
	if err == nil && !view.Can(access.Merge, e.ID) {
		err = errs.NotFound("enterprise", e.ID)
	}
	return view, e, err
}

// otherOf is the enterprise to be merged into another, as the form names it.
func otherOf(view fact.View, into party.Enterprise, text string) (party.Enterprise, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	other, ok := view.Enterprise(id)
	if err != nil || !ok || !view.Can(access.Merge, id) || !view.Can(access.ReadFact, id) {
		return other, errs.NotFound("enterprise", text)
	}
	if other.ID == into.ID {
		return other, errs.Invalid(i18n.M("party.unlike"))
	}
	return other, nil
}

func (s *server) mergePage(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, e, err := s.mergeableOf(r, v)
	if err != nil {
		return err
	}
	return s.showMerge(w, r, v, view, e, http.StatusOK, mergeData{Query: strings.TrimSpace(r.FormValue("q"))})
}

func (s *server) showMerge(w http.ResponseWriter, r *http.Request, v *visit, view fact.View, e party.Enterprise, status int, d mergeData) error {
	ctx := r.Context()
	var err error
	if d.Firm, err = s.mergeSide(ctx, v.t, view, e); err != nil {
		return err
	}
	if with := r.FormValue("with"); with != "" {
		other, err := otherOf(view, e, with)
		if err != nil {
			return err
		}
		if d.Preview, err = s.mergePreview(ctx, v.t, view, d.Firm, other); err != nil {
			return err
		}
	} else {
		d.Alike = s.alike(view, e)
	}
	if d.Query != "" && d.Preview == nil {
		found := view.Search(d.Query, shownCandidates)
		d.Total = found.Total
		for _, other := range found.Enterprises {
			if other.ID == e.ID || !view.Can(access.Merge, other.ID) {
				d.Total--
				continue
			}
			d.Found = append(d.Found, s.shortSide(other))
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("web.merge")+" · "+e.Name), status, mergePageView(v.t, d))
}

// alike is the enterprises that may be the same one.
func (s *server) alike(view fact.View, e party.Enterprise) []mergeSide {
	var all []mergeSide
	for _, other := range view.Alike(e) {
		all = append(all, s.shortSide(other))
	}
	return all[:min(len(all), shownCandidates)]
}

// shortSide is an enterprise as a list of candidates shows it.
func (s *server) shortSide(e party.Enterprise) mergeSide {
	return mergeSide{Enterprise: e, AreaName: nodeName(s.Library.Areas(), e.Area), IndustryName: nodeName(s.Library.Industries(), e.Industry)}
}

// mergeSide is an enterprise with how much is known of it.
func (s *server) mergeSide(ctx context.Context, t i18n.T, view fact.View, e party.Enterprise) (mergeSide, error) {
	side := s.shortSide(e)
	lines, err := view.Timeline(ctx, e.ID)
	if err != nil {
		return side, err
	}
	for _, l := range lines {
		if l.Cell.State != fact.Unknown {
			side.Figures++
		}
	}
	for _, kind := range kinds[1:] {
		if n := len(view.Children(e.ID, kind)); n > 0 {
			side.Children = append(side.Children, t.S("web.kind_"+kind)+" "+strconv.Itoa(n))
		}
	}
	return side, nil
}

// mergePreview compares two enterprises.
func (s *server) mergePreview(ctx context.Context, t i18n.T, view fact.View, into mergeSide, other party.Enterprise) (*mergePreview, error) {
	from, err := s.mergeSide(ctx, t, view, other)
	if err != nil {
		return nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), view.Seq())
	if err != nil {
		return nil, err
	}
	after, _ := whole.Registry().Together(into.ID, from.ID)
	p := &mergePreview{From: from, After: s.shortSide(after)}
	if into.USCC != "" && from.USCC != "" && into.USCC != from.USCC {
		p.Doubts = append(p.Doubts, t.S("web.merge_codes_differ", string(into.USCC), string(from.USCC)))
	}
	if party.NameKey(into.Name) != party.NameKey(from.Name) {
		p.Doubts = append(p.Doubts, t.S("web.merge_names_differ", into.Name, from.Name))
	}
	if into.Area != from.Area {
		p.Doubts = append(p.Doubts, t.S("web.merge_areas_differ", into.AreaName, from.AreaName))
	}
	differ, err := view.Differences(ctx, into.ID, other.ID)
	if err != nil {
		return nil, err
	}
	p.More = max(len(differ)-shownDiffering, 0)
	for _, x := range differ[:len(differ)-p.More] {
		d := differing{
			Name: t.Text(x.Def.Name),
			Into: factText(t, s.Library, x.Def, x.One.State, x.One.Value, x.One.Precision),
			From: factText(t, s.Library, x.Def, x.Two.State, x.Two.Value, x.Two.Precision),
		}
		if x.Period.Kind() != period.Always {
			d.Period = periodText(t, x.Period)
		}
		p.Differ = append(p.Differ, d)
	}
	return p, nil
}

// merge makes one enterprise count for the page's.
func (s *server) merge(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, e, err := s.mergeableOf(r, v)
	if err != nil {
		return err
	}
	other, err := otherOf(view, e, r.PostFormValue("with"))
	if err != nil {
		return err
	}
	d := mergeData{Reason: strings.TrimSpace(r.PostFormValue("reason"))}
	if d.Reason == "" || len(d.Reason) > fieldLimit {
		d.Problem = v.t.S("web.need_reason")
		return s.showMerge(w, r, v, view, e, http.StatusUnprocessableEntity, d)
	}
	if _, err = view.Merge(r.Context(), party.Merging{From: other.ID, Into: e.ID, Reason: d.Reason}); err != nil {
		return err
	}
	if err := s.Frames.Refresh(r.Context()); err != nil {
		return err
	}
	return seeOther(w, r, enterprisePath(e.ID)+"?done=merged#merged")
}

// unmerge lets an enterprise stand for itself again.
func (s *server) unmerge(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, e, err := s.mergeableOf(r, v)
	if err != nil {
		return err
	}
	from, err := strconv.ParseInt(r.PostFormValue("from"), 10, 64)
	if err != nil || !slices.Contains(e.Merged, from) {
		return errs.NotFound("enterprise", r.PostFormValue("from"))
	}
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if reason == "" || len(reason) > fieldLimit {
		return errs.Invalid(i18n.M("web.need_reason"))
	}
	if _, err := view.Unmerge(r.Context(), from, reason); err != nil {
		return err
	}
	if err := s.Frames.Refresh(r.Context()); err != nil {
		return err
	}
	return seeOther(w, r, enterprisePath(e.ID)+"?done=unmerged")
}

// mergedRows is what an enterprise stands for besides itself: since when, by whom and why.
func (s *server) mergedRows(ctx context.Context, view fact.View, e party.Enterprise) ([]mergedRow, error) {
	absorbed, err := view.Absorbed(ctx, e)
	if err != nil {
		return nil, err
	}
	people := map[int64]string{}
	var rows []mergedRow
	for _, a := range absorbed {
		who, err := s.personName(ctx, people, a.By.Actor)
		if err != nil {
			return nil, err
		}
		rows = append(rows, mergedRow{Enterprise: a.Enterprise, When: instant(a.By.At), Who: who, Why: a.By.Reason})
	}
	return rows, nil
}
