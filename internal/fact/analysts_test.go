package fact

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/parquet"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// TestAnalystRows: a row for each value that the scope may see, and none of any other.
func TestAnalystRows(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	firms, projects := w.firms(t, "rows", 2, "320904", "320981")
	missing := Statement{Subject: firms[0], Def: "ent.revenue", Period: years[1], State: Missing}
	w.say(t, "tax", present(firms[0], "ent.revenue", years[0], 123_456), missing, text(firms[0], "ent.address", "海大道1号"),
		present(firms[0], "ent.founded", period.Period{}, 12_345), present(projects[0], "project.input", years[0], 7), text(firms[0], "ent.phone", "139"),
		present(firms[1], "ent.revenue", years[0], 8))
	w.refresh(t)
	official := []string{
		"ent.revenue 2022 present money_yuan=123456", "ent.revenue 2023 missing", "ent.founded  present date=12345",
		"ent.address  present text=海大道1号", "ent.phone  present text=139", "project.input 2022 present money_yuan=7",
	}
	for name, tc := range map[string]struct {
		scope access.Scope
		want  []string
	}{
		"all":    {access.SystemScope(), append(official[:len(official):len(official)], "ent.revenue 2022 present money_yuan=8")},
		"county": {access.NewScope(1, access.CountyOfficial, []string{"320904"}, nil), official},
		"firm":   {access.NewScope(2, access.Enterprise, nil, []int64{firms[1]}), []string{"ent.revenue 2022 present money_yuan=8"}},
		"nobody": {access.Scope{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			v := w.view(t, tc.scope, 0)
			var got []string
			for e := range v.Enterprises() {
				for row := range v.Belongings(e.ID) {
					for at, cell := range row.known() {
						cells := make([]parquet.Cell, len(analystColumns))
						v.analystRow(cells, e, row, at, cell)
						got = append(got, tellRow(cells))
						if cells[19].Text != "tax" || cells[0].Num != e.ID || cells[4].Num != row.id {
							t.Errorf("row %+v", cells)
						}
					}
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			var file bytes.Buffer
			rows, err := v.WriteParquet(&file, v.Enterprises(), nil)
			if err != nil || int(rows) != len(tc.want) {
				t.Errorf("%d rows written, %v", rows, err)
			}
		})
	}
}

// tellRow is the definition, period, state and value of a row.
func tellRow(cells []parquet.Cell) string {
	line := fmt.Sprint(cells[6].Text, " ", cells[7].Text, " ", cells[8].Text)
	for i := 9; i < 16; i++ {
		switch c := cells[i]; {
		case c.Valid && analystColumns[i].Type == parquet.Text:
			line += " " + analystColumns[i].Name + "=" + c.Text
		case c.Valid:
			line += fmt.Sprint(" ", analystColumns[i].Name, "=", c.Num)
		}
	}
	return line
}
