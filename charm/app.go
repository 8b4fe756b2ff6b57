package charm

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
)

// App is a charm: its handlers for each action and hook.
type App struct {
	// Version is the charm's own version.
	Version string
	// Actions are the handlers by the names in actions.yaml.
	Actions map[string]ActionFunc
	// Hooks are the handlers by hook name, such as "config-changed".
	Hooks map[string]HookFunc
	// AnyHook handles the hooks that Hooks does not name, including those of future Juju versions. Without it such
	// hooks succeed at once, at no cost.
	AnyHook HookFunc
	// LogLevel is the least level that [Unit.Logger] writes. Nil means
	// warnings and errors only: each line is the start of a process.
	LogLevel slog.Leveler
	// Stderr takes fatal messages. Nil means os.Stderr. Juju logs what is
	// written there as warnings, and shows it with an action.
	Stderr io.Writer
}

// hook returns the handler of a hook, nil if there is none.
func (app App) hook(name string) HookFunc {
	if handler := app.Hooks[name]; handler != nil {
		return handler
	}
	return app.AnyHook
}

// complain writes one line to stderr, the last resort.
func (app App) complain(line string) {
	stderr := app.Stderr
	if stderr == nil {
		stderr = os.Stderr
	}
	fmt.Fprintln(stderr, line)
}

// usage explains the program to a person who starts it by hand.
func (app App) usage() string {
	list := func(names []string) string {
		if len(names) == 0 {
			return "none"
		}
		return strings.Join(names, ", ")
	}
	hooks := list(slices.Sorted(maps.Keys(app.Hooks)))
	if app.AnyHook != nil {
		hooks += ", and all others"
	}
	return strings.TrimSpace(`
This is the dispatch program of a Juju charm, version `+app.Version+`.
Juju runs it, with JUJU_DISPATCH_PATH in its environment; it takes no arguments.

Actions (juju run UNIT ACTION): `+list(slices.Sorted(maps.Keys(app.Actions)))+`
Hooks: `+hooks+`

To run it by hand anyway, inside a unit of the charm:
    juju exec --unit UNIT 'JUJU_DISPATCH_PATH=hooks/update-status ./dispatch'`) + "\n"
}
