package controller

import (
	"context"
	"fmt"
	"time"
)

// quiesce runs the prechecks, waits until the agents have stopped their work, and runs the prechecks again.
func (w *worker) quiesce(ctx context.Context) (Phase, error) {
	if failure, err := w.prechecks(ctx); failure != "" || err != nil {
		return w.failed(ctx, failure, err)
	}
	ok, err := w.agents(ctx, Quiesce, "quiescing", w.pace.Quiesce)
	if err != nil || !ok {
		return Abort, err
	}
	if failure, err := w.prechecks(ctx); failure != "" || err != nil {
		return w.failed(ctx, failure, err)
	}
	return Import, nil
}

func (w *worker) failed(ctx context.Context, failure string, err error) (Phase, error) {
	if err != nil {
		return "", err
	}
	return w.fail(ctx, "%s", failure)
}

// prechecks returns the text of a failure, or an error when the controller restarts.
func (w *worker) prechecks(ctx context.Context) (failure string, err error) {
	if err := w.say(ctx, "performing source prechecks", w.pace.Prechecks); err != nil {
		return "", err
	}
	w.c.mu.Lock()
	h := w.c.models[w.m.ModelUUID]
	if h == nil {
		w.c.mu.Unlock()
		return "failed to obtain model info during prechecks: model not found", nil
	}
	model := h.model
	problem := w.c.precheckSource(h)
	w.c.mu.Unlock()
	if problem != nil {
		return "source prechecks failed: " + message(problem), nil
	}
	if err := w.say(ctx, "performing target prechecks", w.pace.Prechecks); err != nil {
		return "", err
	}
	peer, problem := w.c.connect(ctx, w.m.target)
	if problem != nil {
		return "failed to connect to target controller during prechecks: " + message(problem), ctx.Err()
	}
	defer peer.close()
	if peer.controllerTag != w.m.target.ControllerTag {
		return fmt.Sprintf("unexpected target controller UUID (got %s, expected %s)",
			peer.controllerTag, w.m.target.ControllerTag), nil
	}
	if peer.version < 2 && len(model.RemoteApplications) > 0 {
		return "target controller must be upgraded to 2.9.43 or later\n" +
			"to be able to migrate models with cross model relations\n" +
			"to other models hosted on the source controller", nil
	}
	if problem := peer.prechecks(ctx, w.c, model); problem != nil {
		return "target prechecks failed: " + message(problem), ctx.Err()
	}
	return "", nil
}

// agents waits for the reports of the agents, at most AgentLimit, with a text every Progress. The first failure ends
// the wait, except in SUCCESS, where all reports are awaited and neither failure nor timeout stops the migration.
func (w *worker) agents(ctx context.Context, phase Phase, doing string, d time.Duration) (ok bool, err error) {
	w.c.mu.Lock()
	total := 0
	if h := w.c.models[w.m.ModelUUID]; h != nil {
		total = h.model.agents()
	}
	w.c.mu.Unlock()
	silent, failed := 0, 0
	length := d
	if w.m.outcome.AgentsTimeout == phase || d > w.pace.AgentLimit {
		silent, length = 1, w.pace.AgentLimit
	}
	if w.m.outcome.AgentsFail == phase {
		failed = 1
	}
	if err := w.say(ctx, doing+", waiting for agents to report back", 0); err != nil {
		return false, err
	}
	if logins := w.c.config.AgentLogins; logins != nil && phase == Validation { // agents try the target
		late := logins(w.m.target.ControllerTag, total)
		length = max(length, min(late, w.pace.AgentLimit))
		if late > w.pace.AgentLimit {
			silent = 1
		}
	}
	if failed > 0 && phase != Success { // the first failure ends the wait
		return false, w.agentsFailed(ctx, doing, length/2)
	}
	step := max(w.pace.Progress, time.Second)
	passed := time.Duration(0)
	for ; passed+step < length; passed += step {
		if err := w.wait(ctx, step); err != nil {
			return false, err
		}
		reported := int(float64(total) * float64(passed+step) / float64(d))
		reported = max(0, min(total-silent, reported))
		text := doing + ", " + progress(reported, min(failed, reported), total)
		if err := w.say(ctx, text, 0); err != nil {
			return false, err
		}
	}
	switch {
	case failed > 0:
		return false, w.agentsFailed(ctx, doing, length-passed)
	case silent > 0:
		if err := w.wait(ctx, length-passed); err != nil {
			return false, err
		}
		_, err := w.fail(ctx, "%s, timed out waiting for agents to report", doing)
		return false, err
	default:
		if err := w.wait(ctx, length-passed); err != nil {
			return false, err
		}
		return true, w.say(ctx, doing+", all agents reported success", 0)
	}
}

func (w *worker) agentsFailed(ctx context.Context, doing string, after time.Duration) error {
	if err := w.wait(ctx, after); err != nil {
		return err
	}
	_, err := w.fail(ctx, "%s, some agents reported failure", doing)
	return err
}

func progress(reported, failed, total int) string {
	if reported == 0 {
		return "no reports from agents yet"
	}
	text := fmt.Sprintf("waiting for agents to report back: %d succeeded, %d still to report",
		reported-failed, total-reported)
	if failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	return text
}

