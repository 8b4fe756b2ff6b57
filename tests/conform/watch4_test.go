package conform_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rogpeppe/go-internal/txtar"
	"gopkg.in/yaml.v3"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// watched is a recording of the answers of both ends of a migration to the same questions, asked repeatedly; it
// contains each answer that differed from the one before.
type watched struct {
	Source, Target string   // releases of Juju
	Taken          bool     // the target has a model of that name
	PassedBy       []string `yaml:"passed-by"` // questions with answers that lasted too short for the watcher
	lines          []string // "source ModelInfo: …"
}

func readWatched(t *testing.T, file string) (w watched) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		switch f.Name {
		case "setup.yaml":
			if err := yaml.Unmarshal(f.Data, &w); err != nil {
				t.Fatal(err)
			}
		case "watched":
			for line := range strings.Lines(string(f.Data)) {
				_, line, _ = strings.Cut(strings.TrimSpace(line), " ") // the time
				w.lines = append(w.lines, line)
			}
		default:
			t.Fatalf("unknown section %q", f.Name)
		}
	}
	return w
}

// TestSimulatedMigrationsLookAsWatchedOnes asks both ends of a simulated migration the questions that real ones were
// asked: each question must get the recorded answers in the recorded order, and others only if they lasted too short to
// be seen.
func TestSimulatedMigrationsLookAsWatchedOnes(t *testing.T) {
	files, err := filepath.Glob("watch4/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	ca := newCA(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			recorded := readWatched(t, file)
			synctest.Test(t, func(t *testing.T) { replayWatched(t, recorded, ca) })
		})
	}
}

func replayWatched(t *testing.T, recorded watched, ca *wire.CA) {
	t.Helper()
	world := sim.World{
		Controllers: []sim.Controller{{Name: "source", Version: recorded.Source}, {Name: "target", Version: recorded.Target}},
		Models:      []sim.Model{{Controller: "source", Model: controller.Model{Name: "m", UUID: testModelA, Owner: "admin"}}},
		// One text at a time, and no progress texts, which an empty model does not have.
		Pace: &controller.Pace{
			Start: 1e9, Prechecks: 1e9, Quiesce: 1e9, Export: 1e9, Import: 2e9, Upload: 1e9, Relations: 1e9, Validation: 1e9,
			CheckMachines: 1e9, Activate: 1e9, Success: 1e9, Adopt: 1e9, LogTransfer: 1e9, Reap: 1e9, ReapHidden: 1e9,
			Failure: 1e9, Abort: 2e9, AgentLimit: 900e9, Progress: 900e9,
		},
	}
	if recorded.Taken {
		world.Models = append(world.Models, sim.Model{Controller: "target", RecordedOn: "none", Model: controller.Model{Name: "m", Owner: "admin"}})
	}
	network := wire.NewNetwork()
	jaas, err := sim.StartControllers(t.Context(), world, sim.Options{Network: network, CA: ca})
	if err != nil {
		t.Fatal(err)
	}
	defer jaas.Close()
	w := &watcher4{jaas: jaas, network: network, ca: ca, seen: map[string]string{}}
	w.read(t)
	if err := w.jaas.JujuMigrate(context.WithoutCancel(t.Context()), testModelA, "target"); err != nil {
		t.Fatal(err)
	}
	source := jaas.Controller("source")
	for last := ""; ; {
		var m controller.Migration
		err := source.Await(t.Context(), func() bool {
			m, _ = source.Migration(testModelA)
			return string(m.Phase)+m.Text != last
		})
		if err != nil {
			t.Fatal(err)
		}
		last = string(m.Phase) + m.Text
		if m.Phase == controller.Reap { // the watcher had ended
			break
		}
		w.read(t)
		if m.Phase.Terminal() {
			break
		}
	}
	compareWatched(t, recorded, w.lines)
}

