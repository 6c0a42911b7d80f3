package subsidy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/store"
)

// NoticeDays is how long a public notice stands, in working days.
const NoticeDays = 5

// ObjectionsPerAddress is how many objections come from one address within a quarter of an hour: an office has one for all.
const ObjectionsPerAddress = 20

// Published is a line of a public notice (公示): these fields and no others may be published.
type Published struct {
	N      int
	Firm   string
	Clause string
	Amount money.Fen
}

// Numbers of lines are typed by anybody: PostgreSQL takes those beyond a column of their size only where it is told of a larger one.
//
// A notice is a release. Notices that were public before releases were kept stand in subsidy_release, where nothing is written any more.
const (
	releaseFrom    = `SELECT n, firm, clause, fen FROM subsidy_release WHERE notice_id = $1 AND n >= CAST($2 AS BIGINT) ORDER BY n LIMIT $3`
	releaseBefore  = `SELECT n, firm, clause, fen FROM subsidy_release WHERE notice_id = $1 AND n < CAST($2 AS BIGINT) ORDER BY n DESC LIMIT $3`
	releaseOfFirm  = `SELECT n, firm, clause, fen FROM subsidy_release WHERE notice_id = $1 AND firm = $2 AND n >= CAST($3 AS BIGINT) ORDER BY n LIMIT $4`
	releasedLine   = `SELECT n, firm, clause, fen FROM subsidy_release WHERE notice_id = $1 AND n = CAST($2 AS BIGINT)`
	releasedCase   = `SELECT case_id FROM subsidy_release WHERE notice_id = $1 AND n = CAST($2 AS BIGINT)`
	openObjections = `SELECT COUNT(*) FROM subsidy_objection WHERE notice_id = $1 AND answered = 0`
)

// ReleasePage is which lines of a notice are read: at most Rows of them from the line From on, or the last ones before Before
// where that is set; of one firm alone where Firm is its full name.
type ReleasePage struct {
	From, Before int
	Firm         string
	Rows         int // 0 is 100, at most 1000
}

// Release is lines of a notice as it stands, in its order. It is public, and so asks for no scope; what it costs depends on the
// lines that it gives, however many the notice has.
func (s *Store) Release(ctx context.Context, notice int64, p ReleasePage) ([]Published, error) {
	if p.Rows <= 0 {
		p.Rows = 100
	}
	p.Rows = min(p.Rows, 1000)
	if r, found, err := releaseOf(ctx, s.DB.Read(), notice); err != nil || found {
		if err != nil || !r.Stands() {
			return nil, err
		}
		return releasedLines(ctx, s.DB.Read(), r, release.Page{From: p.From, Before: p.Before, Label: p.Firm, Rows: p.Rows})
	}
	query, args := releaseFrom, []any{notice, p.From, p.Rows}
	switch {
	case p.Firm != "":
		query, args = releaseOfFirm, []any{notice, p.Firm, p.From, p.Rows}
	case p.Before > 0:
		query, args = releaseBefore, []any{notice, p.Before, p.Rows}
	}
	rows, err := s.DB.Read().Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read notice: %w", err)
	}
	defer rows.Close()
	var all []Published
	for rows.Next() {
		var p Published
		if err := rows.Scan(&p.N, &p.Firm, &p.Clause, &p.Amount); err != nil {
			return nil, fmt.Errorf("read notice: %w", err)
		}
		all = append(all, p)
	}
	if p.Before > 0 && p.Firm == "" {
		slices.Reverse(all)
	}
	return all, noted("read notice", rows.Err())
}

// ReleasedLine is one line of a notice, as it stands or as it was last before it was corrected; NotFound where it had none of that
// number.
func (s *Store) ReleasedLine(ctx context.Context, notice int64, n int) (p Published, err error) {
	if p, err = lastLine(ctx, s.DB.Read(), notice, n); errs.KindOf(err) != errs.KindNotFound {
		return p, err
	}
	err = s.DB.Read().QueryRow(ctx, releasedLine, notice, n).Scan(&p.N, &p.Firm, &p.Clause, &p.Amount)
	if errors.Is(err, sql.ErrNoRows) {
		return p, errs.NotFound("line of a notice", n)
	}
	return p, noted("read a line of a notice", err)
}

