package scenario_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing/synctest"

	"gopkg.in/yaml.v3"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/sim/wire"
)

// finish checks what must hold at the end of every story.
func (s *stage) finish() {
	if _, _, busy := s.agent.Running(); busy {
		s.t.Errorf("%s: an action still runs at the end", s.story.file)
		return
	}
	for _, problem := range []error{
		s.checkWorld(), s.checkTasks(), s.checkCommands(), s.checkLog(), s.checkSecrets(), s.checkConnections(),
	} {
		if problem != nil {
			s.t.Error(problem)
		}
	}
}

// checkConnections requires that none of the charm's connections is open once all actions and hooks have ended.
func (s *stage) checkConnections() error {
	if s.network == nil {
		return nil // A process closes its own connections.
	}
	synctest.Wait()
	if left := s.dialled.left(); len(left) > 0 {
		return fmt.Errorf("the charm has left connections open: %s", strings.Join(left, ", "))
	}
	return nil
}

// checkWorld requires that no forbidden call was made, and that all faults occurred.
func (s *stage) checkWorld() error {
	var errs []error
	for _, violation := range s.jaas.Violations() {
		errs = append(errs, fmt.Errorf("the charm did what it must never do: %v", violation))
	}
	servers := []string{"jimm"}
	for _, c := range s.jaas.World().Controllers {
		servers = append(servers, c.Name)
	}
	for _, server := range servers {
		for _, fault := range s.jaas.Faults(server).Unused() {
			errs = append(errs, fmt.Errorf("a fault of %s never hit: %+v", server, fault))
		}
	}
	for _, step := range s.story.steps {
		if strings.HasPrefix(step.text, "truth ") {
			return errors.Join(errs...)
		}
	}
	if len(s.tasks) > 0 && len(s.jaas.World().Models) > 0 {
		errs = append(errs, errors.New("a story with actions must say what the truth is"))
	}
	return errors.Join(errs...)
}

// checkTasks checks the budget of hook tools for every action: one action-get, at most one config-get, one secret-get
// per secret, one action-log per line, nothing in the unit's log, nothing on stdout and stderr.
func (s *stage) checkTasks() error {
	var errs []error
	calls := s.agent.Calls()
	for _, t := range s.tasks {
		count := map[string]int{}
		for _, call := range calls[t.first:t.end] {
			count[call.Tool]++
		}
		secrets := map[string]bool{}
		for _, call := range calls[t.first:t.end] {
			if key := strings.Join(call.Args, " "); call.Tool == "secret-get" {
				if secrets[key] {
					errs = append(errs, fmt.Errorf("task %s read a secret twice: %s", t.id, key))
				}
				secrets[key] = true
			}
		}
		for tool, most := range map[string]int{
			"action-get": 1, "config-get": 1, "secret-get": 2, "action-fail": 1, "action-set": 1, "is-leader": 0,
			"relation-ids": 2, // only while JIMM is not configured, or not trusted
			"state-get":    1, "state-set": 1, "status-get": 1, "status-set": 2,
			"action-log": len(s.shown(t)),
		} {
			if t.task.Action == "apply-plan" || t.task.Action == "drain-controller" { // A run asks for the leader before each start, and shows each model in the status.
				most *= 8
				if tool == "is-leader" {
					most = 20
				}
			}
			if count[tool] > most {
				errs = append(errs, fmt.Errorf("task %s used %s %d times, more than %d", t.id, tool, count[tool], most))
			}
		}
		for _, output := range []string{"stdout", "stderr"} {
			if text := t.task.Result(output); text != "" {
				errs = append(errs, fmt.Errorf("task %s wrote to %s: %s", t.id, output, text))
			}
		}
	}
	return errors.Join(errs...)
}

// checkLog requires that the unit's log has no records that an administrator would have to read, except those that the
// story expects.
func (s *stage) checkLog() error {
	var errs []error
	for i, record := range s.agent.Log() {
		quiet := record.Level == "DEBUG" || record.Level == "TRACE" || record.Level == "INFO"
		if !quiet && !s.logsSeen[i] {
			errs = append(errs, fmt.Errorf("the unit's log has %s: %s", record.Level, record.Message))
		}
	}
	return errors.Join(errs...)
}

