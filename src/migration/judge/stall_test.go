package judge_test

import (
	"fmt"
	"testing"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/redact"
)

const (
	quiescing   = "quiescing, waiting for agents to report back"
	validating  = "validating, waiting for agents to report back: 1 succeeded, 1 still to report"
	checking    = "validating, all agents reported success"
	activating  = "activating model in target controller"
	transfer    = "successful, transferring logs to target controller (%d sent)"
	success     = "successful, waiting for agents to report back"
	ownership   = "transferring ownership of cloud resources to target controller"
	limit       = 20 * time.Minute
	limitMoving = time.Hour
)

// poll is one poll, and the time since the one before.
type poll struct {
	after  time.Duration
	text   string
	silent bool
}

func TestStall(t *testing.T) {
	for name, c := range map[string]struct {
		polls   []poll
		kind    judge.Kind
		repeats bool
	}{
		"progresses":                         {[]poll{{0, quiescing, false}, {19 * time.Minute, validating, false}, {19 * time.Minute, success, false}}, judge.Running, false},
		"a phase lasts":                      {[]poll{{0, quiescing, false}, {limit, quiescing, false}}, judge.Stalled, false},
		"a phase lasts, nothing was heard":   {[]poll{{0, quiescing, false}, {limit, quiescing, true}}, judge.Running, false},
		"stays stalled while silent":         {[]poll{{0, quiescing, false}, {limit, quiescing, false}, {time.Minute, quiescing, true}}, judge.Stalled, false},
		"goes on after a stall":              {[]poll{{0, quiescing, false}, {limit, quiescing, false}, {time.Minute, validating, false}}, judge.Running, false},
		"other numbers are no progress":      {[]poll{{0, validating, false}, {limit, "validating, waiting for agents to report back: 2 succeeded, 0 still to report", false}}, judge.Stalled, false},
		"other numbers of a transfer are":    {[]poll{{0, fmt.Sprintf(transfer, 1), false}, {2 * limitMoving, fmt.Sprintf(transfer, 2), false}}, judge.Running, false},
		"a transfer may take longer":         {[]poll{{0, fmt.Sprintf(transfer, 1), false}, {limit, fmt.Sprintf(transfer, 1), false}}, judge.Running, false},
		"a transfer stops":                   {[]poll{{0, fmt.Sprintf(transfer, 1), false}, {limitMoving, fmt.Sprintf(transfer, 1), false}}, judge.Stalled, false},
		"third round of VALIDATION":          {append(times(2, poll{1, validating, false}, poll{1, checking, false}), poll{1, validating, false}), judge.Stalled, true},
		"second round of VALIDATION":         {times(2, poll{1, validating, false}, poll{1, checking, false}, poll{1, activating, false}), judge.Running, false},
		"SUCCESS repeats its steps":          {times(4, poll{1, success, false}, poll{1, ownership, false}), judge.Stalled, true},
		"SUCCESS repeats them a few times":   {times(3, poll{1, success, false}, poll{1, ownership, false}), judge.Running, false},
		"unknown texts are no progress":      {[]poll{{0, quiescing, false}, {limit, "doing new things", false}}, judge.Stalled, false},
		"a source that shows no phase":       {[]poll{{0, facts.TextExporting, false}, {limit, facts.TextExporting, false}}, judge.Running, false},
		"no phase is shown for too long":     {[]poll{{0, facts.TextExporting, false}, {limitMoving, facts.TextExporting, false}}, judge.Stalled, false},
		"no text, no judgement of the stall": {[]poll{{0, "", false}, {100 * limit, "", false}}, judge.Running, false},
	} {
		s := judge.Stall{Limit: limit, LimitTransfer: limitMoving}
		now, v := time.Unix(0, 0), judge.Verdict{}
		for _, p := range c.polls {
			now = now.Add(p.after)
			v = s.Judge(judge.Verdict{Kind: judge.Running}, redact.Raw(p.text), !p.silent, now)
		}
		if v.Kind != c.kind || v.Repeats != c.repeats {
			t.Errorf("%s: verdict %d, repeats %v; want %d, %v", name, v.Kind, v.Repeats, c.kind, c.repeats)
		}
	}
}

func TestOnlyWhatRunsCanStall(t *testing.T) {
	s := judge.Stall{Limit: limit}
	for _, kind := range []judge.Kind{judge.Aborting, judge.Migrated, judge.NoAnswer} {
		for _, at := range []time.Duration{0, 100 * limit} {
			if v := s.Judge(judge.Verdict{Kind: kind}, quiescing, true, time.Unix(0, 0).Add(at)); v.Kind != kind {
				t.Errorf("verdict %d became %d", kind, v.Kind)
			}
		}
	}
}

func times(n int, polls ...poll) (out []poll) {
	for range n {
		out = append(out, polls...)
	}
	return out
}
