package assess

import (
	"math/big"
	"slices"
)

// Standing is the place of an enterprise among others.
type Standing struct {
	Rank  int // 1 is the best; equal scores have equal ranks; 0: it takes no place
	Of    int // how many take one
	Class int // in Ranks.Classes; −1 for none
}

// Ranks puts enterprises of a survey in order and in classes, each group by itself: group says of a row to which it belongs, or −1. Who
// stands apart, and whose score is not settled, takes no place. A class goes to those whose rank is no more than its share of those that take one; equals are in one class, the better one.
func (s *Survey) Ranks(group func(i int) int) []Standing {
	out := make([]Standing, len(s.rows))
	members := map[int][]int{}
	for i := range s.rows {
		out[i].Class = -1
		if s.rows[i].apart || !s.Known(i) {
			continue
		}
		if g := group(i); g >= 0 {
			members[g] = append(members[g], i)
		}
	}
	for _, list := range members {
		s.Order(list)
		slices.Reverse(list) // the best first
		rank := 0
		for n, i := range list {
			if n == 0 || s.Compare(i, list[n-1]) != 0 {
				rank = n + 1
			}
			out[i] = Standing{Rank: rank, Of: len(list), Class: s.Rubric.class(rank, len(list))}
		}
	}
	return out
}

// class is the class of a rank among so many; −1 where the model has none.
func (r *Rubric) class(rank, of int) int {
	if r.File.Ranks == nil {
		return -1
	}
	for i, k := range r.File.Ranks.Classes {
		if big.NewRat(int64(rank), int64(of)).Cmp(k.To.Rat()) <= 0 {
			return i
		}
	}
	return len(r.File.Ranks.Classes) - 1
}
