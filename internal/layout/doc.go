// Package layout writes the list of enterprises out in the layout of somebody else's workbook (一表通): the form that a
// superior office wants filled, as it stands, with its formats.
//
// A template says which column is what in one of two ways: a row of placeholders ({{企业名称}}, {{营业收入@2023|万元}}),
// which is repeated for each enterprise, or a header whose words are known, as in an import. Placeholders outside that row
// stand for what concerns the whole table ({{日期}}, {{期间}}, {{地区}}, {{户数}}).
//
// It promises: a placeholder that is not understood is an error that names its cell, and nothing is filled; a value that is
// not known is left blank, never zero; a template that our own reader does not accept is not opened by another; what is
// written is read back as the same by an import. Every value is read through the reader's View.
//
// It leaves to others: what a header means (sheet, intake), what is known (fact), who may export (access).
package layout