// compareWatched compares the answers question by question.
func compareWatched(t *testing.T, recorded watched, lines []string) {
	t.Helper()
	byQuestion := func(lines []string) map[string][]string {
		m := map[string][]string{}
		for _, line := range lines {
			question, answer, _ := strings.Cut(line, ": ")
			m[question] = append(m[question], answer)
		}
		return m
	}
	want, got := byQuestion(recorded.lines), byQuestion(lines)
	for question, answers := range want {
		rest := answers
		for _, answer := range got[question] {
			if len(rest) > 0 && rest[0] == answer {
				rest = rest[1:]
			}
		}
		if exact := !slices.Contains(recorded.PassedBy, question); len(rest) > 0 || exact && len(got[question]) != len(answers) {
			t.Errorf("%s: recorded\n\t%s\nsimulated\n\t%s", question, strings.Join(answers, "\n\t"), strings.Join(got[question], "\n\t"))
		}
	}
}

// watcher4 asks both ends and keeps each answer that differs from the one before.
type watcher4 struct {
	jaas    *sim.JAAS
	network *wire.Network
	ca      *wire.CA
	seen    map[string]string
	lines   []string
}

func (w *watcher4) read(t *testing.T) {
	t.Helper()
	for _, side := range []string{"source", "target"} {
		answered := func(question, answer string) {
			if answer = strings.ReplaceAll(answer, testModelA, "<model>"); w.seen[side+question] != answer {
				w.seen[side+question] = answer
				w.lines = append(w.lines, side+" "+question+": "+answer)
			}
		}
		w.readController(t, side, answered)
		w.readModel(t, side, answered)
	}
}

