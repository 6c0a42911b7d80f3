package diagnosis

import (
	"slices"
	"strings"
	"unicode"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Remark is what the linter finds in a report.
type Remark struct {
	At    string   `json:"at"` // id of the finding or advice, "" for the report as a whole
	Msg   i18n.Msg `json:"msg"`
	Stops bool     `json:"stops"` // the report is not taken as long as it stands
}

// Stops says that some remark keeps a report from being handed in.
func Stops(all []Remark) bool {
	return slices.ContainsFunc(all, func(r Remark) bool { return r.Stops })
}

// Other is a report that text is compared with: of the same institute, about another firm.
type Other struct {
	Case int64
	Report
}

// What the linter goes by, in characters. They are ours.
const (
	leastSummary = 60 // of a summary
	leastText    = 15 // of what was seen, a gap, what to do
	sharedRun    = 24 // that two reports have in common word for word
	someShared   = 30 // per cent of a report's text that another one has too: told
	muchShared   = 60 // per cent: a template
)

// Lint is what a report lacks, claims without proof, and text that it has in common with other reports. Others are in the order in which
// they are to be told.
func Lint(r *Report, others []Other) []Remark {
	var all []Remark
	stop := func(at, key string, args ...any) {
		all = append(all, Remark{at, i18n.M("diagnosis.lint_"+key, args...), true})
	}
	tell := func(at, key string, args ...any) {
		all = append(all, Remark{at, i18n.M("diagnosis.lint_"+key, args...), false})
	}
	if letters(r.Summary) < leastSummary {
		stop("", "summary", leastSummary)
	}
	if r.Barrier == "" {
		stop("", "barrier")
	}
	if len(r.Findings) == 0 {
		stop("", "findings")
	}
	if len(r.Advice) == 0 {
		stop("", "advice")
	}
	for _, f := range r.Findings {
		switch {
		case f.Title == "" || letters(f.State) < leastText || letters(f.Gap) < leastText:
			stop(f.ID, "finding_part", leastText)
		case f.Proof == "":
			stop(f.ID, "finding_proof")
		}
		if !slices.ContainsFunc(r.Advice, func(a Advice) bool { return a.Finding == f.ID }) {
			tell(f.ID, "no_advice")
		}
	}
	for _, a := range r.Advice {
		if _, ok := r.finding(a.Finding); !ok {
			stop(a.ID, "no_finding")
		}
		switch {
		case a.Title == "" || letters(a.What) < leastText || a.Scenario == "":
			stop(a.ID, "advice_part", leastText)
		case a.Most == 0 || a.Months == 0:
			stop(a.ID, "cost")
		case a.Expected == "":
			stop(a.ID, "effect")
		case a.Proof == "":
			stop(a.ID, "advice_proof")
		}
		if a.Least > 0 && a.Most > 3*a.Least {
			tell(a.ID, "wide")
		}
		if a.Fact == "" {
			tell(a.ID, "unmeasured")
		}
	}
	return append(all, compared(r, others)...)
}

// compared is the reports with which one shares more text than chance, the most first; a template keeps it from being handed in.
func compared(r *Report, others []Other) []Remark {
	mine := runs(r)
	if len(mine) == 0 {
		return nil
	}
	type share struct {
		of      int64
		percent int
	}
	var found []share
	for _, o := range others {
		theirs, n := runs(&o.Report), 0
		for run := range mine {
			if theirs[run] {
				n++
			}
		}
		if p := n * 100 / len(mine); p >= someShared {
			found = append(found, share{o.Case, p})
		}
	}
	slices.SortStableFunc(found, func(a, b share) int { return b.percent - a.percent })
	var all []Remark
	for _, x := range found[:min(len(found), 3)] {
		all = append(all, Remark{"", i18n.M("diagnosis.lint_shared", x.percent, x.of), x.percent >= muchShared})
	}
	return all
}

// runs are all runs of a report's text of a certain length, letters alone, text by text: order and headings do not matter, figures that were
// put into a template do little.
func runs(r *Report) map[string]bool {
	set := map[string]bool{}
	add := func(texts ...string) {
		for _, text := range texts {
			only := []rune(strings.Map(func(c rune) rune {
				if unicode.IsLetter(c) {
					return unicode.ToLower(c)
				}
				return -1
			}, text))
			for i := 0; i+sharedRun <= len(only); i++ {
				set[string(only[i:i+sharedRun])] = true
			}
		}
	}
	add(r.Summary, r.Why)
	for _, f := range r.Findings {
		add(f.State, f.Gap)
	}
	for _, a := range r.Advice {
		add(a.What, a.Expected)
	}
	return set
}

// letters counts those of a text, signs and blanks aside.
func letters(text string) (n int) {
	for _, c := range text {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			n++
		}
	}
	return n
}
