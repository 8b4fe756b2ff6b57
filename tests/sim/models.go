package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

// addModels adds the models to their controllers, plays their history and writes JIMM's rows.
func (j *JAAS) addModels(ctx context.Context) error {
	happened := false
	for _, m := range j.world.Models {
		if err := j.putOnControllers(m); err != nil {
			return err
		}
		for i, past := range m.History {
			happened = true
			if i > 0 { // two migrations of a model never begin this close together
				if err := wire.Wait(ctx, betweenPasts); err != nil {
					return err
				}
			}
			if err := j.happen(ctx, m, past); err != nil {
				return fmt.Errorf("history of model %q: %w", m.Name, err)
			}
		}
	}
	if happened { // Juju's times have seconds: the next migration must not be mistaken for an earlier one
		now := time.Now()
		if err := wire.Wait(ctx, now.Truncate(time.Second).Add(time.Second).Sub(now)); err != nil {
			return err
		}
	}
	for _, m := range j.world.Models {
		if j.jimm == nil {
			break
		}
		if err := j.addRow(m); err != nil {
			return err
		}
	}
	return nil
}

// betweenPasts separates the migrations in the history of one model.
const betweenPasts = 1500 * time.Millisecond

// putOnControllers adds a model to the controller where it begins, and its second active copies.
func (j *JAAS) putOnControllers(m Model) error {
	content := m.Model
	content.Offers = j.world.withConsumers(m)
	content.Users = slices.Clone(content.Users)
	if m.CreatedHere {
		content.Users = append(content.Users, controller.ModelUser{Name: j.ownUser(), Access: accessAdmin})
	}
	for _, name := range append([]string{m.Controller}, m.Copies...) {
		if name == nowhere {
			continue
		}
		if err := j.Controller(name).AddModel(content); err != nil {
			return err
		}
	}
	if len(m.Migrations) > 0 {
		j.Controller(m.Controller).Script(m.UUID, m.Migrations...)
	}
	return nil
}

const accessAdmin = "admin"

// happen plays a past migration: for real and over the wire, but in no time and without JIMM.
func (j *JAAS) happen(ctx context.Context, m Model, past Past) error {
	source, err := j.host(m.UUID)
	if err != nil {
		return err
	}
	outcome := past.Outcome
	if outcome.Pace == nil {
		outcome.Pace = &controller.Pace{AgentLimit: time.Millisecond, Progress: time.Hour}
	}
	from := j.Controller(source)
	from.Script(m.UUID, append([]controller.Outcome{outcome}, m.Migrations...)...)
	if err := j.initiate(ctx, source, past.To, m.UUID, past.SkipUserChecks); err != nil {
		return err
	}
	if err := from.AwaitPhase(ctx, m.UUID, controller.Done, controller.ReapFailed, controller.AbortDone); err != nil {
		return err
	}
	if _, here := from.Model(m.UUID); !here && len(m.Migrations) > 0 {
		j.Controller(past.To).Script(m.UUID, m.Migrations...)
	}
	return nil
}

// host is the controller with the active copy that is not a second one.
func (j *JAAS) host(uuid string) (string, error) {
	for _, place := range j.where(uuid) {
		if place.State == controller.StateActive {
			return place.Controller, nil
		}
	}
	return "", errors.New("no controller holds an active copy")
}

// scheme is how servers reach each other.
func (j *JAAS) scheme() string {
	if j.options.Plain {
		return "ws://"
	}
	return "wss://"
}

// JujuMigrate does what "juju migrate" does for a superuser of both controllers: JIMM does not learn of it. The world must
// allow Controller.InitiateMigration.
func (j *JAAS) JujuMigrate(ctx context.Context, uuid, target string) error {
	source, err := j.host(uuid)
	if err != nil {
		return err
	}
	return j.initiate(ctx, source, target, uuid, false)
}

