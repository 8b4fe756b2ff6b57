package controller_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// change alters model "prod" on A.
type change func(m *controller.Model)

func TestSourcePrechecks(t *testing.T) {
	tests := map[string]change{
		"model is dying":                         func(m *controller.Model) { m.Life = "dying" },
		"model has revoked credentials":          func(m *controller.Model) { m.CredentialRevoked = true },
		"machine 0 is dying":                     func(m *controller.Model) { m.Machines[0].Life = "dying" },
		"machine 1 not running (provisioning)":   func(m *controller.Model) { m.Machines[1].InstanceStatus = "provisioning" },
		"machine 0 is scheduled to reboot":       func(m *controller.Model) { m.Machines[0].Reboot = "reboot" },
		"application pg is dying":                func(m *controller.Model) { m.Applications[0].Life = "dying" },
		"unit pg/0 not idle or executing (lost)": func(m *controller.Model) { m.Applications[0].Units[0].AgentStatus = "lost" },
		"unit pg/0 is dying":                     func(m *controller.Model) { m.Applications[0].Units[0].Life = "dying" },
		"unit pg/0 is upgrading":                 func(m *controller.Model) { m.Applications[0].Units[0].Upgrading = true },
		"cleanup needed":                         func(m *controller.Model) { m.CleanupNeeded = true },
		"machine 0 agent not functioning at this time (down)": func(m *controller.Model) {
			m.Machines[0].AgentStatus = "down"
		},
		"machine 0 agent binaries don't match model (3.6.13 != 3.6.14)": func(m *controller.Model) {
			m.Machines[0].AgentVersion = "3.6.13"
		},
		"unit pg/0 agent binaries don't match model (3.6.13 != 3.6.14)": func(m *controller.Model) {
			m.Applications[0].Units[0].AgentVersion = "3.6.13"
		},
		"application pg is below its minimum units threshold": func(m *controller.Model) {
			m.Applications[0].MinUnits = 2
		},
		`unit pg/0 hasn't joined relation "app:db pg:database" yet`: func(m *controller.Model) {
			m.Relations[0].NotJoined = []string{"pg/0"}
		},
		"cannot migrate to controller due to issues:\n\"alice/prod\":\n- unexpected upgrade series lock found": func(m *controller.Model) {
			m.Blockers = []string{"unexpected upgrade series lock found"}
		},
	}
	for want, change := range tests {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, nil)
				b.a.Update(prod, change)
				_, refused := b.admin(t, addressA).migrate(b.toB())
				if refused == nil || refused.Message != "source prechecks failed: "+want {
					t.Errorf("InitiateMigration: %v", refused)
				}
				if _, started := b.a.Migration(prod); started {
					t.Error("it started")
				}
				// The same problem aborts the migration if it appears after the start.
				fresh := start(t, nil)
				fresh.admin(t, addressA).migrate(fresh.toB())
				fresh.a.Update(prod, change)
				fresh.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
				m, _ := fresh.a.Migration(prod)
				if m.Text != "aborted, removing model from target controller: source prechecks failed: "+want {
					t.Errorf("afterwards: %s", m.Text)
				}
			})
		})
	}
}

// Juju 4 refuses machines in its own words.
func TestPrechecksOfMachinesOfJuju4(t *testing.T) {
	const unready = "pre-checking machine statuses for migration: model machine(s) are not ready for migration:\n"
	tests := map[string]change{
		"machine 0 is dying": func(m *controller.Model) { m.Machines[0].Life = "dying" },
		unready + "- machine \"0\" status is not started\n- machine \"1\" instance status is not running": func(m *controller.Model) {
			m.Machines[0].AgentStatus, m.Machines[1].InstanceStatus = "down", "provisioning"
		},
		"there exists machines in the model that are not running the target agent version of the model [0 1]": func(m *controller.Model) {
			m.Machines[0].AgentVersion, m.Machines[1].AgentVersion, m.Machines[1].AgentStatus = "4.0.14", "4.0.14", "down"
		},
	}
	for want, change := range tests {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, func(a, b *controller.Config) { a.Version, b.Version = "4.0.15", "4.0.15" })
				b.a.Update(prod, change)
				_, refused := b.admin(t, addressA).migrate(b.toB())
				if refused == nil || refused.Message != "source prechecks failed: "+want {
					t.Errorf("InitiateMigration: %v", refused)
				}
			})
		})
	}
}

