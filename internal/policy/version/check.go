package version

import (
	"context"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lint"
)

// Report is what checking a package found.
type Report struct {
	Policy   *policy.Policy // nil where the file has mistakes
	Problems content.Problems
	Findings []lint.Finding  // of the linter; none while there are problems
	Cases    []policy.Result // the worked cases as they ran; none while there are problems
}

// Wrong is how many findings of the linter keep the package from being put in force.
func (r Report) Wrong() int { return lint.Report{Findings: r.Findings}.Count(lint.Error) }

// Told is everything that is wrong with its place: mistakes, and what the linter finds.
func (r Report) Told() content.Problems {
	all := slices.Clone(r.Problems)
	for _, f := range r.Findings {
		all = append(all, content.Problem{
			File: f.At.File, Line: f.At.Line, Col: f.At.Col, Snippet: f.At.Snippet,
			Msg: i18n.M("lint.said", i18n.M("lint."+string(f.Severity)), f.What),
		})
	}
	return all
}

// Failed is how many worked cases came out otherwise than expected.
func (r Report) Failed() int {
	n := 0
	for _, c := range r.Cases {
		if c.Err != nil || len(c.Differ) > 0 {
			n++
		}
	}
	return n
}

// Hindrance is why a package may not be put in force; zero when it may.
func (r Report) Hindrance() i18n.Msg {
	switch {
	case len(r.Problems) > 0:
		return i18n.M("version.has_problems", len(r.Problems))
	case r.Wrong() > 0:
		return i18n.M("version.lint_errors", r.Wrong())
	case len(r.Cases) == 0:
		return i18n.M("version.no_cases")
	case r.Failed() > 0:
		return i18n.M("version.cases_failed", r.Failed(), len(r.Cases))
	}
	return i18n.Msg{}
}

// Check compiles a package, hands it to the linter, and runs its worked cases. Every way in goes through here: a file, a
// form, what ships. The linter holds it against what else is known, a county's document against its city's.
func Check(lib *content.Library, p Package, known ...Package) Report {
	var r Report
	r.Policy, r.Problems = policy.Compile(lib, PolicyFile, p.Policy)
	var cases *policy.Cases
	if len(p.Cases) > 0 {
		var problems content.Problems
		cases, problems = policy.ParseCases(lib, CasesFile, p.Cases)
		r.Problems = append(r.Problems, problems...)
	}
	if len(r.Problems) > 0 {
		return r
	}
	if cases != nil {
		r.Cases = r.Policy.Run(cases)
	}
	var others []lint.Source
	for _, k := range known {
		others = append(others, lint.Source{Policy: k.Policy})
	}
	r.Findings = lint.Check(lib, []lint.Source{{Policy: p.Policy}}, others...).Findings
	return r
}

// maxReports is how many reports are kept; one holds the trace of every worked case.
const maxReports = 8

// Check is the report of a package beside the others that are in force, worked out once for as long as it is kept: what
// is in force is public and asked for often.
func (s *Store) Check(ctx context.Context, p Package) (Report, error) {
	known, err := s.packagesInForce(ctx)
	if err != nil {
		return Report{}, err
	}
	hash := p.Hash()
	for _, k := range known {
		hash += k.Hash()
	}
	s.mu.Lock()
	i := slices.IndexFunc(s.reports, func(r checked) bool { return r.hash == hash })
	if i >= 0 {
		r := s.reports[i]
		s.reports = append(slices.Delete(s.reports, i, i+1), r)
		s.mu.Unlock()
		return r.report, nil
	}
	s.mu.Unlock()
	r := checked{hash, Check(s.Library, p, known...)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reports = append(s.reports, r); len(s.reports) > maxReports {
		s.reports = slices.Delete(s.reports, 0, 1)
	}
	return r.report, nil
}

// packagesInForce is the packages of all policies that are in force now.
func (s *Store) packagesInForce(ctx context.Context) ([]Package, error) {
	seq, err := s.DB.Seq(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.At(ctx, seq)
	if err != nil {
		return nil, err
	}
	var packages []Package
	for _, f := range all {
		p, err := s.packageOf(ctx, f.Hash)
		if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
	return packages, nil
}

// checked is a report that is kept.
type checked struct {
	hash   string // of the package and of those beside it
	report Report
}

// identify reads which document a file is and for which areas, as far as it can be read: who may keep a draft is asked
// before its mistakes are mended.
func identify(src []byte) (policy.Document, error) {
	var f policy.File
	_, problems := content.Decode(PolicyFile, src, &f)
	if f.Document.ID == "" || len(f.Document.ID) > maxID {
		if len(problems) > 0 {
			return f.Document, content.Problems(problems)
		}
		return f.Document, errs.Invalid(i18n.M("version.no_document_id"))
	}
	return f.Document, nil
}

// maxID is how long a document's id may be.
const maxID = 64
