//go:build !race

package migration_test

// share: one in this many states is enumerated.
const share = 1
