package release

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var (
	ctx        = context.Background()
	migrations = []store.Migrations{audit.Migrations, Migrations}
	library    = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })
	until      = period.Date(2024, 11, 7)
)

const uscc = "91350100M000100Y43"

type world struct {
	*Store
	t  testing.TB
	at time.Time
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	lib, err := library()
	must(t, err)
	set, err := Load(contentdata.FS)
	must(t, err)
	w := &world{t: t, at: time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)}
	w.Store = Open(Deps{DB: db, Library: lib, Clock: func() time.Time { return w.at }, Set: set})
	return w
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) { test(t, newWorld(t, db)) })
}

func row(n int, firm string, fen money.Fen) Row {
	return Row{N: n, Case: int64(1000 + n), Values: map[string]Value{"recipient": Text(firm), "recipient_uscc": Text(uscc), "clause": Text("有效投入补助"), "amount": Money(fen)}}
}

func head(reason string) Head {
	return Head{Kind: "subsidy_batch", Ref: 77, Case: 77, Area: "320900", Title: "2024年度第一批公示", Until: until, By: 9, Reason: reason}
}

func (w *world) does(do func(ctx context.Context, tx *store.Tx) (Release, error)) (r Release, err error) {
	err = w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		r, err = do(ctx, tx)
		return err
	})
	return r, err
}

func (w *world) publishes(h Head, rows ...Row) (Release, error) {
	return w.does(func(ctx context.Context, tx *store.Tx) (Release, error) { return w.Publish(ctx, tx, h, rows) })
}

func (w *world) corrects(h Head, rows ...Row) (Release, error) {
	return w.does(func(ctx context.Context, tx *store.Tx) (Release, error) { return w.Correct(ctx, tx, h, rows) })
}

func (w *world) withdraws(h Head) (Release, error) {
	return w.does(func(ctx context.Context, tx *store.Tx) (Release, error) { return w.Withdraw(ctx, tx, h) })
}

func key(err error) string {
	msg, _ := errs.Message(err)
	return msg.Key
}

