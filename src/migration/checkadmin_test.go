package migration_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"jimm-migrator/src/migration"
)

// staff are accounts on controllers, and what is told to them. By default both
// controllers let them in, and nothing speaks against a migration.
type staff struct {
	*fake
	access    map[string]migration.AdminAccess
	holdings  []migration.Holding
	people    map[string]migration.People
	clouds    map[string][]string
	prechecks migration.Prechecks
	users     []string // of the model, on the source
	err       error    // Of everything that is asked.
	asked     int
}

func newStaff(completes bool) *staff {
	works := func(versions ...int) migration.AdminAccess {
		return migration.AdminAccess{State: migration.AdminWorks, User: "admin", Version: "3.6.14", Facades: map[string][]int{"MigrationTarget": versions}}
	}
	return &staff{
		fake:      newFake(completes),
		access:    map[string]migration.AdminAccess{"west": works(1, 2, 3), "east": works(1, 2, 3)},
		people:    map[string]migration.People{"west": {Local: []string{"admin", "bob"}}, "east": {Local: []string{"admin", "bob"}}},
		clouds:    map[string][]string{"aws": {"us-east-1"}},
		holdings:  []migration.Holding{{UUID: "1", Name: "controller", Owner: "admin"}},
		prechecks: migration.Prechecks{Version: 3, Facades: true},
		users:     []string{"alice@example.com=admin", "bob=read"},
	}
}

func (s *staff) Access(_ context.Context, c migration.Controller) migration.AdminAccess {
	s.asked++
	return s.access[c.Name]
}

func (s *staff) Holdings(context.Context, migration.Controller) ([]migration.Holding, error) {
	s.asked++
	return s.holdings, s.err
}

func (s *staff) People(_ context.Context, c migration.Controller) (migration.People, error) {
	s.asked++
	return s.people[c.Name], s.err
}

func (s *staff) Clouds(context.Context, migration.Controller) (map[string][]string, error) {
	s.asked++
	if s.err != nil {
		return nil, s.err
	}
	return s.clouds, nil
}

func (s *staff) Prechecks(context.Context, migration.Controller, migration.Controller, migration.Model) (migration.Prechecks, error) {
	s.asked++
	return s.prechecks, s.err
}

// Copy tells the users of the model to an administrator of the source.
func (s *staff) Copy(ctx context.Context, c migration.Controller, model string) migration.Copy {
	got := s.fake.Copy(ctx, c, model)
	if c.Name == "west" && got.State == migration.CopyPresent && s.access["west"].State == migration.AdminWorks {
		return migration.CopyOf(migration.Info{Kind: migration.InfoLive, Controller: c.UUID, Status: "available", Life: "alive", Users: s.users})
	}
	return got
}

// jaas has the model in a cloud.
func (s *staff) jaas() migration.JAAS {
	jaas := s.fake.jaas()
	jaas.Witness, jaas.Administrator = s, s
	jaas.Fleet = fleetOf{s.fake, func(cs []migration.Controller, ms []migration.Model) ([]migration.Controller, []migration.Model) {
		for i := range ms {
			ms[i].Cloud, ms[i].Region = "aws", "us-east-1"
		}
		return cs, ms
	}}
	return jaas
}

const facadeRefusal = "Source controller does not support required facades for performing migration.\nUpgrade the controller to a newer version of 3.6 or migrate to a controller\nwith an earlier version of the target controller and try again.\n\n"

