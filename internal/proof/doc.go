// Package proof is what the installation as a whole proves with its audit log: it knows the kinds of things that all packages log
// (Kinds), makes the dossier of a case (卷宗) with its files, definitions and policy packages, and verifies one without a database,
// deciding its decisions and working sealed results of assessment models out again. The tree, its checkpoints and single proofs are of package audit.
package proof
