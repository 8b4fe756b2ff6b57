package charm_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"jimm-migrator/charm"
)

// Greeter is a whole charm. Its program would be charm.Main(Greeter()).
func Greeter() charm.App {
	return charm.App{
		Version: "1.0",
		Actions: map[string]charm.ActionFunc{"greet": greet},
		Hooks:   map[string]charm.HookFunc{"install": configure, "config-changed": configure},
	}
}

type greeterConfig struct {
	Greeting string `json:"greeting"`
}

// configure tells the user whether the charm can do its work.
func configure(ctx context.Context, h *charm.Hook) error {
	var config greeterConfig
	if err := h.Config(ctx, &config); err != nil {
		return err
	}
	if config.Greeting == "" {
		return h.SetStatus(ctx, charm.StatusBlocked, "no greeting; run: juju config greeter greeting=Hello")
	}
	return h.SetStatus(ctx, charm.StatusActive, "says "+config.Greeting)
}

// greet is an action: parameters, configuration, progress, results.
func greet(ctx context.Context, a *charm.Action) error {
	var params struct {
		Names []string `json:"names"`
	}
	var config greeterConfig
	if err := errors.Join(a.Params(&params), a.Config(ctx, &config)); err != nil {
		return err
	}
	greetings := map[string]any{}
	for _, name := range params.Names {
		if name == "" {
			return errors.New("cannot greet: a name is empty")
		}
		a.Log(ctx, "greeting "+name)
		greetings[name] = config.Greeting + " " + name
	}
	return a.SetResults(ctx, map[string]any{"greetings": greetings})
}

// printer is a Runner that shows what Juju would be told.
type printer map[string]string

func (p printer) Run(_ context.Context, call charm.ToolCall) ([]byte, error) {
	fmt.Fprintf(os.Stdout, "%s %s\n", call.Tool, strings.Join(call.Args, " "))
	return []byte(p[call.Tool]), nil
}

// A whole charm: one hook and one action of it, and what they tell Juju.
func Example() {
	juju := printer{
		"config-get": `{"greeting":"Hello"}`,
		"status-get": `{"status":"unknown","message":""}`,
		"action-get": `{"names":["ann","bob"]}`,
	}
	for _, path := range []string{"hooks/config-changed", "hooks/update-status", "actions/greet"} {
		env := charm.Env{Unit: "greeter/0", DispatchPath: path}
		code := charm.Dispatch(context.Background(), Greeter(), env, juju)
		fmt.Fprintf(os.Stdout, "%s: exit code %d\n", path, code)
	}
	// Output:
	// config-get --format=json
	// status-get --format=json --include-data
	// status-set -- active says Hello
	// hooks/config-changed: exit code 0
	// hooks/update-status: exit code 0
	// action-get --format=json
	// config-get --format=json
	// action-log -- greeting ann
	// action-log -- greeting bob
	// action-set -- greetings.ann=Hello ann greetings.bob=Hello bob
	// actions/greet: exit code 0
}

// A handler that returns an error fails its action: one sentence, exit code 0.
func ExampleDispatch_failure() {
	juju := printer{"action-get": `{"names":[""]}`}
	code := charm.Dispatch(context.Background(), Greeter(), charm.Env{DispatchPath: "actions/greet"}, juju)
	fmt.Fprintln(os.Stdout, "exit code", code)
	// Output:
	// action-get --format=json
	// config-get --format=json
	// action-fail -- cannot greet: a name is empty
	// exit code 0
}
