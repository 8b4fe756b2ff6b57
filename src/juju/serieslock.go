package juju

import (
	"context"
	"fmt"
	"strings"

	"jimm-migrator/src/rpc"
)

// seriesLocked begins the answer about a machine that is being upgraded to another Ubuntu release; it has no code
// (recorded on 3.5.4).
const seriesLocked = "upgrade series lock found for "

// SeriesLocks returns which of these machines are being upgraded to another Ubuntu release: the upgrade was prepared and
// is not complete (MachineManager UpgradeSeriesValidate 9 and 10, for those who may read the model). The request names no
// release, so of the other machines the server only answers that it is missing. Juju 4 has no such upgrades, and of Juju
// 2.9 it is not known what it answers to a request without a release: they are not asked.
func SeriesLocks(ctx context.Context, conn rpc.Caller, facades FacadeVersions, machines []string) ([]string, error) {
	version, err := facades.choose("MachineManager", 9, 10)
	if err != nil {
		return nil, err
	}
	type entity struct {
		Tag string `json:"tag"`
	}
	type arg struct {
		Machine entity `json:"tag"` // That is its name on the wire.
		Channel string `json:"channel"`
	}
	params := struct {
		Args []arg `json:"args"`
	}{}
	for _, id := range machines {
		params.Args = append(params.Args, arg{Machine: entity{"machine-" + strings.ReplaceAll(id, "/", "-")}})
	}
	var reply struct {
		Results []struct {
			Error *rpc.Error `json:"error"`
		} `json:"Results"` // That is its name on the wire.
	}
	err = conn.Call(ctx, rpc.Request{Facade: "MachineManager", Version: version, Method: "UpgradeSeriesValidate"}, params, &reply)
	if err == nil && len(reply.Results) != len(machines) {
		err = fmt.Errorf("unexpected answer: it is about %d machines instead of %d", len(reply.Results), len(machines))
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read whether machines are being upgraded: %w", err)
	}
	var out []string
	for i, r := range reply.Results {
		if r.Error != nil && strings.HasPrefix(r.Error.Message, seriesLocked) {
			out = append(out, machines[i])
		}
	}
	return out, nil
}
