package visit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/retention"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// number is the n-th id.
func number(n int) string { return fmt.Sprintf("%032x", n+1) }

// Two devices note, and see of one another what a stretch of network shows them. However what they have comes together, in whatever order,
// cut however, and however often, the same stands about everything, and each entry stands or is named by a later one.
func TestDevicesComeTogether(t *testing.T) {
	t.Parallel()
	topics := []string{"answer:devices_total", "answer:net_control", "finding:" + number(500), "note:" + number(501)}
	rapid.Check(t, func(t *rapid.T) {
		seen := [2][]Entry{}
		var all []Entry
		for n := range rapid.IntRange(1, 30).Draw(t, "entries") {
			d := rapid.IntRange(0, 1).Draw(t, "device")
			if rapid.Bool().Draw(t, "network") {
				seen[d] = slices.Clone(all)
			}
			topic := rapid.SampledFrom(topics).Draw(t, "topic")
			e := Entry{ID: number(n), Topic: topic, Device: number(900 + d), Noted: rapid.Int64Range(1, 5).Draw(t, "noted")}
			for _, have := range Topics(seen[d]) {
				if have.Key == topic {
					e.After = have.IDs()
				}
			}
			if rapid.Bool().Draw(t, "says") {
				e.Body = &Body{Value: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "value")}
			}
			seen[d], all = append(seen[d], e), append(all, e)
		}
		want := Topics(all)
		mixed := rapid.Permutation(append(slices.Clone(all), rapid.SliceOfN(rapid.SampledFrom(all), 0, 20).Draw(t, "again")...)).Draw(t, "order")
		cut := rapid.IntRange(0, len(mixed)).Draw(t, "cut")
		for _, got := range [][]Topic{Topics(mixed), Topics(slices.Concat(mixed[cut:], mixed[:cut])), Topics(slices.Concat(mixed, mixed[:cut]))} {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("another order (-want +got):\n%s", diff)
			}
		}
		stands := map[string]bool{}
		for _, topic := range want {
			if len(topic.Heads) == 0 {
				t.Fatalf("nothing stands about %s", topic.Key)
			}
			for _, e := range topic.Heads {
				stands[e.ID] = true
			}
		}
		for i, e := range all {
			named := slices.ContainsFunc(all[i+1:], func(o Entry) bool { return o.Topic == e.Topic && slices.Contains(o.After, e.ID) })
			if stands[e.ID] == named {
				t.Fatalf("entry %d stands: %v, is named later: %v", i, stands[e.ID], named)
			}
		}
	})
}

func TestWhatAnEntryMaySay(t *testing.T) {
	good := Entry{ID: number(1), Device: number(2), Topic: "answer:devices_total", Noted: 1, Body: &Body{Value: "100"}}
	for name, spoil := range map[string]func(*Entry){
		"id":              func(e *Entry) { e.ID = "x" },
		"device":          func(e *Entry) { e.Device = strings.ToUpper(number(0xabc)) },
		"topic":           func(e *Entry) { e.Topic = "answer:" },
		"another topic":   func(e *Entry) { e.Topic = "secret:devices_total" },
		"quotes":          func(e *Entry) { e.Topic = `answer:a"b` },
		"itself":          func(e *Entry) { e.After = []string{e.ID} },
		"many":            func(e *Entry) { e.After = slices.Repeat([]string{number(7)}, maxAfter+1) },
		"no time":         func(e *Entry) { e.Noted = 0 },
		"foreign body":    func(e *Entry) { e.Body = &Body{Value: "1", Text: "2"} },
		"nothing":         func(e *Entry) { e.Body = &Body{} },
		"long":            func(e *Entry) { e.Body.Value = strings.Repeat("字", maxValue+1) },
		"NUL":             func(e *Entry) { e.Body.Value = "1\x00" },
		"photo of no sum": func(e *Entry) { e.Topic, e.Body = "finding:"+number(3), &Body{Title: "x", Photos: []string{"../etc"}} },
	} {
		e := good
		b := *good.Body
		e.Body = &b
		if spoil(&e); e.fault().IsZero() {
			t.Errorf("%s: taken", name)
		}
	}
	if m := good.fault(); !m.IsZero() {
		t.Errorf("refused: %v", m)
	}
	good.Body = nil
	if m := good.fault(); !m.IsZero() {
		t.Errorf("taking away refused: %v", m)
	}
}

