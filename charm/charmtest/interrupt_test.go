package charmtest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
)

// blocked is an action that reports progress and then waits for a signal.
func blocked(then ...step) map[string][]step {
	return map[string][]step{"actions/look": {
		{Call: []string{"action-set", "so=far"}, Quiet: true},
		{Call: []string{"state-set", "a=1"}, Quiet: true},
		{Call: []string{"action-log", "--", "ready"}, Quiet: true},
		{Do: "block", OnSignal: then},
	}}
}

// interrupt runs the blocked action and calls how once the action waits.
func interrupt(t *testing.T, w way, scripts map[string][]step, how func(a *charmtest.Agent, id string) error) (*charmtest.Agent, charmtest.Task) {
	t.Helper()
	ready := make(chan string, 1)
	agent, _ := w.start(t, scripts, charmtest.Options{OnLog: func(id string, _ charmtest.LogMessage) { ready <- id }})
	done := make(chan charmtest.Task, 1)
	go func() {
		task, err := agent.RunAction(t.Context(), "look", nil)
		if err != nil {
			t.Error(err)
		}
		done <- task
	}()
	if err := how(agent, <-ready); err != nil {
		t.Error(err)
	}
	return agent, <-done
}

func TestCancelKillsWhatRuns(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			// The charm's reaction to SIGTERM must not run: the signal is
			// SIGKILL.
			scripts := blocked(step{Call: []string{"action-fail", "--", "cleaned up"}, Quiet: true})
			agent, task := interrupt(t, way, scripts, func(a *charmtest.Agent, id string) error {
				err := a.Cancel(id)
				if now, _ := a.Task(id); now.Status != charmtest.TaskAborting && now.Status != charmtest.TaskAborted {
					t.Errorf("status %s right after the cancel", now.Status)
				}
				return err
			})
			code, _ := task.ReturnCode()
			if task.Status != charmtest.TaskAborted || task.Message != "terminated" || code != -1 {
				t.Errorf("got %s %q %d, want aborted, terminated, -1", task.Status, task.Message, code)
			}
			if task.Result("so") != "far" || len(task.Log) != 1 || len(agent.State()) != 0 {
				t.Errorf("results %v, log %v, state %v", task.Results, task.Log, agent.State())
			}
		})
	}
}

func TestAnotherKill(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			_, task := interrupt(t, way, blocked(), func(a *charmtest.Agent, _ string) error { return a.Kill() })
			if task.Status != charmtest.TaskFailed || task.Message != "terminated" {
				t.Errorf("got %s %q, want failed, terminated", task.Status, task.Message)
			}
		})
	}
}

func TestEndOfThePod(t *testing.T) {
	scripts := blocked(step{Call: []string{"action-fail", "--", "interrupted"}, Quiet: true})
	for _, test := range []struct {
		name    string
		how     charmtest.Termination
		message string
		kept    bool
	}{
		{"handled", charmtest.Termination{}, "interrupted", true},
		{"agent gone too", charmtest.Termination{AgentDies: true}, "action terminated", false},
	} {
		for _, way := range ways {
			t.Run(test.name+"/"+way.name, func(t *testing.T) {
				t.Parallel()
				agent, task := interrupt(t, way, scripts, func(a *charmtest.Agent, _ string) error { return a.Terminate(test.how) })
				if task.Status != charmtest.TaskFailed || task.Message != test.message {
					t.Errorf("got %s %q, want failed %q", task.Status, task.Message, test.message)
				}
				if kept := agent.State()["a"] == "1"; kept != test.kept || (task.Results != nil) != test.kept {
					t.Errorf("state %v, results %v, want kept: %v", agent.State(), task.Results, test.kept)
				}
			})
		}
	}
}

func TestWhoIgnoresSIGTERMIsKilledAfterTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ready := make(chan bool, 1)
		release := make(chan bool)
		agent, err := charmtest.New(charmtest.Options{
			CharmDir: charmDir(t, nil),
			Func: func(context.Context, []string, charm.Runner) int {
				ready <- true
				<-release
				return 0
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan charmtest.Task, 1)
		go func() {
			task, _ := agent.RunAction(t.Context(), "look", nil)
			done <- task
		}()
		<-ready
		if err := agent.Terminate(charmtest.Termination{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(31 * time.Second) //nolint:forbidigo // virtual
		close(release)
		task := <-done
		if task.Message != "terminated" || task.Completed.Sub(task.Started) != 31*time.Second {
			t.Errorf("got %q after %v", task.Message, task.Completed.Sub(task.Started))
		}
	})
}
