package controller

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/juju/charm/v12"
	"github.com/juju/juju/api"
	"github.com/juju/juju/api/client/modelmanager"
	"github.com/juju/juju/cloudconfig/instancecfg"
	"github.com/juju/juju/core/arch"
	"github.com/juju/juju/core/instance"
	"github.com/juju/juju/core/status"
	"github.com/juju/juju/environs"
	envcontext "github.com/juju/juju/environs/context"
	"github.com/juju/juju/provider/dummy"
	"github.com/juju/juju/state"
	"github.com/juju/juju/state/binarystorage"
	statestorage "github.com/juju/juju/state/storage"
	jujuversion "github.com/juju/juju/version"
	"github.com/juju/names/v5"
	"github.com/juju/version/v2"
)

// AgentBinary is the version of every agent.
func AgentBinary() version.Binary {
	return version.Binary{Number: jujuversion.Current, Release: "ubuntu", Arch: arch.HostArch()}
}

// Settle gives a machine the state of one that has been running for a while.
func Settle(machine *state.Machine, password string) error {
	now := time.Now()
	return steps(
		func() error { return machine.SetPassword(password) },
		func() error { return machine.SetAgentVersion(AgentBinary()) },
		func() error {
			return machine.SetInstanceStatus(status.StatusInfo{Status: status.Running, Message: "Running", Since: &now})
		},
		func() error { return machine.SetStatus(status.StatusInfo{Status: status.Started, Since: &now}) },
	)
}