// A notice is published, corrected, withdrawn and published again; each is a release of its own, with its hash, in the log.
func TestSeries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, err := w.publishes(head(""), row(1, "虚构甲有限公司", 100_00), row(3, "虚构乙有限公司", 200_00))
		must(t, err)
		if first.Number != "2024-0001" || first.Lines != 2 || first.Replaces != 0 || !first.Open(until) || first.Open(until+1) {
			t.Errorf("published: %+v", first)
		}
		if _, err := w.publishes(head(""), row(1, "虚构甲有限公司", 1)); key(err) != "release.stands" {
			t.Errorf("published twice: %v", err)
		}
		if _, err := w.corrects(head("公司名称有误"), row(1, "虚构甲有限公司", 100_00), row(3, "虚构乙有限公司", 200_00)); key(err) != "release.nothing_changes" {
			t.Errorf("corrected to the same: %v", err)
		}
		if _, err := w.corrects(head(" "), row(1, "虚构甲有限公司", 1)); key(err) != "release.need_reason" {
			t.Errorf("corrected without a reason: %v", err)
		}
		second, err := w.corrects(head("乙公司异议成立，甲公司名称更正"), row(1, "虚构甲机械有限公司", 100_00))
		must(t, err)
		changes, err := w.Changes(ctx, second)
		must(t, err)
		if changes.Total != 2 || changes.Lines[0].Before.Texts[0] != "虚构甲有限公司" || changes.Lines[0].After.Texts[0] != "虚构甲机械有限公司" || changes.Lines[1].N != 3 || changes.Lines[1].After != nil {
			t.Errorf("changes: %+v", changes)
		}
		if second.Replaces != first.ID || second.Until != first.Until || second.Act != Corrected {
			t.Errorf("corrected: %+v", second)
		}
		third, err := w.withdraws(head("材料有误，整体撤回"))
		must(t, err)
		if _, err := w.withdraws(head("再次撤回")); key(err) != "release.none_stands" {
			t.Errorf("withdrawn twice: %v", err)
		}
		w.at = w.at.AddDate(0, 0, 3)
		again := head("")
		again.Until += 7
		fourth, err := w.publishes(again, row(4, "虚构甲机械有限公司", 100_00))
		must(t, err)
		// What changed is told against what stood last, not against the withdrawal of it.
		changes, err = w.Changes(ctx, fourth)
		must(t, err)
		if changes.Since.ID != second.ID || changes.Total != 2 || changes.Fresh != 1 || changes.Lines[0].N != 1 || changes.Lines[1].N != 4 {
			t.Errorf("changes after a withdrawal: %+v", changes)
		}
		all, err := w.Series(ctx, "subsidy_batch", 77)
		must(t, err)
		if len(all) != 4 || all[3].ID != fourth.ID || fourth.Replaces != third.ID || third.Lines != 0 || third.Stands() {
			t.Errorf("series: %+v", all)
		}
		for i, r := range all {
			var b bytes.Buffer
			must(t, w.WriteJSON(ctx, &b, r))
			if sum := sha256.Sum256(b.Bytes()); hex.EncodeToString(sum[:]) != r.Hash {
				t.Errorf("release %d: the file has another hash\n%s", i, &b)
			}
			var read struct {
				Release struct{ Number string }
				Rows    []map[string]any
			}
			if err := json.Unmarshal(b.Bytes(), &read); err != nil || read.Release.Number != r.Number || len(read.Rows) != r.Lines {
				t.Errorf("release %d: %v\n%s", i, err, &b)
			}
			thing, err := LoggedRelease.Body(ctx, w.DB.Read(), audit.Ref{r.ID})
			must(t, err)
			var parts map[string]json.RawMessage
			must(t, json.Unmarshal(thing, &parts))
			if good, err := Verify(parts); err != nil || !good {
				t.Errorf("release %d from the log: %t, %v", i, good, err)
			}
			parts["rows"] = bytes.Replace(parts["rows"], []byte("100.00"), []byte("900.00"), 1)
			if good, _ := Verify(parts); good && r.Stands() {
				t.Errorf("release %d: another amount has the same hash", i)
			}
		}
		if checked, err := audit.Check(ctx, w.DB, Logged); err != nil || len(checked.Faults) > 0 {
			t.Errorf("the log: %+v, %v", checked, err)
		}
		_, err = w.does(func(ctx context.Context, tx *store.Tx) (Release, error) {
			_, err := tx.Exec(ctx, `UPDATE release_row SET body = '["甲","","乙","1.00"]' WHERE release_id = $1`, first.ID)
			return Release{}, err
		})
		must(t, err)
		if checked, err := audit.Check(ctx, w.DB, Logged); err != nil || len(checked.Faults) == 0 {
			t.Errorf("a row that was changed is not found: %v", err)
		}
	})
}

// Rows are compared by the names of their fields: a kind that has another order, or one field more, changes nothing by that.
func TestRowsAreComparedByField(t *testing.T) {
	before, after := Release{Fields: []string{"recipient", "amount"}}, Release{Fields: []string{"amount", "clause", "recipient"}}
	row := func(texts ...string) Line { return Line{N: 1, Texts: texts} }
	for _, c := range []struct {
		name string
		b    Line
		same bool
	}{
		{"the same in another order", row("1.00", "", "虚构甲"), true},
		{"another amount", row("2.00", "", "虚构甲"), false},
		{"a field that came in", row("1.00", "乙", "虚构甲"), false},
	} {
		if got := sameRow(before, after, row("虚构甲", "1.00"), c.b); got != c.same {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if sameRow(after, before, row("1.00", "乙", "虚构甲"), row("虚构甲", "1.00")) {
		t.Error("a field that is gone is not seen")
	}
}

// A release that is written in parts is seen by nobody before it is sealed.
func TestParts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var id int64
		_, err := w.does(func(ctx context.Context, tx *store.Tx) (r Release, err error) {
			if id, err = w.Begin(ctx, tx, head("")); err != nil {
				return r, err
			}
			return r, w.Add(ctx, tx, id, []Row{row(1, "虚构甲有限公司", 1), row(2, "虚构乙有限公司", 2)})
		})
		must(t, err)
		if all, err := w.List(ctx, Filter{}); err != nil || len(all) != 0 {
			t.Errorf("half a release is listed: %+v, %v", all, err)
		}
		if _, err := w.Release(ctx, id); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("half a release is read: %v", err)
		}
		if draft, n, err := Draft(ctx, w.DB.Read(), "subsidy_batch", 77); err != nil || draft != id || n != 2 {
			t.Errorf("draft: %d, %d, %v", draft, n, err)
		}
		r, err := w.does(func(ctx context.Context, tx *store.Tx) (Release, error) {
			if err := w.Add(ctx, tx, id, []Row{row(5, "虚构丙有限公司", 3)}); err != nil {
				return Release{}, err
			}
			return w.Seal(ctx, tx, id)
		})
		must(t, err)
		if r.Lines != 3 {
			t.Errorf("sealed: %+v", r)
		}
		_, err = w.does(func(ctx context.Context, tx *store.Tx) (Release, error) {
			return Release{}, w.Add(ctx, tx, id, []Row{row(6, "虚构丁有限公司", 3)})
		})
		if errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("added to a sealed release: %v", err)
		}
		for _, tc := range []struct {
			page Page
			want []int
		}{
			{Page{Rows: 2}, []int{1, 2}}, {Page{From: 3}, []int{5}}, {Page{Before: 5, Rows: 1}, []int{2}}, {Page{Label: "虚构乙有限公司"}, []int{2}}, {Page{From: 1 << 40}, nil},
		} {
			lines, err := w.Lines(ctx, r.ID, tc.page)
			must(t, err)
			var got []int
			for _, l := range lines {
				got = append(got, l.N)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("%+v: %v, want %v", tc.page, got, tc.want)
			}
		}
	})
}

