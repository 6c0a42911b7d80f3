// Package seal keeps secrets that must be read again, such as those that codes are made from, unreadable for who has the database
// alone: AES-256-GCM under a key from a file. It owns the form of what is sealed and the file of keys.
//
// It promises: what is sealed opens for nothing but what it was sealed for, one changed bit and it opens for nobody; each piece
// names its key, so that a new key takes over while pieces under the old ones still open; a file of keys is never replaced by a
// new one silently.
//
// It leaves to others: where sealed pieces are kept and sealing them anew under a new key. What need not be read again (passwords,
// codes, tokens) is a hash and does not belong here.
package seal
