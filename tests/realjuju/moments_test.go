package realjuju_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/sim"
	simctl "jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// steady decides which answers count. The answer to a request during which the model changes depends on chance, so it
// does not count. In the zero value all count.
type steady struct {
	mu    sync.Mutex
	moved bool // the model is changing
	steps int
}

func (s *steady) now() (step int, counts bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.steps, !s.moved
}

// begin makes answers count whose requests are made from now on.
func (s *steady) begin() { s.set(false) }

// end makes later answers not count.
func (s *steady) end() { s.set(true) }

func (s *steady) set(moved bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved = moved
	s.steps++
}

// observer is our client on one controller. It keeps each different answer about a model once.
type observer struct {
	side
	where, model string
	neutral      neutral
	token        string // JIMM's login to the model
	steady       *steady

	mu      sync.Mutex
	seen    map[string]bool
	rounds  []int         // the number of questions of each loop
	begun   chan struct{} // closed when all loops have begun
	changed chan struct{} // closed when all loops have asked once more
}

func newObserver(where string, of side, o observed, token string) *observer {
	return &observer{side: of, where: where, model: o.model, neutral: o.neutral, token: token, steady: o.steady, seen: map[string]bool{}, changed: make(chan struct{}), begun: make(chan struct{})}
}

func (o *observer) hear(what, said string, err error) {
	if err != nil {
		said = said + describeError(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen[o.line(what, said)] = true
}

// logsSent is the number of logs that a source has transferred.
const logsSent = `\(\d+ sent\)`

func (o *observer) line(what, said string) string {
	said = regexp.MustCompile(logsSent).ReplaceAllString(said, "(N sent)")
	return strings.TrimSpace(o.neutral.in(o.where + " " + what + ": " + said))
}

// describeError distinguishes errors as our client's callers do. An error of the connection is one of the network.
func describeError(err error) string {
	if redirect, ok := juju.AsRedirect(err); ok {
		return fmt.Sprintf("redirect to alias %q", redirect.ControllerAlias)
	}
	if wire, ok := errors.AsType[*rpc.Error](err); ok {
		return fmt.Sprintf("error %q code %q", wire.Message, wire.Code)
	}
	return "connection broke"
}

func (o *observer) options(model string) juju.Options {
	return juju.Options{Addresses: []string{o.addr}, CACert: o.ca, ModelUUID: model}
}

func (o *observer) login(ctx context.Context, model string) (*juju.Conn, error) {
	conn, err := juju.Dial(ctx, o.options(model))
	if err != nil {
		return nil, err
	}
	if _, err := conn.Login(ctx, juju.Credentials{User: "admin", Password: juju.NewSecret(o.password)}); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// watch asks repeatedly, as fast as it can, until the context ends.
func (o *observer) watch(ctx context.Context) {
	var asking sync.WaitGroup
	defer asking.Wait()
	type note func(what, said string, err error)
	loop := func(ask func(note)) {
		o.mu.Lock()
		n := len(o.rounds)
		o.rounds = append(o.rounds, 0)
		o.mu.Unlock()
		asking.Go(func() {
			for ctx.Err() == nil {
				step, counts := o.steady.now()
				ask(func(what, said string, err error) {
					if now, _ := o.steady.now(); ctx.Err() == nil && counts && now == step {
						o.hear(what, said, err)
					}
				})
				o.asked(n)
				_ = wire.Wait(ctx, 2*time.Millisecond)
			}
		})
	}
	loop(func(note note) {
		probe, err := juju.Probe(ctx, o.options(o.model))
		note("probe", fmt.Sprint(probe.State), err)
	})
	loop(func(note note) {
		conn, err := o.login(ctx, o.model)
		note("login", "", err)
		if err == nil {
			_ = conn.Close()
		}
	})
	conn, err := o.login(ctx, "")
	if err != nil {
		o.hear("login to the controller", "", err)
		return
	}
	defer func() { _ = conn.Close() }()
	defer asking.Wait()
	models, err := conn.ModelManager()
	if err != nil {
		o.hear("facade", "", err)
		return
	}
	loop(func(note note) {
		info, err := models.ModelInfo(ctx, o.model)
		note("info", fmt.Sprintf("life %s status %q users %d ", info.Life, info.Status.Status, min(len(info.Users), 1)), err)
		if err == nil && info.Migration != nil {
			note("text", info.Migration.Status, nil)
		}
	})
	loop(func(note note) {
		life, err := modelLife(ctx, conn, o.model)
		note("status", fmt.Sprintf("life %s ", life), err)
	})
	loop(func(note note) { note("word", o.word(ctx), nil) })
	close(o.begun)
}

// modelLife is the life of a model in ModelManager.ModelStatus, which the engine does not call.
func modelLife(ctx context.Context, conn *juju.Conn, model string) (string, error) {
	params := map[string]any{"entities": []map[string]string{{"tag": "model-" + model}}}
	var reply struct {
		Results []struct {
			Life  string     `json:"life"`
			Error *rpc.Error `json:"error"`
		} `json:"models"`
	}
	err := conn.Call(ctx, rpc.Request{Facade: "ModelManager", Version: 9, Method: "ModelStatus"}, params, &reply)
	switch {
	case err != nil:
		return "", err
	case len(reply.Results) != 1:
		return "", fmt.Errorf("%d results instead of one", len(reply.Results))
	case reply.Results[0].Error != nil:
		return "", reply.Results[0].Error
	}
	return reply.Results[0].Life, nil
}

// word is the status of the model in Client.FullStatus over a login with a token of JIMM: what a client of JIMM sees
// when it logs in to the model. Of the texts of a migration it keeps the one that a model's status never has.
func (o *observer) word(ctx context.Context) string {
	answer, problem := o.ask(ctx, request{"/model/" + o.model + "/api", o.token, "Client", 6, "FullStatus", `{"patterns":[]}`})
	if refusal, ok := strings.CutPrefix(problem, "login: "); ok && json.Unmarshal([]byte(refusal), &answer) == nil {
		problem = ""
	}
	whole, _ := answer.(map[string]any)
	response, _ := whole["response"].(map[string]any)
	model, _ := response["model"].(map[string]any)
	status, answered := model["model-status"].(map[string]any)
	switch text, refused := whole["error"]; {
	case problem != "":
		return "connection broke"
	case refused:
		code, _ := whole["error-code"].(string)
		return fmt.Sprintf("error %q code %q", text, code)
	case !answered:
		return "nothing"
	}
	text := fmt.Sprint(status["info"])
	if strings.HasPrefix(text, "migrating: ") && status["status"] == "busy" && !strings.Contains(text, "removing model") {
		text = "migrating: ..."
	}
	return fmt.Sprintf("status %q text %q", status["status"], text)
}

func (o *observer) asked(loop int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rounds[loop]++
	close(o.changed)
	o.changed = make(chan struct{})
}

// askAll returns when each loop has asked once more, from beginning to end, or the context ends.
func (o *observer) askAll(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := slices.Clone(o.rounds)
	missing := func() bool {
		for n, rounds := range before {
			if o.rounds[n] < rounds+2 {
				return true
			}
		}
		return false
	}
	for ctx.Err() == nil && missing() {
		changed := o.changed
		o.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		o.mu.Lock()
	}
}

// observed is a model that migrates between two controllers while both are asked about it.
type observed struct {
	model      string
	neutral    neutral
	west, east side
	tokens     issuer
	steady     *steady
	// move migrates the model. It calls ask to wait until both controllers have been asked once more.
	move  func(ctx context.Context, ask func()) error
	texts func() []string // the status texts of the source's worker
}

// removalLimit is how long a removal waits for the observers, one of which may wait for the removal.
const removalLimit = time.Minute

// observe lists the different answers of both controllers while a model migrates, and for two seconds after.
func observe(t *testing.T, o observed) map[string]bool {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	observers := []*observer{
		newObserver("source", o.west, o, o.tokens.login(t, o.west.uuid, o.model)),
		newObserver("target", o.east, o, o.tokens.login(t, o.east.uuid, o.model)),
	}
	var watching sync.WaitGroup
	for _, o := range observers {
		watching.Go(func() { o.watch(ctx) })
	}
	for _, o := range observers { // the answers before it count too
		select {
		case <-o.begun:
			o.askAll(within(t))
		case <-within(t).Done():
			t.Fatal("the observers have not begun")
		}
	}
	err := o.move(within(t), func() {
		limited, cancel := context.WithTimeout(ctx, removalLimit)
		defer cancel()
		for _, o := range observers {
			o.askAll(limited)
		}
	})
	for _, o := range observers { // the answers after it count too; caches are up to date then
		o.askAll(within(t))
	}
	o.steady.begin()
	_ = wire.Wait(ctx, 2*time.Second)
	for _, o := range observers { // on a slow machine, two seconds are shorter than one round
		o.askAll(within(t))
	}
	stop()
	watching.Wait()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, o := range observers {
		maps.Copy(all, o.seen)
	}
	for _, text := range o.texts() {
		all[observers[0].line("text", text)] = true
	}
	return all
}

// TestMoments compares the answers to our client at each moment of a migration, by real and by simulated controllers. A
// real one is paused while it removes a copy (see removal), its answers while it imports one do not count, and its
// worker's texts are recorded as it sets them. A simulated one waits at each step until both have been asked. It takes
// most of a minute, so "make real" leaves it out.
func TestMoments(t *testing.T) {
	slow(t)
	t.Parallel()
	for name, fails := range map[string]bool{"done": false, "aborted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			actual, simulated := observeReal(t, fails), observeSimulated(t, fails)
			known := readExpected(t, "moments-"+name)
			for _, said := range slices.Sorted(maps.Keys(actual)) {
				if !simulated[said] && !known["real "+said] {
					t.Errorf("a simulated controller never says so; not in testdata/moments-%s.txt:\nreal %s", name, said)
				}
			}
			for _, said := range slices.Sorted(maps.Keys(simulated)) {
				if !actual[said] && !known["sim "+said] {
					t.Errorf("a real controller was not heard to say so; not in testdata/moments-%s.txt:\nsim %s", name, said)
				}
			}
			for line := range known {
				if said, ok := strings.CutPrefix(line, "real "); ok && simulated[said] {
					t.Errorf("no difference any more, take it out of testdata/moments-%s.txt:\n%s", name, line)
				}
				if said, ok := strings.CutPrefix(line, "sim "); ok && (actual[said] || !simulated[said]) {
					t.Errorf("no difference any more, take it out of testdata/moments-%s.txt:\n%s", name, line)
				}
			}
		})
	}
}

func observeReal(t *testing.T, fails bool) map[string]bool {
	t.Helper()
	tokens := newIssuer(t)
	trusting := map[string]any{"login-token-refresh-url": tokens.jwks()}
	west, east := startController(t, "west", trusting), startController(t, "east", trusting)
	model, err := west.AddModel("prod")
	if err != nil {
		t.Fatal(err)
	}
	creds, err := west.Deploy(model, "pg", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range creds {
		agent := west.RunAgent(model, c)
		if fails {
			agent.Fail("VALIDATION")
		}
		<-agent.Connected()
	}
	var steady steady
	return observe(t, observed{
		model: model, neutral: newNeutral(model, "MODEL", west.UUID, "WEST", east.UUID, "EAST"), west: realSide(west), east: realSide(east), tokens: tokens,
		steady: &steady,
		move: func(ctx context.Context, ask func()) error {
			removing := west // the copy that is removed
			if fails {
				removing = east
			}
			removal := removal{model: model, from: removing, steady: &steady, ask: ask}
			removing.BeforeRemoval(func(collections []string) {
				if now, err := west.Migration(model); err != nil || now.Phase == "REAP" || now.Phase == "ABORT" {
					removal.before(collections)
				}
			})
			defer func() { removal.check(t) }()
			west.BeforeText(func(text string) {
				switch {
				case text == "importing model into target controller":
					steady.end() // the target's answers meanwhile, piece by piece, depend on chance
				case strings.HasPrefix(text, "uploading model binaries"):
					ask() // caches have the copy then
					steady.begin()
				}
			})
			if _, err := west.Initiate(model, east); err != nil {
				return err
			}
			ask()
			west.RunMaster(model)
			return west.Await(ctx, func() bool {
				now, err := west.Migration(model)
				return now.Ended() || err != nil && removal.over()
			})
		},
		texts: func() []string { return west.MigrationTexts(model) },
	})
}

// removal is how a controller removes a copy. Juju removes the collections in the random order of a Go map, and its
// answer depends on the first collection that a request misses. To test each order in each run, each collection is
// hidden once, alone, before the first is removed.
type removal struct {
	model  string
	from   *controller.Controller
	steady *steady
	ask    func()

	mu              sync.Mutex
	hidden, removed []string
}

// before is called before each step.
func (r *removal) before(collections []string) {
	watch := func() {
		r.steady.begin()
		r.ask()
		r.steady.end()
	}
	switch {
	case slices.Contains(collections, "permissions"): // the first step
		watch()
	case r.hidden == nil:
		for _, name := range r.from.Collections(r.model) {
			if name == "userLastLogin" || strings.HasPrefix(name, "migrations") {
				continue // of the controller
			}
			r.hidden = append(r.hidden, name)
			r.from.Hide(r.model, name)
			watch()
		}
		r.from.Hide("", "")
	case slices.Contains(collections, "models"), slices.Contains(collections, "migrations.active"): // the last steps
		r.ask() // caches have the other steps then
		watch()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.removed = append(r.removed, collections...)
}

// over reports whether a source has removed all of the model. What is left belongs to the end of the migration.
func (r *removal) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.removed, "migrations.active")
}

// check fails the test if a collection was removed without being watched: hidden, or in the first and last steps (the
// log, "forwarded", is in another database, and no answer depends on it).
func (r *removal) check(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	watched := append([]string{"permissions", "forwarded", "usermodelname", "modelEntityRefs", "models", "migrations.active"}, r.hidden...)
	for _, name := range r.removed {
		if !slices.Contains(watched, name) {
			t.Errorf("what both say without %q is not known", name)
		}
	}
	if len(r.hidden) == 0 || !slices.Contains(r.removed, "models") {
		t.Errorf("no removal was seen: hidden %q, removed %q", r.hidden, r.removed)
	}
}

func observeSimulated(t *testing.T, fails bool) map[string]bool {
	t.Helper()
	tokens := newIssuer(t)
	users := []simctl.User{{Name: "admin", Password: controller.AdminPassword, Access: "superuser"}}
	model := prodTwin("9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10")
	if fails {
		model.Migrations = []simctl.Outcome{{AgentsFail: "VALIDATION"}}
	}
	both := []sim.Controller{
		{Name: "west", Version: controller.Version(), Cloud: "dummy", Region: "dummy-region", Users: users},
		{Name: "east", Version: controller.Version(), Cloud: "dummy", Region: "dummy-region", Users: users},
	}
	// A step that takes any time takes as long as all questions to both controllers. A removal has such steps.
	pace := simctl.DefaultPace()
	pace.Quiesce, pace.Validation, pace.Success = pace.Progress/2, pace.Progress/2, pace.Progress/2
	pace.AbortHidden = time.Second
	var steady steady
	asking := make(chan func(), 1)
	j := simulate(t, sim.World{Pace: &pace, Controllers: both, Models: []sim.Model{model}}, sim.Options{
		JWKSURL: tokens.jwks(),
		Wait: func(ctx context.Context, d time.Duration) error {
			if d == 0 {
				return ctx.Err()
			}
			select {
			case ask := <-asking:
				steady.begin()
				ask()
				steady.end()
				asking <- ask
			case <-ctx.Done():
			}
			return ctx.Err()
		},
	})
	west, east := j.Registration("west"), j.Registration("east")
	return observe(t, observed{
		model: model.UUID, neutral: newNeutral(model.UUID, "MODEL", west.UUID, "WEST", east.UUID, "EAST"), west: simSide(west), east: simSide(east), tokens: tokens,
		steady: &steady,
		move: func(ctx context.Context, ask func()) error {
			steady.end()
			asking <- ask
			refusal, err := initiate(ctx, west, east, model.UUID)
			if err == nil && refusal != "" {
				err = errors.New(refusal)
			}
			if err != nil {
				return err
			}
			return j.Controller("west").AwaitPhase(ctx, model.UUID, "DONE", "ABORTDONE")
		},
		texts: func() []string { return j.Controller("west").MigrationTexts(model.UUID) },
	})
}
