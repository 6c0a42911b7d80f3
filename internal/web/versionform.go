package web

import (
	"bytes"
	"cmp"
	"errors"
	"maps"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// editData is the page on which a draft is edited.
type editData struct {
	version.Version
	Name     string
	Forms    []*packageForm // of the files that can be read
	Package  version.Package
	Before   *version.Package // what it was before the last button; nil where nothing can be taken back
	Open     string           // the item that was touched last
	Problems content.Problems // about no field
	Errors   map[string]string
	Report   version.Report
	Checked  bool // what is shown is not kept yet
	Message  string
}

// editable is the draft of an address, for those who may change it.
func (s *server) editable(r *http.Request, v *visit) (version.Version, version.Package, error) {
	x, err := s.versionOf(r, v)
	if err != nil {
		return x, version.Package{}, err
	}
	if !x.May(v.scope, access.DraftPolicy) {
		return x, version.Package{}, forbidden(access.DraftPolicy)
	}
	if x.State != version.Draft {
		return x, version.Package{}, errs.Conflict(i18n.M("version.moved"))
	}
	p, err := s.Versions.Package(r.Context(), x)
	return x, p, err
}

// shownBefore is a package as a form carries it along, in files of hidden fields; the one that is kept where it does not.
func shownBefore(r *http.Request, prefix string, p version.Package) version.Package {
	if policy := r.PostFormValue(prefix + "policy"); policy != "" {
		p.Policy, p.Cases = []byte(policy), []byte(r.PostFormValue(prefix+"cases"))
	}
	return p.Canonical()
}

func (s *server) editVersion(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, p, err := s.editable(r, v)
	if err != nil {
		return err
	}
	return s.showEdit(w, r, v, http.StatusOK, editData{Version: x, Package: p})
}

// showEdit checks the package and shows it as a form and as text; by script, what is wrong alone.
func (s *server) showEdit(w http.ResponseWriter, r *http.Request, v *visit, status int, d editData) error {
	var err error
	if d.Report, err = s.Versions.Check(r.Context(), d.Package); err != nil {
		return err
	}
	d.Name, d.Problems = d.Document, d.Report.Told()
	if d.Report.Policy != nil {
		d.Name = v.t.Text(d.Report.Policy.File.Document.Name)
	}
	for _, file := range []struct {
		name string
		src  []byte
	}{{version.PolicyFile, d.Package.Policy}, {version.CasesFile, d.Package.Cases}} {
		form, ok := newPackageForm(v.t, file.name, file.src)
		if !ok {
			continue
		}
		d.Forms, d.Problems = append(d.Forms, form), form.tell(d.Problems)
		if file.name == version.CasesFile {
			form.tellCases(casesText(v.t, d.Report.Cases))
		}
		form.answer(d.Errors)
	}
	if byScript(r) {
		return part(w, r, http.StatusOK, editErrors(v.t, d))
	}
	return s.show(w, r, s.shell(r, v, d.Name), status, editPage(v.t, d))
}

// takeForm reads the body of an editor's form, which carries a whole package.
func takeForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 4*version.MaxUpload)
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	return nil
}

// saveForm takes the fields of the form into the file, to check or to keep it.
func (s *server) saveForm(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := takeForm(w, r); err != nil {
		return err
	}
	x, p, err := s.editable(r, v)
	if err != nil {
		return err
	}
	p = shownBefore(r, "base-", p)
	d := editData{Version: x, Package: p, Checked: true, Errors: map[string]string{}}
	if r.PostFormValue("do") == "undo" {
		d.Package = shownBefore(r, "before-", p)
		return s.keepOrShow(w, r, v, d)
	}
	for file, src := range map[string]*[]byte{version.PolicyFile: &d.Package.Policy, version.CasesFile: &d.Package.Cases} {
		form, ok := newPackageForm(v.t, file, *src)
		if !ok {
			continue
		}
		typed, problems, touched := form.take(r.PostForm)
		if !bytes.Equal(typed, form.doc.Source) { // an empty file stays one
			*src = typed
		}
		maps.Copy(d.Errors, problems)
		d.Open = cmp.Or(touched, d.Open)
	}
	if d.Open != "" {
		d.Before = &p
	}
	return s.keepOrShow(w, r, v, d)
}

// saveText takes the files as text.
func (s *server) saveText(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := takeForm(w, r); err != nil {
		return err
	}
	x, _, err := s.editable(r, v)
	if err != nil {
		return err
	}
	text := func(name string) []byte { return []byte(r.PostFormValue(name)) }
	p := version.Package{Policy: text("policy"), Cases: text("cases"), Provenance: text("provenance")}
	return s.keepOrShow(w, r, v, editData{Version: x, Package: p.Canonical(), Checked: true})
}

// saveFile puts the package of a file in the place of the draft's.
func (s *server) saveFile(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, sent := takePackage(w, r)
	x, kept, err := s.editable(r, v)
	if err != nil {
		return err
	}
	d := editData{Version: x, Package: p}
	if msg, ok := errs.Message(sent); ok {
		d.Package, d.Message = kept, v.t.Msg(msg)
		return s.showEdit(w, r, v, statusOf(sent), d)
	}
	if sent != nil {
		return sent
	}
	r.PostForm.Set("do", "save")
	return s.keepOrShow(w, r, v, d)
}

// keepOrShow keeps the package where that was asked for and everything could be written, else shows what was found.
func (s *server) keepOrShow(w http.ResponseWriter, r *http.Request, v *visit, d editData) error {
	d.Revision = numberOf(r, "revision")
	if r.PostFormValue("do") != "save" || len(d.Errors) > 0 {
		status := http.StatusOK
		if len(d.Errors) > 0 {
			status = http.StatusUnprocessableEntity
		}
		return s.showEdit(w, r, v, status, d)
	}
	err := s.Versions.Edit(r.Context(), v.scope, d.ID, d.Revision, d.Package)
	var problems content.Problems
	if msg, ok := errs.Message(err); ok && (errs.KindOf(err) == errs.KindInvalid || errs.KindOf(err) == errs.KindConflict) && !errors.As(err, &problems) {
		d.Message = v.t.Msg(msg)
		return s.showEdit(w, r, v, statusOf(err), d)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, versionPath(d.ID)+"?done=edited")
}