// Notice is a public notice: of a batch of applications, or of a round without any.
type Notice struct {
	ID    int64
	Title string
	Area  string
	Call  int64      // of a batch; 0 for a round
	Began period.Day // and Ends are its first and last day
	Ends  period.Day
	Left  int  // working days that it still stands, today among them; 0 once it is over
	Sure  bool // the calendar of its days is known
	Lines int
	Sum   money.Fen // of its lines
}

// Stands says that objections are still taken.
func (n Notice) Stands() bool { return n.Left > 0 }

const (
	noticeList = `SELECT * FROM (SELECT case_id AS id, area, call_id, notice, '' AS title, notice_lines, notice_fen FROM subsidy_batch WHERE notice <> ''
		UNION ALL SELECT id, area, 0, notice, title, notice_lines, notice_fen FROM subsidy_round WHERE notice <> '') n ORDER BY notice DESC, id DESC LIMIT 500`
	noticeByID = `SELECT case_id, area, call_id, notice, '', notice_lines, notice_fen FROM subsidy_batch WHERE case_id = $1 AND notice <> ''
		UNION ALL SELECT id, area, 0, notice, title, notice_lines, notice_fen FROM subsidy_round WHERE id = $1 AND notice <> ''`
)

// Notices is the newest public notices, those that began last first. They are public, and so ask for no scope.
func (s *Store) Notices(ctx context.Context) ([]Notice, error) {
	rows, err := s.DB.Read().Query(ctx, noticeList)
	if err != nil {
		return nil, fmt.Errorf("list notices: %w", err)
	}
	var all []Notice
	for rows.Next() {
		n, err := s.scanNotice(rows)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("list notices: %w", err), rows.Close())
		}
		all = append(all, n)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("list notices: %w", err)
	}
	for i := range all {
		if err := s.nameNotice(ctx, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Notice is one public notice.
func (s *Store) Notice(ctx context.Context, id int64) (Notice, error) {
	n, err := s.scanNotice(s.DB.Read().QueryRow(ctx, noticeByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return n, errs.NotFound("notice", id)
	}
	if err != nil {
		return n, fmt.Errorf("read notice: %w", err)
	}
	return n, s.nameNotice(ctx, &n)
}

func (s *Store) scanNotice(row interface{ Scan(...any) error }) (n Notice, err error) {
	var day string
	if err := row.Scan(&n.ID, &n.Area, &n.Call, &day, &n.Title, &n.Lines, &n.Sum); err != nil {
		return n, err
	}
	if n.Began, err = period.ParseDay(day); err != nil {
		return n, err
	}
	calendar := s.Library.Calendar()
	n.Ends, n.Sure = calendar.AddWorkdays(n.Began, NoticeDays)
	if today := s.today(); today <= n.Ends {
		n.Left, _ = calendar.Workdays(today-1, n.Ends)
	}
	return n, nil
}

// nameNotice gives the notice of a batch the title of its call.
func (s *Store) nameNotice(ctx context.Context, n *Notice) error {
	if n.Call == 0 {
		return nil
	}
	c, err := callOf(ctx, s.DB.Read(), n.Call)
	n.Title = c.Title
	return err
}

// over refuses while a notice that began on a day still stands, or while an objection to it waits for its answer.
func (s *Store) over(ctx context.Context, q store.Querier, notice int64, began period.Day) error {
	due, known := s.Library.Calendar().AddWorkdays(began, NoticeDays)
	if s.today() <= due {
		return errs.Conflict(i18n.M("subsidy.notice_stands", began.String(), due.String(), calendarNote(known)))
	}
	var n int
	if err := q.QueryRow(ctx, openObjections, notice).Scan(&n); err != nil {
		return fmt.Errorf("count objections: %w", err)
	}
	if n > 0 {
		return errs.Conflict(i18n.M("subsidy.objections_open", n))
	}
	return nil
}

// calendarNote says that a day was reckoned without the calendar of its year.
func calendarNote(known bool) any {
	if known {
		return ""
	}
	return i18n.M("subsidy.calendar_unknown")
}

// Objection is what somebody says against a line of a notice.
type Objection struct {
	ID      int64
	Notice  int64
	Line    int   // of the notice
	Case    int64 // of the line; 0 for one of a round
	Text    string
	Name    string // of who objects; shown to those who answer alone
	At      int64
	Answer  string
	Upheld  bool
	By      int64
	Settled int64 // when it was answered; 0 while it is open
}

const (
	insertObjection = `INSERT INTO subsidy_objection (id, notice_id, line, case_id, text, name, at, answered, by_account, upheld, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, '')`
	answerObjection = `UPDATE subsidy_objection SET answered = $1, by_account = $2, upheld = $3, answer = $4 WHERE id = $5 AND answered = 0`
	objectionByID   = `SELECT id, notice_id, line, case_id, text, name, at, answered, by_account, upheld, answer FROM subsidy_objection WHERE id = $1`
	objectionsOf    = `SELECT id, notice_id, line, case_id, text, name, at, answered, by_account, upheld, answer FROM subsidy_objection WHERE notice_id = $1 ORDER BY id`
	sameObjection   = `SELECT id FROM subsidy_objection WHERE notice_id = $1 AND line = $2 AND name = $3 AND text = $4 AND answered = 0 LIMIT 1`
	maxObjections   = 1000 // of one notice
)

// Object files an objection to a line of a notice that stands. Anybody may. What was said in the same words and waits for its
// answer is not filed again.
func (s *Store) Object(ctx context.Context, notice int64, n int, name, text string) (int64, error) {
	text, name = strings.TrimSpace(text), strings.TrimSpace(name)
	if text == "" || name == "" {
		return 0, errs.Invalid(i18n.M("subsidy.objection_whole"))
	}
	if err := limited("subsidy.field_text", text, maxText); err != nil {
		return 0, err
	}
	if err := limited("subsidy.field_name", name, 200); err != nil {
		return 0, err
	}
	var id int64
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var of, open int64
		err := s.standing(ctx, tx, notice)
		if err != nil {
			return err
		}
		switch of, err = standingCase(ctx, tx, notice, n); {
		case errs.KindOf(err) == errs.KindNotFound:
			return errs.Invalid(i18n.M("subsidy.objection_line", n))
		case err != nil:
			return err
		}
		if err := tx.Lock(ctx, fmt.Sprintf("objections to notice %d", notice)); err != nil {
			return err
		}
		switch err := tx.QueryRow(ctx, sameObjection, notice, n, name, text).Scan(&id); {
		case err == nil:
			return nil
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		if err := tx.QueryRow(ctx, openObjections, notice).Scan(&open); err != nil {
			return err
		}
		if open >= maxObjections {
			return errs.Conflict(i18n.M("subsidy.objections_many"))
		}
		if id, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertObjection, id, notice, n, of, text, name, s.Clock.Millis())
		return err
	})
	return id, noted("object to a notice", err)
}

const noticeDay = `SELECT notice FROM subsidy_batch WHERE case_id = $1 UNION ALL SELECT notice FROM subsidy_round WHERE id = $1`

// standing refuses where a notice does not stand: objections come in time.
func (s *Store) standing(ctx context.Context, q store.Querier, notice int64) error {
	var day string
	if err := q.QueryRow(ctx, noticeDay, notice).Scan(&day); err != nil || day == "" {
		return errs.NotFound("notice", notice)
	}
	began, err := period.ParseDay(day)
	if err != nil {
		return err
	}
	if due, _ := s.Library.Calendar().AddWorkdays(began, NoticeDays); s.today() > due {
		return errs.Conflict(i18n.M("subsidy.notice_over", due.String()))
	}
	return nil
}

// Answer settles an objection in writing. What one that is right is about can no longer be granted: its case is to be struck,
// a line of a round is dropped with it.
// The scope must handle cases of the application's area.
func (s *Store) Answer(ctx context.Context, scope access.Scope, id int64, upheld bool, answer string) (Objection, error) {
	answer = strings.TrimSpace(answer)
	if answer == "" {
		return Objection{}, errs.Invalid(i18n.M("subsidy.answer_missing"))
	}
	if err := limited("subsidy.field_answer", answer, maxText); err != nil {
		return Objection{}, err
	}
	o, err := s.Objection(ctx, scope, id)
	if err != nil {
		return o, err
	}
	flag := 0
	if upheld {
		flag = 1
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if upheld && o.Case == 0 {
			// While a notice is being written its lines must stay: what is published is what is listed.
			if _, err := s.holdRound(ctx, tx, o.Notice, RoundListed, RoundNotice, RoundOpen, RoundGone); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, answerObjection, s.Clock.Millis(), scope.Account(), flag, answer, id)
		if err == nil && n == 0 {
			return errs.Conflict(i18n.M("subsidy.answered"))
		}
		if err == nil && upheld && o.Case == 0 {
			_, err = tx.Exec(ctx, dropLine, answer, scope.Account(), s.Clock.Millis(), o.Notice, o.Line) // it may have been dropped for another objection
		}
		return err
	})
	if err != nil {
		return o, noted("answer objection", err)
	}
	o.Upheld, o.Answer = upheld, answer
	return o, nil
}

