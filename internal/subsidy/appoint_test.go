package subsidy

import (
	"bytes"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/lot"
	"github.com/yanzhen/yanzhen/internal/rubric"
)

// scored hands a sheet in as an expert.
func (w *world) scored(expert, id int64) {
	w.t.Helper()
	w.puts(somebody(expert, access.Expert), id, Scored{Sheet: rubric.Sheet{"need": 15 * rubric.One, "level": 25 * rubric.One, "effect": 20 * rubric.One, "spread": 10 * rubric.One}, Remark: "可行"})
	w.does(somebody(expert, access.Expert), id, "score")
}

// The case is with an audit firm or an expert as long as their part lasts, and what they did stays for the auditor.
func TestPartsEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.people(access.AuditFirm, 50, 51)
		w.people(access.Expert, 61, 62, 63, 64)
		firm, _ := w.firm("大丰示例机械", "320904")
		id, err := w.applies(w.opened("c9"), firm, "c9", items("11"))
		must(t, err)
		w.reviewed(id)
		sees := func(account int64, role access.Role) bool {
			_, _, err := w.cases.Get(ctx, somebody(account, role), id)
			return err == nil
		}
		w.puts(county, id, Picked{Accounts: []int64{50}})
		w.does(county, id, "appoint")
		for account, waits := range map[int64]int{50: 1, 51: 0, 0: 0} {
			if in, err := w.cases.Inbox(ctx, somebody(account, access.AuditFirm), "", 0, 10); err != nil || in.Total != waits || len(in.Tasks) != waits {
				t.Errorf("before the audit firm %d stands %+v, %v", account, in, err)
			}
			var told int
			must(t, w.DB.Read().QueryRow(ctx, `SELECT COUNT(*) FROM notice WHERE kind = 'task' AND (to_account = $1 AND $1 <> 0 OR to_role = 'audit_firm' AND $1 = 0)`, account).Scan(&told))
			if told != waits {
				t.Errorf("the audit firm %d, or all of them, are told %d times", account, told)
			}
		}
		w.puts(auditor, id, Rulings{Report: strings.Repeat("0", 64)})
		if err := w.act(auditor, id, "report", ""); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a report that is no file of the case: %v", err)
		}
		cut := Rulings{Rulings: []Ruling{{N: 2, Amount: 200 * wan, Reason: "含安装费100万元"}}}
		w.puts(auditor, id, cut)
		if err := w.act(auditor, id, "report", "见报告"); !strings.Contains(text(err), "请先上传审计报告") {
			t.Errorf("a conclusion without a report: %v", err)
		}
		cut.Report = w.report(id)
		w.puts(auditor, id, cut)
		w.does(auditor, id, "report")
		w.does(cityA, id, "cut_again")
		if err := w.act(county2, id, "recognise", ""); err != nil {
			t.Errorf("what was audited is recognised without more: %v", err)
		}
		if sees(50, access.AuditFirm) {
			t.Error("an audit firm sees a case after its report")
		}

		w.puts(cityA, id, Picked{Accounts: []int64{61, 62, 63, 64}})
		w.does(cityA, id, "to_panel")
		w.does(somebody(64, access.Expert), id, "conflict")
		if in, err := w.cases.Inbox(ctx, somebody(64, access.Expert), "", 0, 10); err != nil || in.Total != 0 || sees(64, access.Expert) {
			t.Errorf("who has a conflict of interest is asked on: %+v, %v", in, err)
		}
		must(t, w.cases.Verify(ctx, cityA, id))
		w.scored(61, id)
		if sees(61, access.Expert) || !sees(62, access.Expert) {
			t.Error("who has handed in sees the case, or who has not does not")
		}
		w.does(cityA, id, "more_experts")
		if sees(62, access.Expert) {
			t.Error("an expert of a panel that was sent home sees the case")
		}
		w.puts(cityA, id, Picked{Accounts: []int64{61, 62, 64}})
		if err := w.act(cityA, id, "to_panel", ""); !strings.Contains(text(err), "利益冲突") {
			t.Errorf("who has a conflict of interest is called again: %v", err)
		}
		w.puts(cityA, id, Picked{Accounts: []int64{61, 62, 63}})
		w.does(cityA, id, "to_panel")
		w.scored(61, id)
		w.scored(62, id)
		if p, err := w.Panel(ctx, cityA, id); err != nil || p.Score != nil || len(p.Sheets) != 2 || len(p.Before) != 2 || !slices.Equal(p.Waits, []int64{63}) {
			t.Errorf("a panel of which one sheet is to come: %+v, %v", p, err)
		}
		w.scored(63, id)
		p, err := w.Panel(ctx, somebody(90, access.Auditor), id)
		if err != nil || p.Score == nil || p.Score.Total != 70*rubric.One || len(p.Sheets) != 3 || p.Sheets[0].Remark != "可行" {
			t.Errorf("the panel to an auditor: %+v, %v", p, err)
		}
		if got := w.stateOf(id); got != "scored" {
			t.Errorf("three sheets lead to %s", got)
		}
		must(t, w.cases.Verify(ctx, cityA, id))
	})
}

