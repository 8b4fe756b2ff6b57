package charm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// How many lines one action shows. Juju 3 keeps 1,001 for a task, each for a
// round trip to the controller, and drops the others without an error.
const (
	defaultProgress = 200
	maxProgress     = 1000
)

// silence follows a line that the controller did not take in time: the action
// does not wait for each further line.
const silence = time.Minute

// progress counts what an action has logged.
type progress struct {
	mu      sync.Mutex
	limit   int // zero: the default
	lines   int
	last    string
	repeats int // of last, not shown
	broken  bool
	silent  time.Time // until then
	shown   time.Time // the last line
}

// LimitProgress sets how many lines of progress the action shows: 200 by
// default, and 1,000 at most.
func (a *Action) LimitProgress(lines int) {
	a.progress.mu.Lock()
	defer a.progress.mu.Unlock()
	a.progress.limit = min(lines, maxProgress)
}

// Log shows a line of progress: juju run prints it while the action runs, and
// the task keeps it. It costs a round trip to the controller.
//
// The line is cut at 500 characters, control characters become spaces, and a
// percent sign is spelled out, because the client of some releases of Juju 3.6
// mangles it. A line that repeats the previous one is only counted. The last line
// of the budget, see [Action.LimitProgress], says that the rest is not shown. Log
// returns no error, because progress is no reason for an action to fail; after a
// line that timed out it is silent for a minute.
func (a *Action) Log(ctx context.Context, message string) {
	p := &a.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	limit := cmp.Or(p.limit, defaultProgress)
	line := oneLine(spellPercent(a.agent.secrets.hide(message)), maxLine)
	switch {
	case line == "" || p.lines >= limit || time.Now().Before(p.silent):
		return
	case line == p.last:
		p.repeats++
		return
	}
	repeats := p.repeats
	p.last, p.repeats = line, 0
	p.lines++
	if p.lines == limit {
		line = fmt.Sprintf("progress is not shown beyond %d lines; the action continues, and its results show how it ended", limit)
	} else if repeats > 0 {
		note := fmt.Sprintf(" (the previous line was repeated %d times)", repeats)
		line = oneLine(line, maxLine-len(note)) + note
	}
	p.shown = time.Now()
	err := a.agent.report(ctx, ToolCall{Tool: "action-log", Args: []string{"--", line}})
	if errors.Is(err, context.DeadlineExceeded) {
		p.silent = time.Now().Add(silence)
	}
	if err != nil && !p.broken && !errors.Is(err, ErrAgentGone) {
		p.broken = true
		_ = a.agent.log(ctx, slog.LevelWarn, "cannot show progress: "+err.Error())
	}
}

// LastLine returns when the action last showed a line of progress; zero if it has shown none.
func (a *Action) LastLine() time.Time {
	a.progress.mu.Lock()
	defer a.progress.mu.Unlock()
	return a.progress.shown
}
