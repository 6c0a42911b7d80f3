// Package paper makes documents that are printed: it owns what such a document consists of (Document and its blocks) and
// how it is written, as PDF with the font in it (WritePDF) and as .docx (WriteDocx).
//
// A4 with the text area of GB/T 9704—2012, 156 mm × 225 mm; lines broken by GB/T 15834—2011: no mark that closes begins a
// line, none that opens ends one, no dash, ellipsis or Latin word is torn apart. The same Document gives the same bytes
// on every machine: no clock, no randomness, and lengths as whole thousandths of a point. A character that the font
// lacks is shown as □, stays itself for who copies the text, and is told to the caller; it stops nothing.
//
// A PDF keeps PDF/A-2, for archives, and tells its structure to programs that read aloud: PDF/UA-1, if the document has a
// title, leaves out no level of headings and describes its pictures. A .docx has the styles of a word processor.
//
// The PDF is written here and not by a library, because those that are pure Go lose characters beyond U+FFFF, which
// names have (docs/decisions/0033-paper.md).
//
// It knows nothing of what documents are about: words, numbers and the line of page numbers come in as text.
package paper