// What may not be published is refused, and the refusal says where and does not repeat it.
func TestRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		with := func(id string, v Value) Row {
			r := row(2, "虚构甲有限公司", 1)
			r.Values[id] = v
			return r
		}
		without := row(2, "虚构甲有限公司", 1)
		delete(without.Values, "recipient_uscc")
		for _, tc := range []struct {
			name string
			row  Row
			want string
		}{
			{"off the list", with("bank_account", Text("x")), "release.off_list"},
			{"left out", without, "release.missing"},
			{"empty", with("recipient", Text("")), "release.empty"},
			{"an amount as a text", with("amount", Text("100.00")), "release.wrong_type"},
			{"a text as an amount", with("clause", Money(1)), "release.wrong_type"},
			{"two lines", with("clause", Text("甲\n乙")), "release.not_plain"},
			{"an identity card for a code", with("recipient_uscc", Text("11010519491231002X")), "release.not_uscc"},
			{"an identity card", with("recipient", Text("个体户 11010519491231002X")), "release.personal"},
			{"a mobile", with("clause", Text("联系 １３８ ００１３ ８０００")), "release.personal"},
			{"an account", with("clause", Text("6228480402564890018")), "release.personal"},
		} {
			_, err := w.publishes(head(""), tc.row)
			if key(err) != tc.want || errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("%s: %v", tc.name, err)
			}
			msg, _ := errs.Message(err)
			said := i18n.T{Lang: i18n.ZH}.Msg(msg)
			if !strings.Contains(said, "第 2 行") || strings.Contains(said, "6228480402564890018") || strings.Contains(said, "11010519491231002X") {
				t.Errorf("%s: %s", tc.name, said)
			}
		}
		for _, tc := range []struct {
			name, want string
			change     func(*Head)
		}{
			{"a title with a mobile", "release.personal_head", func(h *Head) { h.Title = "联系13800138000" }},
			{"no title", "release.bad_title", func(h *Head) { h.Title = " " }},
			{"too short", "release.short", func(h *Head) { h.Until = period.Date(2024, 11, 6) }},
			{"no such area", "errs.not_found", func(h *Head) { h.Area = "x" }},
			{"no such kind", "errs.not_found", func(h *Head) { h.Kind = "x" }},
		} {
			h := head("")
			tc.change(&h)
			if _, err := w.publishes(h, row(1, "虚构甲有限公司", 1)); key(err) != tc.want {
				t.Errorf("%s: %v", tc.name, err)
			}
		}
		if _, err := w.publishes(head("")); key(err) != "release.no_rows" {
			t.Errorf("no rows: %v", err)
		}
		if all, err := w.List(ctx, Filter{}); err != nil || len(all) != 0 {
			t.Errorf("something refused is public: %+v, %v", all, err)
		}
	})
}

