package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

func versionPath(id int64) string { return "/versions/" + strconv.FormatInt(id, 10) }

// versionsData is the page of what is on its way into force.
type versionsData struct {
	Rows     []versionRow
	InForce  []version.InForce // from which a draft may begin
	MayDraft bool
	Problem  string // of what was sent
	Problems content.Problems
	Typed    policy.Document // what is known of a new document
}

// versionRow is a version in a list.
type versionRow struct {
	version.Version
	Name, When, Who, What string // what happened last, to what
}

func (s *server) versions(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showVersions(w, r, v, http.StatusOK, versionsData{})
}

func (s *server) showVersions(w http.ResponseWriter, r *http.Request, v *visit, status int, d versionsData) error {
	drafts, err := s.Versions.Drafts(r.Context(), v.scope)
	if err != nil {
		return err
	}
	people := map[int64]string{}
	for _, x := range drafts {
		row, err := s.versionRow(r.Context(), v.t, x, people)
		if err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	d.MayDraft = v.scope.Can(access.DraftPolicy)
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	all, err := s.Versions.At(r.Context(), view.Seq())
	if err != nil {
		return err
	}
	for _, f := range all {
		if f.May(v.scope, access.DraftPolicy) {
			d.InForce = append(d.InForce, f)
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("versions.title")), status, versionsPage(v.t, d))
}

// versionRow puts a version into words; people keeps the names of accounts.
func (s *server) versionRow(ctx context.Context, t i18n.T, x version.Version, people map[int64]string) (versionRow, error) {
	row := versionRow{Version: x, Name: x.Document}
	p, err := s.Versions.Package(ctx, x)
	if err != nil {
		return row, err
	}
	var f policy.File
	if content.Decode(version.PolicyFile, p.Policy, &f); f.Document.Name.ZH != "" { // as far as it can be read
		row.Name = t.Text(f.Document.Name)
	}
	last := x.Events[len(x.Events)-1]
	row.When, row.What = instant(last.At), t.S("versions.did_"+string(last.Kind))
	row.Who, err = s.actor(ctx, t, people, last.Actor)
	return row, err
}

// actor is who did something; the product itself has no name of its own.
func (s *server) actor(ctx context.Context, t i18n.T, people map[int64]string, account int64) (string, error) {
	name, err := s.personName(ctx, people, account)
	return cmp.Or(name, t.S("web.by_system")), err
}

// packageRoom is what a form may take besides the package it carries.
const packageRoom = 1 << 20

// takePackage reads the file of a form, within the bounds of a package.
func takePackage(w http.ResponseWriter, r *http.Request) (version.Package, error) {
	r.Body = http.MaxBytesReader(w, r.Body, version.MaxUpload+packageRoom)
	if err := r.ParseMultipartForm(version.MaxUpload + packageRoom); err != nil {
		return version.Package{}, badForm(err)
	}
	file, _, err := r.FormFile("file")
	if err != nil {
		return version.Package{}, errs.Invalid(i18n.M("versions.no_file"))
	}
	p, err := version.Read(file)
	return p, errors.Join(err, file.Close())
}

// uploadVersion keeps the package that was sent as a draft.
func (s *server) uploadVersion(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := takePackage(w, r)
	var fresh version.Version
	if err == nil {
		fresh, err = s.Versions.New(r.Context(), v.scope, p)
	}
	var d versionsData
	switch msg, ok := errs.Message(err); {
	case err == nil:
		return seeOther(w, r, versionPath(fresh.ID))
	case errors.As(err, &d.Problems):
		return s.showVersions(w, r, v, http.StatusUnprocessableEntity, d)
	case ok && errs.KindOf(err) != errs.KindNotFound:
		d.Problem = v.t.Msg(msg)
		return s.showVersions(w, r, v, statusOf(err), d)
	}
	return err
}

// blankPolicy is a document with everything left to be filled in.
const blankPolicy = `document:
  id: ""
  number: ""
  name: {zh: "", en: ""}
  issuer: {zh: "", en: ""}
  level: ""
  status: ""
  confidence: ""
  source: ""
  issued: ""
  valid: {from: "", cite: ""}
  area: {in: [""], cite: ""}

params: []

clauses: []

inventory: []
`

// blankVersion begins a draft of a document of which nothing is known but its number, to be filled in by the form. It is
// for the visitor's own area until another is named.
func (s *server) blankVersion(w http.ResponseWriter, r *http.Request, v *visit) error {
	var file policy.File
	doc, _ := content.Decode(version.PolicyFile, []byte(blankPolicy), &file)
	typed := policy.Document{ID: strings.TrimSpace(r.PostFormValue("id")), Number: strings.TrimSpace(r.PostFormValue("number"))}
	if typed.ID == "" || typed.Number == "" {
		return s.showVersions(w, r, v, http.StatusUnprocessableEntity, versionsData{Problem: v.t.S("versions.blank_needs"), Typed: typed})
	}
	src, err := doc.Apply([]content.Change{
		{Path: []any{"document", "id"}, Text: typed.ID},
		{Path: []any{"document", "number"}, Text: typed.Number},
		{Path: []any{"document", "area", "in"}, List: []string{s.homeArea(v.scope)}},
	})
	if err != nil {
		return err
	}
	fresh, err := s.Versions.New(r.Context(), v.scope, version.Package{Policy: src})
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) != errs.KindNotFound {
		return s.showVersions(w, r, v, statusOf(err), versionsData{Problem: v.t.Msg(msg), Typed: typed})
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, versionPath(fresh.ID)+"/edit")
}

