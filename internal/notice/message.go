package notice

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "notice", FS: schema}

// Kind is what a message is about, as people choose how it comes to them.
type Kind string

// The kinds. What is Served is what the law asks to be told to the party itself: it comes at once by every way that there
// is, and cannot be turned off.
const (
	Served   Kind = "served"   // a decision, a request to correct, a hearing (送达)
	Task     Kind = "task"     // something waits to be done (待办)
	Deadline Kind = "deadline" // a term runs out, or has (期限提醒)
	Progress Kind = "progress" // a case has moved on (办件进展)
	Call     Kind = "call"     // a call, a publication (申报通知、公示)
	System   Kind = "system"   // the installation itself (系统运行)
)

// Kinds are all kinds, in the order in which a page offers them.
func Kinds() []Kind { return []Kind{Served, Task, Deadline, Progress, Call, System} }

func (k Kind) known() bool {
	switch k {
	case Served, Task, Deadline, Progress, Call, System:
		return true
	}
	return false
}

// To is whom a message is for: exactly one of an account, a role for an area, and the people of a party.
type To struct {
	Account int64
	Role    access.Role
	Area    string // of Role; "" for administrators, who have none
	Party   int64
}

// ToAccount is one account.
func ToAccount(id int64) To { return To{Account: id} }

// ToRole is whoever has the role for the area: by a grant for it, or for an area that it lies in.
func ToRole(r access.Role, area string) To { return To{Role: r, Area: area} }

// ToParty is whoever acts for an enterprise.
func ToParty(id int64) To { return To{Party: id} }

func (t To) valid() bool {
	ways := 0
	for _, named := range []bool{t.Account > 0, t.Role != "", t.Party > 0} {
		if named {
			ways++
		}
	}
	return ways == 1 && (t.Area != "") == (t.Role != "" && t.Role.OfArea())
}

// Message is what somebody is told.
type Message struct {
	Key         string // at most KeyMax bytes; a message whose key was told before is not told again; "" for one that is always told
	Kind        Kind
	To          To
	Title, Body i18n.Msg // of the catalogue, so that each reads it in the own language
	Link        string   // the page that it is about, a path that begins with "/"; "" for none
	At          int64    // ms, by the clock of the pages
}

// KeyMax is the longest key.
const KeyMax = 180

const linkMax = 500

func (m Message) check() error {
	switch {
	case !m.Kind.known():
		return fmt.Errorf("kind %q", m.Kind)
	case !m.To.valid():
		return fmt.Errorf("receiver %+v: one of account, role with its area, party", m.To)
	case len(m.Key) > KeyMax || strings.HasPrefix(m.Key, "#") || !utf8.ValidString(m.Key):
		return fmt.Errorf("key %q", m.Key)
	case m.Title.IsZero():
		return errors.New("no title")
	case m.Link != "" && (!strings.HasPrefix(m.Link, "/") || strings.HasPrefix(m.Link, "//") || len(m.Link) > linkMax || strings.ContainsAny(m.Link, "\\\r\n")):
		return fmt.Errorf("link %q: want a path of ours", m.Link)
	case m.At <= 0:
		return errors.New("no instant")
	}
	return nil
}

const (
	keyTold      = `SELECT COUNT(*) FROM notice WHERE told_key = $1`
	insertNotice = `INSERT INTO notice (id, told_key, kind, to_account, to_role, to_area, to_party, title, body, link, at, handed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)`
)

// Post tells something in a transaction: it is read and sent once that is committed, and never otherwise. A message whose
// key was told before is passed over. An error is the caller's mistake or the database's.
func Post(ctx context.Context, tx *store.Tx, list ...Message) error {
	for _, m := range list {
		if err := m.check(); err != nil {
			return fmt.Errorf("post message: %w", err)
		}
		if err := post(ctx, tx, m); err != nil {
			return fmt.Errorf("post message: %w", err)
		}
	}
	return nil
}

func post(ctx context.Context, tx *store.Tx, m Message) error {
	if m.Key != "" {
		var told int
		if err := tx.QueryRow(ctx, keyTold, m.Key).Scan(&told); err != nil || told > 0 {
			return err
		}
	}
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	key := m.Key
	if key == "" {
		key = "#" + strconv.FormatInt(id, 10)
	}
	title, err := json.Marshal(m.Title)
	if err != nil {
		return err
	}
	body, err := json.Marshal(m.Body)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertNotice, id, key, string(m.Kind), m.To.Account, string(m.To.Role), m.To.Area, m.To.Party, string(title), string(body), m.Link, m.At)
	return err
}

// Item is a message as it stands in the inbox of one account.
type Item struct {
	ID int64
	Message
	Read bool
}

const itemColumns = `n.id, n.told_key, n.kind, n.to_account, n.to_role, n.to_area, n.to_party, n.title, n.body, n.link, n.at`

func scanItem(row interface{ Scan(...any) error }, more ...any) (Item, error) {
	var (
		x           Item
		title, body string
	)
	err := row.Scan(append([]any{&x.ID, &x.Key, &x.Kind, &x.To.Account, &x.To.Role, &x.To.Area, &x.To.Party, &title, &body, &x.Link, &x.At}, more...)...)
	if err != nil {
		return Item{}, err
	}
	if strings.HasPrefix(x.Key, "#") {
		x.Key = ""
	}
	if err := json.Unmarshal([]byte(title), &x.Title); err != nil {
		return Item{}, fmt.Errorf("title of message %d: %w", x.ID, err)
	}
	if err := json.Unmarshal([]byte(body), &x.Body); err != nil {
		return Item{}, fmt.Errorf("body of message %d: %w", x.ID, err)
	}
	return x, nil
}

func readItems(ctx context.Context, q store.Querier, query string, args ...any) ([]Item, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	defer rows.Close()
	var list []Item
	for rows.Next() {
		var read sql.NullBool
		x, err := scanItem(rows, &read)
		if err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		x.Read = read.Bool
		list = append(list, x)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return list, nil
}