func TestChecksOfAdministrators(t *testing.T) {
	state := func(name string, state migration.AdminState) func(*staff) {
		return func(s *staff) {
			s.access[name] = migration.AdminAccess{State: state, User: "admin", Err: errors.New("invalid entity name or password")}
		}
	}
	without := func(s *staff) { state("west", migration.AdminNone)(s); state("east", migration.AdminNone)(s) }
	for _, c := range []struct {
		name   string
		id     migration.CheckID
		change func(*staff)
		level  migration.Level
		says   string
	}{
		{"both work", migration.CheckControllerAccess, nil, migration.Pass, `"east" is asked as its administrator "admin"`},
		{"the target alone", migration.CheckControllerAccess, state("west", migration.AdminNone), migration.Pass, `"west" is asked without an account`},
		{"refused", migration.CheckControllerAccess, state("east", migration.AdminRefused), migration.Warn, "invalid entity name or password"},
		{"too weak", migration.CheckControllerAccess, state("west", migration.AdminWeak), migration.Warn, "check-access"},
		{"silent", migration.CheckControllerAccess, state("west", migration.AdminSilent), migration.Warn, "does not work"},
		{"none", migration.CheckControllerAccess, without, migration.Skip, "controller-credentials"},

		{"the facades are there", migration.CheckFacades, nil, migration.Pass, "takes models"},
		{"the facades are not there", migration.CheckFacades, func(s *staff) { s.prechecks.Refusal = facadeRefusal }, migration.Fail, "upgrade controller west"},
		{"no target of migrations", migration.CheckFacades, func(s *staff) { s.access["east"].Facades["MigrationTarget"] = nil }, migration.Fail, "MigrationTarget"},
		{"nobody asks for facades", migration.CheckFacades, func(s *staff) {
			s.access["east"].Facades["MigrationTarget"] = []int{1, 2}
			s.prechecks = migration.Prechecks{Version: 2}
		}, migration.Pass, "before 3"},
		{"the source's are not known", migration.CheckFacades, func(s *staff) { s.prechecks = migration.Prechecks{Version: 2} }, migration.Skip, `an account on "west" too`},
		{"refused for something else", migration.CheckFacades, func(s *staff) { s.prechecks.Refusal = "upgrade in progress" }, migration.Pass, "takes models"},
		{"Juju 4", migration.CheckFacades, func(s *staff) { s.prechecks, s.err = migration.Prechecks{}, errors.New("a description") }, migration.Skip, "a description"},
		{"no account", migration.CheckFacades, without, migration.Skip, `without an account on "east"`},

		{"would take it", migration.CheckTargetPrechecks, nil, migration.Pass, "would take the model (MigrationTarget 3)"},
		{"would refuse it", migration.CheckTargetPrechecks, func(s *staff) { s.prechecks.Refusal = `model named "prod" already exists` }, migration.Fail, "already exists"},
		{"facades in one line", migration.CheckTargetPrechecks, func(s *staff) { s.prechecks.Refusal = facadeRefusal }, migration.Fail, "migration. Upgrade the controller"},
		{"a secret in the answer", migration.CheckTargetPrechecks, func(s *staff) {
			s.prechecks.Refusal = "credential attribute mismatch: map[secret:x] != map[secret:y]"
		}, migration.Fail, "[redacted]"},
		{"could not be asked", migration.CheckTargetPrechecks, func(s *staff) { s.err = errDeaf }, migration.Skip, "connection lost"},
		{"the account does not work", migration.CheckTargetPrechecks, state("east", migration.AdminRefused), migration.Skip, "does not work"},

		{"nothing left over", migration.CheckLeftOvers, nil, migration.Pass, "no half-imported"},
		{"something left over", migration.CheckLeftOvers, func(s *staff) {
			s.holdings = []migration.Holding{{UUID: "2", Name: "old", Owner: "carol", Importing: true}, {UUID: modelUUID, Name: "prod", Importing: true}}
		}, migration.Warn, "carol/old (2); a migration"},
		{"the list fails", migration.CheckLeftOvers, func(s *staff) { s.err = errDeaf }, migration.Skip, "connection lost"},

		{"the name is free", migration.CheckTargetName, nil, migration.Pass, "no other model"},
		{"the name is taken", migration.CheckTargetName, func(s *staff) {
			s.holdings = []migration.Holding{{UUID: "2", Name: "prod", Owner: "alice@example.com"}}
		}, migration.Fail, `another model "alice@example.com/prod", 2`},
		{"by a half-imported one, on Juju 4", migration.CheckTargetName, func(s *staff) {
			s.holdings = []migration.Holding{{UUID: "2", Name: "prod", Owner: "alice-example-com", Importing: true}}
		}, migration.Fail, "half-imported"},
		{"by another owner", migration.CheckTargetName, func(s *staff) {
			s.holdings = []migration.Holding{{UUID: "2", Name: "prod", Owner: "bob"}}
		}, migration.Pass, "no other model"},
		{"names are not told", migration.CheckTargetName, func(s *staff) { s.err = errDeaf }, migration.Skip, "not to be seen"},

		{"the cloud is there", migration.CheckCloud, nil, migration.Pass, "itself says that it has cloud"},
		{"the region is not", migration.CheckCloud, func(s *staff) { s.clouds["aws"] = []string{"eu-west-1"} }, migration.Fail, `"us-east-1"`},
		{"the cloud is not", migration.CheckCloud, func(s *staff) { s.clouds = map[string][]string{} }, migration.Fail, "juju add-cloud"},

		{"all users are there", migration.CheckUsers, nil, migration.Pass, "knows all users"},
		{"one is not", migration.CheckUsers, func(s *staff) { s.people["east"] = migration.People{Local: []string{"admin"}} }, migration.Fail, "bob"},
		{"another identity provider", migration.CheckUsers, func(s *staff) {
			s.people["east"] = migration.People{Local: []string{"admin", "bob"}, Identity: "https://id.example.com"}
		}, migration.Fail, "https://id.example.com instead of none"},
		{"another one, and no external users", migration.CheckUsers, func(s *staff) {
			s.users = []string{"bob=read"}
			s.people["east"] = migration.People{Local: []string{"admin", "bob"}, Identity: "https://id.example.com"}
		}, migration.Pass, "knows all users"},
		{"the source's are not told", migration.CheckUsers, state("west", migration.AdminNone), migration.Skip, "whether the source has others"},
		{"the target's are not told", migration.CheckUsers, state("east", migration.AdminNone), migration.Warn, "bob"},
	} {
		for _, completes := range []bool{false, true} {
			t.Run(c.name+" "+string(c.id), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStaff(completes)
					if c.change != nil {
						c.change(s)
					}
					has(t, findingOf(t, s.jaas(), migration.Options{Probe: true}, c.id), c.level, c.says)
				})
			})
		}
	}
}