// draftFrom begins a draft with the package in force.
func (s *server) draftFrom(w http.ResponseWriter, r *http.Request, v *visit) error {
	fresh, err := s.newDraft(r.Context(), v, r.PathValue("policy"))
	if err != nil {
		return err
	}
	return seeOther(w, r, versionPath(fresh.ID))
}

// newDraft is a draft with the package of a document that is in force.
func (s *server) newDraft(ctx context.Context, v *visit, document string) (version.Version, error) {
	f, err := s.versionInForce(ctx, v, document)
	if err != nil {
		return version.Version{}, err
	}
	p, err := s.Versions.Package(ctx, f.Version)
	if err != nil {
		return version.Version{}, err
	}
	return s.Versions.New(ctx, v.scope, p)
}

// versionInForce is the version of a document that is in force now.
func (s *server) versionInForce(ctx context.Context, v *visit, document string) (version.InForce, error) {
	view, err := s.view(ctx, v)
	if err != nil {
		return version.InForce{}, err
	}
	return s.policyAt(ctx, view, document)
}

// versionOf is the version of an address, as far as the visitor may see it.
func (s *server) versionOf(r *http.Request, v *visit) (version.Version, error) {
	id, err := pathID(r)
	if err != nil {
		return version.Version{}, err
	}
	return s.Versions.Get(r.Context(), v.scope, id)
}

// versionPackage sends a version as an archive, named by its document and hash.
func (s *server) versionPackage(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, err := s.versionOf(r, v)
	if err != nil {
		return err
	}
	p, err := s.Versions.Package(r.Context(), x)
	if err != nil {
		return err
	}
	body, err := p.Zip()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", x.Document+"-"+x.Hash[:12]+".zip"))
	_, _ = w.Write(body) // the visitor has gone; nobody is left to tell
	return nil
}

// versionData is the page of one version.
type versionData struct {
	versionRow
	Report  version.Report
	Against *version.Version // the one in force that it is compared with; for one that was in force, the one before
	Edits   []editView
	Events  []eventView
	Cases   []caseView

	MayEdit, MayPropose, MayDecide, MayEnd bool
	Own                                    bool // it waits for somebody else than the visitor
	Effect                                 bool // the visitor may see what it comes to
	Problem, Typed                         string
	Done                                   string
}

type eventView struct{ When, Who, What, Reason string }

// caseView is a worked case as it ran.
type caseView struct {
	policy.Result
	Good bool
	Text string // what went wrong before anything could be compared
}

