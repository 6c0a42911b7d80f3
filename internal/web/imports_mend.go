package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// mendForm asks what mends one group of problems.
type mendForm struct {
	ID        string // of the form's fields on the page
	Action    string
	Sheet     int
	Column    int // −1 for the sheet
	Units     []string
	Unit      string
	Targets   []targetGroup
	Rate      bool
	Days      bool
	Period    bool
	Doubles   bool
	Which     bool     // of code and name
	Areas     []option // where the rows of the sheet may lie
	Area      string
	Files     []mendFile // of a delivery, where an answer may differ from file to file
	Unsound   bool
	Hidden    bool
	Amounts   bool
	Texts     []mendText
	More      int  // places whose text is not among Texts
	FreeTexts bool // what a text is read as may be typed
	Open      bool // shown without a click: an answer is wanted
}

// mendFile is a file of a delivery that has an answer of its own.
type mendFile struct {
	ID   int64
	Name string
}

// mendText is one text of a column and what may be said about it.
type mendText struct {
	Text, Place string
	Count       int
	Options     []option // values of the field: an act, or an act and what it takes
}

// The values of the fields that say what is done with a text. actRead and actFirm are followed by what is read or meant.
const (
	actRead = string(intake.ReadAs) + ":"
	actFirm = string(intake.IsFirm) + ":"
)

// mendForm is the form for a problem; nil when only the file can be mended.
func (s *server) mendForm(t i18n.T, action string, p intake.Problem, plan intake.Plan, within string) *mendForm {
	if p.At == nil || p.At.Sheet >= len(plan.Sheets) || p.At.Column >= len(plan.Sheets[p.At.Sheet].Columns) {
		return nil
	}
	all := p.Remedies()
	if len(all) == 0 {
		return nil
	}
	f := &mendForm{Action: action, Sheet: p.At.Sheet, Column: p.At.Column, More: p.More}
	f.Open = len(p.Texts) <= 3 && (p.Severity != intake.Warn || slices.ContainsFunc(p.Texts, func(x intake.Text) bool { return len(x.Like) > 0 }))
	f.ID = fmt.Sprintf("m%d-%d-%x", f.Sheet, f.Column, shortHash(p.Cause+p.Pattern))
	var col intake.ColumnPlan
	if f.Column >= 0 {
		col = plan.Sheets[f.Sheet].Columns[f.Column]
	}
	for _, r := range all {
		switch r {
		case intake.MendTarget:
			if f.Column >= 0 {
				f.Targets = s.targetGroups(t)
			}
		case intake.MendUnit:
			f.Units, f.Unit = unitsWith(s.units(), col.Unit), col.Unit
		case intake.MendRate:
			f.Rate = true
		case intake.MendDays:
			f.Days = true
		case intake.MendPeriod:
			f.Period = true
		case intake.MendDoubles:
			f.Doubles = true
		case intake.MendUnsound:
			f.Unsound = true
		case intake.MendHidden:
			f.Hidden = true
		case intake.MendAmounts:
			f.Amounts = true
		case intake.MendIdentifier:
			f.Which = true
		case intake.MendArea:
			for _, code := range s.Library.Areas().Below(within) {
				if n, ok := s.Library.Areas().Node(code); ok && !n.Retired {
					f.Areas = append(f.Areas, option{n.Code, n.Name})
				}
			}
			f.Area = plan.Sheets[p.At.Sheet].Area
		case intake.MendTexts, intake.MendFirms:
			values := s.readings(t, col.Target, within)
			f.Texts, f.FreeTexts = s.mendTexts(t, p, col, values), r == intake.MendTexts && len(values) == 0
		}
	}
	return f
}

// shortHash tells the forms of a page apart.
func shortHash(text string) uint32 {
	n := uint32(2166136261)
	for _, b := range []byte(text) {
		n = (n ^ uint32(b)) * 16777619
	}
	return n
}

