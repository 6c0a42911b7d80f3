package web

import (
	"net/http"

	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
)

type workflowData struct {
	W       *casework.Workflow
	Drawing string // SVG of our own
	Lines   []casework.Line
}

func (s *server) workflows(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.show(w, r, s.shell(r, v, v.t.S("casepage.workflows")), http.StatusOK, workflowsPage(v.t, s.Cases.Set.All()))
}

func (s *server) workflow(w http.ResponseWriter, r *http.Request, v *visit) error {
	flow, ok := s.Cases.Set.Workflow(r.PathValue("workflow"))
	if !ok {
		return errs.NotFound("workflow", r.PathValue("workflow"))
	}
	d := workflowData{W: flow, Drawing: string(flow.Drawing(v.t)), Lines: flow.Lines(v.t)}
	return s.show(w, r, s.shell(r, v, v.t.Text(flow.Title)), http.StatusOK, workflowPage(v.t, d))
}
