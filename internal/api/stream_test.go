package api

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// A stream waits for its reader: rows are made no faster than they are read, and no longer than somebody reads.
func TestStreamWaitsForItsReader(t *testing.T) {
	c := newCity(t)
	var made atomic.Int64
	ended := make(chan struct{})
	long := strings.Repeat("x", 1000)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		st := c.srv.lines("endless", func(yield func(any, error) bool) {
			for made.Add(1) > 0 && yield(long, nil) {
			}
		})
		st.Body(humago.NewContext(&huma.Operation{}, r, w))
	}))
	defer h.Close()
	res, err := http.Get(h.URL)
	must(t, err)
	line, err := bufio.NewReaderSize(res.Body, 16).ReadString('"')
	if err != nil || line != `"` {
		t.Fatalf("began with %q, %v", line, err)
	}
	still := func() int64 { // how many rows there are once none is added
		for {
			n := made.Load()
			time.Sleep(50 * time.Millisecond)
			if made.Load() == n {
				return n
			}
		}
	}
	if n := still(); n > 100_000 { // what buffers of the two ends hold, a hundred megabytes would be none
		t.Errorf("%d rows were made for a reader that read one", n)
	}
	must(t, res.Body.Close())
	<-ended
}
