package main

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"time"

	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/assess/round"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/flag"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/subsidy"
	"github.com/yanzhen/yanzhen/internal/visit"
)

// watchEvery is how often the clocks of cases are looked at: they run in days.
const watchEvery = 10 * time.Minute

// askEvery is how often the server looks for firms of rounds that have not been asked yet.
const askEvery = 20 * time.Second

// caseEffects is what workflows may do beyond themselves: what capabilities register.
func caseEffects(of capabilities) *casework.Registry {
	r := casework.NewRegistry()
	subsidy.Register(r, of.subsidy)
	selection.Register(r, of.selections)
	credit.Register(r, of.credit)
	flag.Register(r, of.flags)
	results.Register(r, of.results)
	diagnosis.Register(r, of.diagnoses)
	return r
}

// capabilities are the stores behind the effects of workflows.
type capabilities struct {
	subsidy    *subsidy.Store
	selections *selection.Store
	credit     *credit.Store
	flags      *flag.Store
	results    *results.Store
	diagnoses  *diagnosis.Store
}

// paymentFiles is where the files to and from banks are kept in a data directory: apart from others, as those of cases are.
func paymentFiles(data string) string { return filepath.Join(data, "files", "payments") }

// openReleases reads what may be published and opens the store of what was.
func (in *installation) openReleases(p *place) error {
	set, err := loadReleases(p.content)
	if err != nil {
		return err
	}
	in.releases = release.Open(release.Deps{DB: in.db, Library: in.lib, Clock: in.now, Set: set})
	return nil
}

// openSubsidy opens the store of what is done with decisions on money.
func (in *installation) openSubsidy(p *place) error {
	files, err := contentFiles(p.content)
	if err != nil {
		return err
	}
	costs, err := subsidy.LoadCosts(in.lib, in.forms.Set(), files)
	if err != nil {
		return placed(err, p.content)
	}
	rubrics, err := rubric.Load(files)
	if err != nil {
		return placed(err, p.content)
	}
	payments, err := blob.Open(paymentFiles(p.data))
	if err != nil {
		return err
	}
	in.ledger = ledger.New(in.db, in.now, payments)
	in.subsidy = subsidy.New(subsidy.Deps{
		DB: in.db, Clock: in.now, Library: in.lib, Frames: in.frames, Sources: in.sources, Parties: in.parties, Runner: in.region, Lab: in.lab,
		Versions: in.versions, Book: in.ledger, Costs: costs, Rubrics: rubrics, Accounts: in.accounts, Releases: in.releases, Random: rand.Reader,
	})
	return nil
}

// openForms reads the forms, among them those by which assessment models ask, and opens their store.
func (in *installation) openForms(p *place) error {
	set, err := loadForms(in.lib, in.models, p.content)
	if err != nil {
		return err
	}
	in.forms = form.NewStore(in.db, in.lib, set, in.now)
	return nil
}

// openCases reads workflows and opens the store of cases.
func (in *installation) openCases(ctx context.Context, p *place) error {
	if err := in.openSelections(p); err != nil {
		return err
	}
	if err := in.openCredit(ctx, p); err != nil {
		return err
	}
	if err := in.openFlags(p); err != nil {
		return err
	}
	if err := in.openMonitor(p); err != nil {
		return err
	}
	if err := in.openBulletins(p); err != nil {
		return err
	}
	in.results = results.Open(results.Deps{DB: in.db, Frames: in.frames, Library: in.lib, Clock: in.now, Subjects: region.NewReader(in.lib), Set: in.models})
	if err := in.openDiagnoses(p); err != nil {
		return err
	}
	forms, effects := casework.FormsOf(in.forms), caseEffects(capabilities{in.subsidy, in.selections, in.credit, in.flags, in.results, in.diagnoses})
	workflows, err := loadWorkflows(ctx, casework.Reading{Library: in.lib, Effects: effects, Forms: forms}, p.content)
	if err != nil {
		return err
	}
	// Apart from the files of imports: each looks after its own alone, and would take the other's away with one that it refused.
	if in.evidence, err = blob.Open(filepath.Join(p.data, "files", "cases")); err != nil {
		return err
	}
	in.cases = casework.Open(casework.Deps{
		DB: in.db, Sources: in.sources, Parties: in.parties, Facts: in.facts, Frames: in.frames, Library: in.lib, Clock: in.now,
		Subjects: region.NewReader(in.lib), Effects: effects, Set: workflows, Blobs: in.evidence, Forms: forms, Sniff: casework.SniffFile,
	})
	in.subsidy.Use(in.cases)
	in.rounds = round.New(round.Deps{
		DB: in.db, Frames: in.frames, Library: in.lib, Clock: in.now, Subjects: region.NewReader(in.lib), Results: in.results, Cases: in.cases, Forms: in.forms,
	})
	in.visits = visit.Open(visit.Deps{DB: in.db, Cases: in.cases, Forms: in.forms, Clock: in.now})
	return nil
}