// Administrators are only asked while there is something to start, by who looks
// into models, and if controllers may be asked at all.
func TestAdministratorsAreAskedBeforeAStartOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStaff(false)
		f := findingOf(t, s.jaas(), migration.Options{}, migration.CheckTargetPrechecks)
		if has(t, f, migration.Skip, "probe-controllers=false"); s.asked > 0 {
			t.Error("asked although controllers must not be asked")
		}
		s.running("east", true)
		f = findingOf(t, s.jaas(), migration.Options{Probe: true}, migration.CheckTargetPrechecks)
		if has(t, f, migration.Skip, "a migration runs"); s.asked > 0 {
			t.Error("asked although a migration runs")
		}
		s = newStaff(false)
		if _, err := migration.Migrate(t.Context(), s.jaas(), s, migration.Options{Model: "prod", Target: "east", Probe: true, Unattended: true}); err != nil || s.asked > 0 {
			t.Errorf("asked %d times unattended, %v", s.asked, err)
		}
	})
}

// A secret that cannot be used is a warning, and what it takes comes with it.
func TestAccountsThatCannotBeUsedAreAWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStaff(true)
		opts := migration.Options{Probe: true, AccountsProblem: "the secret is not granted", AccountsRemedy: "juju grant-secret"}
		has(t, findingOf(t, s.jaas(), opts, migration.CheckControllerAccess), migration.Warn, "the secret is not granted", "juju grant-secret")
	})
}
