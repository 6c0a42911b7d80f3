package casework

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// What an approval stands on stays as it was when the source of it is taken back, and a task asks whether it still stands.
func TestFrozenEvidence(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		src := w.say(t, w.firms[0], 20_000_000)
		c := w.open(t)
		file, err := w.Attach(ctx, firm(w, 0), Attachment{Case: c.ID, Name: "合同.pdf", Body: strings.NewReader("%PDF-1.7 甲")})
		must(t, err)
		w.does(t, c.ID, w.toApproval()...)
		w.does(t, c.ID, doing{city, "grant", ""})
		frozen := func() []Frozen {
			f, err := w.Frozen(ctx, county, c.ID)
			must(t, err)
			return f
		}
		before := frozen()
		if len(before) != 1 || before[0].Source != src || before[0].Value.Num != 2_000_000_000 || before[0].State != fact.Present {
			t.Fatalf("frozen: %+v", before)
		}
		var sha string
		must(t, w.DB.Read().QueryRow(ctx, `SELECT sha256 FROM case_frozen_file WHERE event_id = $1`, before[0].Event).Scan(&sha))
		if sha != file.SHA256 {
			t.Errorf("frozen file %s, want %s", sha, file.SHA256)
		}
		if _, err := w.Frozen(ctx, firm(w, 0), c.ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("the applicant reads frozen evidence: %v", err)
		}

		_, err = w.Sources.Retract(ctx, city, src, "导错了")
		must(t, err)
		must(t, w.Frames.Refresh(ctx))
		if after := frozen(); !slices.Equal(before, after) {
			t.Errorf("the undo changed what was frozen: %+v, was %+v", after, before)
		}
		got, _, err := w.Get(ctx, county, c.ID)
		must(t, err)
		tasks, err := w.TasksOf(ctx, city, c.ID)
		must(t, err)
		look := tasks[len(tasks)-1]
		if got.State != "notice" || look.Kind != Look || look.Role != string(access.CityOfficial) || !look.Open() {
			t.Fatalf("at %s, last task %+v", got.State, look)
		}
		must(t, w.Verify(ctx, county, c.ID))
		for scope, may := range map[*access.Scope]bool{&county: false, &city: true, &city2: true} {
			all, err := w.TasksOf(ctx, *scope, look.Case)
			must(t, err)
			if i := slices.IndexFunc(all, func(x CaseTask) bool { return x.ID == look.ID }); i < 0 || all[i].Settles != may {
				t.Errorf("offered to account %d: %+v, want %v", scope.Account(), all, may)
			}
		}
		wantErr(t, "settled by the county", w.Settle(ctx, county, look.ID, "看过"), errs.KindForbidden, "casework.not_settled")
		wantErr(t, "settled without a word", w.Settle(ctx, city, look.ID, " "), errs.KindInvalid, "casework.settle_reason")
		must(t, w.Settle(ctx, city, look.ID, "另一来源证明同一数额，决定不变"))
		wantErr(t, "settled twice", w.Settle(ctx, city2, look.ID, "看过"), errs.KindConflict, "casework.settled_before")
		must(t, w.Verify(ctx, county, c.ID))

		// A source that no approval stands on shakes nothing.
		idle := w.say(t, w.firms[0], 30_000_000)
		events := got.Events + 1
		_, err = w.Sources.Retract(ctx, city, idle, "导错了")
		must(t, err)
		if got, _, err = w.Get(ctx, county, c.ID); err != nil || got.Events != events {
			t.Errorf("%d events, want %d: %v", got.Events, events, err)
		}
	})
}

// What a case found out about a subject has the approvals looked at again that stand on it, and no others.
func TestDoubt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.say(t, w.firms[0], 20_000_000)
		c, draft := w.open(t), w.open(t)
		w.does(t, c.ID, w.toApproval()...)
		w.does(t, c.ID, doing{city, "grant", ""})
		frozen, err := w.Frozen(ctx, county, c.ID)
		must(t, err)
		looks := func() (n int) {
			for _, id := range []int64{c.ID, draft.ID} {
				tasks, err := w.TasksOf(ctx, city, id)
				must(t, err)
				for _, task := range tasks {
					if task.Kind == Look && task.Role == string(access.CityOfficial) && task.Open() {
						n++
					}
				}
			}
			return n
		}
		doubt := func(enterprise, subject, found int64) {
			must(t, w.run(ctx, city, func(ctx context.Context, in *session) error {
				return in.doubt(ctx, enterprise, subject, found, "称号已撤销（演示）")
			}))
		}
		about := frozen[0].Subject
		doubt(c.Enterprise, about, c.ID)   // found in the case itself
		doubt(c.Enterprise, about+1000, 0) // nothing was frozen of it
		doubt(w.firms[1], about, 0)        // of another enterprise
		if n := looks(); n != 0 {
			t.Fatalf("%d tasks for nothing", n)
		}
		doubt(c.Enterprise, about, 0)
		if n := looks(); n != 1 {
			t.Fatalf("%d tasks, want that of the approval", n)
		}
		after, err := w.Frozen(ctx, county, c.ID)
		must(t, err)
		if !slices.Equal(frozen, after) {
			t.Errorf("what was frozen changed: %+v, was %+v", after, frozen)
		}
		must(t, w.Verify(ctx, county, c.ID))
	})
}

