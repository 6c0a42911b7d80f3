package lab

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// readBook is the cells of a workbook by sheet, row and column, as the product's own reader finds them.
func readBook(t *testing.T, body []byte) map[string][][]sheet.Cell {
	t.Helper()
	path := filepath.Join(t.TempDir(), "book.xlsx")
	must(t, os.WriteFile(path, body, 0o600))
	b, err := sheet.Open(path, "book.xlsx", sheet.DefaultLimits())
	must(t, err)
	defer b.Close()
	all := map[string][][]sheet.Cell{}
	for i, info := range b.Sheets() {
		all[info.Name] = [][]sheet.Cell{}
		must(t, b.Rows(ctx, i, func(r *sheet.Row) error {
			var cells []sheet.Cell
			for col := range 16 {
				cells = append(cells, r.Cell(col))
			}
			all[info.Name] = append(all[info.Name], cells)
			return nil
		}))
	}
	return all
}

// yuan is an amount of a workbook, which must be a number of at most two decimals.
func yuan(t *testing.T, c sheet.Cell) money.Fen {
	t.Helper()
	a, err := money.Parse(c.Raw)
	if err != nil || c.Type != sheet.Number {
		t.Errorf("%q (%v) is no amount: %v", c.Raw, c.Type, err)
	}
	return a
}

func TestWorkbookSaysWhatTheOutcomeSays(t *testing.T) {
	each(t, 60, func(t *testing.T, w *world) {
		for name, s := range scenarios() {
			o := w.run(s)
			survey, err := w.Survey(ctx, o)
			must(t, err)
			about := Book{By: "王敏", Synthetic: true, Survey: survey}
			for _, lang := range []i18n.Lang{i18n.ZH, i18n.EN} {
				tr := i18n.T{Lang: lang}
				var one, two bytes.Buffer
				must(t, o.Workbook(tr, about).Workbook(&one))
				must(t, w.run(s).Workbook(tr, about).Workbook(&two))
				if !bytes.Equal(one.Bytes(), two.Bytes()) {
					t.Errorf("%s: the same outcome has other bytes", name)
				}
				book := readBook(t, one.Bytes())
				rows := func(key string) [][]sheet.Cell { return book[tr.S("lab.book_"+key)][1:] }
				if got, want := len(rows("method")), len(o.Differences()); got != want || want == 0 && name != "looked" {
					t.Errorf("%s: %d differences are written, want %d", name, got, want)
				}
				checkMovers(t, o, rows("movers"))
				if total := rows("sums")[0]; yuan(t, total[5]) != o.After.Sum.Total.Sure+o.After.Sum.InKind.Sure-o.Before.Sum.Total.Sure-o.Before.Sum.InKind.Sure {
					t.Errorf("%s: the difference is written as %s", name, total[5].Raw)
				}
				for _, by := range []string{"clause", "year", "area", "size", "trade"} {
					all := rows("by_" + by)
					sure, last := money.Fen(0), all[len(all)-1]
					for _, r := range all[:len(all)-1] {
						if r[8].Raw != "" {
							sure += yuan(t, r[8])
						}
					}
					if total := yuan(t, last[8]); sure != total || total != o.After.Sum.Total.Sure+o.After.Sum.InKind.Sure {
						t.Errorf("%s by %s: the rows come to %v of %v", name, by, sure, total)
					}
				}
				if got, want := len(rows("stages")), len(o.Factors()); got != want {
					t.Errorf("%s: %d stages, want %d", name, got, want)
				}
				checkSurvey(t, survey, rows("near"), rows("cliffs"), rows("ceilings"))
				checkNotes(t, o, tr, book[tr.S("lab.book_notes")])
			}
		}
	})
}

func checkMovers(t *testing.T, o *Outcome, rows [][]sheet.Cell) {
	t.Helper()
	if len(rows) != o.Effect.Gain+o.Effect.Lose {
		t.Errorf("%d firms are named, %d gain and %d lose", len(rows), o.Effect.Gain, o.Effect.Lose)
	}
	net := money.Fen(0)
	for _, r := range rows {
		net += yuan(t, r[8])
		if r[1].Raw == "" || yuan(t, r[6])-yuan(t, r[4]) != yuan(t, r[8]) {
			t.Errorf("a row of a firm does not add up: %v", r)
		}
	}
	if net != o.Net() {
		t.Errorf("the firms come to %v, the outcome to %v", net, o.Net())
	}
}

