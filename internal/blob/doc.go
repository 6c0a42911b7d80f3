// Package blob keeps files under the hash of their content: what was uploaded, as it came. It owns the directory of
// files beside the database.
//
// It promises: a file that is there is whole and on the disk, is never changed, and is stored once however often it
// comes; one larger than the limit is refused (Invalid) without being kept.
//
// Replace puts any other file in place of an older one, whole or not at all; Map reads such a file in place.
//
// It leaves to others: who may read a file, which is for whoever knows the hash to belong to something, and when one may
// be removed.
package blob
