package shelf

import (
	"sync"
	"testing"
)

type weight int

func (w weight) Size() int { return int(w) }

func TestShelf(t *testing.T) {
	s := Shelf[int, weight]{room: 10 * (own + 100)}
	var mu sync.Mutex
	made := map[int]int{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for k := range 10 {
				got := s.Get(k, func() weight {
					mu.Lock()
					defer mu.Unlock()
					made[k]++
					return weight(100)
				})
				if got != 100 {
					t.Errorf("part %d is %d", k, got)
				}
			}
		})
	}
	wg.Wait()
	for k, n := range made {
		if n != 1 {
			t.Errorf("part %d was made %d times", k, n)
		}
	}
	for k := range 1000 {
		s.Get(k, func() weight { return 300 })
		if s.held > s.room || len(s.parts) > 10 {
			t.Fatalf("after %d: %d parts, %d rows", k, len(s.parts), s.held)
		}
	}
}
