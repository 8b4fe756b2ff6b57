package realjuju_test

import (
	"errors"
	"strings"
	"time"

	"github.com/juju/charm/v12"
	charmresource "github.com/juju/charm/v12/resource"
	"github.com/juju/juju/cloud"
	"github.com/juju/juju/core/instance"
	"github.com/juju/juju/core/network"
	"github.com/juju/juju/core/permission"
	"github.com/juju/juju/core/secrets"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/state"
	"github.com/juju/juju/state/cloudimagemetadata"
	"github.com/juju/mgo/v3/bson"
	"github.com/juju/names/v5"

	"jimm-migrator/tests/realjuju/controller"
)

// disk deploys a charm with storage, and returns the storage backend and the storage.
func (s *spoiled) disk(kind string) (storageBackend, names.StorageTag) {
	s.Helper()
	s.storage(kind)
	backend, err := state.NewStorageBackend(s.st)
	s.ok(err)
	return backend, names.NewStorageTag("data/0")
}

// storageBackend has the methods of state's unexported type that the storage faults use.
type storageBackend interface {
	storageOfUnits
	storageInfo
	StorageInstanceFilesystem(storage names.StorageTag) (state.Filesystem, error)
	StorageInstanceVolume(storage names.StorageTag) (state.Volume, error)
}

// storageOfUnits gives units their storage, and takes it away.
type storageOfUnits interface {
	AddStorageForUnit(unit names.UnitTag, name string, constraints state.StorageConstraints) ([]names.StorageTag, error)
	DetachStorage(storage names.StorageTag, unit names.UnitTag, force bool, wait time.Duration) error
	RemoveStorageAttachment(storage names.StorageTag, unit names.UnitTag, force bool) error
	DestroyStorageInstance(storage names.StorageTag, attachments, force bool, wait time.Duration) error
}

// storageInfo records what a cloud has provided.
type storageInfo interface {
	SetFilesystemInfo(filesystem names.FilesystemTag, info state.FilesystemInfo) error
	SetFilesystemAttachmentInfo(host names.Tag, filesystem names.FilesystemTag, info state.FilesystemAttachmentInfo) error
	SetVolumeInfo(volume names.VolumeTag, info state.VolumeInfo) error
	SetVolumeAttachmentInfo(host names.Tag, volume names.VolumeTag, info state.VolumeAttachmentInfo) error
}

// mount makes the storage of disk/0 a mounted file system.
func (s *spoiled) mount() (storageBackend, names.StorageTag) {
	s.Helper()
	backend, tag := s.disk("filesystem")
	of, err := backend.StorageInstanceFilesystem(tag)
	s.ok(err)
	machine, err := s.unit("disk/0").AssignedMachineId()
	s.ok(err)
	s.ok(errors.Join(
		backend.SetFilesystemInfo(of.FilesystemTag(), state.FilesystemInfo{Size: 1024, FilesystemId: "fs-1"}),
		backend.SetFilesystemAttachmentInfo(names.NewMachineTag(machine), of.FilesystemTag(), state.FilesystemAttachmentInfo{MountPoint: "/srv"}),
	))
	return backend, tag
}

// addedDisk adds storage to a unit that needs none.
func (s *spoiled) addedDisk() (storageBackend, names.StorageTag) {
	s.Helper()
	_, err := s.west.Deploy(s.model, "disk", charmFiles("disk", "storage: {data: {type: filesystem, multiple: {range: 0-}, location: /srv}}\n"))
	s.ok(err)
	backend, err := state.NewStorageBackend(s.st)
	s.ok(err)
	added, err := backend.AddStorageForUnit(names.NewUnitTag("disk/0"), "data", state.StorageConstraints{Pool: "rootfs", Size: 1024, Count: 1})
	s.ok(err)
	return backend, added[0]
}

// subnet adds a subnet.
func (s *spoiled) subnet(info network.SubnetInfo) *state.Subnet {
	s.Helper()
	added, err := s.st.AddSubnet(info)
	s.ok(err)
	return added
}

