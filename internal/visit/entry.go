package visit

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Limits of what is noted.
const (
	MaxSend    = 200   // entries at once
	MaxEntries = 5_000 // of a case
	maxPhotos  = 200   // topics of photographs of a case
	maxAfter   = 50    // entries that one names
	maxValue   = 2_000 // characters of an answer
	maxTitle   = 200   // characters of a line
	maxText    = 4_000 // characters of a text
	maxTaken   = 20    // photographs of a finding
	latestNote = 1 << 53
)

// What entries are about; behind the colon stands which.
const (
	Answers  = "answer"  // a field of the questionnaire
	Findings = "finding" // an id
	Photos   = "photo"   // the SHA-256 of a picture
	Notes    = "note"    // an id
)

var (
	idShape    = regexp.MustCompile(`^[0-9a-f]{32}$`)
	topicShape = regexp.MustCompile(`^(answer:[a-z][a-z0-9_]{0,63}|finding:[0-9a-f]{32}|note:[0-9a-f]{32}|photo:[0-9a-f]{64})$`)
	hashShape  = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Body is what an entry says. Which parts it has goes by what it is about.
type Body struct {
	Value string `json:"value,omitempty"` // of an answer, as it is typed

	Title  string   `json:"title,omitempty"`  // of a finding
	Part   string   `json:"part,omitempty"`   // of the questionnaire: the id of a section; "" for none
	Seen   string   `json:"seen,omitempty"`   // what was seen
	Gap    string   `json:"gap,omitempty"`    // what it falls short of
	Advice string   `json:"advice,omitempty"` // what is suggested
	Photos []string `json:"photos,omitempty"` // SHA-256 of pictures

	Text string `json:"text,omitempty"` // of a note

	Name  string `json:"name,omitempty"`  // of a photograph, as a file
	Field string `json:"field,omitempty"` // that it proves the answer to; "" for none
}

// Entry is one thing that was noted.
type Entry struct {
	ID       string   `json:"id"`
	Topic    string   `json:"topic"`    // answer:FIELD, finding:ID, photo:SHA256, note:ID
	After    []string `json:"after"`    // ids of entries about the same that its writer had before them
	Body     *Body    `json:"body"`     // nil takes it away
	Device   string   `json:"device"`   // 128 bits in hexadecimal
	Noted    int64    `json:"noted"`    // ms, by the device's clock
	Received int64    `json:"received"` // ms
	Account  int64    `json:"account"`
	Partner  int64    `json:"-"`      // whom the case was referred to then, such as an institute; 0 for none, notKept
	Late     bool     `json:"late"`   // the case had moved on
	Erased   bool     `json:"erased"` // its body is gone: its term is over
}

// Kind is what a topic is about, and which.
func (e Entry) Kind() (kind, which string) {
	kind, which, _ = strings.Cut(e.Topic, ":")
	return kind, which
}

// fault is what is wrong with an entry as it was sent; the zero message where nothing is.
func (e Entry) fault() i18n.Msg {
	switch {
	case !idShape.MatchString(e.ID) || !idShape.MatchString(e.Device):
		return i18n.M("visit.bad_id")
	case !topicShape.MatchString(e.Topic):
		return i18n.M("visit.bad_topic")
	case len(e.After) > maxAfter:
		return i18n.M("visit.many_after", maxAfter)
	case slices.ContainsFunc(e.After, func(id string) bool { return !idShape.MatchString(id) || id == e.ID }):
		return i18n.M("visit.bad_after")
	case e.Noted <= 0 || e.Noted > latestNote:
		return i18n.M("visit.bad_noted")
	case e.Body == nil:
		return i18n.Msg{}
	}
	return e.Body.fault(e)
}

// fault is what is wrong with a body for what it is about.
func (b *Body) fault(e Entry) i18n.Msg {
	kind, _ := e.Kind()
	only := Body{}
	switch kind {
	case Answers:
		only.Value = b.Value
	case Findings:
		only = Body{Title: b.Title, Part: b.Part, Seen: b.Seen, Gap: b.Gap, Advice: b.Advice, Photos: b.Photos}
	case Photos:
		only = Body{Name: b.Name, Field: b.Field}
	case Notes:
		only.Text = b.Text
	}
	if only.encode() != b.encode() {
		return i18n.M("visit.bad_body")
	}
	if b.empty() {
		return i18n.M("visit.empty_body")
	}
	for _, x := range []struct {
		text string
		most int
	}{
		{b.Value, maxValue}, {b.Title, maxTitle}, {b.Part, 64}, {b.Seen, maxText}, {b.Gap, maxText}, {b.Advice, maxText}, {b.Text, maxText}, {b.Name, maxTitle}, {b.Field, 64},
	} {
		if utf8.RuneCountInString(x.text) > x.most {
			return i18n.M("visit.long_text", x.most)
		}
		if !plain(x.text) {
			return i18n.M("visit.no_text")
		}
	}
	if len(b.Photos) > maxTaken || slices.ContainsFunc(b.Photos, func(sha string) bool { return !hashShape.MatchString(sha) }) {
		return i18n.M("visit.bad_photos", maxTaken)
	}
	return i18n.Msg{}
}

func (b *Body) empty() bool { return b.encode() == "{}" }

// plain says that a text is UTF-8 without control characters but ends of lines and tabs.
func plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' })
}

