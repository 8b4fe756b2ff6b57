//go:build race

package migration_test

// share: one in so many states is enumerated. The race detector needs many
// times as long, and looks for something else.
const share = 40
