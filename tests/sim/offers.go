package sim

import (
	"slices"
	"time"

	"jimm-migrator/tests/sim/controller"
)

// withConsumers returns the offers of a model with their consumers: models of the world that consume an offer and have
// a relation with it.
func (w *World) withConsumers(m Model) []controller.Offer {
	offers := slices.Clone(m.Offers)
	for i, offer := range offers {
		url := m.Owner + "/" + m.Name + "." + offer.Name
		consumers := slices.Clone(offer.Consumers)
		for _, other := range w.Models {
			for _, remote := range other.RemoteApplications {
				if remote.OfferURL == url && other.related(remote.Name) {
					consumers = append(consumers, controller.Consumer{Model: other.UUID, User: other.Owner, Endpoint: endpointOf(offer)})
				}
			}
		}
		offers[i].Consumers = consumers
	}
	return offers
}

func (m Model) related(application string) bool {
	return slices.ContainsFunc(m.Relations, func(r controller.Relation) bool {
		return slices.ContainsFunc(r.Endpoints, func(e controller.Endpoint) bool { return e.Application == application })
	})
}

func endpointOf(offer controller.Offer) string {
	if len(offer.Endpoints) == 0 {
		return ""
	}
	return offer.Endpoints[0].Name
}

// unknownOffers are those that were made on a controller and not through JIMM.
func (w *World) unknownOffers() (list []string) {
	for _, m := range w.Models {
		for _, offer := range m.Offers {
			if offer.UnknownToJIMM {
				list = append(list, m.UUID+"/"+offer.Name)
			}
		}
	}
	return list
}

// followTime is how long a consumer takes to find an offer again once its old controller redirects; before Speed. How
// long real ones take is not known.
const followTime = 30 * time.Second

// followed reports whether a consumer has found a model that was migrated: some time after its old controller began to
// redirect.
func (j *JAAS) followed(offering, consumer string) bool {
	for _, m := range j.world.Models {
		if m.UUID == consumer && slices.ContainsFunc(m.RemoteApplications, func(r controller.RemoteApplication) bool { return r.NeverFollows }) {
			return false
		}
	}
	for _, c := range j.world.Controllers {
		m, ok := j.Controller(c.Name).Migration(offering)
		if ok && m.Phase == controller.Done && time.Since(*m.End) >= time.Duration(float64(followTime)/j.speed()) {
			return true
		}
	}
	return false
}

func (j *JAAS) speed() float64 {
	if j.world.Speed > 0 {
		return j.world.Speed
	}
	return 1
}

// bucket limits how many agents log in to a controller: ten at once, then four a second (Juju's defaults of
// agent-ratelimit-max and agent-ratelimit-rate, documented).
type bucket struct {
	tokens float64
	at     time.Time
}

const (
	bucketSize = 10
	bucketRate = 4
)

// agentLogins takes the logins of some agents and returns when, in the time of a Pace, the last of them has logged in.
func (j *JAAS) agentLogins(tag string, agents int) time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := time.Now()
	b := j.logins[tag]
	if b == nil {
		b = &bucket{bucketSize, now}
		j.logins[tag] = b
	}
	b.tokens = min(bucketSize, b.tokens+now.Sub(b.at).Seconds()*j.speed()*bucketRate) - float64(agents)
	b.at = now
	return time.Duration(max(0, -b.tokens) / bucketRate * float64(time.Second))
}
