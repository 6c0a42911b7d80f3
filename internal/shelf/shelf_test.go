package shelf

import (
	"errors"
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

func TestTryKeepsNoFailure(t *testing.T) {
	var s Shelf[string, weight]
	s.RoomFor(1)
	failed := errors.New("failed")
	if _, err := s.Try("a", func() (weight, error) { return 1, failed }); !errors.Is(err, failed) {
		t.Errorf("error is %v", err)
	}
	if s.Len() != 0 {
		t.Errorf("%d values are held after a failure", s.Len())
	}
	for range 2 {
		got, err := s.Try("a", func() (weight, error) { return 7, nil })
		if err != nil || got != 7 {
			t.Errorf("gave %d, %v", got, err)
		}
	}
	if got := s.Get("a", func() weight { return 8 }); got != 7 {
		t.Errorf("made anew: %d", got)
	}
}
