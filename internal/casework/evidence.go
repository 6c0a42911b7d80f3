package casework

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Limits of the files of a case.
const (
	MaxFile  = 50 << 20 // bytes of one
	maxFiles = 300      // that a case holds at a time
	maxName  = 200      // characters of a name
)

// Evidence is a file of a case.
type Evidence struct {
	ID        int64
	Case      int64
	Field     string // of the form that asked for it; "" for none
	Name      string // as its sender called it
	SHA256    string
	Size      int64
	Type      string // as Deps.Sniff calls it: pdf, image, ofd …
	Actor     int64
	Who       string // what they acted as: Applicant, System, or a role; "" of old files of offices
	Shared    bool   // an office added it for the applicant to see
	Partner   int64  // that it is of: whom the case was referred to when somebody of theirs added it; 0 for none, formerPartner
	At        int64
	RemovedAt int64 // 0 while the case holds it
	ErasedAt  int64 // when its bytes were deleted by the rules of retention; 0 while they are kept
	Loose     bool  // whoever asked for it (Files) may take it away
}

// Open says that whom the case is about may see the file: it is their own, or was addressed to them.
func (f Evidence) Open() bool { return f.Who == Applicant || f.Shared }

// formerPartner is whose a file is that came from a partner once the case had been taken from it.
const formerPartner = -1

// ofAnother says that the file is of another partner than a case is referred to now: it proves nothing for that one, nor does it see the file.
func (f Evidence) ofAnother(c Case) bool { return f.Partner != 0 && f.Partner != c.Partner }

const (
	evidenceColumns = `f.id, f.case_id, f.field, f.name, f.sha256, f.size, f.type, f.actor, f.who, f.shared, f.at, f.removed_at, f.erased_at, f.partner`
	filesOf         = `SELECT ` + evidenceColumns + ` FROM case_evidence f WHERE f.case_id = $1 AND f.removed_at = 0 ORDER BY f.id`
	fileByID        = `SELECT ` + evidenceColumns + ` FROM case_evidence f WHERE f.id = $1`
	insertFile      = `INSERT INTO case_evidence (id, case_id, field, name, sha256, size, type, actor, at, removed_at, who, shared, partner) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12)`
	removeFile      = `UPDATE case_evidence SET removed_at = $1 WHERE id = $2 AND removed_at = 0`
)

func scanFile(r interface{ Scan(...any) error }) (f Evidence, err error) {
	var shared int
	err = r.Scan(&f.ID, &f.Case, &f.Field, &f.Name, &f.SHA256, &f.Size, &f.Type, &f.Actor, &f.Who, &shared, &f.At, &f.RemovedAt, &f.ErasedAt, &f.Partner)
	f.Shared = shared != 0
	return f, err
}

func evidenceOf(ctx context.Context, q store.Querier, id int64) ([]Evidence, error) {
	return store.List(ctx, q, func(r *store.Rows) (Evidence, error) { return scanFile(r) }, filesOf, id)
}

// Attachment is a file to be added to a case.
type Attachment struct {
	Case  int64
	Field string // of the form that asks for it
	Name  string
	Body  io.Reader
	// Shared has whom the case is about see what an office adds. What they add themselves they always see.
	Shared bool
	// Duty is an action for which the file was made: who has to take it (Standing.Duties), or had (Served), may add the file also after the
	// case has moved on.
	Duty string
}

