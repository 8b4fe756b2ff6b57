package jimm

import (
	"context"
	"net"
	"strings"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

type addControllerParams struct {
	UUID          string   `json:"uuid"`
	Name          string   `json:"name"`
	PublicAddress string   `json:"public-address"`
	TLSHostname   string   `json:"tls-hostname"`
	Addresses     []string `json:"api-addresses"`
	CACertificate string   `json:"ca-certificate"`
	Username      string   `json:"username"`
	Password      string   `json:"password"`
}

// addController is JIMM.AddController, for administrators of JIMM. Username and password are not tried. The UUID of the
// request is replaced by that in the login's controller-tag, without comparing it with other controllers: two names for
// one controller are possible.
func (ss *session) addController(ctx context.Context, req *wire.Request) (any, error) {
	var params addControllerParams
	if err := ss.adminParams(req, &params); err != nil {
		return nil, err
	}
	if err := params.check(); err != nil {
		return nil, err
	}
	s := ss.s
	exists := wire.Errorf(codeExists, "controller %q already exists", params.Name)
	if _, taken := s.db.controller(params.Name); taken && s.gen.ControllerModel { // 2026 checks this before it dials
		return nil, s.failedToAdd(exists)
	}
	row := Controller{
		Name: params.Name, UUID: params.UUID, PublicAddress: params.PublicAddress, Addresses: params.Addresses,
		CACertificate: params.CACertificate, TLSHostname: params.TLSHostname,
		Username: params.Username, Password: params.Password,
	}
	err := s.use(ctx, row, ss.caller(), func(b *backing) error { return b.describe(ctx, &row) })
	switch failure, dialled := err.(*dialError); { //nolint:errorlint // use returns it as it is
	case dialled:
		return nil, s.failedToAdd(s.failedToDial(failure))
	case err != nil:
		return nil, s.failedToAdd(wire.AsError(asClientError(err)))
	}
	if _, taken := s.db.controller(row.Name); taken {
		return nil, s.failedToAdd(exists)
	}
	s.SetController(row)
	return s.controllerInfo(row), nil
}

func (p *addControllerParams) check() error {
	if p.Name == "jimm" {
		return wire.Errorf(codeBadRequest, "cannot add a controller with name %q", p.Name)
	}
	if p.PublicAddress == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(p.PublicAddress)
	switch {
	case err != nil:
		return wire.Errorf(codeBadRequest, "%v", err)
	case host == "":
		return wire.Errorf(codeBadRequest, "address %s: host not specified in public address", p.PublicAddress)
	}
	return nil
}

// failedToAdd keeps only the code "already exists" of what it wraps (2026).
func (s *Server) failedToAdd(e *wire.Error) error {
	if !s.gen.FailedAddPrefix {
		return e
	}
	code := e.Code
	if code != codeExists {
		code = ""
	}
	return wire.Errorf(code, "failed to add controller: %s", e.Message)
}

// describe fills a row from the controller's own answers.
func (b *backing) describe(ctx context.Context, row *Controller) error {
	row.UUID = strings.TrimPrefix(b.login.ControllerTag, "controller-")
	row.Addresses, row.AgentVersion = b.login.flatten(), b.login.ServerVersion
	ask := b.controllerCloud2024
	if b.s.gen.ControllerModel {
		ask = b.controllerCloud2026
	}
	if err := ask(ctx, row); err != nil {
		return err
	}
	var reply struct {
		Clouds map[string]struct {
			Type string `json:"type"`
		} `json:"clouds"`
	}
	err := b.call(ctx, rpc.Request{Facade: "Cloud", Version: 7, Method: "Clouds"}, nil, &reply)
	row.CloudType = reply.Clouds["cloud-"+row.Cloud].Type
	return err
}

// controllerCloud2024 takes the cloud of the summary that is-controller.
func (b *backing) controllerCloud2024(ctx context.Context, row *Controller) error {
	var reply struct {
		Results []itemResult[modelSummary] `json:"results"`
	}
	err := b.call(ctx, b.modelManager("ListModelSummaries"), summariesRequest{"user-admin", true}, &reply)
	if err != nil {
		return err
	}
	for _, item := range reply.Results {
		if item.Result != nil && item.Result.IsController {
			row.Cloud, row.Region = cloudName(item.Result.CloudTag), item.Result.CloudRegion
			return nil
		}
	}
	return wire.Errorf("", "controller model not found") // text not recorded
}

// controllerCloud2026 asks which model the connection belongs to, and for its cloud.
func (b *backing) controllerCloud2026(ctx context.Context, row *Controller) error {
	var config struct {
		Config map[string]struct {
			Value any `json:"value"`
		} `json:"config"`
	}
	err := b.call(ctx, rpc.Request{Facade: "ModelConfig", Version: 3, Method: "ModelGet"}, nil, &config)
	if err != nil {
		return err
	}
	uuid, _ := config.Config["uuid"].Value.(string)
	var spec struct {
		Results []struct {
			Result struct {
				Name   string `json:"name"`
				Region string `json:"region"`
			} `json:"result"`
		} `json:"results"`
	}
	if err := b.call(ctx, b.controller("CloudSpec"), entities{[]entity{{"model-" + uuid}}}, &spec); err != nil {
		return err
	}
	if len(spec.Results) == 1 {
		row.Cloud, row.Region = spec.Results[0].Result.Name, spec.Results[0].Result.Region
	}
	return nil
}
