// Package judge decides what the observations mean. [Judge] is a pure function of three things: what was known before,
// the progress so far, and the latest observation. Only this package can make a [Proof], and nothing is recorded in
// JIMM without one.
package judge
