// Package lot draws by lot so that anybody can draw again.
//
// A seed is drawn from randomness and committed to, by its SHA-256, before it is known among whom is drawn. The roll, a digest
// of who takes part, goes into every lot, so that whoever chose the seed could not know what it would draw, and whoever
// chooses who takes part does not know the seed. The package stores nothing: who draws keeps seed, commitment and roll.
package lot
