// Command dispatch is the charm for a machine that may be slower than a unit: the part of update-status that calls JIMM
// may take a minute.
package main

import (
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/actions"
	"jimm-migrator/src/hooks"
)

func main() {
	charm.Main(charm.App{
		Version: "dev",
		Actions: actions.All("dev"),
		Hooks:   hooks.All(hooks.Options{Version: "dev", PollTimeout: time.Minute}),
	})
}
