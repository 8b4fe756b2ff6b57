package jimm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/rpc"
)

// Recorded: JIMM of 2024, except for the redacted login of 2026.
const (
	auditMigrate2024 = `{"time":"2026-11-22T10:17:47.443Z","conversation-id":"4081c5ba3ecad43c","message-id":5,"facade-name":"JIMM","facade-method":"MigrateModel","facade-version":4,"user-tag":"user-11111111-2222-4333-8444-555555555555@serviceaccount","is-response":false,"params":{"specs":[{"model-tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","target-controller":"ctl-a"}]}}`
	auditAnswer      = `{"time":"2026-11-22T10:17:47.444Z","conversation-id":"4081c5ba3ecad43c","message-id":5,"facade-name":"JIMM","facade-method":"MigrateModel","facade-version":4,"user-tag":"user-11111111-2222-4333-8444-555555555555@serviceaccount","is-response":true,"errors":{"results":[{"error":{"code":"","message":""}}]}}`
	auditUpdate      = `{"time":"2026-11-22T10:18:01.783Z","conversation-id":"2ccca43e56fd3d37","message-id":2,"facade-name":"JIMM","facade-method":"UpdateMigratedModel","facade-version":4,"user-tag":"user-fca1f605-736e-4d1f-bcd2-aecc726923be@serviceaccount","is-response":false,"params":{"model-tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","target-controller":"ctl-b"}}`
	auditDenied      = `{"time":"2026-11-22T10:18:01.787Z","conversation-id":"2ccca43e56fd3d37","message-id":2,"facade-name":"JIMM","facade-method":"UpdateMigratedModel","facade-version":4,"user-tag":"user-fca1f605-736e-4d1f-bcd2-aecc726923be@serviceaccount","is-response":true,"errors":{"results":[{"error":{"code":"unauthorized access","message":"permission denied"}}]}}`
	auditLogin2024   = `{"time":"2026-11-22T10:28:47.46Z","conversation-id":"b1b355290a96d2fe","message-id":1,"facade-name":"Admin","facade-method":"LoginWithClientCredentials","facade-version":4,"user-tag":"user-","is-response":false,"params":{"client-id":"fca1f605-736e-4d1f-bcd2-aecc726923be","client-secret":"CANARY-9f3c"}}`
	auditLogin2026   = `{"time":"2026-11-22T11:04:43.395Z","conversation-id":"3a816a5d2b85175b","message-id":1,"facade-name":"Admin","facade-method":"LoginWithClientCredentials","facade-version":4,"user-tag":"user-","is-response":false,"params":{"params":"redacted"}}`
)

func TestFindAuditEvents(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024 + `
C-> {"params":{"method":"MigrateModel","limit":4},"request":"FindAuditEvents","request-id":2,"type":"JIMM","version":4}
<-C {"request-id":2,"response":{"events":[` + strings.Join([]string{auditMigrate2024, auditAnswer, auditUpdate, auditDenied}, ",") + `]}}
`})
	got, err := f.connect().FindAuditEvents(t.Context(), jimm.AuditQuery{Method: "MigrateModel", Limit: 4})
	if err != nil {
		t.Fatal(err)
	}
	plain, admin := "11111111-2222-4333-8444-555555555555@serviceaccount", adminID+"@serviceaccount"
	at := func(minute, second, milli int) time.Time {
		return time.Date(2026, 11, 22, 10, minute, second, milli*1e6, time.UTC)
	}
	want := []jimm.AuditEvent{{
		Time: at(17, 47, 443), ConversationID: "4081c5ba3ecad43c", MessageID: 5, Facade: "JIMM", Method: "MigrateModel",
		User: plain, Migrations: []jimm.MigrationRequest{{ModelUUID: modelUUID, TargetController: "ctl-a"}},
		Changes: []jimm.ChangeRequest{{ModelUUID: modelUUID, Controller: "ctl-a"}},
	}, {
		Time: at(17, 47, 444), ConversationID: "4081c5ba3ecad43c", MessageID: 5, Facade: "JIMM", Method: "MigrateModel",
		User: plain, Response: true,
	}, {
		Time: at(18, 1, 783), ConversationID: "2ccca43e56fd3d37", MessageID: 2, Facade: "JIMM", Method: "UpdateMigratedModel",
		User: admin, Migrations: []jimm.MigrationRequest{{ModelUUID: modelUUID, TargetController: "ctl-b"}},
		Changes: []jimm.ChangeRequest{{ModelUUID: modelUUID, Controller: "ctl-b"}},
	}, {
		Time: at(18, 1, 787), ConversationID: "2ccca43e56fd3d37", MessageID: 2, Facade: "JIMM", Method: "UpdateMigratedModel",
		User: admin, Response: true, Error: &rpc.Error{Message: "permission denied", Code: rpc.CodeUnauthorized},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestFindAuditEventsSendsTheWholeQuery(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024 + `
C-> {"params":{},"request":"FindAuditEvents","type":"JIMM","version":4}
<-C {"response":{"events":null}}
C-> {"params":{"after":"2026-11-22T10:00:00Z","before":"2026-11-22T09:17:47.443Z","user-tag":"user-alice@canonical.com","method":"MigrateModel","offset":50,"limit":1000,"sortTime":true},"request":"FindAuditEvents","type":"JIMM","version":4}
<-C {"error":"unauthorized","error-code":"unauthorized access","response":{}}
`})
	client := f.connect()
	if events, err := client.FindAuditEvents(t.Context(), jimm.AuditQuery{}); err != nil || len(events) != 0 {
		t.Errorf("events %v, error %v", events, err)
	}
	_, err := client.FindAuditEvents(t.Context(), jimm.AuditQuery{
		After:  time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		Before: time.Date(2026, 11, 22, 10, 17, 47, 443e6, time.FixedZone("CET", 3600)),
		User:   "alice@canonical.com", Method: "MigrateModel", Offset: 50, Limit: 1000, NewestFirst: true,
	})
	if !errors.Is(err, rpc.CodeUnauthorized) {
		t.Errorf("error %v", err)
	}
}

