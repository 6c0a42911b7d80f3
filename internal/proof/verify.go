package proof

import (
	"encoding/json"
	"io/fs"
	"path"
	"strings"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// Verify holds a dossier against itself and against a public key, without a database, and makes its releases and decides its decisions again.
func Verify(dossier fs.FS, key string, lib *content.Library) (*audit.Verified, error) {
	return audit.Verify(dossier, Kinds(), key, func(p audit.Proof, dossier fs.FS) (int, []i18n.Msg, error) { return again(p, dossier, lib) })
}

// maxPackage is how large a policy package in a dossier may be, in bytes.
const maxPackage = 2 * version.MaxUpload

// again decides an assessment again, by the package that the dossier has, and makes a release again, whose hash is told to the public.
func again(p audit.Proof, dossier fs.FS, lib *content.Library) (decided int, differs []i18n.Msg, err error) {
	var parts map[string]json.RawMessage
	if p.Kind != subsidy.LoggedAssessment.Name && p.Kind != release.LoggedRelease.Name || json.Unmarshal(p.Thing, &parts) != nil {
		return 0, nil, nil
	}
	if p.Kind == release.LoggedRelease.Name {
		same, err := release.Verify(parts)
		if err == nil && !same {
			differs = []i18n.Msg{i18n.M("audit.released_otherwise", p.Kind, p.Ref)}
		}
		return 0, differs, err
	}
	text, err := subsidy.ReceiptIn(parts)
	if err != nil || text == "" {
		return 0, nil, err
	}
	r, err := version.ReadReceipt(strings.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	var pkg version.Package
	flat, err := audit.ReadSome(dossier, path.Join(audit.PackagesDir, r.Policy.Package), maxPackage)
	if err == nil {
		pkg, err = version.ParseFlat(flat)
	}
	if err != nil || pkg.Hash() != r.Policy.Package {
		return 0, []i18n.Msg{i18n.M("audit.no_package", p.Kind, p.Ref, r.Policy.Package)}, nil
	}
	deviations, err := r.Verify(lib, pkg)
	for _, d := range deviations {
		differs = append(differs, i18n.M("audit.decided_otherwise", p.Kind, p.Ref, d.Path, d.Was, d.Now))
	}
	return 1, differs, err
}