var library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })

var migrations = []store.Migrations{
	audit.Migrations, access.Migrations, source.Migrations, party.Migrations, fact.Migrations, notice.Migrations, form.Migrations, casework.Migrations, Migrations,
}

const (
	tinghu = "320902"
	rater  = 51
	second = 52
)

var (
	county = access.NewScope(20, access.CountyOfficial, []string{tinghu}, nil)
	expert = access.NewScope(rater, access.Expert, nil, nil)
	other  = access.NewScope(second, access.Expert, nil, nil)
)

// world is the store over one database, with a case that waits for two experts.
type world struct {
	*Store
	t     testing.TB
	now   time.Time
	owner access.Scope
	firm  int64
	id    int64 // of the case
	facts *fact.Frames
}

type sealing struct {
	Rubric  string `yaml:"rubric"`
	Edition string `yaml:"edition"`
	How     string `yaml:"how"`
}

type referring struct {
	To int64 `yaml:"to"`
}

// looking is the arguments of assess.look.
type looking struct {
	Rubric  string `yaml:"rubric"`
	Edition string `yaml:"edition"`
}

type appointing struct {
	Role  string `yaml:"role"`
	Least int    `yaml:"least"`
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newWorld is the store with a self-assessment that two experts are appointed to.
func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	src, err := contentdata.FS.ReadFile("workflows/assessment_sme_digital.yaml")
	must(t, err)
	w := openWorld(t, db, "assessment_sme_digital.yaml", string(src))
	c, err := w.Cases.New(t.Context(), w.owner, casework.NewCase{Workflow: "assessment_sme_digital", Title: "自评", Subject: w.firm})
	must(t, err)
	w.id = c.ID
	w.does(w.owner, "submit")
	w.does(county, "appoint")
	return w
}

// openWorld is the store over one database with one workflow.
func openWorld(t testing.TB, db *store.DB, name, src string) *world {
	t.Helper()
	ctx := t.Context()
	lib, err := library()
	must(t, err)
	w := &world{t: t, now: time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)}
	tick := clock.Clock(func() time.Time { return w.now })
	sources := source.New(db, tick)
	parties := party.NewStore(db, sources)
	facts := fact.NewStore(db, sources, lib)
	w.facts, err = fact.Open(ctx, facts, parties, tick)
	must(t, err)
	models, err := assess.Load(contentdata.FS, lib)
	must(t, err)
	asked, err := form.Load(contentdata.FS, lib)
	must(t, err)
	asked, err = models.Asks(lib, asked)
	must(t, err)
	forms := form.NewStore(db, lib, asked, tick)
	effects := casework.NewRegistry()
	casework.Register(effects, "assess.seal", func(context.Context, *store.Tx, *casework.Moment, sealing) error { return nil })
	casework.Register(effects, "assess.look", func(context.Context, *store.Tx, *casework.Moment, looking) error { return nil })
	casework.Register(effects, "subsidy.assign", func(ctx context.Context, _ *store.Tx, at *casework.Moment, a appointing) error {
		for _, account := range []int64{rater, second} {
			if err := at.Assign(ctx, account, access.Role(a.Role)); err != nil {
				return err
			}
		}
		return nil
	})
	casework.Register(effects, "test.refer", func(_ context.Context, _ *store.Tx, at *casework.Moment, to referring) error {
		at.Refer(to.To)
		return nil
	})
	flow, problems, err := casework.Parse(ctx, casework.Reading{Library: lib, Effects: effects, Forms: casework.FormsOf(forms)}, name, []byte(src))
	must(t, err)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	set, problems := casework.Gather(flow)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	blobs, err := blob.Open(t.TempDir())
	must(t, err)
	cases := casework.Open(casework.Deps{
		DB: db, Sources: sources, Parties: parties, Facts: facts, Frames: w.facts, Library: lib, Clock: tick, Subjects: region.NewReader(lib), Effects: effects,
		Set: set, Blobs: blobs, Forms: casework.FormsOf(forms), Sniff: casework.SniffFile,
	})
	w.Store = Open(Deps{DB: db, Cases: cases, Forms: forms, Clock: tick})

	from, err := sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "甲", Area: tinghu})
	must(t, err)
	must(t, db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		ids, err := parties.Ensure(ctx, tx, from, []party.NewSubject{{Kind: content.Enterprise, Key: party.EnterpriseKey("", "甲机械", tinghu)}})
		if err != nil {
			return err
		}
		w.firm = ids[0]
		if err := parties.AppendNames(ctx, tx, from, []party.Name{{Subject: w.firm, Name: "甲机械", Place: "a"}}); err != nil {
			return err
		}
		return parties.AppendMemberships(ctx, tx, from, []party.Membership{{Subject: w.firm, Tree: party.TreeArea, Node: tinghu, Place: "a"}})
	}))
	_, err = sources.Publish(ctx, from, nil)
	must(t, err)
	must(t, w.facts.Refresh(ctx))
	w.owner = access.NewScope(10, access.Enterprise, nil, []int64{w.firm})
	return w
}

