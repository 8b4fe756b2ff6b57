package report_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
)

func TestRepairsAreNamed(t *testing.T) {
	const record = "juju run jimm-migrator/0 record-model model=" + prod + " controller="
	marked := fmt.Errorf("%w: already", migration.ErrMarked)
	for _, c := range []struct {
		outcome facts.Outcome
		cause   facts.Cause
		err     error
		cli     string
		want    map[string]any
	}{
		{facts.Migrated, "", nil, "jimmctl", map[string]any{}},
		{facts.NotStarted, facts.CauseAnswer, nil, "jimmctl", map[string]any{}},
		{facts.NotStarted, facts.CauseAnswer, marked, "juju jaas", map[string]any{"name": "stuck-mode", "command": record + "west confirm=" + prod + " --wait=20m"}},
		{facts.Unknown, facts.CauseMisrecorded, nil, "jimmctl", map[string]any{"name": "early-record", "command": record + "west confirm=" + prod + " --wait=20m"}},
		{facts.Unknown, facts.CauseUnproved, nil, "jimmctl", map[string]any{"name": "forgotten-record", "command": record + "east confirm=" + prod + " --wait=20m"}},
		{facts.Unknown, facts.CauseSilent, nil, "jimmctl", map[string]any{}},
		{facts.NeedsAttention, facts.CauseLeftOver, nil, "jimmctl", map[string]any{"name": "left-over"}},
		{facts.Conflict, "", nil, "jimmctl", map[string]any{"name": "conflict"}},
		{facts.LostFromJIMM, "", nil, "jimmctl", map[string]any{
			"name": "lost-row", "command": "jimmctl import-model west " + prod + " --owner alice@example.com",
			"grants": "jimmctl auth relation add user-bob@example.com reader model-" + prod,
		}},
		{facts.LostFromJIMM, "", nil, "juju jaas", map[string]any{
			"name": "lost-row", "command": "juju jaas import-model west " + prod + " --owner alice@example.com",
			"grants": "juju jaas add-permission user-bob@example.com reader model-" + prod,
		}},
	} {
		r := everything()
		r.Outcome, r.Cause, r.Err = c.outcome, c.cause, c.err
		// JIMM's administrators are among the users of ModelInfo, without a grant of their own.
		r.Model.Users = append(r.Model.Users, "boss@example.com=admin")
		r.Model.Grants = []string{"user-alice@example.com administrator", "user-bob@example.com reader"}
		if diff := cmp.Diff(c.want, report.Repair(r, c.cli)); diff != "" {
			t.Errorf("%s, %s: %s", c.outcome, c.cause, diff)
		}
	}
}
