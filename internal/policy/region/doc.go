// Package region applies a policy to every enterprise of a region at once and says what it comes to: in all, by area, by
// clause, down to one firm and its trace. It settles quotas and pools over all firms. It reads facts through fact.View and
// keeps what it worked out for as long as neither facts nor plan change; the rules themselves are in package policy.
//
// What a reader gets holds the firms that the reader's scope may see with all of their facts, and nothing of the others:
// neither rows nor sums nor counts.
package region
