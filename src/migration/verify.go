package migration

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/src/migration/checks/rules"
)

// PollsToSeeAgents is how long the agents of all machines and units get to come
// to the target (ten minutes by default).
const PollsToSeeAgents = 120

const (
	// pollsBetweenAgents is the longest pause between two looks for agents: the
	// status of a large model has megabytes.
	pollsBetweenAgents = 6
	// looksToGiveUp is after how many looks in a row that brought nothing nobody
	// looks again.
	looksToGiveUp = 3
)

// The findings about a model that has moved. They cannot be ignored: nothing
// depends on them but the outcome.
const (
	// VerifyAgents: all agents are with the target.
	VerifyAgents CheckID = "agents"
	// VerifyContents: the model holds what it held before.
	VerifyContents CheckID = "contents"
	// VerifyAccess: JIMM lets the administrators of the target administer the
	// model, and not those of the source.
	VerifyAccess CheckID = "access-stale"
)

// VerifyIDs returns the ids of the findings about a model that has moved, in the
// order in which they are reported.
func VerifyIDs() []CheckID { return []CheckID{VerifyAgents, VerifyContents, VerifyAccess} }

// Aftermath is what was found and what is left to do when a model has moved. Its
// zero value means that nobody has looked.
type Aftermath struct {
	// Findings are those of [VerifyIDs].
	Findings []Finding
	// Missing names machines and units whose agents are not with the target.
	Missing []string
	// Differences tell what is not as it was.
	Differences []string
	// Chores are left for the operator to do.
	Chores []Chore
}

// Chore is something that is left to do for the operator.
type Chore struct{ ID, Why, Do string }

// AgentsEvent says whose agents have not come to the target yet.
type AgentsEvent struct {
	Missing []string
	Of      int // How many machines and units there are.
	Elapsed time.Duration
}

// VerifyEvent reports a finding about a model that has moved.
type VerifyEvent struct{ Finding Finding }

func (AgentsEvent) event() {}
func (VerifyEvent) event() {}

// verify looks at a model that has moved: at its agents, at what it holds, and
// at who may administer it. It changes nothing but the outcome.
func (f *follower) verify(limited context.Context) {
	if !f.options.Inspect || f.jaas.Inspector == nil || !f.hasMoved() {
		return
	}
	f.res.Step = StepVerify
	after, err := f.awaitAgents(limited)
	a := &f.res.Aftermath
	var before *Inventory
	if f.inside.known {
		before = &f.inside.Inventory
	}
	f.found(VerifyAgents, f.agentsFinding(after, before, err))
	f.found(VerifyContents, f.contentsFinding(after, before, f.changedUsers(limited, after)))
	f.found(VerifyAccess, f.accessFinding(limited))
	a.Chores = f.chores(after, before)
	again := "juju run " + f.opts.Unit + " migrate-model model=" + f.base.Model.UUID + " target-controller=" + f.base.Target.Name + " --wait=65m"
	switch {
	case f.res.Cause == CauseLeftOver:
	case len(a.Missing) > 0:
		f.res.Detail, f.res.Next = "not seen there: "+someNames(a.Missing), again
		f.end(NeedsAttention, CauseAgents)
	case len(a.Differences) > 0:
		f.res.Detail = Redact(some(a.Differences))
		f.end(NeedsAttention, CauseDifferences)
	}
}

// hasMoved reports whether the run has ended with the model on the target, and
// moved lately: what it holds is compared once, not whenever somebody asks.
func (f *follower) hasMoved() bool {
	switch f.res.Outcome {
	case Migrated, Recorded:
		return true
	case NeedsAttention:
		return f.res.Cause == CauseLeftOver
	case AlreadyThere:
		return slices.ContainsFunc(f.audit.Requests, func(q Request) bool {
			return q.Kind == RequestMigrate && q.Target == f.base.Target.Name && f.audit.Now.Sub(q.At) < rememberRequests
		})
	default:
		return false
	}
}