// editView is a difference to the version before in words.
type editView struct {
	policy.Edit
	Where, Field  string
	Before, After string
	Line          int // in the file
}

func (s *server) version(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, err := s.versionOf(r, v)
	if err != nil {
		return err
	}
	done := ""
	if kind := r.FormValue("done"); len(x.Events) > 0 && kind == string(x.Events[len(x.Events)-1].Kind) {
		done = v.t.S("versions.done_" + kind)
	}
	return s.showVersion(w, r, v, http.StatusOK, x, versionData{Done: done})
}

func (s *server) showVersion(w http.ResponseWriter, r *http.Request, v *visit, status int, x version.Version, d versionData) error {
	ctx, people := r.Context(), map[int64]string{}
	var err error
	if d.versionRow, err = s.versionRow(ctx, v.t, x, people); err != nil {
		return err
	}
	p, err := s.Versions.Package(ctx, x)
	if err != nil {
		return err
	}
	if d.Report, err = s.Versions.Check(ctx, p); err != nil {
		return err
	}
	d.Cases = casesText(v.t, d.Report.Cases)
	inside := x.May(v.scope, access.ReadDraft)
	for _, e := range slices.Backward(x.Events) {
		if !inside { // the public sees when, not who and why
			if e.Kind == version.Shipped || e.Kind == version.Approved || e.Kind == version.Ended {
				d.Events = append(d.Events, eventView{When: instant(e.At), What: v.t.S("versions.did_" + string(e.Kind))})
			}
			continue
		}
		who, err := s.actor(ctx, v.t, people, e.Actor)
		if err != nil {
			return err
		}
		what := v.t.S("versions.did_" + string(e.Kind))
		if e.Kind == version.Ended {
			what = v.t.S("versions.did_ended_from", e.Day.String())
		}
		d.Events = append(d.Events, eventView{When: instant(e.At), Who: who, What: what, Reason: e.Reason})
	}
	if d.Against, err = s.before(ctx, v, x); err != nil {
		return err
	}
	if d.Edits, err = s.edits(ctx, v.t, d.Against, p); err != nil {
		return err
	}
	if d.MayEnd, err = s.mayEnd(ctx, v, x); err != nil {
		return err
	}
	s.mayDo(v, x, &d)
	return s.show(w, r, s.shell(r, v, d.Name), status, versionPage(v.t, d))
}

// mayDo says which steps the page offers.
func (s *server) mayDo(v *visit, x version.Version, d *versionData) {
	author := slices.Contains(x.Authors(), v.account.ID)
	d.MayEdit = x.State == version.Draft && x.May(v.scope, access.DraftPolicy)
	d.MayPropose = d.MayEdit && d.Report.Hindrance().IsZero()
	d.MayDecide = x.State == version.Proposed && x.May(v.scope, access.ApprovePolicy) && !author
	d.Own = x.State == version.Proposed && author
	d.Effect = x.State != version.Live && d.Report.Policy != nil && (access.Need{Action: access.ReadSensitive, Area: true}).MetBy(v.scope)
}

// mayEnd says that the version is in force and the visitor may end it.
func (s *server) mayEnd(ctx context.Context, v *visit, x version.Version) (bool, error) {
	if x.State != version.Live || !x.May(v.scope, access.ApprovePolicy) {
		return false, nil
	}
	current, err := s.versionInForce(ctx, v, x.Document)
	return current.ID == x.ID, err
}

// before is the version that another is compared with: the one in force, and for one that was in force the one before.
// It is nil for the first of its document.
func (s *server) before(ctx context.Context, v *visit, x version.Version) (*version.Version, error) {
	view, err := s.view(ctx, v)
	if err != nil {
		return nil, err
	}
	before, ok, err := s.Versions.Before(ctx, x, view.Seq())
	if err != nil || !ok {
		return nil, err
	}
	return &before, nil
}