func checkSurvey(t *testing.T, s *Survey, near, cliffs, ceilings [][]sheet.Cell) {
	t.Helper()
	places := 0
	for _, m := range s.Misses {
		places += len(m.At)
	}
	if len(near) != places || places == 0 {
		t.Errorf("%d places where a firm misses a clause are written, want %d", len(near), places)
	}
	for _, r := range near {
		if r[0].Raw == "" || r[5].Raw == "" || r[8].Type == sheet.Number && yuan(t, r[7]) > yuan(t, r[8]) {
			t.Errorf("a near miss is written as %v", r)
		}
		if r[13].Raw != "" && yuan(t, r[11])+yuan(t, r[13]) != yuan(t, r[12]) {
			t.Errorf("a distance does not add up: %v", r)
		}
	}
	if len(cliffs) != len(s.Cliffs(nearness)) || len(ceilings) != len(s.Ceilings) {
		t.Errorf("%d cliffs and %d ceilings are written", len(cliffs), len(ceilings))
	}
}

func checkNotes(t *testing.T, o *Outcome, tr i18n.T, rows [][]sheet.Cell) {
	t.Helper()
	var text []string
	for _, r := range rows {
		text = append(text, r[0].Raw+"\t"+r[1].Raw)
	}
	for _, want := range []string{
		tr.Msg(Caveat), tr.S("lab.synthetic"), tr.S("policy.confidence_secondary"), tr.S("lab.interval"), o.Scenario.Hash(), o.Plan.Hash, o.Law.Hash,
		policy.Engine, "盐政办发〔2022〕6号", "2024-10-31", tr.S("lab.known_at", "2024-10-31", o.Seq), o.Scenario.Name, "王敏",
	} {
		if !slices.ContainsFunc(text, func(line string) bool { return strings.Contains(line, want) }) {
			t.Errorf("the notes do not say %q:\n%s", want, strings.Join(text, "\n"))
		}
	}
}

// What a reader may not carry away is counted, and not named.
func TestWorkbookNamesNobodyBeyondTheScope(t *testing.T) {
	each(t, 30, func(t *testing.T, w *world) {
		view, err := w.frames.For(ctx, access.NewScope(1, access.Auditor, []string{"320904"}, nil), 0)
		must(t, err)
		o, err := w.Run(ctx, view, scenarios()["numbers"], asOf)
		must(t, err)
		named := 0
		for f := range o.After.Firms() {
			if o.view.Can(access.Export, f.ID) {
				named++
			}
		}
		var out bytes.Buffer
		tr := i18n.T{Lang: i18n.EN}
		must(t, o.Workbook(tr, Book{}).Workbook(&out))
		book := readBook(t, out.Bytes())
		if got := len(book[tr.S("lab.book_movers")]) - 1; named == 0 && got != 0 || got > o.Effect.Gain+o.Effect.Lose {
			t.Errorf("%d firms are named to one who may carry away %d", got, named)
		}
		for _, r := range book[tr.S("lab.book_notes")] {
			if strings.Contains(r[1].Raw, "synthetic") {
				t.Error("real data is called synthetic")
			}
		}
	})
}

func TestDifferences(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		text := strings.ReplaceAll(w.text(yancheng), "name: {zh: 贷款贴息, en: Loan subsidy}", "name: {zh: 贷款补贴, en: Loan subsidy}")
		s := Scenario{
			Policy: yancheng, Text: text, Settings: map[string]string{"within_document": "higher"}, Ended: []string{"c12"}, Only: []string{"320904"}, Budget: 300 * money.Wan,
			Changes: []policy.Patch{change("investment_rate", "2023", "10%"), change("min_input", "", "300万元")},
		}
		var got []string
		for _, d := range w.run(s).Differences() {
			got = append(got, strings.Join([]string{string(d.Kind), d.ID, d.Key, d.Law.String(), d.Scenario.String(), d.Was.ZH, d.Is.ZH, d.Cite}, "|"))
		}
		for i, want := range []string{
			"number|investment_rate|2023|11%|10%|||四(三)", "number|min_input||5000000.00|3000000.00|||四(三)", "answer|within_document||", "wording|c8|name|||贷款贴息|贷款补贴|四(二)",
			"clause|c12||", "areas|||||", "budget|scenario_budget|||3000000.00|||",
		} {
			if i >= len(got) || !strings.HasPrefix(got[i], want) {
				t.Errorf("difference %d of\n%s\nwant %s", i, strings.Join(got, "\n"), want)
			}
		}
	})
}
