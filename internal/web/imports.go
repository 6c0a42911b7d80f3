package web

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/source"
)

const (
	listedBatches = 40       // on a page
	fieldLimit    = 4 << 10  // bytes of a field beside the uploaded files
	filesAtOnce   = 20       // in one upload
	drainLimit    = 2 << 30  // bytes of a body too large that are read away, so that the browser shows the answer
	formRoom      = 64 << 10 // bytes of a body besides its files
)

// fileLimit is the largest file that an import takes, and bodyLimit the largest upload of several.
func fileLimit() int64 { return sheet.DefaultLimits().File }
func bodyLimit() int64 { return 4 * fileLimit() }

func batchPath(id int64) string { return "/imports/" + strconv.FormatInt(id, 10) }

// importsData is the page: the form for the next files, and what came before. Who may not import sees only what has
// become known.
type importsData struct {
	Form        uploadForm
	MayImport   bool
	Authorities []content.Authority
	Areas       []option
	Senders     []string // of earlier batches, newest first
	Batches     []batchRow
	Older       string // address of the next stretch, "" when there is none
	Sources     []sourceRow
}

// uploadForm is what was filled in, and what became of the files that came with it.
type uploadForm struct {
	Sender, Authority, Area, Year string
	Errors                        map[string]string // by field
	Refused                       []refusedFile
	Taken                         []takenFile

	password string // of the files; never shown again
}

type refusedFile struct{ Name, Why string }

type takenFile struct {
	Name string
	ID   int64
}

// batchRow is a batch in the list.
type batchRow struct {
	intake.Batch
	Authority, Area, By string
	Standing            intake.Standing
	MayUndo             bool
}

type sourceRow struct {
	source.Source
	Authority, Area string
}

func (s *server) imports(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showImports(w, r, v, http.StatusOK, nil)
}

// showImports draws the page; without a form it begins with what the visitor's last file was sent with.
func (s *server) showImports(w http.ResponseWriter, r *http.Request, v *visit, status int, f *uploadForm) error {
	d := importsData{MayImport: v.scope.Can(access.Import)}
	var err error
	if d.MayImport {
		err = s.fillBatches(r, v, &d, f)
	} else {
		err = s.fillSources(r, v, &d)
	}
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("web.nav_imports")), status, importsPage(v.t, d))
}

func (s *server) fillBatches(r *http.Request, v *visit, d *importsData, f *uploadForm) error {
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	list, err := s.Intake.Batches(r.Context(), v.scope, max(before, 0), listedBatches+1)
	if err != nil {
		return err
	}
	if len(list) > listedBatches {
		list = list[:listedBatches]
		d.Older = "/imports?before=" + strconv.FormatInt(list[len(list)-1].ID, 10)
	}
	d.Authorities, d.Areas = s.Library.Authorities(), s.importAreas(v.scope)
	names := map[int64]string{}
	for _, b := range list {
		if !slices.Contains(d.Senders, b.Sender) {
			d.Senders = append(d.Senders, b.Sender)
		}
		by, err := s.personName(r.Context(), names, b.Account)
		if err != nil {
			return err
		}
		d.Batches = append(d.Batches, batchRow{
			Batch: b, Authority: s.authorityName(v.t, b.Authority), Area: nodeName(s.Library.Areas(), b.Area), By: by,
			Standing: b.Standing(), MayUndo: b.State == intake.Committed && v.scope.Sees(access.UndoImport, b.Area, 0),
		})
	}
	if f != nil {
		d.Form = *f
		return nil
	}
	if len(d.Areas) > 0 {
		d.Form.Area = d.Areas[0].Value
	}
	if i := slices.IndexFunc(list, func(b intake.Batch) bool { return b.Account == v.account.ID }); i >= 0 {
		d.Form = uploadForm{Sender: list[i].Sender, Authority: list[i].Authority, Area: list[i].Area}
	}
	return nil
}

func (s *server) fillSources(r *http.Request, v *visit, d *importsData) error {
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	list, err := s.Sources.List(r.Context(), v.scope, source.Page{Before: max(before, 0), Limit: listedBatches + 1, Kind: source.Import})
	if err != nil {
		return err
	}
	if len(list) > listedBatches {
		list = list[:listedBatches]
		d.Older = "/imports?before=" + strconv.FormatInt(list[len(list)-1].ID, 10)
	}
	for _, src := range list {
		d.Sources = append(d.Sources, sourceRow{src, s.authorityName(v.t, src.Authority), nodeName(s.Library.Areas(), src.Area)})
	}
	return nil
}

// importAreas is the areas that the scope may import for.
func (s *server) importAreas(scope access.Scope) []option {
	return slices.DeleteFunc(s.areaOptions(scope), func(o option) bool { return !scope.Sees(access.Import, o.Value, 0) })
}

// personName is who an account belongs to; names keeps what was asked before.
func (s *server) personName(ctx context.Context, names map[int64]string, account int64) (string, error) {
	if name, ok := names[account]; ok {
		return name, nil
	}
	name, err := s.Access.NameOf(ctx, account)
	if err != nil {
		return "", err
	}
	names[account] = name
	return name, nil
}

