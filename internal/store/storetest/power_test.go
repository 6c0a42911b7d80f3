package storetest

import (
	"bytes"
	"database/sql"
	"math/rand/v2"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// watched writes rows into a database on a disk that is watched, each committed, and notes each afterwards.
func watched(t *testing.T, d *Disk, rows int) error {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.Dir, "x.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS x (n INTEGER PRIMARY KEY, filler TEXT NOT NULL)`); err != nil {
		return err
	}
	for range rows {
		if _, err := db.Exec(`INSERT INTO x (filler) VALUES (hex(randomblob(3000)))`); err != nil {
			return err
		}
		d.Note("row")
	}
	return nil
}

// What was brought to the disk is there after every cut; of the rest, every outcome comes up.
func TestCut(t *testing.T) {
	r := Seeded(t)
	full := func(b byte) op { return op{kind: wrote, file: 1, data: bytes.Repeat([]byte{b}, 8192)} }
	p := &Player{trace: Trace{base: Image{"a": nil}, ops: []op{
		full(1),
		{kind: synced, file: 1},
		full(2),
		{kind: truncated, file: 1, at: 4096},
		{kind: wrote, file: 1, at: 12288, data: bytes.Repeat([]byte{3}, 4096)},
	}}, disk: newPlatter(Image{"a": nil})}
	p.To(2, nil)
	for range 100 {
		if got, met := p.Cut(r); !bytes.Equal(got["a"], bytes.Repeat([]byte{1}, 8192)) || met != (Cut{}) {
			t.Fatalf("a cut at rest: %d bytes, %+v", len(got["a"]), met)
		}
	}
	p.To(5, nil)
	seen := map[string]bool{}
	for range 2000 {
		got, _ := p.Cut(r)
		b := got["a"]
		if len(b) < 4096 || len(b) > 16384 || len(b)%512 != 0 {
			t.Fatalf("%d bytes are left", len(b))
		}
		for _, x := range b[:4096] {
			seen[string('0'+rune(x))] = true
			if x != 1 && x != 2 {
				t.Fatalf("%d was never written here", x)
			}
		}
		if len(b) == 16384 {
			seen["grown"] = true
			seen["grown, "+string('0'+rune(b[12288]%4))] = true
		}
		seen["torn"] = seen["torn"] || b[0] != b[4095]
	}
	for _, want := range []string{"1", "2", "grown", "grown, 3", "grown, 0", "torn"} {
		if !seen[want] {
			t.Errorf("no cut left %q: %v", want, seen)
		}
	}
}

// The name of a file is on the disk once its directory is.
func TestCutTakesNames(t *testing.T) {
	r := Seeded(t)
	d := newPlatter(nil)
	d.apply(op{kind: created, file: 1, name: "a"})
	d.apply(op{kind: wrote, file: 1, data: []byte("x")})
	d.apply(op{kind: synced, file: 1})
	gone := 0
	for range 100 {
		if left, _ := d.cut(r); left["a"] == nil {
			gone++
		}
	}
	if gone == 0 || gone == 100 {
		t.Errorf("the name is gone after %d of 100 cuts", gone)
	}
	d.apply(op{kind: dirSynced, name: "."})
	for range 100 {
		if left, _ := d.cut(r); string(left["a"]) != "x" {
			t.Fatalf("%q is left", left["a"])
		}
	}
}

// A trace played to its end is what lies in the directory: nothing that SQLite does to its files escapes.
func TestTraceIsWhole(t *testing.T) {
	d := NewDisk(t)
	if err := watched(t, d, 50); err != nil {
		t.Fatal(err)
	}
	p := d.Trace().Play(false)
	noted := 0
	p.To(d.Trace().Len(), func(string) { noted++ })
	p.disk.apply(op{kind: dirSynced, name: "."})
	got := Image{}
	for name, n := range p.disk.names {
		p.disk.apply(op{kind: synced, file: n})
		got[name] = p.disk.files[n].data
	}
	want, err := ImageOf(d.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if noted != 50 || len(got) != len(want) || !bytes.Equal(got["x.db"], want["x.db"]) {
		t.Errorf("%d notes, %d files of %d, %d bytes of %d", noted, len(got), len(want), len(got["x.db"]), len(want["x.db"]))
	}
}

// Each call may fail, in each way, and SQLite tells of it.
func TestFaults(t *testing.T) {
	for _, what := range []What{Write, Sync, Truncate, Opening} {
		for _, fault := range []Fault{Broken, Full, Short, Torn} {
			t.Run(what.String()+" "+fault.String(), func(t *testing.T) {
				d := NewDisk(t)
				hit := false
				nth := 1 + rand.IntN(2)
				d.Fail = func(c Call) Fault {
					if c.What != what || c.N != nth {
						return Fine
					}
					hit = true
					return fault
				}
				err := watched(t, d, 3)
				if what == Truncate { // SQLite cuts files off where it may, and tells nobody where it may not
					return
				}
				if !hit || err == nil {
					t.Errorf("call %d failed: %v; the error: %v", nth, hit, err)
				}
			})
		}
	}
}
