//go:build race

package migration_test

// share: one in this many states is enumerated. The race detector takes many times as long, and is
// for other faults.
const share = 40
