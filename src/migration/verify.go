package migration

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

const (
	// pollsToGiveUp is the number of polls in a row without an answer after which
	// the run gives up.
	pollsToGiveUp = 3
)

// The findings about a model that has moved. They cannot be ignored: nothing
// depends on them but the outcome.
const (
	// VerifyAgents: all agents are connected to the target.
	VerifyAgents checks.ID = "agents"
	// VerifyContents: the contents are the same as before the migration.
	VerifyContents checks.ID = "contents"
	// VerifyRecord: JIMM keeps its record of the model. It is found only if the target has
	// refused to describe the model to JIMM, or if the record could not be read again.
	VerifyRecord checks.ID = "record"
	// VerifyAccess: JIMM lets the administrators of the target administer the
	// model, and not those of the source.
	VerifyAccess checks.ID = "access-stale"
)

// Aftermath is what was found and what is left to do after a model has moved. Its
// zero value means that nothing was checked.
type Aftermath struct {
	// Findings are those of the agents, contents and access, in this order, and of the record
	// if there is one.
	Findings []checks.Finding
	// Missing names machines and units whose agents are not with the target.
	Missing []string
	// Differences say what is not as it was.
	Differences []string
	// Unread reports that it is not known how the model was before: Differences are what
	// is in error now.
	Unread bool
	// FollowUps are left for the user to do.
	FollowUps []FollowUp
}

// FollowUp is something that is left for the user to do.
type FollowUp struct{ ID, Why, Do string }

// ThirdCopy is the follow-up about a controller, neither source nor target, that still has a
// copy of the model.
const ThirdCopy = "third-copy"

// verify checks a model that has moved: its agents, its contents, and who may
// administer it. It changes nothing but the outcome.
func (w *watcher) verify(limited context.Context) {
	if !w.hasMoved() {
		return
	}
	w.res.Aftermath.FollowUps = w.otherCopies(limited)
	if w.opts.Until == UntilRecorded {
		return
	}
	inspect := w.Inspection != survey.NoInspection && w.Jaas.Inspector != nil
	keep := w.res.Timing.Recorded
	first(&keep, time.Now())
	if inspect {
		w.inspect(limited)
	}
	switch {
	case w.mayBeForgotten():
		keep = keep.Add(TimeToForget)
		if after := time.Until(keep); after > 0 {
			w.report(RereadEvent{After: after})
		}
	case !inspect:
		return
	}
	switch gone, sure := w.recordGone(limited, keep); {
	case gone:
		if !w.targetRefused() {
			w.found(VerifyRecord, w.forgottenFinding())
		}
		w.res.Recorded = facts.Controller{}
		w.end(facts.LostFromJIMM, facts.CauseNone)
		return
	case !sure:
		w.found(VerifyRecord, w.unwatched())
	}
	w.attention()
}

// inspect compares the model on the target with what it was before.
func (w *watcher) inspect(limited context.Context) {
	w.res.Step = facts.StepVerify
	if w.targetRefused() {
		w.found(VerifyRecord, w.recordFinding())
	}
	after, err := w.awaitAgents(limited)
	var before *facts.Inventory
	if w.Contents.Known {
		before = &w.Contents.Inventory
	}
	w.found(VerifyAgents, w.agentsFinding(after, before, err))
	w.found(VerifyContents, w.contentsFinding(after, before, w.changedUsers(limited, after)))
	w.found(VerifyAccess, w.accessFinding(limited))
	w.res.Aftermath.FollowUps = append(w.res.Aftermath.FollowUps, w.followUps(after, before)...)
}

// attention changes the outcome if what the inspection has found needs attention.
func (w *watcher) attention() {
	a := &w.res.Aftermath
	again := facts.JujuRun(w.opts.Unit, w.base.Target.Name) + " migrate-model model=" + w.base.Model.UUID + " target-controller=" + w.base.Target.Name + " --wait=65m"
	switch {
	case w.res.Cause == facts.CauseLeftOver:
	case len(a.Missing) > 0:
		w.res.Detail, w.res.Next = "not connected: "+checks.Names(a.Missing), again
		w.end(facts.NeedsAttention, facts.CauseAgents)
	case len(a.Differences) > 0:
		w.res.Detail = redact.String(checks.List(a.Differences))
		w.end(facts.NeedsAttention, facts.CauseDifferences)
	}
}

