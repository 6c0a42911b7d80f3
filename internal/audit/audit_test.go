package audit_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	_ "modernc.org/sqlite" // to change what no statement of ours may

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var schemas = []store.Migrations{audit.Migrations, {Package: "trial", FS: fstest.MapFS{"migrations/0001_trial.sql": {Data: []byte(`
CREATE TABLE trial_deed (id BIGINT NOT NULL PRIMARY KEY, owner BIGINT NOT NULL, word TEXT NOT NULL, note TEXT);
CREATE TABLE trial_line (deed BIGINT NOT NULL, n INTEGER NOT NULL, fen BIGINT NOT NULL, PRIMARY KEY (deed, n));
`)}}}}

var deeds = &audit.Kind{
	Name: "trial.deed",
	Parts: []audit.Part{
		{"deed", `SELECT id, owner, word, note FROM trial_deed WHERE id = $1`},
		{"lines", `SELECT n, fen FROM trial_line WHERE deed = $1 ORDER BY n`},
	},
	All:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM trial_deed`,
	Case: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM trial_deed WHERE owner = $1`,
}

var kinds = []*audit.Kind{deeds}

func now() clock.Clock { return clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)) }

// write writes a deed with as many lines as it has runes.
func write(ctx context.Context, db *store.DB, id int64, word string, logged bool) error {
	return db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if logged {
			audit.Note(tx, deeds, id)
			audit.Note(tx, deeds, id) // which is logged once
		}
		if _, err := tx.Exec(ctx, `INSERT INTO trial_deed (id, owner, word, note) VALUES ($1, $2, $3, $4)`, id, id%3, word, nil); err != nil {
			return err
		}
		for n := range len([]rune(word)) {
			if _, err := tx.Exec(ctx, `INSERT INTO trial_line (deed, n, fen) VALUES ($1, $2, $3)`, id, n, id*100+int64(n)); err != nil {
				return err
			}
		}
		return nil
	})
}

