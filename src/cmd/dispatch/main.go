// Command dispatch is the charm: Juju runs it for every hook and action.
package main

import (
	"jimm-migrator/charm"
	"jimm-migrator/src/actions"
	"jimm-migrator/src/hooks"
)

// version is set by the build of the archive.
var version = "dev"

func main() {
	charm.Main(charm.App{
		Version: version,
		Actions: actions.All(version),
		Hooks:   hooks.All(version),
	})
}