// A panel of three, one of whom steps back, is not stuck: the city calls others.
func TestTooFewExpertsAreLeft(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.people(access.Expert, 61, 62, 63, 64)
		firm, _ := w.firm("大丰示例机械", "320904")
		id, err := w.applies(w.opened("c9"), firm, "c9", items("11"))
		must(t, err)
		w.reviewed(id)
		if err := w.act(county2, id, "recognise", " "); errs.KindOf(err) != errs.KindInvalid || !strings.Contains(text(err), "3 项费用没有审计机构的报告") {
			t.Errorf("neither a report nor a reason: %v", err)
		}
		w.does(county2, id, "recognise")
		w.puts(cityA, id, Picked{Accounts: []int64{61, 62, 63}})
		w.does(cityA, id, "to_panel")
		w.scored(61, id)
		w.does(somebody(62, access.Expert), id, "conflict")
		w.scored(63, id)
		if got := w.stateOf(id); got != "panel" {
			t.Errorf("two sheets lead to %q", got)
		}
		must(t, w.cases.Verify(ctx, cityA, id))
		w.does(cityA, id, "more_experts")
		w.puts(cityA, id, Picked{Accounts: []int64{61, 63, 64}})
		w.does(cityA, id, "to_panel")
		for _, e := range []int64{61, 63, 64} {
			w.scored(e, id)
		}
		if got := w.stateOf(id); got != "scored" {
			t.Errorf("the second panel leads to %q", got)
		}
		must(t, w.cases.Verify(ctx, cityA, id))
	})
}

// A case is scored by the rubric that was in use when it was opened.
func TestRubricIsPinned(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm, _ := w.firm("大丰示例机械", "320904")
		id, err := w.applies(w.opened("c9"), firm, "c9", items("11"))
		must(t, err)
		before, err := w.RubricOf(ctx, cityA, id)
		must(t, err)
		src, err := fs.ReadFile(contentdata.FS, "rubrics/project_review.yaml")
		must(t, err)
		w.Rubrics, err = rubric.Load(fstest.MapFS{"rubrics/project_review.yaml": {Data: bytes.Replace(src, []byte("floor: '60'"), []byte("floor: '90'"), 1)}})
		must(t, err)
		if after, err := w.RubricOf(ctx, cityA, id); err != nil || after.Hash != before.Hash || !after.Enough(60*rubric.One) {
			t.Errorf("the case is scored by another rubric: %+v, %v", after, err)
		}
		pins, err := w.cases.Pins(ctx, cityA, id)
		must(t, err)
		if !slices.Contains(pins, casework.Pin{Kind: "rubric", Name: "project_review", Hash: before.Hash}) {
			t.Errorf("pins: %+v", pins)
		}
	})
}

// What a call demands must be there, each by its field, and from the applicant.
func TestMaterialsAreDemanded(t *testing.T) {
	c := Call{Materials: []Material{
		{Field: "invoices", Name: i18n.Text{ZH: "发票"}, Required: true}, {Field: "contract", Name: i18n.Text{ZH: "合同"}, Required: true}, {Field: "photos", Name: i18n.Text{ZH: "照片"}},
	}}
	for name, test := range map[string]struct {
		files []casework.Evidence
		lacks string
	}{
		"nothing":          {nil, "发票、合同"},
		"one of them":      {[]casework.Evidence{{Field: "contract", Who: casework.Applicant}}, "发票"},
		"of an office":     {[]casework.Evidence{{Field: "contract", Who: casework.Applicant}, {Field: "invoices", Who: "county_official"}}, "发票"},
		"another field":    {[]casework.Evidence{{Field: "contract", Who: casework.Applicant}, {Field: "", Who: casework.Applicant}}, "发票"},
		"all that must be": {[]casework.Evidence{{Field: "contract", Who: casework.Applicant}, {Field: "invoices", Who: casework.Applicant}}, ""},
	} {
		if got := named(c.Lacks(test.files)).ZH; got != test.lacks {
			t.Errorf("%s: lacks %q, want %q", name, got, test.lacks)
		}
	}
}

