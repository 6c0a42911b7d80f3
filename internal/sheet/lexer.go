package sheet

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// Errors of a part's XML. They become messages with a place in part.fail.
var (
	errDoctype   = errors.New("document type declaration")
	errSyntax    = errors.New("not well-formed")
	errLongToken = errors.New("token too long")
	errEntity    = errors.New("unknown entity")
)

// maxToken bounds one tag or one run of text. It holds a cell's longest text with every character escaped.
const maxToken = 1 << 20

type token uint8

const (
	tokEnd   token = iota // end of the part
	tokOpen               // <name attrs>
	tokClose              // </name>
	tokText               // raw text, entities not yet replaced
	tokCDATA              // text as it is
)

// lexer cuts one XML part into tags and text. It exists for speed (encoding/xml takes some ten times as long on a
// sheet) and understands what SpreadsheetML uses: no document types, hence no entities beyond the five and the numeric
// ones. Slices it hands out are valid until the next call.
type lexer struct {
	src  io.Reader
	buf  []byte
	pos  int
	end  int
	err  error // of src; io.EOF when it is spent
	name []byte
	attr []byte
	self bool // <name/>: the matching tokClose does not follow
	text []byte
}

func newLexer(src io.Reader) *lexer { return &lexer{src: src, buf: make([]byte, 64<<10)} }

