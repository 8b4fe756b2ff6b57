package unit

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	jujucmd "github.com/juju/cmd/v3"
	"github.com/juju/juju/cmd/juju/action"
	"github.com/juju/juju/juju/osenv"
	"github.com/juju/juju/jujuclient"

	"jimm-migrator/tests/realjuju/controller"
)

// JujuRun is "juju run jimm-migrator/0" with arguments: Juju's own command. It returns the exit code.
func (u *Unit) JujuRun(ctx context.Context, stdout, stderr io.Writer, args ...string) (int, error) {
	if u.home == "" {
		u.home = filepath.Join(u.dir, "juju")
		osenv.SetJujuXDGDataHome(u.home)
		if err := os.MkdirAll(u.home, 0o700); err != nil {
			return 0, err
		}
		if err := u.logIn(); err != nil {
			return 0, err
		}
	}
	run := &jujucmd.Context{Context: ctx, Dir: u.dir, Stdin: strings.NewReader(""), Stdout: stdout, Stderr: stderr}
	return jujucmd.Main(action.NewRunCommand(), run, append([]string{name}, args...)), nil
}

// logIn adds the controller, its user and the unit's model to Juju's client.
func (u *Unit) logIn() error {
	c, store := u.controller, jujuclient.NewFileClientStore()
	for _, step := range []func() error{
		func() error {
			return store.AddController(c.Name, jujuclient.ControllerDetails{
				ControllerUUID: c.UUID, APIEndpoints: []string{c.Addr}, CACert: c.CACert, Cloud: "dummy", CloudRegion: "dummy-region",
			})
		},
		func() error {
			return store.UpdateAccount(c.Name, jujuclient.AccountDetails{User: "admin", Password: controller.AdminPassword})
		},
		func() error {
			return store.UpdateModel(c.Name, "admin/jaas-ops", jujuclient.ModelDetails{ModelUUID: u.Model, ModelType: "iaas"})
		},
		func() error { return store.SetCurrentController(c.Name) },
		func() error { return store.SetCurrentModel(c.Name, "admin/jaas-ops") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
