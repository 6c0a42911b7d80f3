package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Carrier takes a letter out of the product. The receipt is what the other side said on taking it. An error that wraps
// ErrRefused is final; any other may pass.
type Carrier interface {
	Carry(ctx context.Context, l Letter) (receipt string, err error)
}

// ErrRefused says that the other side will not take a letter, however often it is brought.
var ErrRefused = errors.New("refused")

// Letter is a delivery as a carrier takes it.
type Letter struct {
	Mark    string // the same each time that this letter is brought
	Channel Channel
	Kind    Kind
	To      string // address of Channel; "" for Hook
	Lang    i18n.Lang
	Subject string
	Text    string // of Hook, a Told as JSON
	At      time.Time
}

// Told is a message as another system gets it, in both languages.
type Told struct {
	Kind  Kind      `json:"kind"`
	Title i18n.Text `json:"title"`
	Body  i18n.Text `json:"body"`
	Link  string    `json:"link,omitempty"`
	To    struct {
		Account string `json:"account,omitempty"` // its login
		Role    string `json:"role,omitempty"`
		Area    string `json:"area,omitempty"`
		Party   string `json:"party,omitempty"`
	} `json:"to"`
}

// Sender makes deliveries of messages and brings them to those who carry them. Every process of an installation runs one,
// in one goroutine.
type Sender struct {
	store    *Store
	carriers map[Channel]Carrier
	site     string // before the path of a link, "https://smart.example.cn"; "" leaves links out
	report   func(error)
	digested period.Day // last day on whose morning every digest was seen to
}

// NewSender is the sender over a store; a channel without a carrier is not used. Site is what stands before a link's path.
func NewSender(s *Store, carriers map[Channel]Carrier, site string, report func(error)) *Sender {
	return &Sender{store: s, carriers: carriers, site: strings.TrimSuffix(site, "/"), report: report}
}

// Carries are the channels that are in use.
func (s *Sender) Carries(c Channel) bool { return s.carriers[c] != nil }

// How the sender works.
const (
	turnEvery = 2 * time.Second
	atATime   = 4  // letters under way
	batch     = 50 // of messages and of deliveries in one turn
	attempt   = 20 * time.Second
	digestAt  = 8*time.Hour + 30*time.Minute // in Beijing
	digestMax = 100                          // messages in one digest
)

// Run works until ctx ends; a letter under way is brought to its end first.
func (s *Sender) Run(ctx context.Context) {
	for {
		more, err := s.Turn(ctx)
		if err != nil && ctx.Err() == nil {
			s.report(err)
		}
		wait := turnEvery
		if more && err == nil {
			wait = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Turn does once what there is to do; more says that there may be more at once. What fails is told in the error, and the
// rest is done all the same.
func (s *Sender) Turn(ctx context.Context) (more bool, err error) {
	handed, notHanded := s.handOut(ctx)
	notGathered := s.digests(ctx)
	ids, notRead := s.store.due(ctx, batch)
	var group errgroup.Group
	group.SetLimit(atATime)
	for _, id := range ids {
		group.Go(func() error { return s.send(ctx, id) })
	}
	return handed == batch || len(ids) >= batch, errors.Join(notHanded, notGathered, notRead, group.Wait())
}

// send brings one letter, unless another process does.
func (s *Sender) send(ctx context.Context, id int64) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	d, ok, err := s.store.take(ctx, id)
	if err != nil || !ok {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), attempt)
	defer cancel()
	return s.store.settle(context.WithoutCancel(ctx), d, s.carry(ctx, d))
}

func (s *Sender) carry(ctx context.Context, d delivery) outcome {
	carrier := s.carriers[d.Channel]
	if carrier == nil {
		return outcome{result: "no carrier for " + string(d.Channel)}
	}
	receipt, err := carrier.Carry(ctx, Letter{
		Mark: d.Mark, Channel: d.Channel, Kind: d.Kind, To: string(d.Address), Lang: d.Lang, Subject: d.Subject, Text: d.Text, At: time.UnixMilli(d.At).In(clock.Beijing),
	})
	if err != nil {
		return outcome{forGood: errors.Is(err, ErrRefused), result: err.Error()}
	}
	return outcome{sent: true, result: receipt}
}

const (
	freshNotices = `SELECT id FROM notice WHERE handed_at = 0 ORDER BY id LIMIT $1`
	takeNotice   = `UPDATE notice SET handed_at = $1 WHERE id = $2 AND handed_at = 0`
	readNotice   = `SELECT ` + itemColumns + ` FROM notice n WHERE n.id = $1`
	insertDigest = `INSERT INTO notice_digest (account_id, notice_id) VALUES ($1, $2)`
)

// handOut makes deliveries of messages that nobody has looked at, and gives how many messages.
func (s *Sender) handOut(ctx context.Context) (int, error) {
	var ids []int64
	err := each(ctx, s.store.DB.Read(), freshNotices, []any{batch}, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read new messages: %w", err)
	}
	var failed []error
	for _, id := range ids {
		err := s.store.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.Exec(ctx, takeNotice, s.store.Machine.Millis(), id)
			if err != nil || n == 0 {
				return err
			}
			return s.handOutOne(ctx, tx, id)
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("hand out message %d: %w", id, err))
		}
	}
	return len(ids), errors.Join(failed...)
}