// upload takes files in. One that is accepted leads to its preview; several, or one that is refused, come back to the
// page, which says what became of each.
func (s *server) upload(w http.ResponseWriter, r *http.Request, v *visit) error {
	whole, limit := r.Body, bodyLimit()+formRoom
	tooBig := r.ContentLength > limit
	var err error
	if !tooBig {
		r.Body = http.MaxBytesReader(w, whole, limit)
		err = r.ParseMultipartForm(1 << 20) // what is larger waits on the disk
		tooBig = errors.As(err, new(*http.MaxBytesError))
	}
	if tooBig {
		_, _ = io.Copy(io.Discard, io.LimitReader(whole, drainLimit))
		f := uploadForm{Errors: map[string]string{"file": v.t.S("imports.body_too_big", bodyLimit()>>20)}}
		return s.showImports(w, r, v, http.StatusRequestEntityTooLarge, &f)
	}
	if err != nil {
		return badForm(err)
	}
	f := uploadForm{
		Sender: strings.TrimSpace(r.PostFormValue("sender")), Authority: r.PostFormValue("authority"),
		Area: r.PostFormValue("area"), Year: strings.TrimSpace(r.PostFormValue("year")), password: r.PostFormValue("password"),
	}
	files := chosenFiles(r.MultipartForm)
	about := s.checkUpload(v, &f, files)
	if len(f.Errors) > 0 {
		return s.showImports(w, r, v, http.StatusUnprocessableEntity, &f)
	}
	for _, file := range files {
		if err := s.takeFile(r.Context(), v, &f, file, about); err != nil {
			return err
		}
	}
	var taken []int64
	for _, b := range f.Taken {
		taken = append(taken, b.ID)
	}
	if err := s.Intake.Bundle(r.Context(), taken); err != nil {
		return err
	}
	switch {
	case len(f.Refused) > 0:
		return s.showImports(w, r, v, http.StatusUnprocessableEntity, &f)
	case len(f.Taken) == 1:
		s.settle(r.Context(), v, f.Taken[0].ID)
		return seeOther(w, r, batchPath(f.Taken[0].ID))
	}
	return seeOther(w, r, deliveryPath(f.Taken[0].ID))
}

// chosenFiles leaves out the empty part that a browser sends when no file was chosen.
func chosenFiles(form *multipart.Form) []*multipart.FileHeader {
	return slices.DeleteFunc(form.File["file"], func(h *multipart.FileHeader) bool { return h.Filename == "" && h.Size == 0 })
}

// checkUpload finds what is wrong with the fields, by name, and reads the period.
func (s *server) checkUpload(v *visit, f *uploadForm, files []*multipart.FileHeader) period.Period {
	f.Errors = map[string]string{}
	for _, text := range []*string{&f.Sender, &f.Authority, &f.Area, &f.Year} {
		if len(*text) > fieldLimit {
			*text = ""
		}
	}
	if len(files) == 0 {
		f.Errors["file"] = v.t.S("imports.no_file")
	}
	if len(files) > filesAtOnce {
		f.Errors["file"] = v.t.S("imports.too_many_files", filesAtOnce)
	}
	if f.Sender == "" {
		f.Errors["sender"] = v.t.S("imports.no_sender")
	}
	if !slices.ContainsFunc(s.Library.Authorities(), func(a content.Authority) bool { return a.Code == f.Authority }) {
		f.Errors["authority"] = v.t.S("imports.no_authority")
	}
	if !v.scope.Sees(access.Import, f.Area, 0) {
		f.Errors["area"] = v.t.S("imports.no_area")
	}
	about, msg := readPeriod(f.Year)
	if !msg.IsZero() {
		f.Errors["year"] = v.t.Msg(msg)
	}
	return about
}

// readPeriod reads a period as people write it; blank is none.
func readPeriod(text string) (period.Period, i18n.Msg) {
	if text = strings.TrimSpace(text); text == "" {
		return period.Period{}, i18n.Msg{}
	}
	p, err := sheet.ParsePeriod(text, 0)
	if err == nil {
		return p, i18n.Msg{}
	}
	if msg, ok := errs.Message(err); ok {
		return p, msg
	}
	return p, i18n.M("web.bad_period")
}

// takeFile hands one file, or an archive of files, to the intake; a file that is refused is no error of the request.
func (s *server) takeFile(ctx context.Context, v *visit, f *uploadForm, h *multipart.FileHeader, about period.Period) error {
	body, err := h.Open()
	if err != nil {
		return err
	}
	receipts, err := s.Intake.ReceiveAll(ctx, v.scope, intake.Upload{
		Name: fileName(h.Filename), Sender: f.Sender, Authority: f.Authority, Area: f.Area, Period: about, Password: f.password, Body: body,
	})
	for _, r := range receipts {
		if msg, refused := errs.Message(r.Err); refused {
			f.Refused = append(f.Refused, refusedFile{r.Name, v.t.Msg(msg)})
		} else {
			f.Taken = append(f.Taken, takenFile{r.Name, r.Batch.ID})
		}
	}
	err = errors.Join(err, body.Close())
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		f.Refused = append(f.Refused, refusedFile{fileName(h.Filename), v.t.Msg(msg)})
		return nil
	}
	return err
}

// fileName is a file's name without the folders that some browsers send with it.
func fileName(sent string) string {
	return cmp.Or(sent[strings.LastIndexAny(sent, `/\`)+1:], sent)
}
