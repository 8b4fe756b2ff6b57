package conform

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// Ellipsis stands for text that the recording left out.
const Ellipsis = "..."

// ToolFixture is a story of hook tools, or of the unit agent and the controller around them.
type ToolFixture struct {
	File     string
	Comment  string
	Unit     Unit
	Actions  string     // actions.yaml of the charm, for fixtures about it
	Calls    []ToolCall // in order
	Dispatch string     // the file dispatch of the charm, a shell script; empty: dispatch makes the calls
	After    After
}

// Unit is the unit before the story: unit.yaml.
type Unit struct {
	Action *struct { // what runs; if neither an action nor a hook is named: the hook update-status
		Name   string
		Params map[string]any
	}
	Hook *struct {
		Name     string
		Relation int    // number of the relation
		Unit     string // remote unit
	}
	Leader      bool
	Config      map[string]any
	ConfigUnset []string `yaml:"config-unset"` // options without a value
	Status      *UnitStatus
	Relations   []UnitRelation
	Secrets     []UnitSecret

	DispatchMode uint32 `yaml:"dispatch-mode"` // of the file; default 0755
	FailCommit   string `yaml:"fail-commit"`   // why the controller refuses to store the changes
	Cancel       bool   // the task is cancelled at its first message
}

// UnitStatus is a workload status.
type UnitStatus struct{ Status, Message string }

// UnitRelation is a relation of the unit.
type UnitRelation struct {
	ID       int
	Endpoint string
	App      string
	Units    map[string]map[string]string
	AppData  map[string]string `yaml:"app-data"`
}

// UnitSecret is a user secret.
type UnitSecret struct {
	ID      string
	Content map[string]string
	Granted bool
}

// After is the state of the unit and its task afterwards: after.yaml. What is absent is not compared.
type After struct {
	Results    map[string]any
	Log        []string
	LogLength  int `yaml:"log-length"`
	Failed     *string
	Status     string // of the task
	Message    *string
	State      map[string]string
	UnitStatus *UnitStatus `yaml:"unit-status"`
	JujuLog    []string    `yaml:"juju-log"`   // "LEVEL message"; there may be more
	HookError  *string     `yaml:"hook-error"` // "": the hook succeeded
}

// ToolCall is one line of the section calls with its outcome.
type ToolCall struct {
	Line   int
	Kind   string   // "$": a tool; "enqueue": an action with JSON parameters; "parse": the charm is read; "args": of juju run
	Args   []string // the tool and its arguments; or the action and the parameters
	Repeat int
	Env    map[string]string // for this call; empty: not set
	Stdin  string
	Code   int
	Stdout string // Ellipsis stands for anything
	Stderr string
	Params string // enqueue: JSON of the parameters with defaults
}

// ReadTool reads a fixture of hook tools.
func ReadTool(file string) (*ToolFixture, error) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read a fixture: %w", err)
	}
	f := &ToolFixture{File: file, Comment: strings.TrimSpace(string(archive.Comment))}
	for _, section := range archive.Files {
		var err error
		switch section.Name {
		case "unit.yaml":
			err = strict(section.Data, &f.Unit)
		case "after.yaml":
			err = strict(section.Data, &f.After)
		case "actions.yaml":
			f.Actions = string(section.Data)
		case "dispatch":
			f.Dispatch = string(section.Data)
		case "calls":
			f.Calls, err = parseCalls(string(section.Data))
		default:
			err = errors.New("unknown section")
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read %q: section %q: %w", file, section.Name, err)
		}
	}
	return f, nil
}

// ReadTools reads all fixtures of hook tools in a directory.
func ReadTools(dir string) ([]*ToolFixture, error) { return readAll(dir, ReadTool) }

func parseCalls(text string) ([]ToolCall, error) {
	var calls []ToolCall
	next := ToolCall{Repeat: 1, Env: map[string]string{}}
	for i, line := range strings.Split(text, "\n") {
		if line == "" {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		var err error
		switch word {
		case "env":
			name, value, _ := strings.Cut(strings.TrimPrefix(rest, "-"), "=")
			next.Env[name] = value
		case "in":
			next.Stdin, err = strconv.Unquote(rest)
		case "repeat":
			next.Repeat, err = strconv.Atoi(rest)
		case "$", "enqueue", "parse", "args":
			next.Line, next.Kind = i+1, word
			next.Args, err = arguments(word, rest)
			calls = append(calls, next)
			next = ToolCall{Repeat: 1, Env: map[string]string{}}
		default:
			if len(calls) == 0 {
				err = errors.New("before the first call")
			} else {
				err = calls[len(calls)-1].outcome(word, rest)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w: %s", i+1, err, line)
		}
	}
	return calls, nil
}

// outcome reads a line with the outcome of the call.
func (c *ToolCall) outcome(word, rest string) (err error) {
	switch word {
	case "rc":
		c.Code, err = strconv.Atoi(rest)
	case "out":
		c.Stdout += rest + "\n"
	case "err":
		c.Stderr += rest + "\n"
	case "params":
		c.Params = rest
	default:
		err = errors.New("unknown kind of line")
	}
	return err
}

// arguments splits a command line: bare words, 'raw words', "Go strings". (x*3) is xxx.
func arguments(kind, line string) ([]string, error) {
	if kind == "enqueue" || kind == "parse" {
		action, params, _ := strings.Cut(line, " ")
		return []string{action, params}, nil
	}
	var args []string
	for rest := line; rest != ""; rest = strings.TrimLeft(rest, " ") {
		var word string
		switch rest[0] {
		case '\'':
			end := strings.IndexByte(rest[1:], '\'')
			if end < 0 {
				return nil, errors.New("no closing quote")
			}
			word, rest = rest[1:end+1], rest[end+2:]
		case '"':
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, errors.New("not a Go string")
			}
			word, _ = strconv.Unquote(quoted)
			rest = rest[len(quoted):]
		default:
			word, rest, _ = strings.Cut(rest, " ")
		}
		args = append(args, repeated(word))
	}
	return args, nil
}

func repeated(word string) string {
	re := regexp.MustCompile(`\((\w)\*(\d+)\)`)
	return re.ReplaceAllStringFunc(word, func(s string) string {
		groups := re.FindStringSubmatch(s)
		n, _ := strconv.Atoi(groups[2])
		return strings.Repeat(groups[1], n)
	})
}

// TextFits reports whether text matches the recorded one, where Ellipsis stands for any text.
func TextFits(recorded, text string) bool {
	pattern := regexp.QuoteMeta(strings.TrimSuffix(recorded, "\n"))
	pattern = strings.ReplaceAll(pattern, regexp.QuoteMeta(Ellipsis), `.*`)
	return regexp.MustCompile(`(?s)\A` + pattern + `\z`).MatchString(strings.TrimSuffix(text, "\n"))
}
