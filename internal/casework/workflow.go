package casework

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Who may act besides the roles of package access.
const (
	Applicant = "applicant" // the enterprise itself, and those who act for it
	System    = "system"    // the product: clocks, batches, capabilities
)

// deeds is what a role must be allowed to do to a case in order to act in it, by the rule table of package access. A city
// may do what its counties may.
var deeds = map[access.Role]access.Action{
	access.CountyOfficial: access.HandleCase, access.CityOfficial: access.HandleCase, access.Finance: access.PayOut,
	access.TaxBureau: access.ReviewCase, access.SafetyBureau: access.ReviewCase, access.EnvironmentBureau: access.ReviewCase,
	access.CreditOffice: access.ReviewCase, access.Expert: access.ScoreCase, access.AuditFirm: access.AuditCase, access.Bank: access.AnswerCase, access.Institute: access.AnswerCase,
	access.Enterprise: access.FileCase, access.Handler: access.FileCase, access.Auditor: access.ReviewFlag,
}

// actors are the words that a workflow may name who acts with.
func actors() []string {
	all := []string{Applicant, System}
	for _, r := range access.Roles() {
		if (r.OfArea() || r.Partner()) && deeds[r] != "" {
			all = append(all, string(r))
		}
	}
	return all
}

// offices are those of them that are roles: of people in an area, and of a partner that the case was referred to.
func offices() []string {
	return slices.DeleteFunc(actors(), func(w string) bool { return w == System || w == Applicant })
}

// rolesOf are the roles of accounts that a word of a workflow stands for.
func rolesOf(who string) []access.Role {
	switch who {
	case System:
		return nil
	case Applicant:
		return []access.Role{access.Enterprise, access.Handler}
	case string(access.CountyOfficial):
		return []access.Role{access.CountyOfficial, access.CityOfficial}
	}
	return []access.Role{access.Role(who)}
}

// Workflow is a definition that was read. It never changes and may be used by many goroutines.
type Workflow struct {
	File
	Hash string // SHA-256 of the file, in lower-case hexadecimal

	doc     *content.Document
	forms   map[string]string // hashes of the forms that it was read with, by code
	states  map[string]*State
	actions map[string]*Action
	list    []*Action
	data    map[string]rule.Type
}

// Action is one row of the table.
type Action struct {
	ActionItem

	guard   *rule.Expr
	set     map[string]*rule.Expr
	effects []effect
	each    []effect
}

func hashOf(src []byte) string {
	sum := sha256.Sum256(src)
	return hex.EncodeToString(sum[:])
}

// Bytes is the file as it was read.
func (w *Workflow) Bytes() []byte { return slices.Clone(w.doc.Source) }

// State is the state with an id.
func (w *Workflow) State(id string) (State, bool) {
	s, ok := w.states[id]
	if !ok {
		return State{}, false
	}
	return *s, true
}

// Action is the action with an id.
func (w *Workflow) Action(id string) (*Action, bool) {
	a, ok := w.actions[id]
	return a, ok
}

// ActionsFrom are the actions that may be taken from a state, in the order of the file.
func (w *Workflow) ActionsFrom(state string) []*Action {
	var all []*Action
	for _, a := range w.list {
		if slices.Contains(a.From, state) {
			all = append(all, a)
		}
	}
	return all
}

// Forms are the codes of the forms that its actions ask, each once.
func (w *Workflow) Forms() []string {
	var all []string
	for _, a := range w.list {
		if a.Form != "" && !slices.Contains(all, a.Form) {
			all = append(all, a.Form)
		}
	}
	return all
}

// Does says that the action has an effect, with the answer that moves the case or with each.
func (a *Action) Does(effect string) bool {
	return slices.ContainsFunc(slices.Concat(a.Effects, a.Each), func(e EffectItem) bool { return e.Do == effect })
}

// Definitions are what the effects of its actions go by, each once, as pins without a hash.
func (w *Workflow) Definitions() []Pin {
	var all []Pin
	for _, a := range w.list {
		for _, ef := range slices.Concat(a.effects, a.each) {
			by, ok := ef.args.(Named)
			if !ok {
				continue
			}
			kind, name := by.Definition()
			if p := (Pin{Kind: kind, Name: name}); !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

// offered says that who may take the action is among these words.
func (a *Action) offered(who ...string) bool {
	return slices.ContainsFunc(a.Who, func(w string) bool { return slices.Contains(who, w) })
}

// takenBy says that accounts of a role may take the action.
func (a *Action) takenBy(role access.Role) bool {
	return slices.ContainsFunc(a.Who, func(w string) bool { return slices.Contains(rolesOf(w), role) })
}

// first is the state in which a case begins.
func (w *Workflow) first() *State { return w.states[w.States[0].ID] }
