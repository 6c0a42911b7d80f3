// Package bulletin is what areas report of their periods (月度调度、季度通报、年度考核), and the plan's calendar behind it: duties that arise by
// themselves, reports whose figures nobody types, meetings on site with what follows from them, and early warnings. It owns the tables
// bulletin_* and what content says in duties, reports and warnings.
//
// A Duty is computed from the calendar and never stored: which area owes what for which period, until which working day, and how far it
// is. A Report is of a definition, an area and a period. Its figures come from package monitor; what needs words asks for words. It is
// prepared as of a commit, and signed as of that same commit: what was seen is what is signed. Signing freezes every figure with its
// indicator, method, value, verified part and open count, and what was said, as a leaf in the audit log of the same transaction. A
// correction is a further edition with its reason; an edition that is signed never changes.
//
// It promises, on SQLite and PostgreSQL: the figures of a signed edition, recomputed at its commit, are those that were signed, whatever
// became known, was taken back or was merged since, and so is how far they are from their targets, whatever quotas were entered since, as long
// as the method and the target are the same ones (Recomputed tells where they are not); an edition
// is signed once; whoever prepared it does not sign it where the definition wants two; scores are exact fractions; a warning of a cause is
// open once at a time and is opened again only when its cause has been gone.
//
// Figures are those of the whole area, not those that the reader may see of it: who may read a report is asked of its area. Firms behind
// a figure are shown by package monitor within the reader's scope.
//
// Left to others: figures (monitor, indicator), what a figure should be and how far from that it is (target), messages (notice), pages and printing.
package bulletin
