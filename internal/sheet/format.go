package sheet

// Format is how a workbook shows a number.
type Format struct {
	Code string // as written in the workbook
}
