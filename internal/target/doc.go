// Package target holds a region to what its plan promised: the targets of a published plan broken down to counties, zones and chains, the
// tasks by which they are to be reached, how far each is at any day, and what counts as completed.
//
// What was promised is content (package content); what is measured is an indicator (package indicator, held against it as a Goal); the figures
// are those of package monitor. This package keeps what a region decides on top of that, append-only, each entry with who, when and the number
// of the document that says so: quotas, tasks and what became of them, the choice of what counts, and whether areas may be ranked.
//
// Quotas are entered, or proposed in proportion to a base that is named and then confirmed. Their sum is shown beside the whole and never
// mended by itself. A path to a target is the line from where the plan began to its day, or through the points that were entered for single
// years. Distance is to that path; a forecast is the present pace carried on, and is called that. Where something cannot be measured, the
// reason is told instead of a number.
//
// The coverage ledger lists every above-scale enterprise of an area with how far it has come. Its counts are the indicators' own figures.
package target
