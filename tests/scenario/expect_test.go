package scenario_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// compare compares the outcome of a step with what is expected, and returns the differences. README.md lists the kinds
// of lines.
func (s *stage) compare(expected []line) []error {
	var problems []error
	shown := 0
	for _, l := range expected {
		text, err := s.fill(l.text)
		if err == nil {
			if pattern, ok := strings.CutPrefix(text, "> "); ok {
				shown, err = s.progress(shown, pattern)
			} else {
				err = s.expect(text)
			}
		}
		if err != nil {
			problems = append(problems, s.story.wrong(l, "%v", err))
		}
	}
	return problems
}

func (s *stage) expect(text string) error {
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "unit":
		status := s.agent.Status()
		return differs(rest, strings.TrimSuffix(status.Status+": "+status.Message, ": "))
	case "log":
		return s.expectLog(rest)
	case "tools:":
		return differs(rest, s.toolCount())
	}
	if len(s.tasks) == 0 {
		return errNoAction
	}
	t := s.last()
	switch key, value, ok := strings.Cut(text, " = "); {
	case word == "!>":
		return s.neverShown(rest)
	case word == "jimm:":
		return differs(rest, counted(s.sent(t)))
	case ok && regexp.MustCompile(`^[a-z0-9.-]+$`).MatchString(key):
		return differs(value, t.result(key))
	case strings.HasPrefix(word, "!"):
		return differs("", t.result(word[1:]))
	default:
		return differs(text, ending(t))
	}
}

// result returns a result by its key. A check is found by its id alone, whatever its verdict: checks.units.remedy.
func (t *task) result(key string) string {
	value := t.task.Result(key)
	section, rest, _ := strings.Cut(key, ".")
	if section == "checks" || section == "verify" {
		for _, verdict := range []string{"failed", "warned", "all"} {
			value = cmp.Or(value, t.task.Result(section+"."+verdict+"."+rest))
		}
	}
	return value
}

// ending returns how a task ended: "completed", "failed: why", "refused: why".
func ending(t *task) string {
	if t.refused != "" {
		return "refused: " + t.refused
	}
	return strings.TrimSuffix(string(t.task.Status)+": "+t.task.Message, ": ")
}

func differs(pattern, text string) error {
	if matches(pattern, text) {
		return nil
	}
	return fmt.Errorf("it is %q", text)
}

// progress finds a line of progress after those that were found before.
func (s *stage) progress(from int, pattern string) (next int, err error) {
	if len(s.tasks) == 0 {
		return from, errNoAction
	}
	lines, wanted := s.shown(s.last()), patternOf(pattern)
	for i := from; i < len(lines); i++ {
		if wanted.MatchString(lines[i]) {
			return i + 1, nil
		}
	}
	return from, errors.New("no such line of progress, or not after the one before")
}

func (s *stage) neverShown(pattern string) error {
	unwanted := patternOf(pattern)
	for _, line := range s.shown(s.last()) {
		if unwanted.MatchString(line) {
			return fmt.Errorf("there is the line %q", line)
		}
	}
	return nil
}

func (s *stage) shown(t *task) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines[t.id])
}

// toolCount is the expected number of hook tools that the latest hook or task has used, except action-log.
func (s *stage) toolCount() string {
	count := map[string]int{}
	for _, call := range s.agent.Calls()[s.callsBefore:] {
		count[call.Tool]++
	}
	delete(count, "action-log")
	return counted(count)
}

func counted(count map[string]int) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(count)) {
		out = append(out, fmt.Sprintf("%s %d", name, count[name]))
	}
	if out == nil {
		return "none"
	}
	return strings.Join(out, ", ")
}

// expectLog finds a record of the unit's log: "WARNING: text".
func (s *stage) expectLog(pattern string) error {
	for i, record := range s.agent.Log() {
		if !s.logsSeen[i] && matches(pattern, record.Level+": "+record.Message) {
			s.logsSeen[i] = true
			return nil
		}
	}
	return errors.New("no such record in the unit's log")
}

var errNoAction = errors.New("no action has run")
