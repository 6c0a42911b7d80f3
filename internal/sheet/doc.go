// Package sheet reads the spreadsheets that offices send: what kind of file it is (by its bytes, never by its name),
// its rows and cells, where the table in it begins, and what a cell says.
//
// It takes .xlsx, .xls, .et, web pages and XML called .xls, and delimited text in UTF-8, GB18030 or UTF-16, streams them
// under hard limits on everything that a file can claim, and refuses the rest with a message that says what the file is
// and what to do with it. A .zip of such files is taken apart by OpenArchive. It knows nothing of facts: which columns may
// occur is handed in as a Vocabulary. Nothing here repairs a value: what cannot be read for certain comes back as a reason.
//
// The way through: Open, then Detect for each sheet, then Book.Records for the rows below the header, then Read for
// each cell.
package sheet
