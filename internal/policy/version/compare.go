package version

import (
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// Edit is a difference between two packages, with the line where it stands: in the later policy.yaml, in the earlier one
// where it was removed.
type Edit struct {
	policy.Edit
	Line int
}

// Compare lists how the policies of two packages differ, as far as both can be read.
func Compare(before, after Package) []Edit {
	var was, is policy.File
	old, problems := content.Decode(PolicyFile, before.Policy, &was)
	fresh, more := content.Decode(PolicyFile, after.Policy, &is)
	if len(problems)+len(more) > 0 {
		return nil
	}
	var all []Edit
	for _, e := range policy.Compare(&was, &is) {
		doc := fresh
		if e.Kind == policy.Removed {
			doc = old
		}
		line, _ := doc.At(e.Path...)
		all = append(all, Edit{Edit: e, Line: line})
	}
	return all
}
