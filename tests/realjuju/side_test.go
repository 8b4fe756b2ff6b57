package realjuju_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/sim"
	simctl "jimm-migrator/tests/sim/controller"
)

// side is one server of a comparison, real or simulated, with the password of its user admin.
type side struct {
	uuid, addr, ca, password string
}

func realSide(c *controller.Controller) side {
	return side{c.UUID, c.Addr, c.CACert, controller.AdminPassword}
}

func simSide(r sim.Registration) side {
	return side{r.UUID, r.PublicAddress, r.CACertificate, r.Password}
}

// pair is the same controller twice.
type pair struct{ real, simulated side }

// startController starts a real controller for a test.
func startController(t *testing.T, name string, config map[string]any) *controller.Controller {
	t.Helper()
	c, err := controller.Start(controller.Options{Name: name, UUID: uuid.NewString(), Config: config})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// simulate starts simulated controllers for a test.
func simulate(t *testing.T, world sim.World, options sim.Options) *sim.JAAS {
	t.Helper()
	j, err := sim.StartControllers(t.Context(), world, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// twin is the simulated controller that corresponds to a real one.
func twin(c *controller.Controller) sim.Controller {
	return sim.Controller{
		Name: c.Name, UUID: c.UUID, ModelUUID: c.ModelUUID, Version: controller.Version(), Cloud: "dummy", Region: "dummy-region", CloudType: "dummy",
		Machines: []simctl.Machine{{ID: "0", InstanceID: "localhost"}},
	}
}

// request is one message, without a client in between. PASSWORD in it stands for that of the user admin.
type request struct {
	Path string
	// Login comes first: "" for none, admin, anonymous, or the parameters of Admin.Login.
	Login   string
	Facade  string
	Version int
	Method  string
	Params  string
}

// String names the request in lists of differences.
func (r request) String() string {
	login := map[string]string{"": "", "admin": " admin", "anonymous": " anonymous"}[r.Login]
	return fmt.Sprintf("%s%s %s(%d).%s %s", r.Path, login, r.Facade, r.Version, r.Method, r.Params)
}

// apiLimit limits a request to a server, so that one that hangs is reported.
const apiLimit = 30 * time.Second

// ask makes a request and returns the answer, or why there is none.
func (s side) ask(ctx context.Context, r request) (answer any, problem string) {
	ctx, cancel := context.WithTimeout(ctx, apiLimit)
	defer cancel()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(s.ca))
	// Juju's test packages forbid the default transport to connect to other machines.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "juju-apiserver"}, DialContext: (&net.Dialer{}).DialContext}}
	conn, _, err := websocket.Dial(ctx, "wss://"+s.addr+r.Path, &websocket.DialOptions{HTTPClient: client}) //nolint:bodyclose // closed by Dial
	if err != nil {
		return nil, "dial: " + err.Error()
	}
	defer conn.CloseNow()
	conn.SetReadLimit(32 << 20)
	login := r.Login
	switch login {
	case "admin":
		login = `{"auth-tag":"user-admin","credentials":"PASSWORD","client-version":"3.5.4"}`
	case "anonymous":
		login = `{"auth-tag":"user-jujuanonymous","client-version":"3.5.4"}`
	}
	if login != "" {
		reply, err := s.call(ctx, conn, 1, request{Facade: "Admin", Version: 3, Method: "Login", Params: login})
		if err != nil {
			return nil, "login: " + err.Error()
		}
		if strings.Contains(reply, `"error"`) {
			return nil, "login: " + reply
		}
	}
	reply, err := s.call(ctx, conn, 2, r)
	if err != nil {
		return nil, "call: " + err.Error()
	}
	if err := json.Unmarshal([]byte(reply), &answer); err != nil {
		return nil, "no JSON: " + reply
	}
	return answer, ""
}

func (s side) call(ctx context.Context, conn *websocket.Conn, id int, r request) (string, error) {
	params := strings.ReplaceAll(r.Params, "PASSWORD", s.password)
	if params == "" {
		params = "{}"
	}
	message := fmt.Sprintf(`{"request-id":%d,"type":%q,"version":%d,"request":%q,"params":%s}`, id, r.Facade, r.Version, r.Method, params)
	if err := conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		return "", err
	}
	_, reply, err := conn.Read(ctx)
	return string(reply), err
}

// neutral replaces what differs from run to run: UUIDs by their names, addresses, times, certificates.
type neutral struct {
	*strings.Replacer
	times, ports, certificates, sealed *regexp.Regexp
}

// random are members that differ between any two controllers.
func random(member string) bool {
	return slices.Contains([]string{"port", "api-port", "state-port", "signature", "identifier", "vid"}, member)
}

// newNeutral is made of old and new, as strings.NewReplacer.
func newNeutral(oldNew ...string) neutral {
	return neutral{
		strings.NewReplacer(oldNew...), regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)`),
		regexp.MustCompile(`(localhost|127\.0\.0\.1)(:\d+)+|"port":\d+`), regexp.MustCompile(`(?s)-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----(\n|\\n)*|LS0tLS1CRUdJTiBDRVJU[A-Za-z0-9+/=]+`),
		regexp.MustCompile(`eyJ[A-Za-z0-9+/=]+`), // JSON in base64: a caveat
	}
}

func (n neutral) in(s string) string {
	s = n.certificates.ReplaceAllString(n.Replace(s), "CERTIFICATE")
	s = n.sealed.ReplaceAllString(s, "SEALED")
	return n.ports.ReplaceAllString(n.times.ReplaceAllString(s, "TIME"), "HOST")
}

// compare lists the differences of two answers: members, kinds of values, texts.
func (n neutral) compare(path string, actual, simulated any) (differences []string) {
	note := func(format string, args ...any) {
		differences = append(differences, n.in(path+": "+fmt.Sprintf(format, args...)))
	}
	switch x := actual.(type) {
	case map[string]any:
		y, ok := simulated.(map[string]any)
		if !ok {
			note("real %v, sim %v", compact(actual), compact(simulated))
			return differences
		}
		if strings.HasSuffix(path, ".facades") {
			if missing, more := without(x, y), without(y, x); missing != "" || more != "" {
				note("only real has %s, only sim has %s", cmp.Or(missing, "none"), cmp.Or(more, "none"))
			}
			return differences
		}
		all := maps.Clone(x)
		maps.Copy(all, y)
		for _, k := range slices.Sorted(maps.Keys(all)) {
			v, inReal := x[k]
			w, inSim := y[k]
			switch {
			case random(k) && inReal == inSim:
			case !inReal:
				note("only sim has %q: %v", k, compact(w))
			case !inSim:
				note("only real has %q: %v", k, compact(v))
			default:
				differences = append(differences, n.compare(path+"."+k, v, w)...)
			}
		}
	case []any:
		y, ok := simulated.([]any)
		switch {
		case !ok:
			note("real %v, sim %v", compact(actual), compact(simulated))
		case len(x) != len(y):
			note("real has %d, sim %d", len(x), len(y))
		}
		for i := range min(len(x), len(y), 3) {
			differences = append(differences, n.compare(fmt.Sprintf("%s[%d]", path, i), x[i], y[i])...)
		}
	case string:
		if y, ok := simulated.(string); !ok || n.in(x) != n.in(y) {
			note("real %q, sim %v", x, compact(simulated))
		}
	default: // numbers, booleans, null
		if actual != simulated {
			note("real %v, sim %v", compact(actual), compact(simulated))
		}
	}
	return differences
}

// without lists the members that one object has and the other lacks, or that differ.
func without(x, y map[string]any) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(x)) {
		if x[k] != y[k] {
			out = append(out, fmt.Sprintf("%s%v", k, x[k]))
		}
	}
	return strings.Join(out, " ")
}

func compact(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// differ asks both sides and lists the differences. Facades of a login are compared by name.
func (p pair) differ(ctx context.Context, n neutral, r request) []string {
	actual, realProblem := p.real.ask(ctx, r)
	simulated, simProblem := p.simulated.ask(ctx, r)
	if n.in(realProblem) != n.in(simProblem) {
		return []string{n.in(fmt.Sprintf("%v: real %q, sim %q", r, realProblem, simProblem))}
	}
	var out []string
	for _, d := range n.compare("", facadesByName(actual), facadesByName(simulated)) {
		out = append(out, n.in(r.String())+d)
	}
	return out
}

// facadesByName turns the facades of a login into an object with their names as keys.
func facadesByName(answer any) any {
	whole, _ := answer.(map[string]any)
	response, _ := whole["response"].(map[string]any)
	facades, ok := response["facades"].([]any)
	if !ok {
		return answer
	}
	byName := map[string]any{}
	for _, f := range facades {
		facade, _ := f.(map[string]any)
		byName[fmt.Sprint(facade["name"])] = fmt.Sprint(facade["versions"])
	}
	response["facades"] = byName
	return answer
}

// initiate asks a controller to migrate a model to another one, with our own client, and returns Juju's refusal.
func initiate(ctx context.Context, west, east sim.Registration, model string) (refusal string, err error) {
	conn, err := juju.Dial(ctx, juju.Options{Addresses: []string{west.PublicAddress}, CACert: west.CACertificate})
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Login(ctx, juju.Credentials{User: west.Username, Password: juju.NewSecret(west.Password)}); err != nil {
		return "", err
	}
	var reply struct {
		Results []struct {
			Error *struct{ Message string } `json:"error"`
		} `json:"results"`
	}
	spec := map[string]any{"model-tag": "model-" + model, "target-info": map[string]any{
		"controller-tag": "controller-" + east.UUID, "controller-alias": "east", "addrs": []string{east.PublicAddress},
		"ca-cert": east.CACertificate, "auth-tag": "user-" + east.Username, "password": east.Password,
	}}
	if err := conn.Call(ctx, rpc.Request{Facade: "Controller", Version: 11, Method: "InitiateMigration"}, map[string]any{"specs": []any{spec}}, &reply); err != nil {
		return "", err
	}
	if e := reply.Results[0].Error; e != nil {
		return e.Message, nil
	}
	return "", nil
}
