package realjuju_test

import (
	"errors"
	"time"

	"github.com/juju/charm/v12"
	"github.com/juju/juju/core/crossmodel"
	"github.com/juju/juju/core/network"
	"github.com/juju/juju/core/payloads"
	"github.com/juju/juju/core/permission"
	"github.com/juju/juju/core/secrets"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/state"
	"github.com/juju/mgo/v3/bson"
	"github.com/juju/names/v5"

	"jimm-migrator/tests/realjuju/controller"
)

// storage deploys a charm with storage.
func (s *spoiled) storage(kind string) {
	s.Helper()
	location := ""
	if kind == "filesystem" {
		location = ", location: /srv"
	}
	_, err := s.west.Deploy(s.model, "disk", charmFiles("disk", "storage: {data: {type: "+kind+location+"}}\n"))
	s.ok(err)
}

// consumed relates pg to a consumed offer, seen from the offer's side: another model's application loki is related to
// it.
func (s *spoiled) consumed() *state.Relation {
	s.Helper()
	_, err := s.st.AddRemoteApplication(state.AddRemoteApplicationParams{
		Name: "remote-loki", OfferUUID: "offer-uuid-2", SourceModel: names.NewModelTag(s.west.ModelUUID), Token: "t2", IsConsumerProxy: true,
		Endpoints: []charm.Relation{{Name: "db", Role: charm.RoleRequirer, Interface: "x", Scope: charm.ScopeGlobal}},
	})
	s.ok(err)
	relation := s.addRelation("pg:server", "remote-loki:db")
	s.enterScope(relation, "pg/0")
	s.ok(relation.SetStatus(since(status.Joined, "")))
	return relation
}

func (s *spoiled) remoteUnit(relation *state.Relation) *state.RelationUnit {
	s.Helper()
	unit, err := relation.RemoteUnit("remote-loki/0")
	s.ok(err)
	s.ok(unit.EnterScope(nil))
	return unit
}

func secretWith(change func(*state.CreateSecretParams)) func(*spoiled) {
	return func(s *spoiled) {
		params := state.CreateSecretParams{
			Version: 1, Owner: names.NewApplicationTag("pg"),
			UpdateSecretParams: state.UpdateSecretParams{LeaderToken: noToken{}, Data: map[string]string{"k": "dg=="}},
		}
		change(&params)
		_, err := state.NewSecrets(s.st).CreateSecret(secrets.NewURI(), params)
		s.ok(err)
	}
}

// action enqueues an action and advances it to a state.
func action(further func(state.Action) error) func(*spoiled) {
	return func(s *spoiled) {
		_, err := s.west.Deploy(s.model, "act", charmFiles("act", ""))
		s.ok(err)
		m, err := s.st.Model()
		s.ok(err)
		operation, err := m.EnqueueOperation("backup", 1)
		s.ok(err)
		queued, err := m.AddAction(s.unit("act/0"), operation, "backup", nil, nil, nil)
		s.ok(err)
		begun, err := queued.Begin()
		s.ok(err)
		if further != nil {
			s.ok(further(begun))
		}
	}
}

func finish(with state.ActionStatus) func(state.Action) error {
	return func(a state.Action) error {
		_, err := a.Finish(state.ActionResults{Status: with, Message: "as the test wants it"})
		return err
	}
}

func modelStatus(now status.Status) func(*spoiled) {
	return func(s *spoiled) {
		m, err := s.st.Model()
		s.ok(err)
		s.ok(m.SetStatus(since(now, "as the test wants it")))
	}
}

func modelConfig(attrs map[string]any) func(*spoiled) {
	return func(s *spoiled) {
		m, err := s.st.Model()
		s.ok(err)
		s.ok(m.UpdateModelConfig(attrs, nil))
	}
}

