package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
)

// proofRoutes is what proves what was done. The head of the audit log is public: it tells nothing, and whoever keeps it can later be
// shown that nothing was rewritten.
func (s *server) proofRoutes() []route {
	return []route{
		{"GET /proof", access.Need{Public: true}, s.proofPage},
		{"GET /proof/checkpoint", access.Need{Public: true}, s.checkpoint},
		{"GET /cases/{id}/dossier", access.Need{Action: access.ReadLog}, s.caseDossier},
	}
}

// proofData is the page of the audit log.
type proofData struct {
	Size            int64
	Checkpoint, Key string
}

func (s *server) proofPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	msg, head, err := s.head(r)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("proofpage.title")), http.StatusOK, proofPage(v.t, proofData{head.Size, strings.TrimSpace(string(msg)), s.Proof.Key()}))
}

// head is the newest checkpoint.
func (s *server) head(r *http.Request) ([]byte, audit.Checkpoint, error) {
	msg, err := s.Proof.Seal(r.Context())
	if err != nil {
		return nil, audit.Checkpoint{}, err
	}
	head, err := audit.OpenCheckpoint(msg, s.Proof.Key())
	return msg, head, err
}

func (s *server) checkpoint(w http.ResponseWriter, r *http.Request, _ *visit) error {
	msg, head, err := s.head(r)
	if err != nil {
		return err
	}
	attach(w, fmt.Sprintf("checkpoint-%d.txt", head.Size), "text/plain; charset=utf-8")
	_, err = w.Write(msg)
	return err
}

// caseDossier sends what proves a case.
func (s *server) caseDossier(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, _, err := s.caseOf(r, v)
	if err != nil {
		return err
	}
	entries, err := s.Proof.Dossier(r.Context(), v.scope, c.ID)
	if err != nil {
		return err
	}
	attach(w, fmt.Sprintf("case-%d-%s.zip", c.ID, s.Clock.Today()), "application/zip")
	return audit.WriteZip(w, entries)
}
