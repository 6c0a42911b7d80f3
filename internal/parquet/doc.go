// Package parquet writes tables as Apache Parquet, for analysts' tools. It writes the plainest form that every reader
// knows: one page for each column of a row group, PLAIN, compressed with gzip, every column optional. It reads nothing;
// docs/decisions/0011-parquet.md tells why it is no library.
package parquet