func (s *Sender) handOutOne(ctx context.Context, tx *store.Tx, id int64) error {
	x, err := scanItem(tx.QueryRow(ctx, readNotice, id))
	if err != nil {
		return err
	}
	accounts, err := s.store.receivers(ctx, tx, x.To)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if err := s.toPerson(ctx, tx, x, a); err != nil {
			return err
		}
	}
	if !s.Carries(Hook) {
		return nil
	}
	text, err := s.told(x, accounts)
	if err != nil {
		return err
	}
	return s.post(ctx, tx, delivery{
		Mark: "notice-" + strconv.FormatInt(x.ID, 10), Channel: Hook, Kind: x.Kind, Lang: i18n.ZH, Text: text, notices: []int64{x.ID},
	})
}

// receivers are the accounts in use that a message is for at this moment.
func (s *Store) receivers(ctx context.Context, q store.Querier, to To) ([]access.Account, error) {
	var r access.Reach
	switch {
	case to.Account != 0:
		r.Accounts = []int64{to.Account}
	case to.Party != 0:
		r.Parties = s.Same(to.Party)
	default:
		r.Roles = []access.Role{to.Role}
		for _, n := range s.Areas.Path(to.Area) {
			r.Areas = append(r.Areas, n.Code)
		}
		if to.Area == "" {
			r.Areas = []string{""}
		}
	}
	return s.Access.Receivers(ctx, q, r)
}

