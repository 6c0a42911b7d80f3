package sheet

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/width"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/errs"
)

// unitOf is a unit that must exist.
func unitOf(t testing.TB, name string) Unit {
	t.Helper()
	if name == "" {
		return Unit{}
	}
	u, ok := UnitNamed(name)
	if !ok {
		t.Fatalf("no unit %q", name)
	}
	return u
}

// reasonOf is the key of an error's message.
func reasonOf(err error) string {
	m, _ := errs.Message(err)
	return m.Key
}

func TestParseAmount(t *testing.T) {
	tests := []struct {
		text, unit string
		fen, high  int64 // high 0 means equal to fen
		precision  Precision
		reason     string
	}{
		{text: "1234.5", unit: "元", fen: 123450},
		{text: "15,863.29", unit: "亿元", fen: 15863_29_000_000_00},
		{text: "１，２００．５０", unit: "元", fen: 120050},
		{text: "２３,７１７.０５", unit: "亿元", fen: 2371705_000_000_00},
		{text: "1 200", unit: "元", fen: 120000},
		{text: "1'200", unit: "元", fen: 120000},
		{text: "1,20", unit: "元", reason: "sheet.value.grouping"},
		{text: "1,2345", unit: "元", reason: "sheet.value.grouping"},
		{text: "1,234.567,8", unit: "元", reason: "sheet.value.grouping"},
		{text: "1.234.567", unit: "元", reason: "sheet.value.points"},
		{text: "约1200", unit: "万元", fen: 1200_0000_00, precision: Approx},
		{text: "1200左右", unit: "万元", fen: 1200_0000_00, precision: Approx},
		{text: "1200余", unit: "万元", fen: 1200_0000_00, precision: AtLeast},
		{text: "1200余万元", unit: "元", fen: 1200_0000_00, precision: AtLeast},
		{text: "1200多万元", unit: "元", fen: 1200_0000_00, precision: AtLeast},
		{text: "≥500", unit: "万元", fen: 500_0000_00, precision: AtLeast},
		{text: "500万元以上", unit: "元", fen: 500_0000_00, precision: AtLeast},
		{text: "不超过500万元", unit: "元", fen: 500_0000_00, precision: AtMost},
		{text: "不足500万元", unit: "元", fen: 500_0000_00, precision: AtMost},
		{text: "3~5", unit: "万元", fen: 3_0000_00, high: 5_0000_00, precision: Range},
		{text: "3~5万元", unit: "元", fen: 3_0000_00, high: 5_0000_00, precision: Range},
		{text: "3万元～5万元", unit: "元", fen: 3_0000_00, high: 5_0000_00, precision: Range},
		{text: "3000-5000", unit: "元", fen: 3000_00, high: 5000_00, precision: Range},
		{text: "300至500万元", unit: "元", fen: 300_0000_00, high: 500_0000_00, precision: Range},
		{text: "8000~1万元", unit: "元", fen: 8000_00, high: 1_0000_00, precision: Range},
		{text: "5~3", unit: "元", reason: "sheet.value.range_order"},
		{text: "1.06万", unit: "元", fen: 10600_00},
		{text: "1.06万", unit: "万元", fen: 10600_00},
		{text: "1.06万元", unit: "亿元", fen: 10600_00},
		{text: "1.2亿元", unit: "万元", fen: 120_000_000_00},
		{text: "1亿2000万元", unit: "元", fen: 120_000_000_00},
		{text: "12万5千元", unit: "元", fen: 125_000_00},
		{text: "3百万元", unit: "元", fen: 3_000_000_00},
		{text: "500千元", unit: "元", fen: 500_000_00},
		{text: "壹佰万元整", unit: "", fen: 1_000_000_00},
		{text: "人民币壹佰万元整", unit: "", fen: 1_000_000_00},
		{text: "一百二十万元", unit: "", fen: 1_200_000_00},
		{text: "叁拾贰万伍仟元整", unit: "", fen: 325_000_00},
		{text: "十万元", unit: "", fen: 100_000_00},
		{text: "一亿二千万元", unit: "", fen: 120_000_000_00},
		{text: "一点二亿元", unit: "", fen: 120_000_000_00},
		{text: "壹佰贰拾元伍角整", unit: "", fen: 12050},
		{text: "壹仟元零伍分", unit: "", fen: 100005},
		{text: "人民币（大写）叁元贰角壹分", unit: "", fen: 321},
		{text: "3元5角", unit: "", fen: 350},
		{text: "百万", unit: "", reason: "sheet.value.words"},
		{text: "一百二百万元", unit: "", reason: "sheet.value.words"},
		{text: "-12.5", unit: "万元", fen: -125_000_00},
		{text: "(1,200.50)", unit: "元", fen: -120050},
		{text: "+3", unit: "元", fen: 300},
		{text: "¥1,200.50", unit: "元", fen: 120050},
		{text: "￥1200元", unit: "万元", fen: 1200_00},
		{text: "0", unit: "元", fen: 0},
		{text: "0.005", unit: "元", fen: 1},
		{text: "0.004", unit: "元", fen: 0},
		{text: "100", unit: "", reason: "sheet.amount.no_unit"},
		{text: "100万美元", unit: "元", reason: "sheet.amount.foreign"},
		{text: "100(含税)", unit: "元", reason: "sheet.value.tail"},
		{text: "100人", unit: "元", reason: "sheet.amount.not_money"},
		{text: "待定额", unit: "元", reason: "sheet.value.not_number"},
		{text: "10²", unit: "元", reason: "sheet.value.tail"},
		{text: "约1200以上", unit: "元", reason: "sheet.value.firmness"},
		{text: "92233720368547758.07", unit: "元", fen: 1<<63 - 1},
		{text: "92233720368547758.08", unit: "元", reason: "sheet.value.large"},
		{text: "9999999999999", unit: "亿元", reason: "sheet.value.large"},
		{text: "99999999999999999999999", unit: "元", reason: "sheet.value.large"},
		{text: "1e5", unit: "元", reason: "sheet.value.tail"},
	}
	for _, tt := range tests {
		t.Run(tt.text+" "+tt.unit, func(t *testing.T) {
			got, err := ParseAmount(tt.text, unitOf(t, tt.unit))
			if reason := reasonOf(err); reason != tt.reason {
				t.Fatalf("reason %q (%v), want %q", reason, err, tt.reason)
			}
			if err != nil {
				return
			}
			high, precision := tt.high, tt.precision
			if high == 0 {
				high = tt.fen
			}
			if precision == "" {
				precision = Exact
			}
			if int64(got.Fen) != tt.fen || int64(got.High) != high || got.Precision != precision {
				t.Errorf("got %d to %d %s, want %d to %d %s", got.Fen, got.High, got.Precision, tt.fen, high, precision)
			}
		})
	}
}

