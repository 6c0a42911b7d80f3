package subsidy

import (
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// The test binary is also the process in which a call to the disk fails. faultMode says how it works: honest, or deaf, a control,
// which tells that an act is done although the database said that it is not.
//
// Its arguments are the database, the number of its life, how many new firms apply, and a directory for files. It asks again for the
// acts that its input names, one a line, and then works three weeks.
const faultMode = "YANZHEN_TEST_CASE_FAULT"

const (
	faultsOfOne  = 14 // each way in which a call may fail
	faultsOfCity = 7  // each in a life of the same city; then it begins anew
)

func TestMain(m *testing.M) {
	mode := os.Getenv(faultMode)
	if mode == "" {
		os.Exit(m.Run())
	}
	p := storetest.Process{Dir: os.Args[4]}
	numbers := make([]int, 2)
	for i, text := range os.Args[2:4] {
		n, err := strconv.Atoi(text)
		must(p, err)
		numbers[i] = n
	}
	faulty(p, mode, os.Args[1], numbers[0], numbers[1])
	os.Exit(0)
}

// faulty is one life in which a call to the disk may fail.
func faulty(p storetest.Process, mode, url string, life, fresh int) {
	again, err := io.ReadAll(os.Stdin)
	must(p, err)
	_, err = storetest.Planned(strings.TrimPrefix(url, "sqlite:"))
	must(p, err)
	db, err := store.Open(ctx, url, migrations)
	must(p, err)
	var firm atomic.Int64
	firm.Store(int64(100 * life)) // each life has firms of its own
	o := offices{world: newWorld(p, db), say: func(line string) { _, _ = os.Stdout.WriteString(line + "\n") }, firm: &firm, deaf: mode == "deaf"}
	o.at = inLife(life)
	var acts []string
	for line := range strings.Lines(string(again)) {
		acts = append(acts, strings.TrimSpace(line))
	}
	must(p, o.asksAgain(acts))
	o.weeks(fresh)
	must(p, db.Close())
}

// failing has a process live in which a call to the disk fails, and looks at what it has left.
func (w *witness) failing(p storetest.Plan, mode, url string, life, fresh int) storetest.Ended {
	w.Helper()
	cmd := exec.CommandContext(ctx, os.Args[0], url, strconv.Itoa(life), strconv.Itoa(fresh), w.TempDir())
	cmd.Env = append(os.Environ(), faultMode+"="+mode)
	cmd.Stdin = strings.NewReader(strings.Join(w.some(), "\n"))
	e := p.Run(w, cmd, w.hear)
	w.judge(url)
	return e
}

// knows has the witness read what cases are replayed by.
func (w *witness) knows() {
	o := newWorld(w.T, sqlite(w.T))
	w.set, w.forms = o.set, o.forms
}

// TestFaults has calls to the disk fail while firms apply, offices decide, a batch is granted and finance pays: an input/output
// error, a full disk, half a write, at any call from the opening on, once or from then on. After each the witness looks as after a
// power cut; a process whose disk is broken ends itself and says so, one whose disk is full says so, and goes on once there is room.
// The next process takes up what was not finished, and the last one of a city finishes everything.
func TestFaults(t *testing.T) {
	faults := storetest.Faults{
		Rand: storetest.Seeded(t), Most: map[storetest.What]int{storetest.Write: 2000, storetest.Sync: 50, storetest.Truncate: 1, storetest.Opening: 6},
	}
	acts := 0
	for left := storetest.FaultsAsked(faultsOfOne); left > 0 && !t.Failed(); left -= faultsOfCity {
		w := &witness{T: t}
		w.knows()
		w.begin()
		url := storetest.SQLiteURL(t)
		w.failing(storetest.NoFault, "honest", url, 0, 1) // the tables are made
		life := 0
		faults.Each(t, min(left, faultsOfCity), func(p storetest.Plan) storetest.Ended {
			life++
			e := w.failing(p, "honest", url, life, firmsOfLife)
			for _, s := range w.wrong[:min(len(w.wrong), 20)] {
				t.Errorf("%s: %s", p, s)
			}
			return e
		})
		if t.Failed() {
			return
		}
		if e := w.failing(storetest.NoFault, "honest", url, faultsOfCity+1, 0); e.Code != 0 {
			t.Errorf("what was left could not be finished: %s", e.Words)
		}
		w.finished(url)
		for _, s := range w.wrong[:min(len(w.wrong), 20)] {
			t.Error(s)
		}
		acts += len(w.acts)
	}
	t.Logf("%s; %d acts acknowledged", &faults, acts)
	faults.Enough(t)
}

// TestFaultControl is a process that does not listen when the database says no: the test above must see that something is lost.
func TestFaultControl(t *testing.T) {
	w := &witness{T: t}
	w.knows()
	w.begin()
	url := storetest.SQLiteURL(t)
	w.failing(storetest.NoFault, "honest", url, 0, 1)
	for life := 1; life < faultsOfCity; life++ {
		p := storetest.Plan{Call: storetest.Write, N: 300 * life, Fault: storetest.Full, Stays: true}
		w.failing(p, "deaf", url, life, firmsOfLife)
		if strings.Contains(strings.Join(w.wrong, "\n"), "lost: ") {
			t.Logf("%s: %s", p, w.wrong[0])
			return
		}
	}
	t.Errorf("the witness has seen no loss: %v", w.wrong)
}
