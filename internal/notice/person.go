package notice

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Channel is a way out of the product.
type Channel string

// The channels. Mail and SMS reach a person at an address; Hook tells another system of every message.
const (
	Mail Channel = "mail"
	SMS  Channel = "sms"
	Hook Channel = "hook"
)

// personal are the channels that people choose.
var personal = []Channel{Mail, SMS}

// Way is how messages of a kind come to a person by a channel.
type Way string

// The ways. A digest gathers what came since the last one, on working days.
const (
	Now    Way = "now"
	Digest Way = "digest"
	Off    Way = "off"
)

// Ways are those that can be chosen for a kind by a channel: what is served comes now.
func Ways(k Kind, c Channel) []Way {
	switch {
	case k == Served:
		return []Way{Now}
	case c == Mail:
		return []Way{Now, Digest, Off}
	}
	return []Way{Now, Off}
}

// usual is the way of who has chosen none.
func usual(k Kind, c Channel) Way {
	switch {
	case k == Served, k == Deadline && c == Mail, k == Progress && c == Mail, k == System && c == Mail:
		return Now
	case c == Mail:
		return Digest
	}
	return Off
}

// Address is where a person is reached by a channel. It is personal data: it shows itself masked, in a log too.
type Address string

func (a Address) String() string { return a.Masked() }

// Masked leaves enough for its owner to know it again: z***@example.com, 138****5678.
func (a Address) Masked() string {
	s := string(a)
	if name, host, ok := strings.Cut(s, "@"); ok {
		first, _ := utf8.DecodeRuneInString(name)
		return string(first) + "***@" + host
	}
	if len(s) < 7 {
		return strings.Repeat("*", len(s))
	}
	return s[:3] + strings.Repeat("*", len(s)-7) + s[len(s)-4:]
}

// Person is how an account is reached.
type Person struct {
	Account   int64
	Lang      i18n.Lang
	Addresses map[Channel]Address // confirmed
	Asked     map[Channel]Address // not confirmed yet
	Ways      map[Kind]map[Channel]Way
}

const (
	readLang      = `SELECT lang FROM notice_reader WHERE account_id = $1`
	readAddresses = `SELECT channel, address, asked FROM notice_address WHERE account_id = $1 ORDER BY channel`
	readChoices   = `SELECT kind, channel, way FROM notice_choice WHERE account_id = $1 ORDER BY kind, channel`
)

// Person is how the account of a scope is reached.
func (s *Store) Person(ctx context.Context, scope access.Scope) (Person, error) {
	return readPerson(ctx, s.DB.Read(), scope.Account())
}

func readPerson(ctx context.Context, q store.Querier, account int64) (Person, error) {
	p := Person{Account: account, Lang: i18n.ZH, Addresses: map[Channel]Address{}, Asked: map[Channel]Address{}, Ways: map[Kind]map[Channel]Way{}}
	for _, k := range Kinds() {
		p.Ways[k] = map[Channel]Way{}
		for _, c := range personal {
			p.Ways[k][c] = usual(k, c)
		}
	}
	err := q.QueryRow(ctx, readLang, account).Scan(&p.Lang)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return p, fmt.Errorf("read person: %w", err)
	}
	err = each(ctx, q, readAddresses, []any{account}, func(scan func(...any) error) error {
		var (
			c              Channel
			address, asked Address
		)
		if err := scan(&c, &address, &asked); err != nil {
			return err
		}
		if address != "" {
			p.Addresses[c] = address
		}
		if asked != "" {
			p.Asked[c] = asked
		}
		return nil
	})
	if err != nil {
		return p, fmt.Errorf("read person: %w", err)
	}
	err = each(ctx, q, readChoices, []any{account}, func(scan func(...any) error) error {
		var (
			k Kind
			c Channel
			w Way
		)
		if err := scan(&k, &c, &w); err != nil {
			return err
		}
		if k.known() && k != Served {
			p.Ways[k][c] = w
		}
		return nil
	})
	if err != nil {
		return p, fmt.Errorf("read person: %w", err)
	}
	return p, nil
}

