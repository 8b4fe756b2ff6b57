package jimm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

// createParams are those of ModelManager.CreateModel, which adds a model; AddModelToController also has the name.
type createParams struct {
	Name          string         `json:"name"`
	OwnerTag      string         `json:"owner-tag"`
	CloudTag      string         `json:"cloud-tag,omitempty"`
	Region        string         `json:"region,omitempty"`
	CredentialTag string         `json:"credential,omitempty"`
	Config        map[string]any `json:"config,omitempty"`

	Controller string `json:"controller-name,omitempty"`
}

// relAddModel lets a user add models to a controller (2026).
const relAddModel = "can_addmodel"

// createModel is ModelManager.CreateModel: JIMM chooses the controller. In 2024 it chooses any of the cloud; in 2026
// one that is not deprecated and on which the user may add models. Neither skips one that is unavailable, and neither
// tries a second one (both recorded). The real JIMM chooses at random; here they take turns.
func (ss *session) createModel(ctx context.Context, req *wire.Request) (any, error) {
	var params createParams
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	user, admin := ss.who()
	owner, err := ss.ownerToBe(params)
	if err != nil {
		return nil, err
	}
	var fit []Controller
	for _, c := range ss.s.db.controllerList() {
		cloud := params.CloudTag == "" || cloudName(params.CloudTag) == c.Cloud
		may := admin || ss.s.db.hasTuple(Tuple{"user-" + user, relAddModel, "controller-" + c.UUID})
		if cloud && (!ss.s.gen.Cordons || !c.Deprecated && may) {
			fit = append(fit, c)
		}
	}
	if len(fit) == 0 {
		return nil, &wire.Error{
			Message: "no available controllers - check permissions to controllers and list of available controllers",
		}
	}
	ss.s.mu.Lock()
	chosen := fit[ss.s.placed%len(fit)]
	ss.s.placed++
	ss.s.mu.Unlock()
	return ss.createOn(ctx, chosen, owner, params)
}

// addModelToController is JIMM.AddModelToController (2026): a deprecated controller also accepts it (recorded).
func (ss *session) addModelToController(ctx context.Context, req *wire.Request) (any, error) {
	var params createParams
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	owner, err := ss.ownerToBe(params)
	if err != nil {
		return nil, err
	}
	controller, failed := ss.s.forController(params.Controller)
	if failed != nil {
		return nil, failed
	}
	params.Controller = ""
	return ss.createOn(ctx, controller, owner, params)
}

// ownerToBe is the owner of a new model: the caller, or any user if the caller is an administrator (source).
func (ss *session) ownerToBe(params createParams) (string, error) {
	user, admin := ss.who()
	owner, err := userName(params.OwnerTag)
	switch {
	case err != nil:
		return "", err
	case owner != user && !admin:
		return "", errUnauthorized()
	}
	return owner, nil
}

func (ss *session) createOn(ctx context.Context, controller Controller, owner string, params createParams) (any, error) {
	s := ss.s
	if _, taken := s.db.modelNamed(owner, params.Name); taken {
		return nil, wire.Errorf(codeExists, "model %s/%s already exists", owner, params.Name) // the text is inferred
	}
	var info modelInfo
	err := s.use(ctx, controller, s.ownUser(), func(b *backing) error {
		return b.call(ctx, rpc.Request{
			Facade: "ModelManager", Version: b.best("ModelManager", s.gen.ModelManager), Method: "CreateModel",
		}, params, &info)
	})
	if failed, dialled := err.(*dialError); dialled { //nolint:errorlint // use returns it as it is
		return nil, failed.Unwrap()
	}
	if err != nil {
		return nil, asClientError(err)
	}
	row := Model{
		UUID: info.UUID, Name: info.Name, Owner: owner, Controller: controller.Name, Cloud: cloudName(info.CloudTag), Region: info.CloudRegion,
		Provider: info.ProviderType, Type: info.Type, Life: info.Life, Status: info.Status.Status,
	}
	if parts := strings.Split(params.CredentialTag, "_"); len(parts) == 3 {
		row.Credential = parts[2]
	}
	s.AddModel(row)
	row, _ = s.db.model(info.UUID)
	ss.merge(&info, row)
	return info, nil
}

// AddModelFor adds a model as its owner, with the right to add models anywhere. The audit log has the call.
func (s *Server) AddModelFor(ctx context.Context, owner, name string) error {
	params, err := json.Marshal(createParams{Name: name, OwnerTag: "user-" + owner})
	if err != nil {
		return fmt.Errorf("cannot add model %q: %w", name, err)
	}
	ss := s.newSession(nil)
	ss.user, ss.admin = owner, true
	req := &wire.Request{RequestID: 1, Facade: "ModelManager", Version: slices.Max(s.gen.Facades["ModelManager"]), Method: "CreateModel", Params: params}
	ss.auditRequest(req)
	_, err = ss.createModel(ctx, req)
	ss.auditResponse(req, err)
	return err
}
