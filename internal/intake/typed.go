package intake

import (
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Typed reads what somebody typed into a form, as a cell of a column of the definition is read: in any way of writing
// numbers, dates and answers, with or without a unit. A plain number is in unit, "" for the definition's own; a plain rate
// is a percentage. It gives State, Value, Precision and Shown of the statement, and fails with Invalid for what cannot be
// read for certain, lies beyond the definition's bounds, or is blank.
func Typed(lib *content.Library, def content.FactDef, text, unit string) (fact.Statement, error) {
	text = strings.TrimSpace(text)
	want := sheet.Want{Kind: sheet.Kind(def.Type), Rate: sheet.RatePercent}
	if unit == "" {
		unit = def.Unit
	}
	if unit != "" {
		want.Unit, _ = sheet.UnitNamed(unit)
	}
	codes, _ := lib.CodeList(def.Codes)
	v, why := readCell(sheet.Cell{Type: sheet.Text, Raw: text}, want, &def, codes)
	switch {
	case !why.IsZero():
		return fact.Statement{}, errs.Invalid(why)
	case v.State == fact.Unknown:
		return fact.Statement{}, errs.Invalid(i18n.M("intake.typed_nothing", def.Name))
	}
	shown := text
	if v.State == fact.Present && def.Type == content.Money && strings.Trim(text, "0123456789.,-") == "" {
		shown += unit // the number alone says nothing
	}
	return fact.Statement{Def: def.Code, State: v.State, Value: v.Value, Precision: v.precision, Shown: cut(shown, maxText)}, nil
}
