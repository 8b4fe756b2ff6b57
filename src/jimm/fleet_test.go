package jimm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/rpc"
)

// The answers are as recorded from JIMM of July 2026 and of October 2024 over real
// Juju 3.6.28 controllers, shortened.
func TestListOffersReadsConnections(t *testing.T) {
	const request = `C-> {"params":{"Filters":[{"model-name":"offm","owner-name":"OWNER"},{"model-name":"offb","owner-name":"OWNER"}]},"request":"ListApplicationOffers","request-id":2,"type":"ApplicationOffers","version":4}
`
	for name, answer := range map[string]string{
		"2026": `{"results":[{"source-model-tag":"","offer-uuid":"","offer-url":"OWNER/offm.o1","offer-name":"o1","application-name":"db1","connections":[{"source-model-tag":"model-a9950000-0000-4000-8000-000000000001","relation-id":0,"username":"OWNER","endpoint":"db","status":{"status":"joining","info":"","since":"2026-11-28T23:24:07.937694022Z"},"ingress-subnets":null}]},{"offer-url":"OWNER/offb.ob"}]}`,
		"2024": `{"results":[{"source-model-tag":"model-b0cc0000-0000-4000-8000-000000000001","offer-uuid":"023a","offer-url":"OWNER/offm.o1","connections":[{"source-model-tag":"model-a9950000-0000-4000-8000-000000000001","status":{"status":"joining"}}]},{"offer-url":"OWNER/offb.ob"}]}`,
	} {
		f := serve(t, map[string]string{"/api": login2024 + request + `<-C {"request-id":2,"response":` + answer + `}`})
		got, err := f.connect().ListOffers(t.Context(), []jimm.OfferFilter{{Owner: "OWNER", Model: "offm"}, {Owner: "OWNER", Model: "offb"}})
		want := []jimm.ListedOffer{
			{URL: "OWNER/offm.o1", Owner: "OWNER", Model: "offm", Connections: []jimm.OfferConnection{{Consumer: "a9950000-0000-4000-8000-000000000001", Status: "joining"}}},
			{URL: "OWNER/offb.ob", Owner: "OWNER", Model: "offb"},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

// Juju's URLs may have the name of a controller before a colon; recorded ones have none.
func TestListOffersTakesTheControllerOfAURL(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024 + `C-> {"params":{"Filters":[{"model-name":"m","owner-name":"bob@x.org"}]},"request":"ListApplicationOffers","request-id":2,"type":"ApplicationOffers","version":4}
<-C {"request-id":2,"response":{"results":[{"offer-url":"east:bob@x.org/m.o1"}]}}`})
	got, err := f.connect().ListOffers(t.Context(), []jimm.OfferFilter{{Owner: "bob@x.org", Model: "m"}})
	if err != nil || len(got) != 1 || got[0].Owner != "bob@x.org" || got[0].Model != "m" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestListOffersSendsNoFiltersThatJIMMMixesUp(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024})
	client := f.connect()
	for name, filters := range map[string][]jimm.OfferFilter{
		"none":           nil,
		"too many":       make([]jimm.OfferFilter, jimm.MostOfferFilters+1),
		"no owner":       {{Model: "a"}},
		"no name":        {{Owner: "a"}},
		"one name twice": {{Owner: "alice", Model: "a"}, {Owner: "bob", Model: "a"}},
	} {
		if offers, err := client.ListOffers(t.Context(), filters); !errors.Is(err, rpc.ErrNotSent) {
			t.Errorf("%s: %v, %v", name, offers, err)
		}
	}
}

