package judge_test

import (
	"testing"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/redact"
)

// unstable is the source's answer while a migration runs, as builds of Juju 4 give it: the start is the time of the text.
func unstable(text string, second int64) facts.Info {
	return facts.Info{
		Kind: facts.InfoLive, Controller: west().UUID, Status: "busy", StatusText: redact.Raw("migrating: " + text),
		Attempt: facts.Attempt{Text: redact.Raw(text), Start: time.Unix(second, 0), StartUnstable: true},
	}
}

// idle is their answer afterwards.
func idle(text string) facts.Info {
	return facts.Info{Kind: facts.InfoLive, Controller: west().UUID, Status: "available", StatusText: redact.Raw(text)}
}

func TestAnUnstableStart(t *testing.T) {
	const (
		importing = "importing model into target controller"
		success   = "successful, transferring logs to target controller (1 sent)"
	)
	seen := []facts.Info{unstable("starting", 100), unstable(importing, 110)}
	past := append(append([]facts.Info(nil), seen...), unstable(success, 150))
	gone, there := copies(facts.CopyPresent, facts.CopyAbsent), copies(facts.CopyPresent, facts.CopyPresent)
	for _, c := range []struct {
		name   string
		first  []facts.Info
		then   []facts.Info
		copies map[facts.ControllerUUID]facts.Copy
		want   judge.Kind
		proof  bool
	}{
		{"goes on with a later start", seen, nil, nil, judge.Running, false},
		{"begins again", seen, []facts.Info{unstable("starting", 170)}, nil, judge.Superseded, false},
		{"an abort, then another", seen, []facts.Info{unstable("aborted, removing model from target controller: x", 150), unstable(importing, 170)}, nil, judge.Superseded, false},
		{"one observation without it is none", seen, []facts.Info{idle("")}, gone, judge.Waiting, false},
		{"over, and the target does not have it", seen, []facts.Info{idle(""), idle("")}, gone, judge.Aborted, false},
		{"over, and the target is unknown", seen, []facts.Info{idle(""), idle("")}, nil, judge.Waiting, false},
		{"over, and the target may have it", seen, []facts.Info{idle(""), idle("")}, there, judge.Waiting, false},
		{"over, as the status says", seen, []facts.Info{idle("migrating: aborted, removing model from target controller: x"), idle("migrating: aborted, removing model from target controller: x")}, nil, judge.Aborted, false},
		{"over after the point of no return", past, []facts.Info{idle(""), idle("")}, there, judge.ReapFailed, true},
		{"over after it, and the target denies it", past, []facts.Info{idle(""), idle("")}, gone, judge.ReapFailed, false},
		{"the removal failed, as the status says", seen, []facts.Info{idle("migrating: removing exported model failed: x"), idle("migrating: removing exported model failed: x")}, there, judge.ReapFailed, true},
		{"still busy", past, []facts.Info{{Kind: facts.InfoLive, Controller: west().UUID, Status: "busy"}, {Kind: facts.InfoLive, Controller: west().UUID, Status: "busy"}}, there, judge.Waiting, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p judge.Progress
			var o facts.Observation
			for _, i := range append(append([]facts.Info(nil), c.first...), c.then...) {
				o = observed(i, at(west()), c.copies)
				p = p.Observe(base(), o)
			}
			v := judge.Judge(base(), p, o)
			if v.Kind != c.want || v.Proof.Valid() != c.proof {
				t.Errorf("%v, proof %v, phase %s", v.Kind, v.Proof.Valid(), v.Phase)
			}
			if got := p.Attempt.Start; c.want == judge.Running && !got.Equal(time.Unix(100, 0)) {
				t.Errorf("it began %v", got)
			}
		})
	}
}

func TestTheRequestBehindAnUnstableStart(t *testing.T) {
	now := time.Unix(100000, 0)
	log := facts.Audit{Now: now, Requests: []facts.Request{{Kind: facts.RequestMigrate, Target: "east", At: now.Add(-2 * time.Hour)}}}
	attempt := unstable("validating", now.Add(-time.Second).Unix()).Attempt
	if name, certain := log.Target(attempt, "west"); name != "east" || !certain {
		t.Errorf("%q, %v", name, certain)
	}
	attempt.StartUnstable = false
	if name, _ := log.Target(attempt, "west"); name != "" {
		t.Errorf("a request of two hours ago explains a migration that has just begun: %q", name)
	}
}
