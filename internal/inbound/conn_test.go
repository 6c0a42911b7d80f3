package inbound

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/yanzhen/yanzhen/internal/clock"
)

// A reader may be slow, for as long as it reads; one that takes nothing is given up.
func TestSlowReader(t *testing.T) {
	const size = 1 << 20
	for name, tc := range map[string]struct {
		pause time.Duration
		whole bool
	}{
		"slow":    {50 * time.Second, true},
		"stopped": {2 * writeWait, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				done := make(chan int64)
				go func() {
					var all int64
					for {
						time.Sleep(tc.pause)
						n, err := io.CopyN(io.Discard, ours, chunk)
						if all += n; err != nil {
							break
						}
					}
					done <- all
				}()
				n, err := conn{theirs, clock.System()}.Write(make([]byte, size))
				theirs.Close()
				if got := <-done; (err == nil) != tc.whole || (n == size) != tc.whole || int64(n) != got {
					t.Errorf("wrote %d, %v; read %d", n, err, got)
				}
			})
		})
	}
}
