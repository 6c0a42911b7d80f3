package assess

import (
	"cmp"
	"fmt"
	"math/big"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// Crowd is what a model reads of many enterprises, of one year and as of one day.
type Crowd struct {
	rubric *Rubric
	year   int
	n      int
	batch  *column.Batch
	plan   *column.Plan
}

// Reader fills a column of facts for many subjects at once; nil reads them one by one.
type Reader = column.Reader

// NewCrowd reads what the model asks of enterprises.
func (r *Rubric) NewCrowd(subjects []rule.Subject, year int, on period.Day, read Reader) *Crowd {
	contexts := make([]*rule.Context, len(subjects))
	for i, s := range subjects {
		contexts[i] = At{Subject: s, Year: year, On: on}.context()
	}
	return r.crowd(contexts, year, read)
}

func (r *Rubric) crowd(contexts []*rule.Context, year int, read Reader) *Crowd {
	c := &Crowd{rubric: r, year: year, n: len(contexts)}
	if read == nil {
		c.batch = r.program.Read(contexts)
	} else {
		c.batch = r.program.Fill(contexts, read)
	}
	c.batch.Forget()
	c.plan = r.program.Bind(c.batch)
	return c
}

// Survey is what a model makes of a crowd. It never changes.
type Survey struct {
	Rubric *Rubric
	rows   []row
	dens   []int64      // of quick scores; see row
	odd    map[int]Span // scores that are no quick ones
}

// row is one enterprise. The zero value has neither score nor level.
type row struct {
	sure, possible int64 // numerators over a denominator of the survey
	by             int32 // one more than its number; 0: no score, odd: one that is not quick
	level, may     int8  // one more than Result says
	apart          bool  // it takes no place among others
	failed         bool
}

const odd = -1

// Len is how many enterprises there are.
func (s *Survey) Len() int { return len(s.rows) }

// Level is what Result says in Level and May.
func (s *Survey) Level(i int) (sure, may int) {
	return int(s.rows[i].level) - 1, int(s.rows[i].may) - 1
}

// Scored is what Result says; a row with a value that does not fit has no score either.
func (s *Survey) Scored(i int) bool { return s.rows[i].by != 0 }

// Failed says that a value of an enterprise does not fit.
func (s *Survey) Failed(i int) bool { return s.rows[i].failed }

// Known says that the score of a row is settled, without making a number of it. A row that is not Scored has none.
func (s *Survey) Known(i int) bool {
	switch row := &s.rows[i]; row.by {
	case 0:
		return false
	case odd:
		return s.odd[i].Known()
	default:
		return row.sure == row.possible
	}
}

// Score is what Result says. It must not be asked of a row that is not Scored.
func (s *Survey) Score(i int) Span {
	row := &s.rows[i]
	if row.by == odd {
		return s.odd[i]
	}
	den := s.dens[row.by-1]
	points := func(n int64) *big.Rat { return new(big.Rat).Mul(big.NewRat(n, den), s.Rubric.unit()) }
	if row.sure == row.possible {
		return exactly(points(row.sure))
	}
	return Span{Sure: points(row.sure), Possible: points(row.possible)}
}

// Scores is the score of every row, the zero Span of one that is not Scored. Equal ones share their numbers.
func (s *Survey) Scores() []Span {
	type key struct {
		sure, possible int64
		by             int32
	}
	made := map[key]Span{}
	out := make([]Span, len(s.rows))
	for i := range s.rows {
		row := &s.rows[i]
		switch row.by {
		case 0:
			continue
		case odd:
			out[i] = s.odd[i]
			continue
		}
		k := key{row.sure, row.possible, row.by}
		span, ok := made[k]
		if !ok {
			span = s.Score(i)
			made[k] = span
		}
		out[i] = span
	}
	return out
}

// Compare compares the sure scores of two rows, which must be Scored.
func (s *Survey) Compare(i, j int) int {
	a, b := &s.rows[i], &s.rows[j]
	switch {
	case a.by == odd || b.by == odd:
		return s.Score(i).Sure.Cmp(s.Score(j).Sure)
	case a.by == b.by:
		return cmp.Compare(a.sure, b.sure)
	}
	hi, lo := bits.Mul64(uint64(a.sure), uint64(s.dens[b.by-1])) // neither is negative
	hi2, lo2 := bits.Mul64(uint64(b.sure), uint64(s.dens[a.by-1]))
	return cmp.Or(cmp.Compare(hi, hi2), cmp.Compare(lo, lo2))
}

// Order puts rows in the order of their sure scores, the worst first and equal ones by their numbers. All must be Scored.
func (s *Survey) Order(rows []int) {
	slices.SortFunc(rows, func(a, b int) int { return cmp.Or(s.Compare(a, b), cmp.Compare(a, b)) })
}

// run is a survey that goes on: what its workers share.
type run struct {
	crowd  *Crowd
	survey *Survey
	tables []table // by leaf; nil where it is no choice of a text

	mu       sync.Mutex
	patterns map[pattern]*quick
}

// table is the share, in millionths, by code of a text.
type table []int32

// Survey works the crowd out, blocks side by side.
func (c *Crowd) Survey() (*Survey, error) {
	s := &Survey{Rubric: c.rubric, rows: make([]row, c.n), odd: map[int]Span{}}
	shared := &run{crowd: c, survey: s, patterns: map[pattern]*quick{}, tables: c.tables()}
	for p, q := range c.rubric.quick {
		den := int64(0)
		if q != nil {
			den = q.den
		}
		s.dens = append(s.dens, den)
		shared.patterns[pattern{path: p}] = q
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for range min(runtime.GOMAXPROCS(0), max(c.plan.Blocks(), 1)) {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					mu.Lock()
					failed = fmt.Errorf("survey %s: %v", c.rubric.Rubric, p)
					mu.Unlock()
				}
			}()
			w := newWorker(shared)
			defer w.machine.Close()
			for {
				b := int(next.Add(1)) - 1
				if b >= c.plan.Blocks() {
					break
				}
				w.block(b)
			}
			mu.Lock()
			for i, span := range w.odd {
				s.odd[i] = span
			}
			mu.Unlock()
		})
	}
	wg.Wait()
	if failed != nil {
		return nil, failed
	}
	return s, nil
}

// tables makes the tables of choices; questions with the same answers share one.
func (c *Crowd) tables() []table {
	out := make([]table, len(c.rubric.leaves))
	var made []int
	for l := range c.rubric.leaves {
		k := c.rubric.leaves[l].choice
		if k == nil || k.of.Type() != rule.TextType {
			continue
		}
		same := slices.IndexFunc(made, func(o int) bool { return slices.Equal(c.rubric.leaves[o].choice.shares, k.shares) })
		if same >= 0 {
			out[l] = out[made[same]]
			continue
		}
		out[l] = make(table, c.plan.Codes())
		for _, a := range slices.Backward(k.shares) {
			if code := c.plan.Code(a.is); code >= 0 {
				out[l][code] = int32(a.share)
			}
		}
		made = append(made, l)
	}
	return out
}

// pattern is the weights of a pattern, worked out once; nil where they do not fit.
func (r *run) pattern(of pattern) *quick {
	r.mu.Lock()
	defer r.mu.Unlock()
	q, ok := r.patterns[of]
	if !ok {
		q = r.crowd.rubric.quickly(of)
		if q != nil {
			q.number = int32(len(r.survey.dens))
			r.survey.dens = append(r.survey.dens, q.den)
		}
		r.patterns[of] = q
	}
	return q
}
