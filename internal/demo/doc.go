// Package demo invents a city: a synthetic Yancheng of above-scale industrial enterprises, written as the spreadsheets
// that its offices would send. The statistics bureau reports in 万元 one year and in 千元 the next, under two rows of
// headers and above a total row; a county sends GB18030; a bank writes yuan and leaves codes out; somebody merges
// cells. The sheets go in through the importer like anybody's.
//
// Four offices look again at what others have said, each as far as its word counts most: invoices of projects, investment, the
// purpose of loans, titles made public. By what they agree on, some of the money needs no application.
//
// Small and medium enterprises say of themselves how digital they are, as an assessment asks it.
//
// It shares no code and no table of headers with the packages that read sheets, codes or content: a mistake made on
// both sides would hide itself.
//
// Nothing here is a record of a real firm. Every name carries （演示）, and every code names registration offices
// below 99, which is no province; their check digits are right, a handful aside, as in life. Sizes, trades and
// places are drawn to look plausible for the city and are no statistics.
//
// The same seed and size give the same bytes on every machine: all figures are integers, and no file holds the time
// of its making.
package demo
