package migration_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// staff are accounts on controllers, with the answers that they get. By default
// both controllers accept them, and nothing prevents a migration.
type staff struct {
	*fake
	access    map[string]facts.Account
	holdings  []facts.Holding
	people    map[string]facts.KnownUsers
	clouds    map[string][]string
	prechecks facts.Prechecks
	itself    redact.Raw      // why the source would not accept the model that it has
	own       facts.Inventory // of the controller model of the source
	ownErr    error           // of reading it
	mute      bool            // the source cannot be asked whether it would accept the model
	read      []string        // the controllers whose controller model was read
	users     []string        // of the model, on the source
	east      string          // the version of the controller east; "" for that of the fake
	owner     string          // of the model, as the source has it; "" if it does not say
	err       error           // Of everything that is asked.
	asked     int
}

func newStaff(completes bool) *staff {
	works := func(versions ...int) facts.Account {
		return facts.Account{State: facts.AccountWorks, User: "admin", Version: "3.6.14", Facades: map[string][]int{"MigrationTarget": versions}}
	}
	return &staff{
		fake:      newFake(completes),
		access:    map[string]facts.Account{"west": works(1, 2, 3), "east": works(1, 2, 3)},
		people:    map[string]facts.KnownUsers{"west": {Local: []string{"admin", "bob"}}, "east": {Local: []string{"admin", "bob"}}},
		clouds:    map[string][]string{"aws": {"us-east-1"}},
		holdings:  []facts.Holding{{UUID: "1", Name: "controller", Owner: "admin"}},
		prechecks: facts.Prechecks{Version: 3, Facades: true},
		itself:    "model with same UUID already exists (9e0a)",
		users:     []string{"alice@example.com=admin", "bob=read"},
	}
}

func (s *staff) Access(_ context.Context, c facts.Controller) facts.Account {
	s.asked++
	return s.access[c.Name]
}

func (s *staff) Holdings(context.Context, facts.Controller) ([]facts.Holding, error) {
	s.asked++
	return s.holdings, s.err
}

func (s *staff) Users(_ context.Context, c facts.Controller) (facts.KnownUsers, error) {
	s.asked++
	return s.people[c.Name], s.err
}

func (s *staff) Clouds(context.Context, facts.Controller) (map[string][]string, error) {
	s.asked++
	if s.err != nil {
		return nil, s.err
	}
	return s.clouds, nil
}

func (s *staff) Prechecks(_ context.Context, target, _ facts.Controller, _ facts.Model) (facts.Prechecks, error) {
	s.asked++
	if target.Name == "west" && s.mute {
		return facts.Prechecks{}, errors.New("it needs a description of the model")
	}
	if target.Name == "west" {
		return facts.Prechecks{Version: 3, Facades: true, Refusal: s.itself}, s.err
	}
	return s.prechecks, s.err
}

func (s *staff) ControllerModel(_ context.Context, c facts.Controller) (facts.Inventory, error) {
	s.read = append(s.read, c.Name)
	if s.ownErr != nil {
		return facts.Inventory{}, s.ownErr
	}
	return s.own, nil
}

// Copy reports the users of the model to an administrator of the source.
func (s *staff) Copy(ctx context.Context, c facts.Controller, model string) facts.Copy {
	got := s.fake.Copy(ctx, c, model)
	if c.Name == "west" && got.State == facts.CopyPresent && s.access["west"].State == facts.AccountWorks {
		return facts.CopyOf(facts.Info{Kind: facts.InfoLive, Controller: c.UUID, Status: "available", Life: "alive", Users: s.users, Owner: s.owner})
	}
	return got
}

// jaas has the model in a cloud.
func (s *staff) jaas() survey.JAAS {
	jaas := s.fake.jaas()
	jaas.Witness, jaas.Controllers, jaas.ControllerModels = s, s, s
	jaas.Fleet = fleetOf{s.fake, func(cs []facts.Controller, ms []facts.Model) ([]facts.Controller, []facts.Model) {
		for i := range ms {
			ms[i].Cloud, ms[i].Region = "aws", "us-east-1"
		}
		for i := range cs {
			if cs[i].Name == "east" {
				cs[i].AgentVersion = cmp.Or(s.east, cs[i].AgentVersion)
			}
		}
		return cs, ms
	}}
	return jaas
}

