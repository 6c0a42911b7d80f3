// Package sqltest asks a real PostgreSQL what queries of package rule/sql answer, for tests of those who write them.
package sqltest
