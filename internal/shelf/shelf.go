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
	mu    sync.Mutex
	made  bool
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
	v, _ := s.Try(k, func() (V, error) { return make(), nil }) // no error in, none out
	return v
}

// Try is Get where making the value can fail. A failure is not kept: the next one who asks tries again.
func (s *Shelf[K, V]) Try(k K, make func() (V, error)) (V, error) {
	p := s.slot(k)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made {
		return p.value, nil
	}
	v, err := make()
	if err != nil {
		s.drop(k, p)
		return v, err
	}
	p.value, p.made = v, true
	s.weigh(k, p)
	return v, nil
}

func (s *Shelf[K, V]) slot(k K) *slot[V] {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.parts[k]
	if !ok {
		p = &slot[V]{}
		if s.parts == nil {
			s.parts = map[K]*slot[V]{}
		}
		s.parts[k] = p
	}
	return p
}

func (s *Shelf[K, V]) drop(k K, p *slot[V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts[k] == p {
		delete(s.parts, k)
	}
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
