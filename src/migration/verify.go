package migration

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

const (
	// looksToGiveUp is after how many looks in a row that brought nothing nobody
	// looks again.
	looksToGiveUp = 3
)

// The findings about a model that has moved. They cannot be ignored: nothing
// depends on them but the outcome.
const (
	// VerifyAgents: all agents are connected to the target.
	VerifyAgents checks.ID = "agents"
	// VerifyContents: the contents are the same as before the migration.
	VerifyContents checks.ID = "contents"
	// VerifyAccess: JIMM lets the administrators of the target administer the
	// model, and not those of the source.
	VerifyAccess checks.ID = "access-stale"
)

// VerifyIDs returns the ids of the findings about a model that has moved, in the
// order in which they are reported.
func VerifyIDs() []checks.ID { return []checks.ID{VerifyAgents, VerifyContents, VerifyAccess} }

// Aftermath is what was found and what is left to do when a model has moved. Its
// zero value means that nobody has looked.
type Aftermath struct {
	// Findings are those of [VerifyIDs].
	Findings []checks.Finding
	// Missing names machines and units whose agents are not with the target.
	Missing []string
	// Differences tell what is not as it was.
	Differences []string
	// FollowUps are left for the operator to do.
	FollowUps []FollowUp
}

// FollowUp is something that is left to do for the operator.
type FollowUp struct{ ID, Why, Do string }

// verify looks at a model that has moved: at its agents, at what it holds, and
// at who may administer it. It changes nothing but the outcome.
func (f *watcher) verify(limited context.Context) {
	if !f.Options.Inspect || f.Jaas.Inspector == nil || !f.hasMoved() {
		return
	}
	f.res.Step = facts.StepVerify
	after, err := f.awaitAgents(limited)
	a := &f.res.Aftermath
	var before *facts.Inventory
	if f.Contents.Known {
		before = &f.Contents.Inventory
	}
	f.found(VerifyAgents, f.agentsFinding(after, before, err))
	f.found(VerifyContents, f.contentsFinding(after, before, f.changedUsers(limited, after)))
	f.found(VerifyAccess, f.accessFinding(limited))
	a.FollowUps = f.chores(after, before)
	if f.recordGone(limited) {
		f.res.Recorded = facts.Controller{}
		f.end(facts.LostFromJIMM, facts.CauseNone)
		return
	}
	again := "juju run " + f.opts.Unit + " migrate-model model=" + f.base.Model.UUID + " target-controller=" + f.base.Target.Name + " --wait=65m"
	switch {
	case f.res.Cause == facts.CauseLeftOver:
	case len(a.Missing) > 0:
		f.res.Detail, f.res.Next = "not seen there: "+checks.Names(a.Missing), again
		f.end(facts.NeedsAttention, facts.CauseAgents)
	case len(a.Differences) > 0:
		f.res.Detail = redact.String(checks.List(a.Differences))
		f.end(facts.NeedsAttention, facts.CauseDifferences)
	}
}

// recordGone reports whether JIMM has forgotten the model since it was recorded: what
// is said at the end is true then. It has to say so twice.
func (f *watcher) recordGone(limited context.Context) bool {
	for range 2 {
		if f.Jaas.Witness.Record(limited, f.base.Model.UUID).State != facts.RecordLost || !sleep(limited, f.opts.PollInterval) {
			return false
		}
	}
	return true
}

// hasMoved reports whether the run has ended with the model on the target, and
// moved lately: what it holds is compared once, not whenever somebody asks.
func (f *watcher) hasMoved() bool {
	switch f.res.Outcome {
	case facts.Migrated, facts.Recorded:
		return true
	case facts.NeedsAttention:
		return f.res.Cause == facts.CauseLeftOver
	case facts.AlreadyThere:
		return slices.ContainsFunc(f.Audit.Requests, func(q facts.Request) bool {
			return q.Kind == facts.RequestMigrate && q.Target == f.base.Target.Name && f.Audit.Now.Sub(q.At) < facts.RememberRequests
		})
	default:
		return false
	}
}

