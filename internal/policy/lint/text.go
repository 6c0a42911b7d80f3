package lint

import (
	"fmt"
	"io"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Text writes the findings for people, by file: the place and what is wrong, the line with a caret, the other place, how
// to mend it.
func (r Report) Text(w io.Writer, t i18n.T) error {
	out := &printer{w: w}
	last := ""
	for _, f := range r.Findings {
		if f.At.File != last {
			if last != "" {
				out.line("")
			}
			last = f.At.File
			out.line("%s", last)
		}
		out.line("%s: %s", f.At, t.S("lint.said", t.S("lint."+string(f.Severity)), t.Msg(f.What)))
		if f.At.Snippet != "" {
			out.line("%s", f.At.Snippet)
		}
		if f.Other != nil {
			out.line("  %s", t.S("lint.other", f.Other.String()))
			if f.Other.Snippet != "" {
				out.line("%s", f.Other.Snippet)
			}
		}
		if !f.Mend.IsZero() {
			out.line("  %s", t.S("lint.mend", t.Msg(f.Mend)))
		}
		if f.Firm != nil {
			out.line("  %s", t.S("lint.firm", string(f.Firm)))
		}
		if len(f.Settings) > 0 {
			out.line("  %s", t.S("lint.settings", flags(f.Settings)))
		}
	}
	return out.err
}

// String is file:line:col.
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// printer keeps the first error of many lines.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
