package storetest

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Plan is one call that goes wrong in a process that a test starts.
type Plan struct {
	Call  What
	N     int // the Nth call of its kind, from 1
	Fault Fault
	Stays bool // and every one after it, until the process ends
}

func (p Plan) String() string {
	s := fmt.Sprintf("%s %d: %s", p.Call, p.N, p.Fault)
	if p.Stays {
		s += ", and from then on"
	}
	return s
}

// NoFault is a plan that never comes about.
var NoFault = Plan{Call: Write, N: 1 << 30}

const planEnv = "YANZHEN_TEST_DISK_FAULT"

// fired is how a process says that its plan came about; the rest of the line is the call.
const fired = "the disk fails: "

// Planned says that this process is one in which a call is to go wrong, and has it go wrong for the database in file. It is asked
// before the database is opened.
func Planned(file string) (bool, error) {
	text := os.Getenv(planEnv)
	if text == "" {
		return false, nil
	}
	var p Plan
	if _, err := fmt.Sscan(text, (*int)(&p.Call), &p.N, (*int)(&p.Fault), &p.Stays); err != nil {
		return false, fmt.Errorf("%s=%q: %w", planEnv, text, err)
	}
	d, err := MountDisk(filepath.Dir(file))
	if err != nil {
		return false, err
	}
	d.Fail = func(c Call) Fault {
		if c.What != p.Call || c.N < p.N || c.N > p.N && !p.Stays {
			return Fine
		}
		fmt.Fprintf(os.Stderr, "%s%s %d of %s\n", fired, c.What, c.N, c.File)
		return p.Fault
	}
	return true, nil
}

// Ended is how a process with a plan came to its end.
type Ended struct {
	Code  int
	Words string // what it said of itself
	Fired bool   // the plan came about
}

// Run starts a process with a plan and hears its lines until it ends.
func (p Plan) Run(t testing.TB, cmd *exec.Cmd, hear func(line string)) Ended {
	t.Helper()
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d %d %d %t", planEnv, p.Call, p.N, p.Fault, p.Stays))
	var words strings.Builder
	cmd.Stderr = &words
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		hear(lines.Text())
	}
	_ = cmd.Wait() // its state is what counts
	e := Ended{Code: cmd.ProcessState.ExitCode()}
	for line := range strings.Lines(words.String()) {
		if strings.HasPrefix(line, fired) {
			e.Fired = true
			continue
		}
		e.Words += line
	}
	return e
}

// wrong is what a process did that it should not have done, "" where it ended as it should: with status 70 and a word where the disk
// is broken, with a word where it stays full, and in order where there was no room once.
func (p Plan) wrong(e Ended) string {
	full := p.Fault == Full || p.Fault == Short
	switch {
	case !e.Fired && e.Code != 0:
		return "nothing failed"
	case !e.Fired:
		return ""
	case full && p.Stays && (e.Code != 1 || !strings.Contains(e.Words, "disk of the database is full")):
		return "it should say that the disk is full"
	case full && !p.Stays && e.Code != 0:
		return "it should go on once there is room"
	case p.Call == Opening && e.Code == 1 && !strings.Contains(e.Words, "Cannot open the database file"):
		return "it should say what it cannot open"
	case full || p.Call == Opening:
		return ""
	case e.Code == 70 && strings.Contains(e.Words, "can no longer be trusted"), e.Code == 1 && strings.Contains(e.Words, "Cannot open the database file"):
		return ""
	}
	return "it should end itself and say that the disk is not to be trusted"
}

// Faults has calls to the disk fail in one process after another, and counts how these end.
type Faults struct {
	Rand *rand.Rand
	Most map[What]int // calls of a kind that a process makes, about: one of so many fails

	planned, fired int
	ends           map[int]int
}

// ways are those in which a call may fail.
func ways() (all []Plan) {
	for _, kind := range []struct {
		call   What
		faults []Fault
	}{{Write, []Fault{Broken, Full, Short, Torn}}, {Sync, []Fault{Broken}}, {Truncate, []Fault{Broken}}, {Opening, []Fault{Broken}}} {
		for _, fault := range kind.faults {
			all = append(all, Plan{Call: kind.call, Fault: fault}, Plan{Call: kind.call, Fault: fault, Stays: true})
		}
	}
	return all
}

// Each has n calls fail, each in a process that run starts, in one way after another, and each at any of the calls that a process
// makes. The test fails where a process does not end as it should, and then no other is started.
func (f *Faults) Each(t testing.TB, n int, run func(Plan) Ended) {
	t.Helper()
	for all := ways(); n > 0 && !t.Failed(); n-- {
		p := all[f.planned%len(all)]
		p.N = 1 + f.Rand.IntN(f.Most[p.Call])
		e := run(p)
		f.planned++
		if f.ends == nil {
			f.ends = map[int]int{}
		}
		if f.ends[e.Code]++; e.Fired {
			f.fired++
		}
		if why := p.wrong(e); why != "" {
			t.Errorf("%s: %s: it ended with %d: %s", p, why, e.Code, e.Words)
		}
	}
}

func (f *Faults) String() string {
	return fmt.Sprintf("%d disk faults planned, %d came about; ended as if nothing was: %d, with words: %d, given up: %d", f.planned, f.fired, f.ends[0], f.ends[1], f.ends[70])
}

// Enough fails the test where too few of the faults came about: then it would have shown little.
func (f *Faults) Enough(t testing.TB) {
	t.Helper()
	if 4*f.fired < 3*f.planned {
		t.Errorf("only %d of %d faults came about", f.fired, f.planned)
	}
}

// FaultsEnv is how many calls are to fail in each test that has them fail: "make soak" asks for more.
const FaultsEnv = "YANZHEN_TEST_DISK_FAULTS"

// FaultsAsked is how many calls are to fail, n where nothing is asked.
func FaultsAsked(n int) int {
	if asked, err := strconv.Atoi(os.Getenv(FaultsEnv)); err == nil {
		return asked
	}
	return n
}

// Process stands for the test in a process that a test has started: what goes wrong is said, and ends it.
type Process struct {
	testing.TB // nothing: what is not below is not there
	Dir        string
}

// Helper does nothing.
func (Process) Helper() {}

// Cleanup does nothing: the process ends.
func (Process) Cleanup(func()) {}

// Context is never done.
func (Process) Context() context.Context { return context.Background() }

// TempDir is the directory of the process.
func (p Process) TempDir() string { return p.Dir }

// Error ends the process, as Fatal does.
func (p Process) Error(args ...any) { p.Fatal(args...) }

// Errorf ends the process, as Fatalf does.
func (p Process) Errorf(format string, args ...any) { p.Fatalf(format, args...) }

// Fatal ends the process with words.
func (Process) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}

// Fatalf ends the process with words.
func (p Process) Fatalf(format string, args ...any) { p.Fatal(fmt.Sprintf(format, args...)) }
