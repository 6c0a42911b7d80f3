package sheet

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// readahead is Rows with the scanning in a goroutine of its own, some rows ahead of fn: to unpack and take apart a file
// costs about as much as what is done with its rows. It returns when that goroutine has ended.
func (b *Book) readahead(ctx context.Context, sheet int, fn func(*Row) error) error {
	ctx, stop := context.WithCancel(ctx)
	s := &stretches{ctx: ctx, free: make(chan *stretch, 2), full: make(chan *stretch)}
	s.free <- &stretch{}
	s.free <- &stretch{}
	var scanned error
	go func() {
		defer close(s.full)
		scanned = s.scan(b, sheet)
	}()
	var stopped error
	defer func() { // also when fn panics: nobody may read on in a book that its owner closes
		stop()
		for range s.full {
		}
	}()
	for st := range s.full {
		for i := range st.rows {
			if stopped = fn(&st.rows[i]); stopped != nil {
				return stopped
			}
		}
		s.free <- st
	}
	var p *scanPanic
	if errors.As(scanned, &p) {
		panic(p.Error())
	}
	return scanned
}

// A stretch ends with the row that makes it this long. Two of them exist at a time.
const (
	stretchRows = 64
	stretchText = 256 << 10 // bytes
)

// stretch is some rows one after the other, with cells of their own.
type stretch struct {
	rows []Row
	text int
}

// take copies a row to the end of the stretch; full says that it was the last one.
func (s *stretch) take(r *Row) (full bool) {
	n := len(s.rows)
	if n < cap(s.rows) {
		s.rows = s.rows[:n+1] // its cells are used again
	} else {
		s.rows = append(s.rows, Row{})
	}
	own := &s.rows[n]
	own.Num, own.Hidden = r.Num, r.Hidden
	own.Cells = append(own.Cells[:0], r.Cells...)
	for i := range r.Cells {
		s.text += len(r.Cells[i].Raw)
	}
	return n+1 == stretchRows || s.text >= stretchText
}

// stretches is how two goroutines pass rows: full ones one way, read ones back.
type stretches struct {
	ctx        context.Context
	free, full chan *stretch
}

// scan fills stretches with the rows of a sheet.
func (s *stretches) scan(b *Book, sheet int) (err error) {
	defer func() {
		if cause := recover(); cause != nil { // it belongs to whoever reads the sheet
			err = &scanPanic{cause, debug.Stack()}
		}
	}()
	var under *stretch
	err = b.Rows(s.ctx, sheet, func(r *Row) error {
		if under == nil {
			select {
			case under = <-s.free:
			case <-s.ctx.Done():
				return s.ctx.Err()
			}
			under.rows, under.text = under.rows[:0], 0
		}
		if !under.take(r) {
			return nil
		}
		return s.hand(&under)
	})
	if under == nil {
		return err
	}
	if herr := s.hand(&under); err == nil { // also the rows before one that cannot be read
		err = herr
	}
	return err
}

func (s *stretches) hand(st **stretch) error {
	select {
	case s.full <- *st:
		*st = nil
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// scanPanic is a panic of the goroutine that scans.
type scanPanic struct {
	cause any
	stack []byte
}

func (p *scanPanic) Error() string { return fmt.Sprintf("%v\n%s", p.cause, p.stack) }
