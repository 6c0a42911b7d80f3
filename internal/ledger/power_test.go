package ledger_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	driver "modernc.org/sqlite"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

const (
	cutsOfOne  = 25 // in the trace of one life
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
	w := worker{db: db, book: ledger.New(db, clock.System()), mode: mode, round: strconv.Itoa(round), say: disk.Note}
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

// outage cuts the power in lives again and again. Each life begins with what the last cut of the one before has left; where
// the disk may be broken by it, with nothing.
type outage struct {
	*witness
	mode  string
	lies  bool
	risky bool // that what is left can be read is not taken for granted
	storetest.Cuts
}

func (o *outage) run(cuts int) {
	o.Helper()
	disk := storetest.NewDisk(o.T)
	r := storetest.Seeded(o.T)
	var left storetest.Image
	for round := 1; o.N < cuts && len(o.wrong) == 0; round++ {
		if o.risky {
			left, o.told, o.done = nil, map[string]string{}, map[string]int{}
		}
		disk.Begin(o.T, left)
		lived(o.T, disk, o.mode, round, jobsOfLife, o.unfinished())
		trace := disk.Trace()
		o.Each(r, trace.Play(o.lies), min(cutsOfOne, cuts-o.N), o.hear, func(img storetest.Image) bool {
			left = img
			o.url = storetest.Restored(o.T, img, "test.db")
			o.judgeCut()
			return len(o.wrong) == 0
		})
	}
	if o.risky || len(o.wrong) > 0 {
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
		if verdict := integrity(strings.TrimPrefix(o.url, "sqlite:")); verdict != "ok" {
			o.wrong = append(o.wrong, "unreadable: "+verdict)
			return
		}
	}
	o.judge()
}

func integrity(file string) (verdict string) {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		return err.Error()
	}
	defer db.Close()
	if err := db.QueryRow("PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return err.Error()
	}
	return verdict
}

func cutPower(t *testing.T, o *outage, cuts int) {
	t.Helper()
	o.witness = &witness{T: t, told: map[string]string{}, done: map[string]int{}}
	o.run(cuts)
	t.Logf("%s; %d steps acknowledged, %d wrong", o.Cuts, len(o.told), len(o.wrong))
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
				relaxed(t, pragma)
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

// relaxed has connections that are opened from here on wait less for the disk than the product asks, until the test ends.
func relaxed(t *testing.T, synchronous string) {
	on := true
	t.Cleanup(func() { on = false })
	driver.RegisterConnectionHook(func(conn driver.ExecQuerierContext, _ string) error {
		if !on {
			return nil
		}
		_, err := conn.ExecContext(context.Background(), "PRAGMA synchronous="+synchronous, nil)
		return err
	})
}
