package api

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lint"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// Edition is a version of a policy as a list shows it.
type Edition struct {
	ID       int64   `json:"id" example:"71"`
	Policy   string  `json:"policy" example:"yancheng-2022-6"`
	State    string  `json:"state" enum:"draft,proposed,live,dropped" example:"proposed"`
	Hash     string  `json:"hash" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"政策文件包的摘要 · of the files of the package"`
	Revision int64   `json:"revision" example:"2" doc:"每改一次加一；办理时带上所看的这一个 · goes up with each change; a step names the one that you looked at"`
	Events   []event `json:"events" nullable:"false"`
}

// event is one thing that happened to a version.
type event struct {
	Kind   string `json:"kind" enum:"shipped,drafted,edited,proposed,rejected,approved,ended,dropped" example:"proposed"`
	At     string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	By     string `json:"by,omitempty" example:"王敏"`
	Reason string `json:"reason,omitempty" example:"2024 年比例改为 10%"`
	Day    string `json:"day,omitempty" example:"2025-01-01" doc:"自这一天起不再有效 · first day on which it no longer holds"`
	Commit int64  `json:"commit,omitempty" example:"44"`
}

// edition puts a version into the words of the API. Who may not read its draft sees when, not who and why.
func (s *server) edition(ctx context.Context, c *caller, v version.Version, names people) (Edition, error) {
	out := Edition{ID: v.ID, Policy: v.Document, State: string(v.State), Hash: v.Hash, Revision: v.Revision, Events: []event{}}
	inside := v.May(c.scope, access.ReadDraft)
	for _, e := range v.Events {
		public := e.Kind == version.Shipped || e.Kind == version.Approved || e.Kind == version.Ended
		if !inside && !public {
			continue
		}
		x := event{Kind: string(e.Kind), At: instant(e.At), Commit: e.Seq}
		if e.Kind == version.Ended {
			x.Day = e.Day.String()
		}
		if inside {
			by, err := s.nameOf(ctx, names, e.Actor)
			if err != nil {
				return out, err
			}
			x.By, x.Reason = by, e.Reason
		}
		out.Events = append(out.Events, x)
	}
	return out, nil
}

type editionsOut struct {
	Body struct {
		Items []Edition `json:"items" nullable:"false"`
	}
}

func (s *server) editions(ctx context.Context, c *caller, list []version.Version) (*editionsOut, error) {
	out, names := &editionsOut{}, people{}
	out.Body.Items = []Edition{}
	for _, v := range list {
		e, err := s.edition(ctx, c, v, names)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, e)
	}
	return out, nil
}

// drafts are the drafts and proposals that the caller may read, newest first.
func (s *server) drafts(ctx context.Context, c *caller, _ *struct{}) (*editionsOut, error) {
	list, err := s.Versions.Drafts(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	return s.editions(ctx, c, list)
}

// history is the versions of a policy that were ever in force, newest first.
func (s *server) history(ctx context.Context, c *caller, in *policyAtIn) (*editionsOut, error) {
	view, err := s.at(ctx, c, in.Knowledge)
	if err != nil {
		return nil, err
	}
	list, err := s.Versions.Of(ctx, in.ID, view.Seq())
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, errs.NotFound("policy", in.ID)
	}
	return s.editions(ctx, c, list)
}

// checked is a version with what checking it found.
type checked struct {
	Edition
	Problems  []fault       `json:"problems" nullable:"false" doc:"文件中的错误 · mistakes in its files"`
	Findings  []lintFinding `json:"findings" nullable:"false" doc:"检查器所见；文件有错误时没有 · of the linter; none while there are mistakes"`
	Cases     []worked      `json:"cases" nullable:"false" doc:"算例 · worked cases"`
	Hindrance *i18n.Text    `json:"hindrance,omitempty" doc:"为何还不能生效 · why it may not be put in force"`
}

