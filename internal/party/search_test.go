package party

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
)

func TestSearchByPinyinAndWords(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, ids := w.say(
			firm{key: "a", name: "大丰机械有限公司", area: "320904"},
			firm{key: "b", name: "盐城大丰机械制造有限公司", area: "320904"},
			firm{key: "c", name: "盐城市大丰机械有限公司", area: "320904"},
			firm{key: "d", name: "江苏长城重型压铸有限公司", former: "盐城铝业厂", area: "320904"},
			firm{key: "e", name: "BOE光电科技有限公司", area: "320902"},
			firm{key: "f", name: "张家港精密压铸机械有限公司", area: "320902"},
			firm{key: "g", name: "绿岛纺织", area: "320902"},
		)
		r := w.load(0)
		all := access.SystemScope()
		a, b, c, d, e, f, g := "大丰机械有限公司", "盐城大丰机械制造有限公司", "盐城市大丰机械有限公司", "江苏长城重型压铸有限公司", "BOE光电科技有限公司", "张家港精密压铸机械有限公司", "绿岛纺织"
		for _, tt := range []struct {
			text string
			want []string
		}{
			{"dfjx", []string{a, c, b}},
			{"DFJX", []string{a, c, b}},
			{"da feng", []string{a, c, b}},
			{"dafengjixie", []string{a, c, b}},
			{"dafengjx", []string{a, c, b}},
			{"ycdf", []string{b}}, // 盐城市大丰 has 市 in between
			{"qq", nil},
			{"zz", []string{b}},         // 制造
			{"changcheng", []string{d}}, // 长 and 重 are read in two ways
			{"zhangcheng", []string{d}},
			{"czx", []string{d}},
			{"czy", nil},
			{"ccc", []string{d}},
			{"cczx", []string{d}},
			{"yanchengly", []string{d}}, // the former name
			{"boe", []string{e}},
			{"boegd", []string{e}},
			{"lvdao", []string{g}},
			{"ludao", []string{g}},
			{"ld", []string{g}},
			{"da", []string{a}},
			{"压铸", []string{d, f}},
			{"铸", []string{d, f}},
			{"张家港 压铸", []string{f}},
			{"压铸 张家港", []string{f}},
			{"压铸 有限公司 长城", []string{d}},
			{"大丰机械制作", []string{b, a, c}}, // a slip: names that share most pairs
			{"江苏长城重型压铸股份公司", []string{d}},
			{"大丰机械", []string{a, c, b}},
			{"x", nil},
			{"zhuangshuangchuangzhuangshuangchuangzhuangshuangchuangzhuang", nil},
		} {
			found := r.Search(all, tt.text, 10)
			if diff := cmp.Diff(tt.want, names(found)); diff != "" || found.Total != len(tt.want) {
				t.Errorf("%q: total %d (-want +got):\n%s", tt.text, found.Total, diff)
			}
		}
		// Nobody learns by pinyin or likeness of what they may not see; one's own comes first among equals.
		county := access.NewScope(1, access.CountyOfficial, []string{"320902"}, nil)
		for _, text := range []string{"dfjx", "大丰机械制作", "压铸 长城"} {
			if found := r.Search(county, text, 10); found.Total != 0 {
				t.Errorf("%q finds %v in another county", text, names(found))
			}
		}
		if got := names(r.Search(access.NewScope(1, access.CountyOfficial, []string{"320902", "320904"}, nil).
			And(access.NewScope(1, access.Enterprise, nil, ids[5:6])), "机械", 10)); !slices.Equal(got, []string{f, a, c, b}) {
			t.Errorf("one's own is not first: %v", got)
		}
	})
}

