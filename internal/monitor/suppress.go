package monitor

import "math"

// Suppress says which cells of a table of numbers of subjects must not be shown, the last row and column of the answer being the sums.
//
// Hidden are the cells and sums of at least one and fewer than least, and with them as few others as it takes, of small numbers first, so that
// none of the hidden ones can be reckoned from sums: rows, columns and their sums make a graph in which each hidden number is an edge
// between its row and its column, and a number is fixed by the sums exactly where its edge lies on no circle of hidden edges.
func Suppress(counts [][]int, least int) [][]bool {
	t := extend(counts)
	g := grid{t, make([][]bool, len(t))}
	for i, row := range t {
		g.hidden[i] = make([]bool, len(row))
		for j, n := range row {
			g.hidden[i][j] = n > 0 && n < least
		}
	}
	for again := true; again; {
		again = false
		for i := range t {
			for j := range t[i] {
				if g.hidden[i][j] && g.close(i, j) {
					again = true
				}
			}
		}
	}
	return g.hidden
}

// extend is a table with its sums.
func extend(counts [][]int) [][]int {
	cols := 0
	for _, row := range counts {
		cols = max(cols, len(row))
	}
	out := make([][]int, len(counts)+1)
	for i := range out {
		out[i] = make([]int, cols+1)
	}
	last := out[len(counts)]
	for i, row := range counts {
		for j, n := range row {
			out[i][j] = n
			out[i][cols] += n
			last[j] += n
			last[cols] += n
		}
	}
	return out
}

// grid is a table with its sums and which of it is hidden.
type grid struct {
	n      [][]int
	hidden [][]bool
}

// Costs of hiding a cell: what is hidden already costs nothing; nothing at all is a number that helps little, and is hidden last.
const (
	free      = 0
	emptyCell = 1 << 40
)

func (g grid) cost(i, j int) int {
	switch {
	case g.hidden[i][j]:
		return free
	case g.n[i][j] == 0:
		return emptyCell
	}
	return g.n[i][j] + 1
}

// close hides what is cheapest so that a hidden cell lies on a circle of hidden ones, and says whether anything was hidden for it.
func (g grid) close(row, col int) bool {
	rows, cols := len(g.n), len(g.n[0])
	dist, from, done := make([]int, rows+cols), make([]int, rows+cols), make([]bool, rows+cols)
	for i := range dist {
		dist[i], from[i] = math.MaxInt, -1
	}
	dist[row] = 0
	for {
		at := -1
		for i := range dist {
			if !done[i] && dist[i] < math.MaxInt && (at < 0 || dist[i] < dist[at]) {
				at = i
			}
		}
		if at < 0 {
			break
		}
		done[at] = true
		for i := range dist {
			r, c := at, i-rows
			if at >= rows {
				r, c = i, at-rows
			}
			if (at >= rows) == (i >= rows) || r == row && c == col {
				continue
			}
			if d := dist[at] + g.cost(r, c); d < dist[i] {
				dist[i], from[i] = d, at
			}
		}
	}
	hid := false
	for at := rows + col; at != row; at = from[at] {
		if from[at] < 0 {
			return hid // a table of one row or one column has no circle
		}
		r, c := from[at], at-rows
		if at < rows {
			r, c = at, from[at]-rows
		}
		hid = hid || !g.hidden[r][c]
		g.hidden[r][c] = true
	}
	return hid
}