// JIMM would silently reduce the limit, and the caller would take the page for
// everything.
func TestFindAuditEventsRefusesLimitsThatJIMMCuts(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024})
	client := f.connect()
	for _, query := range []jimm.AuditQuery{{Limit: 1001}, {Limit: -1}, {Offset: -1}} {
		if _, err := client.FindAuditEvents(t.Context(), query); !errors.Is(err, rpc.ErrNotSent) {
			t.Errorf("%+v: error %v", query, err)
		}
	}
}

func TestAuditEventReadsEverySpellingOfAModel(t *testing.T) {
	uuid := jimm.MigrationRequest{ModelUUID: modelUUID, TargetController: "ctl-b"}
	tests := []struct {
		name, method, params string
		want                 []jimm.MigrationRequest
	}{
		{"tag", "MigrateModel", `{"specs":[{"model-tag":"model-` + modelUUID + `","target-controller":"ctl-b"}]}`, []jimm.MigrationRequest{uuid}},
		{"bare uuid", "MigrateModel", `{"specs":[{"model-tag":"` + modelUUID + `","target-controller":"ctl-b"}]}`, []jimm.MigrationRequest{uuid}},
		{
			"owner and name", "MigrateModel", `{"specs":[{"model-tag":"alice@canonical.com/prod","target-controller":"ctl-b"}]}`,
			[]jimm.MigrationRequest{{ModelPath: "alice@canonical.com/prod", TargetController: "ctl-b"}},
		},
		{
			"several, one odd", "MigrateModel", `{"specs":[{"model-tag":"prod","target-controller":"ctl-b"},{"model-tag":"` + modelUUID + `","target-controller":"ctl-b"}]}`,
			[]jimm.MigrationRequest{{TargetController: "ctl-b"}, uuid},
		},
		{"update", "UpdateMigratedModel", `{"model-tag":"model-` + modelUUID + `","target-controller":"ctl-b"}`, []jimm.MigrationRequest{uuid}},
		{"no specs", "MigrateModel", `{"specs":[]}`, nil},
		{"redacted", "MigrateModel", `{"params":"redacted"}`, nil},
		{"redacted update", "UpdateMigratedModel", `{"params":"redacted"}`, nil},
		{"text", "MigrateModel", `"redacted"`, nil},
		{"null", "UpdateMigratedModel", `null`, nil},
		{"specs that are no list", "MigrateModel", `{"specs":{"a":1}}`, nil},
		{"another method", "ImportModel", `{"model-tag":"model-` + modelUUID + `","controller":"ctl-b"}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var event jimm.AuditEvent
			data := `{"facade-name":"JIMM","facade-method":"` + test.method + `","params":` + test.params + `}`
			if err := json.Unmarshal([]byte(data), &event); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, event.Migrations); diff != "" {
				t.Errorf("migrations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMigrationRequestNames(t *testing.T) {
	byUUID := jimm.MigrationRequest{ModelUUID: modelUUID}
	byPath := jimm.MigrationRequest{ModelPath: "alice/prod"}
	if !byUUID.Names(modelUUID, "alice/prod") || !byPath.Names(modelUUID, "alice/prod") {
		t.Error("the model is not recognised")
	}
	if byUUID.Names("", "alice/prod") || byPath.Names(modelUUID, "") || (jimm.MigrationRequest{}).Names("", "") {
		t.Error("another model is taken for it")
	}
}

func TestAuditEventsOddFieldsHideNothing(t *testing.T) {
	var events []jimm.AuditEvent
	data := `[{"time":"yesterday","message-id":"five","facade-name":"JIMM","facade-method":"MigrateModel","is-response":"no","errors":7},
		{"time":5,"is-response":true,"errors":{"results":[{},{"error":"boom"}]}}, null, ` + auditMigrate2024 + `]`
	if err := json.Unmarshal([]byte(data), &events); err != nil {
		t.Fatal(err)
	}
	if len(events) != 4 || len(events[3].Migrations) != 1 {
		t.Fatalf("events %+v", events)
	}
	if !events[0].Time.IsZero() || events[0].Method != "MigrateModel" {
		t.Errorf("event %+v", events[0])
	}
	if events[1].Error == nil || events[1].Error.Message != "boom" {
		t.Errorf("event %+v", events[1])
	}
}

func TestAuditEventsKeepNoSecret(t *testing.T) {
	spoiled := strings.Replace(auditMigrate2024, `"target-controller"`, `"client-secret":"`+canary+`","target-controller"`, 1)
	cred := `{"facade-name":"Cloud","facade-method":"AddCredentials","params":{"client-secret":"` + canary + `"}}`
	var events []jimm.AuditEvent
	data := "[" + strings.Join([]string{auditLogin2024, auditLogin2026, spoiled, cred}, ",") + "]"
	if err := json.Unmarshal([]byte(data), &events); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%+v %#v %s", events, events, out); strings.Contains(text, canary) {
		t.Errorf("the secret got through: %s", text)
	}
	if events[0].Method != "LoginWithClientCredentials" || events[0].User != "" {
		t.Errorf("event %+v", events[0])
	}
}

// auditServer answers FindAuditEvents from a log as JIMM does: both times
// inclusive, ties in any order, here a different one at each query.
type auditServer struct {
	log     []jimm.AuditEvent // oldest first
	queries int
	ignore  map[string]bool // parameters to ignore
	grow    bool            // log something new before each answer
}

func (s *auditServer) find(params map[string]any) []jimm.AuditEvent {
	s.queries++
	if s.grow {
		s.log = append(s.log, jimm.AuditEvent{Time: s.log[len(s.log)-1].Time, ConversationID: "new", MessageID: uint64(s.queries)})
	}
	get := func(key string) any {
		if s.ignore[key] {
			return nil
		}
		return params[key]
	}
	var found []jimm.AuditEvent
	for _, event := range s.log {
		if before, ok := get("before").(string); ok {
			limit, err := time.Parse(time.RFC3339, before)
			if err != nil || event.Time.After(limit) {
				continue
			}
		}
		found = append(found, event)
	}
	if get("sortTime") == true {
		sortNewestFirst(found, s.queries%2 == 0)
	}
	offset, _ := get("offset").(float64)
	limit, _ := params["limit"].(float64)
	found = found[min(int(offset), len(found)):]
	return found[:min(int(limit), len(found))]
}

func TestNewestAuditEventsReadsEachOnceNewestFirst(t *testing.T) {
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	tests := []struct {
		name  string
		log   int
		every time.Duration
		ties  int // events of the same time
		limit int
		grow  bool
	}{
		{"empty", 0, time.Second, 1, 10, false},
		{"one page", 7, time.Second, 1, 10, false},
		{"exactly one page", 10, time.Second, 1, 10, false},
		{"many pages", 95, time.Millisecond, 1, 10, false},
		{"request and answer in one millisecond", 96, time.Millisecond, 2, 5, false},
		{"many at a time", 91, time.Millisecond, 7, 10, false},
		{"a log that grows", 60, time.Millisecond, 1, 10, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := &auditServer{}
			for i := range test.log {
				server.log = append(server.log, jimm.AuditEvent{
					Time: start.Add(time.Duration(i/test.ties) * test.every), ConversationID: "c", MessageID: uint64(i),
				})
			}
			server.grow = test.grow
			f := serve(t, nil)
			f.handle(server.handle)
			client := f.connect()
			seen := make(map[uint64]bool)
			last := start.Add(time.Hour)
			for event, err := range client.NewestAuditEvents(t.Context(), jimm.AuditQuery{Limit: test.limit}) {
				if err != nil {
					t.Fatal(err)
				}
				if event.ConversationID == "new" {
					continue
				}
				if seen[event.MessageID] || event.Time.After(last) {
					t.Errorf("event %d at %v: again, or out of order", event.MessageID, event.Time)
				}
				seen[event.MessageID], last = true, event.Time
			}
			if len(seen) != test.log {
				t.Errorf("%d events of %d", len(seen), test.log)
			}
		})
	}
}

// serveLog starts a server with a log of n events, one second apart.
func serveLog(t *testing.T, n int) (*auditServer, *fakeJIMM) {
	t.Helper()
	server := &auditServer{}
	for i := range n {
		server.log = append(server.log, jimm.AuditEvent{Time: time.Unix(int64(i), 0), MessageID: uint64(i)})
	}
	f := serve(t, nil)
	f.handle(server.handle)
	return server, f
}

func TestNewestAuditEventsReadsNoMoreThanAskedFor(t *testing.T) {
	server, f := serveLog(t, 500)
	for event, err := range f.connect().NewestAuditEvents(t.Context(), jimm.AuditQuery{}) {
		if err != nil || event.MessageID != 499 {
			t.Errorf("event %v, error %v", event, err)
		}
		break
	}
	if server.queries != 1 {
		t.Errorf("%d queries for one event", server.queries)
	}
}

func TestNewestAuditEventsCanBeReadAgain(t *testing.T) {
	_, f := serveLog(t, 20)
	events := f.connect().NewestAuditEvents(t.Context(), jimm.AuditQuery{Limit: 5})
	for range 2 {
		n := 0
		for _, err := range events {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != 20 {
			t.Errorf("%d events of 20", n)
		}
	}
}

func TestAuditEventOfAnotherFacadeIsNoMigration(t *testing.T) {
	var event jimm.AuditEvent
	if err := json.Unmarshal([]byte(strings.Replace(auditMigrate2024, `"JIMM"`, `"Other"`, 1)), &event); err != nil || event.Migrations != nil {
		t.Errorf("event %+v, error %v", event, err)
	}
}

func TestNewestAuditEventsDoesNotTrustAServerThatDoesNotSort(t *testing.T) {
	server, f := serveLog(t, 20)
	server.ignore = map[string]bool{"sortTime": true}
	for _, err := range f.connect().NewestAuditEvents(t.Context(), jimm.AuditQuery{}) {
		if err == nil {
			t.Fatal("the oldest events were taken for the newest")
		}
		return
	}
	t.Fatal("nothing came")
}

func TestNewestAuditEventsSaysThatAServerRepeatsItself(t *testing.T) {
	server, f := serveLog(t, 20)
	server.ignore = map[string]bool{"before": true, "offset": true}
	n := 0
	var last error
	for _, err := range f.connect().NewestAuditEvents(t.Context(), jimm.AuditQuery{Limit: 5}) {
		n++
		last = err
	}
	if n != 6 || last == nil || server.queries > 10 {
		t.Errorf("%d times, at last %v, %d queries", n, last, server.queries)
	}
}

func TestNewestAuditEventsEndsWithAnError(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024 + `
C-> {"params":{"method":"MigrateModel","limit":100,"sortTime":true},"request":"FindAuditEvents","type":"JIMM","version":4}
<-C {"error":"unauthorized","error-code":"unauthorized access","response":{}}
`})
	n := 0
	for _, err := range f.connect().NewestAuditEvents(t.Context(), jimm.AuditQuery{Method: "MigrateModel"}) {
		n++
		if !errors.Is(err, rpc.CodeUnauthorized) {
			t.Errorf("error %v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d times", n)
	}
}

// sortNewestFirst sorts by time only; events of the same time come in the order of the log, or in
// the opposite one.
func sortNewestFirst(events []jimm.AuditEvent, opposite bool) {
	if opposite {
		slices.Reverse(events)
	}
	slices.SortStableFunc(events, func(a, b jimm.AuditEvent) int { return b.Time.Compare(a.Time) })
}

// handle answers a FindAuditEvents request.
func (s *auditServer) handle(request map[string]any) map[string]any {
	params, _ := request["params"].(map[string]any)
	events := []map[string]any{}
	for _, event := range s.find(params) {
		events = append(events, map[string]any{
			"time": event.Time.UTC().Format(time.RFC3339Nano), "conversation-id": event.ConversationID, "message-id": event.MessageID,
		})
	}
	return map[string]any{"response": map[string]any{"events": events}}
}
