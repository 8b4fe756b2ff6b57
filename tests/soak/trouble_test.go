package soak_test

import (
	"context"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/tests/sim"
	simjimm "jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

// faultActions are the kinds of faults.
func faultActions() []wire.Action {
	return []wire.Action{
		wire.DropBefore, wire.DropAfter, wire.Delay, wire.DelayWork, wire.NoAnswer, wire.Ignore,
		wire.Refuse, wire.FailAfter, wire.Duplicate, wire.UnknownID, wire.Reorder,
	}
}

func (p *plan) makeFaults() {
	for range pick(p.rng, 0, 1, 2, 3) {
		server := pick(p.rng, "jimm", "jimm", "jimm", p.source, p.target)
		methods := []string{"ModelInfo", "ListModelSummaries", "Login", "InitiateMigration", "InitiateMigration"}
		if server == "jimm" {
			methods = []string{
				"ModelInfo", "ListModelSummaries", "MigrateModel", "MigrateModel", "MigrateModel", "UpdateMigratedModel",
				"UpdateMigratedModel", "UpdateMigratedModel", "UpdateMigratedModel", "ModelControllerInfo", "FindAuditEvents", "ListControllers", "LoginWithClientCredentials",
			}
		}
		p.faults = append(p.faults, sim.Fault{Server: server, Fault: wire.Fault{
			Method: pick(p.rng, methods...), Times: 1 + p.rng.IntN(3), Skip: pick(p.rng, 0, 0, 0, 1, 5),
			Action: pick(p.rng, faultActions()...), Delay: p.between(time.Second, 100*time.Second),
		}})
	}
}

// outage is a server that restarts, is down, or cannot be reached from our side.
type outage struct {
	server, role string
	kind         string // see outageKinds
	at, away     time.Duration
}

func outageKinds() []string { return []string{"restarts", "is away", "is cut off"} }

func (p *plan) makeBreaks() {
	roles := []string{"jimm", "the source", "the target"} // each fails once at most
	servers := map[string]string{"jimm": "jimm", "the source": p.source, "the target": p.target}
	p.rng.Shuffle(len(roles), func(i, j int) { roles[i], roles[j] = roles[j], roles[i] })
	for _, role := range roles[:pick(p.rng, 0, 0, 1, 2)] {
		p.breaks = append(p.breaks, outage{
			server: servers[role], role: role, kind: pick(p.rng, outageKinds()...),
			at: p.between(0, pick(p.rng, 20*time.Second, 6*time.Minute)), away: p.between(5*time.Second, 3*time.Minute),
		})
	}
}

func (s *story) breakDown(ctx context.Context, o outage) {
	pause(ctx, o.at)
	if ctx.Err() != nil {
		return
	}
	s.cell("%s %s", o.role, o.kind)
	s.troubled()
	s.setAway(o.server, true)
	defer s.setAway(o.server, false)
	calm := context.WithoutCancel(ctx)
	switch o.kind {
	case "restarts":
		s.jaas.Restart(o.server)
	case "is away":
		if s.jaas.Stop(o.server) != nil {
			return
		}
		pause(calm, o.away)
		_ = s.jaas.Resume(calm, o.server)
	case "has no OpenFGA":
		s.jaas.JIMM().OpenFGADown(true)
		pause(calm, o.away)
		s.jaas.JIMM().OpenFGADown(false)
	case "takes our right away":
		right := simjimm.Tuple{Object: "user-" + account + "@serviceaccount", Relation: "administrator", Target: "controller-jimm"}
		s.jaas.JIMM().Revoke(right)
		pause(calm, o.away)
		s.jaas.JIMM().Grant(right)
	case "is cut off":
		mend := s.link.cut(s.jaas.Address(o.server))
		pause(calm, o.away)
		mend()
	}
	s.troubled()
}

func (s *story) setAway(server string, away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away[server] = away
}

func (s *story) isAway(server string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away[server]
}

// other is what another client does.
type other struct {
	kind string
	at   time.Duration
}

func (o other) moves() bool { return o.kind != "" && o.kind != "curious" }

// interfere acts as another client.
func (s *story) interfere(ctx context.Context) {
	if s.other.kind == "" {
		return
	}
	pause(ctx, s.other.at)
	defer s.troubled()
	target := s.target
	if s.other.kind == "second unit elsewhere" || s.other.kind == "start elsewhere" {
		target = s.third
	}
	if s.other.kind == "second unit" || s.other.kind == "second unit elsewhere" {
		l := s.newLife(kill{})
		opts := s.options(l)
		opts.Target = target
		l.live(ctx, s.settings(account, l), func(ctx context.Context, j survey.JAAS, w migration.Writer) (migration.Result, error) {
			return migration.Migrate(ctx, j, w, opts)
		})
		return
	}
	if s.other.kind == "hand-made record" {
		s.recordByHand(ctx, target)
		return
	}
	client, err := jimm.Connect(ctx, s.settings(human, nil).JIMM)
	if err != nil {
		return
	}
	defer client.Close()
	switch s.other.kind {
	case "curious":
		for range 10 {
			_, _ = client.ModelInfo(ctx, s.uuid)
			pause(ctx, 20*time.Second)
		}
	default:
		_, _ = client.MigrateModel(ctx, s.uuid, target)
	}
}

// recordByHand records in JIMM that a controller hosts the model, as jimmctl does.
func (s *story) recordByHand(ctx context.Context, target string) {
	client, err := jimm.Connect(ctx, s.settings(human, nil).JIMM)
	if err != nil {
		return
	}
	defer client.Close()
	_ = client.UpdateMigratedModel(ctx, s.uuid, target)
}
