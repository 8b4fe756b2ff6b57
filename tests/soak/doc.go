// Package soak holds the simulation: seeded worlds, faults and schedules for the engine and its real adapters, over the
// real transport and in virtual time. The number of a seed determines the world and all events in it, so a failure can
// be repeated:
//
//	go test ./tests/soak -run TestSeed -seed=N -v -count=20
//
// World, faults, kills and their times are the same again. The order of events at the same instant of virtual time
// depends on the Go runtime, and UUIDs and the jitter of reconnects are random: -count repeats the seed until it fails.
//
// The package has only tests.
package soak
