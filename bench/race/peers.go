package race

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:embed peers
var peerFiles embed.FS

// peer is an engine in another language. It runs in a process of its own, and nothing of it is part of the product.
type peer struct {
	name   string
	needs  string            // the program that must be there
	set    []string          // how it is set up, in its directory
	ready  string            // what is there once it is
	run    []string          // in its directory, followed by a script and its arguments
	script map[string]string // by load
}

var peers = []peer{
	{
		name: "DuckDB", needs: "npm", set: []string{"npm install --no-audit --no-fund"}, ready: "node_modules/@duckdb/node-api",
		run: []string{"node"}, script: map[string]string{One: "duckdb.mjs", Thirty: "duckdb_thirty.mjs", Stacking: "duckdb_stacking.mjs"},
	},
	{
		name: "OpenFisca", needs: "python3", set: []string{"python3 -m venv env", "env/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt"},
		ready: "env/ready", run: []string{"env/bin/python"}, script: map[string]string{One: "openfisca.py"},
	},
}

// setUp installs a peer below dir, once. The error says why it is left out.
func (p *peer) setUp(ctx context.Context, dir string) (string, error) {
	if _, err := exec.LookPath(p.needs); err != nil {
		return "", fmt.Errorf("%s is not installed", p.needs)
	}
	home := filepath.Join(dir, p.name)
	if err := p.files(home); err != nil {
		return "", err
	}
	ready := filepath.Join(home, p.ready)
	if _, err := os.Stat(ready); err == nil {
		return home, nil
	}
	for _, line := range p.set {
		words := strings.Fields(line)
		cmd := exec.CommandContext(ctx, words[0], words[1:]...)
		cmd.Dir = home
		if output, err := cmd.CombinedOutput(); err != nil {
			lines := strings.Split(strings.TrimSpace(string(output)), "\n")
			return "", fmt.Errorf("%s: %w: %s", line, err, lines[len(lines)-1])
		}
	}
	return home, os.MkdirAll(ready, 0o755)
}

// files puts the scripts where they run.
func (p *peer) files(home string) error {
	entries, err := peerFiles.ReadDir("peers")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	for _, e := range entries {
		text, err := peerFiles.ReadFile("peers/" + e.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(home, e.Name()), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// command measures the peer over what was dumped.
func (p *peer) command(ctx context.Context, home, data, load string, firms, samples int) *exec.Cmd {
	args := slices.Concat(p.run[1:], []string{p.script[load], data, load, strconv.Itoa(firms), strconv.Itoa(samples)})
	cmd := exec.CommandContext(ctx, filepath.Join(home, p.run[0]), args...)
	if !strings.Contains(p.run[0], "/") {
		cmd = exec.CommandContext(ctx, p.run[0], args...)
	}
	cmd.Dir = home
	// Both are set on some machines for the sake of old builds of OpenBLAS, and slow a new NumPy down.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool {
		return strings.HasPrefix(s, "OPENBLAS_CORETYPE=") || strings.HasPrefix(s, "OPENBLAS_L2_SIZE=")
	})
	return cmd
}
