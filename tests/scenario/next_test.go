package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"gopkg.in/yaml.v3"

	"jimm-migrator/src/rpc"
)

// TestNext types each command that a story prints, in the JAAS as it is when the action has ended: next, the commands
// of repair, and those within sentences. Each is typed in a JAAS of its own, in which the story was played up to that
// point: with JIMM of 2024 and of 2026, and in one pair of releases.
func TestNext(t *testing.T) {
	t.Parallel()
	all := stories(t)
	for _, year := range []string{"2024", "2026"} {
		t.Run(year, func(t *testing.T) {
			t.Parallel()
			for i, name := range slices.Sorted(maps.Keys(all)) {
				if a, ok := all[name].usualAge(year); ok && i%share == 0 {
					t.Run(name+"/"+a.pair(), func(t *testing.T) { typeAll(t, all[name], a) })
				}
			}
		})
	}
}

// typeAll types all commands of a story in one age.
func typeAll(t *testing.T, story story, a age) {
	t.Helper()
	var commands []printed
	synctest.Test(t, func(t *testing.T) { commands = printedBy(t, story, a) })
	for _, c := range commands {
		t.Run(fmt.Sprintf("%d/%s", c.step, c.key), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { typeIn(t, story, a, c) })
		})
	}
}

// usualAge is the age in which the commands of a story are typed with a JIMM.
func (s story) usualAge(year string) (age, bool) {
	var list []age
	for _, a := range s.ages() {
		if a.memory = true; a.year == year {
			list = append(list, a)
		}
	}
	if i := slices.IndexFunc(list, func(a age) bool { return a.pair() == usualPair }); i >= 0 {
		return list[i], true
	}
	if list == nil {
		return age{}, false
	}
	return list[len(list)-1], true
}

// printed is a command in the results of an action: the step of the story with which the action ended, and the place of
// the command in its results.
type printed struct {
	step int
	key  string
}

// printedBy plays a story and returns the commands that it prints.
func printedBy(t *testing.T, story story, a age) []printed {
	t.Helper()
	s := newStage(t, story, a, memory{})
	var out []printed
	s.playTo(len(story.steps)-1, func(step int, ended *task) {
		for _, key := range slices.Sorted(maps.Keys(s.commands(ended))) {
			out = append(out, printed{step, key})
		}
	})
	return out
}

// typeIn plays a story until a command is printed, and types it.
func typeIn(t *testing.T, story story, a age, c printed) {
	t.Helper()
	s := newStage(t, story, a, memory{})
	var first *task
	var command string
	ctx := s.playTo(c.step, func(step int, ended *task) {
		if text := s.commands(ended)[c.key]; step == c.step && text != "" {
			first, command = ended, text
		}
	})
	if first == nil {
		t.Fatal("played again, the story did not print the command")
	}
	command, err := s.save(first, command)
	if err != nil {
		t.Fatal(err)
	}
	// Expectations that depend on the number of polls are not checked here.
	if err := s.config(ctx, []string{"jimm-migrator", "poll-interval=30s"}); err != nil {
		t.Fatal(err)
	}
	// The administrator fills in the owner of a model that JIMM does not know.
	command = strings.Replace(command, "--owner OWNER", "--owner alice@example.com", 1)
	s.note("$ %s", command)
	if strings.Contains(command, "/leader ") {
		s.agent.SetLeader(true) // The story's one unit stands in for the leader.
	}
	args := slices.DeleteFunc(words(command), func(w string) bool { return w == "--background" })
	var answer *rpc.Error
	switch err := s.operate(ctx, args); {
	case refusedByTarget(first) && errors.As(err, &answer):
		// The finding names what has to be corrected on the target first.
	case strings.Contains(c.key, "unverified") && errors.As(err, &answer):
		// The command has reached JIMM, which refuses what the charm has not verified.
	case err != nil:
		t.Errorf("%s: %v", command, err)
	}
	for _, v := range s.jaas.Violations() {
		t.Errorf("%s did what must never be done: %v", command, v)
	}
	if second := s.last(); second != first {
		if err := helps(first, second, c.key); err != nil {
			t.Errorf("%s: %v: %s", command, err, ending(second))
		}
	}
}

// helps reports why a command that an action printed is useless.
func helps(first, second *task, key string) error {
	outcome, again := second.task.Result("outcome"), second.task.Result("retry-safe")
	switch {
	case second.refused != "":
		return errors.New("juju does not take it")
	case second.task.Action == "check-migration" && first.task.Action != "check-migration":
		return nil // Its purpose is to show what prevents the migration.
	case outcome == "refused" && again == "false":
		return errors.New("it can never help")
	case outcome == "refused" && (strings.HasPrefix(key, "repair") || second.task.Action == "record-model"):
		return errors.New("it repairs nothing")
	case outcome == "refused" && first.task.Result("outcome") == "refused" && first.task.Action == second.task.Action && first.task.Result("retry-safe") == "false":
		return errors.New("it is refused again")
	}
	return nil
}

// playTo plays a story up to a step, and calls do with each action that has ended.
func (s *stage) playTo(last int, do func(step int, ended *task)) context.Context {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), memory{}.limit())
	s.t.Cleanup(cancel)
	s.open(ctx)
	seen := 0
	for i, step := range s.story.steps[:last+1] {
		if !step.counts(s.age) {
			continue
		}
		if err := s.perform(ctx, step); err != nil {
			s.t.Fatal(s.story.wrong(step.line, "%v", err))
		}
		for ; seen < len(s.tasks) && s.tasks[seen].ended(); seen++ {
			do(i, s.tasks[seen])
		}
	}
	return ctx
}

// commands are those in a task and in the status of the unit, by their place. A command that is a result of its own is
// not also taken from a sentence.
func (s *stage) commands(t *task) map[string]string {
	out, seen := map[string]string{}, map[string]bool{}
	walk(t.task.Results, "", func(key, value string) {
		if !commandKeys().MatchString(key) {
			return
		}
		for i, command := range strings.Split(value, "\n") {
			out[fmt.Sprintf("%s#%d", key, i)] = command
			seen[command] = true
		}
	})
	texts := s.sentences(t)
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		for i, command := range inProse(texts[key]) {
			if command.typed() && !seen[command.text] {
				out[fmt.Sprintf("%s#%d", key, i)] = command.text
				seen[command.text] = true
			}
		}
	}
	return out
}

// refusedByTarget reports whether the action has found that the target refuses to describe the
// model to JIMM.
func refusedByTarget(t *task) bool {
	found := false
	walk(t.task.Results, "", func(key, _ string) { found = found || key == "verify.warned.record.evidence" })
	return found
}

func (t *task) ended() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}

// save runs what precedes a command in the same line, and makes the file that a command for a plan reads: that of the
// plan, or that of the run that is to be continued.
func (s *stage) save(t *task, command string) (string, error) {
	if rest, ok := strings.CutPrefix(command, "save params to plan.yaml; read it; "); ok {
		s.files["plan.yaml"] = t.task.Result("params")
		return rest, nil
	}
	// An unknown owner is a placeholder that the administrator fills in.
	command = strings.ReplaceAll(command, "--owner OWNER", "--owner alice@example.com")
	text, err := yaml.Marshal(t.task.Params)
	s.files["plan.yaml"] = string(text)
	return command, err
}
