package realjuju_test

import (
	"fmt"
	"strings"

	"github.com/juju/juju/state"

	"jimm-migrator/tests/engine"
	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/realjuju/jaas"
)

// active reports whether a model is in use on a controller, by its database: not one that is being imported.
func active(c *controller.Controller, uuid string) bool {
	found := false
	_ = c.Do(uuid, func(st *state.State) error {
		m, err := st.Model()
		found = err == nil && m.Life() == state.Alive && m.MigrationMode() != state.MigrationModeImporting
		return err
	})
	return found
}

// actual is the state of a model in the databases of both controllers and of JIMM.
type actual struct {
	west, east bool                 // host it
	row        string               // the controller that JIMM records, empty if JIMM does not know the model
	forgotten  string               // the user who made JIMM forget the model
	migration  controller.Migration // the latest on west; empty if it has none or the model has migrated away
}

func actualOf(j *jaas.JAAS, m *jaas.Model) actual {
	row, _ := j.JIMM.Model(m.UUID)
	latest, err := j.West.Migration(m.UUID)
	if err != nil {
		latest = controller.Migration{}
	}
	return actual{active(j.West, m.UUID), active(j.East, m.UUID), row.Controller, j.ForgottenFor(m.UUID), latest}
}

// lies lists what a report on a migration from west to east claims and the databases deny. A report without claims does
// not lie, but JIMM must never record a controller that does not have the model.
func lies(r engine.Report, now actual) []string {
	var out []string
	lie := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	switch r.Outcome {
	case "migrated", "already-there", "recorded", "migrated-needs-attention":
		if !now.east || now.west {
			lie("%s, and the model is in use on west: %v, on east: %v", r.Outcome, now.west, now.east)
		}
		if now.row != "east" && r.Outcome != "migrated-needs-attention" {
			lie("%s, and JIMM records %q", r.Outcome, now.row)
		}
	case "aborted":
		if !now.west || now.migration.Phase != "ABORTDONE" {
			lie("aborted, and the model is in use on west: %v, its migration in %q", now.west, now.migration.Phase)
		}
	case "lost-from-jimm":
		if now.row != "" {
			lie("lost-from-jimm, and JIMM records %q", now.row)
		}
	case "refused", "not-started":
		if now.migration.Phase != "" && !now.migration.Ended() {
			lie("%s, and a migration is in %s", r.Outcome, now.migration.Phase)
		}
	}
	if strings.HasPrefix(now.forgotten, jaas.ClientID) {
		lie("JIMM has forgotten the model because it was asked for its details")
	}
	if now.row == "east" && !now.east || now.row == "west" && !now.west && !now.east {
		lie("JIMM records %q, and the model is in use on west: %v, on east: %v", now.row, now.west, now.east)
	}
	for _, line := range append(r.Progress, r.Summary, r.Detail, r.Next) {
		if strings.Contains(line, controller.AdminPassword) || strings.Contains(line, jaas.ClientSecret) || strings.Contains(line, canary) {
			lie("a secret: %s", line)
		}
	}
	return out
}

// canary is a secret of a cloud credential.
const canary = "c4n4ry-of-the-credential"
