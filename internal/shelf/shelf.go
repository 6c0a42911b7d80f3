package shelf

import "sync"

// Shelf holds values by key. Its zero value has no room and keeps the newest value only.
type Shelf[K comparable, V Sized] struct {
	mu    sync.Mutex
	room  int
	held  int
	parts map[K]*slot[V]
}

// Sized is a value that says how much room it takes.
type Sized interface{ Size() int }

type slot[V any] struct {
	once  sync.Once
	value V
}

// own is what a value counts for beside its size, so that empty ones are bounded too.
const own = 64

// RoomFor makes room for selections from so many rows: for a few dozen of all of them, or many more of a few. It is called
// before the first Get.
func (s *Shelf[K, V]) RoomFor(rows int) { s.room = 32*rows + 1<<16 }

// Get is the value of a key: the one that is held, or what make gives. Those who ask for it at the same time wait for one
// make.
func (s *Shelf[K, V]) Get(k K, make func() V) V {
	s.mu.Lock()
	p, ok := s.parts[k]
	if !ok {
		p = &slot[V]{}
		if s.parts == nil {
			s.parts = map[K]*slot[V]{}
		}
		s.parts[k] = p
	}
	s.mu.Unlock()
	p.once.Do(func() {
		p.value = make()
		s.weigh(k, p)
	})
	return p.value
}

// Len is how many values are held.
func (s *Shelf[K, V]) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.parts)
}

func (s *Shelf[K, V]) weigh(k K, p *slot[V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := p.value.Size() + own
	if s.held += size; s.held > s.room {
		s.parts, s.held = map[K]*slot[V]{k: p}, size
	}
}