// Whatever part of a name is looked for, by characters or by the first letters of their pinyin, its enterprise is found;
// and what is found has the text.
func TestSearchFindsEveryPart(t *testing.T) {
	characters := []rune("盐城大丰机械长重行电子科技ab9")
	rapid.Check(t, func(rt *rapid.T) {
		var entries []nameEntry
		for i, name := range rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom(characters), 2, 12, -1), 1, 20).Draw(rt, "names") {
			entries = append(entries, nameEntry{fold: name, key: int32(len(name)), id: int64(i)})
		}
		s := newSegment(entries)
		e := rapid.SampledFrom(entries).Draw(rt, "name")
		runes := []rune(e.fold)
		from := rapid.IntRange(0, len(runes)-1).Draw(rt, "from")
		part := string(runes[from:rapid.IntRange(from+1, len(runes)).Draw(rt, "to")])
		has := func(list []uint32) bool {
			return slices.ContainsFunc(list, func(n uint32) bool { return s.names[n].id == e.id })
		}
		if !has(s.rarest(pairsOf(part))) {
			rt.Fatalf("%q is not found by %q", e.fold, part)
		}
		var typed strings.Builder
		for _, r := range part {
			sounds := soundsOf(r)
			sound := rapid.SampledFrom(sounds).Draw(rt, "sound")
			typed.WriteString(sound[:rapid.SampledFrom([]int{1, len(sound)}).Draw(rt, "letters")])
		}
		if utf8.RuneCountInString(part) < 2 {
			return
		}
		if size, ok := s.speller.spelt(string(runes[from:]), typed.String()); !ok || size == 0 {
			rt.Fatalf("%q does not spell %q", typed.String(), part)
		}
		var found []uint32
		s.spellings(typed.String(), func(n uint32) { found = append(found, n) })
		if !has(found) {
			rt.Fatalf("%q is not found by %q", e.fold, typed.String())
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	w := newBenchWorld(b, 100_000)
	r := w.load(0)
	city := access.NewScope(1, access.CityOfficial, []string{"320902", "320903", "320904", "320981", "zone:320971"}, nil)
	for _, text := range []string{"机械", "悦达精密", "dfjx", "yanchengjm", "jx", "大丰 电子", "悦达精密铸作", "91320900", "械"} {
		b.Run(text, func(b *testing.B) {
			total := 0
			for b.Loop() {
				total = r.Search(city, text, 8).Total
			}
			b.ReportMetric(float64(total), "found")
		})
	}
	b.Run("one more firm", func(b *testing.B) {
		i := 0
		for b.Loop() {
			i++
			w.say(firm{key: fmt.Sprint("new", i%100), name: fmt.Sprintf("新来的第%d家", i)})
			w.load(0)
		}
	})
	b.Run("index anew", func(b *testing.B) {
		for b.Loop() {
			newSegment(r.names)
		}
	})
}

// Traditional characters make a firm found and alike, never the same.
func TestTraditionalNames(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, ids := w.say(
			firm{key: "a", name: "东台智能装备有限公司", area: "320981"},
			firm{key: "b", name: "東臺電機有限公司", former: "東臺電器廠", area: "320981"},
		)
		r := w.load(0)
		for text, want := range map[string]int64{"東臺智能": ids[0], "东台智能": ids[0], "东台电机": ids[1], "東臺電機": ids[1], "电器厂": ids[1]} {
			if found := r.Search(access.SystemScope(), text, 9); len(found.Enterprises) != 1 || found.Enterprises[0].ID != want {
				t.Errorf("%s finds %v, want %d", text, found.Enterprises, want)
			}
		}
		for name, want := range map[string][]Alike{
			"東臺智能裝備有限公司": {{ids[0], SameKey}}, "東臺智能裝備有限責任公司": {{ids[0], SameKey}}, "东台智能装备有限公司": {{ids[0], SameName}},
			"东台电机有限公司": {{ids[1], SameKey}}, "東臺電機有限公司": {{ids[1], SameName}}, "東臺電器廠": {{ids[1], SameFormerName}}, "东台电器厂": {{ids[1], SameKey}},
			"东台电": {},
		} {
			if diff := cmp.Diff(want, r.ByName(name)); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
		}
		near := r.Near([]string{"東臺智能裝備有限責任公司"}, 900, 3, func(Enterprise) bool { return true })
		if len(near[0]) != 1 || near[0][0].ID != ids[0] || near[0][0].Score != 1000 {
			t.Errorf("near: %+v", near)
		}
	})
}
