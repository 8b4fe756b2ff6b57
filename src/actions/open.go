package actions

import (
	"context"

	"jimm-migrator/src/config"
	"jimm-migrator/src/migration"
)

// Opened is a JAAS as the actions see it: what the engine reads, and what it
// writes with.
type Opened struct {
	Engine migration.JAAS
	Writer migration.Writer
	// Close ends the connection to JIMM.
	Close func()
}

// Open logs in to JIMM as the actions do, as an administrator. The simulation in
// tests/soak runs the engine over it: the settings say how servers are dialled.
func Open(ctx context.Context, settings config.Settings) (Opened, error) {
	j, err := connectTo(ctx, settings)
	if err != nil {
		return Opened{}, err
	}
	return Opened{Engine: j.engine, Writer: &writer{j.session}, Close: j.close}, nil
}

// Sentence puts an event into the line of progress that an operator reads.
func Sentence(e migration.Event) string { return line(e) }

// Summary puts a result into the sentence with which an action ends.
func Summary(r migration.Result) string { return summary(r) }
