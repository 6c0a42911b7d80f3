package region

import (
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// A subject is called what somebody said, whether that was verified or not; an honour without a name by its title.
func TestNamesOfSubjects(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	_, ids := w.state(
		thing{kind: content.Enterprise, key: "甲厂", area: "320904"},
		thing{kind: content.Project, key: "p1", below: 1, facts: map[string]any{"project.name": "数字车间"}},
		thing{kind: content.Honour, key: "h|1", below: 1, facts: map[string]any{"honour.title": "nat_smart_factory"}},
		thing{kind: content.Honour, key: "h|2", below: 1, facts: map[string]any{"honour.title": "nat_smart_factory", "honour.item": "五号线"}},
		thing{kind: content.Honour, key: "h|3", below: 1},
	)
	view, err := w.frames.For(ctx, access.SystemScope(), 0)
	must(t, err)
	for what, reader := range map[string]*Reader{"all": w.runner.reader, "verified": w.runner.reader.Verified()} {
		firm, ok := reader.Subject(view, ids[0])
		if !ok {
			t.Fatal("no such enterprise")
		}
		names := map[string]bool{}
		for _, kind := range []string{content.Project, content.Honour} {
			for _, s := range firm.Children(kind) {
				names[s.Name()] = true
			}
		}
		for _, want := range []string{"数字车间", "国家级智能制造示范工厂", "五号线", "h|3"} {
			if !names[want] {
				t.Errorf("%s: nothing is called %s: %v", what, want, names)
			}
		}
	}
}
