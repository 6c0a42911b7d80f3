package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations is the schema of this package.
var Migrations = store.Migrations{Package: "api", FS: schema}

const (
	idempotencyHeader = "Idempotency-Key"
	replayedHeader    = "Idempotency-Replayed"
	keyLimit          = 200            // characters
	answersKept       = 24 * time.Hour // how long a request may be repeated
	answerLimit       = 1 << 20        // bytes of an answer that is kept
)

const (
	findAnswer   = `SELECT request, status, location, body FROM api_answer WHERE account_id = $1 AND key_hash = $2 AND at > $3`
	sweepAnswers = `DELETE FROM api_answer WHERE at <= $1`
	beginAnswer  = `INSERT INTO api_answer (account_id, key_hash, request, status, location, body, at) VALUES ($1, $2, $3, 0, '', '', $4)`
	keepAnswer   = `UPDATE api_answer SET status = $1, location = $2, body = $3 WHERE account_id = $4 AND key_hash = $5`
	forgetAnswer = `DELETE FROM api_answer WHERE account_id = $1 AND key_hash = $2 AND status = 0`
)

// request is one with an Idempotency-Key.
type request struct {
	account int64
	key     string // hash
	asked   string // hash of what was asked for
}

// answer is what was said to it.
type answer struct {
	status         int
	location, body string
}

// onlyOnce lets a request with an Idempotency-Key act once: the same again gets the answer of the first.
func (s *server) onlyOnce(ctx huma.Context, next func(huma.Context)) {
	key := ctx.Header(idempotencyHeader)
	if key == "" {
		next(ctx)
		return
	}
	c := callerOf(ctx.Context())
	r, w := humago.Unwrap(ctx)
	before, req, err := s.begin(ctx, c, r, w, key)
	switch {
	case err != nil:
		s.writeProblem(w, r, s.problemOf(c.t, err))
		return
	case before != nil:
		before.write(w)
		return
	}
	kept := context.WithoutCancel(r.Context())
	rec := &recorder{ResponseWriter: w}
	defer func() { s.finish(kept, req, rec) }()
	next(huma.WithContext(humago.NewContext(ctx.Operation(), r, rec), ctx.Context()))
}

// begin finds the answer of an earlier request of the same kind, or notes that this one is under way.
func (s *server) begin(ctx huma.Context, c *caller, r *http.Request, w http.ResponseWriter, key string) (*answer, request, error) {
	req := request{account: c.account.ID, key: hashOf([]byte(key))}
	if len(key) > keyLimit {
		return nil, req, invalid(c.t, idempotencyHeader, key, i18n.M("api.want_max_length", keyLimit))
	}
	asked := []byte(r.Method + " " + r.URL.RequestURI() + "\n")
	if s.operation(ctx.Operation().OperationID).upload != "" {
		asked = strconv.AppendInt(asked, r.ContentLength, 10) // a file is not held in memory for this
	} else {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, ctx.Operation().MaxBodyBytes-1))
		if err != nil {
			return nil, req, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		asked = append(asked, body...)
	}
	req.asked = hashOf(asked)
	before, err := s.tryBegin(r.Context(), req)
	if store.IsUnique(err) { // another of the same began in between
		before, err = s.tryBegin(r.Context(), req)
	}
	return before, req, err
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (s *server) tryBegin(ctx context.Context, req request) (before *answer, err error) {
	now := s.Clock.Millis()
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		before = nil
		rows, err := tx.Query(ctx, findAnswer, req.account, req.key, now-answersKept.Milliseconds())
		if err != nil {
			return err
		}
		defer rows.Close()
		if rows.Next() {
			var (
				asked string
				found answer
			)
			if err := rows.Scan(&asked, &found.status, &found.location, &found.body); err != nil {
				return err
			}
			switch {
			case asked != req.asked:
				return errs.Conflict(i18n.M("api.key_of_another"))
			case found.status == 0:
				return errs.Conflict(i18n.M("api.key_under_way"))
			}
			before = &found
			return nil
		}
		if err := rows.Err(); err != nil {
			return err
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sweepAnswers, now-answersKept.Milliseconds()); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, beginAnswer, req.account, req.key, req.asked, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for an answer: %w", err)
	}
	return before, nil
}

// finish keeps what was answered. What failed for reasons of ours, or was never answered, may be tried again.
func (s *server) finish(ctx context.Context, req request, rec *recorder) {
	query, args := keepAnswer, []any{rec.status, rec.Header().Get("Location"), rec.body.String(), req.account, req.key}
	if rec.status == 0 || rec.status >= http.StatusInternalServerError || rec.body.Len() > answerLimit {
		query, args = forgetAnswer, []any{req.account, req.key}
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	})
	if err != nil {
		s.Log.Error("answer not kept", "error", err)
	}
}

func (a *answer) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set(replayedHeader, "true")
	if a.location != "" {
		h.Set("Location", a.location)
	}
	kind := "application/json"
	if a.status >= http.StatusBadRequest {
		kind = problemType
	}
	if a.body != "" {
		h.Set("Content-Type", kind)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body) // the asker has gone; nobody is left to tell
}

// recorder keeps what goes to the asker.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	if r.body.Len() <= answerLimit {
		r.body.Write(b)
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets deadlines be set.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
