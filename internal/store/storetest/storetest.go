// Package storetest gives tests a real database of each sort: SQLite in a directory of the test's own, and PostgreSQL
// where the environment names a server (scripts/postgres.sh starts one).
package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/yanzhen/yanzhen/internal/store"
)

// Env is the environment variable with the URL of a PostgreSQL server on which tests may make and drop schemas.
const Env = "YANZHEN_TEST_POSTGRES"

// Each runs test as the subtests "sqlite" and "postgres", each on an empty database with these migrations. The second
// is skipped where no server is named.
func Each(t *testing.T, migrations []store.Migrations, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	EachURL(t, func(t *testing.T, url string) { test(t, open(t, url, migrations)) })
}

// EachURL is Each for tests that open the database themselves, perhaps twice.
func EachURL(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, PostgresURL(t)) })
}

// SQLite is an empty SQLite database with these migrations, for tests that are not about the database.
func SQLite(t testing.TB, migrations []store.Migrations) *store.DB {
	t.Helper()
	return open(t, SQLiteURL(t), migrations)
}

// Postgres is an empty PostgreSQL database with these migrations; it skips the test where no server is named.
func Postgres(t testing.TB, migrations []store.Migrations) *store.DB {
	t.Helper()
	return open(t, PostgresURL(t), migrations)
}

func open(t testing.TB, url string, migrations []store.Migrations) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), url, migrations)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

// SQLiteURL is the URL of a file that does not exist yet.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// PostgresURL is the URL of an empty schema, dropped after the test.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Env)
	if server == "" {
		t.Skipf("%s names no PostgreSQL server; scripts/postgres.sh start prints one", Env)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s: %v", Env, err)
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatalf("%s: %v", Env, err)
	}
	schema := "test_" + strings.ToLower(rand.Text())
	if _, err := admin.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatalf("create schema: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP SCHEMA " + schema + " CASCADE"); err != nil {
			t.Errorf("drop schema: %v", err)
		}
		if err := admin.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}
