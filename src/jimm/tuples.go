package jimm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"jimm-migrator/src/juju"
)

// pagesOfTuples bounds how many pages of relations are read about one model: a
// model has one or two pages, and a server whose list never ends must not block
// us.
const pagesOfTuples = 20

// ModelHosts returns the uuids of the controllers that JIMM's access rules name
// as the one that hosts the model: their administrators administer the model.
// JIMM writes the rule when it learns of a model and never again, so after a
// migration it names the old controller (JIMM 4 ListRelationshipTuples,
// relation controller; the same in 2024 and 2026). For JIMM administrators.
func (c *Client) ModelHosts(ctx context.Context, uuid string) ([]string, error) {
	var hosts []string
	rules, err := c.modelRules(ctx, "controller", uuid)
	for _, t := range rules {
		host := juju.TagID("controller", t.Object)
		if host == "" {
			return nil, fmt.Errorf("cannot read which controllers JIMM's access rules name for model %q: unexpected answer: %q", uuid, t)
		}
		hosts = append(hosts, host)
	}
	if err != nil {
		return hosts, fmt.Errorf("cannot read which controllers JIMM's access rules name for model %q: %w", uuid, err)
	}
	return hosts, nil
}

// ModelGrants returns who has been given access to the model itself, as JIMM's commands
// write it: "user-alice@example.com administrator". Users who have access for another
// reason, such as JIMM's administrators, are not among them, although they are among the
// users of ModelInfo (JIMM 4 ListRelationshipTuples). For JIMM administrators.
func (c *Client) ModelGrants(ctx context.Context, uuid string) ([]string, error) {
	var out []string
	for _, relation := range []string{"administrator", "writer", "reader"} {
		rules, err := c.modelRules(ctx, relation, uuid)
		if err != nil {
			return nil, fmt.Errorf("cannot list who was given access to model %q: %w", uuid, err)
		}
		for _, t := range rules {
			out = append(out, t.Object+" "+t.Relation)
		}
	}
	return out, nil
}

// modelRules returns the access rules of a model with a relation. With an error it returns
// those that it has read, unless JIMM's answer cannot be used at all.
func (c *Client) modelRules(ctx context.Context, relation, uuid string) ([]tuple, error) {
	if err := checkModelUUID(uuid); err != nil {
		return nil, err
	}
	var out []tuple
	params := tuplesParams{Tuple: tuple{Relation: relation, Target: modelTag(uuid)}, Size: 50}
	for range pagesOfTuples {
		var reply tuplesReply
		if err := c.call(ctx, "ListRelationshipTuples", 0, params, &reply); err != nil {
			return nil, err
		}
		for _, t := range reply.Tuples {
			if t.Relation != relation || t.Target != params.Tuple.Target {
				return nil, fmt.Errorf("unexpected answer: %q", t)
			}
			out = append(out, t)
		}
		switch {
		case len(reply.Errors) > 0:
			return out, fmt.Errorf("not all were listed: %s", strings.Join(reply.Errors, "; "))
		case reply.Next == "":
			return out, nil
		}
		params.Next = reply.Next
	}
	return out, errTooManyPages
}

var errTooManyPages = errors.New("the list does not end")

// CheckAdministrator reports whether the account of the connection administers JIMM now;
// [Client.Administrator] reports whether it did at the login. JIMM 4 has CheckRelation
// until mid-2025; anyone may ask it about themselves (source; what it answers is not
// recorded).
func (c *Client) CheckAdministrator(ctx context.Context) (bool, error) {
	params := struct {
		Tuple tuple `json:"tuple"`
	}{tuple{Object: "user-" + c.Identity(), Relation: "administrator", Target: "controller-jimm"}}
	var reply struct {
		Allowed bool `json:"allowed"`
	}
	if err := c.call(ctx, "CheckRelation", 0, params, &reply); err != nil {
		return false, fmt.Errorf("cannot check whether %q administers JIMM: %w", c.Identity(), err)
	}
	return reply.Allowed, nil
}

// SetModelHost makes JIMM's access rules name a controller as the one that hosts a
// model, or no longer name it (JIMM 4 AddRelation and RemoveRelation, relation
// controller; the same in 2024 and 2026). For JIMM administrators.
//
// This is a write. It can make no other rule, and never one that gives a user a right.
// If a rule to add exists, or a rule to remove does not, JIMM refuses with the same
// error as for all failures of OpenFGA: list before and after.
func (c *Client) SetModelHost(ctx context.Context, uuid, controller string, hosts bool) error {
	err := checkModelUUID(uuid)
	if err == nil && !juju.IsUUID(controller) {
		err = &argumentError{reason: "need a controller UUID"}
	}
	method := "RemoveRelation"
	if hosts {
		method = "AddRelation"
	}
	if err == nil {
		params := struct {
			Tuples []tuple `json:"tuples"`
		}{[]tuple{{Object: juju.KindController + "-" + controller, Relation: "controller", Target: modelTag(uuid)}}}
		err = c.call(ctx, method, 0, params, nil)
	}
	if err != nil {
		return fmt.Errorf("cannot set whether controller %q hosts model %q in JIMM's access rules: %w", controller, uuid, err)
	}
	return nil
}

// tuplesParams are the params of ListRelationshipTuples. Without resolve_uuids
// tags have uuids.
type tuplesParams struct {
	Tuple tuple  `json:"tuple"`
	Size  int    `json:"page_size"`
	Next  string `json:"continuation_token,omitempty"`
}

type tuplesReply struct {
	Tuples []tuple  `json:"tuples"`
	Errors []string `json:"errors"`
	Next   string   `json:"continuation_token"`
}

// tuple is a rule of JIMM's access: object is in the relation to the target.
type tuple struct {
	Object   string `json:"object"`
	Relation string `json:"relation"`
	Target   string `json:"target_object"`
}