// A doubt goes to an office that can act on it, whoever or whatever approved.
func TestLooksAgain(t *testing.T) {
	for _, c := range []struct{ named, froze, want string }{
		{"", "city_official", "city_official"},
		{"", "audit_firm", "audit_firm"},
		{"", System, "county_official"},
		{"", Applicant, "county_official"},
		{"city_official", System, "city_official"},
		{"city_official", "county_official", "city_official"},
	} {
		w := Workflow{File: File{Doubts: c.named}}
		if got := w.looksAgain(c.froze); got != c.want {
			t.Errorf("named %q, approved by %s: %s looks again, want %s", c.named, c.froze, got, c.want)
		}
	}
}

// What a case has stated is not taken back as an import is.
func TestSourceOfCaseStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.open(t)
		w.does(t, c.ID, w.toApproval()...)
		w.does(t, c.ID, doing{city, "grant", ""})
		events, err := w.Track(t.Context(), city, c.ID)
		must(t, err)
		_, err = w.Sources.Retract(t.Context(), city, events[len(events)-1].Source, "误")
		wantErr(t, "undo of what a case stated", err, errs.KindConflict, "source.of_case")
	})
}

func TestFiles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		one, err := w.New(ctx, firm(w, 0), NewCase{Workflow: "apply", Title: "甲", Subject: w.firms[0]})
		must(t, err)
		two, err := w.New(ctx, firm(w, 2), NewCase{Workflow: "apply", Title: "乙", Subject: w.firms[2]}) // of another county
		must(t, err)
		attach := func(by access.Scope, c Case, name, body string) (Evidence, error) {
			return w.Attach(ctx, by, Attachment{Case: c.ID, Field: "invoices", Name: name, Body: strings.NewReader(body)})
		}
		f, err := attach(firm(w, 0), one, `C:\fakepath\发票`+"\u202egpj\x00.pdf", "%PDF-1.7 发票")
		must(t, err)
		if f.Name != "发票gpj.pdf" || f.Type != "pdf" || len(f.SHA256) != 64 {
			t.Errorf("kept as %+v", f)
		}
		_, err = attach(firm(w, 0), one, "再传.pdf", "%PDF-1.7 发票")
		wantErr(t, "twice", err, errs.KindConflict, "casework.file_twice")
		_, err = attach(firm(w, 0), one, "木马.pdf", "MZ 程序")
		wantErr(t, "another type than its name", err, errs.KindInvalid, "casework.file_type")
		_, err = attach(other, one, "外人.pdf", "%PDF")
		wantErr(t, "of another county", err, errs.KindNotFound, "errs.not_found")
		_, err = attach(county, one, "经办.pdf", "%PDF")
		if errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("an official adds to a draft: %v", err)
		}
		w.Scan = func(context.Context, string, int64) error { return errs.Invalid(i18n.M("casework.name", "病毒")) }
		bad, err := attach(firm(w, 0), one, "病毒.pdf", "%PDF-1.7 病毒")
		wantErr(t, "refused by the scanner", err, errs.KindInvalid, "casework.name")
		w.Scan = nil
		if _, err := w.Blobs.Get(bad.SHA256); err == nil {
			t.Error("what the scanner refused is kept")
		}
		files, err := w.Files(ctx, county, one.ID)
		if err != nil || len(files) != 1 {
			t.Fatalf("files %v, %v", files, err)
		}
		_, body, err := w.OpenFile(ctx, county, f.ID)
		must(t, err)
		b, err := io.ReadAll(body)
		must(t, err)
		must(t, body.Close())
		if string(b) != "%PDF-1.7 发票" {
			t.Errorf("the file holds %q", b)
		}
		if _, _, err := w.OpenFile(ctx, other, f.ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("another county opens it: %v", err)
		}

		// The same file and the same invoice in another case are found; of the other case no more is told than may be seen.
		if _, err := attach(firm(w, 2), two, "同一张.pdf", "%PDF-1.7 发票"); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(time.Hour)
		for i, c := range map[int]Case{0: one, 2: two} {
			_, err := w.Act(ctx, firm(w, i), Act{Case: c.ID, Action: "submit", Entry: claim(5, "fp－0001 ", "独有"+c.Title)})
			must(t, err)
		}
		seen := func(by access.Scope) (told []string) {
			twins, err := w.Twins(ctx, by, one.ID)
			must(t, err)
			for _, x := range twins {
				told = append(told, x.Kind+" "+x.Other.Title)
			}
			return told
		}
		if diff := cmp.Diff([]string{"file 乙", "invoice 乙"}, seen(city)); diff != "" {
			t.Errorf("the city sees (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"file ", "invoice "}, seen(county)); diff != "" {
			t.Errorf("the county sees (-want +got):\n%s", diff)
		}
		if told := seen(firm(w, 0)); told != nil {
			t.Errorf("the applicant is told %v", told)
		}

		// What was handed in stays before those who check it, though the applicant may still withdraw; what was added since goes.
		w.now = w.now.Add(time.Hour)
		late, err := attach(firm(w, 0), one, "补充.pdf", "%PDF-1.7 补充")
		must(t, err)
		files, err = w.Files(ctx, firm(w, 0), one.ID)
		must(t, err)
		if len(files) != 2 || files[0].Loose || !files[1].Loose {
			t.Errorf("the applicant may take away: %+v", files)
		}
		wantErr(t, "what the county checks is taken away", w.Detach(ctx, firm(w, 0), f.ID), errs.KindConflict, "casework.file_stands")
		must(t, w.Detach(ctx, firm(w, 0), late.ID))
		w.does(t, one.ID, doing{county, "send_back", "补"})
		must(t, w.Detach(ctx, firm(w, 0), f.ID))
		if diff := cmp.Diff([]string{"invoice 乙"}, seen(city)); diff != "" {
			t.Errorf("after it was taken away (-want +got):\n%s", diff)
		}
	})
}