// Attach adds a file to a case: for those for whom the case waits, and for those who may act in it. Its bytes are kept once
// under their hash, its type is told from its bytes, and its name is kept as it was sent. It fails with NotFound where the
// scope may not see the case, with Forbidden where it has nothing to do in it, and with Invalid for a file that is too
// large, of no known type, or refused by the scanner.
func (s *Store) Attach(ctx context.Context, scope access.Scope, a Attachment) (Evidence, error) {
	c, who, err := s.attacher(ctx, scope, a)
	if err != nil {
		return Evidence{}, err
	}
	f := Evidence{Case: c.ID, Field: a.Field, Name: tidyName(a.Name), Actor: scope.Account(), Who: who, Shared: a.Shared && who != Applicant, At: s.Clock.Millis()}
	if access.Role(who).Partner() {
		f.Partner = c.Partner
	}
	if f.Name == "" || len(f.Field) > 64 {
		return Evidence{}, errs.Invalid(i18n.M("casework.file_name_empty"))
	}
	if f.SHA256, f.Size, err = s.Blobs.Put(a.Body, MaxFile); err != nil {
		return Evidence{}, err
	}
	if f.Type, err = s.sniff(f); err == nil && s.Scan != nil {
		err = s.Scan(ctx, f.SHA256, f.Size)
	}
	if errs.KindOf(err) == errs.KindInvalid {
		// What these bytes are refused for, anybody who brings them is refused for.
		err = errors.Join(err, s.forget(ctx, f.SHA256))
	}
	if err == nil {
		// Where this fails the bytes stay and belong to nothing: another may have brought the same, and be about to note them.
		err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return addFile(ctx, tx, &f) })
	}
	if err != nil {
		return Evidence{}, fmt.Errorf("attach %q to case %d: %w", f.Name, c.ID, err)
	}
	return f, nil
}

// attacher is the case of an attachment, and what the scope adds it as.
func (s *Store) attacher(ctx context.Context, scope access.Scope, a Attachment) (Case, string, error) {
	c, w, obj, err := s.see(ctx, scope, a.Case)
	if errs.KindOf(err) == errs.KindNotFound && a.Duty != "" {
		return s.servant(ctx, scope, a)
	}
	if err != nil {
		return c, "", err
	}
	who := adds(scope, w, c, obj)
	if duty, ok := w.actions[a.Duty]; ok && who == "" {
		who = duty.doer(scope, obj)
	}
	if who == "" {
		return c, "", errs.Forbidden(fmt.Sprintf("attach a file to case %d", a.Case))
	}
	return c, who, nil
}

// servant is the same for who was to take the action of an attachment once.
func (s *Store) servant(ctx context.Context, scope access.Scope, a Attachment) (Case, string, error) {
	st, err := s.Served(ctx, scope, a.Case)
	if err != nil {
		return st.Case, "", err
	}
	i := slices.IndexFunc(st.Duties, func(d *Action) bool { return d.ID == a.Duty })
	if i < 0 {
		return st.Case, "", errs.NotFound("case", a.Case)
	}
	st.Case.Partner = formerPartner
	return st.Case, st.Duties[i].Who[0], nil
}

func addFile(ctx context.Context, tx *store.Tx, f *Evidence) error {
	if _, err := tx.Exec(ctx, lockCase, f.Case); err != nil {
		return err
	}
	have, err := evidenceOf(ctx, tx, f.Case)
	switch {
	case err != nil:
		return err
	case len(have) >= maxFiles:
		return errs.Conflict(i18n.M("casework.many_files", maxFiles))
	case slices.ContainsFunc(have, func(o Evidence) bool {
		return o.SHA256 == f.SHA256 && o.Field == f.Field && o.Open() == f.Open() && o.Partner == f.Partner
	}):
		return errs.Conflict(i18n.M("casework.file_twice", f.Name))
	}
	if f.ID, err = tx.NextIDs(ctx, 1); err != nil {
		return err
	}
	shared := 0
	if f.Shared {
		shared = 1
	}
	audit.Note(tx, loggedFile, f.ID)
	_, err = tx.Exec(ctx, insertFile, f.ID, f.Case, f.Field, f.Name, f.SHA256, f.Size, f.Type, f.Actor, f.At, f.Who, shared, f.Partner)
	return err
}

const usesOfHash = `SELECT COUNT(*) FROM case_evidence WHERE sha256 = $1 AND erased_at = 0`

