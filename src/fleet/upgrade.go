package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// Upgrader upgrades the agents of models. Only a run with the goal upgrade has one.
type Upgrader interface {
	// Job returns the state of the job of JIMM's own upgrade-to for the model, "" if
	// there is none.
	Job(ctx context.Context, model string) (string, error)
	// ChangeBlock reports whether changes to the model are blocked. Juju 3.6 upgrades it anyway.
	ChangeBlock(ctx context.Context, at facts.Controller, model string) (bool, error)
	// Upgrade requests that the agents of the model run the version. With dryRun nothing is changed. The error matches
	// [ErrUpgradeRefused] if the request was refused, and [migration.ErrNotSent] if nothing was sent. Only the second
	// proves that nothing was done: JIMM also reports a refusal when it loses the controller's answer.
	Upgrade(ctx context.Context, at facts.Controller, model, version string, dryRun bool) error
}

// ErrUpgradeRefused matches the error of an upgrade that was refused.
var ErrUpgradeRefused = errors.New("the upgrade was refused")

// The reasons why a model is not upgraded.
const (
	LeftUpgradeJob     Reason = "upgrade-job"
	LeftUpgradeRefused Reason = "upgrade-refused"
	LeftBlocked        Reason = "changes-blocked"
	LeftUnseen         Reason = "agents-not-seen"
	LeftAboveIts       Reason = "above-its-controller"
	LeftAsked          Reason = "asked-before"
)

const (
	// TimeToUpgrade is how long the agents of a model may take.
	TimeToUpgrade = 30 * time.Minute
	// leastReads is how often reading the model may fail before it is left.
	leastReads = 3
)

// UpgradeCase is what is known right before the agents of a model are upgraded.
type UpgradeCase struct {
	// At is the UUID of the controller on which they are to be upgraded; Recorded is the one that JIMM records, and
	// Answers the one that answers for the model.
	At, Recorded, Answers facts.ControllerUUID
	// Moving reports that the model is migrating, or was requested to.
	Moving bool
	// Life is that of the model.
	Life string
	// Blocked reports that changes to the model are blocked.
	Blocked bool
	// Job is the state of JIMM's own upgrade job, "" for none.
	Job string
	// To is the requested version, Most that of the controller.
	To, Most string
	// Asked reports that this run has already requested it.
	Asked bool
}

// Forbids returns why the upgrade must not be requested, or "". It is pure.
func (c UpgradeCase) Forbids() Reason {
	switch {
	case c.Asked:
		return LeftAsked
	case c.Moving:
		return LeftMoving
	case c.At == "" || c.Recorded != c.At:
		return LeftMovedOn
	case c.Answers != c.At:
		return LeftUnseen
	case !facts.Alive(c.Life):
		return LeftNotAlive
	case c.Blocked:
		return LeftBlocked
	case unfinished(c.Job):
		return LeftUpgradeJob
	case !checks.IsVersion(c.To), !checks.IsVersion(c.Most), checks.CompareVersions(c.To, c.Most) > 0:
		return LeftAboveIts
	default:
		return ""
	}
}

// unfinished reports whether a job of JIMM may still do something: all states except the last ones (River's, which JIMM
// of 2026 uses).
func unfinished(state string) bool {
	return !slices.Contains([]string{"", "completed", "cancelled", "discarded"}, state)
}

// Lagging names what does not prove that all agents of a model run the version and are with their controller; empty if
// all do. In a model without machines the units have no version of their own.
func Lagging(i facts.Inventory, version string) []string {
	behind := func(v string) bool {
		return checks.IsVersion(v) && checks.CompareVersions(v, version) < 0 || !checks.IsVersion(v)
	}
	var out []string
	if behind(i.AgentVersion) {
		out = append(out, "the model")
	}
	for _, id := range facts.SortedNames(i.Machines, func(m facts.Machine) bool {
		return facts.Alive(m.Life) && (m.Agent != "started" || behind(m.Version))
	}) {
		out = append(out, "machine "+id)
	}
	for _, name := range facts.SortedNames(i.Units, func(u facts.Unit) bool {
		return facts.Alive(u.Life) && (!u.Present() || behind(u.Version) && (u.Version != "" || i.Type != "caas"))
	}) {
		out = append(out, "unit "+name)
	}
	return append(out, i.Unread...)
}

// upgrade upgrades the agents of a model on its present controller, and waits for them.
func (r *run) upgrade(ctx context.Context, i int, leg Entry) (Ended, string) {
	jaas, end := r.View(leg.Model, true)
	defer end()
	u := &upgrading{run: r, entry: i, leg: leg, version: leg.Route[0].Version, jaas: jaas, began: time.Now()}
	for _, c := range r.seen().Controllers {
		if c.Name == leg.Source {
			u.at = c
		}
	}
	if jaas.Controllers != nil {
		jaas.Controllers.Access(ctx, u.at) // Later questions use the account, if there is one.
	}
	return u.follow(ctx)
}

// upgrading is the upgrade of one model.
type upgrading struct {
	run     *run
	entry   int
	leg     Entry
	version string
	at      facts.Controller
	jaas    survey.JAAS
	began   time.Time
	asked   bool
	failure error // The error of the request; the version of the model shows what it did.
}