// Bytes that nobody could note belong to nothing, and are noted when they come again; they are not taken from under somebody else who
// has brought the same and is about to note them.
func TestFileWithoutNote(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		full, c := w.open(t), w.open(t)
		must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			for n := range maxFiles {
				f := Evidence{Case: full.ID, SHA256: strconv.Itoa(n)}
				if err := addFile(ctx, tx, &f); err != nil {
					return err
				}
			}
			return nil
		}))
		attach := func(to Case) (Evidence, error) {
			return w.Attach(ctx, firm(w, 0), Attachment{Case: to.ID, Name: "发票.pdf", Body: strings.NewReader("%PDF-1.7 发票")})
		}
		scans := 0
		w.Scan = func(context.Context, string, int64) error {
			if scans++; scans == 1 { // the bytes are there, and not noted yet
				_, err := attach(full)
				wantErr(t, "one file too many", err, errs.KindConflict, "casework.many_files")
			}
			return nil
		}
		f, err := attach(c)
		must(t, err)
		_, body, err := w.OpenFile(ctx, firm(w, 0), f.ID)
		must(t, err)
		must(t, body.Close())

		other := Attachment{Case: c.ID, Name: "合同.pdf", Body: strings.NewReader("%PDF-1.7 合同")}
		w.Scan = func(context.Context, string, int64) error { return errors.New("the scanner does not answer") }
		if _, err := w.Attach(ctx, firm(w, 0), other); err == nil {
			t.Fatal("a file is taken that nobody has looked at")
		}
		w.Scan = nil
		other.Body = strings.NewReader("%PDF-1.7 合同")
		if f, err = w.Attach(ctx, firm(w, 0), other); err != nil {
			t.Fatal(err)
		}
		_, body, err = w.OpenFile(ctx, firm(w, 0), f.ID)
		must(t, err)
		must(t, body.Close())
	})
}

func TestFoldMark(t *testing.T) {
	for in, want := range map[string]string{" fp－ 00１": "FP001", "FP-001": "FP001", "　": "", "（2024）第3号": "(2024)第3号"} {
		if got := foldMark(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// What an office adds is for offices, unless it is addressed to whom the case is about; what they add themselves is theirs to see.
func TestAudienceOfFiles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.open(t)
		attach := func(by access.Scope, name string, shared bool) Evidence {
			t.Helper()
			f, err := w.Attach(ctx, by, Attachment{Case: c.ID, Name: name, Body: strings.NewReader("%PDF-1.7 " + name), Shared: shared})
			must(t, err)
			return f
		}
		own := attach(firm(w, 0), "发票.pdf", false)
		w.does(t, c.ID, doing{firm(w, 0), "submit", ""})
		inside := attach(county, "审计报告.pdf", false)
		told := attach(county, "补正通知书.pdf", true)
		if own.Who != Applicant || inside.Who == Applicant || !told.Shared {
			t.Errorf("added as %+v, %+v, %+v", own, inside, told)
		}
		for name, test := range map[string]struct {
			by   access.Scope
			want []int64
		}{
			"the firm":   {firm(w, 0), []int64{own.ID, told.ID}},
			"the county": {county, []int64{own.ID, inside.ID, told.ID}},
		} {
			files, err := w.Files(ctx, test.by, c.ID)
			must(t, err)
			var got []int64
			for _, f := range files {
				got = append(got, f.ID)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%s sees the files %v, want %v", name, got, test.want)
			}
			for _, f := range []Evidence{own, inside, told} {
				_, body, err := w.OpenFile(ctx, test.by, f.ID)
				if err == nil {
					must(t, body.Close())
				}
				if open := err == nil; open != slices.Contains(test.want, f.ID) || !open && errs.KindOf(err) != errs.KindNotFound {
					t.Errorf("%s opens %s: %v", name, f.Name, err)
				}
			}
		}
		// The same bytes as those of an office: the firm is not told that they are there.
		if _, err := w.Attach(ctx, firm(w, 0), Attachment{Case: c.ID, Name: "报告.pdf", Body: strings.NewReader("%PDF-1.7 审计报告.pdf")}); err != nil && errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("the same file as an office: %v", err)
		}
	})
}
