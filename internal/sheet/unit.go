package sheet

// UnitKind groups units that measure the same sort of thing.
type UnitKind string

// The kinds. Foreign is money that is not yuan: it is recognised in order to be refused.
const (
	UnitMoney   UnitKind = "money"
	UnitForeign UnitKind = "foreign"
	UnitRate    UnitKind = "rate"
	UnitOther   UnitKind = "other"
)

// Unit is a unit of measure. The zero Unit is none.
type Unit struct {
	Name   string // 万元
	Kind   UnitKind
	Base   string // what Factor counts: "fen", "ppm", "千瓦时", "人" …
	Factor int64  // worth of one in Base
}
