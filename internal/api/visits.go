package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/visit"
)

// VisitBody is what an entry of a visit says. Which parts it has goes by what it is about.
type VisitBody struct {
	Value  string   `json:"value,omitempty" maxLength:"2000" example:"120" doc:"answer：题目的答案，按填写的样子 · of an answer, as it is typed"`
	Title  string   `json:"title,omitempty" maxLength:"200" example:"设备没有联网" doc:"finding"`
	Part   string   `json:"part,omitempty" maxLength:"64" example:"base" doc:"finding：评价模型的部分 · the part of the model"`
	Seen   string   `json:"seen,omitempty" maxLength:"4000" doc:"finding：现场看到 · what was seen"`
	Gap    string   `json:"gap,omitempty" maxLength:"4000" doc:"finding：差距 · what it falls short of"`
	Advice string   `json:"advice,omitempty" maxLength:"4000" doc:"finding：建议 · what is suggested"`
	Photos []string `json:"photos,omitempty" maxItems:"20" nullable:"false" doc:"finding：照片的 SHA-256 · SHA-256 of photographs"`
	Text   string   `json:"text,omitempty" maxLength:"4000" doc:"note"`
	Name   string   `json:"name,omitempty" maxLength:"200" doc:"photo：文件名 · name of the file"`
	Field  string   `json:"field,omitempty" maxLength:"64" doc:"photo：证明哪道题 · the answer that it proves"`
}

// VisitEntryIn is something that was noted on a visit, as a device made it.
type VisitEntryIn struct {
	ID     string     `json:"id" pattern:"^[0-9a-f]{32}$" example:"5d41402abc4b2a76b9719d911017c592" doc:"128 位，由设备产生；同一编号再传不重复 · made by the device; sent again it is taken once"`
	Topic  string     `json:"topic" maxLength:"120" example:"answer:devices_total" doc:"answer:题目 · answer:QUESTION, finding:ID, photo:SHA-256, note:ID"`
	After  []string   `json:"after" maxItems:"50" nullable:"false" doc:"写的人看到的同一事项的记录 · entries about the same that its writer had before them"`
	Body   *VisitBody `json:"body,omitempty" doc:"没有就是撤回 · none takes it away"`
	Device string     `json:"device" pattern:"^[0-9a-f]{32}$" example:"7215ee9c7d9dc229d2921a40e899ec5f"`
	Noted  int64      `json:"noted" minimum:"1" example:"1730336400000" doc:"设备时间，毫秒 · ms, by the device's clock"`
}