func keyOf(t testing.TB, db *store.DB) *audit.Key {
	t.Helper()
	origin, err := audit.Origin(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	key, err := audit.OpenKey(filepath.Join(t.TempDir(), "audit.key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func checked(t testing.TB, db *store.DB) *audit.Checked {
	t.Helper()
	c, err := audit.Check(context.Background(), db, kinds)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLog: what is written is logged, proven and consistent, on both databases, with 16 who write at once and some who fail.
func TestLog(t *testing.T) {
	storetest.Each(t, schemas, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		if err := audit.Adopt(ctx, db, kinds, now()); err != nil {
			t.Fatal(err)
		}
		key := keyOf(t, db)
		first, err := audit.Seal(ctx, db, key, now())
		if err != nil {
			t.Fatal(err)
		}
		const deedsOfOne = 40
		var g errgroup.Group
		for w := range 16 {
			g.Go(func() error {
				for n := range deedsOfOne {
					id := int64(w*deedsOfOne + n + 1)
					if n%5 == 4 {
						err := db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
							audit.Note(tx, deeds, id+1_000_000)
							_, err := tx.Exec(ctx, `INSERT INTO trial_deed (id, owner, word, note) VALUES ($1, 1, 'no', '')`, id+1_000_000)
							return errors.Join(err, errors.New("no"))
						})
						if err == nil {
							return errors.New("what fails is kept")
						}
					}
					if err := write(ctx, db, id, fmt.Sprintf("事 <%d>\n", id), true); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		middle, err := audit.Seal(ctx, db, key, now())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := audit.Seal(ctx, db, key, now()); err != nil || string(again) != string(middle) {
			t.Errorf("sealed again without anything new: %v", err)
		}
		if err := write(ctx, db, 5000, "后来", true); err != nil {
			t.Fatal(err)
		}
		last, err := audit.Seal(ctx, db, key, now())
		if err != nil {
			t.Fatal(err)
		}
		if c := checked(t, db); c.Found > 0 || c.Leaves != 16*deedsOfOne+1 || c.Checkpoints != 3 {
			t.Errorf("checked %d leaves, %d checkpoints: %v", c.Leaves, c.Checkpoints, c.Faults)
		}
		heads := map[string]audit.Checkpoint{}
		for name, msg := range map[string][]byte{"first": first, "middle": middle, "last": last} {
			if heads[name], err = audit.OpenCheckpoint(msg, key.Public()); err != nil {
				t.Fatal(err)
			}
		}
		p := audit.NewProver(ctx, db.Read(), heads["last"])
		for _, old := range []string{"first", "middle", "last"} {
			proof, err := p.Consistency(heads[old])
			if err == nil {
				err = audit.Consistent(proof, heads[old], heads["last"])
			}
			if err != nil {
				t.Errorf("from %s to last: %v", old, err)
			}
		}
		for _, id := range []int64{1, 300, 640, 5000} {
			proof, err := p.Prove(ctx, deeds, audit.Ref{id})
			if err == nil {
				err = proof.Check(heads["last"])
			}
			if err != nil {
				t.Errorf("deed %d: %v", id, err)
			}
			if err := proof.Check(heads["middle"]); err == nil {
				t.Errorf("deed %d: proven in a tree of another size", id)
			}
		}
		if _, err := audit.NewProver(ctx, db.Read(), heads["middle"]).Prove(ctx, deeds, audit.Ref{5000}); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("what came after a checkpoint is proven in it: %v", err)
		}
		mine, err := audit.OfCase(ctx, db.Read(), kinds, 2)
		if err != nil || len(mine) != 16*deedsOfOne/3+1 {
			t.Errorf("of case 2: %d, %v", len(mine), err)
		}
	})
}

// TestFaults changes each thing that the log stands on, past the guards of the database, and wants each to be found.
func TestFaults(t *testing.T) {
	plants := []struct{ name, sql, want string }{
		{"nothing", `SELECT 1`, ""},
		{"a text", `UPDATE trial_deed SET word = 'x' WHERE id = 77`, "audit.fault_changed trial.deed 77"},
		{"none for a text", `UPDATE trial_deed SET note = '' WHERE id = 77`, "audit.fault_changed trial.deed 77"},
		{"an amount", `UPDATE trial_line SET fen = fen + 1 WHERE deed = 300 AND n = 0`, "audit.fault_changed trial.deed 300"},
		{"a line more", `INSERT INTO trial_line (deed, n, fen) VALUES (12, 90, 1)`, "audit.fault_changed trial.deed 12"},
		{"a line less", `DELETE FROM trial_line WHERE deed = 12 AND n = 0`, "audit.fault_changed trial.deed 12"},
		{"a thing deleted", `DELETE FROM trial_deed WHERE id = 500`, "audit.fault_gone trial.deed 500"},
		{"a thing written past the log", `INSERT INTO trial_deed (id, owner, word, note) VALUES (9000, 1, 'x', NULL)`, "audit.fault_missing trial.deed 9000"},
		{"a leaf deleted", `DELETE FROM audit_leaf WHERE n = 511`, "audit.fault_gap"},
		{"the last leaf deleted", `DELETE FROM audit_leaf WHERE n = 599`, "audit.fault_head"},
		{"a thing and its leaf deleted", `DELETE FROM trial_deed WHERE id = 600; DELETE FROM audit_leaf WHERE n = 599; UPDATE audit_tree SET size = 599`, "audit.fault_tree"},
		{"a digest", `UPDATE audit_leaf SET digest = (SELECT digest FROM audit_leaf WHERE n = 3) WHERE n = 2`, "audit.fault_hash"},
		{"a salt", `UPDATE audit_leaf SET salt = (SELECT salt FROM audit_leaf WHERE n = 3) WHERE n = 2`, "audit.fault_changed trial.deed 3"},
		{"two leaves change places", `UPDATE audit_leaf SET n = n + 10000 WHERE n IN (4, 5); UPDATE audit_leaf SET n = 10009 - n + 10000 - 10000 WHERE n > 9999`, "audit.fault_hash"},
		{"a hash", `UPDATE audit_hash SET hash = (SELECT hash FROM audit_hash WHERE level = 8 AND n = 0) WHERE level = 8 AND n = 1`, "audit.fault_hash"},
		{"a hash deleted", `DELETE FROM audit_hash WHERE level = 9`, "audit.fault_hash"},
		{"a hash more", `INSERT INTO audit_hash (level, n, hash) VALUES (20, 7, '')`, "audit.fault_head"},
		{"the edge", `UPDATE audit_tree SET edge = ''`, "audit.fault_tree"},
		{"a checkpoint", `UPDATE audit_checkpoint SET note = REPLACE(note, '600', '601')`, "audit.fault_checkpoint"},
		{"a checkpoint beyond the end", `UPDATE audit_checkpoint SET size = 601`, "audit.fault_checkpoint_lost"},
	}
	ctx := context.Background()
	whole, _ := filled(t, 600)
	if _, err := audit.Seal(ctx, whole, keyOf(t, whole), now()); err != nil {
		t.Fatal(err)
	}
	for _, p := range plants {
		t.Run(p.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "copy.db")
			if _, err := whole.Copy(ctx, file); err != nil {
				t.Fatal(err)
			}
			db, err := store.Open(ctx, "sqlite:"+file, schemas)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			past, err := sql.Open("sqlite", file)
			if err != nil {
				t.Fatal(err)
			}
			defer past.Close()
			for _, table := range []string{"leaf", "hash", "checkpoint"} {
				for _, guard := range []string{"kept", "stays"} {
					if _, err := past.Exec(`DROP TRIGGER audit_` + table + `_` + guard); err != nil {
						t.Fatal(err)
					}
				}
			}
			if _, err := past.Exec(p.sql); err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, f := range checked(t, db).Faults {
				found = append(found, strings.TrimSpace(f.String()))
			}
			if p.want == "" && len(found) > 0 || p.want != "" && !slices.Contains(found, p.want) {
				t.Errorf("found %q, want %q", found, p.want)
			}
		})
	}
}

// TestWaiting: what was changed before its leaf got its place is found too, and a leaf gets it once, with the guards of the database.
func TestWaiting(t *testing.T) {
	storetest.Each(t, schemas, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		if err := audit.Adopt(ctx, db, kinds, now()); err != nil {
			t.Fatal(err)
		}
		const n = 2100 // more than get their places in one transaction
		for first := int64(1); first <= n; first += 300 {
			err := db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
				for id := first; id < first+300; id++ {
					audit.Note(tx, deeds, id)
					if _, err := tx.Exec(ctx, `INSERT INTO trial_deed (id, owner, word, note) VALUES ($1, 1, 'x', NULL)`, id); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		exec := func(query string) error {
			return db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, query)
				return err
			})
		}
		for _, query := range []string{
			`UPDATE audit_leaf SET digest = salt WHERE ref = '7'`,
			`UPDATE audit_leaf SET digest = salt, n = 0 WHERE ref = '7'`,
			`DELETE FROM audit_leaf WHERE ref = '7'`,
		} {
			if exec(query) == nil {
				t.Errorf("the database allows %s", query)
			}
		}
		if err := exec(`UPDATE trial_deed SET word = 'y' WHERE id = 7`); err != nil {
			t.Fatal(err)
		}
		c := checked(t, db)
		if c.Leaves != n || c.Found != 1 || c.Faults[0].String() != "audit.fault_changed trial.deed 7" {
			t.Errorf("%d leaves, %v", c.Leaves, c.Faults)
		}
		if exec(`UPDATE audit_leaf SET n = 9999 WHERE ref = '7'`) == nil {
			t.Error("the database allows a leaf another place")
		}
	})
}