func (w *world) does(by access.Scope, action string) {
	w.t.Helper()
	reason := ""
	if action == "recall" || action == "leave" {
		reason = "另行安排"
	}
	_, err := w.Cases.Act(w.t.Context(), by, casework.Act{Case: w.id, Action: action, Reason: reason})
	must(w.t, err)
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) { test(t, newWorld(t, db)) })
}

// says is an entry of a device.
func says(n int, topic string, body *Body, after ...string) Entry {
	return Entry{ID: number(n), Topic: topic, After: after, Body: body, Device: number(900), Noted: 1_700_000_000_000 + int64(n)}
}

// adds sends entries, all of which are taken.
func (w *world) adds(by access.Scope, entries ...Entry) {
	w.t.Helper()
	refused, err := w.Add(w.t.Context(), by, w.id, entries)
	must(w.t, err)
	if len(refused) > 0 {
		w.t.Fatalf("refused: %+v", refused)
	}
}

func (w *world) visit(by access.Scope) Visit {
	w.t.Helper()
	v, err := w.Visit(w.t.Context(), by, w.id)
	must(w.t, err)
	return v
}

// picture is a JPEG and its hash.
func picture(shade uint8) ([]byte, string) {
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{Y: shade}.Y
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	sum := sha256.Sum256(b.Bytes())
	return b.Bytes(), hex.EncodeToString(sum[:])
}

