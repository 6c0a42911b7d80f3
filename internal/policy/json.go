package policy

import (
	"encoding/json"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// sentence is a message in both languages, nil for none.
func sentence(m i18n.Msg) *i18n.Text {
	if m.IsZero() {
		return nil
	}
	both := m.Both()
	return &both
}

func waiting(refs []rule.FactRef) []Fact {
	var out []Fact
	for _, r := range refs {
		out = append(out, factOf(r))
	}
	return out
}

// MarshalJSON writes the document of docs/policy-result.md.
func (d Decision) MarshalJSON() ([]byte, error) {
	type plain Decision
	return json.Marshal(struct {
		plain
		Reason  *i18n.Text `json:"reason,omitempty"`
		Missing []Fact     `json:"missing,omitempty"`
	}{plain(d), sentence(d.Reason), waiting(d.Missing)})
}

// MarshalJSON writes a line of docs/policy-result.md.
func (l Line) MarshalJSON() ([]byte, error) {
	type plain Line
	return json.Marshal(struct {
		plain
		Reason  *i18n.Text `json:"reason,omitempty"`
		Missing []Fact     `json:"missing,omitempty"`
	}{plain(l), sentence(l.Reason), waiting(l.Missing)})
}

// MarshalJSON writes an advice of docs/policy-result.md.
func (a Advice) MarshalJSON() ([]byte, error) {
	type plain Advice
	return json.Marshal(struct {
		plain
		Text *i18n.Text `json:"text,omitempty"`
	}{plain(a), sentence(a.Text)})
}
