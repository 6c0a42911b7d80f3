package proof

import (
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
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

// again decides an assessment of an application again, by the package that the dossier has, makes a release again, whose hash is told to the
// public, and a result of an assessment model, from the facts that its event has frozen.
func again(p audit.Proof, dossier fs.FS, lib *content.Library) (decided int, differs []i18n.Msg, err error) {
	var parts map[string]json.RawMessage
	if !slices.Contains([]string{subsidy.LoggedAssessment.Name, release.LoggedRelease.Name, results.LoggedResult.Name}, p.Kind) || json.Unmarshal(p.Thing, &parts) != nil {
		return 0, nil, nil
	}
	if p.Kind == results.LoggedResult.Name {
		return graded(p, parts, dossier, lib)
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

// maxModel is how large an assessment model in a dossier may be, in bytes.
const maxModel = 4 << 20

// graded makes a sealed result of an assessment model again, by the model that the dossier has and from what the event that sealed it has
// frozen; nothing is decided where that event froze nothing.
func graded(p audit.Proof, parts map[string]json.RawMessage, dossier fs.FS, lib *content.Library) (decided int, differs []i18n.Msg, err error) {
	x, err := results.ReadTold(parts)
	if err != nil {
		return 0, nil, err
	}
	var facts json.RawMessage
	err = audit.EachProof(dossier, func(e audit.Proof) {
		var event map[string]json.RawMessage
		if e.Kind != casework.LoggedEvent.Name || json.Unmarshal(e.Thing, &event) != nil {
			return
		}
		if frozen, ok := x.Frozen(event); ok {
			facts = frozen
		}
	})
	if err != nil || facts == nil {
		return 0, nil, err
	}
	model, err := audit.ReadSome(dossier, path.Join(audit.DefinitionsDir, x.Hash), maxModel)
	if err != nil {
		return 0, []i18n.Msg{i18n.M("audit.no_model", p.Kind, p.Ref, x.Model, x.Hash)}, nil
	}
	deviations, err := x.Again(lib, model, facts)
	if err != nil {
		return 0, []i18n.Msg{i18n.M("audit.not_again", p.Kind, p.Ref, err.Error())}, nil
	}
	for _, d := range deviations {
		differs = append(differs, i18n.M("audit.decided_otherwise", p.Kind, p.Ref, d.What, d.Want, d.Got))
	}
	return 1, differs, nil
}
