package access

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Token lets a program act for an account, within some of what the account may do.
type Token struct {
	ID        int64
	Account   int64
	Name      string   // what its owner calls it
	Hint      string   // the beginning of the secret, by which its owner knows it again
	Actions   []Action // of those that the account may do
	Area      string   // code of an area within the account's; "" for all of them
	CreatedAt int64    // milliseconds UTC, like those below
	ExpiresAt int64
	UsedAt    int64 // to the minute; 0 when it was never used
	EndedAt   int64 // 0 while it was not taken back
}

// Live says that the token works at an instant.
func (t Token) Live(ms int64) bool { return t.EndedAt == 0 && ms < t.ExpiresAt }

// LogValue keeps what a person called it out of the log.
func (t Token) LogValue() slog.Value { return slog.Int64Value(t.ID) }

// NewToken is a token to be made.
type NewToken struct {
	Name    string
	Actions []Action // at least one
	Area    string   // "" for wherever the account reaches
	Days    int      // that it works, 1 to MaxTokenDays
}

// Limits of tokens.
const (
	MaxTokenDays = 366
	maxTokens    = 50 // of one account that work
	usedEvery    = time.Minute
)

// A secret is tokenPrefix, 26 letters and digits of chance (130 bits), and a checksum over both. By the prefix, scanners
// of source code find secrets that were committed; by the checksum, a mistyped one is refused without asking anybody.
const (
	tokenPrefix = "yz_"
	tokenHint   = len(tokenPrefix) + 5 // characters that are kept for its owner
)

func newSecret() string {
	secret := tokenPrefix + rand.Text()
	return secret + checksum(secret)
}

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

func checksum(s string) string {
	return letters.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(s))))
}

// LooksLikeToken says that a text has the form of a token's secret, checksum included.
func LooksLikeToken(s string) bool {
	n := len(s) - len(checksum(""))
	return strings.HasPrefix(s, tokenPrefix) && n > len(tokenPrefix) && s[n:] == checksum(s[:n])
}

