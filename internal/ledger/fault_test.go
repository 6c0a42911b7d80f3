package ledger_test

import (
	"iter"
	"math/rand/v2"
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

// plans are the ways in which a call may fail, again and again, at any call that a process makes.
func plans(r *rand.Rand) iter.Seq[storetest.Plan] {
	return func(yield func(storetest.Plan) bool) {
		for {
			for _, kind := range []struct {
				call   storetest.What
				most   int // calls of a process
				faults []storetest.Fault
			}{
				{storetest.Write, 250, []storetest.Fault{storetest.Broken, storetest.Full, storetest.Short, storetest.Torn}},
				{storetest.Sync, 16, []storetest.Fault{storetest.Broken}},
				{storetest.Truncate, 1, []storetest.Fault{storetest.Broken}},
				{storetest.Opening, 6, []storetest.Fault{storetest.Broken}},
			} {
				for _, fault := range kind.faults {
					for _, stays := range []bool{false, true} {
						if !yield(storetest.Plan{Call: kind.call, N: 1 + r.IntN(kind.most), Fault: fault, Stays: stays}) {
							return
						}
					}
				}
			}
		}
	}
}

// faultsEnv is how many calls are to fail: "make soak" asks for more.
const faultsEnv = "YANZHEN_TEST_DISK_FAULTS"

const faultsOfOne = 56 // on one database

// TestFaults has calls to the disk fail while 16 workers move money: an input/output error, a full disk, half a write, at any call
// from the opening on, once or from then on. After each, all that was acknowledged is there and nothing is there twice. A process
// whose disk is broken ends itself and says so; one whose disk is full says so, and goes on once there is room.
func TestFaults(t *testing.T) {
	faults := faultsOfOne
	if n, err := strconv.Atoi(os.Getenv(faultsEnv)); err == nil {
		faults = n
	}
	r := storetest.Seeded(t)
	fired, told, ends := 0, 0, map[int]int{}
	for left := faults; left > 0 && !t.Failed(); left -= faultsOfOne {
		w := &witness{T: t, url: storetest.SQLiteURL(t), mode: "honest", told: map[string]string{}, done: map[string]int{}}
		round := 1
		w.failing(storetest.Plan{Call: storetest.Write, N: 1 << 30}, round) // nothing fails: the tables are made
		for p := range plans(r) {
			round++
			e := w.failing(p, round)
			if ends[e.Code]++; e.Fired {
				fired++
			}
			if why := unlike(p, e); why != "" {
				t.Errorf("%s: %s: it ended with %d: %s", p, why, e.Code, e.Words)
			}
			for _, s := range w.wrong[:min(len(w.wrong), 20)] {
				t.Errorf("%s: %s", p, s)
			}
			if round > min(left, faultsOfOne) || t.Failed() {
				break
			}
		}
		w.work(0, 0)
		w.judge()
		for job, n := range w.done {
			if n != len(steps) {
				t.Errorf("%s was taken up and is not at its end", job)
			}
		}
		told += len(w.told)
	}
	t.Logf("%d disk faults planned, %d came about; %d steps acknowledged; ended as if nothing was: %d, with words: %d, given up: %d", faults, fired, told, ends[0], ends[1], ends[70])
	if 4*fired < 3*faults {
		t.Errorf("only %d of %d faults came about", fired, faults)
	}
}

// unlike is what a process did that it should not have done, "" where it ended as it should.
func unlike(p storetest.Plan, e storetest.Ended) string {
	full := p.Fault == storetest.Full || p.Fault == storetest.Short
	switch {
	case !e.Fired && e.Code != 0:
		return "nothing failed"
	case !e.Fired:
		return ""
	case full && p.Stays && (e.Code != 1 || !strings.Contains(e.Words, "disk of the database is full")):
		return "it should say that the disk is full"
	case full && !p.Stays && e.Code != 0:
		return "it should go on once there is room"
	case p.Call == storetest.Opening && e.Code == 1 && !strings.Contains(e.Words, "Cannot open the database file"):
		return "it should say what it cannot open"
	case full || p.Call == storetest.Opening:
		return ""
	case e.Code == 70 && strings.Contains(e.Words, "can no longer be trusted"), e.Code == 1 && strings.Contains(e.Words, "Cannot open the database file"):
		return ""
	}
	return "it should end itself and say that the disk is not to be trusted"
}

// TestFaultControl is a process that does not listen when the database says no: the test above must see that something is lost.
func TestFaultControl(t *testing.T) {
	w := &witness{T: t, url: storetest.SQLiteURL(t), mode: "honest", told: map[string]string{}, done: map[string]int{}}
	w.failing(storetest.Plan{Call: storetest.Write, N: 1 << 30}, 1)
	w.mode = "deaf"
	w.failing(storetest.Plan{Call: storetest.Write, N: 100, Fault: storetest.Full, Stays: true}, 2)
	if !strings.Contains(strings.Join(w.wrong, "\n"), "lost: ") {
		t.Errorf("the witness has seen no loss: %v", w.wrong)
	}
}
