package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

func deliveryPath(id int64) string { return batchPath(id) + "/delivery" }

// deliveryData is the files that came together, side by side, and what was found in them.
type deliveryData struct {
	ID       int64
	Sender   string
	At       string
	Files    []deliveredFile
	Busy     bool // work is under way on one of them
	Ready    int  // that can be committed
	Cells    int  // that these would make known
	MayUndo  bool // one of them
	Problems []deliveryProblem
	Hidden   int // groups that are not shown
	Trouble  string
}

// deliveredFile is one file in a line.
type deliveredFile struct {
	intake.Batch
	Standing           intake.Standing
	Area               string
	Taken, Columns     int
	Stops, Left, Warns int
	Progress           string
}

// deliveryProblem is a group of problems over all files.
type deliveryProblem struct {
	problemText
	Severity intake.Severity
	Files    int
}

func (s *server) delivery(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	return s.showDelivery(w, r, v, id, http.StatusOK, "")
}

func (s *server) showDelivery(w http.ResponseWriter, r *http.Request, v *visit, id int64, status int, trouble string) error {
	all, err := s.Intake.Delivery(r.Context(), v.scope, id)
	if err != nil {
		return err
	}
	d := deliveryData{ID: id, Sender: all[0].Sender, At: instant(all[0].ReceivedAt), Trouble: trouble}
	for _, b := range all {
		f := s.deliveredFile(v.t, b)
		d.Files = append(d.Files, f)
		d.Busy = d.Busy || f.Progress != ""
		if f.Standing == intake.Standing(intake.Ready) {
			d.Ready++
			d.Cells += b.Preview.Cells
		}
		d.MayUndo = d.MayUndo || b.State == intake.Committed && v.scope.Sees(access.UndoImport, b.Area, 0)
	}
	d.Problems, d.Hidden = s.deliveryProblems(v.t, all)
	return s.show(w, r, s.shell(r, v, v.t.S("imports.delivery")), status, deliveryPage(v.t, d))
}

func (s *server) deliveredFile(t i18n.T, b intake.Batch) deliveredFile {
	f := deliveredFile{Batch: b, Standing: b.Standing()}
	var areas []string
	for _, sh := range b.Plan.Sheets {
		if sh.Skip {
			continue
		}
		name := nodeName(s.Library.Areas(), cmp.Or(sh.Area, b.Area))
		if sh.Area == "" && slices.ContainsFunc(sh.Columns, func(c intake.ColumnPlan) bool { return c.Target == "party.area" }) {
			name = t.S("imports.area_by_rows")
		}
		if !slices.Contains(areas, name) {
			areas = append(areas, name)
		}
		f.Columns += len(sh.Columns)
		for _, c := range sh.Columns {
			if c.Target != "" {
				f.Taken++
			}
		}
	}
	f.Area = strings.Join(areas, t.S("web.comma"))
	for _, p := range b.Preview.Problems {
		switch p.Severity {
		case intake.Stop:
			f.Stops += p.Count
		case intake.Left:
			f.Left += p.Count
		default:
			f.Warns += p.Count
		}
	}
	if p := s.progressOf(t, b); p != nil {
		f.Progress = p.Phase
		if p.Percent > 0 {
			f.Progress += " " + strconv.Itoa(p.Percent) + "%"
		}
	}
	return f
}

// deliveryProblems joins the groups of all files that can still be mended, by cause and by what the column holds.
func (s *server) deliveryProblems(t i18n.T, all []intake.Batch) (groups []deliveryProblem, hidden int) {
	type key struct {
		severity              intake.Severity
		cause, column, making string
	}
	type joined struct {
		intake.Problem
		batch intake.Batch // of the first
		files []mendFile
	}
	var order []*joined
	by := map[key]*joined{}
	for _, b := range all {
		if b.State != intake.Ready {
			continue
		}
		for _, p := range b.Preview.Problems {
			k := key{p.Severity, p.Cause, columnKey(b.Plan, p), p.Pattern}
			g := by[k]
			if g == nil {
				p.Texts, p.Examples = slices.Clone(p.Texts), slices.Clone(p.Examples)
				g = &joined{Problem: p, batch: b}
				order, by[k] = append(order, g), g
				g.Count, g.Texts, g.More, g.Examples = 0, nil, 0, nil
			}
			if !slices.ContainsFunc(g.files, func(f mendFile) bool { return f.ID == b.ID }) {
				g.files = append(g.files, mendFile{b.ID, b.Name})
			}
			joinProblem(&g.Problem, p, b.Name)
		}
	}
	rank := map[intake.Severity]int{intake.Stop: 0, intake.Left: 1, intake.Warn: 2}
	slices.SortStableFunc(order, func(a, b *joined) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(b.Count, a.Count))
	})
	for _, g := range order {
		if len(groups) == shownProblems {
			hidden++
			continue
		}
		text := problemText{Column: g.Column, Pattern: g.Pattern, Count: g.Count, Mend: s.mendForm(t, deliveryPath(g.batch.ID)+"/mend", g.Problem, g.batch.Plan, g.batch.Area)}
		if text.Mend != nil {
			text.Mend.Files = g.files
		}
		for _, e := range g.Examples {
			text.Examples = append(text.Examples, exampleText{e.Place, t.Msg(e.Msg)})
		}
		groups = append(groups, deliveryProblem{problemText: text, Severity: g.Severity, Files: len(g.files)})
	}
	return groups, hidden
}

