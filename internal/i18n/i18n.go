package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Lang is a language that pages can be shown in.
type Lang string

// The languages. ZH comes first wherever there is a choice.
const (
	ZH Lang = "zh"
	EN Lang = "en"
)

// Parse reads a language tag; anything but English is Chinese.
func Parse(s string) Lang {
	if strings.HasPrefix(strings.ToLower(s), "en") {
		return EN
	}
	return ZH
}

// Text is a name or sentence that content gives in both languages.
type Text struct {
	ZH string `json:"zh" yaml:"zh"`
	EN string `json:"en" yaml:"en"`
}

// In is the text in a language; where English is missing the Chinese stands in, so that nothing is blank.
func (t Text) In(l Lang) string {
	if l == EN && t.EN != "" {
		return t.EN
	}
	return t.ZH
}

// Msg is a message not yet put into a language. Args may be strings, numbers, Text (shown in the reader's
// language) or Msg (nested).
type Msg struct {
	Key  string
	Args []any
}

// M makes a message.
func M(key string, args ...any) Msg { return Msg{Key: key, Args: args} }

// String is the English text, for logs.
func (m Msg) String() string { return T{Lang: EN}.Msg(m) }

// MarshalJSON keeps the key and the arguments, so that a message can be stored and read later in either language.
// Numbers and other printable arguments become text, which shows the same.
func (m Msg) MarshalJSON() ([]byte, error) {
	stored := storedMsg{Key: m.Key}
	for _, a := range m.Args {
		switch a.(type) {
		case Text, Msg:
		default:
			a = T{}.arg(a)
		}
		b, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		stored.Args = append(stored.Args, b)
	}
	return json.Marshal(stored)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Msg) UnmarshalJSON(b []byte) error {
	var stored storedMsg
	if err := json.Unmarshal(b, &stored); err != nil {
		return err
	}
	*m = Msg{Key: stored.Key}
	for _, raw := range stored.Args {
		arg, err := readArg(raw)
		if err != nil {
			return fmt.Errorf("message %s: %w", stored.Key, err)
		}
		m.Args = append(m.Args, arg)
	}
	return nil
}

// storedMsg is a message as JSON; an argument is a string, a Text or a message.
type storedMsg struct {
	Key  string            `json:"key"`
	Args []json.RawMessage `json:"args,omitempty"`
}

func readArg(raw json.RawMessage) (any, error) {
	var s string
	if err := json.Unmarshal(raw, &s); err == nil {
		return s, nil
	}
	var m Msg
	if err := json.Unmarshal(raw, &m); err == nil && m.Key != "" {
		return m, nil
	}
	var t Text
	err := json.Unmarshal(raw, &t)
	return t, err
}

// Both is the message in both languages.
func (m Msg) Both() Text { return Text{ZH: T{Lang: ZH}.Msg(m), EN: T{Lang: EN}.Msg(m)} }

// IsZero says that there is no message.
func (m Msg) IsZero() bool { return m.Key == "" }

//go:embed catalogue/*.json
var files embed.FS

var catalogue = mustLoad(files)

func mustLoad(fsys fs.FS) map[string]Text {
	all := map[string]Text{}
	names, err := fs.Glob(fsys, "catalogue/*.json")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			panic(err)
		}
		var part map[string]Text
		if err := json.Unmarshal(b, &part); err != nil {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
		for k, v := range part {
			if _, twice := all[k]; twice {
				panic(fmt.Sprintf("%s: key %q is defined twice", name, k))
			}
			all[k] = v
		}
	}
	return all
}

// T translates into one language. It is a value: pages are handed one.
type T struct{ Lang Lang }

// S is the text of a key. An unknown key is shown as itself, so that a page never fails for a word.
func (t T) S(key string, args ...any) string {
	text, ok := catalogue[key]
	if !ok {
		return key
	}
	s := text.In(t.Lang)
	if len(args) == 0 {
		return s
	}
	return t.fill(s, args)
}

// fill puts arguments in the place of {0}, {1} …, and words that depend on a number in the place of {0|enterprise|enterprises}: the
// first where argument 0 is one, the second where it is not. A place without an argument stays as it is.
func (t T) fill(s string, args []any) string {
	var b strings.Builder
	for {
		text, rest, found := strings.Cut(s, "{")
		b.WriteString(text)
		if !found {
			return b.String()
		}
		place, after, closed := strings.Cut(rest, "}")
		number, forms, chosen := strings.Cut(place, "|")
		one, many, both := strings.Cut(forms, "|")
		i, err := strconv.Atoi(number)
		if !closed || err != nil || i < 0 || i >= len(args) || strconv.Itoa(i) != number || chosen != both {
			b.WriteByte('{')
			s = rest
			continue
		}
		switch arg := t.arg(args[i]); {
		case !chosen:
			b.WriteString(arg)
		case arg == "1":
			b.WriteString(one)
		default:
			b.WriteString(many)
		}
		s = after
	}
}

// Msg is the text of a message.
func (t T) Msg(m Msg) string { return t.S(m.Key, m.Args...) }

// Text is the side of a pair that this language shows.
func (t T) Text(x Text) string { return x.In(t.Lang) }

func (t T) arg(a any) string {
	switch v := a.(type) {
	case string:
		return v
	case Msg:
		return t.Msg(v)
	case Text:
		return v.In(t.Lang)
	case fmt.Stringer:
		return v.String()
	default:
		return fmt.Sprint(v)
	}
}
