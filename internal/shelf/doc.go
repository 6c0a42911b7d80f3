// Package shelf keeps what was worked out from something that does not change, each value worked out once however many
// ask for it at the same time. What a shelf holds is bounded: when it is full, it starts anew.
package shelf