// lintFinding is something that the linter finds wrong.
type lintFinding struct {
	Rule     string      `json:"rule" example:"number"`
	Severity string      `json:"severity" enum:"error,warning" example:"warning" doc:"有 error 则不能生效 · with an error it may not be put in force"`
	At       lint.Place  `json:"at"`
	Other    *lint.Place `json:"other,omitempty" doc:"与之不合的另一处 · the place that it does not go with"`
	What     i18n.Text   `json:"what"`
	Mend     *i18n.Text  `json:"mend,omitempty" doc:"怎样改 · how to mend it"`
	Firm     any         `json:"firm,omitempty" doc:"能说明问题的一家企业，写法见 docs/facts-json.md · an enterprise that shows it, as docs/facts-json.md describes"`

	Settings map[string]string `json:"settings,omitempty" doc:"须按这些选项复核；没有就是默认选项 · the answers to open questions under which it shows; none for the defaults"`
}

// worked is a case of a package as it ran.
type worked struct {
	Name   string      `json:"name" example:"有效投入 600 万元"`
	AsOf   string      `json:"as_of" example:"2022-12-31"`
	Line   int         `json:"line" example:"4"`
	Good   bool        `json:"good" example:"true" doc:"与预期一致 · it came out as expected"`
	Differ []deviation `json:"differ,omitempty" nullable:"false"`
	Error  *i18n.Text  `json:"error,omitempty" doc:"为何没有结果 · why there is no decision"`
}

// deviation is where a case came out otherwise than expected.
type deviation struct {
	What string `json:"what" example:"total"`
	Want string `json:"want" example:"720000.00"`
	Got  string `json:"got" example:"660000.00"`
}

func workedOf(r policy.Result) worked {
	out := worked{Name: r.Case.Name, AsOf: r.Case.AsOf.String(), Line: r.Line, Good: r.Err == nil && len(r.Differ) == 0}
	for _, d := range r.Differ {
		out.Differ = append(out.Differ, deviation{d.What, d.Want, d.Got})
	}
	if r.Err != nil {
		msg, ok := errs.Message(r.Err)
		if !ok {
			msg = i18n.M("api.case_failed")
		}
		out.Error = ptr(both(msg))
	}
	return out
}

func lintFindingOf(f lint.Finding) lintFinding {
	out := lintFinding{Rule: f.Rule, Severity: string(f.Severity), At: f.At, Other: f.Other, What: both(f.What), Settings: f.Settings}
	if !f.Mend.IsZero() {
		out.Mend = ptr(both(f.Mend))
	}
	if len(f.Firm) > 0 {
		out.Firm = f.Firm
	}
	return out
}

type checkedOut struct{ Body checked }

