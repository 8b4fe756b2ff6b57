package controller

import (
	"context"
	"regexp"
	"slices"

	"jimm-migrator/tests/sim/wire"
)

type offerResult struct {
	SourceModelTag  string          `json:"source-model-tag"`
	OfferUUID       string          `json:"offer-uuid"`
	OfferURL        string          `json:"offer-url"`
	OfferName       string          `json:"offer-name"`
	Description     string          `json:"application-description"`
	Endpoints       []offerEndpoint `json:"endpoints,omitempty"`
	Users           []offerUser     `json:"users,omitempty"`
	ApplicationName string          `json:"application-name"`
	CharmURL        string          `json:"charm-url"`
	Connections     []connection    `json:"connections,omitempty"`
}

// connection is a relation to an offer (3.6.28, recorded).
type connection struct {
	SourceModelTag string       `json:"source-model-tag"`
	RelationID     int          `json:"relation-id"`
	Username       string       `json:"username"`
	Endpoint       string       `json:"endpoint"`
	Status         entityStatus `json:"status"`
	IngressSubnets []string     `json:"ingress-subnets"` // null
}

type offerEndpoint struct {
	Name      string `json:"name"`
	Role      string `json:"role"`
	Interface string `json:"interface"`
	Limit     int    `json:"limit"`
}

type offerUser struct {
	User        string `json:"user"`
	DisplayName string `json:"display-name"`
	Access      string `json:"access"`
}

// listOffers lists the offers of the models that the filters name. JIMM of 2026 sends such filters when a model is
// imported (recorded).
func listOffers(_ context.Context, s *session, req *wire.Request) (any, error) {
	var params struct {
		Filters []struct {
			OwnerName       string `json:"owner-name"`
			ModelName       string `json:"model-name"`
			OfferName       string `json:"offer-name"`
			ApplicationName string `json:"application-name"`
		} `json:"Filters"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	superuser, self := s.superuser() == nil, s.loggedIn().user
	s.c.mu.Lock()
	var here []hosted
	for _, h := range s.c.sorted() {
		here = append(here, *h)
	}
	s.c.mu.Unlock()
	list := []offerResult{}
	for _, filter := range params.Filters {
		for _, h := range here {
			m := h.model
			if m.Name != filter.ModelName || filter.OwnerName != "" && m.Owner != filter.OwnerName {
				continue
			}
			if !superuser && m.access(self) != "admin" {
				return nil, errPermission()
			}
			for _, offer := range m.Offers {
				if (filter.OfferName == "" || matches(filter.OfferName, offer.Name)) &&
					(filter.ApplicationName == "" || filter.ApplicationName == offer.Application) {
					list = append(list, s.c.offerResult(&h, offer))
				}
			}
		}
	}
	return map[string]any{"results": list}, nil
}

// offerResult is an offer with its connections, which are joined once their consumers know where it is. The caller must
// not hold mu: other controllers are asked.
func (c *Controller) offerResult(h *hosted, offer Offer) offerResult {
	m := h.model
	item := offerResult{
		SourceModelTag: "model-" + m.UUID, OfferUUID: offer.UUID, OfferURL: m.Owner + "/" + m.Name + "." + offer.Name,
		OfferName: offer.Name, ApplicationName: offer.Application,
	}
	if i := slices.IndexFunc(m.Applications, func(a Application) bool { return a.Name == offer.Application }); i >= 0 {
		item.CharmURL = m.Applications[i].charmURL()
	}
	for _, endpoint := range offer.Endpoints {
		item.Endpoints = append(item.Endpoints, offerEndpoint{endpoint.Name, endpoint.Role, endpoint.Interface, 0})
	}
	for i, consumer := range offer.Consumers {
		if h.came && c.config.Followed != nil && !c.config.Followed(m.UUID, consumer.Model) {
			continue
		}
		since := h.status.Since
		item.Connections = append(item.Connections, connection{
			SourceModelTag: "model-" + consumer.Model, RelationID: i, Username: consumer.User, Endpoint: consumer.Endpoint,
			Status: entityStatus{Status: "joined", Since: &since},
		})
	}
	for _, user := range offer.Users {
		item.Users = append(item.Users, offerUser{user.Name, user.DisplayName, user.Access})
	}
	return item
}

// matches compares a name with a pattern (3.6.28, recorded with "o.*").
func matches(pattern, name string) bool {
	whole, err := regexp.Compile("^(?:" + pattern + ")$")
	return err == nil && whole.MatchString(name)
}
