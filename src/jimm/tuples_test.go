package jimm_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"jimm-migrator/src/rpc"
)

const askHosts = `C-> {"params":{"page_size":50,"tuple":{"object":"","relation":"controller","target_object":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"}},"request":"ListRelationshipTuples","request-id":2,"type":"JIMM","version":4}
`

func TestModelHostsReadsAllPages(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024 + askHosts + `
<-C {"request-id":2,"response":{"tuples":[{"object":"controller-aaaaaaaa-0000-4000-8000-000000000001","relation":"controller","target_object":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"}],"continuation_token":"next"}}
C-> {"params":{"continuation_token":"next","page_size":50,"tuple":{"object":"","relation":"controller","target_object":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"}},"request":"ListRelationshipTuples","request-id":3,"type":"JIMM","version":4}
<-C {"request-id":3,"response":{"tuples":[{"object":"controller-bbbbbbbb-0000-4000-8000-000000000002","relation":"controller","target_object":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"}],"continuation_token":""}}
`})
	hosts, err := f.connect().ModelHosts(t.Context(), modelUUID)
	if want := []string{"aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"}; err != nil || !slices.Equal(hosts, want) {
		t.Errorf("hosts %q, error %v", hosts, err)
	}
}

func TestModelHostsOfAModelWithoutRule(t *testing.T) {
	for _, answer := range []string{`{"tuples":[]}`, `{"tuples":null}`, `{}`} {
		f := serve(t, map[string]string{"/api": login2024 + askHosts + `<-C {"request-id":2,"response":` + answer + `}`})
		if hosts, err := f.connect().ModelHosts(t.Context(), modelUUID); err != nil || len(hosts) != 0 {
			t.Errorf("%s: hosts %q, error %v", answer, hosts, err)
		}
	}
}

// Anything but a plain answer is an error: a missing rule must not look like a
// wrong one.
func TestModelHostsBelievesNoOddAnswer(t *testing.T) {
	for name, answer := range map[string]string{
		"names":          `"response":{"tuples":[{"object":"controller-ctl-a","relation":"controller","target_object":"model-ctl-a:alice@example.com/prod"}]}`,
		"a user":         `"response":{"tuples":[{"object":"user-alice@example.com","relation":"controller","target_object":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"}]}`,
		"other relation": `"response":{"tuples":[{"object":"controller-aaaaaaaa-0000-4000-8000-000000000001","relation":"administrator","target_object":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"}]}`,
		"errors":         `"response":{"tuples":[],"errors":["failed to parse target"]}`,
	} {
		f := serve(t, map[string]string{"/api": login2024 + askHosts + `<-C {"request-id":2,` + answer + `}`})
		if hosts, err := f.connect().ModelHosts(t.Context(), modelUUID); err == nil {
			t.Errorf("%s: hosts %q without an error", name, hosts)
		}
	}
	f := serve(t, map[string]string{"/api": login2024 + askHosts + `<-C {"request-id":2,"error":"unauthorized","error-code":"unauthorized access","response":{}}`})
	if _, err := f.connect().ModelHosts(t.Context(), modelUUID); !errors.Is(err, rpc.CodeUnauthorized) || !strings.Contains(err.Error(), modelUUID) {
		t.Errorf("error %v", err)
	}
}

func TestModelHostsEnds(t *testing.T) {
	f := serve(t, nil)
	pages := 0
	f.handle(func(map[string]any) map[string]any {
		pages++
		return map[string]any{"response": map[string]any{"tuples": []any{}, "continuation_token": "again"}}
	})
	client := f.connect()
	if _, err := client.ModelHosts(t.Context(), modelUUID); err == nil || pages > 50 {
		t.Errorf("error %v after %d pages", err, pages)
	}
	if _, err := client.ModelHosts(t.Context(), "prod"); err == nil {
		t.Error("a name was sent as a uuid")
	}
}
