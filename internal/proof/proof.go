package proof

import (
	"context"
	"io"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/assess/round"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/flag"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/retention"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
	"github.com/yanzhen/yanzhen/internal/target"
	"github.com/yanzhen/yanzhen/internal/visit"
)

// Kinds is what the audit log may have a leaf about.
func Kinds() []*audit.Kind {
	return slices.Concat(access.Logged, consent.Logged, ledger.Logged, casework.Logged, release.Logged, version.Logged, subsidy.Logged, selection.Logged, credit.Logged, flag.Logged, bulletin.Logged, results.Logged, target.Logged, monitor.Logged, round.Logged, visit.Logged, diagnosis.Logged, retention.Logged)
}

// Deps is what a Prover stands on; all of it is needed.
type Deps struct {
	DB       *store.DB
	Data     string // directory with the key
	Cases    *casework.Store
	Evidence blob.Dir // files of cases
	Versions *version.Store
	Clock    clock.Clock // of the machine
}

// Prover proves what an installation did. It is safe for many goroutines.
type Prover struct {
	Deps
	key *audit.Key
}

// KeyFile is where the key of an installation lies.
func KeyFile(data string) string { return filepath.Join(data, "audit.key") }

// Open reads the key, or draws one, and logs what had been there before the log was.
func Open(ctx context.Context, d Deps) (*Prover, error) {
	origin, err := audit.Origin(ctx, d.DB)
	if err != nil {
		return nil, err
	}
	key, err := audit.OpenKey(KeyFile(d.Data), origin)
	if err != nil {
		return nil, err
	}
	return &Prover{d, key}, audit.Adopt(ctx, d.DB, Kinds(), d.Clock)
}

// Key is what verifies the checkpoints.
func (p *Prover) Key() string { return p.key.Public() }

// Seal signs the head of the log as it stands.
func (p *Prover) Seal(ctx context.Context) ([]byte, error) {
	return audit.Seal(ctx, p.DB, p.key, p.Clock)
}

// Check holds the database against the log.
func (p *Prover) Check(ctx context.Context) (*audit.Checked, error) {
	return audit.Check(ctx, p.DB, Kinds())
}

// Since proves that the log contains an earlier checkpoint.
func (p *Prover) Since(ctx context.Context, earlier []byte) (audit.Later, error) {
	msg, err := p.Seal(ctx)
	if err != nil {
		return audit.Later{}, err
	}
	return audit.Since(ctx, p.DB.Read(), earlier, msg, p.Key())
}

// Dossier is what proves a case, up to now, for one who reads the log of its area. It is written by audit.WriteZip. That it
// is read is noted of the enterprise.
func (p *Prover) Dossier(ctx context.Context, scope access.Scope, id int64) (entries []audit.Entry, err error) {
	c, _, err := p.Cases.Get(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if !scope.Sees(access.ReadLog, c.Area, 0) {
		return nil, errs.Forbidden("export the dossier of a case")
	}
	scope.Saw(c.Enterprise, casework.ReadDossier)
	msg, err := p.Seal(ctx)
	if err != nil {
		return nil, err
	}
	head, err := audit.OpenCheckpoint(msg, p.Key())
	if err != nil {
		return nil, err
	}
	err = p.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		entries, err = audit.Dossier(ctx, q, Kinds(), id, msg, head, func(h audit.Held) (audit.Entry, error) { return p.held(ctx, q, h) })
		return err
	})
	return entries, err
}

// definitions is where what a case runs under may be kept: workflows and rubrics of panels, forms, schemes and their rubrics, products,
// assessment models.
var definitions = []func(ctx context.Context, q store.Querier, hash string) ([]byte, error){
	casework.Definition, form.Definition, selection.Definition, credit.Definition, results.Definition,
}

// held is bytes that belong to a dossier.
func (p *Prover) held(ctx context.Context, q store.Querier, h audit.Held) (audit.Entry, error) {
	name := path.Join(h.Dir, h.Hash)
	switch h.Dir {
	case audit.FilesDir:
		f, err := p.Evidence.Get(h.Hash)
		if err != nil {
			return audit.Entry{}, err
		}
		return audit.Entry{Name: name, Open: func() (io.ReadCloser, error) { return p.Evidence.Get(h.Hash) }}, f.Close()
	case audit.DefinitionsDir:
		for _, find := range definitions {
			if body, err := find(ctx, q, h.Hash); errs.KindOf(err) != errs.KindNotFound {
				return audit.Text(name, body), err
			}
		}
		return audit.Entry{}, errs.NotFound("definition", h.Hash)
	}
	pkg, err := p.Versions.PackageWith(ctx, h.Hash)
	return audit.Text(name, pkg.Flat()), err
}

// Watch signs the head of the log every so often and walks over all of it once in a longer while, until ctx ends, and signs once
// more then. It tells what came of it; found is nil where there was no walk.
func (p *Prover) Watch(ctx context.Context, seal, check time.Duration, tell func(found *audit.Checked, err error)) {
	sealed := func(ctx context.Context) {
		if _, err := p.Seal(ctx); err != nil && ctx.Err() == nil {
			tell(nil, err)
		}
	}
	often, seldom := time.NewTicker(seal), time.NewTimer(seal)
	defer often.Stop()
	defer seldom.Stop()
	for {
		select {
		case <-ctx.Done():
			sealed(context.WithoutCancel(ctx))
			return
		case <-often.C:
			sealed(ctx)
		case <-seldom.C:
			seldom.Reset(check)
			if found, err := p.Check(ctx); ctx.Err() == nil {
				tell(found, err)
			}
		}
	}
}
