package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Paging is what each list takes. A cursor belongs to one list and to the commit that its first page knew: the pages of
// it are one picture, whatever comes in meanwhile.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50" example:"50" doc:"每页条数 · items on a page"`
	Cursor string `query:"cursor" maxLength:"200" example:"eyJjIjo0Miwi" doc:"上一页给出的 next · next of the page before"`
}

// cursor is a place in a list.
type cursor struct {
	Commit int64  `json:"c"`
	Day    string `json:"d,omitempty"` // that decisions are made as of
	From   int    `json:"o"`
	Before int64  `json:"b,omitempty"` // id, where a list has no commit
	List   string `json:"l"`           // which list: its operation, filters and reader
}

// listName tells lists apart: their operation, whatever they are asked for, and who may see what.
func (c *caller) listName(operation string, query any) string {
	b, err := json.Marshal(query)
	if err != nil {
		panic(err) // queries are structs of texts and numbers
	}
	sum := sha256.Sum256([]byte(operation + "\x00" + string(b) + "\x00" + c.scope.Key()))
	return hex.EncodeToString(sum[:6])
}

// open reads a cursor; a blank one is the beginning. One that is none, or belongs to another list, is refused.
func (p Paging) open(c *caller, list string) (cursor, error) {
	if p.Cursor == "" {
		return cursor{List: list}, nil
	}
	var at cursor
	b, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err == nil {
		err = json.Unmarshal(b, &at)
	}
	if err != nil || at.List != list || at.From < 0 || at.Commit < 0 {
		return cursor{}, invalid(c.t, "cursor", p.Cursor, i18n.M("api.wrong_cursor"))
	}
	return at, nil
}

// next is the cursor of the page that begins at from, "" when the list ends before. A list that stands at no moment has
// the zero one.
func (at cursor) next(m moment, from, total int) string {
	if from >= total {
		return ""
	}
	at.From = from
	if at.Commit = m.Seq(); at.Commit != 0 {
		at.Day = m.day.String()
	}
	return at.String()
}

func (at cursor) String() string {
	b, err := json.Marshal(at)
	if err != nil {
		panic(err) // numbers and a text
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// pick is the moment to read at: that of the cursor, or the one asked for.
func (at cursor) pick(k Knowledge) Knowledge {
	if at.Commit != 0 {
		return Knowledge{Known: at.Commit, AsOf: at.Day}
	}
	return k
}

// Tagged is what an answer that depends on nothing but a commit says about itself, and what a request may say it has.
type Tagged struct {
	ETag string `header:"ETag"`
}

// Have is an answer that the asker has already.
type Have struct {
	Has string `header:"If-None-Match" maxLength:"200" example:"\"c42-9f86d081\"" doc:"已有的 ETag：没有变化则答 304 · the ETag that you have: 304 if nothing changed"`
}

// tag names an answer by all that it depends on.
func (c *caller) tag(m moment, parts ...string) string {
	h := sha256.New()
	for _, p := range append(parts, c.scope.Key(), m.day.String()) {
		_, _ = h.Write([]byte(p + "\x00")) // never fails
	}
	return `"c` + strconv.FormatInt(m.Seq(), 10) + "-" + hex.EncodeToString(h.Sum(nil)[:6]) + `"`
}

// unchanged is the answer 304: the asker has it.
type unchanged struct{ tag string }

func (u unchanged) Error() string { return "not modified" }

// GetStatus and GetHeaders make it what huma answers with.
func (u unchanged) GetStatus() int { return http.StatusNotModified }

// GetHeaders is the tag once more.
func (u unchanged) GetHeaders() http.Header { return http.Header{"Etag": {u.tag}} }

// check says that the asker has the answer already.
func (h Have) check(tag string) error {
	if h.Has == tag || h.Has == "*" {
		return unchanged{tag}
	}
	return nil
}
