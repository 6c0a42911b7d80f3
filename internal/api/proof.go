package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
)

// checkpointOut is the head of the audit log, signed.
type checkpointOut struct{ Body Checkpoint }

// Checkpoint is the head of the audit log and what verifies its signature.
type Checkpoint struct {
	Size       int64  `json:"size" example:"267"`
	Root       string `json:"root" example:"QJyBOn7etp2okandkTCtOECeBjLBoDKOqO4YB3vWOYA="`
	Checkpoint string `json:"checkpoint" example:"yanzhen/93009b2da8632807a9468ba1162a7edb\n267\nQJyBOn7etp2okandkTCtOECeBjLBoDKOqO4YB3vWOYA=\n\n— yanzhen/… 4ulEDM…\n"`
	Key        string `json:"key" example:"yanzhen/93009b2da8632807a9468ba1162a7edb+e2e9440c+AYZM+n3LC3wmQ9TsVM4L9MWRfbtxYeIwpyv4/qSol5oK"`
}

func (s *server) getCheckpoint(ctx context.Context, _ *caller, _ *struct{}) (*checkpointOut, error) {
	msg, err := s.Proof.Seal(ctx)
	if err != nil {
		return nil, err
	}
	head, err := audit.OpenCheckpoint(msg, s.Proof.Key())
	if err != nil {
		return nil, err
	}
	return &checkpointOut{Checkpoint{Size: head.Size, Root: head.Root.String(), Checkpoint: string(msg), Key: s.Proof.Key()}}, nil
}

// SinceIn is a checkpoint of before.
type SinceIn struct {
	Body struct {
		Checkpoint string `json:"checkpoint" maxLength:"65536" example:"yanzhen/93009b2da8632807a9468ba1162a7edb\n120\n…"`
	}
}

// sinceOut is the proof that the log contains it.
type sinceOut struct{ Body audit.Later }

func (s *server) proveSince(ctx context.Context, _ *caller, in *SinceIn) (*sinceOut, error) {
	later, err := s.Proof.Since(ctx, []byte(in.Body.Checkpoint))
	if err != nil {
		return nil, err
	}
	return &sinceOut{later}, nil
}

// getDossier sends what proves a case.
func (s *server) getDossier(ctx context.Context, c *caller, in *CaseIn) (*stream, error) {
	entries, err := s.Proof.Dossier(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("case-%d.zip", in.ID)
	return &stream{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", zipType)
		s.attach(ctx, name)
		ctx.SetStatus(http.StatusOK)
		if err := audit.WriteZip(ctx.BodyWriter(), entries); err != nil {
			s.breakOff(ctx, name, err)
		}
	}}, nil
}

func (s *server) registerProof() {
	open := access.Need{Public: true}
	handle(s, operation{id: "get_checkpoint", tag: "proof", method: http.MethodGet, path: "/proof/checkpoint", need: open}, s.getCheckpoint)
	handle(s, operation{id: "prove_since", tag: "proof", method: http.MethodPost, path: "/proof/since", need: open}, s.proveSince)
	handle(s, operation{id: "get_case_dossier", tag: "proof", method: http.MethodGet, path: "/cases/{id}/dossier", need: access.Need{Action: access.ReadLog}, streams: []string{zipType}}, s.getDossier)
}
