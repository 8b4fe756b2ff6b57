package scenario_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// sentences are all texts of a task that are not commands: its message, its lines of progress, the results that are
// text, and the unit's status at its end.
func (s *stage) sentences(t *task) map[string]string {
	out := map[string]string{"message": t.task.Message, "status": s.agent.Status().Message}
	for i, line := range t.task.Log {
		out[fmt.Sprintf("progress.%d", i)] = line.Message
	}
	walk(t.task.Results, "", func(key, value string) {
		if !commandKeys().MatchString(key) && !slices.Contains([]string{"plan", "params", "report"}, key) {
			out[key] = value
		}
	})
	return out
}

// proseCommand is a command within a text. A later one is typed only after the administrator has done what the text
// says before it.
type proseCommand struct {
	text  string
	later bool
}

// inProse returns the commands within a text: from juju or jimmctl to where the sentence continues.
func inProse(text string) []proseCommand {
	var out []proseCommand
	for _, at := range regexp.MustCompile(`\b(juju|jimmctl) [a-z]`).FindAllStringIndex(text, -1) {
		rest, _, _ := strings.Cut(text[at[0]:], "\n")
		later := strings.HasSuffix(text[:at[0]], "then ")
		var command []string
		for _, word := range regexp.MustCompile(`(?:[^\s'"]|'[^']*'|"[^"]*")+`).FindAllString(rest, -1) {
			bare := strings.TrimRight(word, ";,:.")
			closed := strings.Count(bare, ")") > strings.Count(bare, "(")
			if closed {
				bare, _, _ = strings.Cut(bare, ")")
			}
			if goesOn(bare) {
				break
			}
			if command = append(command, bare); closed || bare != word {
				break
			}
		}
		if len(command) > 1 {
			out = append(out, proseCommand{strings.Join(command, " "), later})
		}
	}
	return out
}

// goesOn reports whether a word after a command continues the sentence.
func goesOn(word string) bool {
	return slices.Contains([]string{"shows", "lists", "with", "or", "and", "on", "under", "for", "to", "the", "waits"}, word)
}

// typed reports whether TestNext types a command in a sentence: it is one of juju that the stories know, and has no
// name that the administrator has to fill in. For those of JIMM's own client only the form is checked; the story
// verified types them.
func (c proseCommand) typed() bool {
	placeholder := regexp.MustCompile(`\b[A-Z]{2,}\b|=@|\bjimm\.example\.com|\$\(`)
	return !c.later && !placeholder.MatchString(c.text) && regexp.MustCompile(`^juju (run|config|grant-secret) \S+ \S+`).MatchString(c.text)
}

// checkSentence checks the commands and the actions that a sentence names.
func (s *stage) checkSentence(text string) error {
	for _, found := range regexp.MustCompile(`\brun ([a-z]+(?:-[a-z]+)+)(?:[ ,;.)]|$)`).FindAllStringSubmatch(text, -1) {
		if _, ok := s.agent.Charm().Actions().ActionSpecs[found[1]]; !ok {
			return fmt.Errorf("there is no action %q", found[1])
		}
	}
	for _, command := range inProse(text) {
		if err := s.checkProse(command.text); err != nil {
			return fmt.Errorf("%q: %w", command.text, err)
		}
	}
	return nil
}

// checkProse checks a command within a sentence, which may leave out what the administrator knows.
func (s *stage) checkProse(command string) error {
	switch words := strings.Fields(command); {
	case words[0] == "jimmctl" && len(words) == 2:
		return nil // The name of the command alone.
	case words[0] == "jimmctl", words[1] == "jaas", words[1] == "run" && strings.Contains(command, "/"):
		return s.checkCommand(command)
	case slices.Contains([]string{ // Those of Juju 3.6 that the charm names.
		"run", "config", "integrate", "remove-relation", "add-secret", "update-secret", "grant-secret",
		"status", "resolve", "refresh", "exec", "upgrade-machine", "upgrade-model", "consume", "remove-saas", "model-config", "model-constraints", "migrate",
		"grant", "add-user", "clouds", "add-cloud", "update-cloud", "add-secret-backend", "show-credential", "update-credential", "set-credential", "upgrade-controller", "disable-command", "enable-command",
		"storage", "remove-storage", "storage-pools", "reload-spaces", "secrets", "secret-backends", "remove-secret", "show-machine", "show-model", "users", "enable-user", "sync-agent-binary", "show-controller", "controller-config", "suspend-relation", "resume-relation",
	}, strings.Trim(words[1], `"`)):
		return nil
	default:
		return errors.New("there is no such command")
	}
}
