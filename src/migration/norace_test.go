//go:build !race

package migration_test

// share: one in so many states is enumerated.
const share = 1
