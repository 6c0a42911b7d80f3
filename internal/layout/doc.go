// Package layout writes tables out in the layout of somebody else's workbook (一表通): the form that a superior office
// wants filled, as it stands, with its formats, formulas and other sheets.
//
// Every table that content names (content.Table) can be filled in: enterprises and what belongs to them, areas,
// memberships, all facts, what a policy owes each firm, problems of an import, what was delivered, accounts, the log. A
// Source makes the Table of one reader; a Filler writes it.
//
// A template says which column is what in one of two ways: a row of placeholders ({{企业名称}}, {{营业收入@2023|万元}}),
// which is repeated for each row of the table, or a header whose words are known, as in an import. Placeholders outside
// that row stand for what concerns the whole table ({{日期}}, {{期间}}, {{地区}}, {{户数}}).
//
// It promises: a placeholder that is not understood is an error that names its cell, and nothing is filled; a value that is
// not known is left blank, never zero; a template that our own reader does not accept is not opened by another; what is
// written is read back as the same by an import; formulas over the rows reach over all of them. Every value is read through
// the reader's scope: a Kind names what asks for it, a Source leaves out what the scope may not carry away.
//
// It leaves to others: what a header means (sheet, content), what is known (fact), who may come at all (access).
package layout
