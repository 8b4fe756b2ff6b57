package controller

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"sync"

	"jimm-migrator/tests/sim/wire"
)

// method answers one request of a logged-in client.
type method func(ctx context.Context, s *session, req *wire.Request) (any, error)

// session is one connection of a client.
type session struct {
	c       *Controller
	conn    *wire.Conn
	model   string // UUID of the model; empty on a controller connection
	unknown bool   // the model was unknown when the client connected

	mu       sync.Mutex
	login    *login
	watchers map[string]*watcher
	last     int // number of the latest watcher
}

// newServer routes the paths of a controller. A malformed UUID is refused before the upgrade (Juju 4.0-beta8, measured);
// "/" is served for old clients (documented).
func (c *Controller) newServer() *wire.Server {
	server := wire.NewServer(wire.Config{
		Name: c.config.Name, Log: c.config.Log, Faults: c.config.Faults, Plain: c.config.Plain,
		Traces: c.release.has(juju4),
	})
	open := func(_ *http.Request, conn *wire.Conn) (wire.Session, error) { return c.open(conn, ""), nil }
	server.Handle("/api", open)
	server.Handle("/{$}", open)
	server.Handle("/model/{uuid}/api", func(r *http.Request, conn *wire.Conn) (wire.Session, error) {
		uuid := r.PathValue("uuid")
		if !validUUID(uuid) {
			return wire.Session{}, &wire.HTTPError{
				Status: http.StatusBadRequest, Message: fmt.Sprintf("invalid model UUID %q", uuid),
			}
		}
		return c.open(conn, uuid), nil
	})
	server.HandleHTTP("/health", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "running\n")
	}))
	return server
}

