package juju

import (
	"context"
	"fmt"
	"strings"

	"jimm-migrator/src/rpc"
)

// Joined says which units have joined a relation, as one unit of it sees the other side; of a peer
// relation it sees all.
type Joined struct {
	Relation int             // The id.
	Units    map[string]bool // By name.
}

// JoinedUnits returns what each of these units sees of its relations (Application UnitsInfo, the same in
// versions 12 to 20, for those who may read the model). Juju 2.9 and 3 offer one of the versions that are
// asked for; what Juju 4 answers is not recorded, and it is not asked. The answer has the data of the relations
// too, which is not decoded.
func JoinedUnits(ctx context.Context, conn rpc.Caller, facades FacadeVersions, units []string) ([]Joined, error) {
	version, err := facades.choose("Application", 12, 13, 14, 15, 16, 17, 18)
	if err != nil {
		return nil, err
	}
	type entity struct {
		Tag string `json:"tag"`
	}
	params := struct {
		Entities []entity `json:"entities"`
	}{}
	for _, unit := range units {
		params.Entities = append(params.Entities, entity{"unit-" + strings.ReplaceAll(unit, "/", "-")})
	}
	var reply struct {
		Results []struct {
			Result struct {
				Relations []struct {
					ID         int  `json:"relation-id"`
					CrossModel bool `json:"cross-model"`
					Units      map[string]struct {
						InScope bool `json:"InScope"` // That is its name on the wire.
					} `json:"unit-relation-data"`
				} `json:"relation-data"`
			} `json:"result"`
			Error *rpc.Error `json:"error"`
		} `json:"results"`
	}
	if err := conn.Call(ctx, rpc.Request{Facade: "Application", Version: version, Method: "UnitsInfo"}, params, &reply); err != nil {
		return nil, fmt.Errorf("cannot read which units have joined their relations: %w", err)
	}
	var out []Joined
	for _, r := range reply.Results {
		if r.Error != nil {
			return nil, fmt.Errorf("cannot read which units have joined their relations: %w", r.Error)
		}
		for _, relation := range r.Result.Relations {
			if relation.CrossModel {
				continue // These are units of another model.
			}
			joined := Joined{Relation: relation.ID, Units: map[string]bool{}}
			for name, unit := range relation.Units {
				joined.Units[name] = unit.InScope
			}
			out = append(out, joined)
		}
	}
	return out, nil
}
