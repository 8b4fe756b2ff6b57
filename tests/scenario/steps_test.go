package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/jimm"
	"jimm-migrator/tests/sim/controller"
)

// task is one run of an action.
type task struct {
	id      string
	refused string // Juju's text, if it was refused
	done    chan struct{}
	// Of the ended task.
	task       charmtest.Task
	err        error
	first, end int // the hook tools that it has used
	before     int // how many messages there were before
	awaited    int // lines of progress that an await has passed
}

// perform carries out a step and compares its outcome.
func (s *stage) perform(ctx context.Context, step step) error {
	text, err := s.fill(step.text)
	if err != nil {
		return err
	}
	verb, rest, _ := strings.Cut(text, " ")
	switch verb {
	case "$":
		if rest, err = s.substitute(ctx, rest); err == nil {
			err = s.operate(ctx, words(rest))
		}
	case "await":
		err = s.await(ctx, rest)
	case "ends":
		err = s.ends(ctx)
	case "truth":
		err = s.truth(words(rest))
	default:
		err = s.happen(ctx, verb, words(rest))
	}
	if err != nil {
		return err
	}
	for _, problem := range s.compare(in(s.age, step.expect)) {
		s.t.Error(problem)
	}
	return nil
}

// happen makes a change to the world or the unit.
func (s *stage) happen(ctx context.Context, verb string, args []string) error {
	switch verb + " " + strings.Join(args, " ") {
	case "replace pod":
		return s.agent.Churn(ctx)
	case "kill dispatch":
		return s.agent.Kill()
	case "terminate pod":
		return s.agent.Terminate(charmtest.Termination{})
	case "lose pod", "stop agent": // the agent restarts too
		return s.agent.Terminate(charmtest.Termination{AgentDies: true})
	}
	if err := s.live(ctx, verb+" "+strings.Join(args, " ")); !errors.Is(err, errNoStep) {
		return err
	}
	if len(args) == 0 {
		return errNoStep
	}
	switch verb {
	case "hook":
		if len(args) == 2 {
			return s.hook(ctx, args[0], charmtest.HookDetails{Secret: s.uri(args[1])})
		}
		return s.hook(ctx, args[0])
	case "restart":
		s.jaas.Restart(args[0])
		return nil
	case "stop", "start":
		return s.away(ctx, args[0], verb == "stop")
	case "proceed":
		for _, c := range s.jaas.World().Controllers {
			s.jaas.Controller(c.Name).Resume(s.jaas.UUID(args[0]))
		}
		return nil
	case "cordon", "uncordon":
		return s.asOperator(ctx, func(c *jimm.Client) error {
			_, err := c.SetControllerDeprecated(ctx, args[0], verb == "cordon")
			return err
		})
	case "until":
		return s.until(ctx, args)
	case "publish":
		if len(args) != 3 {
			return errors.New("publish needs a file, an endpoint and an application")
		}
		return s.publish(ctx, args[0], args[1]+" "+args[2])
	default:
		return errNoStep
	}
}

var errNoStep = errors.New("no such step")

// away stops a server of the world, or starts it again. OpenFGA is the server that JIMM asks for rights.
func (s *stage) away(ctx context.Context, server string, stop bool) error {
	switch {
	case server == "openfga":
		s.jaas.JIMM().OpenFGADown(stop)
		return nil
	case stop:
		return s.jaas.Stop(server)
	default:
		return s.jaas.Resume(ctx, server)
	}
}

func (s *stage) hook(ctx context.Context, name string, details ...charmtest.HookDetails) error {
	s.callsBefore = len(s.agent.Calls())
	result, err := s.agent.RunHook(ctx, name, details...)
	if err == nil && result.Failed() {
		err = fmt.Errorf("hook failed: %s", result.Error)
	}
	return err
}

// until waits for the latest migration of a model to reach a phase: "until prod
// DONE".
func (s *stage) until(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("until needs a model and a phase")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	controllers := s.jaas.World().Controllers
	reached := make(chan error, len(controllers))
	for _, c := range controllers { // each is closed when something changes on it
		go func() {
			reached <- s.jaas.Controller(c.Name).Await(ctx, func() bool {
				m, ok := s.latest(s.jaas.UUID(args[0]))
				return ok && m.Phase == controller.Phase(args[1])
			})
		}()
	}
	return <-reached
}

// latest is the migration of a model that began last, wherever it was.
func (s *stage) latest(uuid string) (latest controller.Migration, ok bool) {
	for _, c := range s.jaas.World().Controllers {
		m, there := s.jaas.Controller(c.Name).Migration(uuid)
		if there && (!ok || m.Start.After(latest.Start)) {
			latest, ok = m, true
		}
	}
	return latest, ok
}

