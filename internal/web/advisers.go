package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// adviserRoutes are what advisers did for firms, and what holds firms back.
func (s *server) adviserRoutes() []route {
	return []route{
		{"GET /advisers", access.Need{Action: access.ReadCase}, s.advisers},
		{"POST /advisers", access.Need{Action: access.HandleCase}, s.advise},
	}
}

// adviceNote is what was done for a firm, in words.
type adviceNote struct {
	diagnosis.Note
	Name, AreaName, BarrierName, Service, Page string
}

// heldRow is how many firms a barrier holds back, and what fits.
type heldRow struct {
	Name, Service, Page string
	Firms               int
}

type advisersData struct {
	Notes    []adviceNote
	Total    int
	Page     int
	Pages    int
	Held     []heldRow // to offices
	Year     int
	May      bool
	Barriers []option
	Today    string
	Typed    url.Values
	Done     string
	Problem  string
}

// notesShown is how many notes a page lists.
const notesShown = 50

func (s *server) advisers(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showAdvisers(w, r, v, http.StatusOK, "")
}

func (s *server) showAdvisers(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	ctx, t := r.Context(), v.t
	d := advisersData{Typed: r.PostForm, Problem: problem, Page: pageNumber(r.FormValue("page")), Today: s.Clock.Today().String(), Year: s.Clock.Today().Year(), May: v.scope.Can(access.HandleCase)}
	if r.FormValue("done") == "noted" {
		d.Done = t.S("diagnosispage.done_noted")
	}
	all, total, err := s.Diagnoses.Notes(ctx, v.scope, max(numberOf(r, "firm_id"), 0), (d.Page-1)*notesShown, notesShown)
	if err != nil {
		return err
	}
	d.Total, d.Pages = total, max(1, (total+notesShown-1)/notesShown)
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	barriers, _ := s.Library.CodeList(diagnosis.BarrierCodes)
	for _, n := range all {
		row := adviceNote{Note: n, Name: s.firmName(view, n.Firm), AreaName: s.areaName(n.Area)}
		if e, ok := barriers.Entry(n.Barrier); ok {
			row.BarrierName = t.Text(e.Name)
		}
		if x, ok := s.Diagnoses.Programme.Service(n.Barrier); ok {
			row.Service, row.Page = t.Text(x.Service), x.Page
		}
		d.Notes = append(d.Notes, row)
	}
	if (access.Need{Action: access.ReadFact, Area: true}).MetBy(v.scope) {
		held := diagnosis.Held(view, d.Year)
		for _, e := range barriers.Entries {
			row := heldRow{Name: t.Text(e.Name), Firms: held[e.Code]}
			if x, ok := s.Diagnoses.Programme.Service(e.Code); ok {
				row.Service, row.Page = t.Text(x.Service), x.Page
			}
			d.Held = append(d.Held, row)
		}
	}
	d.Barriers = append([]option{{"", t.S("diagnosispage.none")}}, codeOptions(s.Library, t, diagnosis.BarrierCodes)...)
	return s.show(w, r, s.shell(r, v, t.S("diagnosispage.advisers")), status, advisersPage(t, d))
}

// advise notes what was done for a firm.
func (s *server) advise(w http.ResponseWriter, r *http.Request, v *visit) error {
	text := strings.TrimSpace(r.PostFormValue("firm"))
	firm, err := s.findParty(r.Context(), text)
	if err == nil && firm == 0 {
		err = errs.Invalid(i18n.M("selectionpage.no_firm", text))
	}
	if err == nil {
		_, err = s.Diagnoses.Advise(r.Context(), v.scope, diagnosis.Note{
			Firm: firm, Day: dayTyped(r.PostFormValue("day")), Who: r.PostFormValue("who"), What: r.PostFormValue("what"), Barrier: r.PostFormValue("barrier"), Next: r.PostFormValue("next"),
		})
	}
	if errs.KindOf(err) == errs.KindNotFound { // a firm of elsewhere: as one that is not there
		err = errs.Invalid(i18n.M("selectionpage.no_firm", text))
	}
	if err == nil {
		return seeOther(w, r, "/advisers?done=noted")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	return s.showAdvisers(w, r, v, statusOf(err), v.t.Msg(msg))
}