// otherCopies asks the controllers besides source and target that had a copy before the start
// whether they still have it.
func (w *watcher) otherCopies(limited context.Context) []FollowUp {
	copies := map[facts.ControllerUUID]facts.Copy{}
	var at facts.Controllers
	for _, c := range w.Holders(w.base.Source, w.base.Target) {
		copies[c.UUID] = w.Observation.CopyOn(c)
		if again := w.Jaas.Witness.Copy(limited, c, w.base.Model.UUID); again.State != facts.CopyUnknown {
			copies[c.UUID] = again
		}
		if copies[c.UUID].Has() {
			at = append(at, c)
		}
	}
	if at == nil {
		return nil
	}
	do := "have an administrator of that controller examine it: it may be left over from an earlier attempt"
	if c := at[0]; len(at) == 1 && copies[c.UUID].State == facts.CopyImporting {
		do += ", or give the charm an account there (controller-credentials), then " + facts.RemoveCommand(w.opts.Unit, w.base.Model.UUID, c.Name)
	}
	return []FollowUp{{ID: ThirdCopy, Why: "a third controller has a copy too: " + facts.DescribeCopies(at, copies), Do: do}}
}

// targetRefused reports whether the target has refused to describe the model to a JIMM that
// has recorded it there by itself all the same: it forgets the model the next time that it
// asks (JIMM of July 2026 recorded).
func (w *watcher) targetRefused() bool {
	return w.Traits.AutoRecords && errors.Is(w.attempts.err, ErrRecordRefused)
}

func (w *watcher) recordFinding() checks.Finding {
	text := redact.Error(w.attempts.err)
	reason, _ := w.reason(text)
	return checks.Finding{
		Level:    checks.Warn,
		Evidence: "JIMM records the model on " + strconv.Quote(w.base.Target.Name) + ", and deletes the record if it cannot read the model there; the last request returned an error: " + text,
		Remedy:   reason.Hint(),
	}
}

// forgottenFinding is that JIMM has deleted the record: it refuses to import the model for the
// same reason.
func (w *watcher) forgottenFinding() checks.Finding {
	target := strconv.Quote(w.base.Target.Name)
	return checks.Finding{
		Level:    checks.Warn,
		Evidence: "JIMM recorded the model on " + target + " and then deleted the record, as it does if it cannot read the model there",
		Remedy:   "find the reason in the log of JIMM or of " + target + " and correct it before the model is imported again",
	}
}

// mayBeForgotten reports whether JIMM may not have read the model on the target yet: it has
// recorded it there by itself, which it does before it asks (JIMM of July 2026 recorded), and
// forgets it the next time that it asks if the target then refuses to describe it. It records
// at a client's request only what it has read. When JIMM recorded a model that was there before
// this run is not known, so that one which moved lately is watched too.
func (w *watcher) mayBeForgotten() bool {
	if !w.Traits.AutoRecords || w.base.RecordedBy == judge.ByThisRun {
		return false
	}
	return w.res.Outcome != facts.AlreadyThere || !w.Audit.Recorded(w.base.Target.Name, w.Audit.Now.Add(-facts.RememberRequests))
}

// recordGone reports whether JIMM has forgotten the model since it was recorded: what is
// said at the end is true then. JIMM is asked from the time keep on, and has to say so
// twice. A missing answer proves nothing, so JIMM is asked again; sure is false if no
// answer came.
func (w *watcher) recordGone(limited context.Context, keep time.Time) (gone, sure bool) {
	pause := max(time.Until(keep), 0)
	for unanswered, lost := 0, 0; unanswered < pollsToGiveUp && sleep(limited, pause); pause = w.opts.PollInterval {
		switch w.Jaas.Witness.Record(limited, w.base.Model.UUID).State {
		case facts.RecordLost:
			if lost++; lost == 2 {
				return true, true
			}
		case facts.RecordUnknown:
			unanswered++
		default:
			return false, true
		}
	}
	return false, false
}

// unwatched is the finding that JIMM may still forget the model.
func (w *watcher) unwatched() checks.Finding {
	return checks.Finding{
		Level:    checks.Skip,
		Evidence: "JIMM's record could not be read again, so it is not known whether JIMM keeps it",
		Remedy:   w.StatusCommand(),
	}
}

