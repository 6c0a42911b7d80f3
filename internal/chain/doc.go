// Package chain is industrial chains and clusters as content writes them (content/chains): which enterprises belong to one, its segments from
// the upper to the lower course, its strong and weak points, and the checklist of a cluster.
//
// Which segment an enterprise is in is a condition over its facts, mostly its industry. Compile makes indicators of them (package indicator), so
// that a chain's map is worked out over columns, for whom it may concern, at any day. A segment without an enterprise is a gap; the package
// says no more than that nobody is known there.
//
// The package has no input, no output and no clock.
package chain
