package web

import (
	"fmt"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// sendReceipt answers with the receipt of a decision, as a file.
func (s *server) sendReceipt(w http.ResponseWriter, f version.InForce, q version.Question) error {
	q.Package = f.Hash
	receipt, err := version.NewReceipt(s.Library, q)
	if err != nil {
		return err
	}
	body, err := receipt.Bytes()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "receipt-"+f.Version.Document+"-"+receipt.Sum[:12]+".json"))
	_, _ = w.Write(body) // the visitor has gone; nobody is left to tell
	return nil
}

// fileReceipt is the receipt of a policy's decision on an enterprise, as the page of its file shows it.
func (s *server) fileReceipt(w http.ResponseWriter, r *http.Request, v *visit) error {
	m, err := s.momentOf(r)
	if err != nil {
		return err
	}
	view, e, err := s.firmAt(r, v, m)
	if err != nil {
		return err
	}
	subject, ok := s.reader.Subject(view, e.ID)
	if !ok || !view.Can(access.ReadSensitive, e.ID) {
		return errs.NotFound("enterprise", e.ID)
	}
	f, err := s.policyAt(r.Context(), view, r.FormValue("policy"))
	if err != nil {
		return err
	}
	plan, err := f.Policy.Plan(answersTo(f.Policy, r.Form))
	if err != nil {
		return err
	}
	q := version.Question{Plan: plan, Subject: subject, AsOf: m.day, Known: view.Seq()}
	if q.Allotted, err = s.Region.Allotted(r.Context(), view, plan, e.ID, m.day); err != nil {
		return err
	}
	return s.sendReceipt(w, f, q)
}

// calculatorReceipt is the receipt of what the calculator works out from what was typed in.
func (s *server) calculatorReceipt(w http.ResponseWriter, r *http.Request, v *visit) error {
	m, err := s.momentOf(r)
	if err != nil {
		return err
	}
	view, err := s.viewAt(r.Context(), v, m)
	if err != nil {
		return err
	}
	f, err := s.policyAt(r.Context(), view, r.FormValue("policy"))
	if err != nil {
		return err
	}
	form, err := s.newCalcForm(v.t, f.Policy, m.day, r.Form)
	if err != nil {
		return err
	}
	plan, err := f.Policy.Plan(form.settings())
	if err != nil {
		return err
	}
	return s.sendReceipt(w, f, version.Question{Plan: plan, Subject: form.firm(), AsOf: form.lastDay()})
}