func (f *watcher) found(id checks.ID, finding checks.Finding) {
	finding.Check, finding.Evidence = id, redact.String(finding.Evidence)
	f.res.Aftermath.Findings = append(f.res.Aftermath.Findings, finding)
	f.report(VerifyEvent{finding})
}

// awaitAgents looks into the model on the target until all agents have come. The
// inventory is nil if nobody could look; the error says why.
func (f *watcher) awaitAgents(limited context.Context) (*facts.Inventory, error) {
	var (
		last   *facts.Inventory
		before *facts.Inventory
		began  = time.Now()
		pause  = f.opts.PollInterval
		told   = -1
		failed int
	)
	if f.Contents.Known {
		before = &f.Contents.Inventory
	}
	for {
		got, err := f.onTheTarget(limited)
		if err != nil {
			failed++
		} else {
			failed, last = 0, &got
			f.res.Aftermath.Missing = got.Missing(before)
			if got.Present() > 0 {
				first(&f.res.Timing.Agents, time.Now())
			}
		}
		missing := f.res.Aftermath.Missing
		switch {
		case failed >= looksToGiveUp, last != nil && len(missing) == 0 && (len(broken(before, *last)) == 0 || time.Since(began) > f.wait(TimeToRecover)):
			return last, err
		case last != nil && len(missing) != told:
			told = len(missing)
			f.report(AgentsEvent{Missing: missing, Of: last.Agents(), Elapsed: f.elapsed()})
		}
		if time.Since(began)+pause > f.wait(TimeToSeeAgents) || !sleep(limited, pause) {
			return last, err
		}
		pause = min(2*pause, max(TimeBetweenInventories, f.opts.PollInterval))
	}
}

// wrongHostError says that another controller than the target has answered.
type wrongHostError struct{ controller string }

// Error names the controller.
func (e *wrongHostError) Error() string {
	return "controller " + e.controller + " has answered for the model"
}

func (f *watcher) onTheTarget(ctx context.Context) (facts.Inventory, error) {
	got, err := f.Jaas.Inspector.Inventory(ctx, f.base.Model.UUID, f.base.Target.UUID)
	if err == nil && got.Controller != f.base.Target.UUID {
		err = &wrongHostError{got.Controller}
	}
	return got, err
}

func (f *watcher) agentsFinding(after, before *facts.Inventory, err error) checks.Finding {
	target, missing := strconv.Quote(f.base.Target.Name), f.res.Aftermath.Missing
	switch {
	case after == nil:
		return checks.Finding{Level: checks.Skip, Evidence: "the model could not be inspected on " + target + ": " + redact.Error(err), Remedy: f.StatusCommand()}
	case len(missing) > 0:
		evidence := "not connected to " + target + ": the agents of " + checks.Names(missing)
		if before == nil {
			evidence += "; whether they were connected before is not known"
		}
		return checks.Finding{
			Level: checks.Fail, Evidence: evidence,
			Remedy: "keep " + cmp.Or(f.base.Source.String(), "the source") + " until they are; run migrate-model again to verify once more; an agent that stays away may still have the old addresses in its agent.conf (juju/juju#18618)",
		}
	case len(after.Unread) > 0:
		return checks.Finding{Level: checks.Skip, Evidence: "not all could be read: " + checks.Names(after.Unread)}
	default:
		return checks.Finding{Level: checks.Pass, Evidence: "all agents are connected to " + target}
	}
}

