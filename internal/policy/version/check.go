package version

import (
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
	Lint     []lint.Finding  // what the linter finds in a file that compiles; it tells, and hinders nobody
	Cases    []policy.Result // the worked cases as they ran; none while there are problems
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
	case len(r.Cases) == 0:
		return i18n.M("version.no_cases")
	case r.Failed() > 0:
		return i18n.M("version.cases_failed", r.Failed(), len(r.Cases))
	}
	return i18n.Msg{}
}

// Check compiles a package, asks the linter and runs its worked cases. Every way in goes through here: a file, a form, what ships.
func Check(lib *content.Library, p Package) Report {
	var r Report
	r.Policy, r.Problems = policy.Compile(lib, PolicyFile, p.Policy)
	if r.Policy != nil {
		r.Lint = lint.Check(lib, []lint.Source{{Policy: p.Policy}}).Findings
	}
	if len(p.Cases) == 0 {
		return r
	}
	cases, problems := policy.ParseCases(lib, CasesFile, p.Cases)
	r.Problems = append(r.Problems, problems...)
	if len(r.Problems) == 0 {
		r.Cases = r.Policy.Run(cases)
	}
	return r
}

// maxReports is how many reports are kept; one holds the trace of every worked case.
const maxReports = 8

// Check is the report of a package, worked out once for as long as it is kept: what is in force is public and asked for
// often.
func (s *Store) Check(p Package) Report {
	hash := p.Hash()
	s.mu.Lock()
	i := slices.IndexFunc(s.reports, func(r checked) bool { return r.hash == hash })
	if i >= 0 {
		r := s.reports[i]
		s.reports = append(slices.Delete(s.reports, i, i+1), r)
		s.mu.Unlock()
		return r.report
	}
	s.mu.Unlock()
	r := checked{hash, Check(s.Library, p)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reports = append(s.reports, r); len(s.reports) > maxReports {
		s.reports = slices.Delete(s.reports, 0, 1)
	}
	return r.report
}

// checked is a report that is kept.
type checked struct {
	hash   string
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