// hasMoved reports whether the run has ended with the model on the target, and
// moved recently: what it contains is compared once, not at each question.
func (w *watcher) hasMoved() bool {
	switch w.res.Outcome {
	case facts.Migrated, facts.Recorded:
		return true
	case facts.NeedsAttention:
		return w.res.Cause == facts.CauseLeftOver
	case facts.AlreadyThere:
		return slices.ContainsFunc(w.Audit.Requests, func(q facts.Request) bool {
			return q.Kind == facts.RequestMigrate && q.Target == w.base.Target.Name && w.Audit.Now.Sub(q.At) < facts.RememberRequests
		})
	default:
		return false
	}
}

func (w *watcher) found(id checks.ID, finding checks.Finding) {
	finding.Check, finding.Evidence = id, redact.String(finding.Evidence)
	w.res.Aftermath.Findings = append(w.res.Aftermath.Findings, finding)
	w.report(VerifyEvent{finding})
}

// awaitAgents inspects the model on the target until all agents have connected. The
// inventory is nil if it could not be read; the error says why.
func (w *watcher) awaitAgents(limited context.Context) (*facts.Inventory, error) {
	var (
		last     *facts.Inventory
		before   *facts.Inventory
		began    = time.Now()
		pause    = w.opts.PollInterval
		reported = -1
		failed   int
	)
	if w.Contents.Known {
		before = &w.Contents.Inventory
	}
	for {
		got, err := w.onTheTarget(limited)
		if err != nil {
			failed++
		} else {
			failed, last = 0, &got
			w.res.Aftermath.Missing = got.Missing(before)
			if got.Present() > 0 {
				first(&w.res.Timing.Agents, time.Now())
			}
		}
		missing := w.res.Aftermath.Missing
		switch {
		case failed >= pollsToGiveUp, last != nil && len(missing) == 0 && (len(broken(before, *last)) == 0 || time.Since(began) > w.wait(TimeToRecover)):
			return last, err
		case last != nil && len(missing) != reported:
			reported = len(missing)
			w.report(AgentsEvent{Missing: missing, Of: last.Agents(), Elapsed: w.elapsed()})
		}
		if time.Since(began)+pause > w.wait(TimeToSeeAgents) || !sleep(limited, pause) {
			return last, err
		}
		pause = min(2*pause, max(TimeBetweenInventories, w.opts.PollInterval))
	}
}

// wrongHostError reports that a controller other than the target has answered.
type wrongHostError struct{ controller facts.ControllerUUID }

// Error names the controller.
func (e *wrongHostError) Error() string {
	return "controller " + string(e.controller) + " answered for the model"
}

func (w *watcher) onTheTarget(ctx context.Context) (facts.Inventory, error) {
	got, err := w.Jaas.Inspector.Inventory(ctx, facts.InventoryRequest{Model: w.base.Model.UUID, Controller: w.base.Target.UUID})
	if err == nil && got.Controller != w.base.Target.UUID {
		err = &wrongHostError{got.Controller}
	}
	return got, err
}

func (w *watcher) agentsFinding(after, before *facts.Inventory, err error) checks.Finding {
	target, missing := strconv.Quote(w.base.Target.Name), w.res.Aftermath.Missing
	switch {
	case after == nil:
		return checks.Finding{Level: checks.Skip, Evidence: "the model could not be inspected on " + target + ": " + redact.Error(err), Remedy: w.StatusCommand()}
	case len(missing) > 0:
		evidence := "the agents of " + checks.Names(missing) + " are not connected to " + target
		if len(missing) == 1 {
			evidence = "the agent of " + missing[0] + " is not connected to " + target
		}
		if before == nil {
			evidence += "; it is not known which agents were connected before"
		}
		return checks.Finding{
			Level: checks.Fail, Evidence: evidence,
			Remedy: "keep " + cmp.Or(w.base.Source.String(), "the source") + " until all agents are connected; to check again, run migrate-model again; an agent that does not reconnect may still have the old addresses in its agent.conf (juju/juju#18618)",
		}
	case len(after.Unread) > 0:
		return checks.Finding{Level: checks.Skip, Evidence: "not everything could be read: " + checks.Names(after.Unread)}
	default:
		return checks.Finding{Level: checks.Pass, Evidence: "all agents are connected to " + target}
	}
}