// columnKey is what the column of a problem holds, else its header: columns of unlike files that an answer is for.
func columnKey(plan intake.Plan, p intake.Problem) string {
	if p.At == nil || p.At.Column < 0 || p.At.Sheet >= len(plan.Sheets) || p.At.Column >= len(plan.Sheets[p.At.Sheet].Columns) {
		return p.Column
	}
	c := plan.Sheets[p.At.Sheet].Columns[p.At.Column]
	return cmp.Or(c.Target, c.Label)
}

// maxJoined is how many unlike texts of a group over several files are shown.
const maxJoined = 50

// joinProblem adds a group of one file to one over all files.
func joinProblem(into *intake.Problem, p intake.Problem, file string) {
	into.Count += p.Count
	into.More += p.More
	for _, x := range p.Texts {
		i := slices.IndexFunc(into.Texts, func(y intake.Text) bool { return y.Text == x.Text })
		switch {
		case i >= 0:
			into.Texts[i].Count += x.Count
		case len(into.Texts) < maxJoined:
			x.Place = file + "#" + x.Place
			into.Texts = append(into.Texts, x)
		default:
			into.More += x.Count
		}
	}
	for _, e := range p.Examples[:min(len(p.Examples), 3)] {
		if len(into.Examples) < 2*filesAtOnce {
			into.Examples = append(into.Examples, intake.Example{Place: file + "#" + e.Place, Msg: e.Msg})
		}
	}
}

// mendDelivery gives an answer to all files of a delivery that have the like, but for those that the form answers by
// themselves.
func (s *server) mendDelivery(w http.ResponseWriter, r *http.Request, v *visit) error {
	at, answer, err := readAnswer(r.PostForm)
	return s.stepDelivery(w, r, v, func(ctx context.Context, id int64) error {
		if err != nil {
			return err
		}
		all, err := s.Intake.Delivery(ctx, v.scope, id)
		if err != nil {
			return err
		}
		var rest []int64
		for _, b := range all {
			own, is := answerOf(r.PostForm, answer, b.ID)
			if !is {
				rest = append(rest, b.ID)
				continue
			}
			if _, err := s.Intake.MendDelivery(ctx, v.scope, id, at, own, b.ID); err != nil {
				return err
			}
		}
		if len(rest) > 0 {
			_, err = s.Intake.MendDelivery(ctx, v.scope, id, at, answer, rest...)
		}
		return err
	})
}

// perFile is the field with the answer of one file of a delivery.
func perFile(field string, batch int64) string { return field + "@" + strconv.FormatInt(batch, 10) }

// fileField is the id of that field on the page.
func fileField(f mendForm, field string, x mendFile) string { return f.ID + perFile(field, x.ID) }

// answerOf is the answer to all with what a form says of one file by itself; is says that it says something.
func answerOf(in url.Values, a intake.Answer, batch int64) (own intake.Answer, is bool) {
	if order := in.Get(perFile("days", batch)); order != "" {
		a.Days, is = new(sheet.DayOrder(order)), true
	}
	if area := in.Get(perFile("area", batch)); area != "" {
		a.Area, is = &area, true
	}
	return a, is
}

func (s *server) commitDelivery(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.stepDelivery(w, r, v, func(ctx context.Context, id int64) error {
		_, err := s.Intake.CommitDelivery(ctx, v.scope, id, chosenBatches(r.PostForm))
		return err
	})
}

func (s *server) undoDelivery(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.stepDelivery(w, r, v, func(ctx context.Context, id int64) error {
		reason := strings.TrimSpace(r.PostFormValue("reason"))
		if reason == "" || len(reason) > fieldLimit {
			return errs.Invalid(i18n.M("imports.no_reason"))
		}
		_, err := s.Intake.UndoDelivery(ctx, v.scope, id, reason)
		return err
	})
}

// chosenBatches is the files that are ticked; with none, none is meant.
func chosenBatches(in url.Values) []int64 {
	all := []int64{}
	for _, text := range in["batch"] {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			all = append(all, id)
		}
	}
	return all
}

// stepDelivery runs something on a delivery and comes back to its page; what could not be done is said there.
func (s *server) stepDelivery(w http.ResponseWriter, r *http.Request, v *visit, do func(ctx context.Context, id int64) error) error {
	b, err := s.batchOf(r, v)
	if err != nil {
		return err
	}
	err = do(r.Context(), b.ID)
	if msg, ok := errs.Message(err); ok && (errs.KindOf(err) == errs.KindInvalid || errs.KindOf(err) == errs.KindConflict) {
		return s.showDelivery(w, r, v, b.ID, http.StatusUnprocessableEntity, v.t.Msg(msg))
	}
	if err != nil {
		return err
	}
	s.settle(r.Context(), v, b.ID)
	return seeOther(w, r, deliveryPath(b.ID))
}
