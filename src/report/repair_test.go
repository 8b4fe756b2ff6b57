package report_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/report"
)

func TestRepairsAreNamed(t *testing.T) {
	const record = "juju run jimm-migrator/0 record-model model=" + prod + " controller="
	marked := fmt.Errorf("%w: already", migration.ErrMarked)
	for _, c := range []struct {
		outcome migration.Outcome
		cause   migration.Cause
		err     error
		cli     string
		want    map[string]any
	}{
		{migration.Migrated, "", nil, "jimmctl", map[string]any{}},
		{migration.NotStarted, migration.CauseAnswer, nil, "jimmctl", map[string]any{}},
		{migration.NotStarted, migration.CauseAnswer, marked, "juju jaas", map[string]any{"name": "stuck-mode", "command": record + "west confirm=" + prod}},
		{migration.Unknown, migration.CauseMisrecorded, nil, "jimmctl", map[string]any{"name": "early-record", "command": record + "west confirm=" + prod}},
		{migration.Unknown, migration.CauseUnproved, nil, "jimmctl", map[string]any{"name": "forgotten-record", "command": record + "east confirm=" + prod}},
		{migration.Unknown, migration.CauseSilent, nil, "jimmctl", map[string]any{}},
		{migration.NeedsAttention, migration.CauseLeftOver, nil, "jimmctl", map[string]any{"name": "left-over"}},
		{migration.Conflict, "", nil, "jimmctl", map[string]any{"name": "conflict"}},
		{migration.LostFromJIMM, "", nil, "jimmctl", map[string]any{
			"name": "lost-row", "command": "jimmctl import-model west " + prod + " --owner alice@example.com",
			"grants": "jimmctl auth relation add user-bob@example.com reader model-" + prod,
		}},
		{migration.LostFromJIMM, "", nil, "juju jaas", map[string]any{
			"name": "lost-row", "command": "juju jaas import-model west " + prod + " --owner alice@example.com",
			"grants": "juju jaas add-permission user-bob@example.com reader model-" + prod,
		}},
	} {
		r := everything()
		r.Outcome, r.Cause, r.Err = c.outcome, c.cause, c.err
		r.Model.Users = append(r.Model.Users, "bob@example.com=read")
		if diff := cmp.Diff(c.want, report.Repair(r, c.cli)); diff != "" {
			t.Errorf("%s, %s: %s", c.outcome, c.cause, diff)
		}
	}
}
