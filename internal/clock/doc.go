// Package clock is where the time comes from, and which zone legal dates are in. Nothing else in the product asks the
// operating system: a demonstration stands at a day of its own, and a test at an instant.
//
// It leaves to others: as of which day a decision is made, which its caller names; and the order in which things became
// known, which is the commit sequence of package store and no clock.
package clock