// initiate calls Controller.InitiateMigration as "juju migrate" does.
func (j *JAAS) initiate(ctx context.Context, source, target, uuid string, skipUsers bool) error {
	from, _ := j.world.controller(source)
	to, _ := j.world.controller(target)
	conn, err := rpc.Dial(ctx, j.scheme()+j.servers[source].address+"/api", rpc.DialOptions{
		RootCAs: j.ca.Pool(), ServerName: "juju-apiserver", DialContext: j.options.DialContext, PingInterval: -1,
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	user := superuser(from)
	var login struct {
		Facades juju.FacadeVersions `json:"facades"`
	}
	err = conn.Call(ctx, rpc.Request{Facade: "Admin", Version: 3, Method: "Login"}, map[string]any{
		"auth-tag": "user-" + user.Name, "credentials": user.Password, "client-version": from.Version,
	}, &login)
	if err != nil {
		return err
	}
	version, _ := login.Facades.Best("Controller", 11, 12, 13) // every server has it
	there := superuser(to)
	var reply struct {
		Results []struct {
			Error *rpc.Error `json:"error"`
		} `json:"results"`
	}
	err = conn.Call(ctx, rpc.Request{Facade: "Controller", Version: version, Method: "InitiateMigration"}, map[string]any{
		"specs": []any{map[string]any{
			"model-tag": "model-" + uuid,
			"target-info": map[string]any{
				"controller-tag": "controller-" + to.UUID, "controller-alias": to.Name,
				"addrs": []string{j.servers[target].address}, "ca-cert": j.ca.PEM(),
				"auth-tag": "user-" + there.Name, "password": there.Password, "skip-user-checks": skipUsers,
			},
		}},
	}, &reply)
	if err == nil && len(reply.Results) == 1 && reply.Results[0].Error != nil {
		err = reply.Results[0].Error
	}
	return err
}

// addRow writes JIMM's record and its tuples.
func (j *JAAS) addRow(m Model) error {
	recorded := m.RecordedOn
	if recorded == "" {
		var err error
		if recorded, err = j.host(m.UUID); err != nil {
			return fmt.Errorf("model %q: %w", m.Name, err)
		}
	}
	c, _ := j.world.controller(recorded)
	cloud := c.Cloud
	if m.Cloud != "" {
		cloud = m.Cloud
	}
	if !slices.Contains(j.world.JIMM.NoCredentials, m.Owner) {
		j.jimm.AddCredential(jimm.Credential{Cloud: cloud, Owner: m.Owner, Name: m.Credential})
	}
	if recorded == nowhere || c.Unregistered {
		return nil
	}
	if w := j.world.JIMM; w.Version == "2026" && !w.Mended && strings.HasPrefix(c.Version, "4.") {
		return fmt.Errorf("model %q: JIMM of July 2026 has no way to a record on %q, whose Juju is %s: use mended in jimm, or recorded-on: none", m.Name, recorded, c.Version)
	}
	row := jimm.Model{
		UUID: m.UUID, Name: m.Name, Owner: m.Owner, Controller: recorded, Mode: jimm.Mode(m.Mode),
		Cloud: m.Cloud, Region: m.Region, Provider: c.CloudType, Credential: m.Credential,
		Type: m.Type, Life: m.Life, Agent: m.AgentVersion,
		Machines: len(m.Machines), Cores: 2 * len(m.Machines),
	}
	for _, a := range m.Applications {
		row.Units += len(a.Units)
	}
	if !j.jimm.AddModel(row) {
		return fmt.Errorf("there is already a model %q", m.Name)
	}
	relations := map[string]string{"read": "reader", "write": "writer", accessAdmin: "administrator"}
	for user, access := range m.Grants {
		j.jimm.Grant(jimm.Tuple{Object: "user-" + user, Relation: relations[access], Target: "model-" + m.UUID})
	}
	return nil
}

// startMigrations starts the migrations that are to run when the world begins, as an administrator of JIMM, or without
// a JIMM as "juju migrate" does.
func (j *JAAS) startMigrations(ctx context.Context) error {
	for _, m := range j.world.Models {
		if m.MigratingTo == "" {
			continue
		}
		start := j.startMigration
		if j.jimm == nil {
			start = j.startByHand
		}
		if err := start(ctx, m); err != nil {
			return fmt.Errorf("model %q migrating to %q: %w", m.Name, m.MigratingTo, err)
		}
	}
	return nil
}

func (j *JAAS) startByHand(ctx context.Context, m Model) error {
	source, err := j.host(m.UUID)
	if err != nil {
		return err
	}
	return j.initiate(ctx, source, m.MigratingTo, m.UUID, false)
}

func (j *JAAS) startMigration(ctx context.Context, m Model) error {
	conn, err := rpc.Dial(ctx, j.URL()+"/api", rpc.DialOptions{
		RootCAs: j.ca.Pool(), DialContext: j.options.DialContext, PingInterval: -1,
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	account := j.Account("")
	login := rpc.Request{Facade: "Admin", Version: 4, Method: "LoginWithClientCredentials"}
	err = conn.Call(ctx, login, map[string]string{"client-id": account.ID, "client-secret": account.Secret}, nil)
	if err != nil {
		return err
	}
	name := m.UUID
	if !generations()[j.world.JIMM.Version]().BareTargets {
		name = "model-" + m.UUID
	}
	var reply struct {
		Results []struct {
			Error *rpc.Error `json:"error"`
		} `json:"results"`
	}
	err = conn.Call(ctx, rpc.Request{Facade: "JIMM", Version: 4, Method: "MigrateModel"}, map[string]any{
		"specs": []recordParams{{Model: name, Target: m.MigratingTo}},
	}, &reply)
	if err == nil && len(reply.Results) == 1 && reply.Results[0].Error != nil {
		err = reply.Results[0].Error
	}
	return err
}