// Objection is what somebody said against a line, for those who handle cases of its area.
func (s *Store) Objection(ctx context.Context, scope access.Scope, id int64) (Objection, error) {
	o, err := scanObjection(s.DB.Read().QueryRow(ctx, objectionByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Objection{}, errs.NotFound("objection", id)
	}
	if err != nil {
		return Objection{}, fmt.Errorf("read objection: %w", err)
	}
	area, err := s.areaOf(ctx, s.DB.Read(), o)
	if err == nil && !scope.Sees(access.HandleCase, area, 0) {
		err = errs.NotFound("objection", id)
	}
	if err != nil {
		return Objection{}, err
	}
	return o, nil
}

const lineArea = `SELECT area FROM subsidy_application WHERE case_id = $1 UNION ALL SELECT area FROM subsidy_round WHERE id = $2`

func (s *Store) areaOf(ctx context.Context, q store.Querier, o Objection) (area string, err error) {
	err = q.QueryRow(ctx, lineArea, o.Case, o.Notice).Scan(&area)
	return area, noted("read where an objection lies", err)
}

func scanObjection(row interface{ Scan(...any) error }) (o Objection, err error) {
	var upheld int
	err = row.Scan(&o.ID, &o.Notice, &o.Line, &o.Case, &o.Text, &o.Name, &o.At, &o.Settled, &o.By, &upheld, &o.Answer)
	o.Upheld = upheld == 1
	return o, err
}

// Objections is what was said against a notice, to those who handle cases of its lines' areas.
func (s *Store) Objections(ctx context.Context, scope access.Scope, notice int64) ([]Objection, error) {
	rows, err := s.DB.Read().Query(ctx, objectionsOf, notice)
	if err != nil {
		return nil, fmt.Errorf("read objections: %w", err)
	}
	var all []Objection
	for rows.Next() {
		o, err := scanObjection(rows)
		if err != nil {
			return nil, fmt.Errorf("read objections: %w", err)
		}
		all = append(all, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read objections: %w", err)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	var seen []Objection
	for _, o := range all {
		area, err := s.areaOf(ctx, s.DB.Read(), o)
		if err != nil {
			return nil, err
		}
		if scope.Sees(access.HandleCase, area, 0) {
			seen = append(seen, o)
		}
	}
	return seen, nil
}
