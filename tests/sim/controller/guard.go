package controller

import (
	"slices"
	"strings"

	"jimm-migrator/tests/sim/wire"
)

// Call is a call of a logged-in client, for guards.
type Call struct {
	Controller string // name of the controller
	Path       string // of the connection's URL
	Facade     string
	Version    int
	Method     string
	Params     []byte
	User       string // name of the user, without "user-"
	Token      bool   // logged in by token, as JIMM does
	Anonymous  bool
	CLIArgs    string // the version that the client sent at login
}

// Peer reports whether the caller is another controller that migrates a model to this one.
func (c Call) Peer() bool { return strings.HasPrefix(c.CLIArgs, peerArgs) }

func newCall(s *session, login *login, req *wire.Request) Call {
	return Call{
		Controller: s.c.config.Name, Path: s.conn.Path(),
		Facade: req.Facade, Version: req.Version, Method: req.Method, Params: req.Params,
		User: login.user, Token: login.token, Anonymous: login.anonymous, CLIArgs: login.cliArgs,
	}
}

// Forbid makes a guard that reports calls of the given patterns, "Facade.Method" or "Facade.*". Other controllers may
// call everything, and JIMM (token logins) may pass on the calls of its own clients. Without patterns NeverSent is
// used.
func Forbid(report func(Call), patterns ...string) func(Call) {
	if len(patterns) == 0 {
		patterns = NeverSent()
	}
	return func(call Call) {
		if call.Peer() || call.Token && slices.Contains(passedOn(), call.Facade+"."+call.Method) {
			return
		}
		if slices.Contains(patterns, call.Facade+"."+call.Method) || slices.Contains(patterns, call.Facade+".*") {
			report(call)
		}
	}
}

// passedOn are calls that JIMM makes for its clients.
func passedOn() []string {
	return []string{"Controller.InitiateMigration", "ModelManager.CreateModel", "ModelUpgrader.UpgradeModel", "ModelUpgrader.AbortModelUpgrade"}
}

// NeverSent lists calls that change something and that neither the charm nor JIMM ever sends directly.
func NeverSent() []string {
	return []string{
		"Controller.InitiateMigration", "Controller.ConfigSet", "Controller.DestroyController",
		"Controller.RemoveBlocks", "Controller.ModifyControllerAccess",
		"MigrationTarget.Import", "MigrationTarget.Activate", "MigrationTarget.Abort", "MigrationTarget.AdoptResources",
		"ModelManager.DestroyModels", "ModelManager.CreateModel", "ModelManager.ModifyModelAccess",
		"ModelManager.DumpModels", "ModelManager.ChangeModelCredential",
		"MigrationMaster.*", "ModelUpgrader.*", "MachineManager.UpgradeSeriesPrepare", "MachineManager.UpgradeSeriesComplete",
	}
}
