// Package soak holds the simulation: seeded worlds, faults and schedules for the
// engine and its real adapters, over the real transport and in virtual time. One
// number makes a world and all that happens in it, so that what went wrong can be
// made to happen again:
//
//	go test ./tests/soak -run TestSeed -seed=N -v -count=20
//
// World, faults, kills and their times are the same again. The order of what is
// ready in the same instant of virtual time is the Go runtime's choice, and so are
// UUIDs and the jitter of reconnects: -count repeats the seed until it fails.
//
// The package has tests only.
package soak
