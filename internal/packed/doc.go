// Package packed holds numbers in as few bytes as they need, in memory and in files.
//
// Ints is a sequence of numbers as an offset and narrow differences. Out and In write and read bodies made of numbers,
// texts and Ints; In trusts nothing: a body that is cut off, or that speaks of more than it holds, gives an error and
// never a panic. Write and Parse put such bodies into a file as its sections, each with a checksum: Parse refuses every
// file that is not, byte for byte, what Write wrote. Putting files on a disk is left to package blob.
//
// What the numbers mean is the business of who writes them: a file of this package is a cache that its owner can make
// anew, and so there is no way to read half of one.
package packed