// TestWrote: a thing that is told as it is written is the one that is read; parts that were not told of are missed.
func TestWrote(t *testing.T) {
	storetest.Each(t, schemas, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		columns := []string{"id", "owner", "word", "note"}
		put := func(id int64, parts ...[]audit.Rows) {
			t.Helper()
			err := db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
				for _, p := range parts {
					audit.NoteParts(tx, deeds, p, id)
				}
				_, err := tx.Exec(ctx, `INSERT INTO trial_deed (id, owner, word, note) VALUES ($1, 1, '<事>', NULL)`, id)
				if err == nil {
					_, err = tx.Exec(ctx, `INSERT INTO trial_line (deed, n, fen) VALUES ($1, 1, 5)`, id)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		deed := func(id int64, word string) []audit.Rows {
			return []audit.Rows{audit.Wrote("deed", columns, id, int64(1), word, nil)}
		}
		lines := []audit.Rows{audit.Read("lines")}
		put(1, nil)
		put(2, deed(2, "<事>"), lines)
		put(3, lines, deed(3, "<事>"))
		put(4, deed(4, "<事>"), nil)
		if c := checked(t, db); c.Found > 0 || c.Leaves != 4 {
			t.Errorf("%d leaves, %v", c.Leaves, c.Faults)
		}
		put(5, deed(5, "<事>")) // its line is not told of
		put(6, deed(6, "事"), lines)
		if c := checked(t, db); c.Found != 2 {
			t.Errorf("%v", c.Faults)
		}
	})
}

// filled is a database of so many deeds.
func filled(t testing.TB, n int64) (*store.DB, string) {
	t.Helper()
	ctx, file := context.Background(), filepath.Join(t.TempDir(), "audit.db")
	db, err := store.Open(ctx, "sqlite:"+file, schemas)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := audit.Adopt(ctx, db, kinds, now()); err != nil {
		t.Fatal(err)
	}
	for id := range n {
		if err := write(ctx, db, id+1, "事情", true); err != nil {
			t.Fatal(err)
		}
	}
	return db, file
}

// TestAdopt: what was there before the log is logged once; what is written past it later is a fault.
func TestAdopt(t *testing.T) {
	storetest.Each(t, schemas, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		for id := range int64(1200) {
			if err := write(ctx, db, id+1, "旧", false); err != nil {
				t.Fatal(err)
			}
		}
		if c := checked(t, db); c.Found > 0 || c.Leaves != 0 {
			t.Fatalf("before: %d leaves, %v", c.Leaves, c.Faults)
		}
		for range 2 {
			if err := audit.Adopt(ctx, db, kinds, now()); err != nil {
				t.Fatal(err)
			}
		}
		if c := checked(t, db); c.Found > 0 || c.Leaves != 1200 {
			t.Fatalf("after: %d leaves, %v", c.Leaves, c.Faults)
		}
		if err := write(ctx, db, 2000, "绕过", false); err != nil {
			t.Fatal(err)
		}
		if err := audit.Adopt(ctx, db, kinds, now()); err != nil {
			t.Fatal(err)
		}
		if c := checked(t, db); c.Found != 1 || c.Faults[0].Msg.Key != "audit.fault_missing" {
			t.Errorf("written past the log: %v", c.Faults)
		}
	})
}

