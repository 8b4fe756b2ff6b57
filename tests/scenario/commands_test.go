package scenario_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jimm-migrator/charm/charmtest"
)

// checkCommands requires that each command in a result can be typed as it is printed: next, repair.command, each line
// of repair.grants, the repair of a model that was located, and those within sentences. Stories type many of them; for
// the others this checks that their words and parameters exist.
func (s *stage) checkCommands() error {
	var errs []error
	for _, t := range s.tasks {
		walk(t.task.Results, "", func(key, value string) {
			if !commandKeys().MatchString(key) {
				return
			}
			for line := range strings.SplitSeq(value, "\n") {
				if err := s.checkCommand(line); err != nil {
					errs = append(errs, fmt.Errorf("task %s: %s = %s: %w", t.id, key, line, err))
				}
			}
		})
		for key, text := range s.sentences(t) {
			if err := s.checkSentence(text); err != nil {
				errs = append(errs, fmt.Errorf("task %s: %s = %s: %w", t.id, key, text, err))
			}
		}
	}
	return errors.Join(errs...)
}

// commandKeys are the results that are commands.
func commandKeys() *regexp.Regexp {
	return regexp.MustCompile(`^(next|repair\.command|repair\.grants|(models|failed)\.[^.]+\.(repair|repair-unverified|next))$`)
}

// walk calls do with each leaf.
func walk(results map[string]any, path string, do func(key, value string)) {
	for key, value := range results {
		if inner, ok := value.(map[string]any); ok {
			walk(inner, path+key+".", do)
			continue
		}
		do(path+key, fmt.Sprint(value))
	}
}

// checkCommand checks one command.
func (s *stage) checkCommand(command string) error {
	if unsaved, run, ok := strings.Cut(command, "; juju run "); ok && strings.HasPrefix(unsaved, "save params to ") {
		command = "juju run " + run // a plan is a file that has to be written first
	}
	if words, ok := strings.CutPrefix(command, "juju run "); ok {
		return s.checkRun(strings.Fields(words))
	}
	for _, known := range []string{
		`(jimmctl|juju jaas) update-migrated-model \S+ \S{36}`,
		`(jimmctl|juju jaas) import-model \S+ \S{36} --owner \S+`,
		`jimmctl auth relation (add|remove) \S+ (administrator|writer|reader|controller) \S+`,
		`juju jaas (add|remove)-permission \S+ (administrator|writer|reader|controller) \S+`,
	} {
		if regexp.MustCompile(`^` + known + `$`).MatchString(command) {
			return nil
		}
	}
	return errors.New("it cannot be typed")
}

// checkRun checks the arguments of "juju run".
func (s *stage) checkRun(words []string) error {
	stringArgs := slices.Contains(words, "--string-args")
	file := slices.Contains(words, "--params")
	words = slices.DeleteFunc(words, func(w string) bool { return strings.HasPrefix(w, "--") || w == "plan.yaml" })
	app, _, _ := strings.Cut(s.agent.Unit(), "/")
	if len(words) < 2 || words[0] != s.agent.Unit() && words[0] != app+"/leader" {
		return errors.New("it names no unit of the charm")
	}
	spec, ok := s.agent.Charm().Actions().ActionSpecs[words[1]]
	if !ok {
		return fmt.Errorf("there is no action %q", words[1])
	}
	params, err := charmtest.ParseRunArgs(words[2:], stringArgs)
	if err != nil || file {
		return err
	}
	return spec.ValidateParams(params)
}
