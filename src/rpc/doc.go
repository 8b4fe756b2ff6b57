// Package rpc is the client side of Juju's websocket RPC, as Juju controllers
// (2.9 to 4.x) and JIMM speak it.
//
// A message is one JSON object in one websocket text message. A request has
// the members request-id, type (the facade), version, id (seldom), request
// (the method) and params; an answer has request-id and response, or error,
// error-code and error-info. Answers come in any order.
//
// [Dial] makes a [Conn]. [Conn.Call] may be used by many goroutines at once.
// A call ends by itself: with its answer, with its context, with its time
// limit ([*TimeoutError]) or with the connection ([*ConnectionError]); the
// first three leave the connection as it is. What the other side answered as
// an error is an [*Error] whose code survives:
//
//	if errors.Is(err, rpc.CodeModelNotFound) { … }
//
// The package knows nothing about facades, logins or models: those are in
// src/juju and src/jimm, which need no more than a [Caller].
package rpc
