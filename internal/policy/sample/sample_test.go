package sample

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var (
	ctx        = context.Background()
	asOf       = period.Date(2024, 10, 31)
	now        = clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing))
	migrations = []store.Migrations{source.Migrations, party.Migrations, fact.Migrations}
	library    = sync.OnceValue(func() *content.Library {
		lib, err := content.Load(contentdata.FS)
		if err != nil {
			panic(err)
		}
		return lib
	})
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newPlace(t testing.TB, db *store.DB) Place {
	p := Place{DB: db, Library: library(), Sources: source.New(db, now)}
	p.Parties = party.NewStore(db, p.Sources)
	p.Facts = fact.NewStore(db, p.Sources, p.Library)
	var err error
	p.Frames, err = fact.Open(ctx, p.Facts, p.Parties, now)
	must(t, err)
	return p
}

func file(name, src string) File {
	return File{name, rule.ReadFacts(library(), name, strings.NewReader(src))}
}

func plans(t testing.TB) []*policy.Plan {
	files, err := filepath.Glob("../../../content/policies/*/*/policy.yaml")
	must(t, err)
	var all []*policy.Plan
	for _, name := range files {
		src, err := os.ReadFile(name)
		must(t, err)
		p, problems := policy.Compile(library(), name, src)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		plan, err := p.Plan(nil)
		must(t, err)
		if !plan.Staged() {
			all = append(all, plan)
		}
	}
	return all
}

// object is a JSON object as a test makes it.
type object = map[string]any

// maybe draws a value, nothing known (the key is left out) or, where facts may be none, null.
func maybe(t *rapid.T, into object, key string, value any) {
	switch rapid.IntRange(0, 9).Draw(t, key) {
	case 0:
	case 1:
		into[key] = nil
	default:
		into[key] = value
	}
}

// wan draws an amount of some 万元.
func wan(t *rapid.T) string {
	return fmt.Sprintf("%d.%02d万元", rapid.IntRange(0, 4000).Draw(t, "wan"), rapid.IntRange(0, 99).Draw(t, "rest"))
}

func years(t *rapid.T, value func() any) object {
	out := object{}
	for _, y := range []string{"2021", "2022", "2023", "2024"} {
		maybe(t, out, y, value())
	}
	return out
}

func firm(t *rapid.T, id int) object {
	facts := object{"ent.above_scale": years(t, func() any { return rapid.Bool().Draw(t, "above") })}
	maybe(t, facts, "ent.diagnosed_on", "2023-04-05")
	maybe(t, facts, "ent.cnc_rate", years(t, func() any { return "52.5%" }))
	if facts["ent.cnc_rate"] == nil {
		delete(facts, "ent.cnc_rate")
	}
	out := object{"id": "E" + strconv.Itoa(id), "facts": facts}
	area := rapid.SampledFrom([]string{"320902", "320903", "320904", "zone:320971", "320981", "320100"})
	switch rapid.IntRange(0, 3).Draw(t, "area") {
	case 0:
	case 1:
		out["area"] = area.Draw(t, "area")
	default:
		out["area"] = []any{
			object{"node": area.Draw(t, "area")},
			object{"node": area.Draw(t, "area"), "from": "2022-07-01", "until": "2023-06-30"},
			object{"node": area.Draw(t, "area"), "from": rapid.SampledFrom([]string{"2023-07-01", "2024-01-01"}).Draw(t, "from")},
		}
	}
	var projects, loans []any
	for i := range rapid.IntRange(0, 3).Draw(t, "projects") {
		f := object{"project.effective_input": years(t, func() any { return wan(t) }), "project.investment": years(t, func() any { return wan(t) })}
		maybe(t, f, "project.is_digital", true)
		projects = append(projects, object{"id": "P" + strconv.Itoa(i), "facts": f})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "loans") {
		f := object{}
		maybe(t, f, "loan.for_digital", true)
		maybe(t, f, "loan.principal", wan(t))
		maybe(t, f, "loan.drawn_on", fmt.Sprintf("202%d-05-06", rapid.IntRange(1, 4).Draw(t, "year")))
		l := object{"id": "L" + strconv.Itoa(i), "facts": f}
		if rapid.Bool().Draw(t, "linked") && len(projects) > 0 {
			l["project"] = "P0"
		} else {
			maybe(t, l, "project", nil)
		}
		loans = append(loans, l)
	}
	honours := []any{object{"id": "H1", "facts": object{"honour.title": "prov_smart_factory", "honour.awarded_on": "2022-09-01"}}}
	for key, list := range map[string][]any{"projects": projects, "loans": loans, "honours": honours[:rapid.IntRange(0, 1).Draw(t, "honours")]} {
		if len(list) > 0 {
			out[key] = list
		}
	}
	return object{"enterprise": out}
}

