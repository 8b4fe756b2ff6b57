package migration

import (
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// TimeUnresolved is what the timer measures for verdicts one second apart.
func TimeUnresolved(kinds []judge.Kind) []time.Duration {
	var (
		u   unresolved
		out []time.Duration
	)
	for i, kind := range kinds {
		out = append(out, u.duration(kind, time.Unix(int64(100+i), 0)))
	}
	return out
}

// Differences is what verify compares, without a migration.
func Differences(before, after facts.Inventory, source, target string) []string {
	return differences(before, after, source, target)
}

// FollowUpsOf are the ids of what is left to do after a move to a controller of that version.
func FollowUpsOf(target string, after, before *facts.Inventory) []string {
	w := &watcher{Survey: &survey.Survey{}}
	w.base.Target.AgentVersion = target
	var out []string
	for _, f := range w.followUps(after, before) {
		out = append(out, f.ID)
	}
	return out
}
