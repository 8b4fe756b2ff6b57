//go:build race

package soak_test

// seedsByDefault also applies to "make check" with the race detector.
const seedsByDefault = 300
