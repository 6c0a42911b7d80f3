package intake_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// soundCode is a credit code whose check digits fit.
func soundCode(n int) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	for _, org := range alphabet {
		for _, check := range alphabet {
			code := fmt.Sprintf("91320904MA%06d%c%c", 100_000+n, org, check)
			if _, finding := party.ParseUSCC(code); finding == party.Sound {
				return code
			}
		}
	}
	panic("no code is sound")
}

// aFile is a file as a sender would write it.
type aFile struct {
	name, body, authority string
}

// files draws several files that speak of the same few firms, each in its own way.
func files(t *rapid.T) []aFile {
	areas := []string{"大丰区", "东台市", "盐南高新区"}
	figures := []string{"2022年营业收入（万元）", "2023年营业收入（万元）", "2023年从业人员平均人数", "成立日期", "2023年关键工序数控化率（%）"}
	var all []aFile
	for f := range rapid.IntRange(2, 4).Draw(t, "files") {
		authority := rapid.SampledFrom([]string{"statistics", "tax", "enterprise"}).Draw(t, "authority")
		coded := rapid.Bool().Draw(t, "with codes")
		projects := rapid.Bool().Draw(t, "about projects")
		columns := rapid.SliceOfNDistinct(rapid.SampledFrom(figures), 1, 3, rapid.ID[string]).Draw(t, "columns")
		head := []string{"企业名称", "县（市、区）"}
		if coded {
			head = append(head, "统一社会信用代码")
		}
		if projects {
			head = append(head, "项目名称", "2023年项目年度投资额（万元）")
		} else {
			head = append(head, columns...)
		}
		lines := []string{"企业情况表", strings.Join(head, ",")}
		for range rapid.IntRange(1, 6).Draw(t, "rows") {
			n := rapid.IntRange(0, 3).Draw(t, "firm")
			row := []string{fmt.Sprintf("盐城第%d机械有限公司", n), areas[n%len(areas)]}
			if coded {
				row = append(row, rapid.SampledFrom([]string{soundCode(n), soundCode(n), ""}).Draw(t, "code"))
			}
			if projects {
				row = append(row, fmt.Sprintf("改造项目%d", rapid.IntRange(1, 2).Draw(t, "project")))
				columns = []string{"2023年项目年度投资额（万元）"}
			}
			for _, c := range columns {
				row = append(row, figure(t, c))
			}
			lines = append(lines, strings.Join(row, ","))
		}
		all = append(all, aFile{fmt.Sprintf("%d.csv", f), strings.Join(lines, "\n") + "\n", authority})
	}
	return all
}

func figure(t *rapid.T, column string) string {
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		return ""
	case 1:
		return "—"
	}
	if strings.Contains(column, "日期") {
		return rapid.SampledFrom([]string{"2001-02-03", "2002年3月", "2003.4.5"}).Draw(t, "day")
	}
	return fmt.Sprint(rapid.IntRange(10, 99).Draw(t, "number"))
}

// known is all that is effective, by names: ids differ between databases.
func (o *office) known() map[string]string {
	o.Helper()
	v := o.view()
	all := map[string]string{}
	tell := func(who string, subject int64, kind string) {
		for _, def := range o.library.FactDefs() {
			if def.Subject != kind {
				continue
			}
			for _, p := range v.Periods(subject, def.Code) {
				c := v.Value(subject, def.Code, p)
				origin, err := v.Origin(context.Background(), c)
				must(o.TB, err)
				all[who+" "+def.Code+" "+p.String()] = fmt.Sprintf("%s %+v by %s", c.State, c.Value, origin.Source.Authority)
			}
		}
	}
	for e := range v.Enterprises() {
		all[e.Name] = e.Area
		tell(e.Name, e.ID, content.Enterprise)
		for _, id := range v.Children(e.ID, content.Project) {
			sub, _ := v.Subject(id)
			tell(e.Name+"/"+sub.Key, id, content.Project)
		}
	}
	return all
}