// A visit from its first answer to the facts that it stated.
func TestVisitIsHandedIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for name, by := range map[string]access.Scope{"the firm": w.owner, "a stranger": access.NewScope(77, access.Expert, nil, nil)} {
			if _, err := w.Visit(ctx, by, w.id); errs.KindOf(err) != errs.KindNotFound {
				t.Errorf("%s reads it: %v", name, err)
			}
		}
		if v := w.visit(county); v.Writes() || v.Form.Code != "assess_sme_digital_2024_institute" {
			t.Errorf("the county: %+v", v.Choice)
		}
		if _, err := w.Add(ctx, county, w.id, []Entry{says(1, "answer:devices_total", &Body{Value: "1"})}); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("the county notes: %v", err)
		}

		first, agrees := says(1, "answer:devices_total", &Body{Value: "100"}), says(2, "answer:devices_digital", &Body{Value: "30"})
		w.adds(expert, first, agrees)
		w.adds(expert, first, agrees) // sent again, since the answer was lost
		if v := w.visit(other); len(v.Entries) != 2 || !v.Writes() {
			t.Fatalf("%+v", v.Entries)
		}
		changed := first
		changed.Body = &Body{Value: "999"}
		refused, err := w.Add(ctx, expert, w.id, []Entry{
			changed, says(3, "answer:nonsense", &Body{Value: "1"}), says(4, "note:"+number(40), &Body{Text: "门卫在南门"}, number(1)), says(5, "note:"+number(41), &Body{Text: "x"}),
		})
		must(t, err)
		if len(refused) != 3 || len(w.visit(expert).Entries) != 3 {
			t.Errorf("refused %+v", refused)
		}

		// Two say different things of one answer: both stand, and nobody hands in before one is chosen.
		w.adds(other, says(10, "answer:devices_total", &Body{Value: "110"}, number(1)))
		w.adds(expert, says(11, "answer:devices_total", &Body{Value: "120"}, number(1)))
		v := w.visit(expert)
		if c := v.Conflicts(); len(c) != 1 || len(c[0].Heads) != 2 || v.Entry().Texts["devices_total"] != "" {
			t.Fatalf("conflicts %+v", c)
		}
		if _, err := w.HandIn(ctx, expert, Handing{Case: w.id}); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("handed in with a conflict: %v", err)
		}
		w.adds(expert, says(12, "answer:devices_total", &Body{Value: "120"}, v.Conflicts()[0].IDs()...))

		// A photograph is a file of the case once; what was taken away is none.
		jpg, sha := picture(9)
		_, away := picture(80)
		w.adds(expert, says(20, "photo:"+sha, &Body{Name: "车间.jpg", Field: "devices_total"}), says(21, "photo:"+away, &Body{Name: "误拍.jpg"}),
			says(22, "finding:"+number(60), &Body{Title: "设备没有联网", Seen: "十台", Photos: []string{sha}}))
		if _, err := w.HandIn(ctx, expert, Handing{Case: w.id}); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("handed in before the photographs: %v", err)
		}
		for name, body := range map[string][]byte{"cut short": jpg[:50], "another": []byte("%PDF-1.4")} {
			if _, err := w.AddPhoto(ctx, expert, w.id, sha, bytes.NewReader(body)); errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := w.AddPhoto(ctx, expert, w.id, strings.Repeat("0", 64), bytes.NewReader(jpg)); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("of nothing that was noted: %v", err)
		}
		for range 2 {
			f, err := w.AddPhoto(ctx, expert, w.id, sha, bytes.NewReader(jpg))
			must(t, err)
			if f.Field != "" && f.Field != "devices_total" || f.Name != "车间.jpg" {
				t.Errorf("file %+v", f)
			}
		}
		w.adds(expert, says(23, "photo:"+away, nil, number(21)))
		v = w.visit(expert)
		if files, err := w.Cases.Files(ctx, expert, w.id); err != nil || len(files) != 1 || len(v.Awaited()) != 0 {
			t.Fatalf("files %+v, %v", files, err)
		}

		seen := Digest(v.Entries)
		w.adds(expert, says(24, "note:"+number(42), &Body{Text: "又想起一件"}))
		if _, err := w.HandIn(ctx, expert, Handing{Case: w.id, Seen: seen}); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("handed in what was not seen: %v", err)
		}
		e, err := w.HandIn(ctx, expert, Handing{Case: w.id, Seen: Digest(w.visit(expert).Entries)})
		must(t, err)
		if _, err := w.Visit(ctx, expert, w.id); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("read by who is appointed no more: %v", err)
		}
		v = w.visit(county)
		if e.To != "confirm" || v.State != "confirm" || v.Writes() || len(v.Handed) != 1 || v.Handed[0].Digest != Digest(v.Entries) || v.Handed[0].Event != e.ID {
			t.Errorf("handed in: %+v %+v", e, v.Handed)
		}
		must(t, w.facts.Refresh(ctx))
		view, err := w.facts.For(ctx, access.SystemScope(), 0)
		must(t, err)
		if got := view.Value(w.firm, "ent.devices_total", period.OfYear(2024)); got.Value.Num != 120 {
			t.Errorf("devices: %+v", got)
		}
		if checked, err := audit.Check(ctx, w.DB, slices.Concat(Logged, casework.Logged)); err != nil || len(checked.Faults) > 0 {
			t.Errorf("the log: %+v, %v", checked, err)
		}

		// What comes late is kept, and says so; the hash of what was handed in stays.
		w.adds(other, says(30, "answer:devices_total", &Body{Value: "125"}, number(12)))
		jpg2, sha2 := picture(120)
		w.adds(other, says(31, "photo:"+sha2, &Body{Name: "迟到.jpg"}))
		_, err = w.AddPhoto(ctx, other, w.id, sha2, bytes.NewReader(jpg2))
		must(t, err)
		v = w.visit(county)
		i := slices.IndexFunc(v.Entries, func(e Entry) bool { return e.ID == number(30) })
		if i < 0 || !v.Entries[i].Late || len(v.Files) != 2 {
			t.Errorf("late: %+v", v.Entries)
		}
		if v.Entry().Texts["devices_total"] != "120" || len(v.Overdue) != 2 {
			t.Errorf("what came late counts: %v %+v", v.Entry().Texts, v.Overdue)
		}
		stranger := access.NewScope(77, access.Expert, nil, nil)
		if _, err := w.Add(ctx, stranger, w.id, []Entry{says(70, "note:"+number(71), &Body{Text: "x"})}); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a stranger notes: %v", err)
		}
		if _, err := w.HandIn(ctx, expert, Handing{Case: w.id}); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("handed in twice: %v", err)
		}

		// Once the case is over and the term with it, what was noted goes, and that it was noted stays.
		w.does(county, "confirm")
		k := w.Retention()
		ask := retention.Ask{Now: w.now.AddDate(11, 0, 0).UnixMilli(), Before: w.now.AddDate(1, 0, 0).UnixMilli()}
		if due, err := k.Due(ctx, retention.Ask{Before: w.now.AddDate(-1, 0, 0).UnixMilli()}); err != nil || len(due) > 0 {
			t.Errorf("due before its term: %+v, %v", due, err)
		}
		due, err := k.Due(ctx, ask)
		must(t, err)
		if len(due) != 1 || due[0].Case != w.id || due[0].Party != w.firm || due[0].Count != int64(len(v.Entries)) {
			t.Fatalf("due %+v", due)
		}
		for n, want := range []int64{due[0].Count, 0} {
			must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
				got, err := k.Erase(ctx, tx, ask, due[0])
				if got != want {
					t.Errorf("erased the %d. time: %d, want %d", n+1, got, want)
				}
				return err
			}))
		}
		for _, e := range w.visit(county).Entries {
			if !e.Erased || e.Body != nil {
				t.Errorf("kept: %+v", e)
			}
		}
	})
}