// follow reads the agents, asks once for the upgrade where it is needed, and reads them
// again until all run the version.
func (u *upgrading) follow(ctx context.Context) (Ended, string) {
	pause, failed, older, unread := u.run.Model.PollInterval, 0, 0, 0
	var lagging []string
	for {
		got, err := u.readAgents(ctx)
		switch {
		case err != nil:
			failed++
		default:
			failed, lagging = 0, Lagging(got, u.version)
			switch {
			case len(lagging) > 0:
			case !u.asked:
				return Ended{State: Well, Reason: alreadyThere}, ""
			default:
				return Ended{State: Well}, ""
			}
			switch behind := checks.CompareVersions(got.AgentVersion, u.version) < 0; {
			case !behind:
				u.failure = nil // It was carried out, whatever the answer was.
			case !u.asked:
				end, detail, err := u.ask(ctx, got)
				if err != nil {
					if unread++; unread >= leastReads {
						return Ended{State: Stayed, Reason: string(LeftUnseen)}, "cannot determine whether the model may be upgraded: " + redact.Error(err)
					}
					break
				}
				if unread = 0; end.State != InFlight {
					return end, detail
				}
			case errors.Is(u.failure, ErrUpgradeRefused):
				if older++; older >= leastReads {
					return u.refusal(u.failure)
				}
			}
			u.asked = u.asked || unread == 0 // By this run, or by the client that has given the model its version.
		}
		switch {
		case failed >= leastReads && !u.asked:
			return Ended{State: Stayed, Reason: string(LeftUnseen)}, "the agents could not be read: " + redact.String(err.Error())
		case time.Since(u.began) > TimeToUpgrade:
			return Ended{State: Failed}, u.late(lagging)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return Ended{State: Waiting}, ""
		}
		pause = min(2*pause, max(30*time.Second, u.run.Model.PollInterval))
	}
}

// readAgents reads the agents from the controller that the model is on.
func (u *upgrading) readAgents(ctx context.Context) (facts.Inventory, error) {
	got, err := u.jaas.Inspector.Inventory(ctx, facts.InventoryRequest{Model: u.leg.Model, Controller: u.at.UUID})
	if err == nil && got.Controller != u.at.UUID {
		err = fmt.Errorf("controller %s answers for the model", got.Controller)
	}
	return got, err
}

// late returns which agents do not run the version in time.
func (u *upgrading) late(lagging []string) string {
	text := fmt.Sprintf("after %d minutes, still not running %s: %s", int(TimeToUpgrade.Minutes()), u.version, checks.Names(lagging))
	if u.failure != nil {
		text += "; it is not known whether the upgrade was accepted: " + redact.String(u.failure.Error())
	}
	return text
}

// ask requests the upgrade, once, after a dry run, if nothing forbids it now. The returned state is InFlight if the
// agents may follow. An error means that this could not be determined.
func (u *upgrading) ask(ctx context.Context, got facts.Inventory) (Ended, string, error) {
	r := u.run
	if err := r.Upgrader.Upgrade(ctx, u.at, u.leg.Model, u.version, true); err != nil {
		end, detail := u.refusal(err)
		return end, detail, nil
	}
	job, err := r.Upgrader.Job(ctx, u.leg.Model)
	blocked, blockErr := r.Upgrader.ChangeBlock(ctx, u.at, u.leg.Model)
	record := u.jaas.Witness.Record(ctx, u.leg.Model)
	if err := cmp.Or(err, blockErr); err != nil {
		return Ended{}, "", err
	}
	if record.State == facts.RecordUnknown {
		return Ended{State: Waiting}, "", nil
	}
	r.turns <- struct{}{}
	why := r.admit(ctx, u.entry)
	reason := u.forbids(UpgradeCase{At: u.at.UUID, Recorded: record.Controller, Answers: got.Controller, Blocked: blocked, Job: job, To: u.version})
	if why == "" && reason == "" {
		r.mu.Lock()
		r.entries[u.entry].State, r.entries[u.entry].stage = InFlight, upgradeRequested
		r.starts++
		r.mu.Unlock()
	}
	<-r.turns
	switch {
	case reason != "":
		return Ended{State: Stayed, Reason: string(reason)}, "", nil
	case why != "":
		return Ended{State: Waiting}, "", nil
	}
	r.report(UpgradeEvent{u.leg, u.version, got.Agents()})
	err = r.Upgrader.Upgrade(ctx, u.at, u.leg.Model, u.version, false)
	if errors.Is(err, migration.ErrNotSent) {
		r.mu.Lock()
		r.entries[u.entry].stage = seenOnRoute
		r.mu.Unlock()
		end, detail := u.refusal(err)
		return end, detail, nil
	}
	u.failure = err
	return Ended{State: InFlight}, "", nil
}

// forbids completes the case with the latest observation of the run, and judges it.
func (u *upgrading) forbids(c UpgradeCase) Reason {
	observed := u.run.seen()
	c.Moving = slices.ContainsFunc(observed.Moving, func(f Flight) bool { return f.Model == u.leg.Model })
	for _, m := range observed.Models {
		if m.UUID == u.leg.Model {
			c.Life = m.Life
		}
	}
	for _, s := range observed.Controllers {
		if s.UUID == u.at.UUID {
			c.Most = s.AgentVersion
		}
	}
	u.run.mu.Lock()
	defer u.run.mu.Unlock()
	c.Asked = u.run.entries[u.entry].stage == upgradeRequested
	return c.Forbids()
}

// refusal is the result of an upgrade that was not carried out.
func (u *upgrading) refusal(err error) (Ended, string) {
	if errors.Is(err, ErrUpgradeRefused) {
		return Ended{State: Stayed, Reason: string(LeftUpgradeRefused)}, redact.String(strings.TrimPrefix(err.Error(), ErrUpgradeRefused.Error()+": "))
	}
	return Ended{State: Waiting}, "" // Nothing was changed: it is retried at its next turn.
}
