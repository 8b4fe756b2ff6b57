package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/juju/charm/v12"
	"gopkg.in/yaml.v2"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/application"
	"jimm-migrator/tests/cmd/jaas-sim/screen"
)

// config is the command of that name.
func (p *program) config(ctx context.Context, args []string) error {
	set := p.aboutModel("config [options] APPLICATION [KEY | KEY=VALUE…]",
		"Shows or sets configuration, as \"juju config\" does. A value @FILE is read from that file.", "yaml", "json")
	var reset []string
	set.list(&reset, "options to reset, separated by commas", "reset")
	words, err := set.read(args, "no application specified")
	if err != nil {
		return err
	}
	values := map[string]any{}
	for _, key := range reset {
		values[key] = nil
	}
	var keys []string
	for _, word := range words[1:] {
		key, value, set := strings.Cut(word, "=")
		if !set {
			keys = append(keys, word)
			continue
		}
		if values[key], err = fileValue(value); err != nil {
			return err
		}
	}
	client, err := set.application()
	if err != nil {
		return err
	}
	if len(values) > 0 {
		return client.SetConfig(ctx, words[0], values)
	}
	options, err := client.Config(ctx, words[0])
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return set.out.write(p.stdout, map[string]any{"application": words[0], "settings": options})
	}
	for _, key := range keys {
		option, ok := options[key]
		if !ok {
			return fmt.Errorf("key %q not found in %q application config or charm settings", key, words[0])
		}
		if option.Value == nil {
			option.Value = ""
		}
		fmt.Fprintln(p.stdout, option.Value)
	}
	return nil
}

// fileValue is a value of juju config: @FILE is the contents of the file.
func fileValue(value string) (string, error) {
	path, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return value, nil
	}
	data, err := os.ReadFile(path)
	return string(data), err
}

// secretContent reads "key=value", "key#base64=value" and "key#file=path".
func secretContent(words []string) (map[string]string, error) {
	content := map[string]string{}
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			return nil, usageError{fmt.Errorf("key value %q not valid", word)}
		}
		key, form, _ := strings.Cut(key, "#")
		switch form {
		case "":
		case "base64":
			raw, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				return nil, usageError{fmt.Errorf("key value %q not valid", word)}
			}
			value = string(raw)
		case "file":
			data, err := os.ReadFile(value)
			if err != nil {
				return nil, fmt.Errorf("reading content for secret key %q: %w", key, err)
			}
			value = string(data)
		default:
			return nil, usageError{fmt.Errorf("key %q not valid", key+"#"+form)}
		}
		content[key] = value
	}
	if len(content) == 0 {
		return nil, usageError{errors.New("missing secret value or filename")}
	}
	return content, nil
}

// addSecret is the command add-secret.
func (p *program) addSecret(ctx context.Context, args []string) error {
	client, words, err := p.secretCommand(args, "add-secret", "NAME", "secret name needs to be supplied as the first argument")
	if err != nil {
		return err
	}
	content, err := secretContent(words[1:])
	if err != nil {
		return err
	}
	uri, err := client.AddSecret(ctx, words[0], content)
	if err == nil {
		fmt.Fprintln(p.stdout, uri)
	}
	return err
}

// updateSecret is the command update-secret.
func (p *program) updateSecret(ctx context.Context, args []string) error {
	client, words, err := p.secretCommand(args, "update-secret", "ID|NAME", "missing secret URI")
	if err != nil {
		return err
	}
	content, err := secretContent(words[1:])
	if err != nil {
		return err
	}
	return client.UpdateSecret(ctx, words[0], content)
}

// secretCommand reads the command line of a command about the content of a secret.
func (p *program) secretCommand(args []string, name, first, missing string) (*application.Client, []string, error) {
	set := p.aboutModel(name+" [options] "+first+" [KEY[#base64|#file]=VALUE…]", "Does what \"juju "+name+"\" does.")
	var info string
	set.text(&info, "accepted", "info")
	words, err := set.read(args, missing)
	if err != nil {
		return nil, nil, err
	}
	client, err := set.application()
	return client, words, err
}

// grantSecret is the command grant-secret.
func (p *program) grantSecret(ctx context.Context, args []string) error {
	client, words, err := p.twoWords(args, "grant-secret", "ID|NAME APPLICATION[,APPLICATION…]", "missing secret URI or application name")
	if err != nil {
		return err
	}
	return client.GrantSecret(ctx, words[0], strings.Split(words[1], ","))
}

// integrate is the command of that name.
func (p *program) integrate(ctx context.Context, args []string) error {
	client, words, err := p.twoWords(args, "integrate", "APPLICATION[:ENDPOINT] OTHER[:ENDPOINT]", "a relation must involve two applications")
	if err != nil {
		return err
	}
	return client.Integrate(ctx, words[0], words[1])
}

// twoWords reads the command line of a command with two arguments.
func (p *program) twoWords(args []string, name, synopsis, missing string) (*application.Client, []string, error) {
	set := p.aboutModel(name+" [options] "+synopsis, "Does what \"juju "+name+"\" does.")
	words, err := set.readAll(args, missing, missing)
	if err != nil {
		return nil, nil, err
	}
	client, err := set.application()
	return client, words, err
}

