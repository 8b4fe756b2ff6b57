// Command demo migrates a model between two real Juju controllers. Juju's own "juju run" asks a real controller for the
// charm's action, which the charm's real dispatch binary runs through a simulated JIMM. At the end Juju's own client
// shows the result.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/juju/juju/api"
	"github.com/juju/juju/api/client/modelmanager"
	"github.com/juju/loggo"
	"github.com/juju/names/v5"

	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/realjuju/jaas"
	"jimm-migrator/tests/realjuju/unit"
)

func main() {
	_, _ = loggo.RemoveWriter(loggo.DefaultWriterName)
	if err := run(context.Background(), os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, args []string) (err error) {
	if len(args) != 1 {
		return errors.New("usage: demo CHARMDIR")
	}
	fmt.Fprintf(out, "Starting two controllers of Juju %s and a simulated JIMM...\n", controller.Version())
	j, err := jaas.Start(jaas.Options{})
	if err != nil {
		return err
	}
	defer j.Close()
	model, err := j.AddModel(ctx, "prod")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "Building the charm (up to a minute the first time) and deploying it to a model of controller east...")
	u, err := unit.Start(ctx, unit.Options{CharmDir: args[0], Controller: j.East, JIMM: j.URL})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, u.Close()) }()
	ask(out, j, model)
	for _, line := range []string{"locate-model model=prod", "migrate-model model=prod target-controller=east", "locate-model model=prod"} {
		fmt.Fprintf(out, "\n$ juju run jimm-migrator/0 %s\n", line)
		code, err := u.JujuRun(ctx, out, out, strings.Fields(line)...)
		if err != nil {
			return err
		}
		if code != 0 {
			return fmt.Errorf("juju run ended with %d", code)
		}
	}
	fmt.Fprintln(out)
	if has := ask(out, j, model); has != "east" {
		return fmt.Errorf("the model is on %q, not on east", has)
	}
	return nil
}

// ask prints what both controllers answer to Juju's own client about a model, and returns the name of the one that has
// it.
func ask(out io.Writer, j *jaas.JAAS, model *jaas.Model) (has string) {
	for _, c := range []*controller.Controller{j.West, j.East} {
		answer, ok := describe(c, model.UUID)
		fmt.Fprintf(out, "Juju's client asks %s for model %s: %s\n", c.Name, model.Name, answer)
		if ok {
			has = c.Name
		}
	}
	return has
}

// describe asks a controller for a model: by a login to it, as a user does, and by its info.
func describe(c *controller.Controller, model string) (answer string, has bool) {
	conn, err := api.Open(c.Info(model), controller.DialOptions())
	if redirect := (*api.RedirectError)(nil); errors.As(err, &redirect) {
		return fmt.Sprintf("redirected to controller %q at %v", redirect.ControllerAlias, redirect.Servers), false
	}
	if err != nil {
		return err.Error(), false
	}
	_ = conn.Close()
	conn, err = api.Open(c.Info(""), controller.DialOptions())
	if err != nil {
		return err.Error(), false
	}
	defer func() { _ = conn.Close() }()
	infos, err := modelmanager.NewClient(conn).ModelInfo([]names.ModelTag{names.NewModelTag(model)})
	switch {
	case err != nil:
		return err.Error(), false
	case infos[0].Error != nil:
		return infos[0].Error.Error(), false
	}
	info := infos[0].Result
	return fmt.Sprintf("%s, %d machine, %d user", info.Status.Status, len(info.Machines), len(info.Users)), true
}
