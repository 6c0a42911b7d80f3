package version

import (
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// State is how far a version has come.
type State string

// The states. A version goes from draft to proposed and live; a rejected one is a draft again, a dropped one is kept and
// no longer listed.
const (
	Draft    State = "draft"
	Proposed State = "proposed"
	Live     State = "live"
	Dropped  State = "dropped"
)

// Kind is what happened to a version.
type Kind string

// What may happen.
const (
	Shipped  Kind = "shipped" // came with the binary or the deployer's content
	Drafted  Kind = "drafted"
	Edited   Kind = "edited"
	Offered  Kind = "proposed"
	Rejected Kind = "rejected"
	Approved Kind = "approved"
	Ended    Kind = "ended"
	Left     Kind = "dropped"
)

// Event is one thing that happened to a version. It never changes.
type Event struct {
	Kind   Kind
	At     int64 // milliseconds UTC
	Actor  int64 // account; 0 for the product itself
	Hash   string
	Reason string
	Day    period.Day // of Ended: the first day on which the policy no longer holds
	Seq    int64      // commit that made it known; 0 where nothing in force changed, and for what ships first
}

// Version is one wording of a document as a package, and what happened to it.
type Version struct {
	ID       int64
	Document string
	Areas    []string // nodes that the document is for; none: everywhere
	Ships    bool     // came with the binary or the deployer's content
	State    State
	Hash     string // of the package
	Revision int64  // goes up with each change
	Events   []Event
}

// Since is the event that put the version in force; ok is false when it never was.
func (v Version) Since() (e Event, ok bool) { return v.last(Approved, Shipped) }

// End is the newest event that ended the version.
func (v Version) End() (e Event, ok bool) { return v.last(Ended) }

// Rejection is why the version was last sent back, while it is a draft because of it.
func (v Version) Rejection() (e Event, ok bool) {
	if e, ok = v.last(Rejected, Offered); v.State != Draft || e.Kind != Rejected {
		return Event{}, false
	}
	return e, ok
}

func (v Version) last(kinds ...Kind) (Event, bool) {
	for _, e := range slices.Backward(v.Events) {
		if slices.Contains(kinds, e.Kind) {
			return e, true
		}
	}
	return Event{}, false
}

// Authors are the accounts that wrote or proposed the version: none of them may approve it.
func (v Version) Authors() []int64 {
	var all []int64
	for _, e := range v.Events {
		if e.Kind == Drafted || e.Kind == Edited || e.Kind == Offered {
			all = append(all, e.Actor)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// known is the version with the events that were known at a commit.
func (v Version) known(seq int64) Version {
	v.Events = slices.DeleteFunc(slices.Clone(v.Events), func(e Event) bool { return e.Seq > seq })
	return v
}

// may says that the scope may do the action to a document for these areas: for each of them; for a document that holds
// everywhere, only who may do it to any object.
func may(scope access.Scope, a access.Action, areas []string) bool {
	if len(areas) == 0 {
		return scope.Sees(a, "", 0)
	}
	return !slices.ContainsFunc(areas, func(area string) bool { return !scope.Sees(a, area, 0) })
}

// May says that the scope may do the action to the version.
func (v Version) May(scope access.Scope, a access.Action) bool { return may(scope, a, v.Areas) }

// areasOf is where a document pays or sets a floor.
func areasOf(d policy.Document) []string {
	var all []string
	if d.Area != nil {
		all = slices.Clone(d.Area.In)
	}
	if d.Floor != nil {
		all = append(all, d.Floor.In...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func joinAreas(areas []string) string { return strings.Join(areas, " ") }