// resource deploys a charm with a resource as a client does, and uploads it or not.
func (s *spoiled) resource(upload bool) charmresource.Resource {
	s.Helper()
	fingerprint, err := charmresource.GenerateFingerprint(strings.NewReader("the image"))
	s.ok(err)
	r := charmresource.Resource{
		Meta: charmresource.Meta{Name: "image", Type: charmresource.TypeFile, Path: "image.bin"}, Origin: charmresource.OriginUpload,
		Fingerprint: fingerprint, Size: int64(len("the image")),
	}
	if !upload {
		r.Origin, r.Revision = charmresource.OriginStore, 3
	}
	pending, err := s.st.Resources().AddPendingResource("res", "admin", r)
	s.ok(err)
	if upload {
		_, err = s.st.Resources().UpdatePendingResource("res", pending, "admin", r, strings.NewReader("the image"))
		s.ok(err)
	}
	s.application("res", charmFiles("res", "resources: {image: {type: file, filename: image.bin}}\n"), func(a *state.AddApplicationArgs) {
		a.Resources = map[string]string{"image": pending}
	})
	return r
}

// application adds one without units.
func (s *spoiled) application(name string, files map[string]string, change func(*state.AddApplicationArgs)) *state.Application {
	s.Helper()
	ch, err := controller.PutCharmFiles(s.st, "ch:amd64/"+name+"-7", files)
	s.ok(err)
	args := state.AddApplicationArgs{Name: name, Charm: ch, CharmOrigin: controller.Origin(name, 7)}
	if change != nil {
		change(&args)
	}
	a, err := s.st.AddApplication(args)
	s.ok(err)
	return a
}

// secret adds a secret of an owner and returns its URI.
func (s *spoiled) secret(owner names.Tag) *secrets.URI {
	s.Helper()
	uri := secrets.NewURI()
	_, err := state.NewSecrets(s.st).CreateSecret(uri, state.CreateSecretParams{
		Version: 1, Owner: owner, UpdateSecretParams: state.UpdateSecretParams{LeaderToken: noToken{}, Data: map[string]string{"k": "dg=="}},
	})
	s.ok(err)
	return uri
}

func onModel(change func(*spoiled, *state.Model) error) func(*spoiled) {
	return func(s *spoiled) {
		m, err := s.st.Model()
		s.ok(err)
		s.ok(change(s, m))
	}
}