// edits is how a package differs from a version; nothing where either cannot be read.
func (s *server) edits(ctx context.Context, t i18n.T, before *version.Version, p version.Package) ([]editView, error) {
	if before == nil {
		return nil, nil
	}
	was, err := s.Versions.Package(ctx, *before)
	if err != nil {
		return nil, err
	}
	var all []editView
	for _, c := range version.Compare(was, p) {
		e := editView{Edit: c.Edit, Line: c.Line, Before: t.Text(c.Before), After: t.Text(c.After), Field: fieldWord(t, c.Key)}
		if c.Table != "" {
			e.Field = fieldWord(t, c.Table) + inBrackets(t, c.Key)
		}
		var within []string
		for _, it := range c.Within {
			word := fieldWord(t, it.Key)
			if name := t.Text(it.Name); name != "" {
				word += t.S("web.colon") + name
			}
			within = append(within, word)
		}
		e.Where = strings.Join(within, " › ")
		all = append(all, e)
	}
	return all, nil
}

// fieldWord is what a key of a policy file is called.
func fieldWord(t i18n.T, key string) string {
	if word := t.S("policy_field." + key); word != "policy_field."+key {
		return word
	}
	return key
}

func casesText(t i18n.T, results []policy.Result) []caseView {
	var all []caseView
	for _, r := range results {
		all = append(all, caseText(t, r))
	}
	return all
}

func caseText(t i18n.T, r policy.Result) caseView {
	c := caseView{Result: r, Good: r.Err == nil && len(r.Differ) == 0}
	if r.Err != nil {
		c.Text = t.S("web.our_fault")
		if msg, ok := errs.Message(r.Err); ok {
			c.Text = t.Msg(msg)
		}
	}
	return c
}

