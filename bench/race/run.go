package race

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// Options of a run.
type Options struct {
	Firms   []int  // sizes of region
	Samples int    // of each task
	Self    string // the program whose arguments "child race ENGINE LOAD FIRMS SAMPLES" come to Child
	Work    string // a directory for what is dumped
	Peers   string // a directory in which engines in other languages are set up and stay
}

// Report is what came out.
type Report struct {
	Figures []Figure
	Left    []string // engines that were left out, and why
}

// Run measures every engine at every size, each in a process of its own, one after the other. It is an error when two
// exact engines do not agree; the report is there all the same.
func Run(ctx context.Context, o Options) (*Report, error) {
	r := &Report{}
	var err error
	if o.Work, err = filepath.Abs(o.Work); err != nil { // peers run in directories of their own
		return r, err
	}
	if o.Peers, err = filepath.Abs(o.Peers); err != nil {
		return r, err
	}
	homes := map[string]string{}
	for _, p := range peers {
		home, err := p.setUp(ctx, o.Peers)
		if err != nil {
			r.Left = append(r.Left, p.name+": "+err.Error())
			continue
		}
		homes[p.name] = home
	}
	for _, firms := range o.Firms {
		if err := r.own(ctx, o, firms); err != nil {
			return r, err
		}
		for _, load := range []string{One, Thirty, Stacking} {
			if err := r.others(ctx, o, homes, load, firms); err != nil {
				return r, err
			}
		}
	}
	return r, r.agree()
}

// own runs the engines of this program.
func (r *Report) own(ctx context.Context, o Options, firms int) error {
	for _, e := range engines {
		if e.most > 0 && firms > e.most {
			continue
		}
		cmd := exec.CommandContext(ctx, o.Self, "child", "race", e.name, e.load, strconv.Itoa(firms), strconv.Itoa(o.Samples))
		if err := r.take(cmd); err != nil {
			return fmt.Errorf("%s of %s over %d firms: %w", e.name, e.load, firms, err)
		}
	}
	return nil
}

// others runs those in other languages over the same region.
func (r *Report) others(ctx context.Context, o Options, homes map[string]string, load string, firms int) error {
	if len(homes) == 0 || load != One && firms > mostOfOthers {
		return nil
	}
	data := filepath.Join(o.Work, load+"-"+strconv.Itoa(firms))
	if err := os.MkdirAll(data, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(data)
	if err := dump(load, firms, data); err != nil {
		return err
	}
	for _, p := range peers {
		home, ok := homes[p.name]
		if !ok || p.script[load] == "" {
			continue
		}
		if err := r.take(p.command(ctx, home, data, load, firms, o.Samples)); err != nil {
			return fmt.Errorf("%s of %s over %d firms: %w", p.name, load, firms, err)
		}
	}
	return nil
}

func dump(load string, firms int, to string) error {
	s := &sampler{firms: firms}
	switch load {
	case Thirty:
		t := newThirty(s)
		return t.city.Dump(to, t.terms)
	case Stacking:
		return newStacking(s).Dump(to)
	}
	return Generate(firms).Dump(to)
}

// take runs a process to its end and takes its figures.
func (r *Report) take(cmd *exec.Cmd) error {
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w\n%s", err, problems.String())
	}
	for d := json.NewDecoder(&out); d.More(); {
		var f Figure
		if err := d.Decode(&f); err != nil {
			return err
		}
		r.Figures = append(r.Figures, f)
	}
	return nil
}

// question is what exact engines must answer alike: a position of a slider is a what-if.
type question struct {
	load, task string
	rows       int
}

func (f *Figure) question() question {
	task := f.Task
	switch task {
	case Calculate, Tabulate:
		task = Evaluate
	case Position:
		task = WhatIf
	}
	return question{f.Load, task, f.Rows}
}

// agree says which answers differ.
func (r *Report) agree() error {
	first := map[question]*Figure{}
	var differ []error
	for i := range r.Figures {
		f := &r.Figures[i]
		if f.Answer == nil {
			continue
		}
		g, ok := first[f.question()]
		switch {
		case !ok:
			first[f.question()] = f
		case *f.Answer != *g.Answer:
			differ = append(differ, fmt.Errorf("%s of %d firms: %s comes to %+v, %s to %+v", f.Task, f.Rows, f.Engine, *f.Answer, g.Engine, *g.Answer))
		}
	}
	return errors.Join(differ...)
}