// Juju 4 asks for the workload of units, 4.0 and 4.1 not in the same way.
func TestPrechecksOfUnitsOfJuju4(t *testing.T) {
	const unready = "source prechecks failed: model unit(s) are not ready for migration:\n"
	for _, test := range []struct {
		source, status, message string
		refused                 bool
	}{
		{"4.0.15", "error", "hook failed", true},
		{"4.1.0", "error", "hook failed", true},
		{"4.0.15", "blocked", "", true},
		{"4.1.0", "blocked", "", false},
		{"4.1.0", "unknown", "", true},
		{"4.1.0", "terminated", "", true},
		{"4.1.0", "waiting", "waiting for machine", true},
		{"4.1.0", "waiting", "for its database", false},
		{"4.1.0", "maintenance", "installing charm software", true},
		{"3.6.14", "error", "hook failed", false},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, func(a, b *controller.Config) { a.Version, b.Version = test.source, "4.1.0" })
			b.a.Update(prod, func(m *controller.Model) {
				m.Applications[1].Units[0].Subordinates = []controller.Unit{{Name: "nrpe/0", AgentStatus: "idle", AgentVersion: m.AgentVersion, Status: test.status, Message: test.message}}
			})
			_, refused := b.admin(t, addressA).migrate(b.toB())
			if got := refused != nil && refused.Message == unready+"- unit \"nrpe/0\" workload not active or viable"; got != test.refused || !test.refused && refused != nil {
				t.Errorf("%+v: %v", test, refused)
			}
		})
	}
}

