package version

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// The files of a package.
const (
	PolicyFile     = "policy.yaml"
	CasesFile      = "cases.yaml"
	ProvenanceFile = "SOURCE.md" // what was read, and how sure it is
)

// Limits on a package that comes from outside.
const (
	MaxUpload  = 4 << 20 // bytes of the file that is sent
	maxEntries = 100     // of an archive
)

// Package is a policy as files. Cases and Provenance may be empty.
type Package struct {
	Policy, Cases, Provenance []byte
}

// part is one file of a package.
type part struct {
	name string
	body []byte
}

func (p Package) parts() []part {
	all := []part{{ProvenanceFile, p.Provenance}, {CasesFile, p.Cases}, {PolicyFile, p.Policy}} // in the order of their names
	return slices.DeleteFunc(all, func(f part) bool { return len(f.body) == 0 })
}

// Canonical is the package with one form of line ends and no byte order mark, so that it has one hash however an editor
// saved it.
func (p Package) Canonical() Package {
	plain := func(b []byte) []byte {
		b = bytes.TrimPrefix(b, []byte("\ufeff"))
		return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	}
	return Package{Policy: plain(p.Policy), Cases: plain(p.Cases), Provenance: plain(p.Provenance)}
}

// Hash is SHA-256, in hexadecimal, over Flat.
func (p Package) Hash() string {
	h := sha256.Sum256(p.Flat())
	return hex.EncodeToString(h[:])
}

// Flat is the files of the canonical package one after the other, in the order of their names: for each its name, a line end, its
// length in bytes, a line end, its bytes.
func (p Package) Flat() []byte {
	var b bytes.Buffer
	for _, f := range p.Canonical().parts() {
		fmt.Fprintf(&b, "%s\n%d\n", f.name, len(f.body))
		b.Write(f.body)
	}
	return b.Bytes()
}

// ParseFlat reads what Flat writes.
func ParseFlat(src []byte) (p Package, err error) {
	rest := src
	for len(rest) > 0 {
		name, after, _ := bytes.Cut(rest, []byte("\n"))
		size, body, _ := bytes.Cut(after, []byte("\n"))
		n, err := strconv.Atoi(string(size))
		to, known := p.files()[string(name)]
		if err != nil || !known || n < 0 || n > len(body) {
			return Package{}, errs.Invalid(i18n.M("version.bad_flat", len(src)-len(rest)))
		}
		*to, rest = body[:n:n], body[n:]
	}
	if !bytes.Equal(p.Flat(), src) {
		return Package{}, errs.Invalid(i18n.M("version.bad_flat", len(src)))
	}
	return p, nil
}

// Zip is the package as an archive: the same bytes for the same package.
func (p Package) Zip() ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range p.parts() {
		w, err := z.Create(f.name)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
		if _, err := w.Write(f.body); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack policy: %w", err)
	}
	return out.Bytes(), nil
}

// FromFS reads the package that stands in the root of a file system.
func FromFS(files fs.FS) (Package, error) {
	var p Package
	for name, into := range p.files() {
		b, err := fs.ReadFile(files, name)
		if errors.Is(err, fs.ErrNotExist) && name != PolicyFile {
			continue
		}
		if err != nil {
			return Package{}, fmt.Errorf("read policy: %w", err)
		}
		*into = b
	}
	return p.Canonical(), p.check()
}

func (p *Package) files() map[string]*[]byte {
	return map[string]*[]byte{PolicyFile: &p.Policy, CasesFile: &p.Cases, ProvenanceFile: &p.Provenance}
}

// Read takes a package from a file that somebody sent: an archive with the files of a policy, in one folder or none, or
// policy.yaml by itself, whatever it is called. What it refuses is an errs.KindInvalid that says why.
func Read(r io.Reader) (Package, error) {
	src, err := io.ReadAll(io.LimitReader(r, MaxUpload+1))
	switch {
	case err != nil:
		return Package{}, fmt.Errorf("read package: %w", err)
	case len(src) > MaxUpload:
		return Package{}, errs.Invalid(i18n.M("version.too_large", MaxUpload>>20))
	case len(src) == 0:
		return Package{}, errs.Invalid(i18n.M("version.empty"))
	}
	p := Package{Policy: src}
	if bytes.HasPrefix(src, []byte("PK")) {
		if p, err = unzip(src); err != nil {
			return Package{}, err
		}
	}
	return p.Canonical(), p.check()
}

// check refuses what no database keeps as text.
func (p Package) check() error {
	for _, f := range p.parts() {
		switch {
		case len(f.body) > content.MaxFile:
			return errs.Invalid(i18n.M("version.file_too_large", f.name, content.MaxFile>>20))
		case !utf8.Valid(f.body) || bytes.IndexByte(f.body, 0) >= 0:
			return errs.Invalid(i18n.M("version.not_text", f.name))
		}
	}
	if len(p.Policy) == 0 {
		return errs.Invalid(i18n.M("version.no_policy_file", PolicyFile))
	}
	return nil
}

func unzip(src []byte) (Package, error) {
	var p Package
	z, err := zip.NewReader(bytes.NewReader(src), int64(len(src)))
	if err != nil {
		return p, errs.Invalid(i18n.M("version.bad_zip"))
	}
	if len(z.File) > maxEntries {
		return p, errs.Invalid(i18n.M("version.many_entries", len(z.File), maxEntries))
	}
	known, folder := p.files(), ""
	for _, f := range z.File {
		dir, name := path.Split(strings.ReplaceAll(f.Name, `\`, "/"))
		if name == "" || strings.HasPrefix(dir, "__MACOSX/") || strings.HasPrefix(name, ".") {
			continue // what archivers add
		}
		into, ok := known[name]
		switch {
		case !ok:
			return Package{}, errs.Invalid(i18n.M("version.unknown_file", f.Name, strings.Join([]string{PolicyFile, CasesFile, ProvenanceFile}, ", ")))
		case *into != nil || folder != "" && dir != folder:
			return Package{}, errs.Invalid(i18n.M("version.two_policies", f.Name))
		}
		folder = dir
		if *into, err = inflate(f); err != nil {
			return Package{}, err
		}
	}
	return p, nil
}

// inflate reads one file of an archive, never more than a content file may hold, whatever the archive declares.
func inflate(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, errs.Invalid(i18n.M("version.bad_zip"))
	}
	defer r.Close()
	body, err := io.ReadAll(io.LimitReader(r, content.MaxFile+1))
	switch {
	case err != nil:
		return nil, errs.Invalid(i18n.M("version.bad_zip"))
	case len(body) > content.MaxFile:
		return nil, errs.Invalid(i18n.M("version.file_too_large", f.Name, content.MaxFile>>20))
	case len(body) == 0 && path.Base(f.Name) == PolicyFile:
		return nil, errs.Invalid(i18n.M("version.empty"))
	}
	return body, nil
}
