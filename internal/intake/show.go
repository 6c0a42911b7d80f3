package intake

import (
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

func formatNum(n int64) string { return strconv.FormatInt(n, 10) }

func rowPlace(sheetName string, row int) string { return sheetPlace(sheetName, strconv.Itoa(row)) }

// sheetPlace is a place within a sheet; delimited text has none.
func sheetPlace(sheetName, at string) string {
	if sheetName == "" {
		return at
	}
	return sheetName + "!" + at
}

// show is a number of a definition as people read it, with its unit.
func show(def content.FactDef, n int64) i18n.Text {
	return fact.Show(nil, def, fact.Present, fact.Value{Num: n})
}

// showBound is a bound; an open one is an ellipsis.
func showBound(def content.FactDef, n *int64) i18n.Text {
	if n == nil {
		return i18n.Text{ZH: "…", EN: "…"}
	}
	return show(def, *n)
}

func showSaid(lib *content.Library, def content.FactDef, s Said) i18n.Text {
	return fact.Show(lib, def, s.State, s.Value)
}