// steps runs functions until one fails.
func steps(all ...func() error) error {
	for i, step := range all {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

// addAgentBinaries stores agent binaries, as bootstrap and an upgrade do.
func (c *Controller) addAgentBinaries() error {
	storage, err := c.State.ToolsStorage()
	if err != nil {
		return err
	}
	defer func() { _ = storage.Close() }()
	older := AgentBinary()
	older.Patch--
	for _, binary := range []version.Binary{older, AgentBinary()} {
		v := binary.String()
		data := strings.Repeat("agent binary of "+v+"\n", 2000)
		sum := fmt.Sprintf("%x", sha256.Sum256([]byte(data)))
		if err := storage.Add(strings.NewReader(data), binarystorage.Metadata{Version: v, Size: int64(len(data)), SHA256: sum}); err != nil {
			return err
		}
	}
	return nil
}

// AddModel makes a model of the user admin through the API, as a client does, and returns its UUID.
func (c *Controller) AddModel(name string) (uuid string, err error) {
	conn, err := api.Open(c.Info(""), DialOptions())
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	model, err := modelmanager.NewClient(conn).CreateModel(name, "admin", "dummy", "dummy-region", Credential(), map[string]any{
		"controller": false,
		"authorized-keys": "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAYQDP8fPSAMFm2PQGoVUks/FENVUMww1QTK6m++Y2qX9NGHm43kwEzxfoWR77wo6fhBhgFHsQ6ogE" +
			"/cYLx77hOvjTchMEP74EVxSce0qtDjI7SwYbOpAButRId3g/Ef4STz8= joe@0.1.2.4",
	})
	return model.UUID, err
}

// PutModel makes a model with a UUID and an owner of the caller's in the database.
func (c *Controller) PutModel(name, uuid, owner string) error {
	cfg, err := modelConfig(name, uuid)
	if err != nil {
		return err
	}
	_, st, err := c.state.NewModel(state.ModelArgs{
		Type: state.ModelTypeIAAS, Owner: names.NewUserTag(owner), Config: cfg, CloudName: "dummy", CloudRegion: "dummy-region",
		StorageProviderRegistry: dummy.StorageProviders(),
	})
	if err != nil {
		return err
	}
	return st.Close()
}

// HasModel reports whether a model is in the controller's database, including one that is being imported.
func (c *Controller) HasModel(uuid string) bool {
	ok, err := c.State.ModelExists(uuid)
	return ok || err != nil
}

// Deploy adds an application with one unit on one machine to a model, all of it up and running, and returns its agents.
// With nil files it deploys a small charm.
func (c *Controller) Deploy(model, app string, files map[string]string) ([]Credentials, error) {
	st, err := c.pool.Get(model)
	if err != nil {
		return nil, err
	}
	defer st.Release()
	if files == nil {
		files = smallCharm(app)
	}
	ch, err := PutCharmFiles(st.State, "ch:amd64/"+app+"-7", files)
	if err != nil {
		return nil, fmt.Errorf("charm: %w", err)
	}
	application, err := st.AddApplication(state.AddApplicationArgs{Name: app, Charm: ch, CharmOrigin: Origin(app, 7)})
	if err != nil {
		return nil, fmt.Errorf("application: %w", err)
	}
	machine, err := st.AddOneMachine(state.MachineTemplate{Base: state.UbuntuBase("22.04"), Jobs: []state.MachineJob{state.JobHostUnits}})
	if err != nil {
		return nil, fmt.Errorf("machine: %w", err)
	}
	m, err := st.Model()
	if err != nil {
		return nil, err
	}
	id, err := c.StartInstance(m.Name(), model, machine.Id())
	if err != nil {
		return nil, fmt.Errorf("instance: %w", err)
	}
	unit, err := application.AddUnit(state.AddUnitParams{})
	if err != nil {
		return nil, err
	}
	hardware := instance.MustParseHardware("arch=amd64", "cores=1", "mem=1024M", "root-disk=8192M")
	password, nonce, now := "agent-password-for-"+app+"-1234567890", "nonce-"+machine.Id(), time.Now()
	err = steps(
		func() error { return machine.SetProvisioned(id, "", nonce, &hardware) },
		func() error { return Settle(machine, password) },
		func() error { return unit.AssignToMachine(machine) },
		func() error { return unit.SetPassword(password) },
		func() error { return unit.SetAgentVersion(AgentBinary()) },
		func() error { return unit.SetCharmURL(ch.URL()) },
		func() error { return unit.Agent().SetStatus(status.StatusInfo{Status: status.Idle, Since: &now}) },
		func() error {
			return unit.SetStatus(status.StatusInfo{Status: status.Active, Message: "ready", Since: &now})
		},
	)
	return []Credentials{{machine.Tag(), password, nonce}, {unit.Tag(), password, ""}}, err
}

// StartInstance starts an instance for a machine of a model in the dummy cloud of this process, also for a model of a
// controller in another process.
func (c *Controller) StartInstance(name, model, machine string) (instance.Id, error) {
	cfg, err := modelConfig(name, model)
	if err != nil {
		return "", err
	}
	if err := prepareCloud(c.UUID, cfg); err != nil {
		return "", err
	}
	env, err := openCloud(cfg)
	if err != nil {
		return "", err
	}
	started, err := env.StartInstance(envcontext.NewEmptyCloudCallContext(), environs.StartInstanceParams{
		ControllerUUID: c.UUID,
		InstanceConfig: &instancecfg.InstanceConfig{MachineId: machine, MachineNonce: "nonce-" + machine, APIInfo: &api.Info{Tag: names.NewMachineTag(machine)}},
	})
	if err != nil {
		return "", err
	}
	dummy.SetInstanceStatus(started.Instance, "running")
	return started.Instance.Id(), nil
}

// Origin is the origin of a charm from Charmhub.
func Origin(charmName string, revision int) *state.CharmOrigin {
	return &state.CharmOrigin{
		Source: "charm-hub", Type: "charm", ID: "id-" + charmName, Hash: "hash-" + charmName, Revision: &revision,
		Channel: &state.Channel{Track: "latest", Risk: "stable"}, Platform: &state.Platform{Architecture: "amd64", OS: "ubuntu", Channel: "22.04/stable"},
	}
}

// PutCharm stores a small charm that provides one endpoint and requires one.
func PutCharm(st *state.State, url, name string) (*state.Charm, error) {
	return PutCharmFiles(st, url, smallCharm(name))
}

func smallCharm(name string) map[string]string {
	return map[string]string{
		"metadata.yaml": "name: " + name + "\nsummary: a charm\ndescription: a charm\nprovides: {server: {interface: x}}\nrequires: {db: {interface: x}}\n",
		"manifest.yaml": "bases:\n- name: ubuntu\n  channel: '22.04'\n  architectures: [amd64]\n",
		"revision":      "7\n",
	}
}

// PutCharmFiles stores a charm that has these files.
func PutCharmFiles(st *state.State, url string, files map[string]string) (*state.Charm, error) {
	dir, err := os.MkdirTemp("", "charm")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	read, err := charm.ReadCharmDir(dir)
	if err != nil {
		return nil, err
	}
	var archive bytes.Buffer
	if err := read.ArchiveTo(&archive); err != nil {
		return nil, err
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(archive.Bytes()))
	path := "/charms/" + url + "-" + sum
	if err := statestorage.NewStorage(st.ModelUUID(), st.MongoSession()).Put(path, &archive, int64(archive.Len())); err != nil {
		return nil, err
	}
	return st.AddCharm(state.CharmInfo{Charm: read, ID: url, StoragePath: path, SHA256: sum})
}