func (f *follower) found(id CheckID, finding Finding) {
	finding.Check, finding.Evidence = id, Redact(finding.Evidence)
	f.res.Aftermath.Findings = append(f.res.Aftermath.Findings, finding)
	f.report(VerifyEvent{finding})
}

// awaitAgents looks into the model on the target until all agents have come. The
// inventory is nil if nobody could look; the error says why.
func (f *follower) awaitAgents(limited context.Context) (*Inventory, error) {
	var (
		last   *Inventory
		before *Inventory
		began  = time.Now()
		pause  = f.opts.PollInterval
		told   = -1
		failed int
	)
	if f.inside.known {
		before = &f.inside.Inventory
	}
	for {
		got, err := f.onTheTarget(limited)
		if err != nil {
			failed++
		} else {
			failed, last = 0, &got
			f.res.Aftermath.Missing = got.missing(before)
			if got.present() > 0 {
				first(&f.res.Timing.Agents, time.Now())
			}
		}
		missing := f.res.Aftermath.Missing
		switch {
		case last != nil && len(missing) == 0, failed >= looksToGiveUp:
			return last, err
		case last != nil && len(missing) != told:
			told = len(missing)
			f.report(AgentsEvent{Missing: missing, Of: last.agents(), Elapsed: f.elapsed()})
		}
		if time.Since(began)+pause > f.polls(PollsToSeeAgents) || !sleep(limited, pause) {
			return last, err
		}
		pause = min(2*pause, f.polls(pollsBetweenAgents))
	}
}

// wrongHostError says that another controller than the target has answered.
type wrongHostError struct{ controller string }

// Error names the controller.
func (e *wrongHostError) Error() string {
	return "controller " + e.controller + " has answered for the model"
}

func (f *follower) onTheTarget(ctx context.Context) (Inventory, error) {
	got, err := f.jaas.Inspector.Inventory(ctx, f.base.Model.UUID, f.base.Target.UUID)
	if err == nil && got.Controller != f.base.Target.UUID {
		err = &wrongHostError{got.Controller}
	}
	return got, err
}

func (f *follower) agentsFinding(after, before *Inventory, err error) Finding {
	target, missing := strconv.Quote(f.base.Target.Name), f.res.Aftermath.Missing
	switch {
	case after == nil:
		return Finding{Level: Skip, Evidence: "the model could not be looked into on " + target + ": " + errText(err), Remedy: f.status()}
	case len(missing) > 0:
		evidence := "the agents are not seen on " + target + " of " + someNames(missing)
		if before == nil {
			evidence += "; whether they were there before was not looked at"
		}
		return Finding{
			Level: Fail, Evidence: evidence,
			Remedy: "keep " + cmp.Or(f.base.Source.String(), "the "+"source") + " until they are; run migrate-model again to look once more; an agent that stays away may still have the old addresses in its agent.conf (juju/juju#18618)",
		}
	case len(after.Unread) > 0:
		return Finding{Level: Skip, Evidence: "not all could be read: " + someNames(after.Unread)}
	default:
		return Finding{Level: Pass, Evidence: "all agents are with " + target}
	}
}

// changedUsers tells who has another access to the model than before it moved. It
// asks only when the target has just answered for the model: JIMM forgets nothing
// over that question then.
func (f *follower) changedUsers(limited context.Context, after *Inventory) []string {
	if after == nil || len(f.model.Users) == 0 {
		return nil
	}
	info := f.jaas.Witness.Info(limited, f.base.Model.UUID)
	if info.Kind != InfoLive || info.Listed || len(info.Users) == 0 {
		return nil
	}
	return compare("access", byName(f.model.Users), byName(info.Users), func(before, after string) string {
		if before != after {
			return "is " + after + ", it was " + before
		}
		return ""
	})
}

