package migration_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

const modelUUID = "9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"

// The controllers and the model of the fake.
func west() facts.Controller {
	return facts.Controller{Name: "west", UUID: "aaaaaaaa-0000-4000-8000-000000000001", AgentVersion: "3.6.14", Status: "available", Addresses: []string{"10.0.0.1:17070"}}
}

func east() facts.Controller {
	return facts.Controller{Name: "east", UUID: "bbbbbbbb-0000-4000-8000-000000000002", AgentVersion: "3.6.14", Status: "available", Addresses: []string{"10.0.0.1:17070"}}
}

func north() facts.Controller {
	return facts.Controller{Name: "north", UUID: "cccccccc-0000-4000-8000-000000000003", AgentVersion: "3.6.14", Status: "available", Addresses: []string{"10.0.0.1:17070"}}
}

// stage is a part of a migration as the source shows it.
type stage struct {
	text string
	last time.Duration
}

// life is a successful migration as the source shows it, from the table of scenes.
func life() []stage {
	out := []stage{{"starting", 2 * time.Second}}
	for _, s := range successScenes() {
		if last := &out[len(out)-1]; last.text == s.text {
			last.last += s.last
		} else {
			out = append(out, stage{s.text, s.last})
		}
	}
	return out
}

// fake is a JAAS in memory that implements the engine's own interfaces, with two controllers and
// one model. It reports the actual state, unless it is set not to answer.
type fake struct {
	mu    sync.Mutex
	calls int // All calls, to JIMM and the controllers.

	completes   bool // JIMM of 2026: it has a migration mode, completes migrations, and may forget a model that is read.
	redirects   bool // The source redirects JIMM's logins once the migration is done.
	probe       bool // Controllers answer the anonymous probe.
	targetFirst bool // If two controllers list the model, JIMM takes the target's entry.
	lonely      bool // JIMM has no other models on the target, and does not ask it for its list.
	deaf        func(elapsed time.Duration) bool

	details  func(*facts.Info) // Changes the details.
	model    facts.Model
	record   facts.ControllerUUID // UUID of the controller on JIMM's record, "" if lost.
	lapses   int                  // How often JIMM reports that it has no record, although it has one.
	mode     bool
	old      facts.Attempt
	requests []facts.Request

	began  time.Time // Start of the migration; zero: none.
	stages []stage
	end    string // Text of the end: aborted…, removing exported model failed…; "" is success.
	goes   facts.Controller

	later    time.Duration                    // How long after the start of the migration,
	change   func(*fake)                      // this happens, once.
	hang     bool                             // StartMigration never answers; Info answers only when its caller gives up.
	noHost   bool                             // Logins to the model are not answered.
	denies   func(elapsed time.Duration) bool // The source denies the model anyway.
	denied   func() bool
	before   func(*fake) // What happens right before MigrateModel is called.
	onRecord func(*fake) // Called right after the request to record.
	deafErr  error       // The answer instead, if set.
	auditErr error       // Answer of the audit log.
	audits   int

	refuse     error         // Answer of MigrateModel instead of doing it.
	accept     bool          // Do it although refuse is the answer.
	delay      time.Duration // How long after the request the migration begins.
	failures   int           // How many UpdateMigratedModel fail,
	failure    error         // with this error; nil is a failure to dial.
	starts     int
	asked      time.Time // When MigrateModel was last called.
	records    []string
	hosts      int
	login      facts.ControllerUUID // The controllers that have answered the open logins.
	forgot     bool
	early      bool     // JIMM was asked to record the target before the copy there was active.
	usersThere []string // Users that the target shows, if they differ from those of the source.
}

func newFake(completes bool) *fake {
	return &fake{
		completes: completes, redirects: true, probe: true,
		model:  facts.Model{UUID: modelUUID, Name: "prod", Owner: "alice@example.com", Type: "iaas", Life: "alive", AgentVersion: "3.6.14"},
		record: west().UUID, stages: life(), goes: east(),
	}
}

func (f *fake) jaas() survey.JAAS {
	traits := facts.Traits{AutoRecords: f.completes, CLI: "jimmctl"}
	if f.completes {
		traits.CLI = "juju jaas"
	}
	return survey.JAAS{Fleet: f, Witness: f, Auditor: f, Traits: traits}
}

// lock locks the fake, and makes the changes that are due.
func (f *fake) lock() (unlock func()) {
	f.mu.Lock()
	f.calls++
	if change := f.change; change != nil && !f.began.IsZero() && time.Since(f.began) >= f.later {
		f.change = nil
		change(f)
	}
	return f.mu.Unlock
}

// loginsAllowed limits the logins to the model: there are none where JIMM stores the secret of each
// login.
func (f *fake) loginsAllowed() int {
	if f.completes {
		return 3
	}
	return 0
}

// now returns the phase of the migration: the text on the source, whether it has ended, and whether
// the model has left.
func (f *fake) now() (text string, ended, left bool) {
	if f.began.IsZero() || time.Now().Before(f.began) {
		return "", false, false
	}
	elapsed := time.Since(f.began)
	for _, s := range f.stages {
		if elapsed < s.last {
			return s.text, false, false
		}
		elapsed -= s.last
	}
	if f.end != "" {
		return f.end, true, false
	}
	return "", true, true
}