const facadeRefusal = "Source controller does not support required facades for performing migration.\nUpgrade the controller to a newer version of 3.6 or migrate to a controller\nwith an earlier version of the target controller and try again.\n\n"

func TestChecksOfAdministrators(t *testing.T) {
	state := func(name string, state facts.AccountState) func(*staff) {
		return func(s *staff) {
			s.access[name] = facts.Account{State: state, User: "admin", Err: errors.New("invalid entity name or password")}
		}
	}
	without := func(s *staff) { state("west", facts.AccountNone)(s); state("east", facts.AccountNone)(s) }
	for _, c := range []struct {
		name   string
		id     checks.ID
		change func(*staff)
		level  checks.Level
		says   string
	}{
		{"both work", checks.ControllerAccess, nil, checks.Pass, `"east" is asked as its administrator "admin"`},
		{"the target alone", checks.ControllerAccess, state("west", facts.AccountNone), checks.Pass, `"west" is asked without an account`},
		{"refused", checks.ControllerAccess, state("east", facts.AccountRefused), checks.Warn, "invalid entity name or password"},
		{"too weak", checks.ControllerAccess, state("west", facts.AccountWeak), checks.Warn, "check-access"},
		{"silent", checks.ControllerAccess, state("west", facts.AccountSilent), checks.Warn, "does not work"},
		{"none", checks.ControllerAccess, without, checks.Skip, "controller-credentials"},

		{"the facades are there", checks.Facades, nil, checks.Pass, "accepts models"},
		{"the facades are not there", checks.Facades, func(s *staff) { s.prechecks.Refusal = facadeRefusal }, checks.Fail, "upgrade controller west"},
		{"no target of migrations", checks.Facades, func(s *staff) { s.access["east"].Facades["MigrationTarget"] = nil }, checks.Fail, "MigrationTarget"},
		{"no list of facades", checks.Facades, func(s *staff) {
			s.access["east"].Facades["MigrationTarget"] = []int{1, 2}
			s.prechecks = facts.Prechecks{Version: 2}
		}, checks.Pass, "before 3"},
		{"the source's are not known", checks.Facades, func(s *staff) { s.prechecks = facts.Prechecks{Version: 2} }, checks.Skip, `an account on "west" too`},
		{"refused for something else", checks.Facades, func(s *staff) { s.prechecks.Refusal = "upgrade in progress" }, checks.Pass, "accepts models"},
		{"Juju 4", checks.Facades, func(s *staff) { s.prechecks, s.err = facts.Prechecks{}, errors.New("a description") }, checks.Skip, "a description"},
		{"no account", checks.Facades, without, checks.Skip, `needs an account on "east"`},

		{"the source is ready", checks.Source, nil, checks.Pass, `"west" has the model, and reports that its own machines are ready`},
		{"the source's machine is down", checks.Source, func(s *staff) {
			s.itself = "machine 0 agent not functioning at this time (down)"
		}, checks.Fail, "machine 0 agent not functioning at this time (down)"},
		{"the source is upgraded", checks.Source, func(s *staff) { s.itself = "upgrade in progress" }, checks.Fail, "upgrade in progress"},
		{"the source is removed", checks.Source, func(s *staff) { s.itself = "model is dying" }, checks.Fail, "model is dying"},
		{"the source did not come to its machines", checks.Source, func(s *staff) {
			s.itself = "model is being migrated out of target controller"
		}, checks.Pass, `"west" has the model`},
		{"the source did not answer", checks.Source, func(s *staff) { s.err = errDeaf }, checks.Pass, `"west" has the model`},
		{"an account on the target alone", checks.Source, func(s *staff) {
			state("west", facts.AccountNone)(s)
			s.itself = "machine 0 is dying"
		}, checks.Pass, `"west" has the model`},

		{"would take it", checks.TargetPrechecks, nil, checks.Pass, "would accept the model (MigrationTarget 3)"},
		{"would refuse it", checks.TargetPrechecks, func(s *staff) { s.prechecks.Refusal = `model named "prod" already exists` }, checks.Fail, "already exists"},
		{"facades in one line", checks.TargetPrechecks, func(s *staff) { s.prechecks.Refusal = facadeRefusal }, checks.Fail, "migration. Upgrade the controller"},
		{"a secret in the answer", checks.TargetPrechecks, func(s *staff) {
			s.prechecks.Refusal = "credential attribute mismatch: map[secret:x] != map[secret:y]"
		}, checks.Fail, "[redacted]"},
		{"could not be asked", checks.TargetPrechecks, func(s *staff) { s.err = errDeaf }, checks.Skip, "connection lost"},
		{"the account does not work", checks.TargetPrechecks, state("east", facts.AccountRefused), checks.Skip, "does not work"},

		{"nothing left over", checks.LeftOvers, nil, checks.Pass, "no half-imported"},
		{"something left over", checks.LeftOvers, func(s *staff) {
			s.holdings = []facts.Holding{{UUID: "2", Name: "old", Owner: "carol", Importing: true}, {UUID: modelUUID, Name: "prod", Importing: true}}
		}, checks.Warn, "carol/old (2); a migration"},
		{"nothing is listed, and copies are never", checks.LeftOvers, func(s *staff) { s.east = "4.1-beta2" }, checks.Skip, "does not list models that are being imported"},
		{"nothing is listed, and copies are", checks.LeftOvers, func(s *staff) { s.east = "4.0.15" }, checks.Pass, "no half-imported"},
		{"the list fails", checks.LeftOvers, func(s *staff) { s.err = errDeaf }, checks.Skip, "connection lost"},

		{"the name is free", checks.TargetName, nil, checks.Pass, "no other model"},
		{"the name is taken", checks.TargetName, func(s *staff) {
			s.holdings = []facts.Holding{{UUID: "2", Name: "prod", Owner: "alice@example.com"}}
		}, checks.Fail, `another model "alice@example.com/prod", 2`},
		{"by a half-imported one, on Juju 4", checks.TargetName, func(s *staff) {
			s.holdings = []facts.Holding{{UUID: "2", Name: "prod", Owner: "alice-example-com", Importing: true}}
		}, checks.Fail, "half-imported"},
		{"by another owner", checks.TargetName, func(s *staff) {
			s.owner, s.holdings = "alice@example.com", []facts.Holding{{UUID: "2", Name: "prod", Owner: "bob"}}
		}, checks.Pass, "no other model"},
		{"by the owner that the source has, not JIMM", checks.TargetName, func(s *staff) {
			s.owner, s.holdings = "bob", []facts.Holding{{UUID: "2", Name: "prod", Owner: "bob"}}
		}, checks.Fail, `another model "bob/prod", 2`},
		{"by JIMM's owner, whom the source does not have", checks.TargetName, func(s *staff) {
			s.owner, s.holdings = "bob", []facts.Holding{{UUID: "2", Name: "prod", Owner: "alice@example.com"}}
		}, checks.Pass, "no other model"},
		{"by an owner that may be the source's", checks.TargetName, func(s *staff) {
			s.holdings = []facts.Holding{{UUID: "2", Name: "prod", Owner: "bob"}}
		}, checks.Skip, "another owner on its source"},
		{"names are not reported", checks.TargetName, func(s *staff) { s.err = errDeaf }, checks.Skip, "can only be determined with an account there"},

		{"the cloud is there", checks.Cloud, nil, checks.Pass, "reports that it has cloud"},
		{"the region is not", checks.Cloud, func(s *staff) { s.clouds["aws"] = []string{"eu-west-1"} }, checks.Fail, `"us-east-1"`},
		{"the cloud is not", checks.Cloud, func(s *staff) { s.clouds = map[string][]string{} }, checks.Fail, "juju add-cloud"},

		{"all users are there", checks.Users, nil, checks.Pass, "knows all users"},
		{"one is not", checks.Users, func(s *staff) { s.people["east"] = facts.KnownUsers{Local: []string{"admin"}} }, checks.Fail, "bob"},
		{"another identity provider", checks.Users, func(s *staff) {
			s.people["east"] = facts.KnownUsers{Local: []string{"admin", "bob"}, Identity: "https://id.example.com"}
		}, checks.Fail, "https://id.example.com instead of none"},
		{"another one, and no external users", checks.Users, func(s *staff) {
			s.users = []string{"bob=read"}
			s.people["east"] = facts.KnownUsers{Local: []string{"admin", "bob"}, Identity: "https://id.example.com"}
		}, checks.Pass, "knows all users"},
		{"the source's are not reported", checks.Users, state("west", facts.AccountNone), checks.Skip, "other users of the source"},
		{"the target's are not reported", checks.Users, state("east", facts.AccountNone), checks.Warn, "bob"},
	} {
		for _, completes := range []bool{false, true} {
			t.Run(c.name+" "+string(c.id), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStaff(completes)
					if c.change != nil {
						c.change(s)
					}
					has(t, findingOf(t, s.jaas(), migration.Options{Options: survey.Options{Probe: true}}, c.id), c.level, c.says)
				})
			})
		}
	}
}