// byName takes "alice@example.com=admin" apart.
func byName(users []string) map[string]string {
	out := map[string]string{}
	for _, u := range users {
		name, access, _ := strings.Cut(u, "=")
		out[name] = access
	}
	return out
}

func (f *follower) contentsFinding(after, before *Inventory, users []string) Finding {
	switch {
	case len(users) > 0 && (after == nil || before == nil):
		return f.differ(users)
	case after == nil:
		return Finding{Level: Skip, Evidence: "the model could not be looked into afterwards"}
	case before == nil:
		return Finding{Level: Skip, Evidence: "what the model held before is not known: " + f.inside.why}
	case len(before.Unread)+len(after.Unread) > 0:
		return Finding{Level: Skip, Evidence: "not all could be read: " + someNames(slices.Concat(before.Unread, after.Unread))}
	}
	source, _ := rules.ParseVersion(f.base.Source.AgentVersion)
	target, _ := rules.ParseVersion(f.base.Target.AgentVersion)
	if all := append(differences(*before, *after, source.Major == target.Major), users...); len(all) > 0 {
		return f.differ(all)
	}
	return Finding{Level: Pass, Evidence: "the model holds what it held before"}
}

func (f *follower) differ(how []string) Finding {
	f.res.Aftermath.Differences = how
	return Finding{Level: Fail, Evidence: some(how), Remedy: "see whether somebody has changed the model while it moved: " + f.status()}
}

// accessFinding looks who may administer the model because of their controller.
// JIMM writes that rule when it learns of a model and never again (2024 to 2026).
func (f *follower) accessFinding(ctx context.Context) Finding {
	hosts, err := f.jaas.Inspector.Hosts(ctx, f.base.Model.UUID)
	if err != nil {
		return Finding{Level: Skip, Evidence: "JIMM's access rules could not be read: " + errText(err)}
	}
	var commands, stale []string
	target := f.base.Target
	if !slices.Contains(hosts, target.UUID) {
		commands = append(commands, f.traits.hostCommand("add", target.UUID, f.base.Model.UUID))
	}
	for _, host := range hosts {
		if host != target.UUID {
			stale = append(stale, f.controllers.byUUID(host).String())
			commands = append(commands, f.traits.hostCommand("remove", host, f.base.Model.UUID))
		}
	}
	switch {
	case len(stale) > 0:
		return Finding{
			Level:    Warn,
			Evidence: "JIMM still lets the administrators of " + someNames(stale) + " administer the model",
			Remedy:   strings.Join(commands, "; then "),
		}
	case len(commands) > 0:
		return Finding{Level: Warn, Evidence: "JIMM does not let the administrators of " + target.Name + " administer the model", Remedy: commands[0]}
	default:
		return Finding{Level: Pass, Evidence: "JIMM's access rules name " + target.Name}
	}
}

// hostCommand returns the command that adds or removes the rule that a controller
// hosts the model.
func (t Traits) hostCommand(verb, controller, model string) string {
	rule := " controller-" + controller + " controller model-" + model
	if t.Completes {
		return t.CLI + " " + verb + "-permission" + rule
	}
	return t.CLI + " auth relation " + verb + rule
}

// chores returns what is left to do, as chores.json has it.
func (f *follower) chores(after, before *Inventory) []Chore {
	moved := *f.situation
	moved.source, moved.target = f.base.Source, f.base.Target
	for _, inside := range []*Inventory{before, after} {
		if inside != nil {
			moved.inside = insight{Inventory: *inside, known: true}
			moved.model.Type = cmp.Or(inside.Type, moved.model.Type)
		}
	}
	facts := moved.facts()
	var out []Chore
	for _, r := range rules.All().Chores {
		if r.Match(facts) == rules.Fits {
			out = append(out, Chore{ID: r.ID, Why: moved.fill(r.Say, r, facts), Do: moved.fill(r.Do, r, facts)})
		}
	}
	return out
}
