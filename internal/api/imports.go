package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Batch is a file on its way in.
type Batch struct {
	ID        int64      `json:"id" example:"31"`
	Name      string     `json:"name" example:"firms.csv"`
	SHA256    string     `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	Size      int64      `json:"size" example:"712"`
	Sender    string     `json:"sender" example:"市工信局"`
	Authority string     `json:"authority" example:"statistics"`
	Area      string     `json:"area" example:"320900"`
	By        string     `json:"by,omitempty" example:"王敏"`
	Standing  string     `json:"standing" enum:"reading,ready,waits,empty,committing,committed,undone,failed" example:"ready"`
	Received  string     `json:"received" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Source    int64      `json:"source,omitempty" example:"40" doc:"提交后的来源编号 · the source, once committed"`
	Delivery  int64      `json:"delivery,omitempty" example:"31" doc:"同时到的几份文件中的第一份 · the first of those that came together"`
	Base      int64      `json:"base,omitempty" example:"24" doc:"本文件是哪一次已提交导入的新版 · the committed import of which this file is a later state"`
	Failure   *i18n.Text `json:"failure,omitempty" doc:"上一步为何失败 · why the last step failed"`
	Progress  *progress  `json:"progress,omitempty" doc:"正在进行的工作 · the work under way"`
	Preview   *preview   `json:"preview,omitempty" doc:"将要新增和改变什么 · what would become known"`
}

type progress struct {
	Phase   string `json:"phase" enum:"read,stage,publish" example:"read"`
	Rows    int    `json:"rows" example:"1200"`
	Of      int    `json:"of,omitempty" example:"3000"`
	Percent int    `json:"percent" example:"40"`
}

// preview is what a file would make known.
type preview struct {
	Commit      int64           `json:"commit" example:"41" doc:"与哪一次提交时所知相比 · compared with what was known at this commit"`
	Rows        int             `json:"rows" example:"3"`
	Statements  int             `json:"statements" example:"21"`
	Counts      map[string]int  `json:"counts" example:"{\"new\":18,\"changed\":3}" doc:"new、changed、conflicting、unchanged"`
	NewSubjects map[string]int  `json:"new_subjects,omitempty" example:"{\"enterprise\":3}"`
	Twin        string          `json:"twin,omitempty" example:"firms.csv" doc:"说得完全一样的来源 · a source that states just the same"`
	Examples    []change        `json:"examples" nullable:"false" doc:"各类各举若干 · some of each class"`
	Problems    []finding       `json:"problems" nullable:"false"`
	LeftOut     int             `json:"left_out" example:"0"`
	Kept        int             `json:"kept,omitempty" example:"12" doc:"前一版已说过、不再重复的 · that hold from a former state of the file, and are not stated again"`
	Degraded    bool            `json:"degraded,omitempty" example:"false" doc:"文字像是识别或转换来的，名称未必可靠 · its text was recognised or converted: names in it may be wrong"`
	Notes       []i18n.Text     `json:"notes,omitempty" nullable:"false"`
	Mended      []intake.Mended `json:"mended,omitempty" nullable:"false" doc:"按要求改读的文字 · texts that were read as the sender said"`
}

// change is one statement as a difference to what is known.
type change struct {
	Class   string     `json:"class" enum:"new,changed,conflicting,unchanged" example:"new"`
	Subject string     `json:"subject" example:"盐城亭湖甲机械有限公司"`
	Def     string     `json:"def" example:"ent.revenue"`
	Period  string     `json:"period,omitempty" example:"2023"`
	Old     *i18n.Text `json:"old,omitempty"`
	New     i18n.Text  `json:"new"`
	Place   string     `json:"place" example:"firms.csv!F2"`
	Holds   bool       `json:"holds" example:"true" doc:"新值将被采用 · the new value would hold"`
}