// A source that runs Juju 4 cannot be asked whether it is ready, but the status of its controller model
// shows the machines that it checks before it migrates a model. Machines that it does not show
// prove nothing.
func TestTheMachinesOfASourceThatCannotSayIfItIsReady(t *testing.T) {
	type machines = map[string]facts.Machine
	well := facts.Machine{Life: "alive", Agent: "started", Instance: "running", Version: "4.0.15"}
	with := func(change func(*facts.Machine)) facts.Machine { m := well; change(&m); return m }
	const ready, unready = "reports that its own machines are ready", "the controller itself is not ready to migrate models; its status shows: "
	for name, c := range map[string]struct {
		own    facts.Inventory
		err    error
		asked  string // the answer of the source about itself; "" if it cannot be asked
		level  checks.Level
		says   string
		silent bool // the machines are not reported
	}{
		"all are well":             {own: facts.Inventory{Machines: machines{"0": well}}, level: checks.Pass, says: ready},
		"down":                     {own: facts.Inventory{Machines: machines{"0": well, "1": with(func(m *facts.Machine) { m.Agent = "down" })}}, level: checks.Fail, says: unready + "machine 1 has an agent that is not started (down)"},
		"the agent has an error":   {own: facts.Inventory{Machines: machines{"1": with(func(m *facts.Machine) { m.Agent = "error" })}}, level: checks.Fail, says: unready + "machine 1 has an agent that is not started (error)"},
		"the instance has stopped": {own: facts.Inventory{Machines: machines{"1": with(func(m *facts.Machine) { m.Instance = "stopped" })}}, level: checks.Fail, says: unready + "machine 1 is not running (stopped)"},
		"dying":                    {own: facts.Inventory{Machines: machines{"1": with(func(m *facts.Machine) { m.Life = "dying" })}}, level: checks.Fail, says: unready + "machine 1 is dying"},
		"of another version":       {own: facts.Inventory{AgentVersion: "4.0.15", Machines: machines{"1": with(func(m *facts.Machine) { m.Version = "4.0.14" })}}, level: checks.Fail, says: unready + "the agent of machine 1 runs 4.0.14, the model 4.0.15"},
		"no version is reported":   {own: facts.Inventory{AgentVersion: "4.0.15", Machines: machines{"1": with(func(m *facts.Machine) { m.Version = "" })}}, level: checks.Pass, says: ready},
		"two of them":              {own: facts.Inventory{Machines: machines{"0": with(func(m *facts.Machine) { m.Agent = "down" }), "1": with(func(m *facts.Machine) { m.Agent = "stopped" })}}, level: checks.Fail, says: "machine 0 has an agent that is not started (down); machine 1 has"},
		"no status":                {own: facts.Inventory{Machines: machines{"0": well, "1": with(func(m *facts.Machine) { m.Agent, m.Instance = "", "" })}}, level: checks.Pass, silent: true},
		"one cannot be read":       {own: facts.Inventory{Machines: machines{"0": well}, Unread: []string{"machine 1"}}, level: checks.Pass, silent: true},
		"no machines (Kubernetes)": {own: facts.Inventory{Type: "caas"}, level: checks.Pass, silent: true},
		"no answer":                {err: errDeaf, own: facts.Inventory{Machines: machines{"0": with(func(m *facts.Machine) { m.Agent = "down" })}}, level: checks.Pass, silent: true},
		"it was asked, and did not come to its machines": {asked: "model has higher version than target controller (4.0.15 > 3.6.14)", own: facts.Inventory{Machines: machines{"0": with(func(m *facts.Machine) { m.Agent = "down" })}}, level: checks.Fail, says: "machine 0 has an agent"},
		"it was asked, and is ready":                     {asked: "model with same UUID already exists (9e0a)", own: facts.Inventory{Machines: machines{"0": with(func(m *facts.Machine) { m.Agent = "down" })}}, level: checks.Pass, says: ready},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStaff(false)
				s.own, s.ownErr, s.itself, s.mute = c.own, c.err, redact.Raw(c.asked), c.asked == ""
				f := findingOf(t, s.jaas(), migration.Options{Options: survey.Options{Probe: true}}, checks.Source)
				has(t, f, c.level, `"west" has the model`, c.says)
				if c.silent && f.Evidence != `"west" has the model` {
					t.Errorf("evidence: %s", f.Evidence)
				}
				if f.Level == checks.Fail && !strings.Contains(f.Remedy, "juju status -m controller") {
					t.Errorf("remedy: %s", f.Remedy)
				}
				if asked := c.asked == "" || c.level == checks.Fail; asked != slices.Equal(s.read, []string{"west"}) {
					t.Errorf("read the controller models of %v", s.read)
				}
			})
		})
	}
}