func (w *watcher4) dial(t *testing.T, side, path string) *rpc.Conn {
	t.Helper()
	conn, err := rpc.Dial(t.Context(), "wss://"+w.jaas.Address(side)+path, rpc.DialOptions{
		RootCAs: w.ca.Pool(), ServerName: wire.ControllerName, DialContext: w.network.DialContext, PingInterval: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func (w *watcher4) login(t *testing.T, side string, conn *rpc.Conn) (facades map[string][]int, err error) {
	t.Helper()
	var reply struct {
		Facades []struct {
			Name     string
			Versions []int
		}
	}
	err = conn.Call(t.Context(), rpc.Request{Facade: "Admin", Version: 3, Method: "Login"}, map[string]any{
		"auth-tag": "user-admin", "credentials": w.jaas.Registration(side).Password, "client-version": "4.0.15",
	}, &reply)
	facades = map[string][]int{}
	for _, f := range reply.Facades {
		facades[f.Name] = f.Versions
	}
	return facades, err
}

// status4 holds the members that all answers have.
type status4 struct {
	Life, Error  string
	UUID         string
	AgentVersion string `json:"agent-version"`
	Access       string `json:"user-access"`
	Status       struct{ Status, Info string }
	Migration    *struct {
		Status     string
		Start, End *string
	}
}

func (s status4) state() string {
	text := fmt.Sprintf("status=%q info=%q no migration", s.Status.Status, s.Status.Info)
	if m := s.Migration; m != nil {
		text = strings.TrimSuffix(text, "no migration") + fmt.Sprintf("migration{%q", m.Status)
		if m.Start != nil {
			text += " start"
		}
		if m.End != nil {
			text += " end"
		}
		text += "}"
	}
	return text
}

func failed4(code rpc.Code, message string) string {
	return fmt.Sprintf("error code=%q %s", string(code), message)
}

func failure4(err error) string {
	if answer, ok := errors.AsType[*rpc.Error](err); ok {
		return failed4(answer.Code, answer.Message)
	}
	return err.Error()
}

func (w *watcher4) readController(t *testing.T, side string, answered func(question, answer string)) {
	t.Helper()
	conn := w.dial(t, side, "/api")
	defer conn.Close()
	facades, err := w.login(t, side, conn)
	if err != nil {
		t.Fatal(err)
	}
	entity := map[string]any{"entities": []map[string]string{{"tag": "model-" + testModelA}}}
	ask := func(facade, method string, params, reply any) error {
		version := slices.Max(facades[facade])
		if facade == "Controller" && method == "ControllerAPIInfoForModels" {
			version = 13
		}
		return conn.Call(t.Context(), rpc.Request{Facade: facade, Version: version, Method: method}, params, reply)
	}
	var infos struct {
		Results []struct {
			Result status4
			Error  *rpc.Error
		}
	}
	switch err := ask("ModelManager", "ModelInfo", entity, &infos); {
	case err != nil:
		t.Fatal(err)
	case infos.Results[0].Error != nil:
		answered("ModelInfo", failed4(infos.Results[0].Error.Code, infos.Results[0].Error.Message))
	default:
		info := infos.Results[0].Result
		answered("ModelInfo", "life="+info.Life+" "+info.state()+" agent="+info.AgentVersion)
	}
	var statuses struct {
		Models []struct {
			Life  string
			Error *rpc.Error
		}
	}
	switch err := ask("ModelManager", "ModelStatus", entity, &statuses); {
	case err != nil:
		t.Fatal(err)
	case statuses.Models[0].Error != nil:
		answered("ModelStatus", failed4(statuses.Models[0].Error.Code, statuses.Models[0].Error.Message))
	default:
		answered("ModelStatus", fmt.Sprintf("life=%q", statuses.Models[0].Life))
	}
	for question, all := range map[string]bool{"summaries all": true, "summaries own": false} {
		infos.Results = nil
		if err := ask("ModelManager", "ListModelSummaries", map[string]any{"user-tag": "user-admin", "all": all}, &infos); err != nil {
			t.Fatal(err)
		}
		text := "not listed"
		for _, item := range infos.Results {
			if item.Result.UUID == testModelA {
				text = "listed " + item.Result.state()
				if !all {
					text += " access=" + item.Result.Access
				}
			}
		}
		answered(question, text)
	}
	var list json.RawMessage
	if err := ask("Controller", "AllModels", nil, &list); err != nil {
		t.Fatal(err)
	}
	listed := "not listed"
	if strings.Contains(string(list), testModelA) {
		listed = "listed"
	}
	answered("AllModels", listed)
	var infosOf struct {
		Results []struct {
			Addresses []string
			Error     *rpc.Error
		}
	}
	switch err := ask("Controller", "ControllerAPIInfoForModels", entity, &infosOf); {
	case err != nil:
		answered("APIInfoForModels", failure4(err))
	case infosOf.Results[0].Error != nil:
		answered("APIInfoForModels", failed4(infosOf.Results[0].Error.Code, infosOf.Results[0].Error.Message))
	case slices.Equal(infosOf.Results[0].Addresses, []string{w.jaas.Address(side)}):
		answered("APIInfoForModels", "its own address")
	}
}

func (w *watcher4) readModel(t *testing.T, side string, answered func(question, answer string)) {
	t.Helper()
	anonymous := w.dial(t, side, "/model/"+testModelA+"/api")
	defer anonymous.Close()
	err := anonymous.Call(t.Context(), rpc.Request{Facade: "Admin", Version: 3, Method: "Login"}, map[string]any{
		"auth-tag": "user-jujuanonymous", "credentials": "",
	}, nil)
	answered("probe", map[bool]string{true: "present", false: "absent"}[err == nil])
	if err == nil {
		err = anonymous.Call(t.Context(), rpc.Request{Facade: "NotifyWatcher", Version: 1, Method: "Next", ID: "0"}, nil, nil)
	}
	answered("anonymous+Next", failure4(err))
	conn := w.dial(t, side, "/model/"+testModelA+"/api")
	defer conn.Close()
	facades, err := w.login(t, side, conn)
	if err != nil {
		answered("model login admin", failure4(err))
		return
	}
	answered("model login admin", "ok")
	var full struct {
		Model struct {
			Status struct{ Status, Info string } `json:"model-status"`
		}
	}
	err = conn.Call(t.Context(), rpc.Request{Facade: "Client", Version: slices.Max(facades["Client"]), Method: "FullStatus"},
		map[string]any{"patterns": []string{}}, &full)
	if err != nil {
		answered("FullStatus", failure4(err))
	} else {
		answered("FullStatus", fmt.Sprintf("%q %q", full.Model.Status.Status, full.Model.Status.Info))
	}
	if err := conn.Call(t.Context(), rpc.Request{Facade: "ModelConfig", Version: 4, Method: "ModelGet"}, nil, nil); err != nil {
		answered("ModelGet", failure4(err))
	} else {
		answered("ModelGet", "ok")
	}
}
