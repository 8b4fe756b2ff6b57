package realjuju_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/sim"
	simctl "jimm-migrator/tests/sim/controller"
)

// observer is our client on one controller. It keeps what it was told of a model, each thing once.
type observer struct {
	side
	where, model string
	neutral      neutral

	mu   sync.Mutex
	seen map[string]bool
}

func (o *observer) note(what, said string, err error) {
	if err != nil {
		said = said + describeError(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen[o.neutral.in(o.where+" "+what+": "+said)] = true
}

// describeError is an error as our client's callers tell errors apart. That of a connection is the network's.
func describeError(err error) string {
	if redirect, ok := juju.AsRedirect(err); ok {
		return fmt.Sprintf("redirect to alias %q", redirect.ControllerAlias)
	}
	if wire, ok := errors.AsType[*rpc.Error](err); ok {
		return fmt.Sprintf("error %q code %q", wire.Message, wire.Code)
	}
	return "connection broke"
}

func (o *observer) options(model string) juju.Options {
	return juju.Options{Addresses: []string{o.addr}, CACert: o.ca, ModelUUID: model}
}

func (o *observer) login(ctx context.Context, model string) (*juju.Conn, error) {
	conn, err := juju.Dial(ctx, o.options(model))
	if err != nil {
		return nil, err
	}
	if _, err := conn.Login(ctx, juju.Credentials{User: "admin", Password: juju.NewSecret(o.password)}); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// watch asks again and again, as fast as it can, until the context ends.
func (o *observer) watch(ctx context.Context) {
	var asking sync.WaitGroup
	defer asking.Wait()
	loop := func(ask func()) {
		asking.Go(func() {
			for ctx.Err() == nil {
				ask()
				pause := time.NewTimer(2 * time.Millisecond)
				select {
				case <-pause.C:
				case <-ctx.Done():
				}
			}
		})
	}
	note := func(what, said string, err error) {
		if ctx.Err() == nil {
			o.note(what, said, err)
		}
	}
	loop(func() {
		probe, err := juju.Probe(ctx, o.options(o.model))
		note("probe", fmt.Sprint(probe.State), err)
	})
	loop(func() {
		conn, err := o.login(ctx, o.model)
		note("login", "", err)
		if err == nil {
			_ = conn.Close()
		}
	})
	conn, err := o.login(ctx, "")
	if err != nil {
		note("login to the controller", "", err)
		return
	}
	defer func() { _ = conn.Close() }()
	defer asking.Wait()
	models, err := conn.ModelManager()
	if err != nil {
		note("facade", "", err)
		return
	}
	loop(func() {
		info, err := models.ModelInfo(ctx, o.model)
		note("info", fmt.Sprintf("life %s status %q users %d ", info.Life, info.Status.Status, min(len(info.Users), 1)), err)
		if err == nil && info.Migration != nil {
			note("text", info.Migration.Status, nil)
		}
	})
	loop(func() {
		status, err := models.ModelStatus(ctx, o.model)
		note("status", fmt.Sprintf("life %s ", status.Life), err)
	})
}

// observe lists what both controllers are seen to say while a model moves, and two seconds longer.
func observe(t *testing.T, model string, n neutral, west, east side, move func(context.Context) error) map[string]bool {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	observers := []*observer{
		{side: west, where: "source", model: model, neutral: n, seen: map[string]bool{}},
		{side: east, where: "target", model: model, neutral: n, seen: map[string]bool{}},
	}
	var watching sync.WaitGroup
	for _, o := range observers {
		watching.Go(func() { o.watch(ctx) })
	}
	err := move(within(t))
	after := time.NewTimer(2 * time.Second)
	select {
	case <-after.C:
	case <-ctx.Done():
	}
	stop()
	watching.Wait()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, o := range observers {
		maps.Copy(all, o.seen)
	}
	return all
}

// TestMoments: what our client is told at each moment of a migration, by real and by simulated controllers. What one says
// only for milliseconds is not seen in each run: a line of the list may be absent, but not contradicted. How much is seen
// depends on the speed of the machine, so "make real" leaves it out.
func TestMoments(t *testing.T) {
	slow(t)
	t.Parallel()
	for name, fails := range map[string]bool{"done": false, "aborted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			actual, simulated := observeReal(t, fails), observeSimulated(t, fails)
			known := readExpected(t, "moments-"+name)
			for _, said := range slices.Sorted(maps.Keys(actual)) {
				if !simulated[said] && !known["real "+said] {
					t.Errorf("a simulated controller never says so; not in testdata/moments-%s.txt:\nreal %s", name, said)
				}
			}
			for _, said := range slices.Sorted(maps.Keys(simulated)) {
				if !actual[said] && !known["sim "+said] {
					t.Errorf("a real controller was not heard to say so; not in testdata/moments-%s.txt:\nsim %s", name, said)
				}
			}
			for line := range known {
				if said, ok := strings.CutPrefix(line, "real "); ok && simulated[said] {
					t.Errorf("no difference any more, take it out of testdata/moments-%s.txt:\n%s", name, line)
				}
			}
		})
	}
}

func observeReal(t *testing.T, fails bool) map[string]bool {
	t.Helper()
	west, east := startController(t, "west", nil), startController(t, "east", nil)
	model, err := west.AddModel("prod")
	if err != nil {
		t.Fatal(err)
	}
	creds, err := west.Deploy(model, "pg", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range creds {
		agent := west.RunAgent(model, c)
		if fails {
			agent.Fail("VALIDATION")
		}
		<-agent.Connected()
	}
	west.RunMaster(model, nil)
	return observe(t, model, newNeutral(model, "MODEL", west.UUID, "WEST", east.UUID, "EAST"), realSide(west), realSide(east), func(ctx context.Context) error {
		if _, err := west.Initiate(model, east); err != nil {
			return err
		}
		return west.Await(ctx, func() bool {
			now, err := west.Migration(model)
			return err != nil || now.Ended()
		})
	})
}

func observeSimulated(t *testing.T, fails bool) map[string]bool {
	t.Helper()
	users := []simctl.User{{Name: "admin", Password: controller.AdminPassword, Access: "superuser"}}
	model := prodTwin("9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10")
	if fails {
		model.Migrations = []simctl.Outcome{{AgentsFail: "VALIDATION"}}
	}
	both := []sim.Controller{
		{Name: "west", Version: controller.Version(), Cloud: "dummy", Region: "dummy-region", Users: users},
		{Name: "east", Version: controller.Version(), Cloud: "dummy", Region: "dummy-region", Users: users},
	}
	j := simulate(t, sim.World{Speed: 60, Controllers: both, Models: []sim.Model{model}}, sim.Options{})
	west, east := j.Registration("west"), j.Registration("east")
	return observe(t, model.UUID, newNeutral(model.UUID, "MODEL", west.UUID, "WEST", east.UUID, "EAST"), simSide(west), simSide(east), func(ctx context.Context) error {
		refusal, err := initiate(ctx, west, east, model.UUID)
		if err == nil && refusal != "" {
			err = errors.New(refusal)
		}
		if err != nil {
			return err
		}
		return j.Controller("west").AwaitPhase(ctx, model.UUID, "DONE", "ABORTDONE")
	})
}