// A case that was taken back takes what comes late too, and a new round goes on from it.
func TestTakenBackMeanwhile(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	w.adds(expert, says(1, "answer:devices_total", &Body{Value: "100"}))
	w.does(county, "recall")
	w.adds(expert, says(2, "answer:devices_digital", &Body{Value: "10"}))
	w.does(county, "appoint")
	w.adds(expert, says(3, "answer:devices_networked", &Body{Value: "5"}))
	v := w.visit(expert)
	late := map[string]bool{}
	for _, e := range v.Entries {
		late[e.ID] = e.Late
	}
	if diff := cmp.Diff(map[string]bool{number(1): false, number(2): true, number(3): false}, late); diff != "" {
		t.Errorf("late (-want +got):\n%s", diff)
	}
	if got := v.Entry().Texts; got["devices_total"] != "100" || got["devices_digital"] != "" || len(v.Overdue) != 1 {
		t.Errorf("answers %v", got)
	}
	w.adds(expert, says(4, "answer:devices_digital", &Body{Value: "10"}, number(2))) // taken up
	v = w.visit(expert)
	if got := v.Entry().Texts; got["devices_digital"] != "10" || len(v.Overdue) != 0 {
		t.Errorf("answers %v, late %+v", got, v.Overdue)
	}
}