func (s *server) mendTexts(t i18n.T, p intake.Problem, col intake.ColumnPlan, values []option) []mendText {
	var all []mendText
	for _, x := range p.Texts {
		m := mendText{Text: x.Text, Place: x.Place, Count: x.Count, Options: []option{{"", t.S("imports.act_open")}}}
		for _, like := range x.Like {
			label := t.S("imports.act_firm", like.Name, nodeName(s.Library.Areas(), like.Area), strconv.Itoa(like.Score/10))
			if like.Code != "" {
				label += " " + like.Code
			}
			m.Options = append(m.Options, option{actFirm + strconv.FormatInt(like.Firm, 10), label})
		}
		if col.Target == "party.name" {
			m.Options = append(m.Options, option{string(intake.AsIs), t.S("imports.act_new")})
		}
		if p.Cause == "intake.code_unsound" {
			m.Options = append(m.Options, option{string(intake.AsIs), t.S("imports.act_as_is")})
		}
		m.Options = append(m.Options, option{string(intake.SayNothing), t.S("imports.act_nothing")}, option{string(intake.LeaveRows), t.S("imports.act_leave")})
		m.Options = append(m.Options, values...)
		all = append(all, m)
	}
	return all
}

// maxReadings is how many values a choice offers; of more, one is typed.
const maxReadings = 200

// readings is what a text of a column may be read as, where that can be listed.
func (s *server) readings(t i18n.T, target, within string) []option {
	as := func(value, label string) option { return option{actRead + value, label} }
	var all []option
	switch def, ok := s.Library.FactDef(target); {
	case target == "party.area":
		for _, code := range s.Library.Areas().Below(within) {
			if n, ok := s.Library.Areas().Node(code); ok {
				all = append(all, as(n.Code, t.S("imports.act_read", n.Name)))
			}
		}
	case !ok:
	case def.Type == content.Bool:
		all = append(all, as("是", t.S("imports.act_read", yesNo(t, true))), as("否", t.S("imports.act_read", yesNo(t, false))))
	case def.Type == content.Code:
		codes, _ := s.Library.CodeList(def.Codes)
		for _, e := range codes.Entries {
			all = append(all, as(e.Code, t.S("imports.act_read", t.Text(e.Name))))
		}
	}
	if len(all) > maxReadings {
		return nil
	}
	return all
}

// readAnswer is the answer that a form gives, and the place that it is for.
func readAnswer(in url.Values) (intake.Spot, intake.Answer, error) {
	var a intake.Answer
	at := intake.Spot{Sheet: -1, Column: -1}
	var err1, err2 error
	at.Sheet, err1 = strconv.Atoi(in.Get("sheet"))
	at.Column, err2 = strconv.Atoi(in.Get("column"))
	if err1 != nil || err2 != nil || at.Column < -1 {
		return at, a, errs.Invalid(i18n.M("intake.plan_other_file"))
	}
	said := func(field string) *string {
		if v := strings.TrimSpace(in.Get(field)); v != "" {
			return &v
		}
		return nil
	}
	a.Target, a.Unit = said("target"), said("unit")
	if scale, ok := map[string]sheet.RateScale{"percent": sheet.RatePercent, "fraction": sheet.RateFraction}[in.Get("rate")]; ok {
		a.Rate = &scale
	}
	if v := said("days"); v != nil {
		a.Days = new(sheet.DayOrder(*v))
	}
	a.Area = said("area")
	if v := said("doubles"); v != nil {
		a.Doubles = new(intake.Doubles(*v))
	}
	if v := said("identifier"); v != nil {
		a.Identifier = new(intake.Identifier(*v))
	}
	a.Unsound, a.Hidden, a.Amounts = in.Get("unsound") != "", in.Get("hidden") != "", in.Get("amounts") != ""
	if v := said("period"); v != nil {
		p, msg := readPeriod(*v)
		if msg.IsZero() && p.Kind() == period.Always {
			msg = i18n.M("web.bad_period")
		}
		if !msg.IsZero() {
			return at, a, errs.Invalid(msg)
		}
		a.Period = &p
	}
	a.Forget = in["forget"]
	return at, a, readMends(in, &a)
}

