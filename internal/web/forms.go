package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// formPath is where anybody sees what a form asks, and an enterprise prepares it.
func formPath(code string) string { return "/forms/" + code }

// formRoutes are the forms of the programme by themselves: what they ask, open to all, and an enterprise's preparation of
// one before there is a case to send it in.
func (s *server) formRoutes() []route {
	open, own := access.Need{Public: true}, access.Need{Action: access.FileCase}
	return []route{
		{"GET /forms", open, s.forms},
		{"GET /forms/{form}", open, s.prepare},
		{"GET /forms/{form}/schema", open, s.formSchema},
		{"GET /forms/{form}/lines/{field}", open, s.preparedLines},
		{"POST /forms/{form}", own, s.prepared},
		{"POST /forms/{form}/draft", own, s.prepareDraft},
		{"POST /forms/{form}/drop", own, s.dropPrepared},
	}
}

func (s *server) forms(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.show(w, r, s.shell(r, v, v.t.S("formpage.title")), http.StatusOK, formsPage(v.t, s.Forms.Set().Forms()))
}

// prepareData is what stands around the form on its own page.
type prepareData struct {
	Firm     party.Enterprise // zero for whom it is nobody's
	Subjects []option         // addresses of what the form may be about
	About    string           // the address of what it is about
	Drop     string           // where the preparation is thrown away; "" while there is none
}

// preparation is the form of an address for the visitor: of their own enterprise, about what the address names.
func (s *server) preparation(r *http.Request, v *visit) (formHost, error) {
	f, err := s.Forms.Set().Form(r.PathValue("form"))
	if err != nil {
		return formHost{}, err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return formHost{}, err
	}
	today := s.Clock.Today()
	h := formHost{Form: f, View: view, Path: formPath(f.Code), At: form.At{Year: today.Year(), On: today}}
	var d prepareData
	h.Page = func(t i18n.T, view formView) templ.Component { return preparePage(t, view, d) }
	enterprise := form.Fresh(content.Enterprise, nil)
	if v.scope.Can(access.FileCase) {
		if own := slices.Collect(view.Enterprises()); len(own) > 0 {
			d.Firm = own[0]
			h.Firm = d.Firm.ID
			if known, ok := s.reader.Subject(view, d.Firm.ID); ok {
				enterprise = known
			}
		}
	}
	about, err := s.preparedAbout(r, v, &h, &d, enterprise)
	if err != nil {
		return h, err
	}
	h.At.Subject = about
	if h.Firm != 0 {
		h.Place = "forms/" + f.Code + "/" + strconv.FormatInt(h.Firm, 10) + "/" + about.ID()
		d.Drop = h.to("/drop")
	}
	return h, nil
}

// preparedAbout is what the form is about: the enterprise, one of what belongs to it, or something that is yet to be.
func (s *server) preparedAbout(r *http.Request, v *visit, h *formHost, d *prepareData, enterprise rule.Subject) (rule.Subject, error) {
	if h.Form.Subject == content.Enterprise {
		return enterprise, nil
	}
	asked := r.URL.Query().Get("about")
	have := enterprise.Children(h.Form.Subject)
	if len(have) == 0 || !looksBack(h.Form) {
		have = append([]rule.Subject{form.Fresh(h.Form.Subject, enterprise)}, have...)
	}
	about := have[0]
	for _, x := range have {
		query, name := "", v.t.S("formpage.new_"+h.Form.Subject)
		if x.ID() != "" {
			query, name = url.Values{"about": {x.ID()}}.Encode(), x.Name()
		}
		if asked == x.ID() {
			about = x
		}
		one := *h
		one.Query = query
		d.Subjects = append(d.Subjects, option{one.to(""), name})
		if about.ID() == x.ID() {
			h.Query, d.About = query, one.to("")
		}
	}
	if asked != "" && about.ID() != asked {
		return nil, errs.NotFound("subject", asked)
	}
	return about, nil
}

// looksBack says that a form is about something that is there already: it shows facts of it that are not typed.
func looksBack(f *form.Form) bool {
	return slices.ContainsFunc(f.Fields(), func(x *form.Field) bool { return x.Readonly && x.Fact.Subject == f.Subject })
}

func (s *server) prepare(w http.ResponseWriter, r *http.Request, v *visit) error {
	h, err := s.preparation(r, v)
	if err != nil {
		return err
	}
	return s.getForm(w, r, v, h)
}

func (s *server) prepared(w http.ResponseWriter, r *http.Request, v *visit) error {
	h, err := s.preparation(r, v)
	if err != nil {
		return err
	}
	return s.postForm(w, r, v, h, nil)
}

func (s *server) prepareDraft(w http.ResponseWriter, r *http.Request, v *visit) error {
	h, err := s.preparation(r, v)
	if err != nil {
		return err
	}
	return s.draftForm(w, r, v, h)
}

// dropPrepared throws the preparation away.
func (s *server) dropPrepared(w http.ResponseWriter, r *http.Request, v *visit) error {
	h, err := s.preparation(r, v)
	if err != nil {
		return err
	}
	if h.Place == "" {
		return forbidden(access.FileCase)
	}
	if err := s.Forms.Forget(r.Context(), v.scope, h.Place); err != nil {
		return err
	}
	return seeOther(w, r, h.to("", "done=dropped"))
}

func (s *server) preparedLines(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := s.Forms.Set().Form(r.PathValue("form"))
	if err != nil {
		return err
	}
	return s.formTemplate(w, r, v, f)
}

// formSchema is the JSON Schema of the answers, for programs.
func (s *server) formSchema(w http.ResponseWriter, r *http.Request, _ *visit) error {
	f, err := s.Forms.Set().Form(r.PathValue("form"))
	if err != nil {
		return err
	}
	schema, err := f.Schema()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/schema+json")
	_, err = w.Write(schema)
	return err
}