// Releases are listed by kind, area and year, and their open data has a column for all that the dictionary tells.
func TestListAndOpenData(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i, area := range []string{"320900", "320904", "320902"} {
			h := head("")
			h.Ref, h.Area, h.Title = int64(i+1), area, fmt.Sprintf("第%d批", i+1)
			_, err := w.publishes(h, row(1, "=虚构公司", money.Fen(i+1)*100))
			must(t, err)
		}
		h := head("撤回")
		h.Ref, h.Area = 3, "320902"
		_, err := w.withdraws(h)
		must(t, err)
		for _, tc := range []struct {
			f    Filter
			want []string
		}{
			{Filter{}, []string{"2024-0004", "2024-0003", "2024-0002", "2024-0001"}},
			{Filter{Newest: true}, []string{"2024-0004", "2024-0002", "2024-0001"}},
			{Filter{Area: "320904"}, []string{"2024-0002"}},
			{Filter{Area: "320900", Limit: 2}, []string{"2024-0004", "2024-0003"}},
			{Filter{Area: "320100"}, nil},
			{Filter{Year: 2023}, nil},
			{Filter{Year: 2024, Kind: "subsidy_batch", Newest: true, Limit: 1}, []string{"2024-0004"}},
			{Filter{Kind: "selection"}, nil},
		} {
			all, err := w.List(ctx, tc.f)
			must(t, err)
			var got []string
			for _, r := range all {
				got = append(got, r.Number)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("%+v: %v, want %v", tc.f, got, tc.want)
			}
		}
		k, err := w.Set.Kind("subsidy_batch")
		must(t, err)
		list, err := w.Standing(ctx, k.Release)
		must(t, err)
		var fault error
		var b bytes.Buffer
		x := sheet.Export{Table: w.Table(ctx, k, list, &fault)}
		must(t, x.CSV(&b))
		must(t, fault)
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if len(lines) != 3 || !strings.HasPrefix(lines[0], "\ufeffIdentifier,Title,Recipient Org:Name,Recipient Org:Identifier,Description,Amount Awarded,Currency,Award Date") ||
			!strings.HasPrefix(lines[1], "subsidy_batch-2-1,第2批,'=虚构公司,"+uscc+",有效投入补助,2.00,CNY,2024-10-31,CN-320904,大丰区,") {
			t.Errorf("open data:\n%s", &b)
		}
		for _, c := range k.Columns() {
			if c.Label.ZH == "" || c.Label.EN == "" || strings.HasPrefix(c.Label.ZH, "release.") || c.Source == "" {
				t.Errorf("column %s: %+v", c.Name, c)
			}
		}
	})
}

// No release has a field off its list, nor a planted number in any spelling, whatever is offered.
func TestNothingOffTheList(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	ref := int64(100)
	published := 0
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(w.Set.Kinds()).Draw(t, "kind")
		ref++
		h := head("")
		h.Kind, h.Ref, h.Title = kind.Release, ref, rapid.SampledFrom([]string{"公示", "第二批公示（演示）"}).Draw(t, "title")
		var rows []Row
		planted := ""
		for n := range rapid.IntRange(1, 4).Draw(t, "rows") {
			r := Row{N: n + 1, Values: map[string]Value{}}
			for _, f := range kind.Fields {
				switch f.Type {
				case TypeMoney:
					r.Values[f.ID] = Money(money.Fen(rapid.Int64Range(0, 1<<50).Draw(t, "fen")))
				case TypeDate:
					r.Values[f.ID] = Date(period.Date(2024, 1, 1) + period.Day(rapid.IntRange(0, 400).Draw(t, "day")))
				case TypeArea:
					r.Values[f.ID] = Text("320904")
				case TypeUSCC:
					r.Values[f.ID] = Text(rapid.SampledFrom([]string{uscc, ""}).Draw(t, "uscc"))
				default:
					r.Values[f.ID] = Text(rapid.SampledFrom([]string{"虚构甲公司", "12 号", "张某", "91350100M000100Y43 厂"}).Draw(t, "text"))
				}
			}
			rows = append(rows, r)
		}
		at := rapid.IntRange(0, len(rows)-1).Draw(t, "at")
		field := rapid.SampledFrom(kind.Fields).Draw(t, "field")
		foreign := ""
		switch rapid.IntRange(0, 5).Draw(t, "harm") {
		case 0:
			foreign = rapid.SampledFrom([]string{"bank_account", "phone", "identity", "Recipient", "amount2"}).Draw(t, "foreign")
			rows[at].Values[foreign] = Text("x")
		case 1, 2, 3:
			planted = numbers(t)
			text := rapid.SampledFrom([]string{"", "虚构", "2022年", "联系人："}).Draw(t, "before") + spelt(planted, rapid.IntRange(0, 400).Draw(t, "how")) + rapid.SampledFrom([]string{"", "厂", "（户）"}).Draw(t, "after")
			rows[at].Values[field.ID] = Text(strings.TrimSpace(text))
		case 4:
			planted = numbers(t)
			h.Title += "，账号" + spelt(planted, rapid.IntRange(0, 400).Draw(t, "how"))
		}
		r, err := w.publishes(h, rows...)
		if (planted != "" || foreign != "") && err == nil {
			t.Fatalf("%s: %q, %q in %s are public: %+v", kind.Release, planted, foreign, field.ID, rows[at])
		}
		if err != nil {
			if planted == "" && foreign == "" {
				t.Fatalf("good rows are refused: %v, %+v", err, rows)
			}
			return
		}
		published++
		var b bytes.Buffer
		if err := w.WriteJSON(ctx, &b, r); err != nil {
			t.Fatal(err)
		}
		var read struct{ Rows []map[string]any }
		if err := json.Unmarshal(b.Bytes(), &read); err != nil {
			t.Fatal(err)
		}
		for _, row := range read.Rows {
			for id := range maps.Keys(row) {
				if _, ok := kind.Field(id); !ok && id != "n" {
					t.Fatalf("the field %s is public", id)
				}
			}
		}
	})
	if published == 0 {
		t.Error("nothing was published")
	}
}

