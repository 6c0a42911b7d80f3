package fact

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/yanzhen/yanzhen/internal/packed"
)

// pending keeps, packed, what this process appends to sources that are not published yet, so that the frame which takes
// one in need not read its rows back. It is a cache: an account of a source is either of all its rows, which the
// database is asked about each time, or there is none.
type pending struct {
	memory int // bytes of an account; beyond, it goes on in a file

	mu       sync.Mutex
	accounts []*account // the latest last
}

// account is the statements of one source in the order of their numbers.
type account struct {
	source int64
	last   int64 // number of the last row
	ids    []int64
	places map[int64]int // of a column in ids
	chunks [][]byte      // as long as they are few
	size   int           // of chunks
	file   *os.File      // then all of them, each after its length; nil before
}

// maxAccounts is enough: an import stages one source at a time. Those of imports that were given up make room.
const maxAccounts = 4

func newPending() *pending { return &pending{memory: 16 << 20} }

// noRows is the number of the last row of a source without any.
const noRows = 0

// add accounts for statements of a source that stand in the database now, numbered from n on; before is the number of
// the last row that stood there before them. Where that is not what is accounted for, the account is given up.
func (p *pending) add(source, before, n int64, statements []Statement, columns []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.find(source)
	switch {
	case i >= 0 && p.accounts[i].last == before:
	case before == noRows:
		p.drop(i)
		if len(p.accounts) >= maxAccounts {
			p.drop(0)
		}
		p.accounts = append(p.accounts, &account{source: source, places: map[int64]int{}})
		i = len(p.accounts) - 1
	default:
		p.drop(i)
		return
	}
	a := p.accounts[i]
	a.last = n + int64(len(statements)) - 1
	if err := a.keep(a.pack(n, statements, columns), p.memory); err != nil {
		p.drop(i) // no room for the file: the rows will be read back
	}
}

func (p *pending) find(source int64) int {
	return slices.IndexFunc(p.accounts, func(a *account) bool { return a.source == source })
}

func (p *pending) drop(i int) {
	if i >= 0 {
		p.accounts[i].close()
		p.accounts = slices.Delete(p.accounts, i, i+1)
	}
}

// take gives the account of a source whose last row has a number, and forgets it; nil when there is none. Its reader
// closes it.
func (p *pending) take(source, last int64) *account {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.find(source)
	if i < 0 {
		return nil
	}
	a := p.accounts[i]
	if a.last != last {
		p.drop(i)
		return nil
	}
	p.accounts = slices.Delete(p.accounts, i, i+1)
	return a
}

// pack writes statements as a chunk: the number of the first, how many, and each as it differs from the one before.
func (a *account) pack(n int64, statements []Statement, columns []int64) []byte {
	var o packed.Out
	o.Int(n)
	o.Uint(uint64(len(statements)))
	subject := int64(0)
	for i := range statements {
		f := &statements[i]
		place, ok := a.places[columns[i]]
		if !ok {
			place = len(a.ids)
			a.places[columns[i]] = place
			a.ids = append(a.ids, columns[i])
		}
		o.Int(f.Subject - subject)
		subject = f.Subject
		o.Uint(uint64(place))
		o.Uint(uint64(newMark(f.State, f.Precision, f.Status)))
		o.Int(f.Value.Num)
		o.Text(f.Value.Text)
	}
	return o.Bytes()
}

// keep puts a chunk behind the others: in memory, or, where that would be too much, in a file without a name, of which
// nothing stays when the process ends.
func (a *account) keep(chunk []byte, memory int) error {
	if a.file == nil && a.size+len(chunk) <= memory {
		a.chunks = append(a.chunks, slices.Clip(chunk))
		a.size += len(chunk)
		return nil
	}
	if a.file == nil {
		f, err := os.CreateTemp("", "yanzhen-pending-")
		if err != nil {
			return err
		}
		a.file = f
		if err := os.Remove(f.Name()); err != nil {
			return err
		}
		for _, c := range a.chunks {
			if err := a.write(c); err != nil {
				return err
			}
		}
		a.chunks = nil
	}
	return a.write(chunk)
}

func (a *account) write(chunk []byte) error {
	_, err := a.file.Write(append(binary.AppendUvarint(make([]byte, 0, len(chunk)+binary.MaxVarintLen64), uint64(len(chunk))), chunk...))
	return err
}

// each hands every statement to do; the row is used again for the next.
func (a *account) each(do func(*row) error) error {
	for _, chunk := range a.chunks {
		if err := a.unpack(chunk, do); err != nil {
			return err
		}
	}
	if a.file == nil {
		return nil
	}
	if _, err := a.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read pending statements: %w", err)
	}
	for r := bufio.NewReaderSize(a.file, 1<<20); ; {
		size, err := binary.ReadUvarint(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		chunk := make([]byte, size)
		if err == nil {
			_, err = io.ReadFull(r, chunk)
		}
		if err != nil {
			return fmt.Errorf("read pending statements: %w", err)
		}
		if err := a.unpack(chunk, do); err != nil {
			return err
		}
	}
}

func (a *account) unpack(chunk []byte, do func(*row) error) error {
	in := packed.Read(chunk)
	r := row{source: a.source, n: in.Int()}
	for range in.Count() {
		r.subject += in.Int()
		r.columnID = a.ids[in.Index(len(a.ids))]
		m := mark(in.Uint())
		r.state, r.status, r.precise = int64(m.state()), int64(m.status()), int64(m.precision())
		r.num, r.text = in.Int(), in.Text()
		if err := do(&r); err != nil {
			return err
		}
		r.n++
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("read pending statements: %w", err)
	}
	return nil
}

func (a *account) close() {
	if a.file != nil {
		_ = a.file.Close() // nothing of it is wanted any more
	}
}