// numberOf is a number that a page of ours puts into its form; -1, which is none, for anything else.
func numberOf(r *http.Request, field string) int64 {
	n, err := strconv.ParseInt(r.PostFormValue(field), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// versionStep takes a version on, and shows its page again with what was typed where that is refused.
func (s *server) versionStep(kind version.Kind, need access.Action, do func(context.Context, *visit, version.Step, *http.Request) error) func(http.ResponseWriter, *http.Request, *visit) error {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		x, err := s.versionOf(r, v)
		switch {
		case err != nil:
			return err
		case !x.May(v.scope, need):
			return forbidden(need)
		}
		st := version.Step{ID: x.ID, Revision: numberOf(r, "revision"), Reason: r.PostFormValue("reason")}
		err = do(r.Context(), v, st, r)
		if msg, ok := errs.Message(err); ok && errs.KindOf(err) != errs.KindForbidden {
			return s.showVersion(w, r, v, statusOf(err), x, versionData{Problem: v.t.Msg(msg), Typed: st.Reason})
		}
		if err != nil {
			return err
		}
		if kind == version.Left {
			return seeOther(w, r, "/versions")
		}
		return seeOther(w, r, versionPath(st.ID)+"?done="+string(kind))
	}
}

func (s *server) propose(ctx context.Context, v *visit, st version.Step, _ *http.Request) error {
	return s.Versions.Propose(ctx, v.scope, st)
}

func (s *server) reject(ctx context.Context, v *visit, st version.Step, _ *http.Request) error {
	return s.Versions.Reject(ctx, v.scope, st)
}

func (s *server) drop(ctx context.Context, v *visit, st version.Step, _ *http.Request) error {
	return s.Versions.Drop(ctx, v.scope, st)
}

func (s *server) approve(ctx context.Context, v *visit, st version.Step, r *http.Request) error {
	if _, err := s.Versions.Approve(ctx, v.scope, version.Approval{Step: st, Instead: numberOf(r, "instead")}); err != nil {
		return err
	}
	return s.Frames.Refresh(ctx) // so that the next page knows it
}

func (s *server) end(ctx context.Context, v *visit, st version.Step, r *http.Request) error {
	day, err := period.ParseDay(strings.TrimSpace(r.PostFormValue("from")))
	if err != nil {
		return errs.Invalid(i18n.M("web.bad_date", r.PostFormValue("from")))
	}
	if _, err := s.Versions.End(ctx, v.scope, version.Ending{Step: st, From: day}); err != nil {
		return err
	}
	return s.Frames.Refresh(ctx)
}

// effectData is what a version comes to, or how far the work is.
type effectData struct {
	ID       int64
	Refused  string // why it is not told
	Progress *region.Progress
	Policy   *policy.Policy
	*region.Effect
	AsOf    string
	Areas   []areaEffectRow
	Clauses []clauseEffectRow
	Firms   []firmEffectRow
}

type areaEffectRow struct {
	region.AreaEffect
	Name string
}

type clauseEffectRow struct {
	region.ClauseEffect
	Name string
}

type firmEffectRow struct {
	region.FirmEffect
	AreaName string
}

// firmsNamed is how many of those who gain or lose most are named, each.
const firmsNamed = 25

// versionEffect is the part of the page about the region: asked for again until it is worked out.
func (s *server) versionEffect(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, err := s.versionOf(r, v)
	if err != nil {
		return err
	}
	p, err := s.Versions.Package(r.Context(), x)
	if err != nil {
		return err
	}
	d := effectData{ID: x.ID}
	report, err := s.Versions.Check(r.Context(), p)
	if err != nil {
		return err
	}
	if d.Policy = report.Policy; d.Policy == nil {
		return errs.NotFound("effect of a version with mistakes", x.ID)
	}
	if err := s.effect(r.Context(), v, x, &d); err != nil {
		return err
	}
	if byScript(r) {
		return part(w, r, http.StatusOK, effectPart(v.t, d))
	}
	return s.show(w, r, s.shell(r, v, v.t.S("versions.effect")), http.StatusOK, effectPage(v.t, d))
}

func (s *server) effect(ctx context.Context, v *visit, x version.Version, d *effectData) error {
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	err = s.Lab.MayShow(ctx, view, x, d.Policy)
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		d.Refused = v.t.Msg(msg)
		return nil
	}
	if err != nil {
		return err
	}
	after, progress, err := s.begin(view, d.Policy)
	if err != nil {
		return err
	}
	all, err := s.Versions.At(ctx, view.Seq())
	if err != nil {
		return err
	}
	var before *region.Region
	if i := slices.IndexFunc(all, func(f version.InForce) bool { return f.Document == x.Document }); i >= 0 {
		had, p, err := s.begin(view, all[i].Policy)
		if err != nil {
			return err
		}
		if had == nil {
			progress, after = p, nil
		}
		before = had
	}
	if after == nil {
		d.Progress = &progress
		return nil
	}
	top := ""
	if reach := s.areaOptions(v.scope); len(reach) > 0 {
		top = reach[0].Value
	}
	d.Effect, d.AsOf = region.EffectOf(before, after, top, firmsNamed), s.asOf(v.t, view)
	s.effectRows(v.t, d)
	return nil
}

// begin asks for a policy's result with every open question answered by default.
func (s *server) begin(view fact.View, p *policy.Policy) (*region.Region, region.Progress, error) {
	plan, err := p.Plan(nil)
	if err != nil {
		return nil, region.Progress{}, err
	}
	return s.Region.Begin(view, plan, s.Clock.Today())
}

func (s *server) effectRows(t i18n.T, d *effectData) {
	for _, a := range d.Effect.Areas {
		if a.Before.Firms+a.After.Firms == 0 {
			continue
		}
		d.Areas = append(d.Areas, areaEffectRow{a, cmp.Or(a.Area.Name, t.S("web.area_unknown"))})
	}
	for _, c := range d.Effect.Clauses {
		d.Clauses = append(d.Clauses, clauseEffectRow{c, clauseName(t, d.Policy, c.Clause)})
	}
	for _, f := range d.Most {
		d.Firms = append(d.Firms, firmEffectRow{f, nodeName(s.Library.Areas(), f.Area)})
	}
}

// signed is an amount with its sign, in 万元, for a column of differences.
func signed(a money.Fen) string {
	if a > 0 {
		return "+" + wan2(a)
	}
	return wan2(a)
}