// TestRawNumber is the round trip of the numbers that workbooks store: a double written with 17 digits is read as the
// amount that was typed.
func TestRawNumber(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"1234.5600000000001", "1234.56"},
		{"1234.5599999999999", "1234.56"},
		{"6.5000000000000002E-2", "0.065"},
		{"0.30000000000000004", "0.3"},
		{"1E-3", "0.001"},
		{"9.13205007311235E+17", "913205007311235000"},
		{"158632860", "158632860"},
		{"-2.1", "-2.1"},
		{"100", "100"},
		{"0", "0"},
		{"44589.5", "44589.5"},
		{"0.1", "0.1"},
		{".5", "0.5"},
	}
	for _, tt := range tests {
		d, ok := rawNumber(tt.raw)
		if !ok || d.String() != tt.want {
			t.Errorf("rawNumber(%q) = %s, %v, want %s", tt.raw, d.String(), ok, tt.want)
		}
	}
	for _, raw := range []string{"", "abc", "0x10", "NaN", "Inf", "1e999", "1_000", "--1", "1.2.3"} {
		if d, ok := rawNumber(raw); ok {
			t.Errorf("rawNumber(%q) = %s, want none", raw, d.String())
		}
	}
}

// TestAmountRoundTrip types every amount of fen below 15 digits and reads it back, through text and through the double
// that a workbook would store.
func TestAmountRoundTrip(t *testing.T) {
	wan := unitOf(t, "万元")
	yuan := unitOf(t, "元")
	rapid.Check(t, func(t *rapid.T) {
		fen := rapid.Int64Range(-99_999_999_999_999, 99_999_999_999_999).Draw(t, "fen")
		d := decimal{neg: fen < 0, digits: uint64(max(fen, -fen)), scale: 2}
		text := d.fixed(2)
		a, err := ParseAmount(text, yuan)
		if err != nil || int64(a.Fen) != fen {
			t.Fatalf("%s 元 is %d fen (%v), want %d", text, a.Fen, err, fen)
		}
		d.scale = 6
		raw := strconvDouble(d.String())
		r, err := Read(Cell{Type: Number, Raw: raw}, Want{Kind: KindMoney, Unit: wan})
		if err != nil || r.Num != fen || r.Rounded {
			t.Fatalf("%s 万元, stored as %s, is %d fen (%v), want %d", d.String(), raw, r.Num, err, fen)
		}
	})
}

func TestParseRate(t *testing.T) {
	tests := []struct {
		text   string
		scale  RateScale
		ppm    int64
		reason string
	}{
		{"65%", RateUnknown, 650_000, ""},
		{"65％", RateUnknown, 650_000, ""},
		{"+1.7%", RateUnknown, 17_000, ""},
		{"-2.1％", RateUnknown, -21_000, ""},
		{"1.2‰", RateUnknown, 1_200, ""},
		{"百分之六十五", RateUnknown, 650_000, ""},
		{"提高3.2个百分点", RateUnknown, 0, "sheet.value.not_number"},
		{"3.2个百分点", RateUnknown, 32_000, ""},
		{"0.65", RateUnknown, 0, "sheet.rate.ambiguous"},
		{"0.65", RateFraction, 650_000, ""},
		{"65", RatePercent, 650_000, ""},
		{"65", RateUnknown, 0, "sheet.rate.ambiguous"},
		{"0", RateUnknown, 0, ""},
		{"65万元", RatePercent, 0, "sheet.value.tail"},
	}
	for _, tt := range tests {
		ppm, _, _, _, err := ParseRate(tt.text, tt.scale)
		if reasonOf(err) != tt.reason || err == nil && ppm != tt.ppm {
			t.Errorf("ParseRate(%q, %d) = %d, %v, want %d %s", tt.text, tt.scale, ppm, err, tt.ppm, tt.reason)
		}
	}
}

