package charmtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// TB is what [Start] needs of a test; *testing.T and *testing.B have it.
type TB interface {
	Helper()
	Cleanup(f func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Start makes an agent for a test, and closes it at the test's end. The test
// fails if the scenario is impossible, or if the charm has used hook tools
// carelessly; see [Agent.Careless].
func Start(t TB, opts Options) *Agent {
	t.Helper()
	a, err := New(opts)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Errorf("cannot close the agent: %v", err)
		}
		for _, complaint := range a.Careless() {
			t.Errorf("careless use of a hook tool: %s", complaint)
		}
	})
	return a
}

// Careless lists uses of hook tools that work only by luck: free text without
// "--" before it, which would be taken for a flag if it began with a dash, and
// output read in a format that does not distinguish numbers and null from text.
// It also lists tasks that have reached Juju's limit of progress messages,
// beyond which messages are dropped.
func (a *Agent) Careless() []string {
	var out []string
	for _, call := range a.Calls() {
		if complaint := careless(call); complaint != "" {
			out = append(out, fmt.Sprintf("%s: %s %q", complaint, call.Tool, call.Args))
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.tasks {
		if len(t.Log) >= maxTaskLogs {
			out = append(out, fmt.Sprintf("more than %d messages are dropped: task %q of action %q", maxTaskLogs, t.ID, t.Action))
		}
	}
	return out
}

func careless(call Call) string {
	freeText := []string{"action-log", "action-fail", "action-set", "juju-log", "status-set", "application-version-set"}
	protected := slices.Contains(call.Args, "--")
	switch {
	case slices.Contains(freeText, call.Tool) && len(call.Args) > 0 && !protected:
		return "text without -- before it"
	case strings.HasSuffix(call.Tool, "-get") || slices.Contains([]string{"is-leader", "relation-ids", "relation-list", "secret-ids"}, call.Tool):
		for i, arg := range call.Args {
			if arg == "--" {
				break
			}
			if arg == "--format=json" || arg == "--format" && slices.Contains(call.Args[i+1:], "json") {
				return ""
			}
		}
		return "output not asked for as JSON"
	}
	return ""
}

// CheckCanaries searches for texts that must not appear anywhere, such as the
// values of secrets that the test has planted: in the arguments and input of
// hook tools, the unit's log, statuses, state, relation data, version, and in
// parameters, messages, progress and results of tasks. files are further
// directories to search, besides the unit's own. The error names the places, not
// the texts.
func (a *Agent) CheckCanaries(canaries []string, files ...string) error {
	hunt := canaryHunt{canaries: canaries}
	a.mu.Lock()
	for _, call := range a.calls {
		hunt.search("arguments of "+call.Tool, call.Args...)
		hunt.search("input of "+call.Tool, string(call.Stdin))
		hunt.search("refusal by "+call.Tool, call.Stderr)
	}
	for _, record := range a.log {
		hunt.search("log of "+record.Module, record.Message)
	}
	for _, change := range a.statuses {
		hunt.search("status set by "+change.Event, change.Message)
	}
	hunt.searchMap("state", a.state)
	hunt.search("workload version", a.version)
	for _, rel := range a.relations {
		hunt.searchMap("data of relation "+rel.fakeID(), rel.local[false])
		hunt.searchMap("application data of relation "+rel.fakeID(), rel.local[true])
	}
	for _, t := range a.tasks {
		where := "task " + t.ID + " of " + t.Action
		hunt.search("message of "+where, t.Message)
		hunt.search("results of "+where, fmt.Sprint(t.Results))
		hunt.search("parameters of "+where, fmt.Sprint(t.Params))
		for _, message := range t.Log {
			hunt.search("progress of "+where, message.Message)
		}
	}
	a.mu.Unlock()
	if a.home != nil {
		files = append(slices.Clone(files), a.home.layout.charmDir)
	}
	for _, dir := range files {
		if err := hunt.searchDir(dir); err != nil {
			return err
		}
	}
	return errors.Join(hunt.found...)
}