// more reads on, keeping buf[pos:end]. It reports whether anything came.
func (l *lexer) more() bool {
	if l.err != nil {
		return false
	}
	if l.pos > 0 {
		copy(l.buf, l.buf[l.pos:l.end])
		l.end -= l.pos
		l.pos = 0
	}
	if l.end == len(l.buf) {
		if len(l.buf) >= maxToken {
			l.err = errLongToken
			return false
		}
		l.buf = append(l.buf, make([]byte, len(l.buf))...)
	}
	for range 100 {
		n, err := l.src.Read(l.buf[l.end:])
		l.end += n
		if err != nil {
			l.err = err
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
	l.err = io.ErrNoProgress
	return false
}

// find is the offset from pos of the first pattern at or after pos+from; it reads on as needed.
func (l *lexer) find(pattern string, from int) (int, error) {
	pat := []byte(pattern)
	for {
		if from > l.end-l.pos {
			from = l.end - l.pos
		}
		if i := bytes.Index(l.buf[l.pos+from:l.end], pat); i >= 0 {
			return from + i, nil
		}
		from = max(from, l.end-l.pos-len(pat)+1)
		if !l.more() {
			return 0, l.cut()
		}
	}
}

// skipPast drops everything up to and including the pattern, however far away.
func (l *lexer) skipPast(pattern string) error {
	pat := []byte(pattern)
	for {
		if i := bytes.Index(l.buf[l.pos:l.end], pat); i >= 0 {
			l.pos += i + len(pat)
			return nil
		}
		l.pos = max(l.pos, l.end-len(pat)+1)
		if !l.more() {
			return l.cut()
		}
	}
}

// cut is the error of a part that ends where more must follow.
func (l *lexer) cut() error {
	if l.err == io.EOF {
		return errSyntax
	}
	return l.err
}

func (l *lexer) next() (token, error) {
	for {
		if l.pos == l.end && !l.more() {
			if l.err == io.EOF {
				return tokEnd, nil
			}
			return tokEnd, l.err
		}
		if l.buf[l.pos] != '<' {
			return l.nextText()
		}
		for l.end-l.pos < 2 {
			if !l.more() {
				return tokEnd, l.cut()
			}
		}
		switch l.buf[l.pos+1] {
		case '/':
			return l.nextClose()
		case '?':
			if err := l.skipPast("?>"); err != nil {
				return tokEnd, err
			}
		case '!':
			cdata, err := l.bang()
			if err != nil {
				return tokEnd, err
			}
			if cdata {
				return tokCDATA, nil
			}
		default:
			return l.nextOpen()
		}
	}
}

func (l *lexer) nextText() (token, error) {
	from := 0
	for {
		if i := bytes.IndexByte(l.buf[l.pos+from:l.end], '<'); i >= 0 {
			l.text = l.buf[l.pos : l.pos+from+i]
			l.pos += from + i
			return tokText, nil
		}
		from = l.end - l.pos
		if !l.more() {
			if l.err != io.EOF {
				return tokEnd, l.err
			}
			l.text = l.buf[l.pos:l.end]
			l.pos = l.end
			return tokText, nil
		}
	}
}

func (l *lexer) nextClose() (token, error) {
	i, err := l.find(">", 2)
	if err != nil {
		return tokEnd, err
	}
	l.name = local(bytes.TrimRight(l.buf[l.pos+2:l.pos+i], " \t\r\n"))
	l.pos += i + 1
	return tokClose, nil
}

func (l *lexer) nextOpen() (token, error) {
	i := 1
	var quote byte
	for {
		for ; l.pos+i < l.end; i++ {
			c := l.buf[l.pos+i]
			switch {
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			case c == '<':
				return tokEnd, errSyntax
			case c == '>':
				l.open(l.buf[l.pos+1 : l.pos+i])
				l.pos += i + 1
				if len(l.name) == 0 {
					return tokEnd, errSyntax
				}
				return tokOpen, nil
			}
		}
		if !l.more() {
			return tokEnd, l.cut()
		}
	}
}

// open splits the inside of a start tag.
func (l *lexer) open(tag []byte) {
	l.self = len(tag) > 0 && tag[len(tag)-1] == '/'
	if l.self {
		tag = tag[:len(tag)-1]
	}
	n := 0
	for n < len(tag) && !isSpace(tag[n]) {
		n++
	}
	l.name, l.attr = local(tag[:n]), tag[n:]
}

// bang passes over a comment, and makes text of a CDATA section.
func (l *lexer) bang() (cdata bool, err error) {
	for l.end-l.pos < 9 && l.more() {
	}
	head := l.buf[l.pos:l.end]
	switch {
	case bytes.HasPrefix(head, []byte("<!--")):
		l.pos += 4
		return false, l.skipPast("-->")
	case bytes.HasPrefix(head, []byte("<![CDATA[")):
		i, err := l.find("]]>", 9)
		if err != nil {
			return false, err
		}
		l.text = l.buf[l.pos+9 : l.pos+i]
		l.pos += i + 3
		return true, nil
	}
	return false, errDoctype
}

// skip passes over the element just opened.
func (l *lexer) skip() error {
	if l.self {
		return nil
	}
	for depth := 1; depth > 0; {
		t, err := l.next()
		switch {
		case err != nil:
			return err
		case t == tokEnd:
			return errSyntax
		case t == tokOpen && !l.self:
			depth++
		case t == tokClose:
			depth--
		}
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// local is a name without its namespace prefix.
func local(name []byte) []byte {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

// nextAttr cuts the first attribute off attrs. Names are local, values raw. ok is false at the end and at what is no
// attribute.
func nextAttr(attrs []byte) (name, value, rest []byte, ok bool) {
	i := 0
	for i < len(attrs) && isSpace(attrs[i]) {
		i++
	}
	start := i
	for i < len(attrs) && attrs[i] != '=' && !isSpace(attrs[i]) {
		i++
	}
	name = attrs[start:i]
	for i < len(attrs) && isSpace(attrs[i]) {
		i++
	}
	if len(name) == 0 || i >= len(attrs) || attrs[i] != '=' {
		return nil, nil, nil, false
	}
	i++
	for i < len(attrs) && isSpace(attrs[i]) {
		i++
	}
	if i >= len(attrs) || attrs[i] != '"' && attrs[i] != '\'' {
		return nil, nil, nil, false
	}
	end := bytes.IndexByte(attrs[i+1:], attrs[i])
	if end < 0 {
		return nil, nil, nil, false
	}
	return local(name), attrs[i+1 : i+1+end], attrs[i+end+2:], true
}

// attrOf is the value of an attribute of the element just opened, entities replaced; "" when it has none.
func (l *lexer) attrOf(want string) string {
	for rest := l.attr; ; {
		name, value, next, ok := nextAttr(rest)
		if !ok {
			return ""
		}
		if string(name) == want {
			b, err := unescape(nil, value)
			if err != nil {
				return string(value)
			}
			return string(b)
		}
		rest = next
	}
}

// flagOf is a boolean attribute of the element just opened.
func (l *lexer) flagOf(want string) bool {
	v := l.attrOf(want)
	return v == "1" || v == "true"
}

// unescape appends raw text to dst with its entities replaced.
func unescape(dst, raw []byte) ([]byte, error) {
	for {
		i := bytes.IndexByte(raw, '&')
		if i < 0 {
			return append(dst, raw...), nil
		}
		dst = append(dst, raw[:i]...)
		raw = raw[i+1:]
		end := bytes.IndexByte(raw[:min(len(raw), 12)], ';')
		if end < 0 {
			return dst, errEntity
		}
		switch ent := raw[:end]; {
		case string(ent) == "amp":
			dst = append(dst, '&')
		case string(ent) == "lt":
			dst = append(dst, '<')
		case string(ent) == "gt":
			dst = append(dst, '>')
		case string(ent) == "quot":
			dst = append(dst, '"')
		case string(ent) == "apos":
			dst = append(dst, '\'')
		case len(ent) > 1 && ent[0] == '#':
			digits, base := string(ent[1:]), 10
			if digits[0] == 'x' {
				digits, base = digits[1:], 16
			}
			n, err := strconv.ParseUint(digits, base, 32)
			if err != nil || n == 0 || n > utf8.MaxRune {
				return dst, errEntity
			}
			dst = utf8.AppendRune(dst, rune(n))
		default:
			return dst, errEntity
		}
		raw = raw[end+1:]
	}
}

// cellText turns the text of a string element into what the cell shows: valid UTF-8, and the _xHHHH_ escapes with
// which workbooks write control characters resolved (a line break typed on an old system arrives as _x000D_).
func cellText(b []byte) []byte {
	if bytes.Contains(b, []byte("_x")) {
		out := b[:0:0]
		for len(b) > 0 {
			if len(b) >= 7 && b[0] == '_' && b[1] == 'x' && b[6] == '_' {
				if n, err := strconv.ParseUint(string(b[2:6]), 16, 16); err == nil {
					out = utf8.AppendRune(out, rune(n))
					b = b[7:]
					continue
				}
			}
			out = append(out, b[0])
			b = b[1:]
		}
		b = out
	}
	if !utf8.Valid(b) {
		b = bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return b
}
