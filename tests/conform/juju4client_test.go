package conform_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/conform"
	"jimm-migrator/tests/sim/wire"
)

// TestClientUnderstandsJuju4 replays the answers of a real API server of Juju 4.0-beta8 to our client of controllers.
// The requests of the client must have been recorded; its own description of itself in the audit log may differ.
func TestClientUnderstandsJuju4(t *testing.T) {
	stories := map[string]func(*client40){
		"02.1-login":             (*client40).logins,
		"02.2-login-model":       (*client40).modelLogins,
		"02.3-anonymous":         (*client40).probes,
		"05.1-modelinfo":         (*client40).modelInfos,
		"05.4-few-rights":        (*client40).fewRights,
		"06.1-controller":        (*client40).controllerCalls,
		"07.1-initiatemigration": (*client40).dryRun,
		"13.1-redirect-login":    (*client40).redirectedProbe,
		"13.2-redirect-calls":    (*client40).redirectedInfo,
		"14.1-importing":         func(c *client40) { c.finds(testModelC, juju.ProbeImporting) },
		"14.2-exporting":         func(c *client40) { c.finds(testModelC, juju.ProbeExporting) },
		"15.1-upgrading":         (*client40).upgrading,
		"17.1-dying":             (*client40).dying,
		"16.2-token-few-rights":  (*client40).rightPassword,
	}
	world, err := conform.ReadWorld("controller40")
	if err != nil {
		t.Fatal(err)
	}
	ca := newCA(t)
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			fixture, err := conform.Read("controller40/" + name + ".txtar")
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				c := &client40{t: t, world: world, fixture: fixture, ca: ca, network: wire.NewNetwork()}
				c.serve()
				story(c)
				c.mu.Lock()
				defer c.mu.Unlock()
				for _, message := range c.unknown {
					t.Errorf("not in the recording: %s", message)
				}
			})
		})
	}
}

// client40 is our client and a server that answers from a recording.
type client40 struct {
	t       *testing.T
	world   *conform.World
	fixture *conform.Fixture
	ca      *wire.CA
	network *wire.Network
	release string // which an administrator's login reports if the story does not show one; "" is the recorded one

	mu      sync.Mutex
	unknown []string
}

func (c *client40) serve() {
	c.t.Helper()
	matcher := newMatcher(c.world, nil)
	matcher.Docs["any"] = "null"
	server := newRawServer(wire.Config{Name: "recorded"}, func(ctx context.Context, conn *wire.Conn, message []byte) {
		_ = conn.Send(ctx, []byte(c.answer(matcher, conn.Path(), string(message)))) // the client may be gone
	})
	leaf, err := c.ca.Leaf()
	if err != nil {
		c.t.Fatal(err)
	}
	serve(c.t, c.network, address40, func(l net.Listener) error { return server.ServeTLS(l, leaf) }, server.Close)
}

// answer finds the recorded answer to a message.
func (c *client40) answer(matcher *conform.Matcher, path, message string) string {
	plain := func(m string) string {
		var envelope map[string]json.RawMessage
		if json.Unmarshal([]byte(m), &envelope) != nil {
			return m
		}
		if strings.Contains(string(envelope["params"]), `"cli-args"`) {
			envelope["params"] = json.RawMessage(setKey(string(envelope["params"]), "cli-args", `""`))
		}
		if envelope["params"] == nil { // Juju treats missing params and empty ones alike
			envelope["params"] = json.RawMessage("{}")
		}
		envelope["request-id"] = json.RawMessage("1")
		return mustJSON(envelope)
	}
	var got conform.Envelope
	_ = json.Unmarshal([]byte(message), &got)
	at := ""
	for i, s := range c.fixture.Client {
		if s.Kind == conform.Connect {
			at = s.Path
		}
		if s.Kind != conform.Request || at != path || !json.Valid([]byte(s.Message)) ||
			matcher.Diff(plain(s.Message), plain(message)) != "" {
			continue
		}
		for _, reply := range c.fixture.Client[i:] {
			if reply.Kind == conform.Reply {
				return withRequestID(matcher.Expand(reply.Message), got.RequestID)
			}
		}
	}
	if strings.Contains(message, `"user-admin"`) && got.Method == "Login" { // not shown in the story
		return withRequestID(matcher.Expand(`{"request-id":1,"response":{"controller-tag":"controller-`+
			c.world.Controllers[c.fixture.Setup.Controllers[0]].UUID+`","facades":"<facades>","server-version":"`+cmp.Or(c.release, "4.0-beta8")+`",`+
			`"user-info":{"identity":"user-admin","display-name":"","controller-access":"superuser","model-access":""}}}`),
			got.RequestID)
	}
	if got.Facade == "NotifyWatcher" { // not asked in the story; 02.3 has the answer for a model at rest
		return withRequestID(`{"request-id":1,"error":"worker \"0\" not found","error-code":"not found","response":{}}`, got.RequestID)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unknown = append(c.unknown, message)
	return withRequestID(`{"request-id":1,"error":"not recorded","response":{}}`, got.RequestID)
}

func (c *client40) dial(model string) *juju.Conn {
	c.t.Helper()
	conn, err := juju.Dial(c.t.Context(), c.options(model))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { conn.Close() })
	return conn
}

