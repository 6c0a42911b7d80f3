package errs

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Kind is what a caller can do about an error.
type Kind int

// The kinds. Internal is the zero value: an error that nobody classified is ours.
const (
	Internal Kind = iota
	KindNotFound
	KindInvalid
	KindConflict
	KindForbidden
	KindUnavailable
)

// Error is an error with a kind and a message for the user.
type Error struct {
	Kind Kind
	Msg  i18n.Msg // what the user reads
	Err  error    // what the log keeps; may be nil
}

func (e *Error) Error() string {
	s := e.Msg.String()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// NotFound says that the thing of this sort with this id does not exist, or may not be seen by the asker: the two
// are not told apart, so that an id cannot be probed.
func NotFound(what string, id any) error {
	return &Error{Kind: KindNotFound, Msg: i18n.M("errs.not_found"), Err: fmt.Errorf("%s %v not found", what, id)}
}

// Invalid says that the input was wrong; msg tells where, what was expected and how to mend it.
func Invalid(msg i18n.Msg) error { return &Error{Kind: KindInvalid, Msg: msg} }

// Conflict says that the state has moved on.
func Conflict(msg i18n.Msg) error { return &Error{Kind: KindConflict, Msg: msg} }

// Forbidden says that no grant allows the act.
func Forbidden(what string) error {
	return &Error{Kind: KindForbidden, Msg: i18n.M("errs.forbidden"), Err: errors.New(what)}
}

// Unavailable says that it may work later.
func Unavailable(msg i18n.Msg, err error) error {
	return &Error{Kind: KindUnavailable, Msg: msg, Err: err}
}

// KindOf is the kind of the first *Error in err's chain, Internal when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Status is how an error of this kind is answered over HTTP.
func (k Kind) Status() int {
	switch k {
	case KindNotFound:
		return http.StatusNotFound
	case KindInvalid:
		return http.StatusUnprocessableEntity
	case KindConflict:
		return http.StatusConflict
	case KindForbidden:
		return http.StatusForbidden
	case KindUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Message is what a user may read of err; ok is false for an internal error.
func Message(err error) (msg i18n.Msg, ok bool) {
	var e *Error
	if errors.As(err, &e) {
		return e.Msg, true
	}
	return i18n.Msg{}, false
}
