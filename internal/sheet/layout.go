package sheet

import "github.com/yanzhen/yanzhen/internal/i18n"
import "github.com/yanzhen/yanzhen/internal/period"

// Vocabulary is the words that a table may use.
type Vocabulary struct {
	Columns []Term
	Totals  []string // words of total rows; nil means those of DefaultTotals
	Notes   []string // words that begin a note below a table; nil means those of DefaultNotes
}

// Term is something that a column may hold.
type Term struct {
	ID     string
	Labels []string // header words, Chinese or English, without unit and period
	Kind   Kind
	Unit   string // unit of plain numbers where the table names none; "" for none
}

// Match is how well a column's label fits a term: 1000 is the same words.
type Match struct {
	ID    string
	Score int
}

// UnitSource says where a column's unit was found.
type UnitSource string

// The sources, the nearer one winning. A cell that names its own unit beats them all (see Read).
const (
	UnitFromHeader UnitSource = "header"
	UnitFromTitle  UnitSource = "title"
	UnitFromTerm   UnitSource = "term" // of the best match: nothing in the table says
	UnitNowhere    UnitSource = ""
)

// Column is one column of a table.
type Column struct {
	Index      int     // from 0
	Label      string  // header words from the top down, joined by " / ", without unit and period
	Header     string  // header words as they stand
	Candidates []Match // best first, at most five, scores below 300 left out
	Unit       Unit
	UnitFrom   UnitSource
	Period     period.Period // named in the header, completed from the title; Always when none is named
	Rate       RateScale     // from a % in the header
	Hidden     bool
	Doubts     []i18n.Msg // what to ask once for the column
}

// Layout is where the table stands in a sheet and what its columns seem to be.
type Layout struct {
	Sheet      int
	Title      string        // title lines joined by a space
	TitleRows  []int         // row numbers above the header
	HeaderRows []int         // row numbers of the header
	FirstData  int           // number of the first row below the header; 0 when there is none
	Unit       Unit          // named in the title
	Period     period.Period // named in the title
	Columns    []Column
	Score      int // sum of the best matches; 0 when no column is known

	totals, notes []string
	headerText    []string
}

// RecordKind is what a row below the header is.
type RecordKind uint8

// The kinds. Only DataRow is to be imported.
const (
	DataRow RecordKind = iota
	TotalRow
	SectionRow // one text alone, such as a county above its firms
	NoteRow
	HeaderAgain // the header repeated on a further printed page
)

// Record is one row below the header, with a cell for each column of the layout. It is used again for the next.
type Record struct {
	Kind   RecordKind
	Row    int
	Hidden bool
	Cells  []Cell // as Layout.Columns; filled from a merged range only downwards
	Text   string // of a total, section or note row: its words
}
