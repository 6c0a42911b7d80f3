package sheet

import (
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Kind is what a column is expected to hold. The words are those of fact definitions.
type Kind string

// The kinds, with the scale of Reading.Num.
const (
	KindText    Kind = "text"    // Text
	KindCode    Kind = "code"    // Text; numbers that lost digits are refused
	KindMoney   Kind = "money"   // fen
	KindRate    Kind = "rate"    // parts per million
	KindInt     Kind = "int"     // itself
	KindDecimal Kind = "decimal" // millionths
	KindBool    Kind = "bool"    // 0 or 1
	KindDate    Kind = "date"    // days since 1970-01-01
	KindPeriod  Kind = "period"  // Period
)

// State is what a cell says about its value.
type State uint8

// The states. Unstated is a blank cell: it makes no statement at all and never overwrites one. Missing is said to be
// missing (—, 暂无, N/A); None is said to be nothing or not applicable (无); Withheld is kept back (涉密). A 0 is a
// present value.
const (
	Unstated State = iota
	Present
	Missing
	None
	Withheld
)

// Precision is how firm a value is, in the sender's own words.
type Precision string

// The precisions. A Range has both ends and is never turned into its middle.
const (
	Exact   Precision = "exact"
	Approx  Precision = "approx"   // 约 1200, 1200 左右
	AtLeast Precision = "at_least" // ≥ 1200, 1200 余, 1200 以上
	AtMost  Precision = "at_most"  // ≤ 1200, 不足 1200
	Range   Precision = "range"    // 3~5
)

// RateScale is how plain numbers of a rate column are meant.
type RateScale uint8

// The scales. With RateUnknown a plain number is refused as ambiguous: 0.65 may be 65 % or 0.65 %.
const (
	RateUnknown  RateScale = iota
	RateFraction           // 0.65 is 65 %
	RatePercent            // 65 is 65 %
)

// DayOrder is how dates are meant whose text does not tell: 22/1/28, 1/28/2022, 220128.
type DayOrder string

// The orders. With DayOrderUnknown such a text is refused. Where the year has two digits, 70 to 99 are of the 1900s, the
// others of the 2000s.
const (
	DayOrderUnknown DayOrder = ""
	YearMonthDay    DayOrder = "ymd"
	MonthDayYear    DayOrder = "mdy"
	DayMonthYear    DayOrder = "dmy"
)

// Want is what is expected of a cell.
type Want struct {
	Kind Kind
	Unit Unit      // of plain numbers, where the cell itself names none; the zero Unit refuses money
	Rate RateScale // of plain numbers, where neither cell nor format says
	Days DayOrder  // of dates whose text does not say
	Year int       // of periods without one ("1-8月"); 0 refuses them
}

// Reading is what a cell says. Num, High and Text have the scale of the kind wanted.
type Reading struct {
	State     State
	Num       int64
	High      int64 // upper end of a Range, else equal to Num
	Text      string
	Precision Precision
	Day       period.Kind   // KindDate: Day, Month or Year; a month or a year is read as its first day
	Period    period.Period // KindPeriod
	Rounded   bool          // the cell holds more decimals than the scale; rounded half away from zero
	Notes     []i18n.Msg    // what the sender should be told although the value was read
}

// Amount is a sum of money.
type Amount struct {
	Fen       money.Fen
	High      money.Fen // upper end of a Range, else equal to Fen
	Precision Precision
	Rounded   bool // more than two decimals of yuan were given
	UnitSaid  bool // the text names its unit; the column's was not used
}
