// Package diagnosis is the free diagnosis (免费诊断) of enterprises, digital and green: the institutes that diagnose and what keeps each from
// which firm, lots of firms with what a diagnosis may cost, the rule that gives a firm an institute and says why, the report with its
// findings and advice, what the linter finds in it, what the firm answers to each piece of advice, and what came of it all. It owns the tables
// diagnosis_*.
//
// A diagnosis is a case of the workflow diagnosis_digital or diagnosis_green; Register makes its effects. The institute sees the case once
// the firm agrees, and reads of the firm what that consents to. What the visit found becomes facts by the authority of the institute, and the
// level comes from an assessment model (package assess). A report is kept as it was handed in, with its hash in the audit log.
//
// It promises, on SQLite and PostgreSQL: a firm is in one running diagnosis of a kind at most; nobody is given to an institute that has left,
// is not qualified, is full or has declared a conflict; between those that may, whoever has fewest firms for its share is next, and among
// equals whoever waited longest, so that the order of asking alone decides; a fee is committed within the budget before a lot opens cases and
// is never above the ceiling of its lot. Conversion and effect are functions of the advice, of filed and accepted projects and of facts
// (Figures): nobody enters them.
//
// Left to others: steps and clocks (casework), money (ledger, through package subsidy), the notes of a visit (package visit), drawing a
// printed report (package paper), pages.
package diagnosis
