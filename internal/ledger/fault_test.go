package ledger_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

const faultJobs = 4 // that a process makes in which a call is to fail

// failing has a process work in which a call to the disk fails, and looks at what it has left.
func (w *witness) failing(p storetest.Plan, round int) storetest.Ended {
	w.Helper()
	cmd := exec.CommandContext(w.Context(), os.Args[0], w.url, strconv.Itoa(round))
	cmd.Env = append(os.Environ(), crashMode+"="+w.mode)
	cmd.Stdin = strings.NewReader(strings.Join(w.unfinished(), "\n"))
	e := p.Run(w, cmd, w.hear)
	w.judge()
	return e
}

const faultsOfOne = 56 // on one database

// TestFaults has calls to the disk fail while 16 workers move money: an input/output error, a full disk, half a write, at any call
// from the opening on, once or from then on. After each, all that was acknowledged is there and nothing is there twice. A process
// whose disk is broken ends itself and says so; one whose disk is full says so, and goes on once there is room.
func TestFaults(t *testing.T) {
	faults := storetest.Faults{
		Rand: storetest.Seeded(t), Most: map[storetest.What]int{storetest.Write: 250, storetest.Sync: 16, storetest.Truncate: 1, storetest.Opening: 6},
	}
	told := 0
	for left := storetest.FaultsAsked(faultsOfOne); left > 0 && !t.Failed(); left -= faultsOfOne {
		w := &witness{T: t, url: storetest.SQLiteURL(t), mode: "honest", told: map[string]string{}, done: map[string]int{}}
		round := 1
		w.failing(storetest.NoFault, round) // the tables are made
		faults.Each(t, min(left, faultsOfOne), func(p storetest.Plan) storetest.Ended {
			round++
			e := w.failing(p, round)
			for _, s := range w.wrong[:min(len(w.wrong), 20)] {
				t.Errorf("%s: %s", p, s)
			}
			return e
		})
		w.work(0, 0)
		w.judge()
		for job, n := range w.done {
			if n != len(steps) {
				t.Errorf("%s was taken up and is not at its end", job)
			}
		}
		told += len(w.told)
	}
	t.Logf("%s; %d steps acknowledged", &faults, told)
	faults.Enough(t)
}

// TestFaultControl is a process that does not listen when the database says no: the test above must see that something is lost.
func TestFaultControl(t *testing.T) {
	w := &witness{T: t, url: storetest.SQLiteURL(t), mode: "honest", told: map[string]string{}, done: map[string]int{}}
	w.failing(storetest.NoFault, 1)
	w.mode = "deaf"
	w.failing(storetest.Plan{Call: storetest.Write, N: 100, Fault: storetest.Full, Stays: true}, 2)
	if !strings.Contains(strings.Join(w.wrong, "\n"), "lost: ") {
		t.Errorf("the witness has seen no loss: %v", w.wrong)
	}
}