// finding is a problem of a file: all places with one cause.
type finding struct {
	Severity string        `json:"severity" enum:"stop,left,warn" example:"left" doc:"stop 须先答复，left 不取，warn 提醒 · must be answered, is left out, is taken"`
	Cause    string        `json:"cause" example:"sheet.amount.unreadable"`
	Sheet    string        `json:"sheet,omitempty" example:"Sheet1"`
	Column   string        `json:"column,omitempty" example:"营业收入（万元）"`
	Pattern  string        `json:"pattern,omitempty" example:"9.9" doc:"文字的样子 · the make of the texts"`
	At       *intake.Spot  `json:"at,omitempty" doc:"答复时带上它 · an answer names it"`
	Remedies []string      `json:"remedies,omitempty" nullable:"false" example:"[\"texts\"]" doc:"可以怎样答复；没有则只能改文件 · the kinds of answer that mend it; none where only the file can be mended"`
	Count    int           `json:"count" example:"2"`
	Texts    []intake.Text `json:"texts,omitempty" nullable:"false"`
	More     int           `json:"more,omitempty" example:"0" doc:"还有多少处的文字没有列出 · places whose text is not listed"`
	Examples []place       `json:"examples" nullable:"false"`
}

type place struct {
	Place  string    `json:"place" example:"firms.csv!F3"`
	Detail i18n.Text `json:"detail"`
}

type batchOut struct{ Body Batch }

// batch puts a batch into the words of the API. It lists the preview only where it is about one batch.
func (s *server) batch(ctx context.Context, b intake.Batch, names people, whole bool) (Batch, error) {
	by, err := s.nameOf(ctx, names, b.Account)
	out := Batch{
		ID: b.ID, Name: b.Name, SHA256: b.SHA256, Size: b.Size, Sender: b.Sender, Authority: b.Authority, Area: b.Area, By: by,
		Standing: string(b.Standing()), Received: instant(b.ReceivedAt), Source: b.Source, Delivery: b.Delivery, Base: b.Base,
	}
	if !b.Failure.IsZero() {
		out.Failure = ptr(both(b.Failure))
	}
	if p, ok := s.Intake.Progress(b.ID); ok {
		out.Progress = &progress{Phase: string(p.Phase), Rows: p.Done, Of: p.Total, Percent: p.Share / 10}
	}
	if whole && b.State != intake.Reading && b.State != intake.Failed {
		out.Preview = s.preview(b.Preview)
	}
	return out, err
}

func (s *server) preview(p intake.Preview) *preview {
	out := &preview{
		Commit: p.Seq, Rows: p.Rows, Statements: p.Cells, Counts: map[string]int{}, NewSubjects: p.NewSubjects, Twin: p.Twin,
		Examples: []change{}, Problems: []finding{}, LeftOut: p.LeftOut(), Kept: p.Kept, Degraded: p.Degraded, Mended: p.Mended,
	}
	for _, class := range intake.Classes() {
		if n := p.Counts[class]; n > 0 {
			out.Counts[string(class)] = n
		}
	}
	for _, n := range p.Notes {
		out.Notes = append(out.Notes, both(n))
	}
	for _, l := range p.Lines {
		c := change{Class: string(l.Class), Subject: l.Subject, Def: l.Def, Period: periodOf(l.Period), New: s.shown(l.Def, l.New), Place: l.Place, Holds: l.Holds}
		if l.Old != nil {
			c.Old = ptr(s.shown(l.Def, *l.Old))
		}
		out.Examples = append(out.Examples, c)
	}
	for _, x := range p.Problems {
		f := finding{Severity: string(x.Severity), Cause: x.Cause, Sheet: x.Sheet, Column: x.Column, Pattern: x.Pattern, At: x.At, Count: x.Count, Texts: x.Texts, More: x.More, Examples: []place{}}
		for _, r := range x.Remedies() {
			f.Remedies = append(f.Remedies, string(r))
		}
		for _, e := range x.Examples {
			f.Examples = append(f.Examples, place{e.Place, both(e.Msg)})
		}
		out.Problems = append(out.Problems, f)
	}
	return out
}

