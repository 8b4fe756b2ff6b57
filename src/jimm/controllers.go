package jimm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"jimm-migrator/src/juju"
)

// Time limits of calls during which JIMM asks controllers: its own limit is
// 60 s for ModelInfo and none for the others.
const (
	modelInfoTimeout = 75 * time.Second
	summariesTimeout = 2 * time.Minute
	updateTimeout    = 3 * time.Minute
	// migrateTimeout covers the prechecks of source and target. Some calls
	// are never answered (JIMM of 2026 and a silent controller, recorded).
	migrateTimeout = 3 * time.Minute
)

// ErrNotAdministrator matches the error of [Client.ListControllers] when JIMM
// gave the answer that it gives to those who are not JIMM administrators.
var ErrNotAdministrator = errors.New("not a JIMM administrator")

// Controller is a controller as JIMM knows it. JIMM never shows credentials.
type Controller struct {
	Name string `json:"name"`
	UUID string `json:"uuid"`
	// PublicAddress is the host:port that JIMM tries first, often a name with
	// a publicly trusted certificate; may be empty.
	PublicAddress string `json:"public-address"`
	// APIAddresses are host:port, of all scopes. They are what a migration
	// hands to the source controller and to the agents; the public address is
	// not among them unless the controller says so itself.
	APIAddresses []string `json:"api-addresses"`
	// CACertificate is in PEM; empty if the controller has a public one.
	CACertificate string `json:"ca-certificate"`
	// CloudTag and CloudRegion are those of the controller model.
	CloudTag    string `json:"cloud-tag"`
	CloudRegion string `json:"cloud-region"`
	// AgentVersion is the controller's Juju version, as JIMM last saw it.
	AgentVersion string `json:"agent-version"`
	// Status is available, deprecated (gets no new models) or unavailable.
	// JIMM finds out that a controller is gone, or is back, only by a round
	// every ten minutes, so it may be wrong for that long.
	Status juju.EntityStatus `json:"status"`
}

// ListControllers returns the controllers of JIMM, ordered by name
// (JIMM 4 ListControllers).
//
// Only JIMM administrators see them. Others get the error
// [ErrNotAdministrator]: JIMM of 2024 answers them with one made-up controller
// named "jaas" that has JIMM's own uuid, JIMM of 2026 with an empty list. The
// made-up entry is never returned; entries that a JIMM in between may show to
// non-administrators are returned along with the error, and are not all.
//
// An empty list without an error is a JIMM that has no controllers.
func (c *Client) ListControllers(ctx context.Context) ([]Controller, error) {
	var reply controllerList
	if err := c.call(ctx, "ListControllers", 0, nil, &reply); err != nil {
		return nil, fmt.Errorf("cannot list controllers: %w", err)
	}
	controllers := make([]Controller, 0, len(reply.Controllers))
	for _, controller := range reply.Controllers {
		if controller.UUID != c.session.controllerUUID {
			controllers = append(controllers, controller)
		}
	}
	if !c.session.administrator || len(controllers) < len(reply.Controllers) {
		return controllers, fmt.Errorf("cannot list controllers: %w: %q sees none or only some of them",
			ErrNotAdministrator, c.session.identity)
	}
	return controllers, nil
}

// ListMigrationTargets returns the controllers to which JIMM would let the
// model with that uuid migrate: not its own, with its cloud region and no
// older Juju. Deprecated and unavailable ones are among them. For JIMM
// administrators.
//
// JIMM 4 ListMigrationTargets, since August 2025; before that the error
// matches rpc.CodeNotImplemented. An unknown model is rpc.CodeNotFound.
func (c *Client) ListMigrationTargets(ctx context.Context, uuid string) ([]Controller, error) {
	if err := checkModelUUID(uuid); err != nil {
		return nil, fmt.Errorf("cannot list migration targets of model %q: %w", uuid, err)
	}
	var reply controllerList
	params := map[string]string{"model-tag": modelTag(uuid)}
	if err := c.call(ctx, "ListMigrationTargets", 0, params, &reply); err != nil {
		return nil, fmt.Errorf("cannot list migration targets of model %q: %w", uuid, err)
	}
	return reply.Controllers, nil
}

type controllerList struct {
	Controllers []Controller `json:"controllers"`
}

// DisableControllerUUIDMasking makes JIMM show, on this connection and for its
// life, the uuid of the recorded controller in [Client.ModelInfo] and
// [Client.ListModelSummaries], instead of its own. For JIMM administrators;
// others get rpc.CodeUnauthorized.
func (c *Client) DisableControllerUUIDMasking(ctx context.Context) error {
	if err := c.call(ctx, "DisableControllerUUIDMasking", 0, nil, nil); err != nil {
		return fmt.Errorf("cannot disable the masking of controller UUIDs: %w", err)
	}
	return nil
}

// Version returns JIMM's version and commit (JIMM 4 Version). Before v3.1.10
// the error matches rpc.CodeNotImplemented.
func (c *Client) Version(ctx context.Context) (ServerInfo, error) {
	var reply struct {
		Version string `json:"version"`
		Commit  string `json:"commit"`
	}
	if err := c.call(ctx, "Version", 0, nil, &reply); err != nil {
		return ServerInfo{}, fmt.Errorf("cannot read JIMM's version: %w", err)
	}
	return ServerInfo{Version: stamp(reply.Version), Commit: stamp(reply.Commit)}, nil
}

// UpdateMigratedModel makes JIMM record that the model with that uuid is now on
// the controller target, by name (JIMM 4 UpdateMigratedModel). For JIMM
// administrators.
//
// This is a write, and JIMM checks only that the target answers for the model,
// which a target does even while it imports the model: send it only when the
// source has released the model. After an abort a record that was moved too
// early is drift (2024) or is deleted (2025 and newer).
//
// Codes: rpc.CodeModelNotFound and rpc.CodeNotFound are an unknown model and
// an unknown controller; rpc.CodeUnauthorized is a missing right if the
// message is "unauthorized", and the target's refusal otherwise.
func (c *Client) UpdateMigratedModel(ctx context.Context, uuid, target string) error {
	err := cmp.Or(checkModelUUID(uuid), checkController(target))
	if err == nil {
		params := map[string]string{"model-tag": modelTag(uuid), "target-controller": target}
		err = c.call(ctx, "UpdateMigratedModel", updateTimeout, params, nil)
	}
	if err != nil {
		return fmt.Errorf("cannot record model %q on controller %q: %w", uuid, target, err)
	}
	return nil
}
