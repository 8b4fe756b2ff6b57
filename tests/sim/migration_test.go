package sim_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
)

func TestMigrationThroughOldJIMM(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, sample(t, "2024"))
		c := connect(t, j)
		if seen := c.migrate(j, "prod", "east"); !strings.Contains(seen, `"migration-id":"`+j.UUID("prod")+`:0"`) {
			t.Fatalf("MigrateModel: %s", seen)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := j.Controller("west").AwaitText(ctx, j.UUID("prod"), "importing model"); err != nil {
			t.Fatal(err)
		}
		if seen := c.info(j, "prod"); !strings.Contains(seen, `"migration":{"status":"importing model into target controller"`) {
			t.Errorf("during: %s", seen)
		}
		await(t, j, "west", "prod", controller.Done)
		if seen := c.info(j, "prod"); !strings.Contains(seen, `"code":"redirection required"`) {
			t.Errorf("after: %s", seen)
		}
		if got := recordedOn(j, "prod"); got != "west " {
			t.Errorf("recorded on %q before any request", got)
		}
		if diff := cmp.Diff([]sim.Place{{Controller: "east", State: controller.StateActive}}, j.Where("prod")); diff != "" {
			t.Error(diff)
		}
		if seen := c.record(j, "prod", "east"); seen != "{}" {
			t.Errorf("UpdateMigratedModel: %s", seen)
		}
		if seen := c.info(j, "prod"); !strings.Contains(seen, `"name":"prod"`) || recordedOn(j, "prod") != "east " {
			t.Errorf("recorded on %q, info %s", recordedOn(j, "prod"), seen)
		}
		if v := j.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	})
}

func TestMigrationThroughNewJIMM(t *testing.T) {
	tests := []struct{ model, after, info, recorded string }{
		// JIMM's own user is a user of the model, so the source sends it on.
		{"prod", "east ", `"name":"prod"`, "east "},
		// It is not a user, and the migration is stuck although it succeeded.
		{"archive", "west migrating-internally", `"message":"internal server error"`, "east "},
	}
	for _, test := range tests {
		t.Run(test.model, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := start(t, sample(t, "2026"))
				c := connect(t, j)
				if seen := c.migrate(j, test.model, "east"); !strings.Contains(seen, `"migration-id":"`+j.UUID(test.model)) {
					t.Fatalf("MigrateModel: %s", seen)
				}
				if got := recordedOn(j, test.model); got != "west migrating-internally" {
					t.Errorf("recorded on %q", got)
				}
				await(t, j, "west", test.model, controller.Done)
				<-time.After(time.Minute) // the poller
				if got := recordedOn(j, test.model); got != test.after {
					t.Errorf("a minute later recorded on %q, want %q", got, test.after)
				}
				if seen := c.info(j, test.model); !strings.Contains(seen, test.info) {
					t.Errorf("info %s, want %s", seen, test.info)
				}
				if seen := c.record(j, test.model, "east"); seen != "{}" || recordedOn(j, test.model) != test.recorded {
					t.Errorf("UpdateMigratedModel %s, recorded on %q", seen, recordedOn(j, test.model))
				}
				if v := j.Violations(); len(v) > 0 {
					t.Errorf("violations: %v", v)
				}
			})
		})
	}
}

func TestAbortedMigrationClearsTheMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, sample(t, "2026"))
		c := connect(t, j)
		c.migrate(j, "legacy", "west")
		await(t, j, "east", "legacy", controller.AbortDone)
		<-time.After(time.Minute)
		if got := recordedOn(j, "legacy"); got != "east " {
			t.Errorf("recorded on %q", got)
		}
		if seen := c.info(j, "legacy"); !strings.Contains(seen, "machine sanity check failed, 1 error found") {
			t.Errorf("info %s", seen)
		}
	})
}

func TestTooEarlyRecordLosesTheModelAfterAnAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, sample(t, "2026"))
		c := connect(t, j)
		c.migrate(j, "legacy", "west")
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := j.Controller("east").AwaitText(ctx, j.UUID("legacy"), "validating"); err != nil {
			t.Fatal(err)
		}
		if seen := c.record(j, "legacy", "west"); seen != "{}" {
			t.Errorf("UpdateMigratedModel of an importing copy: %s", seen)
		}
		var rules []string
		for _, v := range j.Violations() {
			rules = append(rules, v.Rule)
		}
		if diff := cmp.Diff([]string{sim.RuleEarlyRecord, sim.RuleWrongRecord}, rules); diff != "" {
			t.Error(diff)
		}
		await(t, j, "east", "legacy", controller.AbortDone)
		<-time.After(time.Minute)
		if got := recordedOn(j, "legacy"); got != "no row" {
			t.Errorf("recorded on %q", got)
		}
	})
}
