// Package parquet writes tables as Apache Parquet, for analysts' tools: columns in the order in which they are declared,
// every one optional, money and rates as exact decimals. How bytes are laid out is parquet-go's business
// (docs/decisions/0011-parquet.md); nothing else of this house names it. It reads nothing.
package parquet
