package casework

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Registry is the effects that workflows may name. Capabilities register theirs while the product is wired together;
// after that it does not change.
type Registry struct {
	kinds   map[string]effectKind
	defined map[string]func(name string) (hash string, body []byte, err error)
	begun   map[string]Beginning
}

// Named is arguments of an effect that go by a definition, such as a rubric. A case pins it when it is opened, so that it is
// judged by what was in use then.
type Named interface{ Definition() (kind, name string) }

// Define says where definitions of a kind are found: the SHA-256 of their bytes, and these.
func (r *Registry) Define(kind string, find func(name string) (hash string, body []byte, err error)) {
	r.defined[kind] = find
}

// Beginning is where cases of a workflow begin that are not opened on a subject alone: an application answers a call, an entry into a
// pool is made from its ladder.
type Beginning struct {
	Page      string // on which people begin one
	Operation string // by which programs do; "" where people alone do
}

// Begins says where cases of a workflow begin.
func (r *Registry) Begins(workflow string, at Beginning) { r.begun[workflow] = at }

// Beginning is where cases of a workflow begin; ok is false for one that is opened on its subject.
func (r *Registry) Beginning(workflow string) (at Beginning, ok bool) {
	at, ok = r.begun[workflow]
	return at, ok
}

// effectKind is an effect whose arguments have a form.
type effectKind struct {
	wrong  func(args any) (key string, msg i18n.Msg, ok bool)
	args   func(doc *content.Document, item EffectItem, path ...any) (any, []content.Problem)
	effect func(ctx context.Context, tx *store.Tx, at *Moment, args any) error
}

// NewRegistry knows the effects of this package: children.act lets every case of a batch that stands in a state from
// which the system may take the action take it.
func NewRegistry() *Registry {
	r := &Registry{kinds: map[string]effectKind{}, defined: map[string]func(string) (string, []byte, error){}, begun: map[string]Beginning{}}
	Register(r, "children.act", childrenAct)
	return r
}

// Register adds an effect. Args is a struct that content.Decode can read: what a workflow writes under with. do runs in
// the transaction of the act that causes it, and only writes through the functions that packages give for a transaction;
// an error of it leaves nothing of the act, and its message is shown to whoever acted. It panics on a name that is taken.
func Register[Args any](r *Registry, name string, do func(ctx context.Context, tx *store.Tx, at *Moment, args Args) error) {
	if _, taken := r.kinds[name]; taken {
		panic(fmt.Sprintf("casework: effect %s is registered twice", name))
	}
	if t := reflect.TypeFor[Args](); t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("casework: the arguments of effect %s are no struct", name))
	}
	r.kinds[name] = effectKind{
		args: func(doc *content.Document, item EffectItem, path ...any) (any, []content.Problem) {
			var args Args
			problems := doc.DecodeLater(item.With, &args, path...)
			return args, problems
		},
		effect: func(ctx context.Context, tx *store.Tx, at *Moment, args any) error {
			return do(ctx, tx, at, args.(Args))
		},
	}
}

// RegisterChecked is Register for an effect whose arguments may say what is not there: wrong tells which of them, by its key under with,
// and why, where ok is false. It is asked of workflows that are put in use; those that cases have pinned are read as they are.
func RegisterChecked[Args any](
	r *Registry, name string, do func(ctx context.Context, tx *store.Tx, at *Moment, args Args) error, wrong func(args Args) (key string, msg i18n.Msg, ok bool),
) {
	Register(r, name, do)
	kind := r.kinds[name]
	kind.wrong = func(args any) (string, i18n.Msg, bool) { return wrong(args.(Args)) }
	r.kinds[name] = kind
}

// Names are the effects that are registered, in order.
func (r *Registry) Names() []string { return slices.Sorted(maps.Keys(r.kinds)) }

// effect is an effect of a workflow with its arguments.
type effect struct {
	name string
	args any
	do   func(ctx context.Context, tx *store.Tx, at *Moment, args any) error
}
