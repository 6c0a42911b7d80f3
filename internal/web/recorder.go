package web

import "net/http"

// recorder lets an answer out only once it is recorded what was read of people and firms to make it.
type recorder struct {
	http.ResponseWriter
	record func() error
	begun  bool
	failed error // what kept it from being recorded; nothing has gone out then
}

func (w *recorder) begin() bool {
	if !w.begun {
		w.begun, w.failed = true, w.record()
	}
	return w.failed == nil
}

func (w *recorder) WriteHeader(status int) {
	if w.begin() {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	if !w.begin() {
		return 0, w.failed
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// end records what was read after the answer had begun, by a table that is sent while it is read. An answer that cannot be recorded is
// broken off: whoever gets it sees that it is not whole.
func (w *recorder) end() {
	switch {
	case !w.begun:
		w.begin()
	case w.failed == nil && w.record() != nil:
		panic(http.ErrAbortHandler)
	}
}
