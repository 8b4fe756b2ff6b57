package conform_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"jimm-migrator/tests/conform"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/jimm"
)

// TestControllersAreAdoptedByTheRecordedJIMM replays what real JIMM servers sent to controllers, from AddController to
// the end of a migration, to two simulated controllers without the simulated JIMM: over TCP, with the keys of the
// tokens from a server that rotates them meanwhile.
func TestControllersAreAdoptedByTheRecordedJIMM(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, year := range []string{"2024", "2026"} {
		t.Run(year, func(t *testing.T) {
			world, err := conform.ReadWorld("jimm" + year)
			if err != nil {
				t.Fatal(err)
			}
			keys := &keyServer{id: "an older one", key: &key.PublicKey}
			server := httptest.NewServer(keys)
			defer server.Close()
			j, err := sim.StartControllers(t.Context(), adopted(world), sim.Options{
				JWKSURL: server.URL + "/.well-known/jwks.json",
			})
			if err != nil {
				t.Fatal(err)
			}
			defer j.Close()
			adopt(t, j, world, key, year, keys)
		})
	}
}

// adopted is what a recording contains: two controllers and a model.
func adopted(known *conform.World) sim.World {
	var world sim.World
	for _, name := range []string{"ctl-a", "ctl-b"} {
		c := known.Controllers[name]
		world.Controllers = append(world.Controllers, sim.Controller{
			Name: name, UUID: c.UUID, Version: c.Version,
			ModelUUID: strings.Replace(c.UUID, c.UUID[:2], "c0", 1),
			Users:     []controller.User{{Name: "admin", Password: c.Password, Access: "superuser"}},
		})
	}
	world.Models = []sim.Model{{Model: controller.Model{
		Name: known.Model.Name, UUID: known.Model.UUID, Owner: "admin", Machines: []controller.Machine{{ID: "0"}},
	}}}
	world.Speed = 1000
	return world
}

func adopt(t *testing.T, j *sim.JAAS, known *conform.World, key *rsa.PrivateKey, year string, keys *keyServer) {
	t.Helper()
	addresses := map[string]string{"ctl-a": j.Address("ctl-a"), "ctl-b": j.Address("ctl-b")}
	for _, part := range []string{"addcontroller", "importmodel", "modelinfo", "modelproxy", "after-migration"} {
		fixture, err := conform.Read("controller36/" + part + "-" + year + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		matcher := newMatcher(known, addresses)
		matcher.AtLeast = true
		matcher.Vars["ctl-b.ca"] = j.CA()
		keys.use("string") // the value of the recording's placeholder
		(&controllerReplay{
			replay: replay{t: t, fixture: fixture, world: known, key: key, matcher: matcher}, roots: j.CA(),
			conns: map[string]*websocket.Conn{}, address: addresses["ctl-a"], dialContext: (&net.Dialer{}).DialContext,
			pass: func(time.Duration) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := j.Controller("ctl-a").AwaitPhase(ctx, known.Model.UUID, controller.Done); err != nil {
					t.Fatal(err)
				}
			},
		}).play()
	}
	if places := j.Where(known.Model.UUID); len(places) != 1 || places[0] != (sim.Place{Controller: "ctl-b", State: "active"}) {
		t.Errorf("the model is on %+v", places)
	}
}

// keyServer serves a JSON web key set with one key, as JIMM does.
type keyServer struct {
	mu  sync.Mutex
	id  string
	key *rsa.PublicKey
}

func (k *keyServer) use(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.id = id
}

// ServeHTTP answers with the key set.
func (k *keyServer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{
		{"kty": "EC", "kid": "of another kind", "crv": "P-256"}, jimm.JWK(k.id, k.key),
	}})
}
