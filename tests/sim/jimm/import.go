package jimm

import (
	"context"
	"strings"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

type importParams struct {
	Controller string `json:"controller"`
	ModelTag   string `json:"model-tag"`
	Owner      string `json:"owner"`
}

// importModel is JIMM.ImportModel, for administrators of JIMM: the only way to make a row for a model that already
// exists on a controller.
func (ss *session) importModel(ctx context.Context, req *wire.Request) (any, error) {
	var params importParams
	if err := ss.adminParams(req, &params); err != nil {
		return nil, err
	}
	id, tagErr := modelTag(params.ModelTag)
	if tagErr != nil {
		return nil, tagErr
	}
	controller, failed := ss.s.forController(params.Controller)
	if failed != nil {
		return nil, failed
	}
	var info *modelInfo
	err := ss.s.use(ctx, controller, ss.caller(), func(b *backing) error {
		answer := b.askModelInfo(ctx, id)
		if err := answer.asCallError(); err != nil {
			return err
		}
		info = answer.info
		if err := info.parseOwner(); err != nil {
			return err
		}
		return b.listOffers(ctx, info)
	})
	if err != nil {
		return nil, itemError(asClientError(err))
	}
	row, err := ss.s.importRow(info, controller, params.Owner)
	if err != nil {
		return nil, err
	}
	if !ss.s.AddModel(row) {
		if ss.s.gen.NamedDuplicates {
			return nil, wire.Errorf(codeExists, "model %q already exists", row.Name)
		}
		return nil, wire.Errorf(codeExists, "model already exists")
	}
	if ss.s.gen.WatchImports {
		return nil, ss.s.watchImported(ctx, controller, id)
	}
	return nil, nil
}

// importRow makes the row, if the owner may have it and has a credential for the cloud.
func (s *Server) importRow(info *modelInfo, controller Controller, owner string) (Model, error) {
	if owner == "" {
		owner = strings.TrimPrefix(info.OwnerTag, "user-")
	}
	if !strings.Contains(owner, "@") {
		return Model{}, &wire.Error{
			Message: "cannot import model from local user, try --owner to switch the model owner",
		}
	}
	cloud := cloudName(info.CloudTag)
	credential, ok := s.db.credential(owner, cloud)
	if !ok {
		return Model{}, wire.Errorf(codeNotFound,
			"Failed to find cloud credential for user %s on cloud %s", owner, cloud)
	}
	row := Model{
		UUID: info.UUID, Name: info.Name, Owner: owner, Controller: controller.Name,
		Cloud: cloud, Region: info.CloudRegion, Provider: info.ProviderType, Credential: credential.Name,
		Type: info.Type, Life: info.Life, Series: info.DefaultSeries,
		Status: info.Status.Status, StatusInfo: info.Status.Info,
	}
	if info.AgentVersion != nil {
		row.Agent = *info.AgentVersion
	}
	if info.Status.Since != nil {
		row.Since = *info.Status.Since
	}
	return row, nil
}

// offerFilter is wrapped in a key "Filters", with a capital.
type offerFilter struct {
	Owner       string   `json:"owner-name"`
	Model       string   `json:"model-name"`
	Offer       string   `json:"offer-name"`
	Application string   `json:"application-name"`
	Description string   `json:"application-description"`
	User        string   `json:"application-user"`
	Endpoints   []string `json:"endpoints"`
	Connected   []string `json:"connected-users"`
	Allowed     []string `json:"allowed-users"`
}

// listOffers asks for the model's offers, which newer JIMM imports too. They are not stored here.
func (b *backing) listOffers(ctx context.Context, info *modelInfo) error {
	if len(b.s.gen.Offers) == 0 {
		return nil
	}
	filter := offerFilter{
		Owner: strings.TrimPrefix(info.OwnerTag, "user-"), Model: info.Name,
		Endpoints: []string{}, Connected: []string{}, Allowed: []string{},
	}
	call := rpc.Request{
		Facade: "ApplicationOffers", Version: b.best("ApplicationOffers", b.s.gen.Offers),
		Method: "ListApplicationOffers",
	}
	return b.call(ctx, call, map[string][]offerFilter{"Filters": {filter}}, nil)
}

// watchImported reads the whole model once, over a connection of its own (2024).
func (s *Server) watchImported(ctx context.Context, controller Controller, id string) error {
	b, err := s.dial(ctx, controller, id, s.ownUser())
	if err != nil {
		return err
	}
	defer b.close()
	var watcher struct {
		ID string `json:"watcher-id"`
	}
	client := rpc.Request{Facade: "Client", Version: b.best("Client", s.gen.Client), Method: "WatchAll"}
	if err := b.call(ctx, client, nil, &watcher); err != nil {
		return asClientError(err)
	}
	for _, method := range []string{"Next", "Stop"} {
		req := rpc.Request{Facade: "AllWatcher", Version: 3, ID: watcher.ID, Method: method}
		if err := b.call(ctx, req, nil, nil); err != nil {
			return asClientError(err)
		}
	}
	return nil
}

// updateCredentials is Cloud.UpdateCredentialsCheckModels. As long as no model uses a credential, it is not sent to any
// controller (recorded); that it is sent otherwise is left out.
func (ss *session) updateCredentials(_ context.Context, req *wire.Request) (any, error) {
	var params struct {
		Credentials []struct {
			Tag string `json:"tag"`
		} `json:"credentials"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	type credentialResult struct {
		Tag   string      `json:"tag"`
		Error *wire.Error `json:"error,omitempty"`
	}
	answer := results[credentialResult]{Results: []credentialResult{}}
	for _, c := range params.Credentials {
		parts := strings.SplitN(strings.TrimPrefix(c.Tag, "cloudcred-"), "_", 3)
		if len(parts) != 3 {
			failed := wire.Errorf(codeBadRequest, "%q is not a valid cloudcred tag", c.Tag)
			answer.Results = append(answer.Results, credentialResult{c.Tag, failed})
			continue
		}
		ss.s.db.addCredential(Credential{parts[0], parts[1], parts[2]})
		answer.Results = append(answer.Results, credentialResult{Tag: c.Tag})
	}
	return answer, nil
}
