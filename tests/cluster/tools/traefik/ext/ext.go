// Package ext stands in for a folder of Traefik's repository that is no part of its module.
package ext

// HTTP extends a configuration of HTTP by nothing.
type HTTP struct{}

// Router extends a router by nothing.
type Router struct{}
