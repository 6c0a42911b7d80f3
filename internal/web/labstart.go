package web

import (
	"net/http"

	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// labStartData is the entrance of the laboratory.
type labStartData struct {
	Policies []version.InForce
}

// labStart offers the policies that concern the visitor's area.
func (s *server) labStart(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	all, err := s.policies(r.Context(), view)
	if err != nil {
		return err
	}
	var d labStartData
	home := s.homeArea(v.scope)
	for _, f := range all {
		if concerns(s.Library.Areas(), f.Policy.File.Document, home) {
			d.Policies = append(d.Policies, f)
		}
	}
	return s.show(w, r, s.shell(r, v, v.t.S("labpage.title")), http.StatusOK, labStartPage(v.t, d))
}
