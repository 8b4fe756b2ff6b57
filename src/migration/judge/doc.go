// Package judge decides what the observations mean. [Judge] is a pure function of what was
// known before, of the progress so far and of the latest observation, and only this
// package makes a [Proof], without which nothing is recorded in JIMM.
package judge
