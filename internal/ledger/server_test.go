package ledger_test

import (
	"database/sql"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// pgServer is a PostgreSQL server of the test's own, which waits for its disk.
type pgServer struct {
	*testing.T
	dir, url string
}

// do runs scripts/postgres.sh.
func (s *pgServer) do(verb string) string {
	cmd := exec.Command("../../scripts/postgres.sh", verb)
	cmd.Env = append(os.Environ(), "YANZHEN_PG_DIR="+s.dir, "YANZHEN_PG_FSYNC=on")
	var words strings.Builder
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		s.Errorf("postgres.sh %s: %v\n%s", verb, err, &words)
	}
	return strings.TrimSpace(string(out))
}

// database is the URL of an empty schema.
func (s *pgServer) database(schema, settings string) string {
	s.Helper()
	db, err := sql.Open("pgx", s.url)
	if err != nil {
		s.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // what it did is done
	if _, err := db.Exec("CREATE SCHEMA " + schema); err != nil {
		s.Fatal(err)
	}
	return s.url + "&search_path=" + schema + settings
}

// TestPostgresKilled kills all processes of a PostgreSQL server (SIGKILL) in the middle of moving money, and starts it on the files
// that are left. All that was acknowledged is there, nothing is there twice, the ledger is sound, and what was begun is finished.
// The controls must be seen to lose: a process that acknowledges before it commits, and a server that is asked to
// acknowledge what it has not written yet. What it has written and not brought to its disk, the kernel keeps whoever is killed.
func TestPostgresKilled(t *testing.T) {
	if os.Getenv(storetest.Env) == "" {
		t.Skipf("%s names no PostgreSQL server: there is none to start either", storetest.Env)
	}
	rounds := 5
	if n, err := strconv.Atoi(os.Getenv(crashRounds)); err == nil {
		rounds = n / 10 // each takes a start of the server
	}
	home := t.TempDir()
	for _, dir := range []string{filepath.Dir(home), home} { // the server runs as another user where the tests run as root
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	s := &pgServer{T: t, dir: filepath.Join(home, "pg")}
	t.Cleanup(func() { s.do("stop") })
	if s.url = s.do("start"); s.url == "" {
		return
	}
	for _, c := range []struct{ name, mode, settings, want string }{
		{"honest", "honest", "", ""},
		{"acknowledged early", "early", "", "lost: "},
		{"synchronous_commit off", "honest", "&synchronous_commit=off", "lost: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &pgServer{T: t, dir: s.dir, url: s.url}
			n := rounds
			if c.want != "" {
				n = controlRounds
			}
			w := &witness{T: t, mode: c.mode, told: map[string]string{}, done: map[string]int{}}
			w.url = s.database(strings.ReplaceAll(c.name, " ", "_"), c.settings)
			kills := 0
			for ; kills < n && len(w.wrong) == 0 && !t.Failed(); kills++ {
				state, words := w.until(kills+1, 1+rand.IntN(300), func(*os.Process) { s.do("kill") })
				if state.ExitCode() != 1 {
					t.Errorf("its database was killed, and it ended with %s %s", state, words)
				}
				s.do("again")
				w.judge()
			}
			if c.want == "" && len(w.wrong) == 0 {
				w.work(0, 0)
				w.judge()
			}
			t.Logf("%s: %d kills of PostgreSQL, %d steps of %d jobs acknowledged, %d wrong", c.name, kills, len(w.told), len(w.done), len(w.wrong))
			wrong := strings.Join(w.wrong[:min(len(w.wrong), 20)], "\n")
			if c.want == "" && wrong != "" || !strings.Contains(wrong, c.want) {
				t.Errorf("in %d kills, want %q, found:\n%s", kills, c.want, wrong)
			}
		})
	}
}
