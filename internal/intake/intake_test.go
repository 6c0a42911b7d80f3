package intake_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

var migrations = []store.Migrations{source.Migrations, party.Migrations, fact.Migrations, intake.Migrations}

// library is read once: it never changes.
var library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })

// office is all that an import needs, over a real database.
type office struct {
	testing.TB
	intake  *intake.Service
	frames  *fact.Frames
	library *content.Library
	sources *source.Store
	scope   access.Scope
	blobs   string // directory of the files
	deps    intake.Deps
}

func open(t testing.TB, db *store.DB) *office {
	t.Helper()
	return openIn(t, db, t.TempDir())
}

// openIn is open with the directory where the files are.
func openIn(t testing.TB, db *store.DB, dir string) *office {
	t.Helper()
	ctx := context.Background()
	lib, err := library()
	must(t, err)
	now := clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing))
	sources := source.New(db, now)
	parties := party.NewStore(db, sources)
	facts := fact.NewStore(db, sources, lib)
	frames, err := fact.Open(ctx, facts, parties, now)
	must(t, err)
	blobs, err := blob.Open(dir)
	must(t, err)
	deps := intake.Deps{
		DB: db, Blobs: blobs, Library: lib, Sources: sources, Parties: parties, Facts: facts, Frames: frames, Clock: now,
		Report: func(err error) { t.Error(err) },
	}
	s, err := intake.Start(ctx, deps, true)
	must(t, err)
	t.Cleanup(s.Close)
	city := access.NewScope(1, access.CityOfficial, lib.Areas().Below("320900"), nil)
	return &office{t, s, frames, lib, sources, city, dir, deps}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// send receives a file and waits for its preview.
func (o *office) send(name, body, authority string, p period.Period) intake.Batch {
	o.Helper()
	path := filepath.Join(o.TempDir(), name)
	must(o.TB, os.WriteFile(path, []byte(body), 0o600))
	return o.sendFile(path, authority, "320900", p)
}

func (o *office) sendFile(path, authority, area string, p period.Period) intake.Batch {
	o.Helper()
	f, err := os.Open(path)
	must(o.TB, err)
	defer f.Close()
	b, err := o.intake.Receive(context.Background(), o.scope, intake.Upload{
		Name: filepath.Base(path), Sender: "市工信局", Authority: authority, Area: area, Period: p, Body: f,
	})
	must(o.TB, err)
	return o.wait(b.ID)
}

func (o *office) wait(id int64) intake.Batch {
	o.Helper()
	b, err := o.intake.Wait(context.Background(), o.scope, id)
	must(o.TB, err)
	return b
}

func (o *office) commit(id int64) intake.Batch {
	o.Helper()
	_, err := o.intake.Commit(context.Background(), o.scope, id)
	must(o.TB, err)
	b := o.wait(id)
	if b.State != intake.Committed {
		o.Fatalf("batch is %s after commit: %s", b.State, b.Failure)
	}
	return b
}

func (o *office) view() fact.View {
	o.Helper()
	v, err := o.frames.For(context.Background(), o.scope, 0)
	must(o.TB, err)
	return v
}

func (o *office) firm(code string) party.Enterprise {
	o.Helper()
	for e := range o.view().Enterprises() {
		if string(e.USCC) == code || e.Name == code {
			return e
		}
	}
	o.Fatalf("no firm %s", code)
	return party.Enterprise{}
}

// says is the problems as text, for a test to look for words in.
func says(b intake.Batch) string {
	s := ""
	for _, p := range b.Preview.Problems {
		for _, x := range p.Examples {
			s += string(p.Severity) + " " + x.Place + ": " + (i18n.T{Lang: i18n.ZH}).Msg(x.Msg) + "\n"
		}
	}
	return s
}

func (o *office) provinceScope() access.Scope {
	return access.NewScope(2, access.CityOfficial, o.library.Areas().Below("320000"), nil)
}
