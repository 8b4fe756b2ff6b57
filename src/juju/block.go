package juju

import (
	"context"
	"fmt"

	"jimm-migrator/src/rpc"
)

// ChangeBlock reports whether changes to the model of a connection are blocked, as by
// "juju disable-command all" (Block 2 List, the same from Juju 2.9 to 4.1; for those who
// were given access to the model, which a superuser of the controller need not be: see
// [Controller.ChangeBlocked]). Juju 3.6.28 upgrades a model anyway (recorded).
func ChangeBlock(ctx context.Context, conn rpc.Caller, facades FacadeVersions) (blocked bool, err error) {
	version, err := facades.choose("Block", 2)
	var reply struct {
		Results []struct {
			Result struct {
				Type string `json:"type"`
			} `json:"result"`
			Error *rpc.Error `json:"error"`
		} `json:"results"`
	}
	if err == nil {
		err = conn.Call(ctx, rpc.Request{Facade: "Block", Version: version, Method: "List"}, nil, &reply)
	}
	for _, r := range reply.Results {
		if r.Error != nil {
			err = r.Error
		}
		blocked = blocked || r.Result.Type == "BlockChange"
	}
	if err != nil {
		return false, fmt.Errorf("cannot read whether changes of the model are blocked: %w", err)
	}
	return blocked, nil
}
