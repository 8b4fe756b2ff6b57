package realjuju_test

import (
	"errors"
	"time"

	"github.com/juju/charm/v12"
	"github.com/juju/juju/cloud"
	"github.com/juju/juju/core/constraints"
	"github.com/juju/juju/core/model"
	"github.com/juju/juju/core/network"
	"github.com/juju/juju/core/payloads"
	"github.com/juju/juju/core/secrets"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/state"
	"github.com/juju/juju/storage/poolmanager"
	"github.com/juju/juju/storage/provider"
	"github.com/juju/mgo/v3/bson"
	"github.com/juju/names/v5"
	"github.com/juju/version/v2"

	"jimm-migrator/tests/realjuju/controller"
)

// upgradeMachine prepares machine 0 for another Ubuntu release, and sets how far the upgrade is.
func upgradeMachine(to model.UpgradeSeriesStatus) func(*spoiled) {
	return onMachine(func(m *state.Machine) error {
		return errors.Join(m.CreateUpgradeSeriesLock([]string{"pg/0"}, ubuntu("24.04")), m.SetUpgradeSeriesStatus(to, "as the test wants it"))
	})
}

// modelOf makes a model, and its agents, of a version.
func modelOf(number string) func(*spoiled) {
	return func(s *spoiled) {
		newerModel(version.Binary{Number: version.MustParse(number), Release: "ubuntu", Arch: "amd64"})(s)
	}
}

// bridged gives machine 0 a bridge and its container a device on it, or on something else.
func bridged(kind network.LinkLayerDeviceType) func(*spoiled) {
	return func(s *spoiled) {
		s.ok(s.machine().SetLinkLayerDevices(state.LinkLayerDeviceArgs{Name: "br-eth0", Type: network.BridgeDevice, MACAddress: "aa:bb:cc:dd:ee:04"})) //nolint:staticcheck // Juju has no other way for tests.
		container := s.addContainer(ubuntu("22.04"))
		s.ok(container.SetLinkLayerDevices(state.LinkLayerDeviceArgs{Name: "eth0", Type: network.EthernetDevice, MACAddress: "aa:bb:cc:dd:ee:05", ParentName: "m#0#d#br-eth0"})) //nolint:staticcheck // As above.
		if kind != network.BridgeDevice {
			s.set(s.west, "linklayerdevices", s.model+":m#0#d#br-eth0", bson.M{"type": string(kind)})
		}
	}
}

