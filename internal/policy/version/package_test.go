package version

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/errs"
)

func archive(t testing.TB, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestRead(t *testing.T) {
	for name, tc := range map[string]struct {
		src  []byte
		want Package
	}{
		"yaml":           {[]byte("\ufeffdocument: x\r\n"), Package{Policy: []byte("document: x\n")}},
		"zip":            {archive(t, "policy.yaml", "a", "cases.yaml", "b", "SOURCE.md", "c"), Package{[]byte("a"), []byte("b"), []byte("c")}},
		"in a folder":    {archive(t, "suzhou/2024-1/policy.yaml", "a", "suzhou/2024-1/cases.yaml", "b"), Package{Policy: []byte("a"), Cases: []byte("b")}},
		"made on a Mac":  {archive(t, "p/policy.yaml", "a", "__MACOSX/p/._policy.yaml", "x", "p/.DS_Store", "x"), Package{Policy: []byte("a")}},
		"made on a PC":   {archive(t, `p\policy.yaml`, "a", `p\cases.yaml`, "b"), Package{Policy: []byte("a"), Cases: []byte("b")}},
		"empty":          {nil, Package{}},
		"no policy":      {archive(t, "cases.yaml", "b"), Package{}},
		"another file":   {archive(t, "policy.yaml", "a", "evil.exe", "b"), Package{}},
		"two policies":   {archive(t, "a/policy.yaml", "a", "b/policy.yaml", "b"), Package{}},
		"two folders":    {archive(t, "a/policy.yaml", "a", "b/cases.yaml", "b"), Package{}},
		"broken":         {[]byte("PK\x03\x04 and no more"), Package{}},
		"binary":         {[]byte("a\x00b"), Package{}},
		"not UTF-8":      {[]byte("document: \xb2\xe2\xca\xd4"), Package{}},
		"too large":      {bytes.Repeat([]byte("a"), MaxUpload+1), Package{}},
		"a bomb":         {archive(t, "policy.yaml", strings.Repeat("a", 5<<20)), Package{}},
		"too many files": {archive(t, manyFiles()...), Package{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(bytes.NewReader(tc.src))
			if (err != nil) != (len(tc.want.Policy) == 0) || err != nil && errs.KindOf(err) != errs.KindInvalid {
				t.Fatalf("error %v", err)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tc.want.parts(), got.parts(), cmp.AllowUnexported(part{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func manyFiles() []string {
	var all []string
	for range maxEntries + 1 {
		all = append(all, ".x", "y")
	}
	return all
}

// A package comes back from its archive as it went in, and its hash is known for ever.
func TestPackageHash(t *testing.T) {
	p := Package{Policy: []byte("document: x\n"), Cases: []byte("cases: []\n"), Provenance: []byte("# 来源\n")}
	const want = "198ec2c8eeca8c167f4828fefbb86ea8869ecc26ac2eb84c42e3a5942d3112ff"
	if got := p.Hash(); got != want {
		t.Errorf("hash %s", got)
	}
	other := Package{Policy: []byte("document: x\r\n"), Cases: []byte("cases: []\r\n"), Provenance: []byte("\ufeff# 来源\n")}
	if other.Hash() != p.Hash() {
		t.Error("the hash depends on how the file was saved")
	}
	z, err := p.Zip()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Read(bytes.NewReader(z))
	if err != nil || back.Hash() != p.Hash() {
		t.Errorf("back from the archive: %v, %s", err, back.Hash())
	}
	if again, _ := p.Zip(); !bytes.Equal(z, again) {
		t.Error("two archives of one package differ")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(archive(f, "policy.yaml", "a"))
	f.Add([]byte("document: x"))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := Read(bytes.NewReader(src))
		if err != nil && errs.KindOf(err) == errs.Internal {
			t.Fatal(err)
		}
		if err == nil && len(p.Policy) == 0 {
			t.Fatal("no policy and no error")
		}
	})
}

// TestFlat: what Flat writes is read back, and nothing else is: no byte of it can change unseen.
func TestFlat(t *testing.T) {
	for _, p := range []Package{
		{Policy: []byte("a: 1\n")}, {Policy: []byte("a: 1\n"), Cases: []byte("cases.yaml\n3\nabc"), Provenance: []byte("来源\n")}, {},
	} {
		got, err := ParseFlat(p.Flat())
		if err != nil || got.Hash() != p.Hash() {
			t.Errorf("%q: %v", p.Flat(), err)
		}
	}
	for _, src := range []string{"x", "policy.yaml\n1\n", "policy.yaml\n-1\n", "policy.yaml\n01\na", "other.yaml\n1\na", "policy.yaml\n1\na\n", "policy.yaml\n1\nacases.yaml\n1\na"} {
		if _, err := ParseFlat([]byte(src)); err == nil {
			t.Errorf("%q is read", src)
		}
	}
}