// encode is the body as it is kept and compared; "" of none.
func (b *Body) encode() string {
	if b == nil {
		return ""
	}
	all, err := json.Marshal(b)
	if err != nil { // strings cannot fail
		panic(err)
	}
	return string(all)
}

// same says that an entry is another one sent again.
func (e Entry) same(o Entry) bool {
	return e.ID == o.ID && e.Topic == o.Topic && slices.Equal(e.After, o.After) && e.Body.encode() == o.Body.encode() && e.Device == o.Device && e.Noted == o.Noted && e.Account == o.Account
}

// Topic is what stands about something: the entries that no other names, the oldest first.
type Topic struct {
	Key   string
	Heads []Entry
}

// Conflict says that the heads say different things.
func (t Topic) Conflict() bool {
	return slices.ContainsFunc(t.Heads, func(e Entry) bool { return e.Body.encode() != t.Heads[0].Body.encode() })
}

// Value is what counts; nil where it was taken away, or is in conflict.
func (t Topic) Value() *Body {
	if len(t.Heads) == 0 || t.Conflict() {
		return nil
	}
	return t.Heads[0].Body
}

// IDs are the heads, for an entry that comes after them.
func (t Topic) IDs() []string {
	var all []string
	for _, e := range t.Heads {
		all = append(all, e.ID)
	}
	return all
}

// Which is the part of the key behind its kind.
func (t Topic) Which() string {
	_, which, _ := strings.Cut(t.Key, ":")
	return which
}

// Topics is what stands about everything, by key: a function of the set of entries, in whatever order and however often they come.
func Topics(entries []Entry) []Topic {
	named, by := map[string]bool{}, map[string]map[string]Entry{}
	for _, e := range entries {
		for _, id := range e.After {
			named[e.Topic+" "+id] = true
		}
		if by[e.Topic] == nil {
			by[e.Topic] = map[string]Entry{}
		}
		by[e.Topic][e.ID] = e
	}
	all := make([]Topic, 0, len(by))
	for key, of := range by {
		t := Topic{Key: key}
		for id, e := range of {
			if !named[key+" "+id] {
				t.Heads = append(t.Heads, e)
			}
		}
		slices.SortFunc(t.Heads, func(a, b Entry) int { return cmp.Or(cmp.Compare(a.Noted, b.Noted), cmp.Compare(a.ID, b.ID)) })
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Topic) int { return cmp.Compare(a.Key, b.Key) })
	return all
}