// numbers draws an identity card, a mobile or an account.
func numbers(t *rapid.T) string {
	switch rapid.IntRange(0, 3).Draw(t, "number") {
	case 0:
		id := fmt.Sprintf("3209%02d%d%02d%02d%03d", rapid.IntRange(1, 28).Draw(t, "county"), rapid.IntRange(1940, 2010).Draw(t, "year"),
			rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"), rapid.IntRange(0, 999).Draw(t, "serial"))
		sum := 0
		for i, w := range identityWeights {
			sum += int(id[i]-'0') * w
		}
		return id + string(identityChecks[sum%11])
	case 1:
		return fmt.Sprintf("1%d%09d", rapid.IntRange(3, 9).Draw(t, "net"), rapid.IntRange(0, 999_999_999).Draw(t, "line"))
	case 2:
		return fmt.Sprintf("3209%02d%02d%02d%02d%03d", rapid.IntRange(1, 28).Draw(t, "county"), rapid.IntRange(40, 99).Draw(t, "year"),
			rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"), rapid.IntRange(0, 999).Draw(t, "serial"))
	}
	return fmt.Sprintf("62%0*d", rapid.IntRange(10, 17).Draw(t, "size"), rapid.Int64Range(0, 9_999_999_999).Draw(t, "account"))
}

func TestKinds(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/release.schema.json", &File{})
	good, err := contentdata.FS.ReadFile("releases/subsidy_batch.yaml")
	must(t, err)
	for _, tc := range []struct{ name, old, new, want string }{
		{"a code", "release: subsidy_batch", "release: Subsidy", "content.bad_code"},
		{"another file", "release: subsidy_batch", "release: subsidy_other", "release.file_name"},
		{"a type", "type: uscc", "type: bank", "content.one_of"},
		{"confidence", "confidence: secondary", "confidence: sure", "content.one_of"},
		{"a column twice", "column: Description", "column: Amount Awarded", "content.code_twice"},
		{"a column of all", "column: Description", "column: Currency", "content.code_twice"},
		{"a field twice", "id: clause", "id: recipient", "content.code_twice"},
		{"masked what is no person", "type: text", "type: text\n    show: masked", "release.show"},
		{"the first is no name", "type: name", "type: text", "release.first_name"},
		{"days", "days: 5", "days: 90", "release.days"},
	} {
		changed := strings.Replace(string(good), tc.old, tc.new, 1)
		_, err := Load(fstest.MapFS{"releases/subsidy_batch.yaml": {Data: []byte(changed)}})
		problems, _ := err.(content.Problems)
		if len(problems) == 0 || problems[0].Msg.Key != tc.want {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestMask(t *testing.T) {
	for name, want := range map[string]string{"张三": "张*", "演示人员 01": "演******", "A": "A"} {
		if got := mask(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	f := Field{ID: "person", Type: TypePerson, Show: Masked}
	if got, err := f.check(nil, 1, Text("王小明")); err != nil || got != "王**" {
		t.Errorf("masked: %s, %v", got, err)
	}
}
