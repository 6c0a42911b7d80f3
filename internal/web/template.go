package web

import (
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/layout"
)

// templateLimit is the largest body with a template.
const templateLimit = 5 << 20

// templateData is the page that asks for a template to fill.
type templateData struct {
	Action  string // with the list's filters
	List    string // address of the list
	Count   int    // enterprises that would be filled in
	Year    int
	Problem string
}

func (s *server) templatePage(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showTemplate(w, r, v, http.StatusOK, "")
}

func (s *server) showTemplate(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	q := s.readList(r.URL.Query()).onPage(1)
	d := templateData{
		Action: q.href("/enterprises/template"), List: q.href("/enterprises"), Count: view.List(q.listing()).Len(), Year: q.Year, Problem: problem,
	}
	return s.show(w, r, s.shell(r, v, v.t.S("template.title")), status, fillPage(v.t, d))
}

// fillTemplate answers with the template that was sent, filled with the list of the address.
func (s *server) fillTemplate(w http.ResponseWriter, r *http.Request, v *visit) error {
	r.Body = http.MaxBytesReader(w, r.Body, templateLimit)
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		return badForm(err)
	}
	defer func() {
		if err := r.MultipartForm.RemoveAll(); err != nil {
			s.Log.Error("uploaded file not removed", "error", err)
		}
	}()
	name, filled, err := s.filled(r, v)
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		return s.showTemplate(w, r, v, http.StatusUnprocessableEntity, v.t.Msg(msg))
	}
	if err != nil {
		return err
	}
	attach(w, name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	_, err = w.Write(filled.Body)
	return err
}

// filled is the template of a form with its table, under its own name.
func (s *server) filled(r *http.Request, v *visit) (name string, filled layout.Filled, err error) {
	all := chosenFiles(r.MultipartForm)
	if len(all) != 1 {
		return "", layout.Filled{}, errs.Invalid(i18n.M("template.none"))
	}
	name = fileName(all[0].Filename)
	if s.Demo != nil {
		name = v.t.S("web.demo") + "-" + name
	}
	in, err := all[0].Open()
	if err != nil {
		return "", layout.Filled{}, err
	}
	defer in.Close()
	file, err := os.CreateTemp("", "yanzhen-template-*")
	if err != nil {
		return "", layout.Filled{}, err
	}
	defer os.Remove(file.Name())
	_, err = io.Copy(file, in)
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", layout.Filled{}, err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return "", layout.Filled{}, err
	}
	f := layout.Filler{
		Library: s.Library, View: view, T: v.t, Today: s.Clock.Today(),
		May: func(area string, id int64) bool { return v.scope.Sees(access.Export, area, id) },
	}
	filled, err = f.Fill(r.Context(), file.Name(), fileName(all[0].Filename), s.readList(r.URL.Query()).listing())
	return name, filled, err
}

// fillWords says what will be filled in.
func fillWords(t i18n.T, d templateData) string {
	return t.S("template.count", i18n.Group(strconv.Itoa(d.Count)), d.Year)
}