func TestPrechecksOfTheTarget(t *testing.T) {
	tests := []struct {
		name, want string
		code       rpc.Code
		config     func(a, b *controller.Config)
		world      func(b *pair, target map[string]any)
	}{
		{
			name: "wrong password", code: rpc.CodeUnauthorized,
			want:  "connect to target controller: invalid entity name or password (unauthorized access)",
			world: func(_ *pair, target map[string]any) { target["password"] = "wrong" },
		},
		{
			name:  "no server there",
			want:  "connect to target controller: api connection dial timed out",
			world: func(_ *pair, target map[string]any) { target["addrs"] = []string{"10.9.9.9:1"} },
		},
		{
			name: "no address", code: "not valid",
			want:  "connect to target controller: validating info for opening an API connection: missing addresses not valid",
			world: func(_ *pair, target map[string]any) { target["addrs"] = []string{} },
		},
		{
			name: "other CA",
			want: "connect to target controller: unable to connect to API: tls: failed to verify certificate: x509: certificate signed by unknown authority",
			world: func(_ *pair, target map[string]any) {
				ca, _ := wire.NewCA("another")
				target["ca-cert"] = ca.PEM()
			},
		},
		{
			name: "missing user",
			want: "cannot initiate migration as the users granted access to the model do not exist\non the destination controller. To resolve this issue you can add the following\nusers to the destination controller or remove them from the current model:\n  - bob",
			config: func(_, b *controller.Config) {
				b.Users = []controller.User{{Name: "admin", Password: "pw", Access: "superuser"}}
			},
		},
		{
			name:   "other identity provider",
			want:   "cannot initiate migration as external users have been granted access to the model\nand the two controllers have different identity provider configurations. To resolve\nthis issue you can remove the following users from the current model:\n  - alice@external",
			config: func(a, _ *controller.Config) { a.IdentityURL = "https://id.example.com" },
		},
		{
			name: "other identity provider and missing user",
			want: "cannot initiate migration as external users have been granted access to the model\nand the two controllers have different identity provider configurations. To resolve\nthis issue you need to remove the following users from the current model:\n  - alice@external\n\nand add the following users to the destination controller or remove them from\nthe current model:\n  - bob",
			config: func(a, b *controller.Config) {
				a.IdentityURL = "https://id.example.com"
				b.Users = []controller.User{{Name: "admin", Password: "pw", Access: "superuser"}}
			},
		},
		{
			name:   "older target",
			want:   "target prechecks failed: model has higher version than target controller (3.6.14 > 3.5.5)",
			config: func(_, b *controller.Config) { b.Version = "3.5.5" },
		},
		{
			name:   "older target, old model",
			want:   "target prechecks failed: source controller has higher version than target controller (3.6.14 > 3.5.5)",
			config: func(_, b *controller.Config) { b.Version = "3.5.5" },
			world: func(b *pair, _ map[string]any) {
				b.a.Update(prod, func(m *controller.Model) {
					*m = controller.Model{Name: m.Name, UUID: m.UUID, Owner: m.Owner, AgentVersion: "3.5.1"}
				})
			},
		},
		{
			name: "very old model",
			want: "target prechecks failed: model must be upgraded to at least version 2.9.43 before being migrated to a controller with version 3.6.14",
			world: func(b *pair, _ map[string]any) {
				b.a.Update(prod, func(m *controller.Model) {
					*m = controller.Model{Name: m.Name, UUID: m.UUID, Owner: m.Owner, AgentVersion: "2.9.42"}
				})
			},
		},
		{
			name:  "same name and owner",
			want:  `target prechecks failed: model named "prod" already exists`,
			world: func(b *pair, _ map[string]any) { b.b.AddModel(controller.Model{Name: "prod", Owner: "alice@external"}) },
		},
		{
			name:  "same UUID",
			want:  "target prechecks failed: model with same UUID already exists (" + prod + ")",
			world: func(b *pair, _ map[string]any) { b.b.AddModel(controller.Model{Name: "x", UUID: prod}) },
		},
		{
			name:  "left-over copy",
			want:  `target prechecks failed: model named "prod" already exists`,
			world: func(b *pair, _ map[string]any) { b.b.AddImportingCopy(prodModel()) },
		},
		{
			name: "itself",
			want: "target prechecks failed: model with same UUID already exists (" + prod + ")",
			world: func(_ *pair, target map[string]any) {
				target["controller-tag"], target["addrs"] = "controller-"+uuidA, []string{addressA}
			},
		},
		{
			name:  "bad user tag",
			want:  `auth tag: "" is not a valid tag`,
			world: func(_ *pair, target map[string]any) { target["auth-tag"] = "" },
		},
		{
			name: "scripted", code: "not supported", want: "no way",
			world: func(b *pair, _ map[string]any) {
				b.a.Script(prod, controller.Outcome{Refuse: "no way", RefuseCode: "not supported"})
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, test.config)
				target := b.toB()
				if test.world != nil {
					test.world(b, target)
				}
				began := time.Now()
				id, refused := b.admin(t, addressA).migrate(target)
				if refused == nil || refused.Message != test.want || refused.Code != test.code || id != "" {
					t.Errorf("InitiateMigration = %q, %v; want %q", id, refused, test.want)
				}
				if took := time.Since(began); test.name == "no server there" && took != time.Minute {
					t.Errorf("it took %v", took)
				}
				if _, started := b.a.Migration(prod); started {
					t.Error("it started")
				}
			})
		})
	}
}

func TestSkipUserChecksIsKnownFrom368On(t *testing.T) {
	for version, known := range map[string]bool{"3.6.7": false, "3.6.8": true} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, func(a, b *controller.Config) {
				a.Version = version
				b.Users = []controller.User{{Name: "admin", Password: "pw", Access: "superuser"}}
			})
			target := b.toB()
			target["skip-user-checks"] = true
			if _, refused := b.admin(t, addressA).migrate(target); (refused == nil) != known {
				t.Errorf("%s: %v", version, refused)
			}
		})
	}
}

func TestRecordIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		admin.migrate(b.toB())
		if _, refused := admin.migrate(b.toB()); refused == nil || refused.Message != "failed to create migration: already in progress" || refused.Code != "" {
			t.Errorf("second attempt: %v", refused)
		}
		var answers []string
		for _, m := range []string{"model-" + nowhere, "nonsense"} {
			reply := admin.call("Controller", 12, "InitiateMigration", map[string]any{
				"specs": []any{map[string]any{"model-tag": m, "target-info": b.toB()}},
			})
			answers = append(answers, string(reply))
		}
		for _, want := range []string{`"message":"model not found","code":"not found"`, `"message":"model tag: \"nonsense\" is not a valid tag","code":""`} {
			if !strings.Contains(strings.Join(answers, " "), want) {
				t.Errorf("no %s in %s", want, answers)
			}
		}
	})
}