func TestParseQuantity(t *testing.T) {
	ints := []struct {
		text, unit string
		want       int64
		reason     string
	}{
		{"1,234", "", 1234, ""},
		{"1,234人", "人", 1234, ""},
		{"1.2万人", "人", 12000, ""},
		{"1.2万", "人", 12000, ""},
		{"1.2", "万人", 12000, ""},
		{"120 台", "台", 120, ""},
		{"十二", "", 12, ""},
		{"3.5", "人", 0, "sheet.int.fraction"},
		{"3家", "人", 0, "sheet.value.unit"},
		{"3.0", "", 3, ""},
	}
	for _, tt := range ints {
		r, err := Read(Cell{Type: Text, Raw: tt.text}, Want{Kind: KindInt, Unit: unitOf(t, tt.unit)})
		if reasonOf(err) != tt.reason || err == nil && r.Num != tt.want {
			t.Errorf("%q in a column of whole %s = %d, %v, want %d %s", tt.text, tt.unit, r.Num, err, tt.want, tt.reason)
		}
	}
	decimals := []struct {
		text, unit string
		want       int64
	}{
		{"1.5", "", 1_500_000},
		{"1200万千瓦时", "千瓦时", 12_000_000_000_000},
		{"3千瓦时", "千瓦时", 3_000_000},
		{"1.25", "万千瓦时", 12_500_000_000},
		{"2.5吨标煤", "吨标准煤", 2_500_000},
	}
	for _, tt := range decimals {
		r, err := Read(Cell{Type: Text, Raw: tt.text}, Want{Kind: KindDecimal, Unit: unitOf(t, tt.unit)})
		if err != nil || r.Num != tt.want {
			t.Errorf("%q in a column of %s = %d, %v, want %d", tt.text, tt.unit, r.Num, err, tt.want)
		}
	}
}

func TestParseBoolAndState(t *testing.T) {
	for text, want := range map[string]bool{"是": true, "√": true, "有": true, "Y": true, "TRUE": true, "１": true, "否": false, "×": false, "无": false, "0": false} {
		if got, err := ParseBool(text); err != nil || got != want {
			t.Errorf("ParseBool(%q) = %v, %v", text, got, err)
		}
	}
	if _, err := ParseBool("也许"); reasonOf(err) != "sheet.bool.unknown" {
		t.Errorf("ParseBool(也许): %v", err)
	}
	for text, want := range map[string]State{"": Unstated, "　": Unstated, "-": Missing, "——": Missing, "－": Missing, "/": Missing, "暂无": Missing, "N/A": Missing, "无": None, "不适用": None, "涉密": Withheld, "0": Present, "无锡": Present, "-5": Present} {
		if got := ParseState(text); got != want {
			t.Errorf("ParseState(%q) = %d, want %d", text, got, want)
		}
	}
	r, err := Read(Cell{Type: Text, Raw: "无"}, Want{Kind: KindBool})
	if err != nil || r.State != Present || r.Num != 0 {
		t.Errorf("无 in a truth column is %+v, %v", r, err)
	}
}

func FuzzAmount(f *testing.F) {
	for _, s := range []string{"1,234.56", "约1200万元", "3~5亿", "壹佰贰拾万元整", "1亿2000万", "(1.2)", "三元五角", "1e9", "9999999999999999999999亿", "不超过-5"} {
		f.Add(s)
	}
	unit := units["万元"]
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAmount(s, unit)
		if err != nil {
			if reasonOf(err) == "" {
				t.Fatalf("%q: no reason: %v", s, err)
			}
			return
		}
		if a.High < a.Fen || a.Precision == "" || (a.Precision != Range && a.High != a.Fen) {
			t.Fatalf("%q is %+v", s, a)
		}
		if strings.TrimSpace(s) == "" {
			t.Fatalf("a blank is %+v", a)
		}
		_, _ = ParseBool(s)
		_, _, _, _, _ = ParseRate(s, RateUnknown)
		_, _ = Read(Cell{Type: Text, Raw: s}, Want{Kind: KindDecimal, Unit: unit})
	})
}

func TestIsWide(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if s := string(r); width.Fold.String(s) != s && !isWide(r) {
			t.Errorf("%q is folded to %q, and isWide does not know it", r, width.Fold.String(s))
		}
	}
}
