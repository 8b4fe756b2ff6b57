package scenario_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// story is one file of stories/.
type story struct {
	file  string
	about string
	world string
	files map[string]string // the others, for "@name"
	years []string
	juju  []string // patterns of releases, see age.matches; nil: all between which JIMM can migrate a model
	// everywhere: it is played in all ages with processes too.
	everywhere bool
	// unconfigured: the story begins before the charm is installed. Otherwise it
	// begins with a unit that is configured for the world.
	unconfigured bool
	machine      string // id of the machine; empty: Kubernetes
	steps        []step
}

// step is a line at the margin, with the expectations below it.
type step struct {
	line
	expect []line
}

// line is a line of a story.
type line struct {
	number int
	only   []string // conditions on the age that it applies to, see counts
	text   string
}

const (
	fileWorld = "world.yaml"
	fileStory = "story"
	// simpleWorld is the world of stories without one.
	simpleWorld = "controllers: [{name: west}, {name: east}]\nmodels: [{name: prod, created-here: true}]\n"
)

func readStory(file string) (story, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return story{}, err
	}
	s := story{file: file, world: simpleWorld, files: map[string]string{}, years: years()}
	archive := txtar.Parse(data)
	s.about = strings.TrimSpace(string(archive.Comment))
	if s.about == "" {
		return s, fmt.Errorf("%s: a story begins with what it is about", file)
	}
	at := strings.Count(string(archive.Comment), "\n")
	for _, f := range archive.Files {
		at++ // the line with the name
		switch f.Name {
		case fileWorld:
			s.world = string(f.Data)
		case fileStory:
			if err := s.parse(string(f.Data), at); err != nil {
				return s, err
			}
		default:
			s.files[f.Name] = string(f.Data)
		}
		at += strings.Count(string(f.Data), "\n")
	}
	if len(s.steps) == 0 {
		return s, fmt.Errorf("%s: nothing happens", file)
	}
	return s, s.checkAges()
}

// parse reads the section story. offset is the number of lines before it.
func (s *story) parse(text string, offset int) error {
	for i, raw := range strings.Split(text, "\n") {
		l := parseLine(raw, offset+i+1)
		indented := strings.HasPrefix(raw, " ")
		switch {
		case l.text == "" || strings.HasPrefix(l.text, "#"):
		case indented && len(s.steps) == 0:
			return s.wrong(l, "nothing has happened yet")
		case indented:
			last := &s.steps[len(s.steps)-1]
			last.expect = append(last.expect, l)
		case len(s.steps) == 0 && s.setting(l.text):
		default:
			s.steps = append(s.steps, step{line: l})
		}
	}
	return nil
}

func parseLine(raw string, number int) line {
	l := line{number: number, text: strings.TrimSpace(raw)}
	condition := regexp.MustCompile(`^\[([0-9a-z.,>!]+)\] +`)
	for {
		found := condition.FindStringSubmatch(l.text)
		if found == nil {
			return l
		}
		l.only, l.text = append(l.only, found[1]), l.text[len(found[0]):]
	}
}

// setting reads a line that describes the start of the story.
func (s *story) setting(text string) bool {
	word, rest, _ := strings.Cut(text, " ")
	switch word {
	case "years":
		s.years = strings.Fields(rest)
	case "juju":
		s.juju = strings.Fields(rest)
	case "everywhere":
		s.everywhere = true
	case "unconfigured":
		s.unconfigured = true
	case "machine":
		s.machine = rest
	default:
		return false
	}
	return true
}

func (s *story) wrong(l line, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s: %s", s.file, l.number, l.text, fmt.Sprintf(format, args...))
}

// words splits a command as a shell does, as far as stories need it.
func words(text string) []string {
	var out []string
	for _, word := range regexp.MustCompile(`(?:[^\s'"]|'[^']*'|"[^"]*")+`).FindAllString(text, -1) {
		out = append(out, regexp.MustCompile(`'([^']*)'|"([^"]*)"`).ReplaceAllString(word, "$1$2"))
	}
	return out
}

// matches compares a text with a pattern.
func matches(pattern, text string) bool { return patternOf(pattern).MatchString(text) }

// patternOf reads a pattern, in which … stands for any text, and <uuid>, <time>, <duration> and <n> for such values.
func patternOf(pattern string) *regexp.Regexp {
	holes := strings.NewReplacer(
		"…", `.*?`,
		"<uuid>", `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
		"<time>", `\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:Z| UTC)`,
		"<duration>", `(?:\d+h)?(?:\d+m)?\d+s`,
		"<n>", `\d+`,
	)
	return regexp.MustCompile(`^(?s:` + holes.Replace(regexp.QuoteMeta(pattern)) + `)$`)
}
