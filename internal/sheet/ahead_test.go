package sheet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scripted is a file that gives rows and then ends as it is told.
type scripted struct {
	count int
	end   func() error
	text  string
	ended bool
}

func (s *scripted) rows(ctx context.Context, _ int, fn func(*Row) error) error {
	defer func() { s.ended = true }()
	row := Row{Cells: make([]Cell, 0, 2)} // used again for each, as the real ones do
	for n := range s.count {
		if err := ctx.Err(); err != nil {
			return err
		}
		row = Row{Num: n + 1, Hidden: n%3 == 0, Cells: append(row.Cells[:0], Cell{Col: 1, Raw: fmt.Sprint(n, s.text)})}
		if n%2 == 0 {
			row.Cells = append(row.Cells, Cell{Col: 4, Type: Number, Raw: "1"})
		}
		if err := fn(&row); err != nil {
			return err
		}
	}
	return s.end()
}

func (*scripted) hiddenColumns(context.Context, int) ([]bool, error) { return nil, nil }
func (*scripted) close() error                                       { return nil }

func (s *scripted) book() *Book { return &Book{sheets: []SheetInfo{{}}, body: s} }

// TestReadaheadIsRows: the same rows in the same order, and the same end.
func TestReadaheadIsRows(t *testing.T) {
	broken := errors.New("broken")
	for _, n := range []int{0, 1, stretchRows - 1, stretchRows, stretchRows + 1, 5*stretchRows + 7} {
		for _, text := range []string{"", strings.Repeat("长", stretchText/6)} {
			for _, end := range []error{nil, broken} {
				body := &scripted{count: n, text: text, end: func() error { return end }}
				list := func(walk func(context.Context, int, func(*Row) error) error) (all []Row, err error) {
					err = walk(context.Background(), 0, func(r *Row) error {
						row := *r
						row.Cells = append([]Cell(nil), r.Cells...)
						all = append(all, row)
						return nil
					})
					return all, err
				}
				want, wantErr := list(body.book().Rows)
				got, gotErr := list(body.book().readahead)
				if diff := cmp.Diff(want, got); diff != "" || !errors.Is(gotErr, wantErr) {
					t.Errorf("%d rows, then %v: %v (-want +got)\n%.2000s", n, wantErr, gotErr, diff)
				}
			}
		}
	}
}

// TestReadaheadEnds: however the reader ends, nobody reads on in the file afterwards.
func TestReadaheadEnds(t *testing.T) {
	enough := errors.New("enough")
	for _, tc := range []struct {
		name string
		stop func(n int, cancel func()) error
	}{
		{"an error of the reader", func(n int, _ func()) error {
			if n == 100 {
				return enough
			}
			return nil
		}},
		{"an end of the context", func(n int, cancel func()) error {
			if n == 100 {
				cancel()
			}
			return nil
		}},
		{"a panic of the reader", func(n int, _ func()) error {
			if n == 100 {
				panic(enough)
			}
			return nil
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := &scripted{count: 10_000, end: func() error { return nil }}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			n := 0
			err := func() (err error) {
				defer func() {
					if cause := recover(); cause != nil {
						err = cause.(error)
					}
				}()
				return body.book().readahead(ctx, 0, func(*Row) error {
					n++
					return tc.stop(n, cancel)
				})
			}()
			if !errors.Is(err, enough) && !errors.Is(err, context.Canceled) {
				t.Errorf("it ends with %v", err)
			}
			if !body.ended {
				t.Error("the scanner goes on")
			}
		})
	}
}

// TestReadaheadPanic: what goes wrong in the scanner goes wrong where the sheet is read, which can catch it.
func TestReadaheadPanic(t *testing.T) {
	body := &scripted{count: 3, end: func() error { panic("thought of by nobody") }}
	read := 0
	defer func() {
		if cause := fmt.Sprint(recover()); !strings.Contains(cause, "thought of by nobody") || !strings.Contains(cause, "ahead_test.go") {
			t.Errorf("the panic is %s", cause)
		}
		if read != 0 && read != 3 {
			t.Errorf("%d rows before it", read)
		}
	}()
	_ = body.book().readahead(context.Background(), 0, func(*Row) error {
		read++
		return nil
	})
}