// A problem that no precheck finds fails in IMPORT.
func TestImportFails(t *testing.T) {
	tests := []struct {
		name, want string
		config     func(a, b *controller.Config)
		change     change
	}{
		{
			name: "unknown cloud", want: `cloud "localhost" not found (not found)`,
			config: func(_, b *controller.Config) { b.Clouds = []controller.Cloud{{Name: "other"}} },
		},
		{
			name: "unknown region", want: `region "localhost" not found (expected one of ["east"]) (not found)`,
			config: func(_, b *controller.Config) {
				b.Clouds = []controller.Cloud{{Name: "localhost", Regions: []string{"east"}}}
			},
		},
		{
			name: "credential differs, with secrets in the text",
			want: "credential attribute mismatch: map[password:old] != map[password:s3cr3t]",
			config: func(_, b *controller.Config) {
				b.Credentials = []controller.Credential{{Cloud: "localhost", Owner: "alice@external", Name: "default", Attributes: map[string]string{"password": "old"}}}
			},
			change: func(m *controller.Model) { m.CredentialAttributes = map[string]string{"password": "s3cr3t"} },
		},
		{
			name: "secret backend", want: "secrets: target controller does not have all required secret backends set up",
			change: func(m *controller.Model) { m.SecretBackends = []string{"vault"} },
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, test.config)
				if test.change != nil {
					b.a.Update(prod, test.change)
				}
				b.admin(t, addressA).migrate(b.toB())
				b.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
				m, _ := b.a.Migration(prod)
				want := "aborted, removing model from target controller: model data transfer failed, failed to import model into target controller: " + test.want
				if m.Text != want {
					t.Errorf("text: %s\nwant: %s", m.Text, want)
				}
			})
		})
	}
}

func TestLostInstanceFailsTheMachineCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		b.a.Update(prod, func(m *controller.Model) { m.Machines[0].LostInstance, m.Machines[1].LostInstance = true, true })
		b.admin(t, addressA).migrate(b.toB())
		b.a.AwaitPhase(t.Context(), prod, controller.AbortDone)
		if m, _ := b.a.Migration(prod); !strings.HasSuffix(m.Text, ": machine sanity check failed, 2 errors found") {
			t.Errorf("text: %s", m.Text)
		}
	})
}

// Faults of the target's transport affect the migration as they would affect a real one.
func TestFaultsOfTheTarget(t *testing.T) {
	tests := []struct {
		name  string
		fault wire.Fault
		want  string // how the migration ends
		state string // on the target
	}{
		{
			"import refused",
			wire.Fault{Method: "Import", Action: wire.Refuse, Error: wire.Errorf("", "no space left")},
			"aborted, removing model from target controller: model data transfer failed, failed to import model into target controller: no space left", "",
		},
		{
			"abort refused",
			wire.Fault{Method: "Abort", Action: wire.Refuse},
			"aborted, removing model from target controller: source prechecks failed: unit db/0 not idle or executing (lost)", controller.StateImporting,
		},
		{
			"answer to the activation lost",
			wire.Fault{Method: "Activate", Action: wire.DropAfter},
			"aborted, removing model from target controller: model activation failed, ", controller.StateActive,
		},
		{
			"adoption fails three times",
			wire.Fault{Method: "AdoptResources", Action: wire.Refuse, Times: 3},
			"successful, removing model from source controller", controller.StateActive,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				faults := &wire.Faults{}
				test.fault.Facade = "MigrationTarget"
				faults.Add(test.fault)
				b := start(t, func(_, b *controller.Config) { b.Faults = faults })
				if test.fault.Method == "Abort" {
					b.a.Script("", controller.Outcome{AbortAt: controller.Import, Reason: "source prechecks failed: unit db/0 not idle or executing (lost)"})
				}
				b.admin(t, addressA).migrate(b.toB())
				b.a.AwaitPhase(t.Context(), prod, controller.AbortDone, controller.Done)
				m, _ := b.a.Migration(prod)
				if !strings.HasPrefix(m.Text, test.want) {
					t.Errorf("text: %s", m.Text)
				}
				if state, _ := b.b.Model(prod); state.State != test.state {
					t.Errorf("on the target: %q, want %q", state.State, test.state)
				}
				if len(faults.Unused()) > 0 {
					t.Error("the fault never happened")
				}
			})
		})
	}
}
