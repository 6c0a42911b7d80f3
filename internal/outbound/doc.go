// Package outbound is the one way in which the product asks another system over HTTP. It owns what such a request may
// reach.
//
// It promises that nothing is asked but of hosts that were named by whoever runs the installation, that the address which a
// name stands for is looked at in the moment of the connection, so that a name which changes its mind gains nothing, that
// addresses inside a network are reached only where that network was named, that no redirect is followed, and that neither
// an answer nor the wait for it is without bounds.
//
// It leaves to others: what is asked, how it is signed, and when it is asked again.
package outbound
