package inbound

import (
	"sync"
	"time"
)

// Limiter lets each subject make so many requests a second, and twice as many at once after a pause. It knows those who
// came of late; its size is bounded. It is safe for many goroutines.
type Limiter struct {
	Rate int // requests a second, at least 1; set before it is used

	mu    sync.Mutex
	asked map[string]*bucket
}

// bucket holds what a subject has left.
type bucket struct {
	left float64
	at   time.Time
}

const (
	limitedSubjects = 10_000
	limitedFor      = 2 * time.Second // after so long a pause a bucket is full, and may be forgotten
)

// Take takes one request of a subject at an instant; it gives how long to wait where there is none left.
func (l *Limiter) Take(subject string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := 2 * float64(l.Rate)
	b, ok := l.asked[subject]
	if !ok {
		if len(l.asked) >= limitedSubjects {
			l.forget(now)
		}
		if l.asked == nil {
			l.asked = map[string]*bucket{}
		}
		b = &bucket{left: most, at: now}
		l.asked[subject] = b
	}
	b.left = min(most, b.left+max(0, now.Sub(b.at).Seconds())*float64(l.Rate))
	b.at = now
	if b.left < 1 {
		return time.Duration((1 - b.left) / float64(l.Rate) * float64(time.Second))
	}
	b.left--
	return 0
}

// forget drops those who made no request of late, and everybody where that is nobody: then all begin anew.
func (l *Limiter) forget(now time.Time) {
	for subject, b := range l.asked {
		if now.Sub(b.at) > limitedFor {
			delete(l.asked, subject)
		}
	}
	if len(l.asked) >= limitedSubjects {
		l.asked = nil
	}
}
