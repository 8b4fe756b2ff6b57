package charm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// RelationIDs lists the relations of an endpoint, such as "db:7", sorted. An
// endpoint that is not there has none.
func (u *Unit) RelationIDs(ctx context.Context, endpoint string) ([]string, error) {
	var ids []string
	if err := u.agent.query(ctx, &ids, "relation-ids", endpoint); err != nil {
		return nil, fmt.Errorf("cannot list the relations of endpoint %q: %w", endpoint, err)
	}
	slices.Sort(ids)
	return ids, nil
}

// RelationUnits lists the units on the other side of a relation, sorted.
func (u *Unit) RelationUnits(ctx context.Context, id string) ([]string, error) {
	var units []string
	if err := u.agent.query(ctx, &units, "relation-list", "-r", id); err != nil {
		return nil, fmt.Errorf("cannot list the units of relation %q: %w", id, err)
	}
	slices.Sort(units)
	return units, nil
}

// RelationApp returns the application on the other side of a relation.
func (u *Unit) RelationApp(ctx context.Context, id string) (string, error) {
	var app string
	if err := u.agent.query(ctx, &app, "relation-list", "-r", id, "--app"); err != nil {
		return "", fmt.Errorf("cannot read the application of relation %q: %w", id, err)
	}
	return app, nil
}

// RelationData reads one bag of a relation: of a unit if owner is like "db/0",
// of an application if it is like "db". It is never nil.
func (u *Unit) RelationData(ctx context.Context, id, owner string) (map[string]string, error) {
	args := []string{"-r", id}
	if !strings.Contains(owner, "/") {
		args = append(args, "--app")
	}
	data := map[string]string{}
	// In a relation hook Juju would take the hook's unit for an absent owner,
	// even if the relation is another.
	if err := u.agent.query(ctx, &data, "relation-get", append(args, "-", owner)...); err != nil {
		return nil, fmt.Errorf("cannot read the data of %q in relation %q: %w", owner, id, err)
	}
	if data == nil {
		data = map[string]string{}
	}
	return data, nil
}

// SetRelationData writes into a bag of our own: the unit's if owner is the
// unit's name, the application's, which only the leader may, if owner is the
// application's. An empty value deletes its key. Juju publishes the data when
// the dispatch ends with exit code 0. Secrets are refused: grant them instead.
func (u *Unit) SetRelationData(ctx context.Context, id, owner string, values map[string]string) error {
	args := []string{"-r", id}
	switch owner {
	case u.Env().Unit:
	case u.Env().App():
		args = append(args, "--app")
	default:
		return fmt.Errorf("cannot write the data of %q in relation %q: a charm can write only its own", owner, id)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := u.checkData(key, values[key]); err != nil {
			return fmt.Errorf("cannot write %q in relation %q: %w", key, id, err)
		}
	}
	if len(values) == 0 {
		return nil
	}
	call := ToolCall{Tool: "relation-set", Args: append(args, "--file", "-"), Stdin: yamlSafe(values)}
	if err := u.agent.report(ctx, call); err != nil {
		return fmt.Errorf("cannot write the data of %q in relation %q: %w", owner, id, err)
	}
	return nil
}
