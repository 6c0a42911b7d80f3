package lab

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// Limits on a scenario that comes from outside.
const (
	maxName    = 80  // characters
	maxChanges = 500 // numbers that differ
	maxList    = 200 // clauses that end, areas
)

// Scenario is a policy in force and what is to be different. Its zero value but for Policy is the law itself. The JSON form
// is stable: it is stored, linked and exchanged.
type Scenario struct {
	Policy   string            `json:"policy"` // document id
	Name     string            `json:"name,omitempty"`
	Settings map[string]string `json:"settings,omitempty"` // answers to open questions; those not named are as the law has them by default
	Changes  []policy.Patch    `json:"changes,omitempty"`  // numbers; of two for the same number the later holds
	Ended    []string          `json:"ended,omitempty"`    // ids of clauses that are left out
	Only     []string          `json:"only,omitempty"`     // areas in which alone it pays; none: those of the document
	Budget   money.Fen         `json:"budget,omitzero"`    // of each year, for all clauses that pay: what is beyond is cut in proportion; 0 for none
	Text     string            `json:"text,omitempty"`     // another policy.yaml of the same document; "" for that in force
	Area     string            `json:"area,omitempty"`     // area that is looked at: of the law and of the scenario alike; "" for all
	AsOf     *period.Day       `json:"as_of,omitempty"`    // nil for the day of asking
}

// Caveat is what must stand beside every result: the figures hold for what enterprises did, not for what they would do.
var Caveat = i18n.M("lab.caveat")

// Canonical is the scenario in the one form in which equal ones are equal: trimmed, sorted, each thing said once.
func (s Scenario) Canonical() Scenario {
	s.Policy, s.Name, s.Area = strings.TrimSpace(s.Policy), strings.TrimSpace(s.Name), strings.TrimSpace(s.Area)
	s.Text = strings.ReplaceAll(strings.TrimPrefix(s.Text, "\ufeff"), "\r\n", "\n")
	if strings.TrimSpace(s.Text) == "" {
		s.Text = ""
	}
	if len(s.Settings) == 0 {
		s.Settings = nil
	}
	s.Settings = maps.Clone(s.Settings)
	s.Ended, s.Only = sortedSet(s.Ended), sortedSet(s.Only)
	var changes []policy.Patch
	for i, c := range s.Changes {
		again := slices.ContainsFunc(s.Changes[i+1:], func(d policy.Patch) bool { return d.Param == c.Param && d.Key == c.Key })
		if c.Value = strings.TrimSpace(c.Value); !again {
			changes = append(changes, c)
		}
	}
	slices.SortFunc(changes, func(a, b policy.Patch) int { return cmp.Or(cmp.Compare(a.Param, b.Param), cmp.Compare(a.Key, b.Key)) })
	s.Changes = changes
	return s
}

func sortedSet(all []string) []string {
	var out []string
	for _, x := range all {
		if x = strings.TrimSpace(x); x != "" {
			out = append(out, x)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Hash is what tells scenarios apart: equal for those that ask the same, whatever they are called.
func (s Scenario) Hash() string {
	s = s.Canonical()
	s.Name = ""
	text, err := json.Marshal(s)
	if err != nil { // strings, numbers and maps of them are always written
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Changed says that the scenario differs from the law, at least in its words.
func (s Scenario) Changed() bool {
	s = s.Canonical()
	return len(s.Settings)+len(s.Changes)+len(s.Ended)+len(s.Only) > 0 || s.Budget != 0 || s.Text != ""
}

// check refuses what no policy could make sense of; the rest is asked of the policy.
func (s Scenario) check(areas *content.Tree) error {
	switch {
	case s.Policy == "":
		return errs.Invalid(i18n.M("lab.want_policy"))
	case utf8.RuneCountInString(s.Name) > maxName:
		return errs.Invalid(i18n.M("lab.long_name", maxName))
	case len(s.Changes) > maxChanges:
		return errs.Invalid(i18n.M("lab.many_changes", len(s.Changes), maxChanges))
	case max(len(s.Ended), len(s.Only), len(s.Settings)) > maxList:
		return errs.Invalid(i18n.M("lab.long_list", maxList))
	case len(s.Text) > content.MaxFile:
		return errs.Invalid(i18n.M("lab.long_text", content.MaxFile>>20))
	case !utf8.ValidString(s.Text) || strings.ContainsRune(s.Text, 0):
		return errs.Invalid(i18n.M("lab.not_text"))
	case s.Budget < 0:
		return errs.Invalid(i18n.M("lab.bad_budget", s.Budget.String()))
	}
	for _, code := range append(slices.Clone(s.Only), s.Area) {
		if _, ok := areas.Node(code); !ok && code != "" {
			return errs.Invalid(i18n.M("lab.unknown_area", code))
		}
	}
	return nil
}
