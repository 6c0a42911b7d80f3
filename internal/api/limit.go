package api

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// limiter lets each subject make so many requests a second, and twice as many at once after a pause. It knows those who
// came of late; its size is bounded.
type limiter struct {
	rate int

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

// take takes one request; it gives how long to wait where there is none left.
func (l *limiter) take(subject string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := 2 * float64(l.rate)
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
	b.left = min(most, b.left+max(0, now.Sub(b.at).Seconds())*float64(l.rate))
	b.at = now
	if b.left < 1 {
		return time.Duration((1 - b.left) / float64(l.rate) * float64(time.Second))
	}
	b.left--
	return 0
}

// forget drops those who made no request of late, and everybody where that is nobody: then all begin anew.
func (l *limiter) forget(now time.Time) {
	for subject, b := range l.asked {
		if now.Sub(b.at) > limitedFor {
			delete(l.asked, subject)
		}
	}
	if len(l.asked) >= limitedSubjects {
		l.asked = nil
	}
}

// hostOf is the address that a request came from.
func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
