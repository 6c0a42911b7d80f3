package diagnosis

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Sight is a diagnosis as a scope may see it.
type Sight struct {
	casework.Case
	Lot      Lot
	Kind     *KindFile
	Firm     party.Enterprise
	Assigned []Assigned // the institutes, the last one now
	By       Institute  // the last one; zero where it left
	Saved    Saved      // what was saved last, for the institute alone while it writes
	Reports  []Handed   // that were handed in
	Report   Saved      // the one that was handed in last; zero before, and to the firm before it was sent to it
	Author   Institute  // who handed Report in
	Answers  []Answer
	Filings  map[string]int64 // that stand, by advice
	Lint     []Remark         // of what was saved last, for the institute while it writes
	Consents []consent.Grant  // that the firm gave the institute, the newest first
	Graded   *assess.Result   // the firm by the model as it is known now, for the institute that may read it; nil where there is none
	Answer   bool             // the scope may answer the advice now
	Write    bool             // the scope may write the report now
	Choose   bool             // the scope may choose an institute now
	Office   bool             // the scope sees it as an office

	noted []Noted
	fresh bool // the institute has saved nothing yet
}

// Noted is what was found on the visit, with what was suggested on the spot. Photographs count those that were taken of it.
type Noted struct {
	Part, Title, Seen, Gap, Advice string
	Photographs                    int
}

// told is the states from which on the firm sees the report.
var told = append([]string{"answers", "acceptance"}, after...)

// after is the states from acceptance on: the fee is to be paid, was paid, or came back.
var after = []string{"payable", "done", "returned"}

// Accepted says that a diagnosis in a state was accepted.
func Accepted(state string) bool { return slices.Contains(after, state) }

// Sight is a diagnosis by its case; NotFound for a case that is none or that the scope may not see. A report that nobody has saved yet begins
// with what was noted on the visit.
func (s *Store) Sight(ctx context.Context, scope access.Scope, cases *casework.Store, id int64, noted ...Noted) (*Sight, error) {
	c, w, err := cases.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if !IsDiagnosis(w.Workflow) {
		return nil, errs.NotFound("diagnosis", id)
	}
	q := s.DB.Read()
	x := &Sight{Case: c, noted: noted}
	var firm int64
	if x.Lot, firm, err = lotOfCase(ctx, q, id); err != nil {
		return nil, err
	}
	if x.Kind, err = s.Programme.Kind(x.Lot.Kind); err != nil {
		return nil, err
	}
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	x.Firm, _ = view.Enterprise(firm)
	if x.Assigned, err = assignments(ctx, q, id); err != nil {
		return nil, err
	}
	if n := len(x.Assigned); n > 0 && x.Assigned[n-1].Institute != 0 {
		if x.By, err = instituteOf(ctx, q, x.Assigned[n-1].Institute); err != nil {
			return nil, err
		}
	}
	own := scope.Sees(access.FileCase, "", c.Enterprise)
	partner := c.Partner != 0 && answersFor(scope, c.Partner)
	x.Office = scope.Sees(access.ReadCase, c.Area, 0)
	x.Write = partner && c.State == writing
	x.Answer, x.Choose = own && c.State == "answers", own && c.State == "offer"
	if !scope.Sees(access.ReadCase, "", c.Enterprise) || slices.Contains(told, c.State) { // the firm once it is sent to it, all others at once
		by := int64(0)
		if partner {
			by = c.Partner // what another has handed in before is not shown to it
		}
		if err := s.reports(ctx, q, x, by); err != nil {
			return nil, err
		}
	}
	if x.Consents, err = s.Consents.InCase(ctx, q, id); err != nil {
		return nil, err
	}
	if !own && !partner && !x.Office {
		x.narrow(scope)
	}
	if !partner {
		return x, nil
	}
	if x.Saved, x.fresh, err = draft(ctx, q, id, c.Partner); err != nil {
		return nil, err
	}
	return x, s.work(ctx, q, x)
}

// narrow leaves what is for who sees a diagnosis by a task alone. Who evaluates judges the report, and not what it cost or what became of it;
// who pays wants to know that there is one, and not what it says.
func (x *Sight) narrow(scope access.Scope) {
	x.Answers, x.Filings, x.Consents = nil, nil, nil
	for i := range x.Reports {
		x.Reports[i].Lint, x.Reports[i].Risks = nil, nil
	}
	if !scope.As(access.Expert).Can(access.ScoreCase) {
		x.Report = Saved{}
		return
	}
	x.Lot.Shares = nil
	x.Reports, x.Assigned = x.Reports[max(0, len(x.Reports)-1):], x.Assigned[max(0, len(x.Assigned)-1):]
}