// run starts an action as juju run does. It returns when the action has ended,
// or at once with background.
func (s *stage) run(ctx context.Context, args []string) error {
	background, stringArgs := slices.Contains(args, "--background"), slices.Contains(args, "--string-args")
	params := map[string]any{}
	if i := slices.Index(args, "--params"); i >= 0 && i+1 < len(args) {
		var err error
		if params, err = charmtest.ParseParams([]byte(s.files[args[i+1]])); err != nil || len(params) == 0 {
			return fmt.Errorf("no parameters in %s: %w", args[i+1], err)
		}
		args = slices.Delete(slices.Clone(args), i, i+2)
	}
	args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return strings.HasPrefix(arg, "--") })
	app, _, _ := strings.Cut(s.agent.Unit(), "/")
	if len(args) < 2 || args[0] != s.agent.Unit() && args[0] != app+"/leader" {
		return errors.New("juju run needs the unit and an action")
	}
	if _, _, busy := s.agent.Running(); busy {
		return errors.New("an action runs already")
	}
	s.callsBefore = len(s.agent.Calls())
	t := &task{done: make(chan struct{}), first: s.callsBefore, end: s.callsBefore, before: len(s.jaas.Messages())}
	s.tasks = append(s.tasks, t)
	if t.id, t.refused = s.enqueue(args[1], params, append(args[2:], s.leaves(args[1:])...), stringArgs); t.refused != "" {
		close(t.done)
		s.note("    refused: %s", t.refused)
		return nil
	}
	go func() {
		defer close(t.done)
		t.task, t.err = s.agent.RunTask(ctx, t.id)
		t.end = len(s.agent.Calls())
	}()
	if background {
		return nil
	}
	return s.ends(ctx)
}

// leaves is the parameter with which a model may migrate from Juju 3 to 4, in an age in which models do: JIMM of July
// 2026 is not known to record them there. A story that names versions sets it itself.
func (s *stage) leaves(run []string) []string {
	if !release(s.age.source, "3") || !release(s.age.target, "4") || !slices.Contains([]string{"migrate-model", "check-migration"}, run[0]) {
		return nil
	}
	if !slices.ContainsFunc(run, func(arg string) bool { return strings.HasPrefix(arg, "target-controller=") }) {
		return nil
	}
	for _, arg := range run[1:] {
		name, _ := strings.CutPrefix(arg, "model=")
		for _, m := range s.jaas.World().Models {
			if slices.Contains([]string{m.UUID, m.Name, m.Owner + "/" + m.Name}, name) {
				return []string{"move-out-of-jimm=" + m.UUID}
			}
		}
	}
	return nil
}

// enqueue adds a task, with the parameters of a file and of the command line. refused is the reason of a refusal by the
// command line or the controller.
func (s *stage) enqueue(action string, params map[string]any, args []string, stringArgs bool) (id, refused string) {
	err := charmtest.MergeRunArgs(params, args, stringArgs)
	if err == nil {
		id, err = s.agent.Enqueue(action, params)
	}
	if err != nil {
		return "", err.Error()
	}
	return id, ""
}

// ends waits for the running action to end.
func (s *stage) ends(ctx context.Context) error {
	if len(s.tasks) == 0 {
		return errNoAction
	}
	t := s.last()
	select {
	case <-t.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	s.note("%s", show(t.task))
	return t.err
}

// await waits for a line of progress behind those that were awaited before
// ("> LINE"), or for a request of the running action to JIMM ("jimm METHOD").
func (s *stage) await(ctx context.Context, what string) error {
	if len(s.tasks) == 0 {
		return errNoAction
	}
	t := s.last()
	come := s.coming(t, what)
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if come() {
			return nil
		}
		select {
		case <-changed:
		case <-t.done:
			if come() {
				return nil
			}
			s.note("%s", show(t.task))
			return errors.New("the action has ended without it")
		case <-ctx.Done():
			return fmt.Errorf("it has not come; progress was\n    %s", strings.Join(s.shown(t), "\n    "))
		}
	}
}

// coming reports whether what is awaited has come; it is called repeatedly.
func (s *stage) coming(t *task, what string) func() bool {
	if method, ok := strings.CutPrefix(what, "jimm "); ok {
		return func() bool { return s.sent(t)[method] > 0 }
	}
	wanted, next := patternOf(strings.TrimPrefix(what, "> ")), t.awaited
	return func() bool {
		for lines := s.shown(t); next < len(lines); next++ {
			if wanted.MatchString(lines[next]) {
				t.awaited = next + 1
				return true
			}
		}
		return false
	}
}
