// Package monitor tells the figures of a region: indicators (package indicator) over what is known, by area, trade, size or chain, for any
// period, with the rows behind each.
//
// A figure is made of the subjects that the reader may see, as known at the view's commit, with the boundaries of its own period: which
// area an enterprise lies in is asked for the last day of the period, and which areas lie in which as they did then. What subjects bring is
// worked out once for each commit, in columns, and kept while readers ask; a reader's figures are sums over it.
//
// Verified figures take for known only what somebody checked against evidence or what the authority of record said.
//
// What enterprises state month by month (Monthly) is told as Operations: growth there, and wherever a target promises that of a flow, is of the
// subjects that stated both times (Alike), never of whoever happened to report.
//
// Open figures are for everybody: made of all enterprises, only of areas, and hidden where they are of fewer than five, or where what
// is shown beside them would tell.
//
// It owns the table monitor_view: views of figures that somebody saved, each an address under a name.
package monitor
