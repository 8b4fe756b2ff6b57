package jaas

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
	"jimm-migrator/src/rpc"
)

// Many reads what plans and runs of many models need, over the connection of a
// [JAAS]. It changes nothing.
type Many struct{ session *session }

var (
	_ fleet.Log    = Many{}
	_ fleet.Reader = Many{}
)

// Many returns a reader of many models.
func (j *JAAS) Many() Many { return Many{j.session} }

// UUID returns JIMM's own UUID, the name of the JAAS.
func (j *JAAS) UUID(ctx context.Context) (string, error) {
	client, err := j.session.get(ctx)
	if err != nil {
		return "", err
	}
	return client.ControllerUUID(), nil
}

// Clock returns the time of the newest event in JIMM's audit log.
func (m Many) Clock(ctx context.Context) (time.Time, error) {
	client, err := m.session.get(ctx)
	if err != nil {
		return time.Time{}, err
	}
	return newest(ctx, client)
}

// eventsAtOnce is how many events are read in one call: JIMM cuts larger limits
// to this one.
const eventsAtOnce = 1000

// Asked returns the requests to move or record models since then, oldest first.
func (m Many) Asked(ctx context.Context, since time.Time) ([]fleet.Asked, error) {
	client, err := m.session.get(ctx)
	if err != nil {
		return nil, err
	}
	var out []fleet.Asked
	for _, method := range []struct {
		name string
		kind facts.RequestKind
	}{{"MigrateModel", facts.RequestMigrate}, {"UpdateMigratedModel", facts.RequestRecord}} {
		answered := map[call]bool{}
		var events []jimm.AuditEvent
		for event, err := range client.NewestAuditEvents(ctx, jimm.AuditQuery{Method: method.name, After: since, Limit: eventsAtOnce}) {
			if err != nil {
				return nil, err
			}
			if event.Response {
				answered[call{event.ConversationID, event.MessageID}] = true
			} else {
				events = append(events, event)
			}
		}
		for _, event := range events {
			id := call{event.ConversationID, event.MessageID}
			for n, q := range event.Migrations {
				out = append(out, fleet.Asked{
					Request: facts.Request{
						Kind: method.kind, Target: q.TargetController, At: event.Time, User: event.User,
						Own: event.User == client.Identity(), Answered: answered[id],
					},
					Model: cmp.Or(q.ModelUUID, q.ModelPath), Key: fmt.Sprintf("%s/%d/%s/%d", id.conversation, id.message, method.name, n),
				})
			}
		}
	}
	facts.Sort(out, func(x, y fleet.Asked) int { return x.At.Compare(y.At) })
	return out, nil
}

// Eligible returns the UUIDs of the controllers that JIMM would let the model
// move to.
func (m Many) Eligible(ctx context.Context, model string) ([]facts.ControllerUUID, error) {
	return (&inspector{session: m.session}).Targets(ctx, model)
}

// Job returns the state of the job of JIMM's upgrade-to for the model, "" if there is
// none (JIMM of May 2026 and newer; older ones have no such jobs).
func (m Many) Job(ctx context.Context, model string) (string, error) {
	client, err := m.session.get(ctx)
	if err != nil {
		return "", err
	}
	at, err := client.ModelControllerInfo(ctx, model)
	if errors.Is(err, rpc.CodeNotImplemented) {
		return "", nil
	}
	return at.Upgrade, err
}

// Edges reads the offers of all models, controller by controller: JIMM of July
// 2026 answers a call about two controllers with an empty list.
func (m Many) Edges(ctx context.Context, controllers []facts.Controller, models []facts.Model) fleet.Edges {
	var out fleet.Edges
	for _, c := range controllers {
		var own []facts.Model
		for _, model := range models {
			if model.Recorded == c.UUID && !model.IsController {
				own = append(own, model)
			}
		}
		for _, batch := range offerBatches(own) {
			edges, err := m.offers(ctx, batch)
			if err != nil {
				out.Unread = append(out.Unread, fmt.Sprintf("%s: %s", c.Name, redact.String(err.Error())))
				break
			}
			out.List = append(out.List, edges...)
		}
	}
	facts.Sort(out.List, func(a, b fleet.Edge) int {
		return strings.Compare(a.Offerer+a.Consumer, b.Offerer+b.Consumer)
	})
	return out
}

// offerBatches divides the models of one controller into calls that JIMM
// answers correctly: with distinct names, and not too many.
func offerBatches(models []facts.Model) [][]facts.Model {
	var out [][]facts.Model
	used := []map[string]bool{}
	first := 0 // The first batch with room.
	for _, m := range models {
		i := first
		for i < len(out) && (used[i][m.Name] || len(out[i]) == jimm.MostOfferFilters) {
			if i == first && len(out[i]) == jimm.MostOfferFilters {
				first++
			}
			i++
		}
		if i == len(out) {
			out, used = append(out, nil), append(used, map[string]bool{})
		}
		out[i] = append(out[i], m)
		used[i][m.Name] = true
	}
	return out
}

// offers reads the edges of one batch.
func (m Many) offers(ctx context.Context, batch []facts.Model) ([]fleet.Edge, error) {
	client, err := m.session.get(ctx)
	if err != nil {
		return nil, err
	}
	filters := make([]jimm.OfferFilter, len(batch))
	uuids := map[jimm.OfferFilter]string{}
	for i, model := range batch {
		filters[i] = jimm.OfferFilter{Owner: model.Owner, Model: model.Name}
		uuids[filters[i]] = model.UUID
	}
	list, err := client.ListOffers(ctx, filters)
	if err != nil {
		return nil, err
	}
	var out []fleet.Edge
	for _, offer := range list {
		offerer, known := uuids[jimm.OfferFilter{Owner: offer.Owner, Model: offer.Model}]
		if !known {
			return nil, fmt.Errorf("cannot use the offer %q: it belongs to a model that was not asked about", offer.URL)
		}
		for _, conn := range offer.Connections {
			if conn.Consumer == "" {
				return nil, fmt.Errorf("cannot use the offer %q: a connection names no model", offer.URL)
			}
			out = append(out, fleet.Edge{Offerer: offerer, Consumer: conn.Consumer, Joined: conn.Status == "joined"})
		}
	}
	return out, nil
}
