package jimm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// MostOfferFilters is how many models one call of [Client.ListOffers] asks about.
const MostOfferFilters = 50

// offersTimeout is for a call of many filters: 500 took JIMM of July 2026 seven
// seconds (recorded).
const offersTimeout = 2 * time.Minute

// OfferFilter names a model to list the offers of.
type OfferFilter struct{ Owner, Model string }

// ListedOffer is an offer as [Client.ListOffers] returns it.
type ListedOffer struct {
	// URL is owner/model.name: the only thing that names the offering model in an
	// answer of JIMM of July 2026.
	URL string
	// Owner and Model are those of the URL.
	Owner, Model string
	// Connections are the relations of consumers. JIMM shows them to those who
	// administer the offer, and to its administrators.
	Connections []OfferConnection
}

// OfferConnection is a relation of a consumer to an offer.
type OfferConnection struct {
	// Consumer is the UUID of the consuming model, on whatever controller.
	Consumer string
	// Status is joining, joined, or another status of Juju.
	Status string
}

// ListOffers returns the offers of models that are all recorded on one and the
// same controller (ApplicationOffers ListApplicationOffers, 4 or 5, as JIMM serves
// it). For JIMM administrators.
//
// An empty list never proves that a model has no offers. JIMM of July 2026 answers
// so, without an error, if the models are on several controllers, if one of them
// has left its controller, and for offers that it does not know (recorded). It
// also mixes up two models with the same name: the names must be distinct.
func (c *Client) ListOffers(ctx context.Context, models []OfferFilter) ([]ListedOffer, error) {
	version, err := c.offersVersion(models)
	if err != nil {
		return nil, fmt.Errorf("cannot list offers: %w", err)
	}
	type filter struct {
		Owner string `json:"owner-name"`
		Model string `json:"model-name"`
	}
	var params struct {
		Filters []filter `json:"Filters"`
	}
	for _, m := range models {
		params.Filters = append(params.Filters, filter(m))
	}
	var reply struct {
		Results []struct {
			OfferURL    string `json:"offer-url"`
			Connections []struct {
				SourceModelTag string            `json:"source-model-tag"`
				Status         juju.EntityStatus `json:"status"`
			} `json:"connections"`
		} `json:"results"`
	}
	req := rpc.Request{Facade: "ApplicationOffers", Version: version, Method: "ListApplicationOffers", Timeout: c.opts.timeLimit(offersTimeout)}
	if err := c.conn.Call(ctx, req, params, &reply); err != nil {
		return nil, fmt.Errorf("cannot list offers: %w", err)
	}
	offers := make([]ListedOffer, 0, len(reply.Results))
	for _, r := range reply.Results {
		path := r.OfferURL[strings.LastIndexByte(r.OfferURL, ':')+1:] // Without the name of a controller, which Juju's URLs may have.
		owner, rest, _ := strings.Cut(path, "/")
		model, name, ok := strings.Cut(rest, ".")
		if !ok || owner == "" || model == "" || name == "" {
			return nil, fmt.Errorf("cannot list offers: unexpected answer: %q is not the URL of an offer", r.OfferURL)
		}
		offer := ListedOffer{URL: r.OfferURL, Owner: owner, Model: model}
		for _, conn := range r.Connections {
			offer.Connections = append(offer.Connections, OfferConnection{
				Consumer: juju.TagID(juju.KindModel, conn.SourceModelTag), Status: conn.Status.Status,
			})
		}
		offers = append(offers, offer)
	}
	return offers, nil
}

// offersVersion refuses filters that JIMM would answer incorrectly, and returns
// the version of the facade.
func (c *Client) offersVersion(models []OfferFilter) (int, error) {
	if len(models) == 0 || len(models) > MostOfferFilters {
		return 0, &argumentError{reason: fmt.Sprintf("got %d models, need 1 to %d", len(models), MostOfferFilters)}
	}
	seen := map[string]bool{}
	for _, m := range models {
		switch {
		case m.Owner == "" || m.Model == "":
			return 0, &argumentError{reason: "a model needs an owner and a name"}
		case seen[m.Model]:
			return 0, &argumentError{reason: fmt.Sprintf("two models are called %q: JIMM mixes up their offers", m.Model)}
		}
		seen[m.Model] = true
	}
	version, ok := c.session.facades.Best("ApplicationOffers", 4, 5)
	if !ok {
		return 0, errors.New("this JIMM does not offer ApplicationOffers 4 or 5")
	}
	return version, nil
}
