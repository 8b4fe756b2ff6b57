package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
)

// fleetModels is how many models the demo migrates.
const fleetModels = 40

// fleetWorld has forty models on two controllers, and two other controllers for them. One migration aborts.
func fleetWorld(version string) (sim.World, error) {
	w := sim.World{JIMM: sim.JIMM{Version: version}, Speed: 150}
	for _, name := range []string{"east", "north", "south", "west"} {
		w.Controllers = append(w.Controllers, sim.Controller{Name: name})
	}
	for i := range fleetModels {
		m := sim.Model{Model: controller.Model{Name: fmt.Sprintf("team-%02d", i)}, CreatedHere: true, Controller: "west"}
		if i%2 == 1 {
			m.Controller = "south"
		}
		for n := range 1 + i%4 {
			m.Machines = append(m.Machines, controller.Machine{ID: strconv.Itoa(n)})
		}
		if i == fleetModels-3 {
			m.Migrations = []controller.Outcome{{AbortAt: "VALIDATION"}}
		}
		w.Models = append(w.Models, m)
	}
	return w, nil
}

// demoFleet is the command of that name: a plan migrates many models, the process is killed in the middle, a migration
// aborts, and the plan is applied again until all models are migrated.
func (p *program) demoFleet(ctx context.Context, args []string) (err error) {
	set := newFlags("jaas-sim demo-fleet [options]", "Plans and moves forty models of a simulated JAAS, with a kill and an abort in the middle.")
	d, err := p.deployDemo(ctx, set, args, "a simulated JAAS with forty models on west and south", fleetWorld)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	params := map[string]any{"goal": "move", "models": "*", "targets": "east,north", "max-parallel": 12, "max-per-source": 12, "max-per-target": 6}
	planned, err := p.act(ctx, d, "plan-migrations", params, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, "\n"+planned.Result("summary"))
	apply := map[string]any{"plan": planned.Result("plan"), "plan-hash": planned.Result("plan-hash")}
	for run := 1; run <= mostRuns; run++ {
		fmt.Fprintf(p.stdout, "\n$ juju run jimm-migrator/leader apply-plan --params plan.yaml    # run %d\n", run)
		ended := 0
		done, err := p.act(ctx, d, "apply-plan", apply, func(line charmtest.LogMessage) {
			fmt.Fprintf(p.stdout, "%s %s\n", line.Time.Format(time.TimeOnly), line.Message)
			if strings.Contains(line.Message, ", downtime ") || strings.Contains(line.Message, " is on ") {
				ended++
			}
			if run == 1 && ended == killAfter {
				ended++
				fmt.Fprintln(p.stdout, "--- the process is killed ---")
				_ = d.agents[0].Kill()
			}
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%s: %s\n", done.Status, cmp.Or(done.Result("summary"), done.Message))
		if done.Status == charmtest.TaskCompleted {
			fmt.Fprintf(p.stdout, "\n%s\n", strings.TrimSpace(done.Result("report")))
			if err := d.clean(); err != nil {
				return err
			}
			fmt.Fprint(p.stdout, fleetEnd)
			return nil
		}
	}
	return fmt.Errorf("the plan was not applied in %d runs", mostRuns)
}

const (
	// mostRuns is how often the plan is applied at most.
	mostRuns = 5
	// killAfter is the number of models after which the first run is killed.
	killAfter = 8
)

// fleetEnd prints what was real and what to do next.
const fleetEnd = `
JIMM and the controllers were simulated; the charm is the one that ships. This is the report of the last run. Next:
  docs/tutorial/empty-a-controller.md  do it yourself, in a JAAS that you describe
  docs/how-to/move-many-models.md      plan and apply in a real JAAS
`

// act runs an action on the leader to its end.
func (p *program) act(ctx context.Context, d *deployment, action string, params map[string]any, each func(charmtest.LogMessage)) (operations.Task, error) {
	enqueued, err := d.client.Enqueue(ctx, operations.Request{Receivers: []string{"jimm-migrator/leader"}, Action: action, Params: params})
	if err != nil {
		return operations.Task{}, err
	}
	one := enqueued.Receivers[0]
	if one.Error != "" {
		return operations.Task{}, fmt.Errorf("cannot run %s: %s", action, one.Error)
	}
	return d.client.Follow(ctx, one.Task, each)
}