// changedUsers returns the users whose access to the model differs from before it
// moved. A JIMM that records by itself is not asked: it would forget the model if the
// target refused to describe it, which a login to the model does not rule out (JIMM of
// July 2026).
func (w *watcher) changedUsers(limited context.Context, after *facts.Inventory) []string {
	if w.Traits.AutoRecords || after == nil || len(w.Model.Users) == 0 {
		return nil
	}
	info := w.Jaas.Witness.Info(limited, w.base.Model.UUID)
	if info.Kind != facts.InfoLive || len(info.Users) == 0 {
		return nil
	}
	return compareNames("access", byName(w.Model.Users), byName(info.Users), func(before, after string) string {
		if before != after {
			return "is " + after + ", previously " + before
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

func (w *watcher) contentsFinding(after, before *facts.Inventory, users []string) checks.Finding {
	switch {
	case after == nil && len(users) > 0:
		return w.differ(users)
	case after == nil:
		return checks.Finding{Level: checks.Skip, Evidence: "the model could not be inspected afterwards"}
	case before == nil && len(users) > 0:
		return w.differ(append(users, broken(nil, *after)...))
	case before == nil && len(broken(nil, *after)) > 0:
		w.res.Aftermath.Unread = true
		f := w.differ(broken(nil, *after))
		f.Evidence += "; the state before the migration is not known"
		f.Remedy = "repair what does not work: " + w.StatusCommand()
		return f
	case before == nil:
		evidence := "the contents before the migration are not known: " + w.Contents.Why
		if waits := waiting(*after); len(waits) > 0 {
			evidence = checks.List(waits) + "; " + evidence
		}
		return checks.Finding{Level: checks.Skip, Evidence: evidence}
	case len(before.Unread)+len(after.Unread) > 0 && len(broken(before, *after)) > 0:
		return w.differ(broken(before, *after))
	case len(before.Unread)+len(after.Unread) > 0:
		return checks.Finding{Level: checks.Skip, Evidence: "not everything could be read: " + checks.Names(slices.Concat(before.Unread, after.Unread))}
	}
	if all := append(differences(*before, *after, w.base.Source.AgentVersion, w.base.Target.AgentVersion), users...); len(all) > 0 {
		return w.differ(all)
	}
	return checks.Finding{Level: checks.Pass, Evidence: "the contents are the same as before the migration"}
}

func (w *watcher) differ(how []string) checks.Finding {
	w.res.Aftermath.Differences = how
	return checks.Finding{Level: checks.Fail, Evidence: checks.List(how), Remedy: "check whether the model was changed during the migration, and repair what does not work: " + w.StatusCommand()}
}

// accessFinding finds out who may administer the model because of their controller.
// JIMM writes that rule when it learns of a model and never again (2024 to 2026).
func (w *watcher) accessFinding(ctx context.Context) checks.Finding {
	hosts, err := w.Jaas.Inspector.Hosts(ctx, w.base.Model.UUID)
	if err != nil {
		return checks.Finding{Level: checks.Skip, Evidence: "JIMM's access rules could not be read: " + redact.Error(err)}
	}
	var commands, stale []string
	target := w.base.Target
	if !slices.Contains(hosts, target.UUID) {
		commands = append(commands, w.Traits.HostCommand("add", target.UUID, w.base.Model.UUID))
	}
	for _, host := range hosts {
		if host != target.UUID {
			stale = append(stale, w.Controllers.ByUUID(host).String())
			commands = append(commands, w.Traits.HostCommand("remove", host, w.base.Model.UUID))
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

// followUps returns what is left to do, as follow-ups.json has it.
func (w *watcher) followUps(after, before *facts.Inventory) []FollowUp {
	moved := *w.Survey
	moved.Source, moved.Target = w.base.Source, w.base.Target
	for _, inside := range []*facts.Inventory{before, after} {
		if inside != nil {
			moved.Contents = survey.Contents{Inventory: *inside, Known: true}
			moved.Model.Type = cmp.Or(inside.Type, moved.Model.Type)
		}
	}
	facts := checks.Facts(&moved)
	if after == nil {
		delete(facts.Holds, rules.OldModel) // It was before the migration; Juju 4 upgrades it on arrival.
	}
	var out []FollowUp
	for _, r := range rules.All().FollowUps {
		if r.Match(facts) == rules.Fits {
			out = append(out, FollowUp{ID: r.ID, Why: checks.Fill(&moved, r.Say, r, facts), Do: checks.Fill(&moved, r.Do, r, facts)})
		}
	}
	return out
}