// checkSecrets searches for the secret wherever it must not be: in the unit, its processes, files, and on the wire
// except in logins to JIMM.
func (s *stage) checkSecrets() error {
	var folders []string
	if s.scratch != "" {
		folders = append(folders, s.scratch)
	}
	errs := []error{s.agent.CheckCanaries([]string{s.canary}, folders...)}
	for _, folder := range folders {
		if files, err := os.ReadDir(folder); err != nil || len(files) > 0 {
			errs = append(errs, fmt.Errorf("the charm left temporary files: %v %w", files, err))
		}
	}
	for _, e := range s.jaas.Messages() {
		login := bytes.Contains(e.Data, []byte(`"request":"LoginWithClientCredentials"`)) && e.Server == "jimm"
		if e.Kind == wire.Received && bytes.Contains(e.Data, []byte(s.secret)) && !login {
			errs = append(errs, fmt.Errorf("the client secret was sent to %s in something else than a login", e.Server))
		}
		if e.Kind == wire.Received {
			errs = append(errs, s.strayPasswords(e))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, leak := range s.leaks {
		errs = append(errs, errors.New(leak))
	}
	return errors.Join(errs...)
}

// strayPasswords searches a message for passwords of controllers. A story writes them as "{canary}-password-of-NAME",
// and they may appear only in logins to that controller, and in a dry run on another one: that is a violation where the
// world does not allow it.
func (s *stage) strayPasswords(e wire.Event) error {
	if !bytes.Contains(e.Data, []byte(s.canary+"-password-of-")) {
		return nil
	}
	own := []byte(s.canary + "-password-of-" + e.Server)
	login := bytes.Contains(e.Data, []byte(`"type":"Admin"`)) && bytes.Contains(e.Data, []byte(`"request":"Login"`))
	dryRun := bytes.Contains(e.Data, []byte(`"request":"InitiateMigration"`)) && bytes.Contains(e.Data, []byte(`"dry-run":true`))
	if (!login || !bytes.Contains(e.Data, own)) && (!dryRun || bytes.Contains(e.Data, own)) {
		return fmt.Errorf("a password of a controller was sent to %s, or in something else than a login or a dry run", e.Server)
	}
	return nil
}

// inspectProcesses searches the environment and arguments of all processes of units for a canary; it is called while
// dispatch and a hook tool run.
func inspectProcesses(canary string) (leaks []string) {
	found := 0
	names, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range names {
		env, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(env, []byte("JUJU_CONTEXT_ID=")) {
			continue
		}
		found++
		args, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline"))
		if bytes.Contains(env, []byte(canary)) || bytes.Contains(args, []byte(canary)) {
			leaks = append(leaks, fmt.Sprintf("a secret is in the environment or the arguments of %q", args))
		}
	}
	if found < 2 && len(names) > 0 {
		leaks = append(leaks, "cannot look at the processes of the unit: none was found")
	}
	return leaks
}

// show prints a task as juju run does.
func show(t charmtest.Task) string {
	var b strings.Builder
	for _, message := range t.Log {
		fmt.Fprintln(&b, "    >", message.Message)
	}
	fmt.Fprintf(&b, "    %s: %s\n", t.Status, t.Message)
	if out, err := yaml.Marshal(t.Results); err == nil {
		for line := range strings.Lines(string(out)) {
			b.WriteString("    " + line)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// report shows (for a story that failed, or with -v) the events and the actual state at the end.
func (s *stage) report() {
	if s.jaas == nil && !s.t.Failed() || s.agent == nil {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s: %s\n\nwhat happened:\n%s\nthe truth at the end:\n", s.story.file, s.age, s.story.about, &s.events)
	for _, m := range s.jaas.World().Models {
		fmt.Fprintf(&b, "  %s/%s (%s): record=%s copies=%s migrations=%d\n",
			m.Owner, m.Name, m.UUID, s.record(m.UUID), s.copies(m.UUID), s.migrations(m.UUID)-s.begun[m.UUID])
		for _, c := range s.jaas.World().Controllers {
			if mig, ok := s.jaas.Controller(c.Name).Migration(m.UUID); ok {
				fmt.Fprintf(&b, "    latest migration of %s: %s: %s\n", c.Name, mig.Phase, mig.Text)
			}
		}
	}
	if len(s.tasks) > 0 {
		t := s.last()
		fmt.Fprintf(&b, "the last task used %s; JIMM got %s\n", s.toolCount(), counted(s.sent(t)))
		if lines := s.shown(t); t.task.ID == "" {
			fmt.Fprintf(&b, "its progress was\n  %s\n", strings.Join(lines, "\n  "))
		}
	}
	status := s.agent.Status()
	fmt.Fprintf(&b, "the unit is %s: %s\n", status.Status, status.Message)
	for _, record := range s.agent.Log() {
		fmt.Fprintf(&b, "log %s: %s\n", record.Level, record.Message)
	}
	s.t.Log(b.String())
}
