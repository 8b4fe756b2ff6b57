package config

import (
	"context"
	"slices"
)

// The endpoints in metadata.yaml.
const (
	EndpointInfo      = "jimm-info"
	EndpointMetrics   = "jimm-metrics"
	EndpointCA        = "receive-ca-cert"
	EndpointLogging   = "logging"
	EndpointDashboard = "grafana-dashboard"
)

// Relations is what this package needs of a unit's relations.
type Relations interface {
	RelationIDs(ctx context.Context, endpoint string) ([]string, error)
	RelationUnits(ctx context.Context, id string) ([]string, error)
	RelationApp(ctx context.Context, id string) (string, error)
	RelationData(ctx context.Context, id, owner string) (map[string]string, error)
	SetRelationData(ctx context.Context, id, owner string, values map[string]string) error
}

// UnitData returns the values that the units on the other side have under the
// keys: those of the first key for all units, then those of the next.
func UnitData(ctx context.Context, u Relations, id string, keys ...string) ([]string, error) {
	units, err := u.RelationUnits(ctx, id)
	if err != nil {
		return nil, err
	}
	values := make([][]string, len(keys))
	for _, unit := range units {
		data, err := u.RelationData(ctx, id, unit)
		if err != nil {
			return nil, err
		}
		for i, key := range keys {
			if data[key] != "" {
				values[i] = append(values[i], data[key])
			}
		}
	}
	return slices.Concat(values...), nil
}
