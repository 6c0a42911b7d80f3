package ledger_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

const (
	cutsOfOne  = 25 // in the trace of one life
	livesOfOne = 10 // of one database, so that the time of many cuts grows with their number only
	jobsOfLife = 40
)

// lived is a process's whole life, on a disk that is watched: it takes up jobs, makes new ones, and ends in an orderly way.
// What it tells stands in the trace where it was told.
func lived(t *testing.T, disk *storetest.Disk, mode string, round, fresh int, jobs []string) {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(disk.Dir, "test.db"), migrations)
	if err != nil {
		t.Fatal(err)
	}
	for n := range fresh {
		jobs = append(jobs, strconv.Itoa(round)+"."+strconv.Itoa(n))
	}
	todo := make(chan string, len(jobs))
	for _, job := range jobs {
		todo <- job
	}
	close(todo)
	w := worker{db: db, book: ledger.New(db, clock.System(), blob.Dir{}), mode: mode, round: strconv.Itoa(round), say: disk.Note}
	ended := make(chan error, crashWorkers)
	for range crashWorkers {
		go func() {
			for job := range todo {
				if err := w.do(context.Background(), job); err != nil {
					ended <- err
					return
				}
			}
			ended <- nil
		}()
	}
	for range crashWorkers {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// outage cuts the power in lives again and again. Each life begins with what the last cut of the one before has left, and the last
// one finishes what was begun; where the disk may be broken by a cut, each begins with nothing.
type outage struct {
	*witness
	mode  string
	lies  bool
	risky bool // that what is left can be read is not taken for granted
	heard int
	storetest.Cuts
}

func (o *outage) run(disk *storetest.Disk, r *rand.Rand, cuts int) {
	o.Helper()
	o.told, o.done = map[string]string{}, map[string]int{}
	var left storetest.Image
	for round := 1; o.N < cuts && len(o.wrong) == 0 && round <= livesOfOne; round++ {
		disk.Begin(o.T, left)
		lived(o.T, disk, o.mode, round, jobsOfLife, o.unfinished())
		trace := disk.Trace()
		o.Each(r, trace.Play(o.lies), min(cutsOfOne, cuts-o.N), o.hear, func(img storetest.Image) bool {
			left = img
			o.url = storetest.Restored(o.T, img, "test.db")
			o.judgeCut()
			return len(o.wrong) == 0
		})
		if o.risky {
			return
		}
	}
	if len(o.wrong) > 0 {
		return
	}
	disk.Begin(o.T, left)
	lived(o.T, disk, o.mode, 0, 0, o.unfinished())
	disk.Trace().Play(false).To(disk.Trace().Len(), o.hear)
	o.url = "sqlite:" + filepath.Join(disk.Dir, "test.db")
	o.judge()
	for job, n := range o.done {
		if n != len(steps) {
			o.wrong = append(o.wrong, job+" was taken up and is not at its end")
		}
	}
}

// judgeCut judges, but does not trust a database that may be broken with the test's own process: the product would end it.
func (o *outage) judgeCut() {
	o.Helper()
	if o.risky {
		if err := storetest.Whole(o.url); err != nil {
			o.wrong = append(o.wrong, "unreadable: "+err.Error())
			return
		}
	}
	o.judge()
}

func cutPower(t *testing.T, o *outage, cuts int) {
	t.Helper()
	o.witness = &witness{T: t}
	disk, r := storetest.NewDisk(t), storetest.Seeded(t)
	for o.N < cuts && len(o.wrong) == 0 {
		o.run(disk, r, cuts)
		o.heard += len(o.told)
	}
	t.Logf("%s; %d steps acknowledged, %d wrong", o.Cuts, o.heard, len(o.wrong))
}

// TestPowerCuts cuts the power at random moments while 16 workers move money: of what was not brought to the disk some is there
// and some is not, in any order, sectors torn off. All that was acknowledged is there, nothing is there twice, the ledger is
// sound; and what was not finished is taken up and finished.
func TestPowerCuts(t *testing.T) {
	o := &outage{mode: "honest"}
	cutPower(t, o, storetest.CutsAsked(250))
	for _, s := range o.wrong[:min(len(o.wrong), 20)] {
		t.Error(s)
	}
	o.Enough(t)
}

// TestPowerControls are the ways in which acknowledged money is lost by a power cut, and by no killed process: the test above
// must see each of them.
func TestPowerControls(t *testing.T) {
	for name, o := range map[string]*outage{
		"the disk lies about what it has": {mode: "honest", lies: true, risky: true},
		"told before it is committed":     {mode: "early", risky: true},
		"synchronous=NORMAL":              {mode: "honest", risky: true},
		"synchronous=OFF":                 {mode: "honest", risky: true},
	} {
		t.Run(name, func(t *testing.T) {
			pragma, is := strings.CutPrefix(name, "synchronous=")
			if is {
				storetest.Relax(t, pragma)
			}
			cutPower(t, o, 250)
			if len(o.wrong) == 0 {
				t.Errorf("the witness has seen nothing in %d cuts", o.N)
			} else {
				t.Logf("after %d cuts: %s", o.N, o.wrong[0])
			}
		})
	}
}
