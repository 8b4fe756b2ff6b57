package report_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/report"
)

func TestEverySummaryIsASentence(t *testing.T) {
	for _, outcome := range values(t, "facts", "Outcome") {
		for _, cause := range append(values(t, "facts", "Cause"), "") {
			for _, detail := range []string{"", "the server's words"} {
				r := everything()
				r.Outcome, r.Cause, r.Detail = facts.Outcome(outcome), facts.Cause(cause), detail
				r.Findings[0].Ignored = false
				if cause == "" && outcome == "unknown" || cause == "other-migration" && outcome == "refused" && detail == "" {
					continue // Never so.
				}
				for _, text := range []string{report.Summary(r), report.RemoveSummary(r)} {
					if strings.Contains(text, "%!") || strings.Contains(text, `""`) || strings.HasSuffix(text, ": ") || !strings.Contains(text, "prod") && outcome != "refused" {
						t.Errorf("%s, %s: %q", outcome, cause, text)
					}
					if strings.HasSuffix(text, ".") || strings.Contains(text, "\n") {
						t.Errorf("%s, %s is not one sentence without its full stop: %q", outcome, cause, text)
					}
				}
			}
		}
	}
}

// A sentence claims only what is known.
func TestSummariesClaimNoMoreThanIsKnown(t *testing.T) {
	r := everything()
	r.Holder, r.Recorded = facts.Controller{}, facts.Controller{}
	r.Detail = ""
	for _, c := range []struct {
		name      string
		change    func(*migration.Result)
		want, not string
	}{
		{"stopped before anything was seen", func(r *migration.Result) { r.Outcome = facts.Interrupted }, "is not known", "continues by itself"},
		{"stopped while it ran", func(r *migration.Result) {
			r.Outcome, r.Cause, r.Running = facts.TimedOut, facts.CauseDeadline, true
		}, "continues by itself", "is not known; run"},
		{"stopped while it was recorded", func(r *migration.Result) {
			r.Outcome, r.Cause, r.Step = facts.TimedOut, facts.CauseDeadline, facts.StepRecord
			r.Holder = r.Target
		}, "not known yet whether JIMM records it there", "continues by itself"},
		{"stopped while it was verified", func(r *migration.Result) {
			r.Outcome, r.Cause, r.Step = facts.TimedOut, facts.CauseDeadline, facts.StepVerify
			r.Holder = r.Target
		}, "not known yet whether the source still hosts it", "continues by itself"},
		{"followed, target unknown", func(r *migration.Result) { r.Outcome = facts.Started }, "is running", `to "east"`},
		{"followed, known where to", func(r *migration.Result) { r.Outcome, r.GoesTo = facts.Started, r.Target }, `to "east"`, "not known"},
		{"JIMM records a third", func(r *migration.Result) {
			r.Outcome, r.Cause, r.Recorded = facts.Unknown, facts.CauseElsewhere, facts.Controller{Name: "north", UUID: "x"}
		}, `JIMM now records it on "north"`, `is on "north"`},
		{"the source names a third", func(r *migration.Result) {
			r.Outcome, r.Cause, r.Holder = facts.Unknown, facts.CauseElsewhere, facts.Controller{Name: "north", UUID: "x"}
		}, `"west" reports that it has migrated the model to "north"`, "JIMM records"},
		{"forgotten", func(r *migration.Result) { r.Outcome = facts.LostFromJIMM }, "it is not known which controller has it", "the model is on"},
		{"the source is not known", func(r *migration.Result) { r.Outcome, r.Cause = facts.Unknown, facts.CauseSourceUnknown }, "could not be determined", `"west"`},
	} {
		r := r
		c.change(&r)
		if text := report.Summary(r); !strings.Contains(text, c.want) || strings.Contains(text, c.not) {
			t.Errorf("%s: %q", c.name, text)
		}
	}
}

