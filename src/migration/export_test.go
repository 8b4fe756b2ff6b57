package migration

import (
	"time"

	"jimm-migrator/src/migration/judge"
)

// Waited is what the timer measures of verdicts that come a second apart.
func Waited(kinds []judge.Kind) []time.Duration {
	var (
		u   unresolved
		out []time.Duration
	)
	for i, kind := range kinds {
		out = append(out, u.waited(kind, time.Unix(int64(100+i), 0)))
	}
	return out
}
