package policy

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Evaluation is policies applied to one enterprise that stands in a file: what `yanzhen policy eval` does.
type Evaluation struct {
	Policies []*Policy
	File     string // name of the facts file, for messages
	Facts    []byte // JSON as in docs/facts-json.md
	AsOf     period.Day
	Settings []string // "setting=option"
	Changes  []string // "param=value" or "param@key=value"
	Format   string   // "json": one object for each policy, docs/policy-result.md; "text": for people
}

// Write decides each policy and writes the decisions. Facts with mistakes are content.Problems; a setting or parameter
// that no policy has, or a format that is not known, is an errs.KindInvalid. Settings and changes apply to the policies
// that know them.
func (e Evaluation) Write(w io.Writer, lib *content.Library, t i18n.T) error {
	if e.Format != "json" && e.Format != "text" {
		return errs.Invalid(i18n.M("policy.one_of", e.Format, "json, text"))
	}
	doc, problems := rule.ParseFacts(lib, e.File, e.Facts)
	if len(problems) > 0 {
		return problems
	}
	settings, patches, err := e.choices()
	if err != nil {
		return err
	}
	for n, p := range e.Policies {
		plan, err := p.Plan(p.known(settings), p.patches(patches)...)
		if err != nil {
			return err
		}
		d, err := plan.Decide(doc, e.AsOf, Options{Trace: true, Advice: true})
		if err != nil {
			return fmt.Errorf("decide %s: %w", p.File.Document.ID, err)
		}
		if e.Format == "text" {
			if n > 0 {
				if _, err := fmt.Fprintln(w); err != nil {
					return err
				}
			}
			if err := p.WriteText(w, t, d); err != nil {
				return err
			}
			continue
		}
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		if err := out.Encode(d); err != nil {
			return err
		}
	}
	return nil
}

// choices reads settings and changes, and refuses what no policy knows.
func (e Evaluation) choices() (map[string]string, []Patch, error) {
	settings := map[string]string{}
	for _, s := range e.Settings {
		id, option, ok := strings.Cut(s, "=")
		if !ok {
			return nil, nil, errs.Invalid(i18n.M("policy.want_pair", s))
		}
		if !e.any(func(p *Policy) bool { return len(p.known(map[string]string{id: option})) > 0 }) {
			return nil, nil, errs.Invalid(i18n.M("policy.unknown_setting", id))
		}
		settings[id] = option
	}
	var patches []Patch
	for _, s := range e.Changes {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, nil, errs.Invalid(i18n.M("policy.want_pair", s))
		}
		id, key, _ := strings.Cut(name, "@")
		patch := Patch{Param: id, Key: key, Value: value}
		if !e.any(func(p *Policy) bool { return len(p.patches([]Patch{patch})) > 0 }) {
			return nil, nil, errs.Invalid(i18n.M("policy.unknown_param", id))
		}
		patches = append(patches, patch)
	}
	return settings, patches, nil
}

func (e Evaluation) any(f func(*Policy) bool) bool {
	for _, p := range e.Policies {
		if f(p) {
			return true
		}
	}
	return false
}

// known is those settings that the policy has.
func (p *Policy) known(settings map[string]string) map[string]string {
	out := map[string]string{}
	for _, s := range p.File.Settings {
		if v, ok := settings[s.ID]; ok {
			out[s.ID] = v
		}
	}
	return out
}

// patches is those changes whose parameter the policy has.
func (p *Policy) patches(all []Patch) []Patch {
	var out []Patch
	for _, c := range all {
		if _, ok := p.pindex[c.Param]; ok {
			out = append(out, c)
		}
	}
	return out
}