func (s *Sender) toPerson(ctx context.Context, tx *store.Tx, x Item, a access.Account) error {
	p, err := readPerson(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	for _, c := range personal {
		address, known := p.Addresses[c]
		if !known || !s.Carries(c) {
			continue
		}
		switch p.Ways[x.Kind][c] {
		case Now:
			d := delivery{
				Mark: fmt.Sprintf("notice-%d-%d-%s", x.ID, a.ID, c), Channel: c, Kind: x.Kind, Account: a.ID, Address: address, Lang: p.Lang, notices: []int64{x.ID},
			}
			t := i18n.T{Lang: p.Lang}
			d.Subject = t.S("notice.mail_subject", x.Title)
			d.Text = s.letter(t, a.Name, x)
			if c == SMS {
				d.Text = t.S("notice.sms_text", x.Title, s.link(x.Link))
			}
			err = s.post(ctx, tx, d)
		case Digest:
			_, err = tx.Exec(ctx, insertDigest, a.ID, x.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Sender) post(ctx context.Context, tx *store.Tx, d delivery) (err error) {
	if d.ID, err = tx.NextIDs(ctx, 1); err != nil {
		return err
	}
	return s.store.deliver(ctx, tx, d)
}

func (s *Sender) link(path string) string {
	if s.site == "" {
		return ""
	}
	return s.site + path
}

// letter is a message as a mail.
func (s *Sender) letter(t i18n.T, name string, x Item) string {
	parts := []string{t.S("notice.mail_greeting", name), s.entry(t, x), t.S("notice.mail_why", t.S("notice.kind."+string(x.Kind)))}
	return strings.Join(append(parts, s.foot(t)...), "\n\n") + "\n"
}

// entry is a message within a mail: title, text, where it leads.
func (s *Sender) entry(t i18n.T, x Item) string {
	lines := []string{t.Msg(x.Title)}
	if !x.Body.IsZero() {
		lines = append(lines, t.Msg(x.Body))
	}
	if x.Link != "" && s.site != "" {
		lines = append(lines, s.link(x.Link))
	}
	return strings.Join(lines, "\n")
}

func (s *Sender) foot(t i18n.T) []string {
	if s.site == "" {
		return []string{t.S("notice.mail_foot")}
	}
	return []string{t.S("notice.mail_foot_link", s.link("/account/messages"))}
}

// told is a message for another system.
func (s *Sender) told(x Item, accounts []access.Account) (string, error) {
	told := Told{Kind: x.Kind, Title: x.Title.Both(), Link: s.link(x.Link)}
	if !x.Body.IsZero() {
		told.Body = x.Body.Both()
	}
	told.To.Role, told.To.Area = string(x.To.Role), x.To.Area
	if x.To.Party != 0 {
		told.To.Party = strconv.FormatInt(x.To.Party, 10)
	}
	if x.To.Account != 0 && len(accounts) > 0 {
		told.To.Account = accounts[0].Login
	}
	b, err := json.Marshal(told)
	return string(b), err
}

const (
	digestAccounts = `SELECT DISTINCT account_id FROM notice_digest ORDER BY account_id`
	digestItems    = `SELECT ` + itemColumns + `, EXISTS (SELECT 1 FROM notice_read r WHERE r.account_id = $1 AND r.notice_id = n.id)
FROM notice n JOIN notice_digest d ON d.notice_id = n.id WHERE d.account_id = $1 ORDER BY n.id`
	clearDigest = `DELETE FROM notice_digest WHERE account_id = $1`
)

// digests sends each account what has gathered, once on a working day, in the morning. Of several processes that come to
// it, one does; what comes later waits for the next morning.
func (s *Sender) digests(ctx context.Context) error {
	today := s.store.Clock.Today()
	if s.digested == today || !s.store.Calendar.IsWorkday(today) || inBeijing(s.store.Clock) < digestAt || !s.Carries(Mail) {
		return nil
	}
	var accounts []int64
	err := each(ctx, s.store.DB.Read(), digestAccounts, nil, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		accounts = append(accounts, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("read digests: %w", err)
	}
	var failed []error
	for _, id := range accounts {
		mark := fmt.Sprintf("digest-%d-%s", id, today)
		err := s.store.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Lock(ctx, "notice digest"); err != nil {
				return err
			}
			var sent int
			if err := tx.QueryRow(ctx, markTaken, mark).Scan(&sent); err != nil || sent > 0 {
				return err
			}
			return s.digest(ctx, tx, id, mark)
		})
		if err != nil {
			failed = append(failed, fmt.Errorf("send digest of account %d: %w", id, err))
		}
	}
	if len(failed) == 0 {
		s.digested = today
	}
	return errors.Join(failed...)
}

// digest puts what has gathered for an account into one mail: what it has not read meanwhile and is still for it.
func (s *Sender) digest(ctx context.Context, tx *store.Tx, account int64, mark string) error {
	items, err := readItems(ctx, tx, digestItems, account)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, clearDigest, account); err != nil {
		return err
	}
	p, err := readPerson(ctx, tx, account)
	if err != nil {
		return err
	}
	address, known := p.Addresses[Mail]
	if !known {
		return nil
	}
	t, name := i18n.T{Lang: p.Lang}, ""
	d := delivery{Mark: mark, Channel: Mail, Kind: Gathered, Account: account, Address: address, Lang: p.Lang}
	var entries []string
	for _, x := range items {
		accounts, err := s.store.receivers(ctx, tx, x.To)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if a.ID == account && !x.Read {
				name = a.Name
				d.notices = append(d.notices, x.ID)
				entries = append(entries, fmt.Sprintf("%d. %s", len(entries)+1, s.entry(t, x)))
			}
		}
	}
	if len(entries) == 0 {
		return nil
	}
	day := s.store.Clock.Today().String()
	d.Subject = t.S("notice.digest_subject", len(entries), day)
	if more := len(entries) - digestMax; more > 0 {
		entries = append(entries[:digestMax], t.S("notice.digest_more", more))
	}
	parts := append([]string{t.S("notice.mail_greeting", name), t.S("notice.digest_lead", len(d.notices), day)}, entries...)
	d.Text = strings.Join(append(parts, s.foot(t)...), "\n\n") + "\n"
	return s.post(ctx, tx, d)
}