// each hands every row of a query to f.
func each(ctx context.Context, q store.Querier, query string, args []any, f func(scan func(...any) error) error) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

const (
	setLang      = `UPDATE notice_reader SET lang = $1 WHERE account_id = $2`
	addLang      = `INSERT INTO notice_reader (lang, account_id) VALUES ($1, $2)`
	setChoice    = `UPDATE notice_choice SET way = $1 WHERE account_id = $2 AND kind = $3 AND channel = $4`
	addChoice    = `INSERT INTO notice_choice (way, account_id, kind, channel) VALUES ($1, $2, $3, $4)`
	dropDigest   = `DELETE FROM notice_digest WHERE account_id = $1 AND notice_id IN (SELECT id FROM notice WHERE kind = $2)`
	setAsked     = `UPDATE notice_address SET asked = $1, code = $2, code_until = $3, tries = 0 WHERE account_id = $4 AND channel = $5`
	addAsked     = `INSERT INTO notice_address (asked, code, code_until, account_id, channel, address, tries) VALUES ($1, $2, $3, $4, $5, '', 0)`
	readAsked    = `SELECT asked, code, code_until, tries FROM notice_address WHERE account_id = $1 AND channel = $2`
	countTry     = `UPDATE notice_address SET tries = tries + 1 WHERE account_id = $1 AND channel = $2`
	confirmAsked = `UPDATE notice_address SET address = asked, asked = '', code = '', code_until = 0, tries = 0 WHERE account_id = $1 AND channel = $2`
	dropAddress  = `DELETE FROM notice_address WHERE account_id = $1 AND channel = $2`
)

// put updates the row, or adds it where there is none.
func put(ctx context.Context, tx *store.Tx, update, insert string, args ...any) error {
	n, err := tx.Exec(ctx, update, args...)
	if err == nil && n == 0 {
		_, err = tx.Exec(ctx, insert, args...)
	}
	return err
}

// Choose sets the language and the ways of the account of a scope. It fails with Invalid where a way cannot be chosen.
func (s *Store) Choose(ctx context.Context, scope access.Scope, lang i18n.Lang, ways map[Kind]map[Channel]Way) error {
	account := scope.Account()
	for k, byChannel := range ways {
		for c, w := range byChannel {
			if !k.known() || !slices.Contains(personal, c) || !slices.Contains(Ways(k, c), w) {
				return errs.Invalid(i18n.M("notice.bad_way", i18n.M("notice.kind."+string(k))))
			}
		}
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := put(ctx, tx, setLang, addLang, string(i18n.Parse(string(lang))), account); err != nil {
			return fmt.Errorf("choose language: %w", err)
		}
		for _, k := range Kinds() {
			for c, w := range ways[k] {
				if err := put(ctx, tx, setChoice, addChoice, string(w), account, string(k), string(c)); err != nil {
					return fmt.Errorf("choose way: %w", err)
				}
			}
			if ways[k][Mail] == Off {
				if _, err := tx.Exec(ctx, dropDigest, account, string(k)); err != nil {
					return fmt.Errorf("choose way: %w", err)
				}
			}
		}
		return nil
	})
}

const (
	codeFor    = 24 * time.Hour // how long a code that confirms an address holds
	codeTries  = 5
	codeLength = 8
)

var phone = regexp.MustCompile(`^\+?[0-9]{5,20}$`)

// ParseAddress reads an address of a channel as a person types it. It fails with Invalid where it is none.
func ParseAddress(c Channel, s string) (Address, error) {
	s = strings.TrimSpace(s)
	switch c {
	case Mail:
		a, err := mail.ParseAddress(s)
		if err == nil && a.Address == s && len(s) <= 254 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r > 0x7e }) {
			return Address(s), nil
		}
		return "", errs.Invalid(i18n.M("notice.bad_mail"))
	case SMS:
		s = strings.NewReplacer(" ", "", "-", "").Replace(s)
		if phone.MatchString(s) {
			return Address(s), nil
		}
		return "", errs.Invalid(i18n.M("notice.bad_phone"))
	}
	return "", errs.Invalid(i18n.M("notice.bad_mail"))
}

