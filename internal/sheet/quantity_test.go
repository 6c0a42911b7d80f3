package sheet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shown is a quantity as a test reads it: fen, a rate, or the number with its unit.
func (q Quantity) shown() string {
	if fen, ok := q.Fen(); ok {
		return fen.String() + " yuan"
	}
	if rate, ok := q.Rate(); ok {
		return rate.String()
	}
	return q.value.String() + " " + q.Unit.Name
}

func TestQuantities(t *testing.T) {
	for _, tc := range []struct {
		text string
		want string
	}{
		{"按投资额的12%补助", "12%"},
		{"按投资额的12％补助", "12%"},
		{"按百分之十二给予补助", "12%"},
		{"千分之五", "0.5%"},
		{"承担三分之一", "1/3"},
		{"承担1/3", "1/3"},
		{"2022/1/28起", ""},
		{"有效期截至2024年12月31日，最高100万元", "1000000.00 yuan"},
		{"500万元以上", "5000000.00 yuan"},
		{"最高5,000,000元", "5000000.00 yuan"},
		{"最高５００万元", "5000000.00 yuan"},
		{"二百万元", "2000000.00 yuan"},
		{"贰佰万元", "2000000.00 yuan"},
		{"一点五亿元", "150000000.00 yuan"},
		{"1亿2000万元", "120000000.00 yuan"},
		{"不超过500万。", "5000000.00 yuan"},
		{"项目贷款额的1.2%、1.1%、1%给予贴息", "1.2% | 1.1% | 1%"},
		{"分别给予50万元、30万元一次性奖励", "500000.00 yuan | 300000.00 yuan | 1 次"},
		{"突破1、3、5亿元的", "100000000.00 yuan | 300000000.00 yuan | 500000000.00 yuan"},
		{"10%~12%", "10% | 12%"},
		{"10~12%", "10% | 12%"},
		{"3至5万元", "30000.00 yuan | 50000.00 yuan"},
		{"在2022,2023年", "2022 年 | 2023 年"},
		{"费用不高于10万元/家", "100000.00 yuan"},
		{"30万台设备", "300000 台"},
		{"完成3000家以上企業", "3000 家"},
		{"没有数字", ""},
		{"第1.2.3条", ""},
	} {
		t.Run(tc.text, func(t *testing.T) {
			var got []string
			for _, q := range Quantities(tc.text) {
				got = append(got, strings.TrimSpace(q.shown()))
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, " | ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSameQuantity(t *testing.T) {
	one := func(text string) Quantity {
		t.Helper()
		all := Quantities(text)
		if len(all) != 1 {
			t.Fatalf("%s: %d quantities", text, len(all))
		}
		return all[0]
	}
	for _, tc := range []struct {
		a, b string
		same bool
	}{
		{"12%", "百分之十二", true},
		{"12%", "12万元", false},
		{"12%", "12", false},
		{"500万元", "5,000,000元", true},
		{"二百万元", "贰佰万元", true},
		{"200万元", "200万台", false},
		{"30万台", "300000台", true},
		{"50家", "50", true},
		{"50家", "50人", false},
		{"1%", "0.01元", false},
	} {
		if got := one(tc.a).Same(one(tc.b)); got != tc.same {
			t.Errorf("%s and %s: same %v, want %v", tc.a, tc.b, got, tc.same)
		}
		if got := one(tc.b).Same(one(tc.a)); got != tc.same {
			t.Errorf("%s and %s: same %v, want %v", tc.b, tc.a, got, tc.same)
		}
	}
}

func TestDaysInText(t *testing.T) {
	for text, want := range map[string]string{
		"有效期截至2024年12月31日。":  "2024-12-31",
		"二〇二二年一月二十八日印发":      "2022-01-28",
		"2022-01-28 起":       "2022-01-28",
		"2024年底前":            "",
		"2022年2月30日没有这一天":    "",
		"自2022.1.1至2022.6.1": "2022-01-01 2022-06-01",
	} {
		var got []string
		for _, d := range Days(text) {
			got = append(got, d.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

// FuzzQuantities: no text breaks the reader, and what it reads, written out, is read as the same again.
func FuzzQuantities(f *testing.F) {
	for _, seed := range []string{
		"按12%、11%、10%补助", "百分之十二", "二百万元", "1亿2000万元至3亿元", "1、3、5亿元", "三分之一", "1,2,3", "500(万元)", "零点零零零一", "9999999999999999999亿", "千分之", "一二三四五六七八九十百千万亿",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, q := range Quantities(text) {
			if fen, ok := q.Fen(); ok {
				again := Quantities(fen.String() + "元")
				if len(again) != 1 || !again[0].Same(q) {
					t.Errorf("%q: %s is read as %+v", text, fen, again)
				}
			}
			if rate, ok := q.Rate(); ok && strings.HasSuffix(rate.String(), "%") {
				again := Quantities(rate.String())
				if len(again) != 1 || !again[0].Same(q) {
					t.Errorf("%q: %s is read as %+v", text, rate, again)
				}
			}
		}
		Days(text)
	})
}
