// Package sample takes enterprises that stand in files (docs/facts-json.md) for a region: State puts what the files state
// into a database that holds nothing else, so that all that asks a region, the laboratory first, can ask about them too.
//
// It promises that a decision from the database is the one from the file. What a database of facts cannot say (a rate finer
// than a millionth, an enterprise that is known to belong nowhere) is refused with its place, and never taken for something
// near. It leaves to others: reading the files (rule), deciding (policy, policy/region), and throwing the database away.
package sample