// shown is a value of a preview; names and memberships are texts.
func (s *server) shown(code string, said intake.Said) i18n.Text {
	def, ok := s.Library.FactDef(code)
	if !ok {
		return i18n.Text{ZH: said.Value.Text, EN: said.Value.Text}
	}
	return fact.Show(s.Library, def, said.State, said.Value)
}

type batchesOut struct {
	Body struct {
		Items []Batch `json:"items" nullable:"false"`
		Next  string  `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

func (s *server) batches(ctx context.Context, c *caller, in *struct{ Paging }) (*batchesOut, error) {
	at, err := in.open(c, c.listName("imports", nil))
	if err != nil {
		return nil, err
	}
	list, err := s.Intake.Batches(ctx, c.scope, at.Before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out, names := &batchesOut{}, people{}
	out.Body.Items = []Batch{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Body.Next = cursor{List: at.List, Before: list[in.Limit-1].ID}.String()
	}
	for _, b := range list {
		x, err := s.batch(ctx, b, names, false)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, x)
	}
	return out, nil
}

// About is who sends figures, in whose name, about where and when.
type About struct {
	Sender    string `query:"sender" required:"true" minLength:"1" maxLength:"300" example:"市工信局" doc:"报送单位 · the office that it comes from"`
	Authority string `query:"authority" required:"true" maxLength:"64" example:"statistics" doc:"以谁的名义，见 /content/authorities · in whose name, see /content/authorities"`
	Area      string `query:"area" required:"true" maxLength:"64" example:"320900" doc:"报送单位负责的地区 · the area that the sender answers for"`
	Period    string `query:"period" maxLength:"40" example:"2023" doc:"表内未写明的数据属于哪一期 · period of figures that name none"`
}

// uploadIn takes the file as it is: nothing of it is held in memory.
type uploadIn struct {
	Name string `query:"name" required:"true" minLength:"1" maxLength:"300" example:"firms.xlsx" doc:"文件名 · name of the file"`
	About
	Password string `header:"File-Password" maxLength:"1000" example:"secret" doc:"打开文件的密码，百分号编码；不保存 · the password that opens the file, percent-encoded; it is not kept"`
	body     io.Reader
}

// Resolve keeps the body for reading, within the limit of a file.
func (in *uploadIn) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	in.body = http.MaxBytesReader(w, r.Body, sheet.DefaultLimits().File+1) // the store of files says by itself what is too large
	return nil
}

// receivedFile is what became of one file of an archive.
type receivedFile struct {
	Name    string     `json:"name" example:"counties.zip/亭湖区.xlsx"`
	Import  int64      `json:"import,omitempty" example:"31"`
	Refused *i18n.Text `json:"refused,omitempty" doc:"为何没有收下 · why it was not taken"`
}

type createdBatch struct {
	Location string `header:"Location"`
	Body     struct {
		Batch
		Files []receivedFile `json:"files,omitempty" nullable:"false" doc:"压缩包里的每一份文件；其余各项是收下的第一份 · of an archive, every file in it; the rest is about the first that was taken"`
	}
}

func (s *server) upload(ctx context.Context, c *caller, in *uploadIn) (*createdBatch, error) {
	password, err := url.PathUnescape(in.Password)
	if err != nil {
		return nil, invalid(c.t, "File-Password", "", i18n.M("api.bad_escape"))
	}
	return s.receive(ctx, c, in.About, intake.Upload{Name: in.Name, Password: password, Body: in.body})
}

// patience is how long an answer waits for a small file, so that it holds the preview.
const patience = 1500 * time.Millisecond

// receive hands a file, or an archive of files, to the intake.
func (s *server) receive(ctx context.Context, c *caller, about About, u intake.Upload) (*createdBatch, error) {
	if about.Period != "" {
		var err error
		if u.Period, err = sheet.ParsePeriod(about.Period, 0); err != nil {
			return nil, invalid(c.t, "period", about.Period, i18n.M("api.bad_period", about.Period))
		}
	}
	u.Sender, u.Authority, u.Area = about.Sender, about.Authority, about.Area
	receipts, err := s.Intake.ReceiveAll(ctx, c.scope, u)
	out := &createdBatch{}
	var taken []int64
	for _, r := range receipts {
		f := receivedFile{Name: r.Name, Import: r.Batch.ID}
		if msg, refused := errs.Message(r.Err); refused {
			f.Refused = ptr(both(msg))
		} else {
			taken = append(taken, r.Batch.ID)
		}
		out.Body.Files = append(out.Body.Files, f)
	}
	if err := errors.Join(err, s.Intake.Bundle(ctx, taken)); err != nil {
		return nil, err
	}
	if len(taken) == 0 {
		return nil, refusedAll(c, receipts)
	}
	first, err := s.settled(ctx, c, taken[0])
	if err != nil {
		return nil, err
	}
	out.Body.Batch = first.Body
	out.Location = Prefix + "/imports/" + strconv.FormatInt(taken[0], 10)
	if len(receipts) == 1 && receipts[0].Name == u.Name {
		out.Body.Files = nil
	}
	return out, nil
}

// refusedAll is why nothing of what was sent was taken.
func refusedAll(c *caller, receipts []intake.Receipt) error {
	if len(receipts) == 1 {
		return receipts[0].Err
	}
	p := newProblem(c.t, http.StatusUnprocessableEntity, c.t.S("api.nothing_taken", len(receipts)))
	for _, r := range receipts {
		msg, _ := errs.Message(r.Err)
		p.Errors = append(p.Errors, fault{File: r.Name, Detail: c.t.Msg(msg)})
	}
	return p
}

// settled is a batch after the work under way had a moment to end. Whether it has, the batch says.
func (s *server) settled(ctx context.Context, c *caller, id int64) (*batchOut, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, _ = s.Intake.Wait(waiting, c.scope, id)
	return s.getBatch(ctx, c, &idIn{ID: id})
}

func (s *server) getBatch(ctx context.Context, c *caller, in *idIn) (*batchOut, error) {
	b, err := s.Intake.Batch(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out, err := s.batch(ctx, b, people{}, true)
	return &batchOut{out}, err
}

// planColumn and planSheet are the plan with its doubts in words.
type planColumn struct {
	intake.ColumnPlan
	Doubts []i18n.Text `json:"doubts,omitempty" nullable:"false"`
}

type planSheet struct {
	intake.SheetPlan
	Columns []planColumn `json:"columns" nullable:"false"`
}

type plan struct {
	Sheets []planSheet `json:"sheets" nullable:"false"`
}

type planOut struct{ Body plan }

func (s *server) getPlan(ctx context.Context, c *caller, in *idIn) (*planOut, error) {
	b, err := s.Intake.Batch(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &planOut{}
	out.Body.Sheets = []planSheet{}
	for _, sh := range b.Plan.Sheets {
		x := planSheet{SheetPlan: sh, Columns: []planColumn{}}
		x.SheetPlan.Columns = nil
		for _, col := range sh.Columns {
			y := planColumn{ColumnPlan: col}
			for _, d := range col.Doubts {
				y.Doubts = append(y.Doubts, both(d))
			}
			x.Columns = append(x.Columns, y)
		}
		out.Body.Sheets = append(out.Body.Sheets, x)
	}
	return out, nil
}

type replanIn struct {
	ID   int64 `path:"id" minimum:"1" example:"31"`
	Body plan
}

// replan takes the answers and reads the file again under them.
func (s *server) replan(ctx context.Context, c *caller, in *replanIn) (*batchOut, error) {
	var p intake.Plan
	for _, sh := range in.Body.Sheets {
		x := sh.SheetPlan
		x.Columns = nil
		for _, col := range sh.Columns {
			x.Columns = append(x.Columns, col.ColumnPlan)
		}
		p.Sheets = append(p.Sheets, x)
	}
	if _, err := s.Intake.Replan(ctx, c.scope, in.ID, p); err != nil {
		return nil, err
	}
	return s.settled(ctx, c, in.ID)
}

func (s *server) commit(ctx context.Context, c *caller, in *idIn) (*batchOut, error) {
	if _, err := s.Intake.Commit(ctx, c.scope, in.ID); err != nil {
		return nil, err
	}
	return s.settled(ctx, c, in.ID)
}

func (s *server) again(ctx context.Context, c *caller, in *idIn) (*batchOut, error) {
	if _, err := s.Intake.Again(ctx, c.scope, in.ID); err != nil {
		return nil, err
	}
	return s.settled(ctx, c, in.ID)
}

func (s *server) cancel(ctx context.Context, c *caller, in *idIn) (*batchOut, error) {
	if err := s.Intake.Cancel(ctx, c.scope, in.ID); err != nil {
		return nil, err
	}
	return s.settled(ctx, c, in.ID)
}

type undoIn struct {
	ID   int64 `path:"id" minimum:"1" example:"31"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"4000" example:"报错了年度"`
	}
}

func (s *server) undo(ctx context.Context, c *caller, in *undoIn) (*batchOut, error) {
	if _, err := s.Intake.Undo(ctx, c.scope, in.ID, in.Body.Reason); err != nil {
		return nil, err
	}
	return s.settled(ctx, c, in.ID)
}

func (s *server) registerImports() {
	may := access.Need{Action: access.Import}
	handle(s, operation{id: "list_imports", tag: "imports", method: http.MethodGet, path: "/imports", need: may}, s.batches)
	handle(s, operation{id: "upload", tag: "imports", method: http.MethodPost, path: "/imports", need: may, status: http.StatusCreated, once: true, upload: "application/octet-stream"}, s.upload)
	handle(s, operation{id: "submit", tag: "imports", method: http.MethodPost, path: "/submissions", need: may, status: http.StatusCreated, once: true, body: submissionLimit}, s.submit)
	handle(s, operation{id: "get_import", tag: "imports", method: http.MethodGet, path: "/imports/{id}", need: may}, s.getBatch)
	handle(s, operation{id: "get_plan", tag: "imports", method: http.MethodGet, path: "/imports/{id}/plan", need: may}, s.getPlan)
	handle(s, operation{id: "put_plan", tag: "imports", method: http.MethodPut, path: "/imports/{id}/plan", need: may, body: 8 << 20}, s.replan)
	handle(s, operation{id: "mend_import", tag: "imports", method: http.MethodPost, path: "/imports/{id}/mend", need: may}, s.mend)
	handle(s, operation{id: "export_problems", tag: "imports", method: http.MethodGet, path: "/imports/{id}/problems", need: may, streams: tables}, s.exportProblems)
	handle(s, operation{id: "get_remarks", tag: "imports", method: http.MethodGet, path: "/imports/{id}/remarks", need: may, streams: []string{sheet.XLSXType, sheet.CSVType}}, s.remarks)
	handle(s, operation{id: "get_delivery", tag: "imports", method: http.MethodGet, path: "/imports/{id}/delivery", need: may}, s.getDelivery)
	handle(s, operation{id: "mend_delivery", tag: "imports", method: http.MethodPost, path: "/imports/{id}/delivery/mend", need: may}, s.mendDelivery)
	handle(s, operation{id: "commit_delivery", tag: "imports", method: http.MethodPost, path: "/imports/{id}/delivery/commit", need: may}, s.commitDelivery)
	handle(s, operation{id: "undo_delivery", tag: "imports", method: http.MethodPost, path: "/imports/{id}/delivery/undo", need: access.Need{Action: access.UndoImport}}, s.undoDelivery)
	handle(s, operation{id: "commit_import", tag: "imports", method: http.MethodPost, path: "/imports/{id}/commit", need: may}, s.commit)
	handle(s, operation{id: "undo_import", tag: "imports", method: http.MethodPost, path: "/imports/{id}/undo", need: access.Need{Action: access.UndoImport}}, s.undo)
	handle(s, operation{id: "read_again", tag: "imports", method: http.MethodPost, path: "/imports/{id}/again", need: may}, s.again)
	handle(s, operation{id: "cancel_import", tag: "imports", method: http.MethodPost, path: "/imports/{id}/cancel", need: may}, s.cancel)
}