func TestListOffersBelievesNoOddAnswer(t *testing.T) {
	const request = `C-> {"params":{"Filters":[{"model-name":"offm","owner-name":"OWNER"}]},"request":"ListApplicationOffers","request-id":2,"type":"ApplicationOffers","version":4}
`
	for name, answer := range map[string]string{
		"no URL":    `"response":{"results":[{"offer-url":"","connections":[]}]}`,
		"no model":  `"response":{"results":[{"offer-url":"OWNER.o1"}]}`,
		"not found": `"error":"model not found","error-code":"not found","response":{}`,
	} {
		f := serve(t, map[string]string{"/api": login2024 + request + `<-C {"request-id":2,` + answer + `}`})
		if offers, err := f.connect().ListOffers(t.Context(), []jimm.OfferFilter{{Owner: "OWNER", Model: "offm"}}); err == nil {
			t.Errorf("%s: %v without an error", name, offers)
		}
	}
	for _, empty := range []string{`{"results":[]}`, `{"results":null}`} {
		f := serve(t, map[string]string{"/api": login2024 + request + `<-C {"request-id":2,"response":` + empty + `}`})
		if offers, err := f.connect().ListOffers(t.Context(), []jimm.OfferFilter{{Owner: "OWNER", Model: "offm"}}); err != nil || len(offers) != 0 {
			t.Errorf("%s: %v, %v", empty, offers, err)
		}
	}
}

func TestSetControllerDeprecatedAlwaysSaysBoth(t *testing.T) {
	for mark, status := range map[string]string{"true": "deprecated", "false": "available"} {
		f := serve(t, map[string]string{"/api": login2024 + `C-> {"params":{"deprecated":` + mark + `,"name":"d"},"request":"SetControllerDeprecated","request-id":2,"type":"JIMM","version":4}
<-C {"request-id":2,"response":{"name":"d","uuid":"d4440000-0000-4000-8000-00000000000d","public-address":"localhost:45173","agent-version":"3.6.28","status":{"status":"` + status + `","info":"","since":null}}}`})
		got, err := f.connect().SetControllerDeprecated(t.Context(), "d", mark == "true")
		if err != nil || got.Status.Status != status {
			t.Errorf("%s: %+v, %v", mark, got, err)
		}
	}
	f := serve(t, map[string]string{"/api": login2024})
	if _, err := f.connect().SetControllerDeprecated(t.Context(), "", true); !errors.Is(err, rpc.ErrNotSent) {
		t.Errorf("an empty name: %v", err)
	}
	f = serve(t, map[string]string{"/api": login2024 + `C-> {"params":{"deprecated":true,"name":"d"},"request":"SetControllerDeprecated","request-id":2,"type":"JIMM","version":4}
<-C {"request-id":2,"response":{"name":"c","status":{"status":"deprecated"}}}`})
	if _, err := f.connect().SetControllerDeprecated(t.Context(), "d", true); err == nil || !strings.Contains(err.Error(), `it is about "c"`) {
		t.Errorf("another controller: %v", err)
	}
}

func TestUpgradeModelThroughJIMM(t *testing.T) {
	exchange := func(version string) string {
		return `C-> {"params":{"agent-stream":"","dry-run":true,"ignore-agent-versions":false,"model-tag":"model-` + modelUUID + `","target-version":"3.6.28"},"request":"UpgradeModel","request-id":2,"type":"ModelUpgrader","version":` + version + `}
<-C {"request-id":2,"response":{"chosen-version":"3.6.28"}}`
	}
	september := strings.Replace(login2026, `{"name":"ModelUpgrader","versions":[1]}`, `{"name":"ModelUpgrader","versions":[1,2]}`, 1)
	for name, script := range map[string]string{
		"July 2026":      login2026 + exchange("1"),
		"September 2026": september + exchange("2"),
	} {
		f := serve(t, map[string]string{"/api": script})
		if got, err := f.connect().UpgradeModel(t.Context(), modelUUID, "3.6.28", true); err != nil || got != "3.6.28" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	f := serve(t, map[string]string{"/api": login2024}) // It offers no such facade, and is not asked.
	if _, err := f.connect().UpgradeModel(t.Context(), modelUUID, "3.6.28", true); !errors.Is(err, rpc.CodeNotImplemented) {
		t.Errorf("2024: %v", err)
	}
}