const handedOver = `
workflow: handed_over
title: {zh: 上门, en: Visit}
lead: {zh: 机构上门, en: An institute comes}
subject: enterprise
authority: institute
open: [county_official]
source: 测试
confidence: unverified
states:
  - id: free
    name: {zh: 待定, en: Nobody's}
    public: true
    waits: [county_official]
  - id: visit
    name: {zh: 上门, en: Visit}
    public: true
    waits: [institute]
  - id: done
    name: {zh: 办结, en: Closed}
    public: true
    end: done
actions:
  - id: first
    name: {zh: 交第一家, en: To the first}
    from: [free]
    to: visit
    who: [county_official]
    effects:
      - {do: test.refer, with: {to: 71}}
  - id: second
    name: {zh: 交第二家, en: To the second}
    from: [free]
    to: visit
    who: [county_official]
    effects:
      - {do: test.refer, with: {to: 72}}
  - id: leave
    name: {zh: 退回, en: Give back}
    kind: return
    from: [visit]
    to: free
    who: [institute]
    reason: required
    effects:
      - {do: test.refer, with: {to: 0}}
  - id: visited
    name: {zh: 交回, en: Hand in}
    from: [visit]
    to: done
    who: [institute]
    form: assess_sme_digital_2024_institute
`

// What an institute noted and photographed counts no more once the case is another's, nor does that one see it, whenever it comes.
func TestHandedOver(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		ctx, w := t.Context(), openWorld(t, db, "handed_over.yaml", handedOver)
		c, err := w.Cases.New(ctx, county, casework.NewCase{Workflow: "handed_over", Title: "上门", Subject: w.firm})
		must(t, err)
		w.id = c.ID
		a, b := access.NewScope(701, access.Institute, nil, []int64{71}), access.NewScope(702, access.Institute, nil, []int64{72})
		w.does(county, "first")
		jpg, sha := picture(9)
		w.adds(a, says(1, "answer:devices_total", &Body{Value: "100"}), says(2, "finding:"+number(60), &Body{Title: "没有联网", Photos: []string{sha}}),
			says(3, "photo:"+sha, &Body{Name: "甲.jpg", Field: "devices_total"}))
		_, err = w.AddPhoto(ctx, a, w.id, sha, bytes.NewReader(jpg))
		must(t, err)
		if v := w.visit(a); len(v.Entries) != 3 || len(v.Files) != 1 || v.Before != 0 {
			t.Fatalf("its own: %+v, files %v", v.Entries, v.Files)
		}
		w.does(a, "leave")
		w.does(county, "second")
		lateJPG, late := picture(80)
		w.adds(a, says(4, "answer:devices_digital", &Body{Value: "7"}), says(5, "photo:"+late, &Body{Name: "迟到.jpg"}))
		_, err = w.AddPhoto(ctx, a, w.id, late, bytes.NewReader(lateJPG))
		must(t, err)
		for name, by := range map[string]access.Scope{"the other": b, "the county": county} {
			if v := w.visit(by); len(v.Entries)+len(v.Topics)+len(v.Overdue) != 0 || len(v.Entry().Texts) != 0 || v.Before != 5 {
				t.Errorf("%s is shown what another noted: %+v, %d before", name, v.Entries, v.Before)
			}
		}
		if files, err := w.Cases.Files(ctx, b, w.id); err != nil || len(files) != 0 {
			t.Errorf("the other sees the photographs: %v, %v", files, err)
		}
		if files, err := w.Cases.Files(ctx, county, w.id); err != nil || len(files) != 2 {
			t.Errorf("the county sees the photographs: %v, %v", files, err)
		} else if _, _, err := w.Cases.OpenFile(ctx, b, files[0].ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("the other opens a photograph: %v", err)
		}
		w.adds(b, says(10, "answer:devices_total", &Body{Value: "40"}), says(11, "photo:"+sha, &Body{Name: "乙.jpg"}))
		if awaited := w.visit(b).Awaited(); len(awaited) != 1 {
			t.Errorf("the same picture of another is taken for its own: %v", awaited)
		}
		_, err = w.AddPhoto(ctx, b, w.id, sha, bytes.NewReader(jpg))
		must(t, err)
		v := w.visit(b)
		if got := v.Entry().Texts; len(got) != 1 || got["devices_total"] != "40" {
			t.Errorf("answers %v", got)
		}
		e, err := w.HandIn(ctx, b, Handing{Case: w.id, Seen: Digest(v.Entries)})
		must(t, err)
		if v = w.visit(county); e.To != "done" || len(v.Entries) != 2 || v.Handed[0].Entries != 2 || v.Handed[0].Digest != Digest(v.Entries) {
			t.Errorf("handed in: %+v", v.Handed)
		}
	})
}
