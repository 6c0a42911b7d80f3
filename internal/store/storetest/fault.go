package storetest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