// unfinishedFaults are faults of what has begun and not ended, or was left behind: upgrades, tasks, disks, networks, secrets.
func unfinishedFaults() []fault {
	built := controller.AgentBinary().Number
	built.Build = 1
	return []fault{
		{name: "upgrade of a machine that is prepared", do: upgradeMachine(model.UpgradeSeriesPrepareCompleted)},
		{name: "upgrade of a machine that is being completed", do: upgradeMachine(model.UpgradeSeriesCompleteStarted)},
		{name: "upgrade of a machine that is complete", do: func(s *spoiled) {
			upgradeMachine(model.UpgradeSeriesCompleted)(s)
			s.ok(s.machine().RemoveUpgradeSeriesLock())
		}},
		{name: "upgrade of a machine without units", do: func(s *spoiled) {
			s.ok(s.addMachine(ubuntu("20.04")).CreateUpgradeSeriesLock(nil, ubuntu("22.04")))
		}},
		{name: "upgrade of a machine that is down", do: func(s *spoiled) {
			s.ok(s.machine().CreateUpgradeSeriesLock([]string{"pg/0"}, ubuntu("24.04")))
			s.west.Presence.SetDown(s.model, "machine-0", true)
		}},
		{name: "model of a newer build", do: modelOf(built.String())},
		{name: "model of the last release that the target does not take", do: modelOf("2.9.42")},
		{name: "unit lost with a failed hook", do: func(s *spoiled) {
			unitAgent(status.Error)(s)
			s.west.Presence.SetDown(s.model, "unit-pg-0", true)
		}},
		{name: "unit lost while it is installed", do: func(s *spoiled) {
			s.ok(s.unit("pg/0").SetStatus(since(status.Maintenance, "installing charm software")))
			s.west.Presence.SetDown(s.model, "unit-pg-0", true)
		}},
		{name: "unit lost whose workload has ended", do: func(s *spoiled) {
			workload(status.Terminated)(s)
			s.west.Presence.SetDown(s.model, "unit-pg-0", true)
		}},
		{name: "unit and its machine down", do: func(s *spoiled) {
			s.west.Presence.SetDown(s.model, "machine-0", true)
			s.west.Presence.SetDown(s.model, "unit-pg-0", true)
		}},
		{name: "subordinate with a payload", do: func(s *spoiled) {
			unit := s.logger("payloads: {web: {type: docker}}\n")
			of, err := s.st.UnitPayloads(unit)
			s.ok(err)
			s.ok(of.Track(payloads.Payload{PayloadClass: charm.PayloadClass{Name: "web", Type: "docker"}, ID: "id2", Status: "running", Unit: unit.Name()}))
		}},
		{name: "action for a unit that is gone", do: func(s *spoiled) {
			unit := s.addUnit()
			onModel(func(_ *spoiled, m *state.Model) error {
				operation, err := m.EnqueueOperation("backup", 1)
				s.ok(err)
				_, err = m.AddAction(unit, operation, "juju-exec", map[string]any{"command": "true", "timeout": 1}, nil, nil)
				return err
			})(s)
			s.ok(errors.Join(unit.Destroy(), unit.EnsureDead(), unit.Remove()))
		}},
		{name: "action with a log", do: action(func(a state.Action) error { return a.Log("half done") })},
		{name: "storage pool of the model's own", do: func(s *spoiled) {
			_, err := poolmanager.New(state.NewStateSettings(s.st), provider.CommonStorageProviders()).Create("own", provider.LoopProviderType, map[string]any{})
			s.ok(err)
		}},
		{name: "volume that is being destroyed", do: func(s *spoiled) {
			backend, tag := s.disk("block")
			of, err := backend.StorageInstanceVolume(tag)
			s.ok(err)
			s.ok(backend.SetVolumeInfo(of.VolumeTag(), state.VolumeInfo{VolumeId: "vol-1", Size: 1024}))
			s.set(s.west, "volumes", s.model+":"+of.VolumeTag().Id(), bson.M{"life": state.Dying})
		}},
		{name: "storage in error", do: func(s *spoiled) {
			backend, tag := s.disk("filesystem")
			of, err := backend.StorageInstanceFilesystem(tag)
			s.ok(err)
			s.ok(of.SetStatus(since(status.Error, "no space")))
		}},
		{name: "container on a bridge", do: bridged(network.BridgeDevice)},
		{name: "container on what is no bridge", do: bridged(network.EthernetDevice)},
		{name: "machine whose address has no device", do: func(s *spoiled) {
			s.ok(s.machine().SetLinkLayerDevices(state.LinkLayerDeviceArgs{Name: "eth7", Type: network.EthernetDevice, MACAddress: "aa:bb:cc:dd:ee:07"}))         //nolint:staticcheck // Juju has no other way for tests.
			s.ok(s.machine().SetDevicesAddresses(state.LinkLayerDeviceAddress{DeviceName: "eth7", ConfigMethod: network.ConfigDHCP, CIDRAddress: "10.7.0.7/24"})) //nolint:staticcheck // As above.
			s.ok(s.west.State.MongoSession().DB("juju").C("linklayerdevices").RemoveId(s.model + ":m#0#d#eth7"))
		}},
		{name: "machine with an address of the sixth version", do: onMachine(func(m *state.Machine) error {
			return errors.Join(
				m.SetProviderAddresses(network.NewSpaceAddress("2001:db8::7")),
				m.SetLinkLayerDevices(state.LinkLayerDeviceArgs{Name: "eth6", Type: network.EthernetDevice, MACAddress: "aa:bb:cc:dd:ee:06"}),              //nolint:staticcheck // As above.
				m.SetDevicesAddresses(state.LinkLayerDeviceAddress{DeviceName: "eth6", ConfigMethod: network.ConfigStatic, CIDRAddress: "2001:db8::7/64"}), //nolint:staticcheck // As above.
			)
		})},
		{name: "space that was renamed", do: func(s *spoiled) {
			space, err := s.st.AddSpace("before", "", []string{s.subnet(network.SubnetInfo{CIDR: "10.93.0.0/24"}).ID()}, false)
			s.ok(err)
			s.set(s.west, "spaces", s.model+":"+space.Id(), bson.M{"name": "after"})
		}},
		{name: "model constraints that name a space", do: func(s *spoiled) {
			_, err := s.st.AddSpace("inside", "", nil, false)
			s.ok(err)
			s.ok(s.st.SetModelConstraints(constraints.MustParse("spaces=inside,^outside")))
		}},
		{name: "secret granted to an application that is gone", do: func(s *spoiled) {
			a := s.application("gone", charmFiles("gone", ""), nil)
			s.ok(s.st.GrantSecretAccess(s.secret(names.NewModelTag(s.model)), state.SecretAccessParams{
				LeaderToken: noToken{}, Scope: names.NewModelTag(s.model), Subject: names.NewApplicationTag("gone"), Role: secrets.RoleView,
			}))
			s.ok(a.Destroy())
			s.ok(s.st.Cleanup())
		}},
		{name: "secret that is to be rotated long since", do: secretWith(func(p *state.CreateSecretParams) {
			at, policy := time.Now().Add(-240*time.Hour), secrets.RotateHourly
			p.RotatePolicy, p.NextRotateTime = &policy, &at
		})},
		{name: "secret that has expired", do: secretWith(func(p *state.CreateSecretParams) {
			at := time.Now().Add(-time.Hour)
			p.ExpireTime = &at
		})},
		{name: "branch that was committed", do: func(s *spoiled) {
			s.ok(s.st.AddBranch("done", "admin"))
			branch, err := s.st.Branch("done")
			s.ok(err)
			s.ok(branch.AssignApplication("pg"))
			_, err = branch.Commit("admin")
			s.ok(err)
		}},
		{name: "metrics that were not sent", do: func(s *spoiled) {
			s.ok(s.west.State.MongoSession().DB("juju").C("metrics").Insert(bson.M{
				"_id": "metric-of-" + s.model, "model-uuid": s.model, "unit": "pg/0", "charmurl": "ch:amd64/pg-7", "sent": false, "created": time.Now(),
			}))
		}},
		{name: "leader that is gone", do: func(s *spoiled) {
			s.ok(s.west.Lead(s.model, "pg", "pg/9"))
		}},
		{name: "model with configuration of many kinds", do: modelConfig(map[string]any{
			"update-status-hook-interval": "30m", "logging-config": "<root>=DEBUG", "resource-tags": "a=b", "provisioner-harvest-mode": "none",
			"cloudinit-userdata": "packages: [curl]\n", "max-action-results-age": "24h", "no-proxy": "10.0.0.0/8", "authorized-keys": "ssh-rsa AAAA someone",
		})},
		{name: "target whose cloud does not take the kind of the credential", do: func(s *spoiled) {
			s.ok(s.east.State.RemoveCloudCredential(controller.Credential()))
			s.targetTakes(cloud.EmptyAuthType)
		}, undo: func(s *spoiled) {
			s.targetTakes(cloud.EmptyAuthType, cloud.UserPassAuthType)
			restoreOnTarget(s)
		}},
	}
}

// targetTakes sets the kinds of credentials of the models' cloud on the target.
func (s *spoiled) targetTakes(kinds ...cloud.AuthType) {
	s.Helper()
	dummy, err := s.east.State.Cloud("dummy")
	s.ok(err)
	dummy.AuthTypes = kinds
	s.ok(s.east.State.UpdateCloud(dummy))
}