// outcome is a decision without what a database calls things.
func outcome(d *policy.Decision) string {
	s := fmt.Sprintf("%s %v %v %d missing", d.State, d.Total, d.InKind, len(d.Missing))
	for _, c := range d.Clauses {
		s += fmt.Sprintf("; %s %s %v", c.Clause, c.State, c.Pays)
	}
	return s
}

// A decision from the database is the one from the file.
func TestDecidesAsTheFile(t *testing.T) {
	all := plans(t)
	met := 0
	rapid.Check(t, func(rt *rapid.T) {
		p := newPlace(t, storetest.SQLite(t, migrations))
		var lines []string
		for i := range rapid.IntRange(1, 12).Draw(rt, "firms") {
			line, err := json.Marshal(firm(rt, i))
			must(t, err)
			lines = append(lines, string(line))
		}
		src := strings.Join(lines, "\n")
		n, err := p.State(ctx, file("f", src))
		if err != nil || n != len(lines) {
			rt.Fatalf("%d of %d enterprises are stated: %v\n%s", n, len(lines), err, src)
		}
		view, err := p.Frames.For(ctx, access.SystemScope(), 0)
		must(t, err)
		reader := region.NewReader(library())
		for doc, err := range rule.ReadFacts(library(), "f", strings.NewReader(src)) {
			must(t, err)
			id := view.Registry().ByName(doc.ID())[0].ID
			subject, ok := reader.Subject(view, id)
			if !ok {
				rt.Fatalf("%s is not in the database", doc.ID())
			}
			for _, plan := range all {
				want, err := plan.Decide(doc, asOf, policy.Options{})
				must(t, err)
				got, err := plan.Decide(subject, asOf, policy.Options{})
				must(t, err)
				if want.State == policy.Met {
					met++
				}
				if diff := cmp.Diff(outcome(want), outcome(got)); diff != "" {
					rt.Fatalf("%s (-file +database):\n%s\n%s", plan.Policy.File.Document.ID, diff, src)
				}
			}
		}
	})
	if met == 0 {
		t.Error("no enterprise got anything: nothing was compared")
	}
}

func TestRefused(t *testing.T) {
	firm := func(id, more string) string { return `{"enterprise": {"id": "` + id + `"` + more + `}}` }
	for name, c := range map[string]struct {
		files []File
		want  []string
	}{
		"twice in a file":    {[]File{file("a", firm("x", "")+"\n"+firm("x", ""))}, []string{"a:2:1: an enterprise with the id “x” stands before"}},
		"twice in two files": {[]File{file("a", firm("x", "")), file("b", firm("y", "")+"\n\n "+firm("x", ""))}, []string{"b:3:2: an enterprise with the id “x” stands before"}},
		"no id":              {[]File{file("a", `{"enterprise": {}}`)}, []string{"a:1:1: this enterprise has no id; among many each needs one of its own"}},
		"nowhere":            {[]File{file("a", firm("x", `, "area": null`))}, []string{"a:1:1: enterprise x: Area may not be null among many; leave it out where it is not known"}},
		"a fine rate": {[]File{file("a", firm("x", `, "facts": {"ent.cnc_rate": {"2022": "1/3"}}`)+"\n"+firm("y", `, "facts": {"ent.cnc_rate": {"2022": "33.3333%"}}`))}, []string{
			"a:1:1: enterprise x: Numerically controlled share of key processes 1/3 is finer than a millionth; write a percentage with at most four decimals",
		}},
		"mistakes of the reader": {[]File{file("a", "{}\n"+firm("x", "")+"\n"+firm("x", "")), file("b", "[")}, []string{
			"a:1:1: enterprise is missing", "a:3:1: an enterprise with the id “x” stands before", "b:1:2: the file ends here, and the array was not closed with ]",
		}},
	} {
		p := newPlace(t, storetest.SQLite(t, migrations))
		_, err := p.State(ctx, c.files...)
		var problems content.Problems
		errors.As(err, &problems)
		var told []string
		for _, p := range problems {
			told = append(told, strings.SplitN(p.String(), "\n", 2)[0])
		}
		if diff := cmp.Diff(c.want, told); diff != "" {
			t.Errorf("%s (-want +got):\n%s%v", name, diff, err)
		}
		view, err := p.Frames.For(ctx, access.SystemScope(), 0)
		must(t, err)
		if view.Count() != 0 {
			t.Errorf("%s: %d enterprises are known all the same", name, view.Count())
		}
	}
}
