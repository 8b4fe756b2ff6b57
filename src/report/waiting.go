package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/rpc"
)

const (
	// firstWait is how long a server may not answer before a line says so.
	firstWait = 30 * time.Second
	// nextWait is the time between such lines, and laterWait after manyWaits of them, because
	// an action has a limited number of lines.
	nextWait, laterWait = time.Minute, 10 * time.Minute
	manyWaits           = 60
	// slowWait is how long an answer may take before it counts as late in an action that shows
	// nothing else.
	slowWait = 10 * time.Second
	// idleWait is the time until the calls are counted again if nothing is being asked.
	idleWait = 5 * time.Second
)

// Patiently returns a context for all calls of an action, and a function that ends it. In
// between, the action shows lines while a server does not answer, unless it shows others.
func Patiently(ctx context.Context, a *charm.Action) (context.Context, func()) {
	p := &patience{action: a, waiting: &rpc.Waiting{}, spoke: time.Now()}
	ctx = rpc.WithWaiting(ctx, p.waiting)
	until, cancel := context.WithCancel(ctx)
	var loop sync.WaitGroup
	loop.Go(func() { p.loop(until) }) // ends with the function that is returned
	return ctx, func() {
		cancel()
		loop.Wait()
	}
}

// patience shows lines while servers do not answer.
type patience struct {
	action  *charm.Action
	waiting *rpc.Waiting
	spoke   time.Time // When it has shown a line, or when the action began.
	lines   int
}

func (p *patience) loop(ctx context.Context) {
	next := time.NewTimer(firstWait)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		calls, since := p.waiting.Calls()
		pause := time.Until(p.due(since))
		switch {
		case len(calls) == 0:
			pause = idleWait
		case pause <= 0:
			p.action.Log(ctx, waitingLine(calls, time.Since(since)))
			p.spoke, pause = time.Now(), firstWait
			p.lines++
		}
		next.Reset(pause)
	}
}

// due is when the next line is due, if nothing is answered and no other line is shown: when a
// server has not answered for a while, or when no line was shown for a while and a server takes
// its time, as each of several servers may.
func (p *patience) due(since time.Time) time.Time {
	spoke, first, next := p.spoke, firstWait, nextWait
	if other := p.action.LastLine(); other.After(spoke) {
		spoke = other
	} else if p.lines > 0 {
		first = nextWait
	}
	if p.lines >= manyWaits {
		first, next = laterWait, laterWait
	}
	once := later(since.Add(firstWait), spoke.Add(first))
	again := later(since.Add(slowWait), spoke.Add(next))
	if again.Before(once) {
		return again
	}
	return once
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// mostWaits is how many calls are named in one line.
const mostWaits = 3

// waitingLine names what has no answer yet. A call that has just begun is not named beside one
// that takes long.
func waitingLine(calls []rpc.Unanswered, waited time.Duration) string {
	var names []string
	jimm := false
	for i, c := range calls {
		if i > 0 && time.Since(c.Since) < idleWait {
			break
		}
		if name := "from " + c.Server + " to " + requestOf(c.Request); !slices.Contains(names, name) {
			names = append(names, name)
			jimm = jimm || c.Server == "JIMM" && c.Request.Method != ""
		}
	}
	if more := len(names) - mostWaits; more > 0 {
		names = append(names[:mostWaits], fmt.Sprintf("and to %d more", more))
	}
	text := fmt.Sprintf("no answer for %s %s", span(waited), strings.Join(names, ", "))
	if jimm {
		text += "; JIMM may be waiting for a controller"
	}
	return text
}

// requestOf describes what is asked.
func requestOf(r rpc.Request) string {
	switch r.Method {
	case "":
		return "the attempt to connect"
	case "MigrateModel":
		return "the request to migrate the model"
	case "UpdateMigratedModel":
		return "the request to record the model"
	case "UpgradeTo", "UpgradeModel":
		return "the request to upgrade the model"
	case "InitiateMigration":
		return "the request for a dry run"
	case "Abort":
		return "the request to remove its copy of the model"
	case "Login", "LoginWithClientCredentials":
		return "the login"
	default:
		return r.Method
	}
}
