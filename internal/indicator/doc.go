// Package indicator says what a figure of the programme is (指标): content/indicators as data, and what it makes of what is known of
// enterprises and of what belongs to them.
//
// A file declares populations (who is meant by "above-scale enterprises"), choices (what counts as having completed the
// transformation) and indicators (docs/writing-indicators.md). An indicator has a measure: stock, flow, share, level, coverage,
// given or composite. Which populations and conditions it reads are expressions of package rule, so that there is one engine, three
// values and one set of facts. Compile refuses what has no meaning: a sum of year-end levels, a flow that nobody dates.
//
// # Time
//
// A figure is of a period. Conditions are asked in the year of the period, on its last day: event is that day, and memberships
// are those of that day, so that a figure keeps the boundaries of its own time. What an indicator can be told for goes by its
// grain: day where something is dated, month where it reads monthly facts, year else. A flow over months is the sum of its months; a
// stock, a share or a level is that of the last day.
//
// A state or stock that nobody stated for a year is taken from the year before where the indicator says so (carry), and counted as carried.
//
// # What comes out
//
// A Tally is sums and counts that can be added over subjects without loss; a Figure is what a tally means, as an exact fraction. What is not
// known counts neither as met nor as absent in silence: the tally tells how many are open. Over space a figure is always made of the
// subjects, never of the figures of the areas below, so that no level or share is ever added up.
//
// Rows and columns: Row tells of one subject, with what was missing; Crowd evaluates many in one pass over columns (package rule/column). A
// property test compares the two.
//
// The package has no input, no output and no clock: facts come in through rule.Subject.
package indicator