// forget takes the bytes of a refused file away, unless some case holds them.
func (s *Store) forget(ctx context.Context, sha string) error {
	if sha == "" {
		return nil
	}
	var n int
	if err := s.DB.Read().QueryRow(context.WithoutCancel(ctx), usesOfHash, sha).Scan(&n); err != nil || n > 0 {
		return err
	}
	return s.Blobs.Remove(sha)
}

// sniff is what a stored file is, by its bytes.
func (s *Store) sniff(f Evidence) (string, error) {
	file, err := s.Blobs.Get(f.SHA256)
	if err != nil {
		return "", err
	}
	typ, err := s.Sniff(file, f.Size)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	if typ == "" {
		return "", errs.Invalid(i18n.M("casework.file_type", f.Name))
	}
	return typ, nil
}

// adds is what the scope adds files as: one of those who may act in the case where it stands; "" for who may not.
func adds(scope access.Scope, w *Workflow, c Case, obj access.Object) string {
	for _, a := range w.ActionsFrom(c.State) {
		if word := a.doer(scope, obj); word != "" {
			return word
		}
	}
	return ""
}

// tidyName is the last part of a name without what no name has.
func tidyName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, name)
	return clip(strings.TrimSpace(name), maxName)
}

// Detach takes a file away from a case. Whoever added it may, while the case stands where it was added or later waits for
// them; it is a Conflict once others have it before them, who must see what was handed in. What an approval stands on keeps its
// hash, and the bytes are never deleted.
func (s *Store) Detach(ctx context.Context, scope access.Scope, file int64) error {
	f, c, _, obj, err := s.file(ctx, scope, file)
	if err != nil {
		return err
	}
	if f.Actor != scope.Account() {
		return errs.Forbidden(fmt.Sprintf("take file %d away", file))
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, lockCase, c.ID); err != nil {
			return err
		}
		c, w, err := s.load(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if !loose(scope, w, c, obj, f) {
			return errs.Conflict(i18n.M("casework.file_stands", f.Name))
		}
		n, err := tx.Exec(ctx, removeFile, s.Clock.Millis(), file)
		if err == nil && n == 0 {
			return errs.NotFound("file", file)
		}
		return err
	})
}

// loose says that the scope may take a file away.
func loose(scope access.Scope, w *Workflow, c Case, obj access.Object, f Evidence) bool {
	switch {
	case f.Actor != scope.Account() || c.Ended != "":
		return false
	case f.At >= c.Since:
		return adds(scope, w, c, obj) != ""
	}
	return slices.ContainsFunc(w.states[c.State].asks(), func(who string) bool { return actsAs(scope, who, obj) })
}

