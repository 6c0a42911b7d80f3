package fact

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Line is all that was stated about one definition in one period of a subject.
type Line struct {
	Def      content.FactDef
	Period   period.Period
	Cell     Cell     // the effective value, as View.Value gives it
	Why      i18n.Msg // why less than what was stated counts, or nothing of what nobody stated; zero where all does
	Stated   []Said   // best first
	Disputes []Dispute
}

// Said is one statement of a line.
type Said struct {
	Statement
	From      source.Source // who, when received, at which commit known, and by whom taken back as of the view
	Effective bool
	Why       i18n.Msg // why it is effective or not
}

// Timeline is every statement that was known about a subject, retracted ones too, by definition in the order of the
// content and by period, newest first; a definition of which nobody stated anything has a line where others say that it comes to nothing (Pairing). It reads the database. NotFound when the scope may not read the subject's
// facts. A definition that is withheld from the scope has no line, whether something was stated or not.
func (v View) Timeline(ctx context.Context, subject int64) ([]Line, error) {
	row, ok := v.Row(subject)
	if !ok || !row.facts {
		return nil, errs.NotFound("subject", subject)
	}
	stated, err := v.stated(ctx, row)
	if err != nil {
		return nil, fmt.Errorf("time line of subject %d: %w", subject, err)
	}
	for _, key := range v.pairedOf(row) {
		if _, said := stated[key]; !said {
			stated[key] = nil
		}
	}
	disputes, err := v.disputesOf(ctx, row)
	if err != nil {
		return nil, fmt.Errorf("time line of subject %d: %w", subject, err)
	}
	type place struct {
		columnKey
		def int
	}
	places := make([]place, 0, len(stated))
	for key := range stated {
		if def, ok := v.snap.definition(key.def); ok && row.reads(&v.snap.lib.FactDefs()[def]) {
			places = append(places, place{key, def})
		}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.def, b.def), b.period.Compare(a.period)) })
	lines := make([]Line, len(places))
	for i, at := range places {
		said := stated[at.columnKey]
		line := &lines[i]
		line.Def, line.Period, line.Cell = v.snap.lib.FactDefs()[at.def], at.period, row.Get(at.def, at.period)
		if line.Stated = v.explain(line.Def, said); line.Cell.Paired != nil {
			line.Why = v.whyPaired(*line)
		}
		for _, d := range disputes[at.columnKey] {
			if slices.ContainsFunc(said, func(s Said) bool { return s.Source == d.Source && s.N == d.N }) {
				line.Disputes = append(line.Disputes, d)
			}
		}
	}
	return lines, nil
}

const statementColumns = `SELECT source_id, n, subject_id, column_id, state, status, precise, num, text, place, shown FROM fact`

// stated is the statements about a row's subject, and those merged into it, whose sources are known to the view.
func (v View) stated(ctx context.Context, row Row) (map[columnKey][]Said, error) {
	group := v.snap.desk.groups().of(row.id)
	facts := v.frames.facts
	all, err := facts.statements(ctx, `subject_id IN (`+placeholders(len(group))+`)`, args(group)...)
	if err != nil {
		return nil, err
	}
	stated := map[columnKey][]Said{}
	for _, f := range all {
		src, err := v.sourceAsKnown(ctx, f.Source)
		if err != nil {
			return nil, err
		}
		if src.State != source.Published {
			continue
		}
		key := columnKey{f.Def, f.Period}
		stated[key] = append(stated[key], Said{Statement: f, From: src})
	}
	return stated, nil
}

