package fact

import (
	"io"
	"iter"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/parquet"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
)

// analystColumns is the table that WriteParquet writes: one row for each subject, definition and period.
var analystColumns = []parquet.Column{
	{Name: "enterprise_id", Type: parquet.Int},
	{Name: "credit_code", Type: parquet.Text},
	{Name: "enterprise", Type: parquet.Text},
	{Name: "area", Type: parquet.Text},
	{Name: "subject_id", Type: parquet.Int},
	{Name: "subject_kind", Type: parquet.Text},
	{Name: "definition", Type: parquet.Text},
	{Name: "period", Type: parquet.Text},
	{Name: "state", Type: parquet.Text},
	{Name: "money_yuan", Type: parquet.Decimal, Scale: 2},
	{Name: "rate", Type: parquet.Decimal, Scale: 6},
	{Name: "decimal", Type: parquet.Decimal, Scale: 6},
	{Name: "integer", Type: parquet.Int},
	{Name: "bool", Type: parquet.Bool},
	{Name: "date", Type: parquet.Date},
	{Name: "text", Type: parquet.Text},
	{Name: "unit", Type: parquet.Text},
	{Name: "precision", Type: parquet.Text},
	{Name: "status", Type: parquet.Text},
	{Name: "authority", Type: parquet.Text},
	{Name: "source_id", Type: parquet.Int},
	{Name: "definition_confidence", Type: parquet.Text},
}

// valueColumn is where a value stands by the type of its definition: exact, each in a column of its own.
var valueColumn = map[content.Type]int{
	content.Money: 9, content.Rate: 10, content.Decimal: 11, content.Int: 12, content.Bool: 13, content.Date: 14,
	content.Text: 15, content.Code: 15,
}

// WriteParquet writes what the view shows of enterprises and of what belongs to them, as far as somebody stated it, and
// gives how many values that is. What the scope may not carry away, and what is withheld from it, has no row. The notes
// stand in the file.
func (v View) WriteParquet(to io.Writer, enterprises iter.Seq[party.Enterprise], notes [][2]string) (rows int64, err error) {
	w := parquet.NewWriter(to, analystColumns, notes)
	cells := make([]parquet.Cell, len(analystColumns))
	for e := range enterprises {
		if !v.Can(access.Export, e.ID) {
			continue
		}
		for row := range v.Belongings(e.ID) {
			for at, cell := range row.known() {
				v.analystRow(cells, e, row, at, cell)
				if err := w.Row(cells); err != nil {
					return rows, err
				}
				rows++
			}
		}
	}
	return rows, w.Close()
}

// Belongings is a subject and all that belongs to it, each before what belongs to it.
func (v View) Belongings(subject int64) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		queue := []int64{subject}
		for i := 0; i < len(queue); i++ { // a registry has no circles
			row, ok := v.Row(queue[i])
			if !ok {
				continue
			}
			if !yield(row) {
				return
			}
			for _, kind := range []string{content.Project, content.Loan, content.Lease, content.Honour} {
				for _, id := range v.Children(row.id, kind) {
					if !slices.Contains(queue, id) {
						queue = append(queue, id)
					}
				}
			}
		}
	}
}

// stated is a definition, by its index in Library.FactDefs, in a period.
type stated struct {
	def    int
	period period.Period
}

// known is the cells of a row that somebody stated and that are not withheld, in the order of the content and of time.
func (r Row) known() iter.Seq2[stated, Cell] {
	return func(yield func(stated, Cell) bool) {
		if !r.stated {
			return
		}
		for def, columns := range r.view.snap.columns {
			d := &r.view.snap.lib.FactDefs()[def]
			for _, c := range columns {
				cell := r.At(Column{col: c, def: d, open: !d.Sensitive()})
				if cell.Source != 0 && !yield(stated{def, c.period}, cell) {
					return
				}
			}
		}
	}
}

func (v View) analystRow(cells []parquet.Cell, e party.Enterprise, row Row, at stated, cell Cell) {
	def := &v.snap.lib.FactDefs()[at.def]
	clear(cells)
	orNull := func(s string) parquet.Cell { return parquet.Cell{Valid: s != "", Text: s} }
	copy(cells, []parquet.Cell{
		parquet.Number(e.ID), orNull(string(e.USCC)), orNull(e.Name), orNull(e.Area),
		parquet.Number(row.id), parquet.String(row.kind), parquet.String(def.Code), orNull(at.period.String()), parquet.String(cell.State.String()),
	})
	if i := valueColumn[def.Type]; cell.Known {
		cells[i] = parquet.Cell{Valid: true, Num: cell.Value.Num, Text: cell.Value.Text}
	}
	unit := "" // money is in yuan and a rate is a fraction, whatever unit senders write them in
	if def.Type == content.Int || def.Type == content.Decimal {
		unit = def.Unit
	}
	copy(cells[16:], []parquet.Cell{
		orNull(unit), parquet.String(cell.Precision.String()), parquet.String(cell.Status.String()),
		orNull(v.Authority(cell)), parquet.Number(cell.Source), parquet.String(def.Confidence),
	})
}
