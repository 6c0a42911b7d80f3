package proof

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/retention"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Certificate proves a deletion: the run with all that it erased, as a leaf of the audit log, and the signed head that has the leaf.
type Certificate struct {
	Checkpoint string      `json:"checkpoint"`
	Proof      audit.Proof `json:"proof"`
}

// maxCertificate is how large a certificate may be, in bytes.
const maxCertificate = 16 << 20

// Certificate is that of a run that was settled; NotFound for any other. Who may see it is for the caller to have asked.
func (p *Prover) Certificate(ctx context.Context, run int64) ([]byte, error) {
	msg, err := p.Seal(ctx)
	if err != nil {
		return nil, err
	}
	head, err := audit.OpenCheckpoint(msg, p.Key())
	if err != nil {
		return nil, err
	}
	c := Certificate{Checkpoint: string(msg)}
	err = p.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		c.Proof, err = audit.NewProver(ctx, q, head).Prove(ctx, retention.LoggedRun, audit.Ref{run})
		return err
	})
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // the thing is hashed as it stands
	err = enc.Encode(c)
	return text.Bytes(), err
}

// VerifyCertificate holds a certificate against a public key that comes from elsewhere, without a database: when the deletion was carried
// out, ms, what was erased, and the hash by which Again knows it.
func VerifyCertificate(text []byte, key string) (at int64, erased []retention.Item, hash string, err error) {
	var c Certificate
	if len(text) > maxCertificate || json.Unmarshal(text, &c) != nil {
		return 0, nil, "", errs.Invalid(i18n.M("retention.bad_certificate"))
	}
	head, err := audit.OpenCheckpoint([]byte(c.Checkpoint), key)
	if err != nil {
		return 0, nil, "", err
	}
	if err := c.Proof.Check(head); err != nil {
		return 0, nil, "", err
	}
	var parts map[string]json.RawMessage
	if c.Proof.Kind != retention.LoggedRun.Name || json.Unmarshal(c.Proof.Thing, &parts) != nil {
		return 0, nil, "", errs.Invalid(i18n.M("retention.bad_certificate"))
	}
	at, erased, err = retention.Told(parts)
	if err != nil || at == 0 {
		return 0, nil, "", errs.Invalid(i18n.M("retention.bad_certificate"))
	}
	return at, erased, c.Proof.Digest, nil
}
