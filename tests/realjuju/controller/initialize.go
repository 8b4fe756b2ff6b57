package controller

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/juju/clock"
	"github.com/juju/juju/cloud"
	jujucontroller "github.com/juju/juju/controller"
	"github.com/juju/juju/environs"
	"github.com/juju/juju/environs/config"
	envcontext "github.com/juju/juju/environs/context"
	"github.com/juju/juju/mongo"
	"github.com/juju/juju/provider/dummy"
	"github.com/juju/juju/state"
	"github.com/juju/juju/state/stateenvirons"
	coretesting "github.com/juju/juju/testing"
	jujuversion "github.com/juju/juju/version"
	"github.com/juju/mgo/v3"
	"github.com/juju/mgo/v3/bson"
	"github.com/juju/names/v5"

	"jimm-migrator/tests/realjuju/mongod"
)

// statePort is the port that a controller assumes for mongod. It is never dialled.
const statePort = 1234

// Credential is the cloud credential of every model.
func Credential() names.CloudCredentialTag { return names.NewCloudCredentialTag("dummy/admin/default") }

// databaseLimit is how long the controller waits for its database, which a test stops for as long as it asks questions
// (BeforeRemoval). No machine is so slow that it takes longer.
const databaseLimit = 30 * time.Minute

// initialize makes the database of a new controller, as bootstrap does.
func (c *Controller) initialize(port int) (jujucontroller.Config, error) {
	db, err := mongod.Start(mongod.Options{ReplicaSet: "juju"})
	if err != nil {
		return nil, err
	}
	c.db = db
	session, err := mongo.DialWithInfo(
		mongo.MongoInfo{Info: mongo.Info{Addrs: []string{db.Addr()}, CACert: c.CACert, DisableTLS: true}},
		mongo.DialOpts{Timeout: 30 * time.Second, SocketTimeout: databaseLimit, Direct: true},
	)
	if err != nil {
		return nil, fmt.Errorf("mongod: %w", err)
	}
	defer session.Close()
	session.SetMode(mgo.Monotonic, true)
	if err := session.Run(bson.D{{Name: "replSetInitiate", Value: nil}}, nil); err != nil {
		return nil, fmt.Errorf("replSetInitiate: %w", err)
	}
	cfg := jujucontroller.Config{
		"controller-uuid": c.UUID, "controller-name": c.Name, "ca-cert": c.CACert, "state-port": statePort, "api-port": port,
		"auditing-enabled": true, "audit-log-exclude-methods": "ReadOnlyMethods", // as after bootstrap; nothing is written here
		"max-debug-log-duration": "24h0m0s", "migration-agent-wait-time": "15m0s", jujucontroller.AgentRateLimitMax: 0,
	}
	maps.Copy(cfg, c.Config)
	maps.DeleteFunc(cfg, func(_ string, value any) bool { return value == nil })
	model, err := modelConfig("controller", c.ModelUUID)
	if err != nil {
		return nil, err
	}
	spec := dummy.SampleCloudSpec()
	c.state, err = state.Initialize(state.InitializeParams{
		Clock: clock.WallClock, ControllerConfig: cfg,
		ControllerModelArgs: state.ModelArgs{
			Type: state.ModelTypeIAAS, Owner: names.NewUserTag("admin@local"), Config: model, CloudName: "dummy",
			CloudRegion: "dummy-region", CloudCredential: Credential(), StorageProviderRegistry: dummy.StorageProviders(),
		},
		Cloud: cloud.Cloud{
			Name: spec.Name, Type: spec.Type, AuthTypes: []cloud.AuthType{cloud.EmptyAuthType, cloud.UserPassAuthType},
			Regions: []cloud.Region{{Name: "dummy-region"}},
		},
		CloudCredentials: map[names.CloudCredentialTag]cloud.Credential{Credential(): *spec.Credential},
		MongoSession:     session, NewPolicy: stateenvirons.GetNewPolicyFunc(), AdminPassword: AdminPassword,
	})
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	c.pool = c.state.StatePool()
	if c.State, err = c.state.SystemState(); err != nil {
		return nil, err
	}
	return cfg, prepareCloud(c.UUID, model)
}

// modelConfig is the configuration of a model in the dummy cloud.
func modelConfig(name, uuid string) (*config.Config, error) {
	return config.New(config.UseDefaults, dummy.SampleConfig().Merge(coretesting.Attrs{
		"name": name, "uuid": uuid, "controller": false, "agent-version": jujuversion.Current.String(),
	}))
}

// prepareCloud adds a model to the dummy cloud of this process.
func prepareCloud(controllerUUID string, cfg *config.Config) error {
	env, err := openCloud(cfg)
	if err != nil {
		return err
	}
	if _, err := env.AllInstances(envcontext.NewEmptyCloudCallContext()); err == nil {
		return nil
	}
	return env.Create(envcontext.NewEmptyCloudCallContext(), environs.CreateParams{ControllerUUID: controllerUUID})
}

func openCloud(cfg *config.Config) (environs.Environ, error) {
	provider, err := environs.Provider("dummy")
	if err != nil {
		return nil, err
	}
	return environs.Open(context.Background(), provider.(environs.CloudEnvironProvider), environs.OpenParams{Cloud: dummy.SampleCloudSpec(), Config: cfg})
}