// importModel sends the model to the target. Any error aborts. When the controller restarts, the phase restarts and
// finds the copy that already exists (inferred).
func (w *worker) importModel(ctx context.Context) (Phase, error) {
	const failure = "model data transfer failed, %s"
	if err := w.say(ctx, "exporting model", w.pace.Export); err != nil {
		return "", err
	}
	w.c.mu.Lock()
	h := w.c.models[w.m.ModelUUID]
	if h == nil {
		w.c.mu.Unlock()
		return w.fail(ctx, failure, "model export failed: model not found")
	}
	model := h.model
	w.c.mu.Unlock()
	if err := w.say(ctx, "importing model into target controller", w.pace.Import/2); err != nil {
		return "", err
	}
	peer, err := w.c.connect(ctx, w.m.target)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return w.fail(ctx, failure, "failed to connect to target controller: "+message(err))
	}
	defer peer.close()
	if err := peer.importModel(ctx, model); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return w.fail(ctx, failure, "failed to import model into target controller: "+message(err))
	}
	if err := w.wait(ctx, w.pace.Import-w.pace.Import/2); err != nil {
		return "", err
	}
	if err := w.say(ctx, "uploading model binaries into target controller", w.pace.Upload); err != nil {
		return "", err
	}
	select {
	case <-peer.conn.Done():
		return w.fail(ctx, failure, "failed to migrate binaries: cannot upload charms: EOF")
	default:
	}
	if target, _ := parseVersion(peer.serverVersion); model.ChangeBlock != "" && len(model.Machines) > 0 && target.major < 4 {
		// The target accepts no agent binaries, which only machines need (3.5.4, observed). Juju 4
		// checks the block of its own controller model instead (source).
		return w.fail(ctx, failure, fmt.Sprintf("failed to migrate binaries: cannot upload agent binaries: cannot upload agent binaries: Post https://%s/migrate/tools?binaryVersion=%s-ubuntu-amd64: %s",
			w.m.target.Addrs[0], model.AgentVersion, model.ChangeBlock))
	}
	if w.c.release.has(noRelationsPhase) {
		return Validation, nil
	}
	return ProcessRelations, nil
}

// validate waits for the agents, compares the machines with the cloud and activates the copy. Connection errors do not
// abort: the phase is retried, forever if need be.
func (w *worker) validate(ctx context.Context) (Phase, error) {
	ok, err := w.agents(ctx, Validation, "validating", w.pace.Validation)
	if err != nil || !ok {
		return Abort, err
	}
	peer, err := w.c.connect(ctx, w.m.target)
	if err != nil {
		return "", err
	}
	defer peer.close()
	if err := w.say(ctx, "checking machines in migrated model", w.pace.CheckMachines); err != nil {
		return "", err
	}
	if w.m.outcome.Loop == Validation {
		// The target cannot compare machines with the cloud, e.g. because the model's credential is not valid there.
		// Only the source's log has the reason (3.5.4 and 3.6.28 observed).
		if err := w.loop(); err != nil {
			return "", err
		}
	}
	problems, err := peer.checkMachines(ctx, w.m.ModelUUID)
	if err != nil {
		return "", err
	}
	if problems > 0 {
		return w.fail(ctx, "machine sanity check failed, %d error%s found", problems, plural(problems))
	}
	if w.m.outcome.AbortAt == Validation {
		return w.fail(ctx, "%s", w.m.outcome.reason(Validation))
	}
	if err := w.say(ctx, "activating model in target controller", w.pace.Activate); err != nil {
		return "", err
	}
	if err := peer.activate(ctx, w.c, w.m.ModelUUID); err != nil {
		return w.fail(ctx, "model activation failed, %s", message(err))
	}
	if w.m.outcome.ActivationLost {
		return w.fail(ctx, "model activation failed, connection is shut down")
	}
	return Success, nil
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// success lets the agents switch over and the target adopt the cloud resources. The migration cannot be undone from
// here on: agents that fail are left behind, and an error makes the source retry the phase.
func (w *worker) success(ctx context.Context) (Phase, error) {
	if _, err := w.agents(ctx, Success, "successful", w.pace.Success); err != nil {
		return "", err
	}
	const text = "transferring ownership of cloud resources to target controller"
	if err := w.say(ctx, text, w.pace.Adopt); err != nil {
		return "", err
	}
	peer, err := w.c.connect(ctx, w.m.target)
	if err != nil {
		return "", err
	}
	defer peer.close()
	return LogTransfer, peer.adopt(ctx, w.c, w.m.ModelUUID)
}

// transferLogs sends the logs, with a text every Progress. No logs are simulated, only a growing number.
func (w *worker) transferLogs(ctx context.Context) (Phase, error) {
	sent := 0
	text := func(doing string) string {
		return fmt.Sprintf("successful, %s logs to target controller (%d sent)", doing, sent)
	}
	if err := w.say(ctx, text("transferring"), 0); err != nil {
		return "", err
	}
	peer, err := w.c.connect(ctx, w.m.target)
	if err != nil {
		return "", err
	}
	defer peer.close()
	if err := peer.latestLogTime(ctx, w.m.ModelUUID); err != nil {
		return "", err
	}
	step := max(w.pace.Progress, time.Second)
	for left := w.pace.LogTransfer; left > 0; left -= step {
		if err := w.wait(ctx, min(step, left)); err != nil {
			return "", err
		}
		sent += int(min(step, left) / (10 * time.Millisecond))
		if left > step {
			if err := w.say(ctx, text("transferring"), 0); err != nil {
				return "", err
			}
		}
	}
	return Reap, w.say(ctx, text("transferred"), 0)
}
