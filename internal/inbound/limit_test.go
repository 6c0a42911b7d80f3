package inbound_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/inbound"
)

// Each subject has its own share, twice as much after a pause, and waits for what is not there; however many come, few are remembered.
func TestLimiter(t *testing.T) {
	l, now := inbound.Limiter{Rate: 5}, time.UnixMilli(0)
	for i := range 10 {
		if wait := l.Take("a", now); wait != 0 {
			t.Errorf("request %d waits %v", i, wait)
		}
	}
	if wait := l.Take("a", now); wait != 200*time.Millisecond {
		t.Errorf("the eleventh waits %v", wait)
	}
	if wait := l.Take("b", now); wait != 0 {
		t.Errorf("another waits %v", wait)
	}
	now = now.Add(200 * time.Millisecond)
	if wait := l.Take("a", now); wait != 0 {
		t.Errorf("after the wait: %v", wait)
	}
	for i := range 30_000 {
		l.Take(fmt.Sprint("many ", i), now)
	}
	if wait := l.Take("c", now); wait != 0 {
		t.Errorf("after many: %v", wait)
	}
}
