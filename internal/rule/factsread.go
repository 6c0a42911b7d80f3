package rule

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// ReadFacts reads many enterprises from one file, each in the form of ParseFacts: one document a line, documents one after
// the other, or an array of them. It holds one document at a time, and each has the limits of a file by itself. It yields
// the enterprises in order; where a document has mistakes, a nil Doc and every mistake of it with its place in the file.
// After a mistake of syntax nothing more is read. What cannot be read from ends with an error.
func ReadFacts(lib *content.Library, file string, from io.Reader) iter.Seq2[*Doc, error] {
	return func(yield func(*Doc, error) bool) {
		s := &factsStream{file: file, from: bufio.NewReaderSize(from, 1<<16), line: 1, col: 1}
		for {
			src, err := s.next()
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(nil, err)
				return
			}
			r := newFactsReader(lib, file, src)
			r.line, r.col = s.beganLine, s.beganCol
			doc, problems := r.document()
			if doc != nil {
				doc.line, doc.col = s.beganLine, s.beganCol
			}
			if err = nil; len(problems) > 0 {
				err = problems
			}
			if !yield(doc, err) || r.broken {
				return
			}
		}
	}
}

// factsStream cuts a file into its documents, without reading them: it knows of texts and brackets only.
type factsStream struct {
	file      string
	from      *bufio.Reader
	line, col int // of the character that comes next
	beganLine int // of the document that next gave
	beganCol  int
	list      bool // the documents stand in an array
	read      int  // documents so far
	buf       bytes.Buffer
}

// problem is a mistake between the documents.
func (s *factsStream) problem(key string, args ...any) error {
	return content.Problems{{File: s.file, Line: s.line, Col: s.col, Msg: i18n.M(key, args...)}}
}

// peek is the character that comes next, white space aside; io.EOF at the end.
func (s *factsStream) peek() (byte, error) {
	for {
		next, err := s.from.Peek(len(byteOrderMark))
		if len(next) == 0 {
			return 0, s.failed(err)
		}
		switch b := next[0]; {
		case s.line == 1 && s.col == 1 && string(next) == byteOrderMark:
			_, _ = s.from.Discard(len(byteOrderMark)) // it was peeked at
		case b == ' ' || b == '\t' || b == '\r' || b == '\n':
			s.take()
		default:
			return b, nil
		}
	}
}

// byteOrderMark is passed over at the beginning of a file.
const byteOrderMark = "\ufeff"

func (s *factsStream) failed(err error) error {
	if errors.Is(err, io.EOF) {
		return err
	}
	return fmt.Errorf("read %s: %w", s.file, err)
}

// step counts a byte: the columns are characters.
func (s *factsStream) step(b byte) {
	switch {
	case b == '\n':
		s.line, s.col = s.line+1, 1
	case b&0xC0 != 0x80:
		s.col++
	}
}

// next is the bytes of the next document; io.EOF after the last.
func (s *factsStream) next() ([]byte, error) {
	b, err := s.peek()
	if err == nil && b == '[' && s.read == 0 && !s.list {
		s.list = true
		s.take()
		if b, err = s.peek(); err == nil && b == ']' {
			return nil, s.end()
		}
	} else if err == nil && s.list {
		switch b {
		case ']':
			return nil, s.end()
		case ',':
			s.take()
			b, err = s.peek()
		default:
			return nil, s.problem("rule.facts_comma")
		}
	}
	if errors.Is(err, io.EOF) && s.list {
		return nil, s.problem("rule.facts_list_open")
	}
	if errors.Is(err, io.EOF) && s.read == 0 {
		return nil, s.problem("rule.facts_none")
	}
	if err != nil {
		return nil, err
	}
	s.read++
	s.beganLine, s.beganCol = s.line, s.col
	return s.value(b)
}

// take passes over the character that comes next, which peek gave.
func (s *factsStream) take() {
	b, _ := s.from.ReadByte()
	s.step(b)
}

// end is io.EOF where nothing follows the end of the array.
func (s *factsStream) end() error {
	s.take()
	if _, err := s.peek(); err != nil {
		return err
	}
	return s.problem("rule.facts_more")
}

// value is the bytes of a value: up to the bracket that closes it, or to the end of the line where it has none. What is
// wrong in it is for the reader of facts to tell.
func (s *factsStream) value(first byte) ([]byte, error) {
	s.buf.Reset()
	depth, quoted, escaped := 0, false, false
	for {
		b, err := s.from.ReadByte()
		if errors.Is(err, io.EOF) {
			return s.buf.Bytes(), nil
		}
		if err != nil {
			return nil, s.failed(err)
		}
		s.step(b)
		s.buf.WriteByte(b)
		if s.buf.Len() > MaxFacts {
			return nil, content.Problems{{File: s.file, Line: s.beganLine, Col: s.beganCol, Msg: i18n.M("rule.facts_document_too_large", MaxFacts)}}
		}
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = b == '\\', b != '"'
		case b == '"':
			quoted = true
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			depth--
		}
		if !quoted && depth <= 0 && (b == '}' || b == ']' || b == '\n' && first != '{') {
			return s.buf.Bytes(), nil
		}
	}
}