// agree commits a batch, again where more became known than its sender was shown; false when it adds nothing.
func (o *office) agree(b intake.Batch) (intake.Batch, bool) {
	o.Helper()
	for range 3 {
		if b.Preview.Digest == "" || b.Preview.Twin == "" && !b.Preview.Adds() {
			return b, false
		}
		_, err := o.intake.Commit(context.Background(), o.scope, b.ID)
		must(o.TB, err)
		if b = o.wait(b.ID); b.State == intake.Committed {
			return b, true
		}
		if b.Failure.Key == "source.twice" {
			return b, false
		}
		if b.Failure.Key != "intake.known_moved" || b.Preview.Stops() {
			o.Fatalf("batch is %s: %s\n%s", b.State, b.Failure, says(b))
		}
	}
	o.Fatalf("batch %s does not settle: %s", b.Name, b.Failure)
	return b, false
}

// Importing a file twice adds nothing; undoing an import restores every effective value; importing again after that adds
// again; and what is known is what a database knows that only ever saw the files that remain, in the order in which they
// became known.
func TestWhatRemainsIsWhatIsKnown(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		o := open(t, db)
		var live []intake.Batch // in the order in which they became known
		rapid.Check(t, func(rt *rapid.T) {
			for _, b := range slices.Backward(live) { // nothing is left of the round before
				_, err := o.intake.Undo(context.Background(), o.scope, b.ID, "")
				must(t, err)
			}
			live = nil
			if left := o.known(); len(left) != 0 {
				rt.Fatalf("after all was undone: %v", left)
			}
			all := files(rt)
			at := map[int64]aFile{}
			for range rapid.IntRange(2, 7).Draw(rt, "steps") {
				before := o.known()
				if len(live) > 0 && rapid.IntRange(0, 2).Draw(rt, "what") == 0 {
					i := rapid.IntRange(0, len(live)-1).Draw(rt, "undo")
					_, err := o.intake.Undo(context.Background(), o.scope, live[i].ID, "")
					if leaned := slices.ContainsFunc(live, func(b intake.Batch) bool { return b.Base == live[i].ID }); leaned != (errs.KindOf(err) == errs.KindConflict) {
						rt.Fatalf("undo of %d, on which another leans: %t, gives %v", live[i].ID, leaned, err)
					} else if leaned {
						if diff := cmp.Diff(before, o.known()); diff != "" {
							rt.Fatalf("an undo was refused and yet (-before +after):\n%s", diff)
						}
						continue
					}
					must(t, err)
					live = slices.Delete(live, i, i+1)
					continue
				}
				f := rapid.SampledFrom(all).Draw(rt, "file")
				b := o.sendAs(f)
				twin := slices.ContainsFunc(live, func(x intake.Batch) bool {
					return x.Authority == b.Authority && x.Preview.Digest == b.Preview.Digest
				})
				if (b.Preview.Twin != "") != twin {
					rt.Fatalf("%s: twin is %q, live are %d files\n%s", f.name, b.Preview.Twin, len(live), f.body)
				}
				b, added := o.agree(b)
				if !added {
					if diff := cmp.Diff(before, o.known()); diff != "" {
						rt.Fatalf("%s was refused and yet (-before +after):\n%s", f.name, diff)
					}
					continue
				}
				live, at[b.ID] = append(live, b), f
			}
			fresh := open(t, storetest.SQLite(t, migrations))
			for _, b := range live {
				fresh.agree(fresh.sendAs(at[b.ID]))
			}
			if diff := cmp.Diff(fresh.known(), o.known()); diff != "" {
				rt.Fatalf("of %v there is known (-a fresh database, +this one):\n%s", slices.Collect(maps.Values(at)), diff)
			}
		})
	})
}

func (o *office) sendAs(f aFile) intake.Batch {
	o.Helper()
	b, err := o.intake.Receive(context.Background(), o.scope, intake.Upload{
		Name: f.name, Sender: "市工信局", Authority: f.authority, Area: "320900", Body: strings.NewReader(f.body),
	})
	must(o.TB, err)
	if b = o.wait(b.ID); b.State != intake.Ready || b.Preview.Stops() {
		o.Fatalf("%s is %s: %s\n%s\n%s", f.name, b.State, b.Failure, says(b), f.body)
	}
	return b
}