// Ask keeps an address for the account of a scope and sends a code there; the address counts once Confirm has seen the
// code. Until then a confirmed one stays in use. It fails with Invalid where it is no address.
func (s *Store) Ask(ctx context.Context, scope access.Scope, c Channel, address string) error {
	a, err := ParseAddress(c, address)
	if err != nil {
		return err
	}
	code := rand.Text()[:codeLength]
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		p, err := readPerson(ctx, tx, scope.Account())
		if err != nil {
			return err
		}
		var sent int
		if err := tx.QueryRow(ctx, codesSent, p.Account, s.Clock.Millis()-codeFor.Milliseconds()).Scan(&sent); err != nil {
			return err
		}
		if sent >= codesMax {
			return errs.Conflict(i18n.M("notice.too_many_codes", codesMax))
		}
		err = put(ctx, tx, setAsked, addAsked, string(a), codeHash(p.Account, c, code), s.Machine.Millis()+codeFor.Milliseconds(), p.Account, string(c))
		if err != nil {
			return err
		}
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		t := i18n.T{Lang: p.Lang}
		return s.deliver(ctx, tx, delivery{
			ID: id, Mark: "confirm-" + strconv.FormatInt(id, 10), Channel: c, Kind: Confirmation, Account: p.Account, Address: a, Lang: p.Lang,
			Subject: t.S("notice.confirm_subject"), Text: t.S("notice.confirm_text", code, int(codeFor.Hours())),
		})
	})
	if err != nil {
		return fmt.Errorf("ask for %s: %w", c, err)
	}
	return nil
}

func codeHash(account int64, c Channel, code string) string {
	code = strings.ToUpper(strings.TrimSpace(code))
	sum := sha256.Sum256([]byte(strconv.FormatInt(account, 10) + " " + string(c) + " " + code))
	return hex.EncodeToString(sum[:])
}

// Confirm takes the address that was asked for into use. It fails with Invalid where the code is not the one that was sent
// there, came too late, or was guessed too often.
func (s *Store) Confirm(ctx context.Context, scope access.Scope, c Channel, code string) error {
	account, wrong := scope.Account(), false
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var (
			asked, hash string
			until       int64
			tries       int
		)
		err := tx.QueryRow(ctx, readAsked, account, string(c)).Scan(&asked, &hash, &until, &tries)
		if errors.Is(err, sql.ErrNoRows) {
			wrong = true
			return nil
		}
		if err != nil {
			return err
		}
		wrong = asked == "" || until < s.Machine.Millis() || tries >= codeTries || subtle.ConstantTimeCompare([]byte(hash), []byte(codeHash(account, c, code))) != 1
		if wrong {
			_, err = tx.Exec(ctx, countTry, account, string(c))
			return err
		}
		_, err = tx.Exec(ctx, confirmAsked, account, string(c))
		return err
	})
	if err != nil {
		return fmt.Errorf("confirm %s: %w", c, err)
	}
	if wrong {
		return errs.Invalid(i18n.M("notice.bad_code"))
	}
	return nil
}

const (
	setAddress = `UPDATE notice_address SET address = $1 WHERE account_id = $2 AND channel = $3`
	addAddress = `INSERT INTO notice_address (address, account_id, channel, asked, code, code_until, tries) VALUES ($1, $2, $3, '', '', 0, 0)`
)

// Enter takes an address of an account into use without a code: for who runs the installation and knows whose it is. It
// gives the address as it is kept.
func (s *Store) Enter(ctx context.Context, account int64, c Channel, address string) (Address, error) {
	a, err := ParseAddress(c, address)
	if err != nil {
		return "", err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		return put(ctx, tx, setAddress, addAddress, string(a), account, string(c))
	})
	if err != nil {
		return "", fmt.Errorf("enter %s of account %d: %w", c, account, err)
	}
	return a, nil
}

// Forget takes an address of the account of a scope out of use.
func (s *Store) Forget(ctx context.Context, scope access.Scope, c Channel) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, dropAddress, scope.Account(), string(c)); err != nil {
			return fmt.Errorf("forget %s: %w", c, err)
		}
		return nil
	})
}
