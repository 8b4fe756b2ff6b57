package jaas

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
	"jimm-migrator/src/rpc"
)

var (
	_ survey.ControllerReader      = reader{}
	_ survey.ControllerModelReader = reader{}
	_ survey.ImportReader          = reader{}
)

// reader reads controllers with an account, for the engine.
type reader struct{ *connections }

// Access logs in, if there is an account, and reports the result.
func (r reader) Access(ctx context.Context, c facts.Controller) facts.Account {
	out := facts.Account{State: facts.AccountWorks, User: r.logins[c.Name].User}
	_, login, err := r.get(ctx, c)
	out.Version, out.Facades, out.Err = login.ServerVersion, login.Facades, err
	switch {
	case err == nil:
	case errors.Is(err, errNoAccount):
		out.State = facts.AccountNone
	case errors.Is(err, errNotSuperuser):
		out.State = facts.AccountWeak
	case errors.Is(err, rpc.CodeUnauthorized), errors.Is(err, rpc.CodeDischargeRequired):
		out.State = facts.AccountRefused
	default:
		out.State = facts.AccountSilent
	}
	return out
}

// describe asks the controller, as an administrator, about a model that it has
// in some form. An error means that the controller did not describe the model.
func (r reader) describe(ctx context.Context, c facts.Controller, model string) (facts.Copy, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	conn, _, err := r.get(ctx, c)
	if err != nil {
		return facts.Copy{}, err
	}
	models, err := conn.ModelManager()
	if err != nil {
		return facts.Copy{}, err
	}
	m, err := models.ModelInfo(ctx, model)
	if err != nil {
		return facts.Copy{}, err
	}
	shown := facts.CopyOf(liveInfo(m))
	if m.Status.Status != suspended {
		return shown, nil
	}
	// A credential that is not valid hides that a copy is half imported. The list
	// does not have such copies.
	list, err := models.ListModelSummaries(ctx, juju.UserTag(r.logins[c.Name].User), true)
	if err != nil {
		return facts.Copy{}, err
	}
	if !slices.ContainsFunc(list, func(s juju.ModelSummary) bool { return s.UUID == model }) {
		shown.State = facts.CopyImporting
	}
	return shown, nil
}

// suspended is the status of a model whose cloud credential is not valid.
const suspended = "suspended"

// Holdings compares all models of the controller with those that it lists: up to Juju
// 3.6, the list does not have half-imported copies. It also lacks models from which
// REAP has already removed the permissions; the controller does not describe those.
func (r reader) Holdings(ctx context.Context, c facts.Controller) ([]facts.Holding, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	conn, _, err := r.get(ctx, c)
	if err != nil {
		return nil, err
	}
	// All models are read first, so that one that is imported in between is not
	// taken for a half-imported copy.
	all, err := allModels(ctx, conn)
	if err != nil {
		return nil, err
	}
	models, err := conn.ModelManager()
	if err != nil {
		return nil, err
	}
	list, err := models.ListModelSummaries(ctx, juju.UserTag(r.logins[c.Name].User), true)
	if err != nil {
		return nil, err
	}
	listed := make(map[string]juju.ModelSummary, len(list))
	for _, m := range list {
		listed[m.UUID] = m
	}
	out := make([]facts.Holding, len(all))
	for i, m := range all {
		out[i] = facts.Holding{UUID: m.UUID, Name: m.Name, Owner: m.Owner()}
		if summary, there := listed[m.UUID]; there {
			// Juju 4.0.x lists half-imported ones too.
			out[i].Importing = summary.Status.Status == "busy" && summary.Status.Info == facts.TextImporting
			out[i].Life = summary.Life
		} else if info, err := models.ModelInfo(ctx, m.UUID); err == nil {
			out[i].Importing = info.Status.Status == suspended || liveInfo(info).Importing()
			out[i].Life = info.Life
		}
	}
	return out, nil
}

// allModels asks once more if a model has vanished while the models were
// listed, because the whole call then fails.
func allModels(ctx context.Context, conn *juju.Conn) ([]juju.UserModel, error) {
	controller, err := conn.Controller()
	if err != nil {
		return nil, err
	}
	all, err := controller.AllModels(ctx)
	if errors.Is(err, rpc.CodeNotFound) {
		all, err = controller.AllModels(ctx)
	}
	return all, err
}

// Users returns the users that the controller knows.
func (r reader) Users(ctx context.Context, c facts.Controller) (out facts.KnownUsers, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	conn, _, err := r.get(ctx, c)
	if err != nil {
		return out, err
	}
	manager, err := conn.UserManager()
	if err != nil {
		return out, err
	}
	users, err := manager.Users(ctx)
	if err != nil {
		return out, err
	}
	for _, u := range users {
		out.Local = append(out.Local, u.Name)
	}
	controller, err := conn.Controller()
	if err != nil {
		return out, err
	}
	out.Identity, err = controller.IdentityProviderURL(ctx)
	return out, err
}

// Clouds returns the regions of the clouds that the controller knows.
func (r reader) Clouds(ctx context.Context, c facts.Controller) (map[string][]string, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	conn, _, err := r.get(ctx, c)
	if err != nil {
		return nil, err
	}
	cloud, err := conn.Cloud()
	if err != nil {
		return nil, err
	}
	return cloud.Clouds(ctx)
}

// Credential returns what the controller shows about a cloud credential.
func (r reader) Credential(ctx context.Context, c facts.Controller, tag string) (facts.CloudCredential, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	conn, _, err := r.get(ctx, c)
	if err != nil {
		return facts.CloudCredential{}, false, err
	}
	cloud, err := conn.Cloud()
	if err != nil {
		return facts.CloudCredential{}, false, err
	}
	got, err := cloud.Credential(ctx, tag)
	if errors.Is(err, rpc.CodeNotFound) {
		return facts.CloudCredential{}, false, nil
	}
	return facts.CloudCredential{Kind: got.AuthType, Attributes: got.Attributes, Secret: got.Redacted}, err == nil, err
}

