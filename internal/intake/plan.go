package intake

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/hanzi"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Plan says how a file is read. It is made from what the file looks like and from what the sender decided before; the
// sender may change all of it.
type Plan struct {
	Sheets []SheetPlan `json:"sheets"`
}

// SheetPlan is how one sheet is read.
type SheetPlan struct {
	Index         int           `json:"index"` // in the workbook
	Name          string        `json:"name"`
	Hidden        bool          `json:"hidden,omitempty"`
	Skip          bool          `json:"skip,omitempty"` // nothing of it is taken
	Title         string        `json:"title,omitempty"`
	HeaderRows    []int         `json:"header_rows,omitempty"`
	FirstRow      int           `json:"first_row,omitempty"`
	Period        period.Period `json:"period"`                 // of figures whose column and row name none
	Doubles       Doubles       `json:"doubles,omitempty"`      // which of two statements about the same holds
	TakeUnsound   bool          `json:"take_unsound,omitempty"` // credit codes that fail their check are taken as they are
	TakeHidden    bool          `json:"take_hidden,omitempty"`  // hidden rows are taken too
	AmountsAreFit bool          `json:"amounts_fit,omitempty"`  // jumps of ten thousand times were looked at and are right
	Identifier    Identifier    `json:"identifier,omitempty"`   // what a row goes by whose code and name mean two enterprises
	Area          string        `json:"area,omitempty"`         // of rows that name none; "" is the sender's
	SkipRows      []int         `json:"skip_rows,omitempty"`    // numbers of rows that are left out, ascending
	Columns       []ColumnPlan  `json:"columns"`
}

// Doubles is what happens to two different statements about the same within one file.
type Doubles string

// The choices. LeaveOut is the zero value: neither is taken until somebody says which is right.
const (
	LeaveOut  Doubles = ""
	TakeFirst Doubles = "first"
	TakeLast  Doubles = "last"
)

// ColumnPlan is how one column is read.
type ColumnPlan struct {
	Index  int             `json:"index"`            // from 0
	Label  string          `json:"label"`            // header words without unit and period
	Header string          `json:"header"`           // header words as they stand
	Sample string          `json:"sample,omitempty"` // first value below the header, as it is shown
	Target string          `json:"target,omitempty"` // role or fact definition; "" is left out
	Unit   string          `json:"unit,omitempty"`   // of plain numbers
	Period period.Period   `json:"period"`           // named in the header
	Rate   sheet.RateScale `json:"rate,omitempty"`   // how plain numbers of a rate are meant
	Days   sheet.DayOrder  `json:"days,omitempty"`   // how dates are meant that do not say
	Mends  []Mend          `json:"mends,omitempty"`  // what its texts are read as
	From   Origin          `json:"from,omitempty"`   // who chose the target
	Hidden bool            `json:"hidden,omitempty"`
	Others []string        `json:"others,omitempty"` // further targets that the label may mean, best first
	Doubts []i18n.Msg      `json:"doubts,omitempty"`
}

// Origin is who chose a column's target.
type Origin string

// The origins, from weak to strong.
const (
	Guessed    Origin = "guessed"    // the words of the header
	Remembered Origin = "remembered" // the sender's earlier choice for the same words
	Chosen     Origin = "chosen"     // the sender, for this file
)

// sureScore is the score from which a header's words are taken to mean a term without asking; below it the column is
// offered but left out until somebody says so.
const sureScore = 700

// takes says that the column is read as the target.
func (p SheetPlan) takes(target string) bool {
	return slices.ContainsFunc(p.Columns, func(c ColumnPlan) bool { return c.Target == target })
}

