//go:build race

package soak_test

// seedsByDefault is also what "make check" runs with the race detector.
const seedsByDefault = 300