// contents are faults in the contents of a model. Juju migrates most of them.
func contentsFaults() []fault {
	return []fault{
		{name: "charm from the charm store", do: func(s *spoiled) {
			s.set(s.west, "charms", s.model+":ch:amd64/pg-7", bson.M{"url": "cs:pg-7"})
			s.set(s.west, "applications", s.model+":pg", bson.M{"charmurl": "cs:pg-7"})
			s.set(s.west, "units", s.model+":pg/0", bson.M{"charmurl": "cs:pg-7"})
		}},
		{name: "charm from the charm store that no application uses", do: func(s *spoiled) {
			s.charm("ch:amd64/old-7", "old")
			s.set(s.west, "charms", s.model+":ch:amd64/old-7", bson.M{"url": "cs:~who/focal/old-7"})
		}},
		{name: "charm that no application uses", do: func(s *spoiled) { s.charm("ch:amd64/old-7", "old") }},
		{name: "charm that is known by name alone", do: func(s *spoiled) { s.ok(s.st.AddCharmPlaceholder(charm.MustParseURL("ch:amd64/pg-9"))) }},
		{name: "charm that is being uploaded", do: func(s *spoiled) {
			_, err := s.st.PrepareCharmUpload("ch:amd64/up-3")
			s.ok(err)
		}},
		{name: "local charm that is being uploaded", do: func(s *spoiled) {
			_, err := s.st.PrepareLocalCharmUpload("local:amd64/up-3")
			s.ok(err)
		}},
		{name: "charm with a URL that is none", do: func(s *spoiled) {
			s.charm("ch:amd64/old-7", "old")
			s.set(s.west, "charms", s.model+":ch:amd64/old-7", bson.M{"url": "::old::"})
		}},
		{name: "machine of base 19.10", do: extraMachine(ubuntu("19.10"))},
		{name: "machine of base 22.10", do: extraMachine(ubuntu("22.10"))},
		{name: "machine of base 25.04", do: extraMachine(ubuntu("25.04"))},
		{name: "machine of Windows 2016", do: extraMachine(state.Base{OS: "windows", Channel: "win2016nano"})},
		{name: "machine of Windows 10", do: extraMachine(state.Base{OS: "windows", Channel: "win10"})},
		{name: "machine of openSUSE", do: extraMachine(state.Base{OS: "opensuse", Channel: "opensuse42"})},
		{name: "container reboots", do: func(s *spoiled) { s.ok(s.addContainer(ubuntu("22.04")).SetRebootFlag(true)) }},
		{name: "host of a container reboots", do: func(s *spoiled) {
			s.addContainer(ubuntu("22.04"))
			s.ok(s.machine().SetRebootFlag(true))
		}},
		{name: "container with a series lock", do: func(s *spoiled) {
			s.ok(s.addContainer(ubuntu("22.04")).CreateUpgradeSeriesLock(nil, ubuntu("24.04")))
		}},
		{name: "machine is kept", do: onMachine(func(m *state.Machine) error { return m.SetKeepInstance(true) })},
		{name: "machine destroyed by force", do: func(s *spoiled) { s.ok(s.addMachine(ubuntu("22.04")).ForceDestroy(time.Minute)) }},
		{name: "machine whose profile failed", do: onMachine(func(m *state.Machine) error {
			return errors.Join(m.SetCharmProfiles([]string{"juju-prod-pg-7"}), m.SetModificationStatus(since(status.Error, "no such profile")))
		})},
		{name: "machine with addresses", do: onMachine(func(m *state.Machine) error {
			return errors.Join(
				m.SetProviderAddresses(network.NewSpaceAddress("10.0.0.7")),
				m.SetLinkLayerDevices(state.LinkLayerDeviceArgs{Name: "eth0", Type: network.EthernetDevice, MACAddress: "aa:bb:cc:dd:ee:01", IsUp: true}), //nolint:staticcheck // Juju has no other way for tests.
				m.SetDevicesAddresses(state.LinkLayerDeviceAddress{DeviceName: "eth0", ConfigMethod: network.ConfigStatic, CIDRAddress: "10.0.0.7/24"}),   //nolint:staticcheck // As above.
			)
		})},
		{name: "machine with disks and keys", do: onMachine(func(m *state.Machine) error {
			return m.SetMachineBlockDevices(state.BlockDeviceInfo{DeviceName: "sda", Size: 1024, Label: "data"})
		})},
		{name: "machine that was not provisioned", do: func(s *spoiled) {
			m, err := s.st.AddOneMachine(state.MachineTemplate{Base: ubuntu("22.04"), Jobs: []state.MachineJob{state.JobHostUnits}})
			s.ok(err)
			s.ok(m.SetInstanceStatus(since(status.ProvisioningError, "no quota")))
		}},
		{name: "machine of a manual cloud", do: func(s *spoiled) {
			m, err := s.st.AddOneMachine(state.MachineTemplate{Base: ubuntu("22.04"), Jobs: []state.MachineJob{state.JobHostUnits}, InstanceId: "manual:10.0.0.9", Nonce: "manual:10.0.0.9:1"})
			s.ok(err)
			s.ok(controller.Settle(m, "password-of-the-manual-machine"))
		}},
		{name: "unit without a charm of its own", do: func(s *spoiled) {
			s.set(s.west, "units", s.model+":pg/0", bson.M{"charmurl": nil})
		}},
		{name: "unit with a state", do: onUnit(func(u *state.Unit) error {
			own := state.NewUnitState()
			own.SetCharmState(map[string]string{"ready": "yes"})
			own.SetUniterState("installed: true\n")
			return errors.Join(u.SetState(own, state.UnitStateSizeLimits{}), u.SetWorkloadVersion("14.2"))
		})},
		{name: "unit with a payload", do: func(s *spoiled) {
			_, err := s.west.Deploy(s.model, "pay", charmFiles("pay", "payloads: {web: {type: docker}}\n"))
			s.ok(err)
			of, err := s.st.UnitPayloads(s.unit("pay/0"))
			s.ok(err)
			s.ok(of.Track(payloads.Payload{PayloadClass: charm.PayloadClass{Name: "web", Type: "docker"}, ID: "id1", Status: "running", Unit: "pay/0"}))
		}},
		{name: "unit with open ports", do: func(s *spoiled) {
			ranges, err := s.unit("pg/0").OpenedPortRanges()
			s.ok(err)
			ranges.Open("", network.MustParsePortRange("5432/tcp"))
			s.ok(s.st.ApplyOperation(ranges.Changes()))
		}},
		{name: "unit destroyed by force", do: func(s *spoiled) {
			_, err := s.addUnit().DestroyWithForce(true, time.Minute)
			s.ok(err)
		}},
		{name: "application destroyed by force", do: func(s *spoiled) {
			operation := s.app().DestroyOperation()
			operation.Force = true
			s.ok(s.st.ApplyOperation(operation))
		}},
		{name: "application blocked by its own word", do: func(s *spoiled) { s.ok(s.app().SetStatus(since(status.Blocked, "as the test wants it"))) }},
		{name: "storage without a disk", do: func(s *spoiled) { s.storage("filesystem") }},
		{name: "block storage", do: func(s *spoiled) { s.storage("block") }},
		{name: "action under way", do: action(nil)},
		{name: "action done", do: action(finish(state.ActionCompleted))},
		{name: "action failed", do: action(finish(state.ActionFailed))},
		{name: "action being aborted", do: action(func(a state.Action) error {
			_, err := a.Cancel()
			return err
		})},
		{name: "secret of an application that expires", do: secretWith(func(p *state.CreateSecretParams) {
			at, policy := time.Now().Add(time.Hour), secrets.RotateDaily
			p.ExpireTime, p.RotatePolicy, p.NextRotateTime = &at, &policy, &at
		})},
		{name: "secret in a backend that the target has not", do: func(s *spoiled) {
			name := "vault-of-" + s.model
			id, err := state.NewSecretBackends(s.st).CreateSecretBackend(state.CreateSecretBackendParams{Name: name, BackendType: "vault", Config: map[string]any{"endpoint": "http://vault"}})
			s.ok(err)
			secretWith(func(p *state.CreateSecretParams) {
				p.Data, p.ValueRef = nil, &secrets.ValueRef{BackendID: id, RevisionID: "rev-1"}
			})(s)
		}},
		{name: "secret that the unit reads", do: func(s *spoiled) {
			uri := secrets.NewURI()
			_, err := state.NewSecrets(s.st).CreateSecret(uri, state.CreateSecretParams{
				Version: 1, Owner: names.NewModelTag(s.model),
				UpdateSecretParams: state.UpdateSecretParams{LeaderToken: noToken{}, Data: map[string]string{"k": "dg=="}},
			})
			s.ok(err)
			s.ok(s.st.GrantSecretAccess(uri, state.SecretAccessParams{LeaderToken: noToken{}, Scope: names.NewModelTag(s.model), Subject: names.NewUnitTag("pg/0"), Role: secrets.RoleView}))
			s.ok(s.st.SaveSecretConsumer(uri, names.NewUnitTag("pg/0"), &secrets.SecretConsumerMetadata{CurrentRevision: 1, Label: "db"}))
		}},
		{name: "offer that a user may consume", do: func(s *spoiled) {
			addOffer(s)
			offer, err := state.NewApplicationOffers(s.st).ApplicationOffer("pg")
			s.ok(err)
			s.ok(s.st.CreateOfferAccess(names.NewApplicationOfferTag(offer.OfferUUID), names.NewUserTag("nina@external"), permission.ConsumeAccess))
		}},
		{name: "consumed offer in error", do: func(s *spoiled) { s.ok(consumeOffer(s).SetStatus(since(status.Error, "cannot reach it"))) }},
		{name: "consumed offer that is gone", do: func(s *spoiled) { s.ok(consumeOffer(s).SetStatus(since(status.Terminated, "offer has been removed"))) }},
		{name: "offer related to another model", do: func(s *spoiled) { s.remoteUnit(s.consumed()) }},
		{name: "offer related to another model without units", do: func(s *spoiled) { s.consumed() }},
		{name: "unit of another model leaves", do: func(s *spoiled) { s.ok(s.remoteUnit(s.consumed()).PrepareLeaveScope()) }},
		{name: "unit of another model has left", do: func(s *spoiled) { s.ok(s.remoteUnit(s.consumed()).LeaveScope()) }},
		{name: "networks of a relation to another model", do: func(s *spoiled) {
			relation := s.remoteRelation(true)
			_, err := state.NewRelationIngressNetworks(s.st).Save(relation.Tag().Id(), false, []string{"10.1.0.0/16"})
			s.ok(err)
			_, err = s.st.RemoteEntities().ExportLocalEntity(relation.Tag())
			s.ok(err)
		}},
		{name: "controller of another cloud that an offer came from", do: func(s *spoiled) {
			_, err := state.NewExternalControllers(s.st).Save(crossmodel.ControllerInfo{
				ControllerTag: names.NewControllerTag("5f1a6d1e-37c1-4b29-8f6a-111111111111"), Alias: "far", Addrs: []string{"192.0.2.7:17070"}, CACert: s.west.CACert,
			}, "5f1a6d1e-37c1-4b29-8f6a-222222222222")
			s.ok(err)
		}},
		{name: "relation that a unit has left", do: func(s *spoiled) {
			relation := s.relate("pg/0", "app/0")
			s.ok(relation.SetStatus(since(status.Joined, "")))
			unit, err := relation.Unit(s.unit("app/0"))
			s.ok(err)
			s.ok(unit.LeaveScope())
		}},
		{name: "relation that a unit leaves", do: func(s *spoiled) {
			relation := s.relate("pg/0", "app/0")
			s.ok(relation.SetStatus(since(status.Joined, "")))
			unit, err := relation.Unit(s.unit("app/0"))
			s.ok(err)
			s.ok(unit.PrepareLeaveScope())
		}},
		{name: "relation with an application without units", do: func(s *spoiled) {
			_, err := s.st.AddApplication(state.AddApplicationArgs{Name: "none", Charm: s.charm("ch:amd64/none-7", "none"), CharmOrigin: controller.Origin("none", 7)})
			s.ok(err)
			relation := s.addRelation("pg:server", "none:db")
			s.enterScope(relation, "pg/0")
			s.ok(relation.SetStatus(since(status.Joined, "")))
		}},
		{name: "relation destroyed by force", do: func(s *spoiled) {
			_, err := s.relate("pg/0", "app/0").DestroyWithForce(true, time.Minute)
			s.ok(err)
		}},
		{name: "model in error", do: modelStatus(status.Error)},
		{name: "model suspended", do: modelStatus(status.Suspended)},
		{name: "model busy", do: modelStatus(status.Busy)},
		{name: "model that says it is being destroyed", do: modelStatus(status.Destroying)},
		{name: "model with agents of another stream", do: modelConfig(map[string]any{"agent-stream": "proposed"})},
		{name: "model in development mode behind a proxy", do: modelConfig(map[string]any{"development": true, "juju-http-proxy": "http://proxy:3128"})},
		{name: "model that is said to be exported", do: func(s *spoiled) {
			m, err := s.st.Model()
			s.ok(err)
			s.ok(m.SetMigrationMode(state.MigrationModeExporting))
		}},
		{name: "model with annotations", do: func(s *spoiled) {
			m, err := s.st.Model()
			s.ok(err)
			s.ok(m.SetAnnotations(s.app(), map[string]string{"gui-x": "1"}))
		}},
		{name: "user removed from the model", do: func(s *spoiled) {
			s.addUser("olga", s.west)
			m, err := s.st.Model()
			s.ok(err)
			s.ok(s.st.RemoveUserAccess(names.NewUserTag("olga"), m.ModelTag()))
		}},
		{name: "everyone may read the model", do: func(s *spoiled) { s.addUser("everyone@external") }},
		{name: "user whose name has other letters on the target", do: func(s *spoiled) {
			s.addUser("Sybil", s.west)
			_, err := s.east.State.AddUser("sybil2", "sybil", "password-of-sybil", "admin")
			s.ok(err)
		}},
	}
}
