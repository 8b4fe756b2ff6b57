package fleet_test

import (
	"fmt"
	"strings"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
)

// now is JIMM's clock in these tests.
var now = time.Date(2026, 11, 28, 21, 30, 0, 0, time.UTC)

// uuid makes a UUID of a short name: letters that are no hexadecimal digits
// become their codes.
func uuid(short string) string {
	hex := fmt.Sprintf("%x", short)
	hex = (strings.Repeat("0", 12) + hex)
	return "00000000-0000-4000-8000-" + hex[len(hex)-12:]
}

func controller(name, version string) facts.Controller {
	return facts.Controller{Name: name, UUID: controllerUUID(name), AgentVersion: version, Status: "available", Cloud: "aws", Region: "eu"}
}

// model makes alice's model with that many agents; half of them are machines.
func model(name, on string, agents int) facts.Model {
	return facts.Model{
		UUID: uuid(name), Name: name, Owner: "alice@example.com", Recorded: controllerUUID(on), Type: "iaas", Life: "alive",
		AgentVersion: "3.6.14", Cloud: "aws", Region: "eu", Machines: agents / 2, Units: agents - agents/2,
	}
}

// jaas has three controllers: west is old, east and north are newer.
func jaas(models ...facts.Model) fleet.Snapshot {
	return fleet.Snapshot{
		JAAS: uuid("jimm"), Now: now, Unit: "jimm-migrator/0",
		Controllers: []facts.Controller{controller("east", "3.6.28"), controller("north", "3.6.28"), controller("west", "3.6.14")},
		Models:      models,
	}
}

func to(names ...string) []fleet.Weighted {
	var out []fleet.Weighted
	for _, n := range names {
		out = append(out, fleet.Weighted{Name: n, Weight: 1})
	}
	return out
}

// routes lists the moves of a plan as "name source>target".
func routes(p fleet.Plan) string {
	var out []string
	for _, e := range p.Moves {
		out = append(out, fmt.Sprintf("%s %s>%s", strings.TrimPrefix(e.Name, "alice@example.com/"), e.Source, e.Target()))
	}
	return strings.Join(out, ", ")
}

// lefts lists what a plan leaves as "reason name".
func lefts(p fleet.Plan) string {
	var out []string
	for _, l := range p.Left {
		out = append(out, fmt.Sprintf("%s %s", l.Reason, strings.TrimPrefix(l.Name, "alice@example.com/")))
	}
	return strings.Join(out, ", ")
}

// controllerUUID is the UUID of the controller of that name.
func controllerUUID(name string) facts.ControllerUUID { return facts.ControllerUUID(uuid(name)) }