// SecretBackends returns the names of the secret backends that the controller has, by their ids.
func (r reader) SecretBackends(ctx context.Context, c facts.Controller) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	conn, _, err := r.get(ctx, c)
	if err != nil {
		return nil, err
	}
	return conn.SecretBackends(ctx)
}

// The versions of MigrationTarget: those up to the first need no facades of the
// source, and those after the second need a description of the model, which
// contains its secrets and which only the source can make.
const (
	withoutFacades     = 2
	withoutDescription = 3
)

// Prechecks asks the target whether it would accept the model: with the facades
// of the source if there is an account on the source too, otherwise with a
// version that does not check them.
func (r reader) Prechecks(ctx context.Context, target, source facts.Controller, m facts.Model) (out facts.Prechecks, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	conn, login, err := r.get(ctx, target)
	if err != nil {
		return out, err
	}
	if offered := login.Facades["MigrationTarget"]; len(offered) > 0 && slices.Min(offered) > withoutDescription {
		return out, survey.ErrNeedsDescription
	}
	version, facades := r.facadesOf(ctx, source, m.UUID)
	most := withoutFacades
	if facades != nil {
		most = withoutDescription
	}
	facade, err := conn.MigrationTarget(most)
	if err != nil {
		return out, err
	}
	out.Version, out.Facades = facade.Version(), facades != nil && facade.Version() > withoutFacades
	err = facade.Prechecks(ctx, juju.Precheck{
		UUID: m.UUID, Name: m.Name, Owner: m.Owner, AgentVersion: m.AgentVersion,
		ControllerVersion: cmp.Or(version, source.AgentVersion), Facades: facades,
	})
	answer, isAnswer := errors.AsType[*rpc.Error](err)
	switch {
	case err == nil:
		return out, nil
	case !isAnswer, errors.Is(err, rpc.CodeUnauthorized), errors.Is(err, rpc.CodeNotImplemented):
		return out, err
	default:
		out.Refusal = redact.Raw(answer.Message)
		return out, nil
	}
}

// facadesOf returns what the source runs, and the facades that it offers on
// connections to it and to the model; nothing if it does not report them.
func (r reader) facadesOf(ctx context.Context, source facts.Controller, model string) (version string, facades juju.FacadeVersions) {
	_, login, err := r.get(ctx, source)
	if err != nil {
		return "", nil
	}
	_, ofModel, err := r.openModel(ctx, source, model)
	if err != nil {
		return login.ServerVersion, nil
	}
	return login.ServerVersion, login.Facades.Union(ofModel.Facades)
}

// errNoControllerModel reports that the controller does not list its own model.
var errNoControllerModel = errors.New("the controller does not list its controller model")

// ControllerModel finds the controller model in the list of models, logs in to it and reads its
// status. Juju 4 derives the status from the values that its prechecks read
// (domain/status/service and apiserver/facades/client/client of 4.0); not all of its releases
// report versions of agents.
func (r reader) ControllerModel(ctx context.Context, c facts.Controller) (facts.Inventory, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	conn, _, err := r.get(ctx, c)
	if err != nil {
		return facts.Inventory{}, err
	}
	model, err := r.controllerModel(ctx, conn, c)
	if err != nil {
		return facts.Inventory{}, err
	}
	at, login, err := r.openModel(ctx, c, model)
	if err != nil {
		return facts.Inventory{}, err
	}
	status, _, err := jimm.ReadStatus(ctx, at, login.Facades, model)
	if err != nil {
		return facts.Inventory{}, err
	}
	return inventoryOf(status), nil
}

// controllerModel returns the UUID of the controller model.
func (r reader) controllerModel(ctx context.Context, conn *juju.Conn, c facts.Controller) (string, error) {
	models, err := conn.ModelManager()
	if err != nil {
		return "", err
	}
	list, err := models.ListModelSummaries(ctx, juju.UserTag(r.logins[c.Name].User), true)
	if err != nil {
		return "", err
	}
	own := slices.IndexFunc(list, func(m juju.ModelSummary) bool { return m.IsController })
	if own < 0 {
		return "", errNoControllerModel
	}
	return list[own].UUID, nil
}

// ChangesDisabled reports whether changes to the controller model are disabled.
func (r reader) ChangesDisabled(ctx context.Context, c facts.Controller) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	conn, _, err := r.get(ctx, c)
	if err != nil {
		return false, err
	}
	model, err := r.controllerModel(ctx, conn, c)
	if err != nil {
		return false, err
	}
	facade, err := conn.Controller()
	if err != nil {
		return false, err
	}
	return facade.ChangeBlocked(ctx, model)
}

// Refusal asks the target what the source asks it in VALIDATION: whether the machines of
// the copy match those in the cloud. The source asks it every few seconds.
func (r reader) Refusal(ctx context.Context, target facts.Controller, model string) (redact.Raw, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	conn, _, err := r.get(ctx, target)
	if err != nil {
		return "", err
	}
	facade, err := conn.ImportChecker()
	if err != nil {
		return "", err
	}
	problems, err := facade.CheckMachines(ctx, model)
	answer, isAnswer := errors.AsType[*rpc.Error](err)
	switch {
	case err == nil:
		return redact.Raw(strings.Join(problems, "; ")), nil
	case !isAnswer, errors.Is(err, rpc.CodeUnauthorized), errors.Is(err, rpc.CodeNotImplemented), errors.Is(err, rpc.CodeNotFound):
		return "", err
	default:
		return redact.Raw(answer.Message), nil
	}
}