// TestBits: whichever bit of an exported proof is flipped, it does not hold any more; nor does that of another checkpoint.
func TestBits(t *testing.T) {
	ctx := context.Background()
	db, _ := filled(t, 300)
	if err := write(ctx, db, 1000, "a<b>&'\u2028\"\\\t", true); err != nil { // which JSON can write in more ways than one
		t.Fatal(err)
	}
	key := keyOf(t, db)
	msg, err := audit.Seal(ctx, db, key, now())
	if err != nil {
		t.Fatal(err)
	}
	head, err := audit.OpenCheckpoint(msg, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	proof, err := audit.NewProver(ctx, db.Read(), head).Prove(ctx, deeds, audit.Ref{1000})
	if err != nil {
		t.Fatal(err)
	}
	text, err := proof.Line()
	if err != nil {
		t.Fatal(err)
	}
	holds := func(text []byte) bool {
		var p audit.Proof
		return json.Unmarshal(text, &p) == nil && p.Check(head) == nil
	}
	if !holds(text) {
		t.Fatal("the proof does not hold")
	}
	same := func(text []byte) bool { // another way to write the same: letters of a key of JSON in the other case
		var p audit.Proof
		return json.Unmarshal(text, &p) == nil && cmp.Equal(proof, p)
	}
	for i := range text {
		for bit := range 8 {
			text[i] ^= 1 << bit
			if holds(text) && !same(text) {
				t.Errorf("bit %d of byte %d flipped: still holds: %s", bit, i, text)
			}
			text[i] ^= 1 << bit
		}
	}
	for i := range msg {
		msg[i] ^= 1
		if _, err := audit.OpenCheckpoint(msg, key.Public()); err == nil {
			t.Errorf("byte %d of the checkpoint changed: still opens", i)
		}
		msg[i] ^= 1
	}
	if _, err := audit.OpenCheckpoint(msg, keyOf(t, db).Public()); err == nil {
		t.Error("opens with the key of another")
	}
}

// TestConsistency: a log proves that it contains every checkpoint of its past, and none of a past that it does not have: of a copy
// that forked before the checkpoint and went on, or of one that was rolled back.
func TestConsistency(t *testing.T) {
	ctx := context.Background()
	base, _ := filled(t, 0)
	key := keyOf(t, base)
	grow := func(db *store.DB, to int64, word string) (heads []audit.Checkpoint) {
		for {
			msg, err := audit.Seal(ctx, db, key, now())
			if err != nil {
				t.Fatal(err)
			}
			head, err := audit.OpenCheckpoint(msg, key.Public())
			if err != nil {
				t.Fatal(err)
			}
			if heads = append(heads, head); head.Size >= to {
				return heads
			}
			if err := write(ctx, db, head.Size+1, word, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	contains := func(db *store.DB, old, later audit.Checkpoint) error {
		proof, err := audit.NewProver(ctx, db.Read(), later).Consistency(old)
		if err != nil {
			return err
		}
		return audit.Consistent(proof, old, later)
	}
	const most = 21
	var forks []*store.DB
	points := []int64{0, 1, 5, 8, 13, 20}
	var heads []audit.Checkpoint
	for _, at := range points {
		heads = append(heads[:max(len(heads)-1, 0)], grow(base, at, "事")...)
		file := filepath.Join(t.TempDir(), "fork.db")
		if _, err := base.Copy(ctx, file); err != nil {
			t.Fatal(err)
		}
		fork, err := store.Open(ctx, "sqlite:"+file, schemas)
		if err != nil {
			t.Fatal(err)
		}
		defer fork.Close()
		forks = append(forks, fork)
	}
	heads = append(heads[:len(heads)-1], grow(base, most, "事")...)
	for _, old := range heads {
		for _, later := range heads[old.Size:] {
			if err := contains(base, old, later); err != nil {
				t.Errorf("%d in %d: %v", old.Size, later.Size, err)
			}
		}
	}
	for i, fork := range forks {
		for _, later := range grow(fork, most+4, "叉") {
			for _, old := range heads {
				shared := old.Size <= points[i] && old.Size <= later.Size
				if err := contains(fork, old, later); (err == nil) != shared {
					t.Errorf("forked at %d: %d in %d: %v", points[i], old.Size, later.Size, err)
				}
			}
		}
	}
}

func TestKeyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.key")
	first, err := audit.OpenKey(file, "yanzhen/a")
	if err != nil {
		t.Fatal(err)
	}
	again, err := audit.OpenKey(file, "yanzhen/a")
	if err != nil || again.Public() != first.Public() {
		t.Errorf("opened again: %v", err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(file, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenKey(file, "yanzhen/a"); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("nonsense: %v", err)
	}
}

func FuzzCheckpoint(f *testing.F) {
	db, _ := filled(f, 3)
	key := keyOf(f, db)
	msg, err := audit.Seal(context.Background(), db, key, now())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(msg)
	f.Add([]byte("a\n1\nb\n\n— a x\n"))
	f.Fuzz(func(t *testing.T, other []byte) {
		c, err := audit.OpenCheckpoint(other, key.Public())
		if err == nil && c.Size != 3 {
			t.Errorf("%q opens", other)
		}
	})
}
