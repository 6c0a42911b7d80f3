// Package race works the same clauses out with our engine and with others, so that both can be held against each other in
// one run: loops written by hand for these clauses, cel-go row by row, DuckDB, OpenFisca and NumPy. README.md tells what is
// raced and how it is measured; bench/race.go runs it.
//
// There are two loads. One is a document of ten clauses over enterprises of one project each; Thirty is thirty documents of
// five clauses over enterprises, their projects and loans. All regions are made from fixed seeds and say nothing about any
// place.
//
// Every engine that is exact must come to the same fen, firm by firm where it runs in this program and by the sums of the
// region where it does not. The loops are the reference, and an ordinary test compares them with all engines of this program.
package race
