package web

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/paper"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

func (s *server) bulletinPDF(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.printBulletin(w, r, v, ".pdf", pdfType, func(to io.Writer, d paper.Document) error {
		_, err := paper.WritePDF(to, d)
		return err
	})
}

func (s *server) bulletinDocx(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.printBulletin(w, r, v, ".docx", docxType, paper.WriteDocx)
}

func (s *server) printBulletin(w http.ResponseWriter, r *http.Request, v *visit, ending, kind string, write func(io.Writer, paper.Document) error) error {
	x, err := s.sightOfBulletin(r, v)
	if err != nil {
		return err
	}
	d, err := s.bulletinOf(r.Context(), v, x)
	if err != nil {
		return err
	}
	name := d.Title
	if s.Demo != nil {
		name += "-" + v.t.S("web.demo")
	}
	attach(w, name+ending, kind)
	if err := write(w, s.bulletinPaper(v.t, x, d)); err != nil {
		w.Header().Del("Content-Disposition")
		return err
	}
	return nil
}

// bulletinPaper is a report as it is printed: a draft says that it is one.
func (s *server) bulletinPaper(t i18n.T, x bulletin.Sight, d bulletinData) paper.Document {
	out := paper.Document{
		Title: t.S("bulletinpage.title_of", d.AreaName, d.PeriodText, d.Name), English: t.Lang == i18n.EN, Header: d.Title, Footer: d.AsOf, Author: d.AreaName,
		Numbering: func(page, pages string) string { return t.S("diagnosispage.page_of", page, pages) },
		Meta: []paper.Pair{
			{Label: t.S("web.area"), Value: d.AreaName},
			{Label: t.S("bulletinpage.period"), Value: d.PeriodText},
			{Label: t.S("bulletinpage.edition"), Value: t.S("bulletinpage.edition_n", d.Edition.N)},
			{Label: t.S("bulletinpage.prepared_by"), Value: orDash(d.PreparedBy)},
			{Label: t.S("bulletinpage.signed_by"), Value: joined(orDash(d.SignedBy), d.SignedAt)},
		},
	}
	if d.Edition.Reason != "" {
		out.Meta = append(out.Meta, paper.Pair{Label: t.S("bulletinpage.reason"), Value: d.Edition.Reason})
	}
	if step, ok := x.Edition.Signed(); ok {
		out.Created = time.UnixMilli(step.At).UTC()
	} else {
		out.Mark = t.S("bulletinpage.state_" + string(d.State))
	}
	if s.Demo != nil {
		out.Mark = t.S("web.demo")
	}
	add := func(blocks ...paper.Block) { out.Blocks = append(out.Blocks, blocks...) }
	chapter := chapters(t)
	for _, table := range d.Tables {
		add(paper.Heading{Level: 1, Text: chapter(table.Name)}, bulletinPaperTable(t, table))
		if table.aimed() {
			add(bulletinPaperAims(t, table))
		}
		if table.ranked() {
			add(paper.Note(t.S("bulletinpage.ranked_by", d.Ranking)))
		}
		for i, band := range table.Bands {
			if band != "" && table.ByCounty {
				add(paper.Note(table.Heads[i].Name + t.S("web.colon") + band))
			}
		}
	}
	if len(d.Scores) > 0 {
		add(paper.Heading{Level: 1, Text: chapter(d.ScoresName)}, bulletinPaperScores(t, d))
		if d.Ranking != "" {
			add(paper.Note(t.S("bulletinpage.ranked_by", d.Ranking)))
		}
	}
	for _, q := range d.Questions {
		if q.Text == "" {
			continue
		}
		add(paper.Heading{Level: 1, Text: chapter(q.Ask)})
		for _, line := range linesOf(q.Text) {
			add(paper.Paragraph{Text: line})
		}
	}
	if len(d.Quotes) > 0 {
		add(paper.Heading{Level: 1, Text: chapter(t.S("bulletinpage.quotes"))})
		for _, q := range d.Quotes {
			add(paper.Paragraph{Lead: q.Name + inBrackets(t, q.Period) + t.S("web.colon"), Text: q.Text})
		}
	}
	if len(d.Sources) > 0 {
		table := paper.Table{Columns: []paper.Column{{Title: t.S("web.area"), Share: 40}, {Title: t.S("bulletinpage.period"), Share: 30}, {Title: t.S("web.state"), Share: 30}}}
		for _, from := range d.Sources {
			table.Rows = append(table.Rows, []string{from.Name, from.Period, from.State})
		}
		add(paper.Heading{Level: 1, Text: chapter(t.S("bulletinpage.sources"))}, table)
	}
	add(paper.Note(t.S("bulletinpage.notes")))
	if d.aimed() {
		add(paper.Note(t.S("bulletinpage.aim_help")))
	}
	for _, key := range slices.Sorted(maps.Keys(x.Definition.Aims)) {
		aim := x.Definition.Aims[key]
		_, id, _ := strings.Cut(key, "/")
		add(paper.Note(t.S("bulletinpage.aim", id, aim.Name, aim.Document)))
	}
	for _, code := range sortedHeads(x.Definition) {
		h := x.Head(code)
		add(paper.Note(t.S("bulletinpage.method_note", h.Name, code, h.Version)))
	}
	add(paper.Note(t.S("bulletinpage.source_note", d.Source, i18n.M("web."+d.Confidence))))
	return out
}

