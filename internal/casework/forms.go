package casework

import (
	"context"
	"io"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Forms is what is asked at actions, by the hashes that cases pin.
type Forms interface {
	// InUse is the hash of the form in use under a code.
	InUse(code string) (hash string, ok bool)
	// Pin keeps the form with a hash for good, in the transaction that opens a case.
	Pin(ctx context.Context, tx *store.Tx, hash string) error
	// Given is what expressions may read of the answers to a form: answer.x.
	Given(ctx context.Context, hash string) (map[string]rule.Given, error)
	// Check gives the answers that an entry comes to. The error is Invalid and tells the fields that will not do.
	Check(ctx context.Context, hash string, q Asked) (Answers, error)
}

// Asked is a form as it was filled in.
type Asked struct {
	Entry   []byte       // JSON, as the form's page or the API sends it
	Case    int64        // whose files prove what is answered
	Subject rule.Subject // whose facts the form reads; nil for none
	ID      int64        // of the subject, for the statements
	Day     period.Day   // on which it is answered
	Year    int          // that the case is about
	Files   []Evidence   // that the case holds
}

// Answers is what a form comes to.
type Answers struct {
	Kept   []byte                      // JSON: what stays with the event, what was dropped included
	Given  func(id string) rule.Answer // answer.x for expressions
	Texts  func(path string) []string  // of a field, or of a column of a list: items.invoice_no
	States []fact.Statement            // facts to state, by the form's own words
	By     string                      // the authority that speaks in them
}

// FormsOf is the forms of package form.
func FormsOf(forms *form.Store) Forms { return pinnedForms{forms} }

type pinnedForms struct{ store *form.Store }

func (p pinnedForms) InUse(code string) (string, bool) {
	f, err := p.store.Set().Form(code)
	if err != nil {
		return "", false
	}
	return f.Hash, true
}

func (p pinnedForms) Pin(ctx context.Context, tx *store.Tx, hash string) error {
	return p.store.Pin(ctx, tx, hash)
}

func (p pinnedForms) Given(ctx context.Context, hash string) (map[string]rule.Given, error) {
	f, err := p.store.Form(ctx, hash)
	if err != nil {
		return nil, err
	}
	return f.Given(), nil
}

func (p pinnedForms) Check(ctx context.Context, hash string, q Asked) (Answers, error) {
	f, err := p.store.Form(ctx, hash)
	if err != nil {
		return Answers{}, err
	}
	files := form.Files{}
	for _, e := range q.Files {
		files[e.Field] = append(files[e.Field], form.File{Name: e.Name, Hash: e.SHA256, Size: e.Size, Type: form.FileType(e.Type)})
	}
	at := form.At{Subject: q.Subject, Year: q.Year, On: q.Day}
	sent := q.Entry
	if len(sent) == 0 {
		sent = []byte("{}")
	}
	result, err := f.CheckSent(at, sent, files)
	if err == nil {
		err = result.Err()
	}
	if err != nil {
		return Answers{}, err
	}
	kept, err := f.Keep(result)
	if err != nil {
		return Answers{}, err
	}
	return Answers{
		Kept: kept, Given: result.Given, By: f.By, States: f.Statements(result.Answers, at, q.ID),
		Texts: func(path string) []string { return f.Texts(result.Answers, path) },
	}, nil
}

// Looks is what a form that is for confirming is held against, and what is known of each of its questions, for one for whom its action is
// now: who is sent to a firm to look sees what they are to confirm, though they may read nothing else of it. What is personal or
// confidential is left out for who may not read it otherwise. Forbidden for an action that is not the scope's to take now.
func (s *Store) Looks(ctx context.Context, scope access.Scope, id int64, action string, f *form.Form) (form.At, map[string]form.Filled, error) {
	all, err := s.Choices(ctx, scope, id)
	if err != nil {
		return form.At{}, nil, err
	}
	if !f.Confirm || !slices.ContainsFunc(all, func(x Choice) bool { return x.ID == action && x.Form == f.Code }) {
		return form.At{}, nil, errs.Forbidden("look at what is to be confirmed")
	}
	c, w, err := s.Get(ctx, scope, id)
	if err != nil {
		return form.At{}, nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return form.At{}, nil, err
	}
	own, err := s.Frames.For(ctx, scope, whole.Seq())
	if err != nil {
		return form.At{}, nil, err
	}
	today := s.Clock.Today()
	at := form.At{Subject: s.SubjectOf(whole, c, w.Subject), Year: c.Year(today), On: today}
	known, err := f.Prefill(ctx, whole, at)
	if err != nil {
		return at, nil, err
	}
	for name, fill := range known {
		field, _ := f.Field(name)
		if !field.Fact.Sensitive() {
			continue
		}
		if cell := own.Value(fill.Subject, field.Fact.Code, fill.Period); cell.State == fact.Unknown || cell.State == fact.Withheld {
			delete(known, name)
		}
	}
	return at, known, nil
}

// SniffFile tells the types that forms may ask for apart, for Deps.Sniff.
func SniffFile(r io.ReaderAt, size int64) (string, error) {
	t, err := form.Sniff(r, size)
	return string(t), err
}
