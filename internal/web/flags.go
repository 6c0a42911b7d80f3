package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/flag"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// mayFlag is who looks for red flags.
var mayFlag = access.Need{Action: access.ReadLog, Area: true}

// flagRoutes are red flags: for who may read the log of an area.
func (s *server) flagRoutes() []route {
	return []route{
		{"GET /flags", mayFlag, s.flags},
		{"GET /flags/export", mayFlag, s.exportFlags},
	}
}

func flagsPath(path, kind string, page int) string {
	out := url.Values{}
	if kind != "" {
		out.Set("kind", kind)
	}
	if text := pageText(page); text != "" {
		out.Set("page", text)
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

// flagRow is a row behind a flag in words.
type flagRow struct {
	flag.Row
	FirmName, Amount string
}

// flagShown is a flag in words.
type flagShown struct {
	Kind, What string
	Rows       []flagRow
}

// flagRule is what is looked for.
type flagRule struct {
	flag.Kind
	Marks []string
}

// flagsData is the page.
type flagsData struct {
	Kind  string // "" for all
	Kinds []option
	Rules []flagRule
	Total int
	Page  int
	Pages int
	Flags []flagShown
	AsOf  string
}

// flagsFound is the flags of the kind that is asked for; all where it is none.
func (s *server) flagsFound(r *http.Request, v *visit) (view fact.View, kind string, list *flag.List, err error) {
	if view, err = s.view(r.Context(), v); err != nil {
		return view, "", nil, err
	}
	if k, err := s.Flags.Set.Kind(r.FormValue("kind")); err == nil {
		kind = k.Kind
	}
	list, err = s.Flags.Find(r.Context(), view, kind)
	return view, kind, list, err
}

// flagsIn puts flags into words.
func (s *server) flagsIn(t i18n.T, view fact.View, found []flag.Flag) ([]flagShown, error) {
	var all []flagShown
	for _, f := range found {
		kind, err := s.Flags.Set.Kind(f.Kind)
		if err != nil {
			return nil, err
		}
		shown := flagShown{Kind: t.Text(kind.Name), What: t.Msg(f.Msg())}
		for _, r := range f.Rows {
			row := flagRow{Row: r, FirmName: s.firmName(view, r.Firm)}
			if r.Amount != 0 {
				row.Amount = inWords(t, r.Amount)
			}
			shown.Rows = append(shown.Rows, row)
		}
		all = append(all, shown)
	}
	return all, nil
}

func (s *server) flags(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, kind, list, err := s.flagsFound(r, v)
	if err != nil {
		return err
	}
	d := flagsData{Kind: kind, Total: list.Total(), Pages: max((list.Total()+listRows-1)/listRows, 1), AsOf: s.asOf(v.t, view)}
	for _, k := range s.Flags.Set.Kinds() {
		d.Kinds = append(d.Kinds, option{k.Kind, v.t.Text(k.Name)})
		if kind != "" && k.Kind != kind {
			continue
		}
		marks, err := s.Flags.Marks(r.Context(), view, k)
		if err != nil {
			return err
		}
		rule := flagRule{Kind: k}
		for _, m := range marks {
			rule.Marks = append(rule.Marks, v.t.S("flagpage.mark", inWords(v.t, m.Amount), m.Number, m.Cite, k.Within.String()))
		}
		d.Rules = append(d.Rules, rule)
	}
	d.Page = min(pageNumber(r.FormValue("page")), d.Pages)
	if d.Flags, err = s.flagsIn(v.t, view, list.Page((d.Page-1)*listRows, d.Page*listRows)); err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("flagpage.title")), http.StatusOK, flagsPage(v.t, d))
}

// exportFlags sends all flags of the kind, a line for each row behind one.
func (s *server) exportFlags(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, kind, list, err := s.flagsFound(r, v)
	if err != nil {
		return err
	}
	shown, err := s.flagsIn(v.t, view, list.Page(0, list.Total()))
	if err != nil {
		return err
	}
	t := v.t
	var rows [][]any
	for i, f := range shown {
		for _, x := range f.Rows {
			row := []any{i + 1, f.Kind, f.What, x.FirmName, x.Name, nil, nil, nil}
			if x.Year != 0 {
				row[5] = x.Year
			}
			if x.Amount != "" {
				row[6] = x.Row.Amount.In(money.Yuan)
			}
			if x.Case != 0 {
				row[7] = casePath(x.Case)
			}
			rows = append(rows, row)
		}
	}
	return s.export(w, r, v, t.S("flagpage.title")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: t.S("flagpage.title"), Notes: append(s.notes(v, view, flagsPath("/flags", kind, 1)), [2]string{t.S("flagpage.title"), t.S("flagpage.lead")}),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("flagpage.no"), t.S("flagpage.kind"), t.S("flagpage.what"), t.S("flagpage.firm"), t.S("flagpage.about"), t.S("flagpage.year"), t.S("flagpage.fen"), t.S("flagpage.case"),
		}},
	})
}
