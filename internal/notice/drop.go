package notice

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Drop is a folder that takes mails as files, for trying out and for demonstrations: MARK.eml, which any mail program opens.
type Drop struct {
	Dir  string
	From string
}

// Carry writes a mail, over what an attempt before left.
func (d Drop) Carry(_ context.Context, l Letter) (string, error) {
	msg, err := SMTP{From: d.From}.letter(l)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return "", fmt.Errorf("write mail: %w", err)
	}
	if err := os.MkdirAll(d.Dir, 0o700); err != nil {
		return "", fmt.Errorf("make folder of mails: %w", err)
	}
	name := l.Mark + ".eml"
	if err := os.WriteFile(filepath.Join(d.Dir, name), b.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("write mail: %w", err)
	}
	return name, nil
}

// oneLine is a text without what would begin another line, or do more than stand there.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s))
}