// readMends takes what is said about each text: "text.0" is the text, "act.0" what is done with it, "as.0" what was typed.
func readMends(in url.Values, a *intake.Answer) error {
	for i := 0; in.Has("text." + strconv.Itoa(i)); i++ {
		n := strconv.Itoa(i)
		m := intake.Mend{Text: in.Get("text." + n)}
		act, typed := in.Get("act."+n), strings.TrimSpace(in.Get("as."+n))
		firm, isFirm := strings.CutPrefix(act, actFirm)
		value, isValue := strings.CutPrefix(act, actRead)
		switch {
		case isFirm:
			id, err := strconv.ParseInt(firm, 10, 64)
			if err != nil {
				return errs.Invalid(i18n.M("intake.plan_mend", "", m.Text))
			}
			m.Do, m.Firm = intake.IsFirm, id
		case isValue:
			m.Do, m.As = intake.ReadAs, value
		case act != "":
			m.Do = intake.Do(act)
		case typed != "":
			m.Do, m.As = intake.ReadAs, typed
		default:
			continue
		}
		a.Mends = append(a.Mends, m)
	}
	return nil
}

// mend takes the answer to one group of problems and reads the file again under it.
func (s *server) mend(w http.ResponseWriter, r *http.Request, v *visit) error {
	b, err := s.batchOf(r, v)
	if err != nil {
		return err
	}
	at, answer, err := readAnswer(r.PostForm)
	plan := b.Plan
	if err == nil {
		plan, err = plan.Answered(at, answer)
	}
	if err == nil {
		_, err = s.Intake.Replan(r.Context(), v.scope, b.ID, plan)
	}
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		f := s.planForm(v.t, b)
		f.Problem = v.t.Msg(msg)
		return s.showBatch(w, r, v, http.StatusUnprocessableEntity, b, f)
	}
	if err != nil {
		return err
	}
	s.settle(r.Context(), v, b.ID)
	return seeOther(w, r, batchPath(b.ID)+"#problems")
}

// mendedLine is a text that was read as somebody said.
type mendedLine struct {
	At                   intake.Spot
	Column, Text, ReadAs string
	Count                int
	Remembered           bool
}

func (s *server) mendedLines(t i18n.T, b intake.Batch) []mendedLine {
	var all []mendedLine
	for _, m := range b.Preview.Mended {
		if m.At.Sheet >= len(b.Plan.Sheets) || m.At.Column >= len(b.Plan.Sheets[m.At.Sheet].Columns) {
			continue
		}
		col := b.Plan.Sheets[m.At.Sheet].Columns[m.At.Column]
		all = append(all, mendedLine{
			At: m.At, Column: col.Header, Text: m.Text, ReadAs: s.mendWords(t, col.Target, m), Count: m.Count,
			Remembered: m.From == intake.Remembered,
		})
	}
	slices.SortStableFunc(all, func(a, b mendedLine) int { return cmp.Compare(b.Count, a.Count) })
	return all
}

// mendWords is what a text is read as.
func (s *server) mendWords(t i18n.T, target string, m intake.Mended) string {
	switch m.Do {
	case intake.ReadAs:
		value := actRead + m.As
		for _, o := range s.readings(t, target, "") {
			if o.Value == value {
				return o.Label
			}
		}
		if target == "party.area" {
			return t.S("imports.act_read", nodeName(s.Library.Areas(), m.As))
		}
		return t.S("imports.act_read", m.As)
	case intake.SayNothing:
		return t.S("imports.act_nothing")
	case intake.LeaveRows:
		return t.S("imports.act_leave")
	case intake.IsFirm:
		return t.S("imports.act_is", m.Name)
	}
	if target == "party.name" {
		return t.S("imports.act_new")
	}
	return t.S("imports.act_as_is")
}

// remarkedFile sends the file of a batch back with what was found written into it.
func (s *server) remarkedFile(w http.ResponseWriter, r *http.Request, v *visit) error {
	b, err := s.batchOf(r, v)
	if err != nil {
		return err
	}
	out, err := s.Intake.Remarks(r.Context(), v.scope, b.ID, v.t)
	if err != nil {
		return err
	}
	kind := "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	if strings.HasSuffix(out.Name, ".csv") {
		kind = "text/csv; charset=utf-8"
	}
	attach(w, out.Name, kind)
	_, err = w.Write(out.Body)
	return err
}