// Experts are drawn by a seed that was committed to before, from those for whom nothing speaks against it, and anybody can
// draw again.
func TestExpertsAreDrawn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.people(access.Expert, 61, 62, 63, 64, 65, 66)
		firm, _ := w.firm("大丰示例机械", "320904")
		id, err := w.applies(w.opened("c9"), firm, "c9", items("11"))
		must(t, err)
		before, err := w.Draws(ctx, cityA, id)
		must(t, err)
		if len(before) != 1 || before[0].Seed != "" || before[0].Commitment == "" || before[0].DrawnAt != 0 {
			t.Fatalf("committed to: %+v", before)
		}
		if _, err := w.Draws(ctx, applicant(1000+firm, firm), id); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("the applicant reads the drawings: %v", err)
		}
		if _, err := w.DrawExperts(ctx, cityA, id, DrawOrder{Size: 3}); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("drawn before its turn: %v", err)
		}
		w.reviewed(id)
		w.does(county2, id, "recognise")
		for name, order := range map[string]DrawOrder{
			"nobody": {}, "a crowd": {Size: 31}, "left out for no reason": {Size: 3, Without: map[int64]string{61: " "}}, "a stranger": {Size: 3, Without: map[int64]string{99: "不详"}},
		} {
			if _, err := w.DrawExperts(ctx, cityA, id, order); errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.DrawExperts(ctx, cityA, id, DrawOrder{Size: 6, Without: map[int64]string{61: "出差"}}); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("more than there are: %v", err)
		}
		d, err := w.DrawExperts(ctx, cityA, id, DrawOrder{Size: 3, Without: map[int64]string{61: "出差"}})
		must(t, err)
		if d.Commitment != before[0].Commitment || lot.Commitment(d.Seed) != d.Commitment {
			t.Errorf("drawn by another seed than was committed to: %+v", d)
		}
		if slices.Contains(d.Drawn, 61) || len(d.Drawn) != 3 || len(d.Pool) != 5 {
			t.Errorf("drawn: %+v", d)
		}
		var keys []string
		for _, a := range d.Pool {
			keys = append(keys, strconv.FormatInt(a, 10))
		}
		again := (lot.Draw{Seed: d.Seed, Roll: d.Roll}).Order(d.Purpose(id), keys)[:3]
		if got := strings.Join(keysOf(d.Drawn), " "); got != strings.Join(again, " ") {
			t.Errorf("drawn %s, again %s", got, again)
		}
		if in, ok, err := InputOf[Picked](ctx, w.Store, cityA, id); err != nil || !ok || !slices.Equal(in.Accounts, d.Drawn) {
			t.Errorf("picked: %+v, %v", in, err)
		}
		if _, err := w.DrawExperts(ctx, cityA, id, DrawOrder{Size: 3}); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("drawn again for no reason: %v", err)
		}
		second, err := w.DrawExperts(ctx, cityA, id, DrawOrder{Size: 4, Reason: "一位专家来不了"})
		must(t, err)
		if second.Seed == d.Seed || second.N != 2 {
			t.Errorf("drawn again by the same seed: %+v", second)
		}
		w.does(cityA, id, "to_panel")
		all, err := w.Draws(ctx, somebody(90, access.Auditor), id)
		if err != nil || len(all) != 3 || all[1].Reason != "一位专家来不了" || len(all[0].Left) != 1 || all[2].Seed != "" {
			t.Errorf("the drawings to an auditor: %+v, %v", all, err)
		}
		for _, account := range second.Drawn {
			if _, _, err := w.cases.Get(ctx, somebody(account, access.Expert), id); err != nil {
				t.Errorf("%d was drawn and sees nothing: %v", account, err)
			}
		}
	})
}