func (s *server) getVersion(ctx context.Context, c *caller, in *idIn) (*checkedOut, error) {
	v, err := s.Versions.Get(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	report, err := s.checkOf(ctx, v)
	if err != nil {
		return nil, err
	}
	out := &checkedOut{}
	b := &out.Body
	if b.Edition, err = s.edition(ctx, c, v, people{}); err != nil {
		return nil, err
	}
	b.Problems, b.Findings, b.Cases = faultsOf(c.t, report.Problems), []lintFinding{}, []worked{}
	for _, f := range report.Findings {
		b.Findings = append(b.Findings, lintFindingOf(f))
	}
	for _, r := range report.Cases {
		b.Cases = append(b.Cases, workedOf(r))
	}
	if msg := report.Hindrance(); !msg.IsZero() {
		b.Hindrance = ptr(both(msg))
	}
	return out, nil
}

// checkOf is what checking a version finds.
func (s *server) checkOf(ctx context.Context, v version.Version) (version.Report, error) {
	p, err := s.Versions.Package(ctx, v)
	if err != nil {
		return version.Report{}, err
	}
	return s.Versions.Check(ctx, p)
}

type compareIn struct {
	ID   int64 `path:"id" minimum:"1" example:"71"`
	With int64 `query:"with" minimum:"1" example:"12" doc:"与哪个版本比较；默认为现行的，曾经生效的则为它的前一个 · which version to compare with; by default the one in force, and for one that was in force the one before it"`
}

// wording is a field that differs between two versions.
type wording struct {
	Kind   string    `json:"kind" enum:"added,removed,changed" example:"changed"`
	Within []within  `json:"within" nullable:"false" doc:"它所属的，最外层在前 · what it belongs to, outermost first"`
	Key    string    `json:"key,omitempty" example:"2024" doc:"文件中的字段；整项增减时没有 · the field as the file calls it; none for an item as a whole"`
	Table  string    `json:"table,omitempty" example:"values" doc:"字段是其中一个键的表 · the field that it is a key of"`
	Before i18n.Text `json:"before"`
	After  i18n.Text `json:"after"`
	Cite   string    `json:"cite,omitempty" example:"四(三)"`
	Line   int       `json:"line,omitempty" example:"31" doc:"在后一个文件中；删去的则在前一个 · in the later file; in the earlier one where it was removed"`
}

// within is something that a field belongs to.
type within struct {
	Key  string    `json:"key" example:"params"`
	ID   string    `json:"id,omitempty" example:"investment_rate"`
	Name i18n.Text `json:"name"`
}

type wordingsOut struct {
	Body struct {
		With  int64     `json:"with,omitempty" example:"12" doc:"与之比较的版本；本文件的第一个版本没有 · the version compared with; none for the first of its document"`
		Items []wording `json:"items" nullable:"false"`
	}
}

// compareVersions lists how a version differs from another, as far as both can be read.
func (s *server) compareVersions(ctx context.Context, c *caller, in *compareIn) (*wordingsOut, error) {
	v, err := s.Versions.Get(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &wordingsOut{}
	out.Body.Items = []wording{}
	before, ok, err := s.comparedWith(ctx, c, v, in.With)
	if err != nil || !ok {
		return out, err
	}
	was, err := s.Versions.Package(ctx, before)
	if err != nil {
		return nil, err
	}
	is, err := s.Versions.Package(ctx, v)
	if err != nil {
		return nil, err
	}
	out.Body.With = before.ID
	for _, e := range version.Compare(was, is) {
		x := wording{Kind: string(e.Kind), Within: []within{}, Key: e.Key, Table: e.Table, Before: e.Before, After: e.After, Cite: e.Cite, Line: e.Line}
		for _, it := range e.Within {
			x.Within = append(x.Within, within{it.Key, it.ID, it.Name})
		}
		out.Body.Items = append(out.Body.Items, x)
	}
	return out, nil
}

// comparedWith is the version asked for, or the one that stood in its place.
func (s *server) comparedWith(ctx context.Context, c *caller, v version.Version, with int64) (version.Version, bool, error) {
	if with != 0 {
		before, err := s.Versions.Get(ctx, c.scope, with)
		if err == nil && before.Document != v.Document {
			err = invalid(c.t, "with", strconv.FormatInt(with, 10), i18n.M("api.other_document"))
		}
		return before, err == nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return version.Version{}, false, err
	}
	return s.Versions.Before(ctx, v, m.Seq())
}

func faultsOf(t i18n.T, problems content.Problems) []fault {
	all := []fault{}
	for _, x := range problems {
		all = append(all, fault{File: x.File, Line: x.Line, Column: x.Col, Detail: t.Msg(x.Msg)})
	}
	return all
}

// Files is a package as it is sent: an archive with policy.yaml, cases.yaml and SOURCE.md, or policy.yaml by itself.
type Files struct{ body io.Reader }

// Resolve keeps the body for reading, within the limit of a package.
func (in *Files) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	in.body = http.MaxBytesReader(w, r.Body, version.MaxUpload+1) // the package says by itself what is too large
	return nil
}

type draftIn struct{ Files }

type createdVersion struct {
	Location string `header:"Location"`
	Body     checked
}

func (s *server) draft(ctx context.Context, c *caller, in *draftIn) (*createdVersion, error) {
	p, err := version.Read(in.body)
	if err != nil {
		return nil, err
	}
	return s.newDraft(ctx, c, p)
}

// draftFrom begins a draft with the package in force.
func (s *server) draftFrom(ctx context.Context, c *caller, in *PolicyIn) (*createdVersion, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	f, err := s.Versions.InForce(ctx, in.ID, m.Seq())
	if err != nil {
		return nil, err
	}
	p, err := s.Versions.Package(ctx, f.Version)
	if err != nil {
		return nil, err
	}
	return s.newDraft(ctx, c, p)
}

func (s *server) newDraft(ctx context.Context, c *caller, p version.Package) (*createdVersion, error) {
	v, err := s.Versions.New(ctx, c.scope, p)
	if err != nil {
		return nil, err
	}
	return s.drafted(ctx, c, v)
}

// drafted answers with a draft that was just made.
func (s *server) drafted(ctx context.Context, c *caller, v version.Version) (*createdVersion, error) {
	out, err := s.getVersion(ctx, c, &idIn{ID: v.ID})
	if err != nil {
		return nil, err
	}
	return &createdVersion{Location: Prefix + "/versions/" + strconv.FormatInt(v.ID, 10), Body: out.Body}, nil
}

type editIn struct {
	ID       int64 `path:"id" minimum:"1" example:"71"`
	Revision int64 `query:"revision" required:"true" minimum:"0" example:"1"`
	Files
}

func (s *server) edit(ctx context.Context, c *caller, in *editIn) (*checkedOut, error) {
	p, err := version.Read(in.body)
	if err != nil {
		return nil, err
	}
	if err := s.Versions.Edit(ctx, c.scope, in.ID, in.Revision, p); err != nil {
		return nil, err
	}
	return s.getVersion(ctx, c, &idIn{ID: in.ID})
}

// archive sends a version as an archive, named by its document and hash.
func (s *server) archive(ctx context.Context, c *caller, in *idIn) (*stream, error) {
	v, err := s.Versions.Get(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	p, err := s.Versions.Package(ctx, v)
	if err != nil {
		return nil, err
	}
	body, err := p.Zip()
	if err != nil {
		return nil, err
	}
	return s.file(v.Document+"-"+v.Hash[:12]+".zip", zipType, body), nil
}

const zipType = "application/zip"

// file answers with a file that is there already.
func (s *server) file(name, kind string, body []byte) *stream {
	return &stream{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", kind)
		s.attach(ctx, name)
		ctx.SetStatus(http.StatusOK)
		if _, err := ctx.BodyWriter().Write(body); err != nil {
			s.breakOff(ctx, name, err)
		}
	}}
}

type stepIn struct {
	ID   int64 `path:"id" minimum:"1" example:"71"`
	Body struct {
		Revision int64  `json:"revision" minimum:"0" example:"2"`
		Reason   string `json:"reason" minLength:"1" maxLength:"8000" example:"2024 年比例改为 10%"`
	}
}

func (in *stepIn) step() version.Step {
	return version.Step{ID: in.ID, Revision: in.Body.Revision, Reason: in.Body.Reason}
}

// stepped is a step on a version, and the version after it.
func (s *server) stepped(do func(context.Context, access.Scope, version.Step) error) func(context.Context, *caller, *stepIn) (*checkedOut, error) {
	return func(ctx context.Context, c *caller, in *stepIn) (*checkedOut, error) {
		if err := do(ctx, c.scope, in.step()); err != nil {
			return nil, err
		}
		return s.getVersion(ctx, c, &idIn{ID: in.ID})
	}
}

type approveIn struct {
	ID   int64 `path:"id" minimum:"1" example:"71"`
	Body struct {
		Revision int64  `json:"revision" minimum:"0" example:"2"`
		Reason   string `json:"reason" minLength:"1" maxLength:"8000" example:"经局务会研究同意"`
		Instead  int64  `json:"instead" minimum:"0" example:"12" doc:"与之比较的在用版本，没有则为 0 · the version in force that you compared it with, 0 for none"`
	}
}

func (s *server) approve(ctx context.Context, c *caller, in *approveIn) (*commitOut, error) {
	out := &commitOut{}
	var err error
	out.Body.Commit, err = s.Versions.Approve(ctx, c.scope, version.Approval{
		Step: version.Step{ID: in.ID, Revision: in.Body.Revision, Reason: in.Body.Reason}, Instead: in.Body.Instead,
	})
	if err != nil {
		return nil, err
	}
	return out, s.Frames.Refresh(ctx)
}

type endIn struct {
	ID   int64 `path:"id" minimum:"1" example:"71"`
	Body struct {
		Revision int64  `json:"revision" minimum:"0" example:"3"`
		Reason   string `json:"reason" minLength:"1" maxLength:"8000" example:"文件到期"`
		From     string `json:"from" maxLength:"10" example:"2025-01-01" doc:"自这一天起不再有效 · first day on which it no longer holds"`
	}
}

func (s *server) end(ctx context.Context, c *caller, in *endIn) (*commitOut, error) {
	day, err := period.ParseDay(in.Body.From)
	if err != nil {
		return nil, s.wrongBody(c, "/from", i18n.M("api.bad_day"))
	}
	out := &commitOut{}
	out.Body.Commit, err = s.Versions.End(ctx, c.scope, version.Ending{
		Step: version.Step{ID: in.ID, Revision: in.Body.Revision, Reason: in.Body.Reason}, From: day,
	})
	if err != nil {
		return nil, err
	}
	return out, s.Frames.Refresh(ctx)
}

func (s *server) registerVersions() {
	open, write, decide := access.Need{Public: true}, access.Need{Action: access.DraftPolicy}, access.Need{Action: access.ApprovePolicy}
	handle(s, operation{id: "list_drafts", tag: "versions", method: http.MethodGet, path: "/versions", need: access.Need{Action: access.ReadDraft}}, s.drafts)
	handle(s, operation{id: "list_versions", tag: "versions", method: http.MethodGet, path: "/policies/{policy}/versions", need: open}, s.history)
	handle(s, operation{id: "draft_version", tag: "versions", method: http.MethodPost, path: "/versions", need: write, status: http.StatusCreated, once: true, upload: "application/octet-stream"}, s.draft)
	handle(s, operation{id: "get_version", tag: "versions", method: http.MethodGet, path: "/versions/{id}", need: open}, s.getVersion)
	handle(s, operation{id: "draft_policy", tag: "versions", method: http.MethodPost, path: "/policies/{policy}/draft", need: write, status: http.StatusCreated, once: true}, s.draftFrom)
	handle(s, operation{id: "compare_version", tag: "versions", method: http.MethodGet, path: "/versions/{id}/differences", need: open}, s.compareVersions)
	handle(s, operation{id: "get_effect", tag: "versions", method: http.MethodGet, path: "/versions/{id}/effect", need: access.Need{Action: access.ReadSensitive, Area: true}}, s.effect)
	handle(s, operation{id: "get_package", tag: "versions", method: http.MethodGet, path: "/versions/{id}/package", need: open, streams: []string{zipType}}, s.archive)
	handle(s, operation{id: "edit_version", tag: "versions", method: http.MethodPut, path: "/versions/{id}/package", need: write, upload: "application/octet-stream"}, s.edit)
	handle(s, operation{id: "propose_version", tag: "versions", method: http.MethodPost, path: "/versions/{id}/propose", need: write}, s.stepped(s.Versions.Propose))
	handle(s, operation{id: "drop_version", tag: "versions", method: http.MethodPost, path: "/versions/{id}/drop", need: write}, s.stepped(s.Versions.Drop))
	handle(s, operation{id: "reject_version", tag: "versions", method: http.MethodPost, path: "/versions/{id}/reject", need: decide}, s.stepped(s.Versions.Reject))
	handle(s, operation{id: "approve_version", tag: "versions", method: http.MethodPost, path: "/versions/{id}/approve", need: decide}, s.approve)
	handle(s, operation{id: "end_version", tag: "versions", method: http.MethodPost, path: "/versions/{id}/end", need: decide}, s.end)
}
