package release

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestScan(t *testing.T) {
	for _, tc := range []struct {
		text string
		want Personal
	}{
		{"", ""},
		{"虚构甲机械有限公司", ""},
		{"有效投入补助（2024年度）第 12 条", ""},
		{"盐政办发〔2022〕6号", ""},
		{"91320900MA1MTQ0Q7T", ""}, // no check character: letters part it
		{"统一社会信用代码 91350100M000100Y43", ""},
		{"0515-1234567", ""}, // an office: 11 digits that no mobile has
		{"11010519491231002X", Identity},
		{"身份证：11010519491231002x。", Identity},
		{"110105 19491231 002X", Identity},
		{"１１０１０５１９４９１２３１００２Ｘ", Identity},
		{"110105491231002", Identity},
		{"一一〇一〇五一九四九一二三一〇〇二X", Identity},
		{"110105194912310021", Account}, // the check character is wrong: a long number all the same
		{"电话13800138000", Mobile},
		{"138-0013-8000", Mobile},
		{"138 0013 8000", Mobile},
		{"138·0013·8000", Mobile},
		{"(+86) 138 0013 8000", Mobile},
		{"008613800138000", Mobile},
		{"013800138000", Mobile},
		{"①③⑧⓪⓪①③⑧⓪⓪⓪", Mobile},
		{"❶❸❽⓿⓿❶❸❽⓿⓿⓿", Mobile},
		{"１３８００１３８０００", Mobile},
		{"一三八零零一三八零零零", Mobile},
		{"幺三八〇〇幺三八〇〇〇", Mobile},
		{"138OO138OOO", Mobile},
		{"l38ool38ooo", Mobile},
		{"1\u200b3\u200b8\u200b0\u200b0\u200b1\u200b3\u200b8\u200b0\u200b0\u200b0", Mobile},
		{"١٣٨٠٠١٣٨٠٠٠", Mobile},
		{"12345678901", ""},
		{"6228480402564890018", Account},
		{"6228 4804 0256 4890 018", Account},
		{"账号622848040256，户名某某", Account},
		{"someone@example.com", Mail},
		{"someone＠example.com", Mail},
		{"some one @ example", Mail},
		{"@", ""},
		{"第一、二、三、四、五、六、七、八、九、十、十一项", ""},
	} {
		s, found := Scan(tc.text)
		if s.Personal != tc.want || found != (tc.want != "") {
			t.Errorf("%q: %q, %t; want %q", tc.text, s.Personal, found, tc.want)
		}
		if found && tc.want != Mail && strings.Count(s.Masked, "*") < len(s.Masked)-4 {
			t.Errorf("%q: told as %q", tc.text, s.Masked)
		}
	}
}

// FuzzScan: nothing breaks it, and a number that it knows it knows between any two other texts, however it is spelt.
func FuzzScan(f *testing.F) {
	f.Add("虚构公司", "条款", uint8(0))
	f.Add("1", "2", uint8(3))
	f.Add("91350100M000100Y43", "138", uint8(200))
	f.Fuzz(func(t *testing.T, before, after string, how uint8) {
		Scan(before)
		if !utf8.ValidString(before) || !utf8.ValidString(after) {
			return
		}
		for _, n := range []string{"13800138000", "11010519491231002X", "6228480402564890018"} {
			text := before + "，账号：" + spelt(n, int(how)) + "。" + after
			if _, found := Scan(text); !found {
				t.Errorf("%q is let through", text)
			}
		}
	})
}

// spelt writes a number in one of many ways.
func spelt(n string, how int) string {
	var b strings.Builder
	between := []string{"", " ", "-", "·", "\u00a0", "\u200b", ". ", "—", "/", "、"}[how%10]
	digits := []string{"0123456789", "０１２３４５６７８９", "〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "⓪①②③④⑤⑥⑦⑧⑨", "٠١٢٣٤٥٦٧٨٩", "O123456789"}[how/10%7]
	for i, r := range n {
		if i > 0 && (how/70%2 == 0 || i%4 == 3) {
			b.WriteString(between)
		}
		if r == 'X' {
			b.WriteString([]string{"X", "x", "Ｘ", "Ⅹ"}[how%4])
			continue
		}
		b.WriteRune([]rune(digits)[r-'0'])
	}
	return b.String()
}