func (c *client40) options(model string) juju.Options {
	return juju.Options{
		Addresses: []string{address40}, CACert: c.ca.PEM(), ModelUUID: model, DialContext: c.network.DialContext, PingInterval: -1,
	}
}

func (c *client40) login(model, user, password string) (*juju.Conn, juju.LoginResult, error) {
	c.t.Helper()
	conn := c.dial(model)
	result, err := conn.Login(c.t.Context(), juju.Credentials{User: user, Password: juju.NewSecret(password), Reason: "peer"})
	return conn, result, err
}

// admin is a logged-in connection to the controller.
func (c *client40) admin() *juju.Conn {
	c.t.Helper()
	conn, _, err := c.login("", "admin", "dummy-secret")
	if err != nil {
		c.t.Fatal(err)
	}
	return conn
}

func (c *client40) models() *juju.ModelManager {
	c.t.Helper()
	models, err := c.admin().ModelManager()
	if err != nil {
		c.t.Fatal(err)
	}
	return models
}

// want fails on an error without the code, or on one with a code where none was recorded.
func (c *client40) want(err error, code rpc.Code) {
	c.t.Helper()
	answer, ok := errors.AsType[*rpc.Error](err)
	if !ok || answer.Code != code {
		c.t.Errorf("error %v, want the code %q", err, code)
	}
}

func (c *client40) logins() {
	_, result, err := c.login("", "admin", "dummy-secret")
	if err != nil {
		c.t.Fatal(err)
	}
	if result.ServerVersion != "4.0-beta8" || result.ControllerUUID() != "a1a1a1a1-0000-4000-8000-0000000000a1" ||
		!slices.Equal(result.Facades["ModelManager"], []int{10, 11}) {
		c.t.Errorf("login %+v", result)
	}
	_, _, err = c.login("", "admin", "wrong")
	c.want(err, rpc.CodeUnauthorized)
	_, _, err = c.login("", "nobody", "x")
	c.want(err, rpc.CodeUnauthorized)
	if _, _, err = c.login("", "admin", ""); err == nil {
		c.t.Error("an empty password is sent") // a real server demands a macaroon discharge then
	}
}

func (c *client40) modelLogins() {
	_, result, err := c.login(testModelA, "admin", "dummy-secret")
	if err != nil || result.ModelUUID() != testModelA {
		c.t.Errorf("login %+v, %v", result, err)
	}
	_, _, err = c.login(testModelA, "admin", "wrong")
	c.want(err, rpc.CodeUnauthorized)
	_, _, err = c.login("00000000-1111-4222-8333-444444444444", "admin", "dummy-secret")
	c.want(err, rpc.CodeModelNotFound)
}

func (c *client40) probes() {
	result, err := juju.Probe(c.t.Context(), c.options(testModelA))
	if err != nil || result.State != juju.ProbeIdle {
		c.t.Errorf("probe %+v, %v", result, err)
	}
	result, err = juju.Probe(c.t.Context(), c.options("00000000-1111-4222-8333-444444444444"))
	if err != nil || result.State != juju.ProbeAbsent {
		c.t.Errorf("probe of no model %+v, %v", result, err)
	}
	login, err := c.dial("").LoginAnonymous(c.t.Context(), "")
	if err != nil || login.ServerVersion != "4.0-beta8" || login.User != nil {
		c.t.Errorf("anonymous login %+v, %v", login, err)
	}
}

func (c *client40) modelInfos() {
	info, err := c.models().ModelInfo(c.t.Context(), prodModel40)
	if err != nil || info.Name != "prod" || info.Owner() != "admin" || info.Life != "alive" || info.AgentVersion != "4.0-beta8" ||
		info.Migration != nil || len(info.Users) != 2 {
		c.t.Errorf("info %+v, %v", info, err)
	}
	_, err = c.models().ModelInfo(c.t.Context(), "00000000-1111-4222-8333-444444444444")
	c.want(err, "")
	old := juju.NewModelManager(c.admin(), 10)
	if info, err := old.ModelInfo(c.t.Context(), prodModel40); err != nil || info.Owner() != "admin" || info.OwnerTag != "user-admin" {
		c.t.Errorf("version 10: %+v, %v", info, err)
	}
}