const (
	tokenColumns = `id, account_id, hint, name, actions, area, created_at, expires_at, used_at, ended_at`
	insertToken  = `INSERT INTO token (secret, ` + tokenColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)`
	liveTokens   = `SELECT COUNT(*) FROM token WHERE account_id = $1 AND ended_at = 0 AND expires_at > $2`
	tokensOf     = `SELECT ` + tokenColumns + ` FROM token WHERE account_id = $1 ORDER BY id DESC`
	tokenBy      = `SELECT ` + tokenColumns + ` FROM token WHERE secret = $1`
	tokenByID    = `SELECT ` + tokenColumns + ` FROM token WHERE id = $1`
	endToken     = `UPDATE token SET ended_at = $1 WHERE id = $2 AND account_id = $3 AND ended_at = 0`
	useToken     = `UPDATE token SET used_at = $1 WHERE id = $2 AND used_at <= $3`
)

// Check settles what a token may be for an account with this scope: no more than the account itself. It fails like CreateToken.
func (n *NewToken) Check(by Scope) error {
	n.Name = strings.TrimSpace(n.Name)
	switch {
	case n.Name == "" || utf8.RuneCountInString(n.Name) > nameMax || !utf8.ValidString(n.Name):
		return errs.Invalid(i18n.M("access.bad_token_name", nameMax))
	case len(n.Actions) == 0:
		return errs.Invalid(i18n.M("access.token_without_rights"))
	case n.Days < 1 || n.Days > MaxTokenDays:
		return errs.Invalid(i18n.M("access.bad_token_days", MaxTokenDays))
	case n.Area != "" && !slices.Contains(by.Areas(), n.Area):
		return errs.Invalid(i18n.M("access.token_beyond_area"))
	}
	for _, a := range n.Actions {
		if !by.Can(a) {
			return errs.Invalid(i18n.M("access.token_beyond_rights", string(a)))
		}
	}
	return nil
}

// CreateToken makes a token for the account of the scope and gives its secret, which is kept nowhere. It fails with
// Invalid where the account itself may not do so much, and with Conflict where it has too many already.
func (s *Store) CreateToken(ctx context.Context, by Scope, n NewToken) (Token, string, error) {
	if by.Account() == 0 {
		return Token{}, "", errs.Forbidden("create token")
	}
	if err := n.Check(by); err != nil {
		return Token{}, "", err
	}
	secret, now := newSecret(), s.now.Millis()
	t := Token{
		Account: by.Account(), Name: n.Name, Hint: secret[:tokenHint], Actions: sortedWithout(n.Actions, ""), Area: n.Area,
		CreatedAt: now, ExpiresAt: now + int64(n.Days)*(24*time.Hour).Milliseconds(),
	}
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		var live int
		if err := tx.QueryRow(ctx, liveTokens, t.Account, now).Scan(&live); err != nil {
			return err
		}
		if live >= maxTokens {
			return errs.Conflict(i18n.M("access.too_many_tokens", maxTokens))
		}
		if t.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertToken, digest(secret), t.ID, t.Account, t.Hint, t.Name, joined(t.Actions), t.Area, t.CreatedAt, t.ExpiresAt)
		if err != nil {
			return err
		}
		return s.recordToken(ctx, tx, by, TokenMade, t)
	})
	if err != nil {
		return Token{}, "", fmt.Errorf("create token: %w", err)
	}
	return t, secret, nil
}

// recordToken records what was done to a token: its beginning, by which its owner knows it, what it may do, and where.
func (s *Store) recordToken(ctx context.Context, tx *store.Tx, by Scope, d Deed, t Token) error {
	a, _, err := s.read(ctx, tx, byID, t.Account)
	if err != nil {
		return err
	}
	e := about(d, t.Account, a.Grants)
	e.Note = strings.TrimSpace(t.Hint + "… " + joined(t.Actions) + " " + t.Area)
	return s.record(ctx, tx, by, e)
}

func joined(actions []Action) string {
	words := make([]string, len(actions))
	for i, a := range actions {
		words[i] = string(a)
	}
	return strings.Join(words, " ")
}

func scanToken(row interface{ Scan(...any) error }) (Token, error) {
	var t Token
	var actions string
	err := row.Scan(&t.ID, &t.Account, &t.Hint, &t.Name, &actions, &t.Area, &t.CreatedAt, &t.ExpiresAt, &t.UsedAt, &t.EndedAt)
	for _, a := range strings.Fields(actions) {
		t.Actions = append(t.Actions, Action(a))
	}
	return t, err
}

// Tokens is every token that the account of the scope ever had, the newest first.
func (s *Store) Tokens(ctx context.Context, by Scope) ([]Token, error) {
	rows, err := s.db.Read().Query(ctx, tokensOf, by.Account())
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	defer rows.Close()
	var list []Token
	for rows.Next() {
		t, err := scanToken(rows)
		if err != nil {
			return nil, fmt.Errorf("list tokens: %w", err)
		}
		list = append(list, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return list, nil
}

// EndToken takes back a token of the account of the scope, at once. NotFound when it has no such token in use.
func (s *Store) EndToken(ctx context.Context, by Scope, id int64) error {
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, endToken, max(1, s.now.Millis()), id, by.Account())
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.NotFound("token", id)
		}
		t, err := scanToken(tx.QueryRow(ctx, tokenByID, id))
		if err != nil {
			return err
		}
		return s.recordToken(ctx, tx, by, TokenEnded, t)
	})
	if err != nil {
		return fmt.Errorf("end token %d: %w", id, err)
	}
	return nil
}

// ByToken is the token with a secret and the account that it acts for, as both are at this moment. It fails with
// NotFound when nothing works under the secret: there is no such token, it has expired or was taken back, or the account
// is disabled. That it was used is noted once a minute.
func (s *Store) ByToken(ctx context.Context, secret string) (Token, Account, error) {
	if !LooksLikeToken(secret) {
		return Token{}, Account{}, errs.NotFound("token", "")
	}
	t, err := scanToken(s.db.Read().QueryRow(ctx, tokenBy, digest(secret)))
	if errors.Is(err, sql.ErrNoRows) {
		return Token{}, Account{}, errs.NotFound("token", "")
	}
	if err != nil {
		return Token{}, Account{}, fmt.Errorf("read token: %w", err)
	}
	now := s.now.Millis()
	a, err := s.ByID(ctx, t.Account)
	if err != nil {
		return Token{}, Account{}, err
	}
	if !t.Live(now) || a.Disabled() {
		return Token{}, Account{}, errs.NotFound("token", t.ID)
	}
	before := now - usedEvery.Milliseconds()
	if t.UsedAt > before {
		return t, a, nil
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, useToken, now, t.ID, before)
		return err
	})
	if err != nil {
		return Token{}, Account{}, fmt.Errorf("note that token %d was used: %w", t.ID, err)
	}
	return t, a, nil
}
