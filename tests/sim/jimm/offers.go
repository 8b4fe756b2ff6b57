package jimm

import (
	"context"
	"encoding/json"
	"slices"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

// listedOffer is an offer of ApplicationOffers.ListApplicationOffers; members that JIMM passes on stay undecoded.
type listedOffer struct {
	SourceModelTag  string            `json:"source-model-tag"` // empty in 2026
	OfferUUID       string            `json:"offer-uuid"`       // empty in 2026
	OfferURL        string            `json:"offer-url"`
	OfferName       string            `json:"offer-name"`
	Description     string            `json:"application-description"`
	Endpoints       json.RawMessage   `json:"endpoints,omitempty"`
	Users           json.RawMessage   `json:"users,omitempty"`
	ApplicationName string            `json:"application-name"`
	CharmURL        string            `json:"charm-url"`
	Connections     []json.RawMessage `json:"connections,omitempty"`
}

type offerFilters struct {
	Filters []offerFilter `json:"Filters"`
}

// listOffers is ApplicationOffers.ListApplicationOffers. In 2024 the answers to all filters are concatenated. 2026 has
// two defects: of models with the same name only the first is used, once for each time the name occurs, and filters for
// models on several controllers find nothing (recorded).
func (ss *session) listOffers(ctx context.Context, req *wire.Request) (any, error) {
	var params offerFilters
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	if len(params.Filters) == 0 {
		return nil, wire.Errorf(codeBadRequest, "at least one filter must be specified")
	}
	rows, err := ss.filtered(params.Filters)
	if err != nil {
		return nil, err
	}
	answer := results[listedOffer]{}
	if ss.s.gen.BlankOffers {
		answer.Results = []listedOffer{}
		first := map[string]Model{}
		for i, row := range rows {
			if _, known := first[row.Name]; !known {
				first[row.Name] = row
			}
			rows[i] = first[row.Name]
		}
		if slices.ContainsFunc(rows, func(m Model) bool { return m.Controller != rows[0].Controller }) {
			return answer, nil
		}
	}
	for i, row := range rows {
		offers, err := ss.offersOf(ctx, row, params.Filters[i])
		if err != nil {
			return nil, err
		}
		answer.Results = append(answer.Results, offers...)
	}
	return answer, nil
}

// filtered returns the models that filters name; an unknown one fails the call.
func (ss *session) filtered(filters []offerFilter) (rows []Model, err error) {
	user, _ := ss.who()
	for _, f := range filters {
		if f.Model == "" {
			return nil, &wire.Error{Message: "application offer filter must specify a model name"}
		}
		if f.Owner == "" {
			f.Owner = user
		}
		row, known := ss.s.db.modelNamed(f.Owner, f.Model)
		switch {
		case !known:
			return nil, wire.Errorf(codeNotFound, "model not found")
		case !ss.s.gen.BlankOffers && ss.modelAccess(row.UUID) != accessAdmin:
			return nil, wire.Errorf(codeUnauthorized, "unauthorized")
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// offersOf asks the controller of one model. In 2026 offers that JIMM does not know are left out, and a user who does
// not administer the model sees no connections (source).
func (ss *session) offersOf(ctx context.Context, row Model, filter offerFilter) ([]listedOffer, error) {
	s := ss.s
	filter.Owner, filter.Model = row.Owner, row.Name
	filter.Endpoints, filter.Connected, filter.Allowed = []string{}, []string{}, []string{}
	var reply struct {
		Results []listedOffer `json:"results"`
	}
	known := s.gen.Offers
	if len(known) == 0 {
		known = []int{4}
	}
	err := s.use(ctx, s.hosting(row), s.ownUser(), func(b *backing) error {
		call := rpc.Request{Facade: "ApplicationOffers", Version: b.best("ApplicationOffers", known), Method: "ListApplicationOffers"}
		return b.call(ctx, call, offerFilters{[]offerFilter{filter}}, &reply)
	})
	if err != nil {
		return nil, asClientError(err)
	}
	var list []listedOffer
	for _, offer := range reply.Results {
		if offer.SourceModelTag != "model-"+row.UUID {
			continue // of another model with that name
		}
		if s.gen.BlankOffers {
			if slices.Contains(s.opts.UnknownOffers, row.UUID+"/"+offer.OfferName) {
				continue
			}
			offer.SourceModelTag, offer.OfferUUID = "", ""
			if ss.modelAccess(row.UUID) != accessAdmin {
				offer.Connections = nil
			}
		}
		list = append(list, offer)
	}
	return list, nil
}
