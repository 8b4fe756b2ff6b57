// Command dispatch is the charm: Juju runs it for every hook and action.
package main

import (
	"runtime/debug"

	"jimm-migrator/charm"
	"jimm-migrator/src/actions"
	"jimm-migrator/src/hooks"
)

// version is set by the build of the archive.
var version = "dev"

// softLimit is the memory above which the garbage collector runs more often: with the
// program itself, a JAAS of 10,000 models then fits 64 MiB.
const softLimit = 48 << 20

func main() {
	debug.SetMemoryLimit(softLimit)
	charm.Main(charm.App{
		Version: version,
		Actions: actions.All(version),
		Hooks:   hooks.All(hooks.Options{Version: version}),
	})
}