func sortedHeads(d *bulletin.Definition) []string {
	var all []string
	for code := range d.Heads {
		all = append(all, code)
	}
	slices.Sort(all)
	return all
}

// bulletinPaperTable is a table on paper: of a list its figures with what they were before; by county each figure with its verified share.
func bulletinPaperTable(t i18n.T, table bulletinTable) paper.Table {
	if !table.ByCounty {
		out := paper.Table{Columns: []paper.Column{
			{Title: t.S("bulletinpage.figure"), Share: 34},
			{Title: t.S("bulletinpage.value"), Share: 16, Number: true},
			{Title: t.S("bulletinpage.verified"), Share: 12, Number: true},
			{Title: t.S("bulletinpage.open"), Share: 12, Number: true},
			{Title: t.S("bulletinpage.before"), Share: 13, Number: true},
			{Title: t.S("bulletinpage.change"), Share: 13, Number: true},
		}}
		for _, row := range table.Rows {
			f := row.Cells[0]
			out.Rows = append(out.Rows, []string{row.Name, withUnit(f), f.Verified, orDash(f.OpenText), f.Before, f.Change})
		}
		return out
	}
	out := paper.Table{Total: true, Columns: []paper.Column{{Title: t.S("web.area"), Share: 24}}}
	for _, h := range table.Heads {
		title := h.Name
		if h.Unit != "" {
			title += inBrackets(t, h.Unit)
		}
		out.Columns = append(out.Columns, paper.Column{Title: title, Share: 16, Number: true}, paper.Column{Title: t.S("bulletinpage.verified"), Share: 10, Number: true})
	}
	for _, row := range table.Rows {
		cells := []string{row.Name}
		for _, f := range row.Cells {
			cells = append(cells, f.Value, f.Verified)
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

// bulletinPaperAims is how far the figures of a table are from their targets, on paper.
func bulletinPaperAims(t i18n.T, table bulletinTable) paper.Table {
	out := paper.Table{Caption: t.S("bulletinpage.aims")}
	if !table.ByCounty {
		out.Columns = []paper.Column{
			{Title: t.S("bulletinpage.figure"), Share: 22},
			{Title: t.S("targetpage.quota"), Share: 12, Number: true},
			{Title: t.S("targetpage.need"), Share: 12, Number: true},
			{Title: t.S("bulletinpage.verified_value"), Share: 12, Number: true},
			{Title: t.S("targetpage.distance"), Share: 18, Number: true},
			{Title: t.S("targetpage.state"), Share: 11},
			{Title: t.S("targetpage.place"), Share: 13},
		}
		for _, row := range table.Rows {
			if aim := row.Cells[0].Aim; aim != nil {
				out.Rows = append(out.Rows, []string{row.Name, aim.Promise, aim.Need, aim.Actual, aim.Distance, aim.StateText, orDash(aim.where())})
			}
		}
		return out
	}
	out.Total = true
	out.Columns = []paper.Column{{Title: t.S("web.area"), Share: 18}}
	for _, h := range table.Heads {
		if h.Aim != "" {
			out.Columns = append(out.Columns, paper.Column{Title: joined(h.Name, t.S("targetpage.distance")), Share: 20, Number: true}, paper.Column{Title: t.S("targetpage.state"), Share: 12}, paper.Column{Title: t.S("targetpage.place"), Share: 14})
		}
	}
	for _, row := range table.Rows {
		cells := []string{row.Name}
		for i, f := range row.Cells {
			switch {
			case table.Heads[i].Aim == "":
			case f.Aim == nil:
				cells = append(cells, "—", "—", "—")
			default:
				cells = append(cells, f.Aim.Distance, f.Aim.StateText, orDash(f.Aim.where()))
			}
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

func withUnit(f bulletinFigure) string {
	if f.Unit == "" {
		return f.Value
	}
	return f.Value + " " + f.Unit
}

func bulletinPaperScores(t i18n.T, d bulletinData) paper.Table {
	out := paper.Table{}
	if d.Ranking != "" {
		out.Columns = append(out.Columns, paper.Column{Title: t.S("bulletinpage.rank"), Share: 8, Number: true})
	}
	out.Columns = append(out.Columns, paper.Column{Title: t.S("web.area"), Share: 24})
	for _, h := range d.ScoreHeads {
		out.Columns = append(out.Columns, paper.Column{Title: h.Name + inBrackets(t, h.Unit), Share: 16, Number: true})
	}
	out.Columns = append(out.Columns, paper.Column{Title: t.S("bulletinpage.total"), Share: 12, Number: true})
	for _, row := range d.Scores {
		var cells []string
		if d.Ranking != "" {
			cells = append(cells, orDash(row.Rank))
		}
		cells = append(cells, row.Name)
		for _, f := range row.Cells {
			text := orDash(f.Points) + inBrackets(t, f.Value)
			if f.Aim != nil {
				text = joined(text, t.S("targetpage.distance")+" "+f.Aim.Distance, f.Aim.where())
			}
			cells = append(cells, text)
		}
		out.Rows = append(out.Rows, append(cells, row.Total))
	}
	return out
}

// exportBulletin sends every figure of a report, a line each, and what was said among the notes.
func (s *server) exportBulletin(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, err := s.sightOfBulletin(r, v)
	if err != nil {
		return err
	}
	d, err := s.bulletinOf(r.Context(), v, x)
	if err != nil {
		return err
	}
	t := v.t
	names := map[string]string{}
	for _, table := range x.Definition.Tables {
		names[table.Code] = t.Text(table.Name)
	}
	var rows [][]any
	for _, f := range x.Figures {
		h, area := x.Head(f.Indicator), f.Area
		if area == "" {
			area = x.Area
		}
		table, ok := names[f.Part]
		if !ok {
			table = d.ScoresName
		}
		row := []any{
			table, s.areaName(area), area, t.Text(h.Name), f.Indicator, f.Method, f.Period.String(), orNone(h.Number(f.Value)), unitText(t, h.UnitBeside()), orNone(h.Number(f.Verified)),
			f.Counted, f.VerifiedCounted, f.Within, f.Open, orNone(h.Number(f.Before)), orNone(h.Number(f.YearBefore)), nil,
		}
		if f.Points != nil {
			row[len(row)-1] = f.Points.FloatString(4)
		}
		if aim := s.bulletinFigure(t, x, f).Aim; aim != nil {
			of := x.AimHead(f)
			row = append(row, f.Target, orNone(of.Number(f.Promise)), orNone(of.Number(f.Need)), orNone(of.Number(f.Actual)), orNone(of.Number(f.Distance())), aim.StateText, orNone(aim.Quarter), orNone(aim.Rank))
		} else {
			row = append(row, nil, nil, nil, nil, nil, nil, nil, nil)
		}
		rows = append(rows, row)
	}
	notes := [][2]string{{t.S("web.note_as_of"), d.AsOf}, {t.S("web.note_by"), v.account.Name}, {t.S("web.note_view"), bulletin.Path(x.ID) + "?edition=" + strconv.Itoa(x.Edition.N)}, {t.S("bulletinpage.signed_by"), joined(orDash(d.SignedBy), d.SignedAt)}}
	if d.aimed() {
		notes = append(notes, [2]string{t.S("targetpage.distance"), t.S("bulletinpage.aim_help")})
	}
	if d.Ranking != "" {
		notes = append(notes, [2]string{t.S("bulletinpage.rank"), t.S("bulletinpage.ranked_by", d.Ranking)})
	}
	for _, q := range d.Questions {
		if q.Text != "" {
			notes = append(notes, [2]string{q.Ask, q.Text})
		}
	}
	return s.export(w, r, v, d.Title, sheet.Export{
		Title: d.Title, Notes: notes,
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("bulletinpage.table"), t.S("web.area"), t.S("bulletinpage.area_code"), t.S("bulletinpage.figure"), t.S("bulletinpage.code"), t.S("bulletinpage.method_version"), t.S("bulletinpage.period"),
			t.S("bulletinpage.value"), t.S("bulletinpage.unit"), t.S("bulletinpage.verified_value"), t.S("bulletinpage.counted"), t.S("bulletinpage.verified_counted"), t.S("bulletinpage.within"), t.S("bulletinpage.open"),
			t.S("bulletinpage.before"), t.S("bulletinpage.year_before"), t.S("bulletinpage.points"),
			t.S("targetpage.name"), t.S("targetpage.quota"), t.S("targetpage.need"), t.S("targetpage.actual"), t.S("targetpage.distance"), t.S("targetpage.state"), t.S("targetpage.place"), t.S("bulletinpage.rank"),
		}},
	})
}

// orNone is a text for a sheet; nothing for "".
func orNone(text string) any {
	if text == "" {
		return nil
	}
	return text
}
