package scenario_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// truth compares the actual state of a model, and the changes since the story began: record=CONTROLLER|none,
// copies=CONTROLLER[:STATE],…|none, migrations=N that have really begun, asked=N MigrateModel, told=N
// UpdateMigratedModel.
func (s *stage) truth(args []string) error {
	if len(args) < 2 {
		return errors.New("truth needs a model and what is true of it")
	}
	uuid := s.jaas.UUID(args[0])
	is := map[string]string{
		"record":     s.record(uuid),
		"copies":     s.copies(uuid),
		"migrations": strconv.Itoa(s.migrations(uuid) - s.begun[uuid]),
		"asked":      strconv.Itoa(s.requests("MigrateModel", uuid)),
		"told":       strconv.Itoa(s.requests("UpdateMigratedModel", uuid)),
	}
	var wrong []string
	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		if got, ok := is[key]; !ok || got != value {
			wrong = append(wrong, fmt.Sprintf("%s is %q", key, got))
		}
	}
	if wrong != nil {
		return errors.New(strings.Join(wrong, ", "))
	}
	return nil
}

func (s *stage) record(uuid string) string {
	row, ok := s.jaas.Record(uuid)
	if !ok {
		return "none"
	}
	if row.Mode != "" {
		return row.Controller + ":" + string(row.Mode)
	}
	return row.Controller
}

func (s *stage) copies(uuid string) string {
	var out []string
	for _, place := range s.jaas.Where(uuid) {
		name := place.Controller
		if place.State != controller.StateActive {
			name += ":" + place.State
		}
		out = append(out, name)
	}
	if out == nil {
		return "none"
	}
	return strings.Join(out, ",")
}

// migrations counts the migrations of a model that have ever begun.
func (s *stage) migrations(uuid string) int {
	n := 0
	for _, c := range s.jaas.World().Controllers {
		if m, ok := s.jaas.Controller(c.Name).Migration(uuid); ok {
			n += m.Attempt + 1
		}
	}
	return n
}

// request holds the part of a message to JIMM that is read.
type request struct {
	Facade string `json:"type"`
	Method string `json:"request"`
	Params struct {
		spec
		Specs []spec `json:"specs"`
	} `json:"params"`
}

// spec is how a message names a model.
type spec struct {
	Model string `json:"model-tag"`
}

// requests counts the calls of a method of JIMM about a model. A start in the spelling of 2024 does not count after
// that year: JIMM refuses it without reading it, and the charm cannot distinguish JIMM of early 2025 from that of 2024
// before.
func (s *stage) requests(method, uuid string) int {
	n := 0
	for _, e := range s.jaas.Messages() {
		var r request
		if e.Server != "jimm" || e.Kind != wire.Received || json.Unmarshal(e.Data, &r) != nil || r.Method != method {
			continue
		}
		specs := append(r.Params.Specs, r.Params.spec)
		if r.Method == "MigrateModel" && s.age.year != "2024" {
			specs = slices.DeleteFunc(specs, func(s spec) bool { return strings.HasPrefix(s.Model, "model-") })
		}
		if slices.ContainsFunc(specs, func(s spec) bool { return strings.HasSuffix(s.Model, uuid) }) {
			n++
		}
	}
	return n
}

// sent counts what a task has sent to JIMM, by method.
func (s *stage) sent(t *task) map[string]int {
	count := map[string]int{}
	for _, e := range s.jaas.Messages()[t.before:] {
		var r request
		if e.Server != "jimm" || e.Kind != wire.Received || json.Unmarshal(e.Data, &r) != nil {
			continue
		}
		name := r.Method
		if strings.Contains(e.Path, "/model/") {
			name += " on the model"
		}
		count[name]++
	}
	return count
}