func validUUID(text string) bool {
	return regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`).MatchString(text)
}

func (c *Controller) open(conn *wire.Conn, uuid string) wire.Session {
	s := &session{c: c, conn: conn, model: uuid, watchers: map[string]*watcher{}}
	if uuid != "" {
		c.mu.Lock()
		m := c.latest[uuid]
		s.unknown = !c.models[uuid].there() && (m == nil || m.Phase != Done)
		c.mu.Unlock()
	}
	return wire.Session{Call: s.call, End: s.end}
}

// call answers one request. The order of the checks is Juju's: unknown model, login, kind of connection, migration of
// the model, version of the client, rights, version, method (documented; recorded with 4.0-beta8 except for the
// client).
func (s *session) call(ctx context.Context, req *wire.Request) (any, error) {
	if s.unknown {
		return nil, wire.Errorf("model not found", "unknown model: %q", s.model)
	}
	login := s.loggedIn()
	if login == nil {
		return s.admin(ctx, req)
	}
	if err := s.allowed(login, req); err != nil {
		return nil, err
	}
	if s.c.config.Guard != nil {
		s.c.config.Guard(newCall(s, login, req))
	}
	versions := s.facades()[req.Facade]
	if !slices.Contains(versions, req.Version) {
		return nil, s.unknownFacade(req)
	}
	run := s.c.methods[req.Facade][req.Method]
	if run == nil {
		return nil, s.unknownMethod(req)
	}
	return run(ctx, s, req)
}

// allowed makes the checks that do not depend on the method's own rules.
func (s *session) allowed(login *login, req *wire.Request) error {
	if err := s.kindAllows(req.Facade); err != nil {
		return err
	}
	if login.upgrading && s.model == "" && req.Facade != "Pinger" {
		return wire.Errorf("upgrade in progress", "upgrade in progress")
	}
	if err := s.migrationAllows(login, req); err != nil {
		return err
	}
	if err := s.gateAllows(login, req); err != nil {
		return err
	}
	if login.anonymous {
		return s.anonymousAllows(login, req)
	}
	if !slices.Contains(s.facades()[req.Facade], req.Version) {
		return nil // unknown versions are reported before missing rights
	}
	if slices.Contains(agentFacades(), req.Facade) {
		return errPermission()
	}
	if req.Facade == "MigrationTarget" {
		if err := s.superuser(); err != nil {
			return s.making(req, err)
		}
	}
	return nil
}

// anonymousAllows allows an anonymous client to ping, which renews its connection, and to call the facades of its list.
func (s *session) anonymousAllows(login *login, req *wire.Request) error {
	list := facadeList(anonymousControllerFacades)
	if s.model != "" {
		list = s.c.release.anonymous
	}
	_, listed := list[req.Facade]
	switch {
	case req.Facade == "Pinger":
		if login.renew != nil {
			login.renew()
		}
	case s.c.release.has(released4) && req.Facade == "Admin": // 4.0.15, recorded
		return s.unknownFacade(req)
	case !listed:
		return s.making(req, errPermission())
	}
	return nil
}

// making is how 4.x words the refusal of some whole facades (4.0-beta8, recorded).
func (s *session) making(req *wire.Request, err error) error {
	if !s.c.release.has(juju4) {
		return err
	}
	prefix := map[string]string{
		"Controller":      "creating Controller facade v%d: ",
		"MigrationTarget": "making migration target version %d: ",
	}[req.Facade]
	if prefix == "" {
		return err
	}
	e := wire.AsError(err)
	return &wire.Error{Message: fmt.Sprintf(prefix, req.Version) + e.Message, Code: e.Code, Info: e.Info}
}

func (s *session) loggedIn() *login {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.login
}

func (s *session) facades() map[string][]int {
	if s.model == "" {
		return s.c.release.controller
	}
	if s.loggedIn().anonymous {
		return s.c.release.anonymousModel()
	}
	return s.c.release.model
}

// anonymousModel are the facades that an anonymous client of a model can reach, Pinger among them although its login
// does not list it (4.0-beta8, recorded).
func (r *release) anonymousModel() map[string][]int {
	facades := maps.Clone(r.anonymous)
	facades["Pinger"] = []int{1}
	return facades
}

// common are the facades of both kinds of connection (documented).
func common() []string {
	return []string{"Pinger", "Bundle", "HighAvailability", "NotifyWatcher", "ModelConfig"}
}

// kindAllows refuses facades of the other kind of connection. An unknown facade is not a controller facade, so it is
// refused here on a controller connection and reported as unknown later on a model connection (documented).
// AllModelWatcher is a controller facade that 4.x does not have (4.0-beta8, recorded).
func (s *session) kindAllows(facade string) error {
	_, isController := s.c.release.controller[facade]
	isController = isController || facade == "AllModelWatcher"
	if s.model == "" && !isController {
		return wire.Errorf("not supported", "facade %q not supported for controller API connection", facade)
	}
	if s.model != "" && isController && !slices.Contains(common(), facade) {
		return wire.Errorf("not supported", "facade %q not supported for model API connection", facade)
	}
	return nil
}

// migrationAllows limits logins by user tag to a model that is migrating; the mode is that at the time of the login.
// The errors have no code. Token logins are not limited (all documented; texts recorded with 4.0-beta8).
func (s *session) migrationAllows(login *login, req *wire.Request) error {
	if login.token {
		return nil
	}
	switch login.mode {
	case modeImporting:
		return &wire.Error{Message: "migration in progress, model is importing"}
	case modeExporting:
		if !slices.Contains(allowedWhileExporting(), req.Facade+"."+req.Method) {
			return &wire.Error{Message: "model migration in progress"}
		}
	default:
	}
	return nil
}

func allowedWhileExporting() []string {
	return []string{
		"Client.FullStatus", "Pinger.Ping",
		"Storage.ListFilesystems", "Storage.ListVolumes", "Storage.ListStorageDetails",
		"SSHClient.PublicAddress", "SSHClient.PrivateAddress", "SSHClient.BestAPIVersion", "SSHClient.AllAddresses",
		"SSHClient.PublicKeys", "SSHClient.Proxy",
	}
}

func (s *session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.watchers {
		w.stop()
	}
}

// Errors for unknown facades, methods and versions in the wording of Juju up to 3.6 (documented; the last one recorded
// from JIMM) and of 4.x (4.0-beta8, recorded).

func (s *session) unknownFacade(req *wire.Request) error {
	const code = "not implemented"
	switch newer := s.c.release.has(juju4); {
	case newer && req.Version == 0:
		return wire.Errorf(code, "unknown facade type %q", req.Facade)
	case newer:
		return wire.Errorf(code, "unknown version %d for facade type %q", req.Version, req.Facade)
	case req.Version == 0:
		return wire.Errorf(code, "unknown object type %q", req.Facade)
	default:
		return wire.Errorf(code, "unknown version (%d) of interface %q", req.Version, req.Facade)
	}
}

func (s *session) unknownMethod(req *wire.Request) error {
	const code = "not implemented"
	if s.c.release.has(juju4) {
		return wire.Errorf(code, "unknown method %q at version %d for facade type %q", req.Method, req.Version, req.Facade)
	}
	facade := req.Facade
	if req.Version != 0 {
		facade = fmt.Sprintf("%s(%d)", req.Facade, req.Version)
	}
	return wire.Errorf(code, "no such request - method %s.%s is not implemented", facade, req.Method)
}

func errPermission() error { return wire.Errorf("unauthorized access", "permission denied") }

func errLogin() error { return wire.Errorf("unauthorized access", "invalid entity name or password") }
