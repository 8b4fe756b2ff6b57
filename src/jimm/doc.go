// Package jimm is a client of JIMM, the Juju Intelligent Model Manager that
// stands in front of the controllers of a JAAS.
//
// A [Client] is one websocket connection to JIMM's own API, logged in once as
// a service account; a [ModelConn] is one connection that JIMM proxies to the
// controller that hosts a model. Neither reconnects: when the connection is
// lost every call fails with an error that matches rpc.ErrConnection, and the
// caller decides whether to connect again. An answer that refuses is an
// *rpc.Error instead, with JIMM's own code and message, unchanged.
//
// # Generations
//
// The facade JIMM is version 4 in every release; what its methods mean changed
// inside that version. The package was written against two recorded servers:
// JIMM of October 2024 (v3.1.12 and 16 days) and JIMM of July 2026. The
// differences that a client sees are documented on the methods. What a server offers
// is found out by calling: a method that it does not know answers
// rpc.CodeNotImplemented. Before a login JIMM answers the same to everything,
// which a [Client] never meets, because it is logged in as long as it lives.
//
// # What is never sent
//
// An empty controller or model name, and a model that is not a
// canonical lower-case UUID where JIMM wants one, is refused here with rpc.ErrNotSent:
// JIMM of 2024 takes the first controller of its database for an empty name.
// FullModelStatus (leaks a connection in JIMM per call) and CrossModelQuery
// (dials every model) are not in this package at all.
package jimm
