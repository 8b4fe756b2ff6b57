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

// maxProgress is how many lines one action shows. Juju 3 keeps 1,001, each for
// a round trip to the controller, and drops the others without a word; nobody
// reads more than these.
const maxProgress = 200

// keptProgress is how many lines Juju 3 keeps of an action.
const keptProgress = 1000

// silence follows a line that the controller did not take in time. The action
// has better things to do than to wait for each line that nobody can see.
const silence = time.Minute

// progress counts what an action has logged.
type progress struct {
	mu      sync.Mutex
	limit   int // maxProgress if 0.
	lines   int
	last    string
	repeats int // of last, not shown
	broken  bool
	silent  time.Time // until then
}

// LimitProgress lets the action show so many lines instead of 200, up to what
// Juju 3 keeps.
func (a *Action) LimitProgress(lines int) {
	a.progress.mu.Lock()
	defer a.progress.mu.Unlock()
	a.progress.limit = min(lines, keptProgress)
}

// Log shows a line of progress: juju run prints it while the action runs, and
// the task keeps it. It costs a round trip to the controller.
//
// The line is cut at 500 characters, control characters become spaces, and a
// percent sign is spelled out, since the command line of Juju 3 mangles it. A
// line that repeats the one before is only counted. After 199 lines one more
// says that the rest is not shown. Log has no error to return: an action does
// not fail because nobody watches it, and after a line that timed out it is
// silent for a minute.
func (a *Action) Log(ctx context.Context, message string) {
	p := &a.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	limit := cmp.Or(p.limit, maxProgress)
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
		line = fmt.Sprintf("log budget of %d lines exhausted: the action goes on, its results will tell", limit)
	} else if repeats > 0 {
		note := fmt.Sprintf(" (the line before came %d more times)", repeats)
		line = oneLine(line, maxLine-len(note)) + note
	}
	err := a.agent.report(ctx, ToolCall{Tool: "action-log", Args: []string{"--", line}})
	if errors.Is(err, context.DeadlineExceeded) {
		p.silent = time.Now().Add(silence)
	}
	if err != nil && !p.broken && !errors.Is(err, ErrAgentGone) {
		p.broken = true
		_ = a.agent.log(ctx, slog.LevelWarn, "cannot show progress: "+err.Error())
	}
}