// dryRun is not requested from 4.0-beta8, which ignores it. The request is the recorded one; the
// answer of a release that honours it was not recorded.
func (c *client40) dryRun() {
	request := juju.DryRun{
		ModelUUID: prodModel40, TargetUUID: "b1b1b1b1-0000-4000-8000-0000000000b1", TargetName: "b", Addresses: []string{"127.0.0.1:27472"},
		CACert: c.ca.PEM(), Account: juju.Credentials{User: "admin", Password: juju.NewSecret("dummy-secret")},
	}
	refusal, err := c.admin().DryRun(c.t.Context(), request)
	if ignored, is := errors.AsType[*juju.DryRunIgnoredError](err); !is || ignored.Version != "4.0-beta8" || refusal != nil {
		c.t.Errorf("refusal %v, error %v", refusal, err)
	}
	c.release = "4.0.15"
	refusal, err = c.admin().DryRun(c.t.Context(), request)
	if err != nil || refusal == nil || refusal.Message != "model export not implemented" || refusal.Code != "" {
		c.t.Errorf("refusal %v, error %v", refusal, err)
	}
}

func (c *client40) fewRights() {
	_, err := c.models().ListModelSummaries(c.t.Context(), "user-bob", true)
	c.want(err, rpc.CodeUnauthorized)
	facade, err := c.admin().Controller()
	if err != nil {
		c.t.Fatal(err)
	}
	_, err = facade.AllModels(c.t.Context())
	c.want(err, rpc.CodeUnauthorized)
}

func (c *client40) controllerCalls() {
	facade, err := c.admin().Controller()
	if err != nil {
		c.t.Fatal(err)
	}
	models, err := facade.AllModels(c.t.Context())
	if err != nil || len(models) != 4 || !slices.ContainsFunc(models, func(m juju.UserModel) bool {
		return m.UUID == prodModel40 && m.Owner() == "admin"
	}) {
		c.t.Errorf("models %+v, %v", models, err)
	}
	if url, err := facade.IdentityProviderURL(c.t.Context()); err != nil || url != "" {
		c.t.Errorf("identity provider %q, %v", url, err)
	}
	cloud, err := c.admin().Cloud()
	if err != nil {
		c.t.Fatal(err)
	}
	if clouds, err := cloud.Clouds(c.t.Context()); err != nil || len(clouds) == 0 {
		c.t.Errorf("clouds %+v, %v", clouds, err)
	}
	_, err = juju.NewController(c.admin(), 12).AllModels(c.t.Context())
	c.want(err, "")
}

func (c *client40) redirectedProbe() {
	result, err := juju.Probe(c.t.Context(), c.options(goneModel))
	want := juju.ProbeResult{State: juju.ProbeRedirected, RedirectUUID: "a1a1a1a1-0000-4000-8000-0000000000a1"}
	if err != nil || result != want {
		c.t.Errorf("probe %+v, %v", result, err)
	}
	_, _, err = c.login(goneModel, "admin", "wrong")
	c.want(err, rpc.CodeRedirect)
}

func (c *client40) redirectedInfo() {
	_, err := c.models().ModelInfo(c.t.Context(), goneModel)
	c.want(err, "")
}

func (c *client40) finds(model string, want juju.ProbeState) {
	c.t.Helper()
	result, err := juju.Probe(c.t.Context(), c.options(model))
	if err != nil || result.State != want {
		c.t.Errorf("probe %+v, %v, want %v", result, err, want)
	}
}

func (c *client40) upgrading() {
	_, err := c.models().ListModelSummaries(c.t.Context(), "user-admin", true)
	c.want(err, rpc.Code("upgrade in progress"))
	_, err = c.models().ModelInfo(c.t.Context(), testModelC)
	c.want(err, rpc.Code("upgrade in progress"))
	_, _, err = c.login("", "admin", "wrong")
	c.want(err, "")
}

func (c *client40) dying() {
	info, err := c.models().ModelInfo(c.t.Context(), doomedModel)
	if err != nil || info.Life != "dying" || info.Status.Status != "destroying" {
		c.t.Errorf("info %+v, %v", info, err)
	}
	c.finds(doomedModel, juju.ProbeIdle)
}

func (c *client40) rightPassword() {
	if _, result, err := c.login("", "admin", "dummy-secret"); err != nil || result.User == nil {
		c.t.Errorf("login %+v, %v", result, err)
	}
}
