package audit

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Checkpoint is the head of the log as it was signed: lines of its origin, its size and its root, as transparency logs write them
// (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string // the name of the database
	Size   int64  // leaves
	Root   tlog.Hash
}

func (c Checkpoint) text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

func parseCheckpoint(text string) (c Checkpoint, err error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) != 4 {
		return c, errors.New("too few lines")
	}
	c.Origin = lines[0]
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size < 0 {
		return c, fmt.Errorf("%q is no size", lines[1])
	}
	c.Root, err = tlog.ParseHash(lines[2])
	return c, err
}

// maxNote is how long a checkpoint may be, in bytes, with the signatures of witnesses.
const maxNote = 64 << 10

// OpenCheckpoint reads a checkpoint and verifies its signature by a key, as Key.Public gives it.
func OpenCheckpoint(msg []byte, key string) (Checkpoint, error) {
	v, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return Checkpoint{}, errs.Invalid(i18n.M("audit.bad_key", err.Error()))
	}
	if len(msg) > maxNote {
		return Checkpoint{}, errs.Invalid(i18n.M("audit.bad_checkpoint", strconv.Itoa(len(msg))))
	}
	n, err := note.Open(bytes.ReplaceAll(msg, []byte("\r\n"), []byte("\n")), note.VerifierList(v))
	var unsigned *note.UnverifiedNoteError
	switch {
	case errors.As(err, &unsigned):
		return Checkpoint{}, errs.Invalid(i18n.M("audit.other_key", v.Name()))
	case err != nil:
		return Checkpoint{}, errs.Invalid(i18n.M("audit.bad_checkpoint", err.Error()))
	}
	c, err := parseCheckpoint(n.Text)
	for _, sig := range n.Sigs { // one way to write each byte
		if b, wrong := base64.StdEncoding.Strict().DecodeString(sig.Base64); wrong != nil || base64.StdEncoding.EncodeToString(b) != sig.Base64 {
			err = errors.Join(err, wrong, errors.New("signature"))
		}
	}
	if err != nil {
		return c, errs.Invalid(i18n.M("audit.bad_checkpoint", err.Error()))
	}
	return c, nil
}

// Key signs checkpoints.
type Key struct {
	signer note.Signer
	public string
}

// Public is what verifies its signatures: to be handed out.
func (k *Key) Public() string { return k.public }

// OpenKey reads the key from a file that only its owner may read, or draws one for a log and keeps it there. Whoever has the file
// can sign in the name of the log; it belongs into no backup that others read.
func OpenKey(file, origin string) (*Key, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		secret, public, err := note.GenerateKey(rand.Reader, origin)
		if err != nil {
			return nil, fmt.Errorf("draw a key: %w", err)
		}
		err = blob.Replace(file, func(w io.Writer) error {
			_, err := io.WriteString(w, secret+"\n"+public+"\n")
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("keep the key of the audit log: %w", err)
		}
		text, err = os.ReadFile(file) // another process may have drawn one at the same time
		if err != nil {
			return nil, fmt.Errorf("read the key of the audit log: %w", err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("read the key of the audit log: %w", err)
	}
	secret, public, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	signer, err := note.NewSigner(secret)
	if err == nil {
		_, err = note.NewVerifier(public)
	}
	if err != nil {
		return nil, errs.Invalid(i18n.M("audit.bad_key_file", file))
	}
	return &Key{signer, public}, nil
}

// Origin is the name under which the log of a database is signed.
func Origin(ctx context.Context, db *store.DB) (string, error) {
	name, err := db.Identity(ctx)
	return "yanzhen/" + name, err
}

const (
	lastCheckpoint   = `SELECT note FROM audit_checkpoint WHERE key = $1 AND size = $2`
	insertCheckpoint = `INSERT INTO audit_checkpoint (size, at, key, note) VALUES ($1, $2, $3, $4)`
)

// sealed is the checkpoint that a key signed of a tree of so many leaves; nil where there is none.
func sealed(ctx context.Context, q store.Querier, key *Key, size int64) ([]byte, error) {
	var kept string
	err := q.QueryRow(ctx, lastCheckpoint, key.public, size).Scan(&kept)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return []byte(kept), err
}

// Seal gives every leaf its place, signs the head of the log as it stands then, and keeps what it signed. A head that was signed
// before by the key is not signed again.
func Seal(ctx context.Context, db *store.DB, key *Key, now clock.Clock) (msg []byte, err error) {
	origin, err := Origin(ctx, db)
	if err != nil {
		return nil, err
	}
	if msg, err = unchanged(ctx, db.Read(), key); err != nil || msg != nil { // so that to ask again costs no transaction
		return msg, err
	}
	for all := false; err == nil && !all; {
		err = db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			var t *tree
			if t, all, err = place(ctx, tx); err != nil || !all {
				return err
			}
			if msg, err = sealed(ctx, tx, key, t.size); err != nil || msg != nil {
				return err
			}
			root, err := t.root()
			if err != nil {
				return err
			}
			msg, err = note.Sign(&note.Note{Text: Checkpoint{origin, t.size, root}.text()}, key.signer)
			if err != nil {
				return fmt.Errorf("sign the audit log: %w", err)
			}
			_, err = tx.Exec(ctx, insertCheckpoint, t.size, now.Millis(), key.public, string(msg))
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("seal the audit log: %w", err)
	}
	return msg, nil
}

// unchanged is the checkpoint that a key signed of the log, where nothing came since; else nil.
func unchanged(ctx context.Context, q store.Querier, key *Key) ([]byte, error) {
	if some, err := waiting(ctx, q); err != nil || some {
		return nil, err
	}
	t, err := treeOf(ctx, q)
	if err != nil {
		return nil, err
	}
	return sealed(ctx, q, key, t.size)
}