func (s *Store) file(ctx context.Context, scope access.Scope, id int64) (Evidence, Case, *Workflow, access.Object, error) {
	f, err := scanFile(s.DB.Read().QueryRow(ctx, fileByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = errs.NotFound("file", id)
	}
	if err != nil {
		return f, Case{}, nil, access.Object{}, err
	}
	c, w, obj, err := s.see(ctx, scope, f.Case)
	if errs.KindOf(err) == errs.KindNotFound || err == nil && (outside(scope, obj) && !f.Open() || !office(scope, obj) && f.ofAnother(c)) {
		err = errs.NotFound("file", id)
	}
	return f, c, w, obj, err
}

// What is noted as read of an enterprise where a file or the dossier of a case is handed out (access.Scope.Saw): nobody knows what is in
// it. They stand beside the codes of definitions, of which they are none.
const (
	ReadFile    = "case.file"
	ReadDossier = "case.dossier"
)

// OpenFile is a file of a case that the scope may see, removed ones included, which approvals may stand on. The caller
// closes it. That it is read is noted.
func (s *Store) OpenFile(ctx context.Context, scope access.Scope, id int64) (Evidence, *os.File, error) {
	f, c, _, _, err := s.file(ctx, scope, id)
	if err != nil {
		return Evidence{}, nil, err
	}
	if f.ErasedAt != 0 {
		return f, nil, &errs.Error{Kind: errs.KindNotFound, Msg: i18n.M("casework.file_erased", clock.DayOf(f.ErasedAt).String())}
	}
	scope.Saw(c.Enterprise, ReadFile)
	body, err := s.Blobs.Get(f.SHA256)
	return f, body, err
}

// Files is what a case holds. Whom it is about sees their own files and those that were added for them: reports and opinions
// of offices are not. A partner does not see what another added that had the case before it.
func (s *Store) Files(ctx context.Context, scope access.Scope, id int64) ([]Evidence, error) {
	c, w, obj, err := s.see(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	all, err := evidenceOf(ctx, s.DB.Read(), id)
	for i := range all {
		all[i].Loose = all[i].RemovedAt == 0 && loose(scope, w, c, obj, all[i])
	}
	own, official := outside(scope, obj), office(scope, obj)
	return slices.DeleteFunc(all, func(f Evidence) bool { return own && !f.Open() || !official && f.ofAnother(c) }), err
}

// Twin is something of a case that stands in another case too.
type Twin struct {
	Kind  string // file, or the kind of a mark, such as invoice
	Value string // the hash, the number
	Name  string // of the file in this case
	Other Case   // the zero Case where the reader may not see it: only that there is one
}

const (
	twinFiles = `SELECT m.sha256, m.name, ` + caseColumns + ` FROM case_evidence m
	JOIN case_evidence o ON o.sha256 = m.sha256 AND o.case_id <> m.case_id AND o.removed_at = 0
	JOIN case_head c ON c.id = o.case_id WHERE m.case_id = $1 AND m.removed_at = 0 ORDER BY m.id, c.id`
	twinMarks = `SELECT m.kind, m.value, ` + caseColumns + ` FROM case_mark m
	JOIN case_mark o ON o.kind = m.kind AND o.value = m.value AND o.case_id <> m.case_id
	JOIN case_head c ON c.id = o.case_id WHERE m.case_id = $1 ORDER BY m.kind, m.value, c.id`
)

// Twins is the files and marks of a case that stand in other cases too. Of a case that the reader may not see it says no
// more than that there is one. It is for offices: whom the case is about learns nothing of other cases, nor does a partner.
func (s *Store) Twins(ctx context.Context, scope access.Scope, id int64) ([]Twin, error) {
	_, _, obj, err := s.see(ctx, scope, id)
	if err != nil || !office(scope, obj) {
		return nil, err
	}
	scan := func(marks bool) func(r *store.Rows) (Twin, error) {
		return func(r *store.Rows) (Twin, error) {
			t := Twin{Kind: "file"}
			first, second := &t.Value, &t.Name
			if marks {
				first, second = &t.Kind, &t.Value
			}
			c := &t.Other
			var data string
			return t, r.Scan(first, second, &c.ID, &c.Workflow, &c.Hash, &c.Title, &c.Subject, &c.Enterprise, &c.Area, &c.Partner, &c.Batch, &c.OpenedAt,
				&c.State, &c.Since, &c.Moved, &c.Events, &c.Ended, &data)
		}
	}
	all, err := store.List(ctx, s.DB.Read(), scan(false), twinFiles, id)
	if err != nil {
		return nil, err
	}
	marks, err := store.List(ctx, s.DB.Read(), scan(true), twinMarks, id)
	if err != nil {
		return nil, err
	}
	all = append(all, marks...)
	for i := range all {
		obj, err := s.objectOf(ctx, s.DB.Read(), all[i].Other)
		if err != nil {
			return nil, err
		}
		if !scope.SeesObject(access.ReadCase, obj) {
			all[i].Other = Case{}
		}
	}
	return slices.CompactFunc(all, func(a, b Twin) bool { return a.Kind == b.Kind && a.Value == b.Value && a.Other.ID == b.Other.ID }), nil
}
