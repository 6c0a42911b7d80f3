// Package inbound is how others reach the product over HTTP. It owns what is the same for every answer and every connection,
// whoever makes the answer: the versions of TLS, the limits of time and size before anything is read, the headers that go out with
// pages, programs' answers, static files and errors alike, the names of cookies, which address a request came from, and the counting of requests.
//
// It promises that nothing older than TLS 1.2 is spoken, that no connection waits for its request for ever, and that a header
// about the client's address is believed only from a proxy that whoever runs the installation has named.
//
// It leaves to others: what an answer may load (internal/web, internal/api), whose requests count together and how many there may be
// (internal/web, internal/api), how many tries a password has (internal/access), and how large a body may be (each operation).
package inbound
