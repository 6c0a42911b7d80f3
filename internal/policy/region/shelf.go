package region

import "sync"

// shelf keeps parts of a result, each worked out once however many ask for it at the same time. Together they may refer
// to room rows; when they are more, it starts anew.
type shelf[K comparable, V interface{ size() int }] struct {
	room int // set before the first use

	mu    sync.Mutex
	held  int
	parts map[K]*shelved[V]
}

type shelved[V any] struct {
	once  sync.Once
	value V
}

// own is what a part counts for beside its rows, so that empty ones are bounded too.
const own = 64

func (s *shelf[K, V]) get(k K, make func() V) V {
	s.mu.Lock()
	p, ok := s.parts[k]
	if !ok {
		p = &shelved[V]{}
		if s.parts == nil {
			s.parts = map[K]*shelved[V]{}
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

func (s *shelf[K, V]) weigh(k K, p *shelved[V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := p.value.size() + own
	if s.held += size; s.held > s.room {
		s.parts, s.held = map[K]*shelved[V]{k: p}, size
	}
}