func (f *fake) isDeaf() bool {
	since := f.began
	if since.IsZero() {
		since = f.asked
	}
	return f.deaf != nil && !since.IsZero() && f.deaf(time.Since(since))
}

func (f *fake) noAnswer() error {
	if f.deafErr != nil {
		return f.deafErr
	}
	return errDeaf
}

var errDeaf = errors.New("connection lost")

func (f *fake) Controllers(context.Context) ([]facts.Controller, error) {
	return []facts.Controller{east(), north(), west()}, nil
}

func (f *fake) Models(context.Context) (facts.ModelList, error) {
	defer f.lock()()
	if f.record == "" {
		return facts.ModelList{}, nil
	}
	m := f.model
	m.Recorded = f.record
	if f.completes {
		m.Entry = f.summary()
	}
	return facts.ModelList{Models: []facts.Model{m}}, nil
}

func (f *fake) Record(context.Context, string) facts.Record {
	defer f.lock()()
	switch {
	case f.isDeaf():
		return facts.Record{Err: f.noAnswer()}
	case f.record == "":
		return facts.Record{State: facts.RecordLost}
	case f.lapses > 0:
		f.lapses--
		return facts.Record{State: facts.RecordLost}
	default:
		return facts.Record{State: facts.RecordAt, Controller: f.record}
	}
}

// at is what the recorded controller reports about the model.
func (f *fake) at(controller facts.ControllerUUID) facts.Info {
	text, ended, left := f.now()
	live := facts.Info{Kind: facts.InfoLive, Controller: controller, Status: "available", Life: "alive", AgentVersion: f.model.AgentVersion, Users: []string{"alice@example.com=admin"}}
	if controller == f.goes.UUID && f.usersThere != nil {
		live.Users = f.usersThere
	}
	switch {
	case controller == f.goes.UUID && left, controller == f.goes.UUID && facts.ParseText(redact.Raw(text)).PastReturn():
		return live
	case controller == f.goes.UUID && facts.ParseText(redact.Raw(text)) >= facts.PhaseImport && !ended:
		live.Status, live.StatusText = "busy", "importing"
		return live
	case controller != west().UUID, f.denies != nil && !f.began.IsZero() && f.denies(time.Since(f.began)), f.denied != nil && f.denied():
		return facts.Info{Kind: facts.InfoDenied, Err: errors.New("permission denied")}
	case left && f.redirects:
		return facts.Info{Kind: facts.InfoRedirected, Err: errors.New("redirection required")}
	case left:
		return facts.Info{Kind: facts.InfoDenied, Err: errors.New("permission denied")}
	case text == "":
		if live.Attempt = f.old; f.old.Exists() {
			live.StatusText = "migrating: " + f.old.Text // It keeps the text after the end.
		}
		return live
	}
	live.Status, live.StatusText = "busy", redact.Raw("migrating: "+text)
	live.Attempt = facts.Attempt{Text: redact.Raw(text), Start: f.began}
	if ended {
		live.Attempt.End = f.began.Add(time.Hour)
	}
	return live
}

func (f *fake) Info(ctx context.Context, _ string) facts.Info {
	defer f.lock()()
	if f.hang && !f.began.IsZero() {
		<-ctx.Done()
		return facts.Info{Kind: facts.InfoUnavailable, Err: ctx.Err()}
	}
	if f.isDeaf() {
		return facts.Info{Kind: facts.InfoUnavailable, Err: f.noAnswer()}
	}
	if f.record == "" {
		return facts.Info{Kind: facts.InfoRefused, Err: errors.New("unauthorized")}
	}
	info := f.at(f.record)
	if f.details != nil {
		f.details(&info)
	}
	if !f.completes {
		return info
	}
	switch {
	case f.mode && info.Kind == facts.InfoRedirected:
		f.record, f.mode = f.goes.UUID, false
		return f.at(f.record)
	case f.mode && info.Kind == facts.InfoDenied:
		return facts.Info{Kind: facts.InfoBroken, Err: errors.New("internal server error")}
	case info.Kind == facts.InfoDenied:
		f.record, f.forgot = "", true
	case info.Kind == facts.InfoLive && !info.Attempt.End.IsZero():
		f.mode = false
	}
	return info
}

func (f *fake) Summary(context.Context, string) facts.Entry {
	defer f.lock()()
	if f.isDeaf() {
		return facts.Entry{Kind: facts.InfoUnavailable, Err: f.noAnswer()}
	}
	return f.summary()
}

func (f *fake) summary() facts.Entry {
	if f.record == "" {
		return facts.Entry{Kind: facts.InfoRefused}
	}
	// JIMM asks every controller on which it has other models, and takes the model from any that
	// lists it.
	order := []facts.ControllerUUID{f.record, f.goes.UUID}
	if f.targetFirst {
		slices.Reverse(order)
	}
	for _, at := range order {
		if at != f.record && f.lonely {
			break
		}
		if info := f.at(at); info.Kind == facts.InfoLive && !info.Importing() {
			return entryOf(info, f.record)
		}
	}
	return facts.Entry{Kind: facts.InfoUnlisted}
}