// statements is the rows of a condition.
func (s *Store) statements(ctx context.Context, where string, args ...any) ([]Statement, error) {
	rows, err := s.db.Read().Query(ctx, statementColumns+` WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var (
		all     []Statement
		columns []int64
	)
	for rows.Next() {
		var (
			f      Statement
			column int64
		)
		err := rows.Scan(&f.Source, &f.N, &f.Subject, &column, &f.State, &f.Status, &f.Precision,
			&f.Value.Num, &f.Value.Text, &f.Place, &f.Shown)
		if err != nil {
			return nil, err
		}
		all, columns = append(all, f), append(columns, column)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for i, id := range columns {
		key, err := s.columns.key(ctx, s.db, id)
		if err != nil {
			return nil, err
		}
		all[i].Def, all[i].Period = key.def, key.period
	}
	return all, nil
}

// sourceAsKnown is a source as it stood at the view's commit: what was published later is pending, what was retracted
// later is live. One that was discarded in the meantime is pending too. So what it is never changes, and is kept.
func (v View) sourceAsKnown(ctx context.Context, id int64) (source.Source, error) {
	if kept, ok := v.snap.desk.sources.Load(id); ok {
		return kept.(source.Source), nil
	}
	src, err := v.frames.facts.sources.Get(ctx, access.SystemScope(), id)
	if errs.KindOf(err) == errs.KindNotFound {
		src, err = source.Source{ID: id, State: source.Pending}, nil
	}
	if err != nil {
		return source.Source{}, err
	}
	if src.Seq > v.snap.seq {
		src.State, src.Seq = source.Pending, 0
	}
	if src.Retraction != nil && src.Retraction.Seq > v.snap.seq {
		src.Retraction = nil
	}
	v.snap.desk.sources.Store(id, src)
	return src, nil
}

// explain orders the statements of one line, best first and retracted ones last, and says why each holds or not.
func (v View) explain(def content.FactDef, said []Said) []Said {
	claims := func(s Said) claim {
		return claim{rank: v.snap.lib.Rank(def, s.From.Authority), seq: s.From.Seq, source: s.From.ID, n: s.N}
	}
	slices.SortFunc(said, func(a, b Said) int {
		switch {
		case a.From.Live() != b.From.Live():
			if a.From.Live() {
				return -1
			}
			return 1
		case claims(a).beats(claims(b)):
			return -1
		case claims(b).beats(claims(a)):
			return 1
		}
		return 0
	})
	for i := range said {
		said[i].Effective = i == 0 && said[i].From.Live()
		said[i].Why = v.why(claims(said[i]), claims(said[0]), said[i], said[0])
	}
	return said
}

func (v View) why(c, best claim, s, winner Said) i18n.Msg {
	switch {
	case s.From.Retraction != nil:
		return i18n.M("fact.why_retracted")
	case s.Effective:
		return i18n.M("fact.why_effective")
	case best.rank < c.rank:
		return i18n.M("fact.why_authority", v.authority(winner.From.Authority))
	case best.source == c.source:
		return i18n.M("fact.why_same_source", winner.Place)
	}
	if winner.From.Kind == source.Entry {
		return i18n.M("fact.why_newer", i18n.M("report.own_word"))
	}
	return i18n.M("fact.why_newer", winner.From.Name)
}

// authority is the name of an authority, its code when the content no longer has it.
func (v View) authority(code string) any {
	for _, a := range v.snap.lib.Authorities() {
		if a.Code == code {
			return a.Name
		}
	}
	return code
}

// Known is an effective value: a line of a time line without what lies behind it.
type Known struct {
	Def      content.FactDef
	Period   period.Period
	Cell     Cell
	From     source.Source // who stated it; the zero Source where nobody did
	Disputed bool          // a dispute about the line is open
}

// Known is what is effective of subjects, each as Timeline orders it. It reads no statement but the frame. A subject whose
// facts the scope may not read has none.
func (v View) Known(ctx context.Context, subjects ...int64) (map[int64][]Known, error) {
	disputed, err := v.openAbout(ctx, subjects)
	if err != nil {
		return nil, fmt.Errorf("what is known of %d subjects: %w", len(subjects), err)
	}
	all := map[int64][]Known{}
	for _, subject := range subjects {
		row, ok := v.Row(subject)
		if !ok || !row.facts {
			continue
		}
		if all[subject], err = v.knownOf(ctx, row, disputed); err != nil {
			return nil, fmt.Errorf("what is known of subject %d: %w", subject, err)
		}
	}
	return all, nil
}

func (v View) knownOf(ctx context.Context, row Row, disputed map[lineKey]bool) ([]Known, error) {
	var all []Known
	defs := v.snap.lib.FactDefs()
	for i := range defs {
		if defs[i].Subject != row.kind || defs[i].Sensitive() && !row.sensitive {
			continue
		}
		first := len(all)
		for _, c := range v.snap.columns[i] {
			cell := row.At(Column{col: c, def: &defs[i], open: !defs[i].Sensitive()})
			if cell.State == Unknown {
				continue
			}
			k := Known{Def: defs[i], Period: c.period, Cell: cell, Disputed: disputed[lineKey{row.id, columnKey{defs[i].Code, c.period}}]}
			if cell.Source != 0 {
				var err error
				if k.From, err = v.sourceAsKnown(ctx, cell.Source); err != nil {
					return nil, err
				}
			}
			all = append(all, k)
		}
		slices.SortFunc(all[first:], func(a, b Known) int { return b.Period.Compare(a.Period) })
	}
	return all, nil
}

// lineKey is a line of a subject, after merges.
type lineKey struct {
	subject int64
	columnKey
}

// openAbout is the lines of subjects about which a dispute is open.
func (v View) openAbout(ctx context.Context, subjects []int64) (map[lineKey]bool, error) {
	if v.snap == nil || len(subjects) == 0 {
		return nil, nil
	}
	var ids []int64
	for _, s := range subjects {
		ids = append(ids, v.snap.desk.groups().of(v.snap.root(s))...)
	}
	found, err := v.disputes(ctx, `c.dispute_id IS NULL AND d.subject_id IN (`+placeholders(len(ids))+`)`, args(ids)...)
	if err != nil {
		return nil, err
	}
	open := map[lineKey]bool{}
	for _, d := range found {
		open[lineKey{v.snap.root(d.Subject), columnKey{d.Def, d.Period}}] = true
	}
	return open, nil
}

const selectSaid = statementColumns + ` f WHERE f.source_id = $1 AND f.column_id IN (SELECT id FROM fact_column WHERE def = $2) ORDER BY f.n`

// Said is what a source states about one definition, as a transaction sees it that makes the source known.
func (f *Frames) Said(ctx context.Context, tx *store.Tx, src int64, def string) ([]Statement, error) {
	rows, err := tx.Query(ctx, selectSaid, src, def)
	if err != nil {
		return nil, fmt.Errorf("read what source %d says of %s: %w", src, def, err)
	}
	defer rows.Close()
	var all []Statement
	for rows.Next() {
		x := Statement{Def: def}
		var column int64
		if err := rows.Scan(&x.Source, &x.N, &x.Subject, &column, &x.State, &x.Status, &x.Precision, &x.Value.Num, &x.Value.Text, &x.Place, &x.Shown); err != nil {
			return nil, fmt.Errorf("read what source %d says of %s: %w", src, def, err)
		}
		all = append(all, x)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what source %d says of %s: %w", src, def, err)
	}
	return all, nil
}

const selectStatedBy = `SELECT DISTINCT subject_id FROM fact WHERE source_id = $1`

// StatedBy is the enterprises of whom, or of what belongs to them, a source states something that the scope may read, by
// name.
func (v View) StatedBy(ctx context.Context, src int64) ([]party.Enterprise, error) {
	if v.snap == nil {
		return nil, nil
	}
	rows, err := v.frames.facts.db.Read().Query(ctx, selectStatedBy, src)
	if err != nil {
		return nil, fmt.Errorf("read what source %d states: %w", src, err)
	}
	defer rows.Close()
	found := map[int64]party.Enterprise{}
	for rows.Next() {
		var subject int64
		if err := rows.Scan(&subject); err != nil {
			return nil, fmt.Errorf("read what source %d states: %w", src, err)
		}
		_, owner, ok := v.home(subject)
		if e, known := v.Enterprise(owner); ok && known && v.Can(access.ReadFact, subject) {
			found[e.ID] = e
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what source %d states: %w", src, err)
	}
	return slices.SortedFunc(maps.Values(found), func(a, b party.Enterprise) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	}), nil
}
