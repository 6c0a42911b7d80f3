package sheet

// Limits bound what one file may cost. The zero value of a field means the default. A limit is checked before the
// memory or the time is spent, and a file's own statements (declared sizes, row numbers, counts) are never trusted.
type Limits struct {
	File     int64 // bytes of the file
	Parts    int   // files within the .xlsx container
	Unpacked int64 // bytes of all parts unpacked, as declared and as counted
	Ratio    int64 // unpacked to packed, for parts larger than ratioFloor
	Rows     int   // largest row number
	Columns  int   // columns that hold a value
	Cells    int   // cells that hold a value, in one sheet, cells filled from a merged range counted
	Strings  int64 // bytes of the shared string table
	Text     int   // characters of one cell
	Files    int   // files of an archive
}

// ratioFloor is the unpacked size below which the packing ratio is not looked at: a small part of blanks packs well.
const ratioFloor = 4 << 20

// DefaultLimits are the limits of the product: a file of 1,000,000 rows and 16 columns passes with room to spare. Rows are
// read as a stream; what a file can make the product hold at once is Strings and a few rows.
func DefaultLimits() Limits {
	return Limits{
		File: 128 << 20, Parts: 2000, Unpacked: 2 << 30, Ratio: 200,
		Rows: 1_048_576, Columns: 512, Cells: 20_000_000, Strings: 128 << 20, Text: 32_767, Files: 200,
	}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.File <= 0 {
		l.File = d.File
	}
	if l.Parts <= 0 {
		l.Parts = d.Parts
	}
	if l.Unpacked <= 0 {
		l.Unpacked = d.Unpacked
	}
	if l.Ratio <= 0 {
		l.Ratio = d.Ratio
	}
	if l.Rows <= 0 {
		l.Rows = d.Rows
	}
	if l.Columns <= 0 {
		l.Columns = d.Columns
	}
	if l.Cells <= 0 {
		l.Cells = d.Cells
	}
	if l.Strings <= 0 {
		l.Strings = d.Strings
	}
	if l.Text <= 0 {
		l.Text = d.Text
	}
	if l.Files <= 0 {
		l.Files = d.Files
	}
	return l
}
