package casework

import (
	"cmp"
	"slices"
)

// The layout of a drawing is the layered one of Sugiyama: states stand on layers so that the ways lead down, a way over
// several layers passes through a point on each, names of actions have a layer of their own between those of states so
// that they never cover each other, crossings are few, and lines are as straight as the room allows. All is whole numbers.

// spot is a place on a layer: a state, the name of an action, or a point that a long way passes through.
type spot struct {
	state  int // index of the state, -1 for another
	edge   int // index of the way that it belongs to, -1 for a state
	named  bool
	layer  int
	width  int
	center int // x
	up     []int
	down   []int
}

// edge is one way in a drawing.
type edge struct {
	from, to int // states
	action   int // index of the action, -1 for what happens when nothing is decided
	back     bool
	spots    []int // from the upper end to the lower, states included
}

// plan is a layout that is being made.
type plan struct {
	spots  []spot
	edges  []edge
	layers [][]int
}

// gap is the room between neighbours on a layer, in pixels.
const gap = 24

// layout gives every state a layer and every spot its place. width says how wide a state or a way's name is.
func (w *Workflow) layout(stateWidth func(i int) int, edgeWidth func(e edge) int) *plan {
	p := &plan{}
	index := map[string]int{}
	for i, s := range w.States {
		index[s.ID] = i
		p.spots = append(p.spots, spot{state: i, edge: -1, width: stateWidth(i)})
	}
	for i, a := range w.list {
		for _, from := range a.From {
			if a.To != "" && a.To != from {
				p.edges = append(p.edges, edge{from: index[from], to: index[a.To], action: i})
			}
		}
	}
	for i, s := range w.States {
		if s.Undecided != "" {
			p.edges = append(p.edges, edge{from: i, to: index[s.Undecided], action: -1})
		}
	}
	p.turnBack(len(w.States))
	p.rank(len(w.States))
	p.thread(edgeWidth)
	for range 8 {
		p.order(true)
		p.order(false)
	}
	p.settle()
	return p
}

// ends are the upper and the lower state of a way.
func (e edge) ends() (upper, lower int) {
	if e.back {
		return e.to, e.from
	}
	return e.from, e.to
}

// turnBack marks the ways that lead back to a state on the way to their own beginning.
func (p *plan) turnBack(states int) {
	const open, closed = 1, 2
	mark := make([]int, states)
	var visit func(s int)
	visit = func(s int) {
		mark[s] = open
		for i := range p.edges {
			e := &p.edges[i]
			if e.from != s {
				continue
			}
			switch mark[e.to] {
			case open:
				e.back = true
			case 0:
				visit(e.to)
			}
		}
		mark[s] = closed
	}
	for s := range states {
		if mark[s] == 0 {
			visit(s)
		}
	}
}

// rank puts each state below all that lead to it. States have even layers.
func (p *plan) rank(states int) {
	for range states {
		for _, e := range p.edges {
			upper, lower := e.ends()
			p.spots[lower].layer = max(p.spots[lower].layer, p.spots[upper].layer+2)
		}
	}
}

// thread gives each way its points, with its name on the first below its upper end.
func (p *plan) thread(width func(e edge) int) {
	for i := range p.edges {
		e := &p.edges[i]
		upper, lower := e.ends()
		e.spots = []int{upper}
		for layer := p.spots[upper].layer + 1; layer < p.spots[lower].layer; layer++ {
			s := spot{state: -1, edge: i, layer: layer, width: 8}
			if layer == p.spots[upper].layer+1 {
				s.named, s.width = true, width(*e)
			}
			e.spots = append(e.spots, len(p.spots))
			p.spots = append(p.spots, s)
		}
		e.spots = append(e.spots, lower)
		for j, s := range e.spots[1:] {
			above := e.spots[j]
			p.spots[above].down = append(p.spots[above].down, s)
			p.spots[s].up = append(p.spots[s].up, above)
		}
	}
	for i, s := range p.spots {
		for len(p.layers) <= s.layer {
			p.layers = append(p.layers, nil)
		}
		p.layers[s.layer] = append(p.layers[s.layer], i)
	}
	for _, layer := range p.layers {
		p.pack(layer)
	}
}

// pack stands the spots of a layer side by side around the middle.
func (p *plan) pack(layer []int) {
	x := 0
	for _, s := range layer {
		p.spots[s].center = x + p.spots[s].width/2
		x += p.spots[s].width + gap
	}
	for _, s := range layer {
		p.spots[s].center -= (x - gap) / 2
	}
}

// order sorts each layer by where the neighbours of its spots on the layer before stand.
func (p *plan) order(down bool) {
	for i := range p.layers {
		layer := p.layers[i]
		if !down {
			layer = p.layers[len(p.layers)-1-i]
		}
		want := map[int]int{}
		for _, s := range layer {
			want[s] = p.mean(s, down)
		}
		slices.SortStableFunc(layer, func(a, b int) int { return cmp.Compare(want[a], want[b]) })
		p.pack(layer)
	}
}

// mean is where the neighbours of a spot on one side stand on average; its own place where it has none.
func (p *plan) mean(s int, above bool) int {
	near := p.spots[s].down
	if above {
		near = p.spots[s].up
	}
	if len(near) == 0 {
		return p.spots[s].center
	}
	sum := 0
	for _, n := range near {
		sum += p.spots[n].center
	}
	return sum / len(near)
}

// settle moves the spots of each layer as near to their neighbours as the order and the room between them allow.
func (p *plan) settle() {
	for round := range 24 {
		down := round%2 == 0
		for i := range p.layers {
			layer := p.layers[i]
			if !down {
				layer = p.layers[len(p.layers)-1-i]
			}
			want := make([]int, len(layer))
			for j, s := range layer {
				want[j] = p.mean(s, down)
			}
			p.place(layer, want)
		}
	}
}

// place puts the spots of a layer where they want to be, each beyond its left neighbour, so that the sum of squares of what
// they are off is least: those that would stand on each other share a block, at the mean of what its members want.
func (p *plan) place(layer, want []int) {
	type block struct{ sum, n, first int }
	offset := make([]int, len(layer))
	for j := 1; j < len(layer); j++ {
		offset[j] = offset[j-1] + (p.spots[layer[j-1]].width+p.spots[layer[j]].width)/2 + gap
	}
	var blocks []block
	for j := range layer {
		blocks = append(blocks, block{want[j] - offset[j], 1, j})
		for len(blocks) > 1 {
			a, b := blocks[len(blocks)-2], blocks[len(blocks)-1]
			if a.sum*b.n <= b.sum*a.n {
				break
			}
			blocks = append(blocks[:len(blocks)-2], block{a.sum + b.sum, a.n + b.n, a.first})
		}
	}
	for k, b := range blocks {
		end := len(layer)
		if k+1 < len(blocks) {
			end = blocks[k+1].first
		}
		for j := b.first; j < end; j++ {
			p.spots[layer[j]].center = b.sum/b.n + offset[j]
		}
	}
}
