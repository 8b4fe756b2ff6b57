//go:build race

package scenario_test

// share: one in this many pairs of a story and an age is played.
const share = 7
