package migration_test

import (
	"testing"
	"time"

	"jimm-migrator/src/migration"
)

// drifting is the source's answer while a migration runs, as builds of Juju 4 give it: the start is the time of the text.
func drifting(text string, second int64) migration.Info {
	return migration.Info{
		Kind: migration.InfoLive, Controller: west().UUID, Status: "busy", StatusText: "migrating: " + text,
		Attempt: migration.Attempt{Text: text, Start: time.Unix(second, 0), Drifts: true},
	}
}

// idle is what they answer afterwards.
func idle(text string) migration.Info {
	return migration.Info{Kind: migration.InfoLive, Controller: west().UUID, Status: "available", StatusText: text}
}

func TestAMigrationWhoseStartDrifts(t *testing.T) {
	const (
		importing = "importing model into target controller"
		success   = "successful, transferring logs to target controller (1 sent)"
	)
	seen := []migration.Info{drifting("starting", 100), drifting(importing, 110)}
	past := append(append([]migration.Info(nil), seen...), drifting(success, 150))
	gone, there := copies(migration.CopyPresent, migration.CopyAbsent), copies(migration.CopyPresent, migration.CopyPresent)
	for _, c := range []struct {
		name   string
		first  []migration.Info
		then   []migration.Info
		copies map[string]migration.Copy
		want   migration.VerdictKind
		proof  bool
	}{
		{"goes on with a later start", seen, nil, nil, migration.VerdictRunning, false},
		{"begins anew", seen, []migration.Info{drifting("starting", 170)}, nil, migration.VerdictSuperseded, false},
		{"an abort, then another", seen, []migration.Info{drifting("aborted, removing model from target controller: x", 150), drifting(importing, 170)}, nil, migration.VerdictSuperseded, false},
		{"one look without it is none", seen, []migration.Info{idle("")}, gone, migration.VerdictWaiting, false},
		{"over, and the target does not have it", seen, []migration.Info{idle(""), idle("")}, gone, migration.VerdictAborted, false},
		{"over, and nobody knows of the target", seen, []migration.Info{idle(""), idle("")}, nil, migration.VerdictWaiting, false},
		{"over, and the target may have it", seen, []migration.Info{idle(""), idle("")}, there, migration.VerdictWaiting, false},
		{"over, as the status says", seen, []migration.Info{idle("migrating: aborted, removing model from target controller: x"), idle("migrating: aborted, removing model from target controller: x")}, nil, migration.VerdictAborted, false},
		{"over after the point of no return", past, []migration.Info{idle(""), idle("")}, there, migration.VerdictReapFailed, true},
		{"over after it, and the target denies it", past, []migration.Info{idle(""), idle("")}, gone, migration.VerdictReapFailed, false},
		{"the removal failed, as the status says", seen, []migration.Info{idle("migrating: removing exported model failed: x"), idle("migrating: removing exported model failed: x")}, there, migration.VerdictReapFailed, true},
		{"still busy", past, []migration.Info{{Kind: migration.InfoLive, Controller: west().UUID, Status: "busy"}, {Kind: migration.InfoLive, Controller: west().UUID, Status: "busy"}}, there, migration.VerdictWaiting, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p migration.Progress
			var o migration.Observation
			for _, i := range append(append([]migration.Info(nil), c.first...), c.then...) {
				o = look(i, at(west()), c.copies)
				p = p.Observe(base(), o)
			}
			v := migration.Judge(base(), p, o)
			if v.Kind != c.want || v.Proof.Valid() != c.proof {
				t.Errorf("%v, proof %v, phase %s", v.Kind, v.Proof.Valid(), v.Phase)
			}
			if got := p.Attempt.Start; c.want == migration.VerdictRunning && !got.Equal(time.Unix(100, 0)) {
				t.Errorf("it began %v", got)
			}
		})
	}
}

func TestTheRequestBehindADriftingMigration(t *testing.T) {
	now := time.Unix(100000, 0)
	log := migration.Audit{Now: now, Requests: []migration.Request{{Kind: migration.RequestMigrate, Target: "east", At: now.Add(-2 * time.Hour)}}}
	attempt := drifting("validating", now.Add(-time.Second).Unix()).Attempt
	if name, certain := migration.AuditTarget(log, attempt, "west"); name != "east" || !certain {
		t.Errorf("%q, %v", name, certain)
	}
	attempt.Drifts = false
	if name, _ := migration.AuditTarget(log, attempt, "west"); name != "" {
		t.Errorf("a request of two hours ago explains a migration that has just begun: %q", name)
	}
}