// changedUsers tells who has another access to the model than before it moved. A JIMM
// that records by itself is not asked: it would forget the model if the target refused
// to describe it, which a login to the model does not rule out (JIMM of July 2026).
func (f *watcher) changedUsers(limited context.Context, after *facts.Inventory) []string {
	if f.Traits.AutoRecords || after == nil || len(f.Model.Users) == 0 {
		return nil
	}
	info := f.Jaas.Witness.Info(limited, f.base.Model.UUID)
	if info.Kind != facts.InfoLive || info.Listed || len(info.Users) == 0 {
		return nil
	}
	return compareNames("access", byName(f.Model.Users), byName(info.Users), func(before, after string) string {
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

func (f *watcher) contentsFinding(after, before *facts.Inventory, users []string) checks.Finding {
	switch {
	case len(users) > 0 && (after == nil || before == nil):
		return f.differ(users)
	case after == nil:
		return checks.Finding{Level: checks.Skip, Evidence: "the model could not be inspected afterwards"}
	case before == nil && len(broken(nil, *after)) > 0:
		return f.differ([]string{checks.List(broken(nil, *after)) + "; how the model was before is not known"})
	case before == nil:
		return checks.Finding{Level: checks.Skip, Evidence: "the contents before the migration are not known: " + f.Contents.Why}
	case len(before.Unread)+len(after.Unread) > 0 && len(broken(before, *after)) > 0:
		return f.differ(broken(before, *after))
	case len(before.Unread)+len(after.Unread) > 0:
		return checks.Finding{Level: checks.Skip, Evidence: "not all could be read: " + checks.Names(slices.Concat(before.Unread, after.Unread))}
	}
	source, _ := rules.ParseVersion(f.base.Source.AgentVersion)
	target, _ := rules.ParseVersion(f.base.Target.AgentVersion)
	if all := append(differences(*before, *after, source.Major == target.Major), users...); len(all) > 0 {
		return f.differ(all)
	}
	return checks.Finding{Level: checks.Pass, Evidence: "the contents are the same as before the migration"}
}

func (f *watcher) differ(how []string) checks.Finding {
	f.res.Aftermath.Differences = how
	return checks.Finding{Level: checks.Fail, Evidence: checks.List(how), Remedy: "see whether the model was changed while it moved, and repair what does not work: " + f.StatusCommand()}
}

// accessFinding looks who may administer the model because of their controller.
// JIMM writes that rule when it learns of a model and never again (2024 to 2026).
func (f *watcher) accessFinding(ctx context.Context) checks.Finding {
	hosts, err := f.Jaas.Inspector.Hosts(ctx, f.base.Model.UUID)
	if err != nil {
		return checks.Finding{Level: checks.Skip, Evidence: "JIMM's access rules could not be read: " + redact.Error(err)}
	}
	var commands, stale []string
	target := f.base.Target
	if !slices.Contains(hosts, target.UUID) {
		commands = append(commands, f.Traits.HostCommand("add", target.UUID, f.base.Model.UUID))
	}
	for _, host := range hosts {
		if host != target.UUID {
			stale = append(stale, f.Controllers.ByUUID(host).String())
			commands = append(commands, f.Traits.HostCommand("remove", host, f.base.Model.UUID))
		}
	}
	switch {
	case len(stale) > 0:
		return checks.Finding{
			Level:    checks.Warn,
			Evidence: "JIMM still lets the administrators of " + checks.Names(stale) + " administer the model",
			Remedy:   strings.Join(commands, "\n"),
		}
	case len(commands) > 0:
		return checks.Finding{Level: checks.Warn, Evidence: "JIMM does not let the administrators of " + target.Name + " administer the model", Remedy: commands[0]}
	default:
		return checks.Finding{Level: checks.Pass, Evidence: "JIMM's access rules name " + target.Name}
	}
}

// chores returns what is left to do, as chores.json has it.
func (f *watcher) chores(after, before *facts.Inventory) []FollowUp {
	moved := *f.Survey
	moved.Source, moved.Target = f.base.Source, f.base.Target
	for _, inside := range []*facts.Inventory{before, after} {
		if inside != nil {
			moved.Contents = survey.Contents{Inventory: *inside, Known: true}
			moved.Model.Type = cmp.Or(inside.Type, moved.Model.Type)
		}
	}
	facts := checks.Facts(&moved)
	var out []FollowUp
	for _, r := range rules.All().Chores {
		if r.Match(facts) == rules.Fits {
			out = append(out, FollowUp{ID: r.ID, Why: checks.Fill(&moved, r.Say, r, facts), Do: checks.Fill(&moved, r.Do, r, facts)})
		}
	}
	return out
}