// reports fills in what was handed in, by one institute where by is not 0, and what the firm answered.
func (s *Store) reports(ctx context.Context, q store.Querier, x *Sight, by int64) (err error) {
	if x.Reports, err = handed(ctx, q, handedOf, x.ID); err != nil {
		return err
	}
	x.Reports = slices.DeleteFunc(x.Reports, func(h Handed) bool { return by != 0 && h.Institute != by })
	if len(x.Reports) == 0 {
		return nil
	}
	last := x.Reports[len(x.Reports)-1]
	if x.Author, err = instituteOf(ctx, q, last.Institute); err != nil {
		return err
	}
	if x.Report, err = savedOf(ctx, q, reportByN, x.ID, last.N); err != nil {
		return err
	}
	if x.Answers, err = answersTo(ctx, q, x.ID, last.ID, &x.Report.Report); err != nil {
		return err
	}
	all, err := filings(ctx, q, filingsOf, x.ID)
	x.Filings = map[string]int64{}
	for _, f := range all[x.ID] {
		if f.stands() {
			x.Filings[f.Advice] = f.Case
		}
	}
	return err
}

// work fills in what an institute writes by: the firm by the model, and what the linter says of what was saved.
func (s *Store) work(ctx context.Context, q store.Querier, x *Sight) error {
	stands := slices.ContainsFunc(x.Consents, func(g consent.Grant) bool { return g.To == x.Partner && g.Stands(s.Clock.Millis()) })
	if r := x.Kind.rubric; r != nil && stands {
		view, err := s.Frames.For(ctx, access.SystemScope(), 0)
		if err != nil {
			return err
		}
		if subject, ok := s.Results.Subjects.Subject(view, x.Firm.ID); ok {
			if x.Graded, err = r.Decide(assess.At{Subject: subject, Year: x.Lot.Year, On: s.Clock.Today()}); err != nil {
				return fmt.Errorf("ask model %s of a firm: %w", r.Rubric, err)
			}
		}
	}
	if !x.Write {
		return nil
	}
	if x.fresh {
		x.Saved.Report = begun(x.Graded, x.noted)
	}
	earlier, err := handed(ctx, q, handedBy, x.Partner)
	if err != nil {
		return err
	}
	others, err := s.others(ctx, q, earlier, x.ID)
	if err != nil {
		return err
	}
	x.Lint = Lint(&x.Saved.Report, others)
	return nil
}

// begunParts is how many parts a report begins with: those that lack most.
const begunParts = 5

// begun is a report before anybody has written: what was noted on the visit, then what the model says of the parts that lack most, as findings,
// each with advice to be written. Words are those of a Chinese report; the institute changes them.
func begun(got *assess.Result, noted []Noted) Report {
	var r Report
	add := func(f Finding, a Advice) {
		n := len(r.Findings) + 1
		f.ID, a.ID, a.Finding = fmt.Sprintf("f%d", n), fmt.Sprintf("a%d", n), fmt.Sprintf("f%d", n)
		r.Findings, r.Advice = append(r.Findings, f), append(r.Advice, a)
	}
	for _, x := range noted[:min(len(noted), maxFindings)] {
		f := Finding{Part: x.Part, Title: x.Title, State: x.Seen, Gap: x.Gap}
		if x.Photographs > 0 {
			f.Proof = fmt.Sprintf("现场照片%d张", x.Photographs)
		}
		add(f, Advice{What: x.Advice})
	}
	if got == nil || !got.Scored {
		return r
	}
	type lack struct {
		part assess.Part
		by   *big.Rat
	}
	var all []lack
	for _, p := range got.Parts {
		if !p.In || p.Trimmed || !p.Node.IsQuestion() || p.Worth == nil || p.Points.Sure == nil {
			continue
		}
		if by := new(big.Rat).Sub(p.Worth, p.Points.Sure); by.Sign() > 0 {
			all = append(all, lack{p, by})
		}
	}
	slices.SortStableFunc(all, func(a, b lack) int { return b.by.Cmp(a.by) })
	for _, x := range all[:min(len(all), max(0, begunParts-len(noted)))] {
		name, places := x.part.Node.Name.ZH, 2
		f := Finding{
			Part: x.part.Node.ID, Title: name,
			Gap: fmt.Sprintf("本项满分%s分，现得%s分，差%s分。", decimal(x.part.Worth, places), decimal(x.part.Points.Sure, places), decimal(x.by, places)),
		}
		add(f, Advice{Title: "提升" + name})
	}
	return r
}

// decimal is a number with so many places at most.
func decimal(x *big.Rat, places int) string {
	text := x.FloatString(places)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