// refresh is the command of that name.
func (p *program) refresh(ctx context.Context, args []string) error {
	set := p.aboutModel("refresh [options] APPLICATION",
		"Replaces the charm, as \"juju refresh\" does: with an archive, or with what the repository contains now.")
	var path, ignored string
	set.text(&path, "the charm's archive; default: the charm that is served, built again", "path")
	set.text(&ignored, "accepted", "channel", "revision")
	words, err := set.readAll(args, "no application specified")
	if err != nil {
		return err
	}
	if path != "" {
		if path, err = filepath.Abs(path); err != nil {
			return err
		}
	}
	client, err := set.application()
	if err != nil {
		return err
	}
	revision, err := client.Refresh(ctx, words[0], path)
	if err == nil {
		fmt.Fprintf(p.stderr, "Added local charm %q, revision %d, to the model\n", words[0], revision)
	}
	return err
}

// status is the command of that name.
func (p *program) status(ctx context.Context, args []string) error {
	set := p.aboutModel("status [options]", "Shows the status of the model, as \"juju status\" does.", "tabular", "yaml", "json")
	var relations, ignored bool
	set.toggle(&relations, "show the relations too", "relations", "integrations")
	set.toggle(&ignored, "accepted; nothing is coloured", "color", "no-color")
	if _, err := set.readAll(args); err != nil {
		return err
	}
	client, err := set.application()
	if err != nil {
		return err
	}
	status, err := client.Status(ctx)
	if err != nil {
		return err
	}
	if set.out.format != "tabular" {
		return set.out.write(p.stdout, screen.Status(status))
	}
	return set.out.with(p.stdout, func(w io.Writer) error {
		return screen.StatusTable(w, status, relations, time.Now())
	})
}

// showAction is the command show-action.
func (p *program) showAction(ctx context.Context, args []string) error {
	set := p.aboutModel("show-action [options] APPLICATION ACTION", "Shows an action and its parameters, as \"juju show-action\" does.")
	words, err := set.readAll(args, "no application specified", "no action specified")
	if err != nil {
		return err
	}
	actions, err := set.actionsOf(ctx, words[0])
	if err != nil {
		return err
	}
	spec, ok := actions[words[1]]
	if !ok {
		screen.Infof(p.stderr, "unknown action %q\n", words[1])
		return errSilent
	}
	shown := map[string]actionArgument{}
	properties, _ := spec.Params["properties"].(map[string]any)
	for name, value := range properties {
		property, _ := value.(map[string]any)
		shown[name] = actionArgument{property["type"], property["description"], property["default"]}
	}
	text, err := yaml.Marshal(shown)
	if err != nil {
		return fmt.Errorf("cannot print the parameters: %w", err)
	}
	fmt.Fprintf(p.stdout, "%s\n\nArguments\n%s\n", spec.Description, text)
	return nil
}

// actionsOf returns the actions of an application of the world.
func (c *command) actionsOf(ctx context.Context, name string) (map[string]charm.ActionSpec, error) {
	client, err := c.application()
	if err != nil {
		return nil, err
	}
	return client.Actions(ctx, name)
}

// actionArgument is what juju show-action prints of a parameter. It prints
// neither enum nor which parameters are required.
type actionArgument struct {
	Type        any `yaml:"type"`
	Description any `yaml:"description"`
	Default     any `yaml:"default,omitempty"`
}

// listActions is the command actions.
func (p *program) listActions(ctx context.Context, args []string) error {
	set := p.aboutModel("actions [options] APPLICATION", "Lists the actions of an application, as \"juju actions\" does.",
		"default", "tabular", "yaml", "json")
	out, schemas := &set.out, false
	set.toggle(&schemas, "show the full schemas", "schema")
	words, err := set.readAll(args, "no application name specified")
	if err != nil {
		return err
	}
	if out.format == "tabular" && schemas {
		return usageError{errors.New("full schema not compatible with tabular output")}
	}
	actions, err := set.actionsOf(ctx, words[0])
	if err != nil {
		return err
	}
	if schemas {
		out.format = strings.Replace(out.format, "default", "yaml", 1)
		all := map[string]any{}
		for name, spec := range actions {
			all[name] = spec.Params
		}
		return out.write(p.stdout, all)
	}
	if out.format == "yaml" || out.format == "json" {
		short := map[string]string{}
		for name, spec := range actions {
			short[name] = spec.Description
		}
		return out.write(p.stdout, short)
	}
	return out.with(p.stdout, func(w io.Writer) error { return screen.Actions(w, actions) })
}

// remote is the other side of a relation with the application: the data that a charm of that interface publishes.
func (d *deployment) remote(iface, name string) (application.Remote, error) {
	const host = "127.0.0.1"
	switch iface {
	case "loki_push_api":
		return application.Remote{UnitData: map[string]string{"endpoint": `{"url": "http://` + d.loki.Addr().String() + `/loki/api/v1/push"}`}}, nil
	case "certificate_transfer":
		list, err := json.Marshal([]string{d.jaas.CA()})
		return application.Remote{AppData: map[string]string{"version": "1", "certificates": string(list)}}, err
	case "juju-info":
		return application.Remote{UnitData: map[string]string{"ingress-address": host, "private-address": host}}, nil
	case "prometheus_scrape", "grafana_dashboard":
		return application.Remote{}, nil
	}
	return application.Remote{}, fmt.Errorf("application %q not found", name)
}

// refreshed unpacks or builds the charm that the units are refreshed to.
func (d *deployment) refreshed(ctx context.Context, path string) (folder string, err error) {
	if path == "" {
		path = d.plan.charm
	}
	if strings.HasSuffix(path, ".charm") {
		if folder, err = os.MkdirTemp(d.dir, "charm-"); err != nil {
			return "", fmt.Errorf("cannot unpack the charm: %w", err)
		}
		return folder, unpack(path, folder)
	}
	return path, charmtest.Build(ctx, path, dispatchPackage, filepath.Join(d.dir, "dispatch"))
}
