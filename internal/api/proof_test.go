package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/proof"
)

// TestDossier: what proves a subsidy that was applied for, decided, cut, scored, made public and paid is verified without the
// database, and whatever is changed in it is found and named. Nobody gets it but who reads the log.
func TestDossier(t *testing.T) {
	c := newCity(t)
	c.subsidise(paidOut)
	if found, err := c.srv.Proof.Check(t.Context()); err != nil || found.Found > 0 || found.Leaves == 0 {
		t.Fatalf("the log and the database: %+v, %v", found, err)
	}
	path := "/cases/" + c.paid.application + "/dossier"
	for _, login := range []string{"firm", "handler", "tinghu", "finance", "expert1", ""} {
		if r := c.ask(login, http.MethodGet, path, ""); r.status != http.StatusForbidden && r.status != http.StatusUnauthorized && r.status != http.StatusNotFound {
			t.Errorf("%q gets %d", login, r.status)
		}
	}
	wants(t, c.ask("", http.MethodGet, "/proof/checkpoint", ""), 200, c.srv.Proof.Key())
	r := c.get("auditor", path)
	wants(t, r, 200)
	z, whole, err := audit.Whole(strings.NewReader(r.body), int64(len(r.body)))
	if err != nil || !whole {
		t.Fatalf("the archive: %t, %v", whole, err)
	}
	key := c.srv.Proof.Key()
	v, err := proof.Verify(z, key, c.srv.Library)
	if err != nil || len(v.Faults) > 0 {
		t.Fatalf("the dossier: %v, %v", v, err)
	}
	if v.Decided == 0 || v.Files < 3 || v.Things < 30 {
		t.Errorf("%d things, %d files, %d decided again", v.Things, v.Files, v.Decided)
	}

	files := fstest.MapFS{}
	for _, f := range z.File {
		in, err := f.Open()
		must(t, err)
		var b bytes.Buffer
		_, err = b.ReadFrom(in)
		must(t, err)
		files[f.Name] = &fstest.MapFile{Data: b.Bytes()}
	}
	kinds := map[string]bool{}
	for line := range bytes.Lines(files[audit.ProofsFile].Data) {
		var p audit.Proof
		must(t, json.Unmarshal(line, &p))
		kinds[p.Kind] = true
	}
	for _, kind := range []string{
		"case.event", "case.file", "subsidy.assessment", "subsidy.cost", "subsidy.ruling", "subsidy.score", "release",
		"ledger.commitment", "ledger.part", "ledger.claim", "ledger.transfer",
	} {
		if !kinds[kind] {
			t.Errorf("the dossier has no %s", kind)
		}
	}
	for _, what := range []string{"workflow: subsidy_application\n", "rubric: "} {
		found := false
		for name, f := range files {
			found = found || strings.HasPrefix(name, audit.DefinitionsDir+"/") && bytes.Contains(f.Data, []byte(what))
		}
		if !found {
			t.Errorf("the dossier has no definition with %q", what)
		}
	}
	lines := bytes.SplitAfter(files[audit.ProofsFile].Data, []byte("\n"))
	aFile := ""
	for name := range files {
		if strings.HasPrefix(name, audit.FilesDir+"/") {
			aFile = name
		}
	}
	for _, tc := range []struct {
		name, want string
		change     func(fstest.MapFS)
	}{
		{"an amount", "audit.proof_thing", func(m fstest.MapFS) {
			m[audit.ProofsFile].Data = bytes.Replace(m[audit.ProofsFile].Data, []byte(`"fen":`), []byte(`"fen":9`), 1)
		}},
		{"a line left out", "audit.left_out", func(m fstest.MapFS) {
			n := slices.IndexFunc(lines, func(l []byte) bool { return bytes.Contains(l, []byte(`"n":3,"kind":"acted"`)) })
			m[audit.ProofsFile].Data = bytes.Join(slices.Delete(slices.Clone(lines), n, n+1), nil)
		}},
		{"two lines change places", "audit.bad_line", func(m fstest.MapFS) {
			some := slices.Clone(lines)
			some[4], some[5] = some[5], some[4]
			m[audit.ProofsFile].Data = bytes.Join(some, nil)
		}},
		{"a file changed", "audit.file_changed", func(m fstest.MapFS) { m[aFile].Data = append(slices.Clone(m[aFile].Data), ' ') }},
		{"a file taken out", "audit.file_gone", func(m fstest.MapFS) { delete(m, aFile) }},
		{"a file put in", "audit.file_foreign", func(m fstest.MapFS) { m["files/note.txt"] = &fstest.MapFile{Data: []byte("x")} }},
		{"the guide changed", "audit.file_changed", func(m fstest.MapFS) { m[audit.GuideFile].Data = []byte("x") }},
		{"packages taken out", "audit.no_package", func(m fstest.MapFS) {
			for name := range m {
				if strings.HasPrefix(name, audit.PackagesDir+"/") {
					delete(m, name)
				}
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			changed := fstest.MapFS{}
			for name, f := range files {
				changed[name] = &fstest.MapFile{Data: slices.Clone(f.Data)}
			}
			tc.change(changed)
			v, err := proof.Verify(changed, key, c.srv.Library)
			must(t, err)
			var found []string
			for _, msg := range v.Faults {
				found = append(found, msg.Key)
			}
			if !slices.Contains(found, tc.want) {
				t.Errorf("found %q, want %s", found, tc.want)
			}
		})
	}
	for _, at := range []int{30, len(r.body) / 3, len(r.body) - 5} {
		body := []byte(r.body)
		body[at] ^= 4
		if _, whole, err := audit.Whole(bytes.NewReader(body), int64(len(body))); whole && err == nil {
			t.Errorf("a bit of byte %d flipped: the archive is taken for whole", at)
		}
	}
}