// visitEntry is an entry as it is kept.
type visitEntry struct {
	VisitEntryIn
	By       string `json:"by" example:"测试 expert1"`
	Received string `json:"received" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Late     bool   `json:"late" example:"false" doc:"办件推进以后才收到，不计入 · it arrived after the case had moved on, and does not count"`
	Erased   bool   `json:"erased" example:"false" doc:"内容已到期删除 · its content went when its term was over"`
}

// visitTopic is what stands about something.
type visitTopic struct {
	Topic    string   `json:"topic" example:"answer:devices_total"`
	Conflict bool     `json:"conflict" example:"false" doc:"记录不一致，用一条接续全部的记录选定 · different things stand; an entry that names them all chooses"`
	Heads    []string `json:"heads" nullable:"false" doc:"有效记录的编号 · the entries that stand"`
}

// visitHanded is that a visit was handed in.
type visitHanded struct {
	Event   int64  `json:"event" example:"219"`
	Entries int    `json:"entries" example:"12"`
	Digest  string `json:"digest" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"全部记录的 SHA-256，在存证日志里 · over all entries, in the audit log"`
	By      string `json:"by" example:"测试 expert1"`
	At      string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

type visitOut struct {
	Body struct {
		Case    int64             `json:"case" example:"204"`
		State   string            `json:"state" example:"rating"`
		Action  string            `json:"action" example:"rate" doc:"交回时办的事 · the action that hands it in"`
		Form    string            `json:"form" example:"assess_sme_digital_2024_institute"`
		Writes  bool              `json:"writes" example:"true" doc:"现在可以记录和交回 · may note and hand in now"`
		Digest  string            `json:"digest" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"交回时作 seen · seen of hand_in_visit"`
		Entries []visitEntry      `json:"entries" nullable:"false" doc:"先收到的在前 · the first received first"`
		Topics  []visitTopic      `json:"topics" nullable:"false"`
		Overdue []visitTopic      `json:"overdue" nullable:"false" doc:"迟到而没有被采用的 · what came late and was not taken up"`
		Files   map[string]string `json:"files" doc:"已收到的照片：SHA-256 和下载地址 · photographs that have arrived, and where they are"`
		Awaited []string          `json:"awaited" nullable:"false" doc:"还没有收到的照片 · photographs that have not arrived"`
		Handed  []visitHanded     `json:"handed" nullable:"false"`
	}
}

func visitTopics(all []visit.Topic) []visitTopic {
	out := []visitTopic{}
	for _, t := range all {
		out = append(out, visitTopic{t.Key, t.Conflict(), append([]string{}, t.IDs()...)})
	}
	return out
}

// getVisit is what was noted on the visit of a case, for who sees the case but the one whom it is about.
func (s *server) getVisit(ctx context.Context, c *caller, in *CaseIn) (*visitOut, error) {
	v, err := s.Visits.Visit(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out, names := &visitOut{}, people{}
	b := &out.Body
	b.Case, b.State, b.Action, b.Form, b.Writes, b.Digest = v.ID, v.State, v.Action.ID, v.Form.Code, v.Choice != nil, visit.Digest(v.Entries)
	b.Entries, b.Topics, b.Overdue, b.Files, b.Awaited, b.Handed = []visitEntry{}, visitTopics(v.Topics), visitTopics(v.Overdue), map[string]string{}, append([]string{}, v.Awaited()...), []visitHanded{}
	for _, e := range v.Entries {
		by, err := s.nameOf(ctx, names, e.Account)
		if err != nil {
			return nil, err
		}
		row := visitEntry{VisitEntryIn{e.ID, e.Topic, append([]string{}, e.After...), nil, e.Device, e.Noted}, by, instant(e.Received), e.Late, e.Erased}
		if e.Body != nil {
			body := VisitBody(*e.Body)
			row.Body = &body
		}
		b.Entries = append(b.Entries, row)
	}
	for sha, f := range v.Files {
		if f.Type == string(form.Image) {
			b.Files[sha] = fmt.Sprintf("%s/cases/%d/files/%d", Prefix, v.ID, f.ID)
		}
	}
	for _, h := range v.Handed {
		by, err := s.nameOf(ctx, names, h.Account)
		if err != nil {
			return nil, err
		}
		b.Handed = append(b.Handed, visitHanded{h.Event, h.Entries, h.Digest, by, instant(h.At)})
	}
	return out, nil
}

// visitRefusal is an entry that was not taken.
type visitRefusal struct {
	ID  string `json:"id" example:"5d41402abc4b2a76b9719d911017c592"`
	Why string `json:"why" example:"没有这道题：x"`
}

type visitAddedOut struct {
	Body struct {
		Refused []visitRefusal `json:"refused" nullable:"false" doc:"没有收下的；其余都已保存 · those that were not taken; the others are kept"`
	}
}

// addVisitEntries keeps what a device has noted.
func (s *server) addVisitEntries(ctx context.Context, c *caller, in *struct {
	CaseIn
	Body struct {
		Entries []VisitEntryIn `json:"entries" minItems:"1" maxItems:"200" nullable:"false"`
	}
},
) (*visitAddedOut, error) {
	var entries []visit.Entry
	for _, e := range in.Body.Entries {
		row := visit.Entry{ID: e.ID, Topic: e.Topic, After: e.After, Device: e.Device, Noted: e.Noted}
		if e.Body != nil {
			body := visit.Body(*e.Body)
			row.Body = &body
		}
		entries = append(entries, row)
	}
	refused, err := s.Visits.Add(ctx, c.scope, in.ID, entries)
	out := &visitAddedOut{}
	out.Body.Refused = []visitRefusal{}
	for _, x := range refused {
		out.Body.Refused = append(out.Body.Refused, visitRefusal{x.ID, c.t.Msg(x.Why)})
	}
	return out, err
}

// VisitPhotoIn is the bytes of a photograph that was noted.
type VisitPhotoIn struct {
	CaseIn
	Photo string `path:"photo" pattern:"^[0-9a-f]{64}$" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"照片的 SHA-256 · SHA-256 of its bytes"`
	body  io.Reader
}

// Resolve keeps the body for reading, within the limit of a photograph.
func (in *VisitPhotoIn) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	in.body = http.MaxBytesReader(w, r.Body, visit.MaxPhoto+1) // the store of visits says by itself what is too large
	return nil
}

// addVisitPhoto takes the bytes of a photograph that was noted.
func (s *server) addVisitPhoto(ctx context.Context, c *caller, in *VisitPhotoIn) (*caseFileOut, error) {
	e, err := s.Visits.AddPhoto(ctx, c.scope, in.ID, in.Photo, in.body)
	if err != nil {
		return nil, err
	}
	by, err := s.nameOf(ctx, people{}, e.Actor)
	return &caseFileOut{caseFileOf(e, by)}, err
}

// handInVisit takes the action of the case with the answers that were noted.
func (s *server) handInVisit(ctx context.Context, c *caller, in *struct {
	CaseIn
	Body struct {
		Seen   string `json:"seen,omitempty" maxLength:"64" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"get_visit 的 digest；此后又有记录则 409 · digest of get_visit; 409 where something was noted since"`
		Reason string `json:"reason,omitempty" maxLength:"2000"`
	}
},
) (*eventOut, error) {
	e, err := s.Visits.HandIn(ctx, c.scope, visit.Handing{Case: in.ID, Seen: in.Body.Seen, Reason: strings.TrimSpace(in.Body.Reason)})
	var wrong form.Problems
	if errors.As(err, &wrong) {
		v, again := s.Visits.Visit(ctx, c.scope, in.ID)
		if again != nil {
			return nil, again
		}
		entry, again := json.Marshal(v.Entry())
		if again != nil {
			return nil, again
		}
		return nil, formFaults(c.t, entry, wrong)
	}
	if err != nil {
		return nil, err
	}
	return &eventOut{takenAct{ID: e.ID, N: e.N, Kind: string(e.Kind), Action: e.Action, Who: e.Who, At: instant(e.At)}}, nil
}

func (s *server) registerVisits() {
	read := access.Need{Action: access.ReadCase}
	const one = "/cases/{id}/visit"
	handle(s, operation{id: "get_visit", tag: "cases", method: http.MethodGet, path: one, need: read}, s.getVisit)
	handle(s, operation{id: "add_visit_entries", tag: "cases", method: http.MethodPost, path: one + "/entries", need: read, body: 4 * bodyLimit}, s.addVisitEntries)
	handle(s, operation{id: "add_visit_photo", tag: "cases", method: http.MethodPost, path: one + "/photos/{photo}", need: read, status: http.StatusCreated, upload: octets}, s.addVisitPhoto)
	handle(s, operation{id: "hand_in_visit", tag: "cases", method: http.MethodPost, path: one + "/hand-in", need: read, once: true}, s.handInVisit)
}
