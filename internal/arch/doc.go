// Package arch holds the rules of the house that a compiler does not know, as a test over the source of the whole
// module: which way imports may go, who may read the clock, where SQL may stand, where no float may be. It exports
// nothing and nothing imports it.
package arch