// kinds is the kinds of subject that the sheet's columns are about, without the enterprise; in the order in which the
// definitions stand.
func (p SheetPlan) kinds(lib *content.Library) []string {
	var kinds []string
	for _, c := range p.Columns {
		def, ok := lib.FactDef(c.Target)
		if ok && def.Subject != content.Enterprise && !slices.Contains(kinds, def.Subject) {
			kinds = append(kinds, def.Subject)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// over is the plan with what the file itself says taken from the draft: only the answers are the sender's to give. It
// refuses (Invalid) a plan that cannot be followed.
func (p Plan) over(lib *content.Library, draft Plan) (Plan, error) {
	if len(p.Sheets) != len(draft.Sheets) {
		return Plan{}, errs.Invalid(i18n.M("intake.plan_other_file"))
	}
	out := Plan{Sheets: slices.Clone(p.Sheets)}
	for i := range out.Sheets {
		s, d := &out.Sheets[i], draft.Sheets[i]
		if s.Index != d.Index || len(s.Columns) != len(d.Columns) {
			return Plan{}, errs.Invalid(i18n.M("intake.plan_other_file"))
		}
		s.Name, s.Hidden, s.Title, s.HeaderRows, s.FirstRow = d.Name, d.Hidden, d.Title, d.HeaderRows, d.FirstRow
		s.Columns = slices.Clone(s.Columns)
		for j := range s.Columns {
			c, was := &s.Columns[j], d.Columns[j]
			if c.Index != was.Index {
				return Plan{}, errs.Invalid(i18n.M("intake.plan_other_file"))
			}
			if c.Target != was.Target || c.Unit != was.Unit || c.Rate != was.Rate || c.Days != was.Days || c.Period != was.Period {
				c.From = Chosen // what was changed is the sender's choice from now on
			}
			c.Label, c.Header, c.Sample, c.Hidden, c.Others, c.Doubts = was.Label, was.Header, was.Sample, was.Hidden, was.Others, was.Doubts
		}
		s.Skip = s.Skip || len(s.Columns) == 0
		s.SkipRows = slices.Compact(slices.Sorted(slices.Values(s.SkipRows)))
	}
	return out, out.check(lib)
}

// check finds what makes a plan impossible to follow: it is the sender's input.
func (p Plan) check(lib *content.Library) error {
	for _, s := range p.Sheets {
		if s.Skip {
			continue
		}
		switch s.Doubles {
		case LeaveOut, TakeFirst, TakeLast:
		default:
			return errs.Invalid(i18n.M("intake.plan_doubles", string(s.Doubles)))
		}
		switch s.Identifier {
		case AskWhich, ByCode, ByName:
		default:
			return errs.Invalid(i18n.M("intake.plan_identifier", string(s.Identifier)))
		}
		if len(s.SkipRows) > maxSkipRows {
			return errs.Invalid(i18n.M("intake.plan_skip_rows", s.Name, maxSkipRows))
		}
		if s.Area != "" {
			if _, ok := lib.Areas().Node(s.Area); !ok {
				return errs.Invalid(i18n.M("intake.area_unknown", s.Area))
			}
		}
		taken := map[string]string{}
		for _, c := range s.Columns {
			switch c.Days {
			case sheet.DayOrderUnknown, sheet.YearMonthDay, sheet.MonthDayYear, sheet.DayMonthYear:
			default:
				return errs.Invalid(i18n.M("intake.plan_other_file"))
			}
			if c.Rate > sheet.RatePercent {
				return errs.Invalid(i18n.M("intake.plan_other_file"))
			}
			if err := c.checkMends(); err != nil {
				return err
			}
			if c.Target == "" {
				continue
			}
			if !known(lib, c.Target) {
				return errs.Invalid(i18n.M("intake.plan_target", c.Header, c.Target))
			}
			key := c.Target + "@" + c.Period.String()
			if other, twice := taken[key]; twice && !repeats(c.Target) {
				return errs.Invalid(i18n.M("intake.plan_twice", s.Name, other, c.Header, termName(lib, c.Target)))
			}
			taken[key] = c.Header
			if c.Unit != "" {
				if _, ok := sheet.UnitNamed(c.Unit); !ok {
					return errs.Invalid(i18n.M("intake.plan_unit", c.Header, c.Unit))
				}
			}
		}
	}
	return nil
}

// repeats says that several columns may be read as the target: remarks, numbers of rows.
func repeats(target string) bool {
	return strings.HasPrefix(target, "row.") && target != rolePeriod && target != roleUnit
}

func known(lib *content.Library, target string) bool {
	return slices.ContainsFunc(lib.Vocabulary(), func(t content.Term) bool { return t.Role == target && t.Place == content.Header })
}

// termName is what a page calls a target.
func termName(lib *content.Library, target string) i18n.Text {
	for _, t := range lib.Vocabulary() {
		if t.Role == target {
			return t.Name
		}
	}
	return i18n.Text{ZH: target, EN: target}
}

// vocabulary is the content's terms as the sheet package takes them.
func vocabulary(lib *content.Library) sheet.Vocabulary {
	var v sheet.Vocabulary
	for _, t := range lib.Vocabulary() {
		switch {
		case t.Role == "mark.total":
			v.Totals = t.Words
		case t.Role == "mark.note":
			v.Notes = t.Words
		case t.Place == content.Header:
			// A program names a column by its code.
			term := sheet.Term{ID: t.Role, Labels: append(slices.Clip(t.Words), t.Role), Kind: roleKind(t.Role)}
			if def, ok := lib.FactDef(t.Role); ok {
				term.Kind, term.Unit = sheet.Kind(def.Type), def.Unit
			}
			v.Columns = append(v.Columns, term)
		}
	}
	return v
}

// roleKind is what a column that is no fact holds.
func roleKind(role string) sheet.Kind {
	switch role {
	case roleUSCC:
		return sheet.KindCode
	case rolePeriod:
		return sheet.KindPeriod
	default:
		return sheet.KindText
	}
}

// The roles of columns that are not facts.
const (
	roleName     = "party.name"
	roleUSCC     = "party.uscc"
	roleFormer   = "party.former_name"
	roleArea     = "party.area"
	roleIndustry = "party.industry"
	rolePeriod   = "row.period"
	roleUnit     = "row.unit"
	roleRemark   = "row.remark"
)

// draftSheet makes the plan of a sheet from what it looks like. memory is the sender's earlier choices by label.
func draftSheet(lib *content.Library, info sheet.SheetInfo, l sheet.Layout, mem memory) SheetPlan {
	p := SheetPlan{
		Index: l.Sheet, Name: info.Name, Hidden: info.Hidden, Title: l.Title,
		HeaderRows: l.HeaderRows, FirstRow: l.FirstData, Period: l.Period, Identifier: mem.identifier(),
	}
	about, firms := mainKind(lib, l), listsFirms(l)
	p.Title = cut(p.Title, maxHeader)
	best := map[string]int{} // target and period → index of the column that has it
	scores := make([]int, len(l.Columns))
	for i, c := range l.Columns {
		col := ColumnPlan{
			Index: c.Index, Label: cut(c.Label, maxHeader), Header: cut(c.Header, maxHeader), Unit: c.Unit.Name, Period: c.Period,
			Rate: c.Rate, Hidden: c.Hidden, From: Guessed,
		}
		for _, d := range c.Doubts {
			col.Doubts = append(col.Doubts, clip(d))
		}
		for _, m := range c.Candidates {
			col.Others = append(col.Others, m.ID)
		}
		candidates := c.Candidates
		if firms {
			candidates = slices.DeleteFunc(slices.Clone(candidates), func(m sheet.Match) bool { return kindOf(lib, m.ID) == content.Area })
		}
		switch m, ok := fit(lib, about, candidates); {
		case ok && c.Hidden && kindOf(lib, m.ID) != "": // stale or not meant to be seen: figures are asked for
			col.Doubts = append(col.Doubts, i18n.M("intake.hidden_column", col.Header))
		case ok:
			col.Target, scores[i] = m.ID, m.Score
			if settled(lib, about, m, candidates) {
				col.Doubts = slices.DeleteFunc(col.Doubts, func(d i18n.Msg) bool { return d.Key == doubtColumn })
			}
		}
		if r, ok := mem.columns[memoryKey(c.Label)]; ok && (r.target == "" || known(lib, r.target)) {
			scores[i] = 1001
			r.into(&col)
		}
		if col.Target != "" && !repeats(col.Target) {
			key := col.Target + "@" + col.Period.String()
			if j, taken := best[key]; !taken {
				best[key] = i
			} else if scores[i] > scores[j] { // the better fit keeps the target, the other is left for a person
				p.Columns[j].Target = ""
				best[key] = i
			} else {
				col.Target = ""
			}
		}
		p.Columns = append(p.Columns, col)
	}
	for i := range p.Columns {
		p.Columns[i].Mends = slices.Clone(mem.mends[p.Columns[i].Target])
	}
	p.Skip = info.Hidden || len(p.Columns) == 0 || !p.identifies(lib)
	return p
}

// kindOf is the kind of subject that a target is about: "" for a role, which fits any table.
func kindOf(lib *content.Library, target string) string {
	def, _ := lib.FactDef(target)
	return def.Subject
}

// mainKind is what the rows of a table are about besides the firm: the kind of the definitions that its columns mean,
// counting those columns that mean one kind only. "" when there is none.
func mainKind(lib *content.Library, l sheet.Layout) string {
	votes := map[string]int{}
	for _, c := range l.Columns {
		kinds := map[string]int{}
		for _, m := range c.Candidates {
			if m.Score >= sureScore && m.Score >= c.Candidates[0].Score-alike {
				kinds[kindOf(lib, m.ID)] = max(kinds[kindOf(lib, m.ID)], m.Score)
			}
		}
		for kind, score := range kinds {
			if len(kinds) == 1 && kind != "" && kind != content.Enterprise {
				votes[kind] += score
			}
		}
	}
	winner := ""
	for _, kind := range slices.Sorted(maps.Keys(votes)) {
		if votes[kind] > votes[winner] {
			winner = kind
		}
	}
	return winner
}

// alike is the difference of scores within which what the table is about decides between two terms.
const alike = 100

// fit is the term that a column means: the best one, and among those nearly as good the one about the table's kind.
// What is about a third kind is left for a person: a list of loans does not describe leases.
func fit(lib *content.Library, about string, candidates []sheet.Match) (sheet.Match, bool) {
	for _, m := range candidates {
		if m.Score < sureScore || m.Score < candidates[0].Score-alike {
			break
		}
		if kind := kindOf(lib, m.ID); kind == about && kind != "" {
			return m, true
		}
	}
	for _, m := range candidates {
		if m.Score < sureScore || m.Score < candidates[0].Score-alike {
			break
		}
		if kind := kindOf(lib, m.ID); about == "" || kind == "" || kind == content.Enterprise {
			return m, true
		}
	}
	return sheet.Match{}, false
}

// doubtColumn is what the sheet package says of a column whose words fit several terms equally well.
const doubtColumn = "sheet.doubt.column"

// settled says that what the rows are about leaves one of the terms that fit a column equally well: the chosen one.
func settled(lib *content.Library, about string, chosen sheet.Match, candidates []sheet.Match) bool {
	kind := cmp.Or(kindOf(lib, chosen.ID), content.Enterprise)
	return !slices.ContainsFunc(candidates, func(m sheet.Match) bool {
		rival := m.ID != chosen.ID && m.Score >= candidates[0].Score
		return rival && (about == "" || cmp.Or(kindOf(lib, m.ID), content.Enterprise) == kind)
	})
}

// listsFirms says that the headers promise who each row is about: a firm. No figure of an area stands in such a row.
func listsFirms(l sheet.Layout) bool {
	return slices.ContainsFunc(l.Columns, func(c sheet.Column) bool {
		return len(c.Candidates) > 0 && c.Candidates[0].Score >= sureScore && slices.Contains([]string{roleName, roleUSCC}, c.Candidates[0].ID)
	})
}

// areaIn is the one area below another that the first of some texts names which names any: the names of a sheet, a title
// and a file say which county a table without a column of areas is from. "" when none does, or more than one.
func (s *Service) areaIn(within string, texts ...string) string {
	areas := s.deps.Library.Areas()
	for _, text := range texts {
		fold, found, longest := hanzi.Simplified(content.Fold(text)), "", 0
		for _, code := range areas.Below(within) {
			n, _ := areas.Node(code)
			if code == within || n.Name == "" {
				continue
			}
			for _, word := range append([]string{n.Name, n.Short}, n.Aliases...) {
				word = content.Fold(word)
				if len(word) < 2*len("区") || !strings.Contains(fold, word) || len(word) < longest {
					continue
				}
				if len(word) == longest && found != code {
					return "" // two places
				}
				found, longest = code, len(word)
			}
		}
		if found != "" {
			return found
		}
	}
	return ""
}

const (
	maxSheets    = 100 // of a workbook
	maxHeader    = 400 // bytes of a title or a header that are kept
	sampledRows  = 20  // rows below the header in which samples are looked for
	sampleLength = 60  // bytes of a sample that are kept
)

// sample gives each column the first value below its header, by which a person knows what it holds.
func (p *SheetPlan) sample(ctx context.Context, book *sheet.Book, l *sheet.Layout) error {
	rows := 0
	err := book.Records(ctx, l, func(rec *sheet.Record) error {
		if rec.Kind != sheet.DataRow {
			return nil
		}
		for i := range p.Columns {
			if c := &p.Columns[i]; c.Sample == "" && i < len(rec.Cells) {
				c.Sample = cut(strings.TrimSpace(rec.Cells[i].Shown()), sampleLength)
			}
		}
		if rows++; rows == sampledRows {
			return errSampled
		}
		return nil
	})
	if errors.Is(err, errSampled) {
		return nil
	}
	return err
}

var errSampled = errors.New("enough rows for samples")

// tellPlan tells what the plan leaves out and what was taken on a guess.
func (r *reading) tellPlan() {
	for i := range r.plan.Sheets {
		s := &r.plan.Sheets[i]
		tell := func(c *ColumnPlan, msg i18n.Msg) {
			r.found.add(finding{severity: Warn, sheet: s, column: c, msg: msg})
		}
		switch {
		case s.Skip && s.Hidden:
			tell(nil, i18n.M("intake.hidden_sheet"))
		case s.Skip && len(s.Columns) > 0 && !s.identifies(r.lib):
			tell(nil, i18n.M("intake.unknown_sheet"))
		}
		if s.Skip {
			continue
		}
		if s.Area != "" && !s.takes(roleArea) {
			tell(nil, i18n.M("intake.area_from_name", r.pathName(s.Area)))
		}
		for j := range s.Columns {
			c := &s.Columns[j]
			if def, ok := r.lib.FactDef(c.Target); ok && (def.Subject == content.Area) == s.firms() {
				r.found.add(finding{severity: Left, sheet: s, column: c, msg: i18n.M("intake.other_subject", def.Name)})
			}
			switch {
			case c.From != Guessed:
			case c.Target == "" && c.Hidden:
				tell(c, i18n.M("intake.hidden_column", c.Header))
			case c.Target == "":
				tell(c, i18n.M("intake.unknown_column"))
			default:
				for _, d := range c.Doubts {
					tell(c, d)
				}
			}
		}
	}
}

// firms says that the rows of the sheet are about firms, not about areas.
func (p SheetPlan) firms() bool { return p.takes(roleName) || p.takes(roleUSCC) }

// identifies says that the rows can be told apart: a firm by code or name, or an area for figures about areas.
func (p SheetPlan) identifies(lib *content.Library) bool {
	if p.firms() {
		return true
	}
	return p.takes(roleArea) && slices.Equal(p.kinds(lib), []string{content.Area})
}
