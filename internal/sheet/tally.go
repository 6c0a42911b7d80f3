package sheet

// Tally checks the total rows of a table against its data rows, column by column, in the scale of the readings. Columns
// are given by their place in Layout.Columns. The zero Tally is ready for use.
type Tally struct {
	all, group map[int]int64 // sums since the beginning, and since the last subtotal
	rows       int
	early      []Gap // totals above the data
}

// Gap is a total row whose figure is not the sum of the rows that it could be of.
type Gap struct {
	Row    int
	Column int
	Said   int64 // by the total row
	Sum    int64 // of the data rows, the nearer of group and whole
}

// Data counts a data row's values by column; what was not read is left out.
func (t *Tally) Data(values map[int]int64) {
	if t.all == nil {
		t.all, t.group = map[int]int64{}, map[int]int64{}
	}
	t.rows++
	for c, v := range values {
		t.all[c] += v
		t.group[c] += v
	}
}

// Total compares a total row with the rows above it: those since the last subtotal, or all. A total above all data is
// kept for End.
func (t *Tally) Total(row int, values map[int]int64) []Gap {
	if t.rows == 0 {
		for c, v := range values {
			t.early = append(t.early, Gap{Row: row, Column: c, Said: v})
		}
		return nil
	}
	var gaps []Gap
	subtotal := false
	for c, said := range values {
		switch {
		case said == t.group[c]:
			subtotal = true
		case said == t.all[c]:
		default:
			sum := t.all[c]
			if distance(said, t.group[c]) < distance(said, sum) {
				sum, subtotal = t.group[c], true
			}
			gaps = append(gaps, Gap{row, c, said, sum})
		}
	}
	if subtotal {
		clear(t.group)
	}
	return gaps
}

// End compares the totals that stood above the data.
func (t *Tally) End() []Gap {
	var gaps []Gap
	for _, g := range t.early {
		if g.Sum = t.all[g.Column]; g.Sum != g.Said {
			gaps = append(gaps, g)
		}
	}
	return gaps
}

func distance(a, b int64) uint64 {
	if a < b {
		a, b = b, a
	}
	return uint64(a) - uint64(b)
}