// entryOf is the row in JIMM's list for what a controller has listed, under the recorded
// controller. Anything but a description is the answer of the list.
func entryOf(listed facts.Info, recorded facts.ControllerUUID) facts.Entry {
	if listed.Kind == facts.InfoLive {
		listed.Kind = facts.InfoListed
	}
	return facts.Entry{
		Kind: listed.Kind, Recorded: recorded, Status: listed.Status, StatusText: listed.StatusText, Attempt: listed.Attempt,
		Life: listed.Life, IsController: listed.IsController, AgentVersion: listed.AgentVersion, Err: listed.Err,
	}
}

func (f *fake) Host(_ context.Context, _ string, kept facts.ControllerUUID) facts.Host {
	defer f.lock()()
	if kept == "" || kept != f.login {
		f.hosts++
	}
	f.login = ""
	if f.noHost {
		return facts.Host{Kind: facts.HostUnavailable, Err: errDeaf}
	}
	if f.record != "" && f.at(f.record).Kind == facts.InfoLive {
		f.login = f.record
		return facts.Host{Kind: facts.HostServes, Controller: f.record, Info: f.status()}
	}
	return facts.Host{Kind: facts.HostRefused, Err: errors.New("invalid entity name or password")}
}

// status is what the recorded controller reports about the model over a login
// to it.
func (f *fake) status() facts.Info {
	if !f.completes {
		return facts.Info{}
	}
	return statusOf(f.at(f.record))
}

// statusOf is the part of a model's details that its status has.
func statusOf(full facts.Info) facts.Info {
	i := facts.InfoOfStatus(full.Controller, full.Status, full.StatusText, full.Attempt.End)
	i.AgentVersion = full.AgentVersion
	return i
}

func (f *fake) Copy(_ context.Context, c facts.Controller, _ string) facts.Copy {
	defer f.lock()()
	if !f.probe {
		return facts.Copy{Err: errDeaf}
	}
	text, ended, left := f.now()
	switch {
	case c.UUID == west().UUID && left:
		return facts.Copy{State: facts.CopyMoved, To: f.goes.UUID}
	case c.UUID == west().UUID:
		return facts.Copy{State: facts.CopyPresent}
	case c.UUID == f.goes.UUID && (left || facts.ParseText(redact.Raw(text)) == facts.PhaseReapFailed):
		return facts.Copy{State: facts.CopyPresent}
	case c.UUID == f.goes.UUID && !ended && facts.ParseText(redact.Raw(text)) >= facts.PhaseImport && facts.ParseText(redact.Raw(text)) != facts.PhaseAbort:
		return facts.Copy{State: facts.CopyPresent}
	default:
		return facts.Copy{State: facts.CopyAbsent}
	}
}

func (f *fake) Audit(context.Context, facts.Model) (facts.Audit, error) {
	defer f.lock()()
	f.audits++
	if f.auditErr != nil {
		return facts.Audit{}, f.auditErr
	}
	return facts.Audit{Now: time.Now(), Requests: append([]facts.Request(nil), f.requests...)}, nil
}

func (f *fake) StartMigration(_ context.Context, _ facts.Model, target facts.Controller) (string, error) {
	defer f.lock()()
	if f.before != nil {
		f.before(f)
		f.before = nil
	}
	f.starts++
	f.asked = time.Now()
	f.requests = append(f.requests, facts.Request{Kind: facts.RequestMigrate, Target: target.Name, At: time.Now(), Own: true})
	if f.refuse != nil && !f.accept {
		return "", f.refuse
	}
	switch text, ended, left := f.now(); {
	case left && f.record == west().UUID:
		return "", errors.New("model not found")
	case text != "" && !ended:
		return "", f.refuse // Another client's runs.
	}
	f.began, f.goes = time.Now().Add(f.delay), target
	if f.refuse != nil {
		return "", f.refuse
	}
	f.mode = true
	return modelUUID + ":0", nil
}

func (f *fake) RecordController(_ context.Context, proof judge.Proof) error {
	defer f.lock()()
	if !proof.Valid() {
		return errors.New("no proof")
	}
	f.requests = append(f.requests, facts.Request{Kind: facts.RequestRecord, Target: proof.Controller().Name, At: time.Now(), Own: true})
	f.records = append(f.records, proof.Controller().Name)
	if text, _, left := f.now(); !left && !facts.ParseText(redact.Raw(text)).PastReturn() || proof.Controller().UUID != f.goes.UUID {
		f.early = true
	}
	if f.failures > 0 {
		f.failures--
		if f.failure != nil {
			return f.failure
		}
		return errors.New("no urls to dial")
	}
	if f.at(proof.Controller().UUID).Kind != facts.InfoLive {
		return errors.New("permission denied")
	}
	f.record, f.mode = proof.Controller().UUID, false
	if f.onRecord != nil {
		f.onRecord(f)
	}
	return nil
}
