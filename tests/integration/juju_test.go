//go:build integration

package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const (
	app   = "jimm-migrator"
	unit  = app + "/0"
	limit = 15 * time.Minute // for a charm to be deployed and to settle
	pause = 5 * time.Second  // between two observations of a model
)

// charmFile is the archive to be deployed.
var charmFile = flag.String("charm", "", "the charm to deploy; default ../../dist/jimm-migrator_GOARCH.charm")

// model is a Juju model that lives as long as a test.
type model struct {
	t    *testing.T
	name string
}

// newModel makes a model, deploys the charm in it, and waits until it has
// settled.
func newModel(t *testing.T) *model {
	t.Helper()
	m := &model{t: t, name: strings.ToLower(strings.ReplaceAll(t.Name(), "_", "-"))}
	if _, err := juju(t.Context(), "add-model", m.name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended.
		ctx, stop := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
		defer stop()
		if _, err := juju(ctx, "destroy-model", "--no-prompt", "--force", "--destroy-storage", m.name); err != nil {
			t.Error(err)
		}
	})
	file := *charmFile
	if file == "" {
		file = "../../dist/jimm-migrator_" + strings.Replace(runtime.GOARCH, "ppc64le", "ppc64el", 1) + ".charm"
	}
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	m.juju("deploy", path, app)
	m.wait("not configured", func(s status) bool { return s.workload().Current == "blocked" })
	return m
}

// juju runs a command in the model and returns what it prints.
func (m *model) juju(command string, args ...string) []byte {
	m.t.Helper()
	out, err := juju(m.t.Context(), command, append([]string{"--model", m.name}, args...)...)
	if err != nil {
		m.t.Fatal(err)
	}
	return out
}

// wait waits until the model is in the expected state.
func (m *model) wait(what string, done func(status) bool) status {
	m.t.Helper()
	ctx, stop := context.WithTimeout(m.t.Context(), limit)
	defer stop()
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		var s status
		m.read(&s, "status")
		if done(s) {
			return s
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			m.t.Fatalf("the model is not %s after %s: %+v", what, limit, s)
		}
	}
}

// waitIdle waits until every unit of the model is active or, if it is the
// charm's own, has run its hooks.
func (m *model) waitIdle() {
	m.t.Helper()
	m.wait("idle", func(s status) bool {
		for name, application := range s.Applications {
			for unit, state := range application.Units {
				if state.Workload.Current == "error" {
					m.t.Fatalf("unit %s: %s", unit, state.Workload.Message)
				}
				if state.Agent.Current != "idle" || name != app && state.Workload.Current != "active" {
					return false
				}
			}
			if len(application.Units) == 0 {
				return false
			}
		}
		return true
	})
}

// published returns what the charm's side of a relation has set for the
// application, as the other application's unit sees it.
func (m *model) published(other, endpoint string) map[string]string {
	m.t.Helper()
	var units map[string]struct {
		Relations []struct {
			Endpoint string            `json:"endpoint"`
			Data     map[string]string `json:"application-data"`
		} `json:"relation-info"`
	}
	m.read(&units, "show-unit", other)
	for _, relation := range units[other].Relations {
		if relation.Endpoint == endpoint {
			return relation.Data
		}
	}
	m.t.Fatalf("%s has no relation at %s: %+v", other, endpoint, units)
	return nil
}

// read runs a command that prints JSON.
func (m *model) read(into any, command string, args ...string) {
	m.t.Helper()
	if err := json.Unmarshal(m.juju(command, append(args, "--format=json")...), into); err != nil {
		m.t.Fatalf("juju %s: %v", command, err)
	}
}

// status is the part of juju status that the tests read.
type status struct {
	Applications map[string]struct {
		Version string `json:"charm-version"`
		Units   map[string]struct {
			Workload state `json:"workload-status"`
			Agent    state `json:"juju-status"`
		} `json:"units"`
	} `json:"applications"`
}

type state struct {
	Current string `json:"current"`
	Message string `json:"message"`
}

// workload returns the status that the charm has set.
func (s status) workload() state { return s.Applications[app].Units[unit].Workload }

// juju runs the client.
func juju(ctx context.Context, command string, args ...string) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	cmd := exec.CommandContext(ctx, "juju", append([]string{command}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if _, exited := errors.AsType[*exec.ExitError](err); exited {
		err = fmt.Errorf("juju %s %q: %w: %s", command, args, err, strings.TrimSpace(stderr.String()))
	}
	return out, err
}