// Without a working account on the source, its controller model is not read.
func TestAControllerModelIsReadOnlyWithAnAccount(t *testing.T) {
	for _, state := range []facts.AccountState{facts.AccountNone, facts.AccountRefused, facts.AccountWeak, facts.AccountSilent} {
		synctest.Test(t, func(t *testing.T) {
			s := newStaff(false)
			s.access["west"] = facts.Account{State: state, User: "admin", Err: errDeaf}
			s.own = facts.Inventory{Machines: map[string]facts.Machine{"0": {Agent: "down", Instance: "running"}}}
			has(t, findingOf(t, s.jaas(), migration.Options{Options: survey.Options{Probe: true}}, checks.Source), checks.Pass, `"west" has the model`)
			if len(s.read) > 0 {
				t.Errorf("%s: read the controller models of %v", state, s.read)
			}
		})
	}
}

// Controllers are asked as administrator only while there is something to start, by runs that
// inspect models, and only if controllers may be asked at all.
func TestAdministratorsAreAskedBeforeAStartOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStaff(false)
		f := findingOf(t, s.jaas(), migration.Options{}, checks.TargetPrechecks)
		if has(t, f, checks.Skip, "probe-controllers=false"); s.asked > 0 {
			t.Error("asked although controllers must not be asked")
		}
		s.running("east", true)
		f = findingOf(t, s.jaas(), migration.Options{Options: survey.Options{Probe: true}}, checks.TargetPrechecks)
		if has(t, f, checks.Skip, "a migration is running"); s.asked > 0 {
			t.Error("asked although a migration runs")
		}
		s = newStaff(false)
		if _, err := migration.Migrate(t.Context(), s.jaas(), s, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, Until: migration.UntilRecorded}); err != nil || s.asked > 0 {
			t.Errorf("asked %d times unattended, %v", s.asked, err)
		}
	})
}

// A secret that cannot be used is a warning, which includes the remedy.
func TestAccountsThatCannotBeUsedAreAWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStaff(true)
		opts := migration.Options{Options: survey.Options{
			Probe:           true,
			AccountsProblem: "the secret is not granted",
			AccountsRemedy:  "juju grant-secret",
		}}
		has(t, findingOf(t, s.jaas(), opts, checks.ControllerAccess), checks.Warn, "the secret is not granted", "juju grant-secret")
	})
}
