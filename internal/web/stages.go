package web

import (
	"fmt"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
)

// stageRow is a year of a quota or pool, and the first lines of its order.
type stageRow struct {
	policy.StageSum
	Queue []queueRow
}

// queueRow is a line in the order of a stage.
type queueRow struct {
	policy.Queued
	Firm, Href string
	What       string // the clause, and which of several projects
	Last       bool   // the last that gets something, with others behind it
}

// stageRows is the quotas and pools of a region that the visitor sees whole.
func (s *server) stageRows(t i18n.T, a regionAsked, whole *region.Region) []stageRow {
	w := words{t: t, lib: s.Library, pol: a.policy}
	var rows []stageRow
	for _, st := range whole.Stages() {
		row := stageRow{StageSum: st}
		for k, q := range st.First {
			r := queueRow{Queued: q, What: clauseName(t, a.policy, q.Clause)}
			if id, err := strconv.ParseInt(q.Enterprise, 10, 64); err == nil {
				e, _ := a.view.Enterprise(id)
				r.Firm, r.Href = e.Name, a.query.file(id)
			}
			if q.Subject.Kind != content.Enterprise {
				r.What += inBrackets(t, w.subject(q.Subject))
			}
			gets := func(q policy.Queued) bool { return q.State == policy.Met || !q.Pays.Exact() || q.Pays.Sure > 0 }
			r.Last = st.Ordered && gets(q) && k+1 < len(st.First) && !gets(st.First[k+1])
			row.Queue = append(row.Queue, r)
		}
		rows = append(rows, row)
	}
	return rows
}

// title says whose order it is.
func (r stageRow) title(t i18n.T) string {
	year := t.S("stages.all_years")
	if r.Year > 0 {
		year = strconv.Itoa(r.Year)
	}
	what := "queue"
	if !r.Ordered {
		what = "shares"
	}
	if r.Lines > len(r.Queue) {
		return t.S("stages."+what+"_first", t.Text(r.Name), year, len(r.Queue), r.Lines)
	}
	return t.S("stages."+what, t.Text(r.Name), year, r.Lines)
}

// outcome is the word for how a line came out of a stage.
func (r stageRow) outcome(t i18n.T, q policy.Queued) string {
	return t.S("stages." + r.Kind + "_" + string(q.State))
}

// factor is what is paid of each claim, where all are cut alike: 58.82%.
func (r stageRow) factor() string { return fmt.Sprintf("%d.%02d%%", r.Factor/100, r.Factor%100) }
