package casework

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// The test binary is also the process that files are handed in to while the power is cut. fileMode says how it works: honest, or
// early, a control, which tells that a file is handed in before it is.
//
// Its arguments are the directory of its data and the number of its life. It takes the files that its input names, one a line, and
// then as many new ones.
const fileMode = "YANZHEN_TEST_CASE_FILES"

const (
	filers      = 4  // at a time
	filesOfLife = 40 // new ones
	livesFiled  = 4  // of one database
	cutsFiled   = 30 // in the trace of one life
)

func TestMain(m *testing.M) {
	mode := os.Getenv(fileMode)
	if mode == "" {
		os.Exit(m.Run())
	}
	p := storetest.Process{Dir: filepath.Join(os.Args[1], "files")}
	must(p, takesFiles(p, mode, os.Args[1], os.Args[2]))
	os.Exit(0)
}

// handedIn is the bytes of a file by its name: some fit into one write, some do not; the first of a life are the same for all.
func handedIn(name string) []byte {
	life, n, _ := strings.Cut(name, ".")
	i, _ := strconv.Atoi(n)
	if i < filers {
		name = life
	}
	return []byte("%PDF-1.7 " + strings.Repeat("发票 "+name+" ", 1+i%7*i*20))
}

func takesFiles(p storetest.Process, mode, data, life string) error {
	again, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	db, err := store.Open(p.Context(), "sqlite:"+filepath.Join(data, "test.db"), shipping)
	if err != nil {
		return err
	}
	w := newWorld(p, db)
	names := make(chan string)
	go func() {
		defer close(names)
		for _, name := range strings.Fields(string(again)) {
			names <- name
		}
		for n := 0; life != "0" && n < filesOfLife; n++ {
			names <- life + "." + strconv.Itoa(n)
		}
	}()
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(os.Stdout, format+"\n", args...) }
	var group errgroup.Group
	for range filers {
		c := w.open(p)
		group.Go(func() error {
			for name := range names {
				say("begin %s", name)
				body := handedIn(name)
				if mode == "early" {
					say("filed %s %d", name, c.ID)
				}
				if _, err := w.Attach(p.Context(), firm(w, 0), Attachment{Case: c.ID, Field: "f" + name, Name: name + ".pdf", Body: bytes.NewReader(body)}); err != nil {
					return err
				}
				say("filed %s %d", name, c.ID)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return db.Close()
}

// filing knows which files were acknowledged, and looks at what a cut has left of the database and of the files beside it.
type filing struct {
	*testing.T
	mode   string
	forget func(name string, dir bool) bool // a wait for the disk that is left out, a control; nil for none

	begun map[string]bool
	filed map[string]int64 // case by name
	wrong []string

	cuts       storetest.Cuts
	heard      int
	half, idle int // cuts that left files under way, and files that no case knows
}

func (w *filing) hear(line string) {
	word := strings.Fields(line)
	switch {
	case len(word) == 2 && word[0] == "begin":
		w.begun[word[1]] = true
	case len(word) == 3 && word[0] == "filed":
		id, err := strconv.ParseInt(word[2], 10, 64)
		must(w, err)
		w.filed[word[1]] = id
	default:
		w.Fatalf("the process said %q", line)
	}
}

// missing are the files that were begun and not acknowledged.
func (w *filing) missing() (names []string) {
	for name := range w.begun {
		if w.filed[name] == 0 {
			names = append(names, name)
		}
	}
	return names
}

func (w *filing) tell(format string, args ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

// judge opens what a cut has left as the product does.
func (w *filing) judge(url string) {
	w.Helper()
	root := filepath.Join(filepath.Dir(strings.TrimPrefix(url, "sqlite:")), "files")
	under, err := filepath.Glob(filepath.Join(root, "incoming-*"))
	must(w, err)
	if len(under) > 0 {
		w.half++
	}
	d, err := blob.Open(root)
	must(w, err)
	db, err := store.Open(w.Context(), url, shipping)
	if err != nil {
		w.tell("unreadable: %v", err)
		return
	}
	defer func() { must(w, db.Close()) }()
	type key struct {
		of   int64
		name string
	}
	noted, known := map[key]Evidence{}, map[string]bool{}
	rows, err := store.List(w.Context(), db.Read(), func(r *store.Rows) (Evidence, error) { return scanFile(r) }, `SELECT `+evidenceColumns+` FROM case_evidence f`)
	must(w, err)
	for _, f := range rows {
		noted[key{f.Case, strings.TrimSuffix(f.Name, ".pdf")}], known[f.SHA256] = f, true
		if body, err := bytesOf(d, f.SHA256); err != nil || int64(len(body)) != f.Size || hashOf(body) != f.SHA256 {
			w.tell("a case has %s, and its bytes are gone or others: %d of %d, %v", f.Name, len(body), f.Size, err)
		}
	}
	for name, of := range w.filed {
		f, there := noted[key{of, name}]
		if !there {
			w.tell("lost: %s was handed in to case %d", name, of)
		} else if body, err := bytesOf(d, f.SHA256); err != nil || !bytes.Equal(body, handedIn(name)) {
			w.tell("lost: %s was handed in, and holds something else: %v", name, err)
		}
	}
	idle := false
	must(w, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		idle = idle || !known[e.Name()]
		body, err := os.ReadFile(path)
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != e.Name() {
			w.tell("%s is not what its name says", e.Name())
		}
		return err
	}))
	if idle {
		w.idle++
	}
}

func bytesOf(d blob.Dir, sha string) ([]byte, error) {
	f, err := d.Get(sha)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// life is the process for some data, which takes what is missing and new files; in life 0 no new ones.
func (w *filing) life(url string, n int) *exec.Cmd {
	cmd := exec.CommandContext(context.WithoutCancel(w.Context()), os.Args[0], filepath.Dir(strings.TrimPrefix(url, "sqlite:")), strconv.Itoa(n))
	cmd.Env = append(os.Environ(), fileMode+"="+w.mode)
	cmd.Stdin = strings.NewReader(strings.Join(w.missing(), "\n"))
	return cmd
}

// lives takes files in some lives, each of which begins with what a cut in the one before has left; the last one is not cut, and takes
// all that was begun.
func (w *filing) lives(r *rand.Rand, want int) {
	w.begun, w.filed = map[string]bool{}, map[string]int64{}
	url := storetest.SQLiteURL(w)
	must(w, w.life(url, 0).Run()) // the tables are made
	left, err := storetest.ImageOf(filepath.Dir(strings.TrimPrefix(url, "sqlite:")))
	must(w, err)
	for n := 1; n <= livesFiled && w.cuts.N < want; n++ {
		url := storetest.Restored(w, left, "test.db")
		trace := storetest.Traced(w, w.life(url, n), filepath.Dir(strings.TrimPrefix(url, "sqlite:")), left)
		if w.forget != nil {
			trace = trace.Without(w.forget)
		}
		w.cuts.Each(r, trace.Play(false), min(cutsFiled, want-w.cuts.N), w.hear, func(img storetest.Image) bool {
			left = img
			w.judge(storetest.Restored(w, img, "test.db"))
			return len(w.wrong) == 0
		})
		if len(w.wrong) > 0 {
			return
		}
	}
	url = storetest.Restored(w, left, "test.db")
	said, err := w.life(url, 0).Output()
	must(w, err)
	for line := range strings.Lines(string(said)) {
		w.hear(strings.TrimSpace(line))
	}
	w.judge(url)
	if missing := w.missing(); len(missing) > 0 {
		w.tell("not taken in the end: %q", missing)
	}
	w.heard += len(w.filed)
}

func (w *filing) cut(want int) {
	for r := storetest.Seeded(w); w.cuts.N < want && len(w.wrong) == 0; {
		w.lives(r, want)
	}
}

// TestTornFiles cuts the power at random moments while files are handed in to cases, over the database and the files beside it: of
// what was not brought to the disk some is there and some is not, bytes and names. Each file that was acknowledged is there byte for
// byte, and so is each that a case knows of; none is there by half under its name; one that came before its note belongs to nothing,
// and is taken when it is handed in again.
func TestTornFiles(t *testing.T) {
	w := &filing{T: t, mode: "honest"}
	w.cut(storetest.CutsAsked(120))
	t.Logf("%s, %d while a file was on its way; %d left files under way, %d files that no case knows; %d files acknowledged, %d wrong",
		w.cuts, w.cuts.File, w.half, w.idle, w.heard, len(w.wrong))
	for _, s := range w.wrong[:min(len(w.wrong), 20)] {
		t.Error(s)
	}
	if n := w.cuts.N; n >= 100 && (4*w.cuts.File < n || 10*w.half < n || 10*w.idle < n) {
		t.Error("too few cuts came while a file was on its way")
	}
}

// TestTornFilesControls are the ways in which an acknowledged file is lost by a power cut, and by no killed process: the test above must
// see each of them.
func TestTornFilesControls(t *testing.T) {
	for name, w := range map[string]*filing{
		"told before it is noted": {mode: "early"},
		"its name is not waited for": {mode: "honest", forget: func(name string, dir bool) bool {
			return dir && (name == "files" || filepath.Dir(name) == "files")
		}},
		"its bytes are not waited for": {mode: "honest", forget: func(name string, dir bool) bool { return !dir && filepath.Dir(name) == "files" }},
	} {
		t.Run(name, func(t *testing.T) {
			w.T = t
			w.cut(120)
			if len(w.wrong) == 0 {
				t.Errorf("the witness has seen nothing in %d cuts", w.cuts.N)
				return
			}
			t.Logf("after %d cuts: %s", w.cuts.N, w.wrong[0])
		})
	}
}