// storesFaults are faults of what a model stores: disks, networks, secrets, resources, actions.
func storesFaults() []fault {
	return []fault{
		{name: "storage that is mounted", do: func(s *spoiled) { s.mount() }},
		{name: "storage that was added to a unit", do: func(s *spoiled) { s.addedDisk() }},
		{name: "storage that is detached", do: func(s *spoiled) {
			backend, tag := s.addedDisk()
			unit := names.NewUnitTag("disk/0")
			s.ok(backend.DetachStorage(tag, unit, false, time.Minute))
			_ = backend.RemoveStorageAttachment(tag, unit, false) // It may be gone already.
		}},
		{name: "storage that is being removed", do: func(s *spoiled) {
			backend, tag := s.addedDisk()
			s.ok(backend.DestroyStorageInstance(tag, true, false, time.Minute))
		}},
		{name: "volume that is attached", do: func(s *spoiled) {
			backend, tag := s.disk("block")
			of, err := backend.StorageInstanceVolume(tag)
			s.ok(err)
			machine, err := s.unit("disk/0").AssignedMachineId()
			s.ok(err)
			s.ok(errors.Join(
				backend.SetVolumeInfo(of.VolumeTag(), state.VolumeInfo{VolumeId: "vol-1", Size: 1024, HardwareId: "serial"}),
				backend.SetVolumeAttachmentInfo(names.NewMachineTag(machine), of.VolumeTag(), state.VolumeAttachmentInfo{DeviceName: "sdb"}),
			))
		}},
		{name: "space without subnets", do: func(s *spoiled) {
			_, err := s.st.AddSpace("empty", "", nil, false)
			s.ok(err)
		}},
		{name: "subnet that the cloud knows", do: func(s *spoiled) {
			s.subnet(network.SubnetInfo{CIDR: "10.98.0.0/24", ProviderId: "subnet-1", ProviderNetworkId: "vpc-1", VLANTag: 7, AvailabilityZones: []string{"a", "b"}})
		}},
		{name: "subnet of a fan", do: func(s *spoiled) {
			s.subnet(network.SubnetInfo{CIDR: "10.97.0.0/24"})
			s.subnet(network.SubnetInfo{CIDR: "253.0.0.0/16", FanInfo: &network.FanCIDRs{FanLocalUnderlay: "10.97.0.0/24", FanOverlay: "253.0.0.0/8"}})
		}},
		{name: "subnet that is dead", do: func(s *spoiled) { s.ok(s.subnet(network.SubnetInfo{CIDR: "10.96.0.0/24"}).EnsureDead()) }},
		{name: "application bound to a space", do: func(s *spoiled) {
			space, err := s.st.AddSpace("dmz", "", []string{s.subnet(network.SubnetInfo{CIDR: "10.95.0.0/24"}).ID()}, false)
			s.ok(err)
			bindings, err := state.NewBindings(s.st, map[string]string{"server": space.Id()})
			s.ok(err)
			s.ok(s.app().MergeBindings(bindings, true))
		}},
		{name: "application exposed to some networks", do: func(s *spoiled) {
			s.ok(s.app().MergeExposeSettings(map[string]state.ExposedEndpoint{"server": {ExposeToCIDRs: []string{"10.0.0.0/8"}}}))
		}},
		{name: "machine with a bond", do: onMachine(func(m *state.Machine) error {
			return m.SetLinkLayerDevices( //nolint:staticcheck // Juju has no other way for tests.
				state.LinkLayerDeviceArgs{Name: "bond0", Type: network.BondDevice, MACAddress: "aa:bb:cc:dd:ee:02"},
				state.LinkLayerDeviceArgs{Name: "bond0.7", Type: network.VLAN8021QDevice, MACAddress: "aa:bb:cc:dd:ee:02", ParentName: "bond0"},
			)
		})},
		{name: "machine with host keys", do: func(s *spoiled) {
			s.ok(s.st.SetSSHHostKeys(names.NewMachineTag("0"), state.SSHHostKeys{"ssh-rsa AAAA"}))
		}},
		{name: "machine that supports containers", do: onMachine(func(m *state.Machine) error { return m.SetSupportedContainers([]instance.ContainerType{instance.LXD}) })},
		{name: "secret of a unit", do: func(s *spoiled) { s.secret(names.NewUnitTag("pg/0")) }},
		{name: "secret with several revisions", do: func(s *spoiled) {
			uri := s.secret(names.NewApplicationTag("pg"))
			for _, value := range []string{"MQ==", "Mg=="} {
				_, err := state.NewSecrets(s.st).UpdateSecret(uri, state.UpdateSecretParams{LeaderToken: noToken{}, Data: map[string]string{"k": value}})
				s.ok(err)
			}
		}},
		{name: "secret granted for a relation", do: func(s *spoiled) {
			relation := s.relate("pg/0", "app/0")
			s.ok(relation.SetStatus(since(status.Joined, "")))
			s.ok(s.st.GrantSecretAccess(s.secret(names.NewApplicationTag("pg")), state.SecretAccessParams{
				LeaderToken: noToken{}, Scope: relation.Tag(), Subject: names.NewApplicationTag("app"), Role: secrets.RoleView,
			}))
		}},
		{name: "secret of another model", do: func(s *spoiled) {
			s.ok(s.st.SaveSecretConsumer(secrets.NewURI().WithSource(s.west.ModelUUID), names.NewUnitTag("pg/0"), &secrets.SecretConsumerMetadata{CurrentRevision: 1, LatestRevision: 2}))
		}},
		{name: "secret that another model reads", do: func(s *spoiled) {
			s.consumed()
			s.ok(s.st.SaveSecretRemoteConsumer(s.secret(names.NewApplicationTag("pg")), names.NewUnitTag("remote-loki/0"), &secrets.SecretConsumerMetadata{CurrentRevision: 1, LatestRevision: 1}))
		}},
		{name: "model that keeps its secrets in the controller", do: modelConfig(map[string]any{"secret-backend": "internal"})},
		{name: "model with a secret backend that the target has not", do: func(s *spoiled) {
			name := "unused-of-" + s.model
			_, err := state.NewSecretBackends(s.st).CreateSecretBackend(state.CreateSecretBackendParams{Name: name, BackendType: "vault", Config: map[string]any{"endpoint": "http://vault"}})
			s.ok(err)
			modelConfig(map[string]any{"secret-backend": name})(s)
		}},
		{name: "secret in a backend that both have", do: func(s *spoiled) {
			id := bson.NewObjectId().Hex()
			for _, st := range []*state.State{s.st, s.east.State} {
				_, err := state.NewSecretBackends(st).CreateSecretBackend(state.CreateSecretBackendParams{ID: id, Name: "both-of-" + s.model, BackendType: "vault", Config: map[string]any{"endpoint": "http://vault"}})
				s.ok(err)
			}
			secretWith(func(p *state.CreateSecretParams) {
				p.Data, p.ValueRef = nil, &secrets.ValueRef{BackendID: id, RevisionID: "rev-1"}
			})(s)
		}},
		{name: "resource that is there", do: func(s *spoiled) { s.resource(true) }},
		{name: "resource of Charmhub that no unit has fetched", do: func(s *spoiled) { s.resource(false) }},
		{name: "resource of a unit", do: func(s *spoiled) {
			r := s.resource(true)
			a, err := s.st.Application("res")
			s.ok(err)
			unit := s.addUnitOf(a, s.addMachine(ubuntu("22.04")))
			_, err = s.st.Resources().SetUnitResource(unit.Name(), "admin", r)
			s.ok(err)
		}},
		{name: "resource that was attached again", do: func(s *spoiled) {
			_, err := s.st.Resources().SetResource("res", "admin", s.resource(true), strings.NewReader("the image"), state.IncrementCharmModifiedVersion)
			s.ok(err)
		}},
		{name: "resource that is being uploaded", do: func(s *spoiled) {
			_, err := s.st.Resources().AddPendingResource("res", "admin", s.resource(true))
			s.ok(err)
		}},
		{name: "resource that Charmhub has a newer revision of", do: func(s *spoiled) {
			r := s.resource(true)
			r.Origin, r.Revision = charmresource.OriginStore, 9
			s.ok(s.st.Resources().SetCharmStoreResources("res", []charmresource.Resource{r}, time.Now()))
		}},
		{name: "action on a machine", do: onModel(func(s *spoiled, m *state.Model) error {
			operation, err := m.EnqueueOperation("exec", 1)
			s.ok(err)
			_, err = m.AddAction(s.machine(), operation, "juju-exec", map[string]any{"command": "true", "timeout": 1}, nil, nil)
			return err
		})},
		{name: "operation without tasks", do: onModel(func(_ *spoiled, m *state.Model) error {
			_, err := m.EnqueueOperation("nothing", 2)
			return err
		})},
		{name: "operation that could not be queued", do: onModel(func(s *spoiled, m *state.Model) error {
			operation, err := m.EnqueueOperation("nothing", 1)
			s.ok(err)
			return m.FailOperationEnqueuing(operation, "no such unit", 0)
		})},
		{name: "image of the model's own", do: func(s *spoiled) {
			s.ok(s.st.CloudImageMetadataStorage.SaveMetadata([]cloudimagemetadata.Metadata{{
				MetadataAttributes: cloudimagemetadata.MetadataAttributes{Stream: "released", Region: "dummy-region", Version: "22.04", Arch: "amd64", Source: "custom"}, Priority: 50, ImageId: "ami-1",
			}}))
		}},
		{name: "charm that is being fetched", do: func(s *spoiled) {
			put := s.charm("ch:amd64/source-1", "fetched")
			_, err := s.st.AddCharmMetadata(state.CharmInfo{Charm: put, ID: "ch:amd64/fetched-3"})
			s.ok(err)
		}},
		{name: "application with a charm that is being fetched", do: func(s *spoiled) {
			put := s.charm("ch:amd64/source-1", "fetched")
			ch, err := s.st.AddCharmMetadata(state.CharmInfo{Charm: put, ID: "ch:amd64/fetched-3"})
			s.ok(err)
			_, err = s.st.AddApplication(state.AddApplicationArgs{Name: "fetched", Charm: ch, CharmOrigin: controller.Origin("fetched", 3)})
			s.ok(err)
		}},
		{name: "application with devices", do: func(s *spoiled) {
			s.application("gpu", charmFiles("gpu", "devices: {miner: {type: nvidia.com/gpu, countmin: 1}}\n"), func(a *state.AddApplicationArgs) {
				a.Devices = map[string]state.DeviceConstraints{"miner": {Type: "nvidia.com/gpu", Count: 1}}
			})
		}},
		{name: "application of which a unit is staged", do: func(s *spoiled) {
			s.application("staged", charmFiles("staged", ""), func(a *state.AddApplicationArgs) { a.NumUnits = 1 })
		}},
		{name: "subordinate application without a relation", do: func(s *spoiled) {
			s.application("sub", charmFiles("sub", "subordinate: true\nrequires: {host: {interface: juju-info, scope: container}}\n"), nil)
		}},
		{name: "branch that a unit follows", do: func(s *spoiled) {
			s.ok(s.st.AddBranch("trial", "admin"))
			branch, err := s.st.Branch("trial")
			s.ok(err)
			s.ok(branch.AssignUnit("pg/0"))
		}},
		{name: "offer that everyone may consume", do: func(s *spoiled) {
			addOffer(s)
			offer, err := state.NewApplicationOffers(s.st).ApplicationOffer("pg")
			s.ok(err)
			s.ok(s.st.CreateOfferAccess(names.NewApplicationOfferTag(offer.OfferUUID), names.NewUserTag("everyone@external"), permission.ReadAccess))
		}},
		{name: "consumed offer under two names", do: func(s *spoiled) {
			consumeOffer(s)
			_, err := s.st.AddRemoteApplication(state.AddRemoteApplicationParams{
				Name: "loki-again", OfferUUID: "offer-uuid-1", URL: "admin/infra.loki", SourceModel: names.NewModelTag(s.west.ModelUUID), Token: "t3",
				Endpoints: []charm.Relation{{Name: "server", Role: charm.RoleProvider, Interface: "x", Scope: charm.ScopeGlobal}},
			})
			s.ok(err)
		}},
		{name: "model with a service level", do: func(s *spoiled) { s.ok(s.st.SetSLA("essential", "admin", []byte("credentials"))) }},
		{name: "model that is not paid for", do: func(s *spoiled) { s.ok(s.st.SetModelMeterStatus("RED", "unpaid")) }},
		{name: "model with a firewall for ssh", do: modelConfig(map[string]any{"ssh-allow": "10.0.0.0/8", "saas-ingress-allow": "10.1.0.0/16", "egress-subnets": "10.2.0.0/16"})},
		{name: "model whose default space is another", do: func(s *spoiled) {
			_, err := s.st.AddSpace("wide", "", []string{s.subnet(network.SubnetInfo{CIDR: "10.94.0.0/24"}).ID()}, false)
			s.ok(err)
			modelConfig(map[string]any{"default-space": "wide"})(s)
		}},
		{name: "model without a credential", do: onModel(func(s *spoiled, _ *state.Model) error {
			s.set(s.west, "models", s.model, bson.M{"cloud-credential": ""})
			return nil
		})},
		{name: "credential of another user", do: onModel(func(s *spoiled, m *state.Model) error {
			tag := names.NewCloudCredentialTag("dummy/zoe/other")
			s.ok(s.west.State.UpdateCloudCredential(tag, credential(false)))
			_, err := m.SetCloudCredential(tag)
			return err
		})},
		credentialOnTarget("credential that the target has with other content", cloud.UserPassAuthType, map[string]string{"username": "somebody", "password": "else"}, false),
		credentialOnTarget("credential that the target has with another password", cloud.UserPassAuthType, map[string]string{"username": "dummy", "password": "else"}, false),
		credentialOnTarget("credential that the target has of another kind", cloud.EmptyAuthType, nil, false),
		credentialOnTarget("credential that the target has revoked", cloud.UserPassAuthType, map[string]string{"username": "dummy", "password": "secret"}, true),
		{name: "credential that the target calls invalid", do: func(s *spoiled) {
			s.ok(s.east.State.InvalidateCloudCredential(controller.Credential(), "wrong"))
		}, undo: restoreOnTarget},
	}
}

// credentialOnTarget is a fault of the models' credential on the target.
func credentialOnTarget(name string, kind cloud.AuthType, attributes map[string]string, revoked bool) fault {
	return fault{name: name, do: func(s *spoiled) {
		c := cloud.NewCredential(kind, attributes)
		c.Revoked = revoked
		s.ok(s.east.State.UpdateCloudCredential(controller.Credential(), c))
	}, undo: restoreOnTarget}
}

func restoreOnTarget(s *spoiled) {
	s.ok(s.east.State.UpdateCloudCredential(controller.Credential(), credential(false)))
}