// The target of a migration that JIMM did not start need not be known.
func TestAnUnknownTargetHasNoEmptyName(t *testing.T) {
	r := everything()
	r.Outcome, r.Target, r.Holder, r.Detail = facts.Unknown, facts.Controller{}, facts.Controller{}, ""
	west := facts.Controller{Name: "west", UUID: "x"}
	texts := []string{report.Line(migration.HeartbeatEvent{Over: migration.OverUnproved, Source: west})}
	for _, cause := range []facts.Cause{facts.CauseUnproved, facts.CauseSilent, facts.CauseAnswer} {
		for _, phase := range []facts.Phase{facts.PhaseReap, facts.PhaseReapFailed} {
			r.Cause, r.Phase = cause, phase
			texts = append(texts, report.Summary(r))
		}
	}
	for _, text := range texts {
		if strings.Contains(text, `""`) || !strings.Contains(text, `"west"`) && !strings.Contains(text, "no controller reports it") {
			t.Errorf("%s", text)
		}
	}
}

func TestEveryEventIsALine(t *testing.T) {
	secret := errors.New("password=" + canary)
	controller := facts.Controller{Name: "west", UUID: "x"}
	for _, e := range []migration.Event{
		migration.FindingEvent{Finding: checks.Finding{Check: "model", Level: checks.Warn, Evidence: "a", Remedy: "b"}},
		migration.FreezeEvent{},
		migration.AttachEvent{Target: controller},
		migration.AttachEvent{Target: controller, TargetProved: true},
		migration.StartEvent{Source: controller, Target: controller},
		migration.StartEvent{Source: controller, Target: controller, Err: secret},
		migration.PhaseEvent{Phase: facts.PhaseSuccess, Text: "x", NoReturn: true},
		migration.StallEvent{Text: "x"},
		migration.HeartbeatEvent{},
		migration.HeartbeatEvent{Text: "x", Err: secret},
		migration.HeartbeatEvent{Over: migration.OverUnproved},
		migration.HeartbeatEvent{Over: migration.OverMisrecorded},
		migration.HeartbeatEvent{Over: migration.OverRetained},
		migration.HeartbeatEvent{Over: migration.OverUnanswered, Target: controller},
		migration.EndEvent{Phase: facts.PhaseDone, Target: controller},
		migration.SourceReleasedEvent{Source: controller},
		migration.RecordEvent{Controller: controller, Ground: "g"},
		migration.RecordEvent{Controller: controller, Err: secret},
		migration.WaitEvent{Limit: time.Minute},
	} {
		if text := report.Line(e); text == "" || strings.Contains(text, "%!") || strings.Contains(text, canary) {
			t.Errorf("%T: %q", e, text)
		}
	}
}

func TestResultKeys(t *testing.T) {
	good := regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	for _, names := range [][]string{
		{"east"},
		{"east-1"},
		{"East", "uuid-1"},
		{"stdout", "uuid-1"},
		{"stderr-encoding", "uuid-1"},
		{"a.b", "uuid-1"},
		{"-a", "uuid-1"},
		{"a b"},
		{""},
		{"ÄÖ"},
		{"A.B_C"},
		{"x", ""},
		{"%"},
	} {
		key := report.ResultKey(names...)
		if !good.MatchString(key) || key == "stdout" || key == "stderr-encoding" {
			t.Errorf("ResultKey(%q) = %q", names, key)
		}
		if good.MatchString(names[0]) && !strings.HasPrefix(names[0], "std") && key != names[0] {
			t.Errorf("ResultKey(%q) = %q, want the name", names, key)
		}
		if len(names) == 2 && names[0] != "x" && key != names[1] {
			t.Errorf("ResultKey(%q) = %q, want the UUID", names, key)
		}
	}
}

func TestLocationSummaries(t *testing.T) {
	for _, state := range values(t, "locate", "State") {
		l := locate.Location{Model: facts.Model{Name: "prod", Owner: "alice"}, State: locate.State(state), Proof: "the proof", Recorded: facts.Controller{Name: "west", UUID: "1"}}
		text := report.LocationSummary(l, "jimm-migrator/0")
		if !strings.Contains(text, "alice/prod") || !strings.Contains(text, "the proof") || strings.HasSuffix(text, ": ") {
			t.Errorf("%s: %q", state, text)
		}
	}
}

// A source that restarts while it aborts loses the reason.
func TestAnAbortWithoutAReasonSaysWhereToLook(t *testing.T) {
	r := everything()
	r.Outcome, r.Detail, r.Hint = facts.Aborted, "", ""
	if text := report.Summary(r); !strings.Contains(text, "the source gives no reason; see the log of its controller model") {
		t.Error(text)
	}
}
