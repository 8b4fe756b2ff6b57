package controller

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// The migration engine works as Juju's migration master does: the handler of each phase reports its work in status
// texts and returns either the next phase or an error, on which the worker retries the phase. Phases, texts and their
// order are Juju's (2.9 to 3.6, documented).

// worker is one run of the engine for one migration. A restart makes a new one, which does not know the last failure,
// so the reason of an abort is lost.
type worker struct {
	c       *Controller
	m       *migration
	pace    Pace
	speed   float64
	failure string
}

// drive runs workers until the migration has ended or the controller is closed.
func (c *Controller) drive(m *migration) {
	pace := c.config.Pace
	if m.outcome.Pace != nil {
		pace = *m.outcome.Pace
	}
	for c.waitUp() {
		ctx, cancel := c.run()
		w := &worker{c: c, m: m, pace: pace, speed: c.config.Speed}
		err := w.work(ctx)
		if err != nil {
			_ = w.wait(ctx, pace.WorkerRestart) // ends at once when the controller itself restarts
		}
		cancel()
		if err == nil {
			return
		}
	}
}

// waitUp waits until the controller runs; it returns false when the controller is closed.
func (c *Controller) waitUp() bool {
	for {
		c.mu.Lock()
		up, changed, closed := c.up, c.changed, c.closed
		c.mu.Unlock()
		if closed {
			return false
		}
		select {
		case <-up:
			return true
		case <-changed:
		}
	}
}

func (w *worker) work(ctx context.Context) error {
	if w.c.phase(w.m) == Quiesce {
		if err := w.wait(ctx, w.pace.Start); err != nil {
			return err
		}
	}
	for {
		phase := w.c.phase(w.m)
		next, err := w.handle(ctx, phase)
		if err != nil {
			return err
		}
		if next, err = w.scripted(ctx, phase, next); err != nil {
			return err
		}
		w.c.setPhase(w.m, next)
		if next.Terminal() {
			return nil
		}
	}
}

func (w *worker) handle(ctx context.Context, phase Phase) (Phase, error) {
	switch phase {
	case Quiesce:
		return w.quiesce(ctx)
	case Import:
		return w.importModel(ctx)
	case ProcessRelations:
		return Validation, w.say(ctx, "processing relations", w.pace.Relations)
	case Validation:
		return w.validate(ctx)
	case Success:
		return w.success(ctx)
	case LogTransfer:
		return w.transferLogs(ctx)
	case Reap:
		return w.reap(ctx)
	case Abort:
		return w.abort(ctx)
	default:
		return "", fmt.Errorf("cannot work on a migration in phase %s", phase)
	}
}

// scripted lets an outcome change the phase that follows another.
func (w *worker) scripted(ctx context.Context, phase, next Phase) (Phase, error) {
	outcome := w.m.outcome
	switch {
	case next == Abort:
		return next, nil
	case phase == outcome.AbortAt:
		return w.fail(ctx, "%s", outcome.reason(phase))
	case phase == outcome.Loop && phase != Validation: // which is retried before it activates the model
		return next, w.loop()
	default:
		return next, nil
	}
}

// loop fails as often as the script says.
func (w *worker) loop() error {
	w.c.mu.Lock()
	defer w.c.mu.Unlock()
	if w.m.loops++; w.m.outcome.LoopTimes > 0 && w.m.loops > w.m.outcome.LoopTimes {
		return nil
	}
	return errors.New("scripted error")
}

// wait waits for a duration at the controller's speed, or as the controller was told.
func (w *worker) wait(ctx context.Context, d time.Duration) error {
	if wait := w.c.config.Wait; wait != nil {
		return wait(ctx, d)
	}
	return wire.Wait(ctx, w.scaled(d))
}

func (w *worker) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / w.speed)
}

// say sets a status text, stalls there if the script says so, and waits.
func (w *worker) say(ctx context.Context, text string, d time.Duration) error {
	w.c.setText(w.m, text)
	if w.m.stallsAt(text) {
		limit := w.m.outcome.StallFor
		var over <-chan time.Time
		if limit > 0 {
			timer := time.NewTimer(w.scaled(limit))
			defer timer.Stop()
			over = timer.C
		}
		select {
		case <-over:
		case <-w.m.resume:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return w.wait(ctx, d)
}

// fail records why a migration fails and goes to ABORT.
func (w *worker) fail(ctx context.Context, format string, args ...any) (Phase, error) {
	w.failure = fmt.Sprintf(format, args...)
	return Abort, w.say(ctx, w.failure, w.pace.Failure)
}

// abort removes the copy on the target if it can; a failure is only logged (documented).
func (w *worker) abort(ctx context.Context) (Phase, error) {
	err := w.say(ctx, "aborted, removing model from target controller: "+w.failure, w.pace.Abort/2)
	if err != nil {
		return "", err
	}
	w.c.mu.Lock()
	w.m.aborts++
	restart := w.m.outcome.RestartInAbort && w.m.aborts == 1
	w.c.mu.Unlock()
	if restart {
		return "", errors.New("scripted restart")
	}
	if !w.m.outcome.LeaveCopy {
		if peer, err := w.c.connect(ctx, w.m.target); err == nil {
			_ = peer.abort(ctx, w.m.ModelUUID)
			peer.close()
		}
	}
	return AbortDone, w.wait(ctx, w.pace.Abort/2)
}

// reap removes the model: first the permissions, then everything else; then the phase becomes DONE (documented; see
// reapPieces).
func (w *worker) reap(ctx context.Context) (Phase, error) {
	if err := w.say(ctx, "successful, removing model from source controller", w.pace.Reap); err != nil {
		return "", err
	}
	reason := w.m.outcome.ReapFails
	var err error
	switch pieces := w.c.release.has(reapInPieces); {
	case pieces && (reason == "" || w.m.outcome.HalfReaped):
		err = w.reapPieces(ctx)
	case reason == "":
		err = w.hide(ctx)
	}
	switch {
	case err != nil:
		return "", err
	case reason != "":
		w.c.setText(w.m, "removing exported model failed: "+reason)
		return ReapFailed, nil
	}
	w.c.RemoveModel(w.m.ModelUUID)
	return Done, w.wait(ctx, w.pace.ReapFlip)
}

// hide is the last part of REAP in releases without reapInPieces: the permissions are gone for a while. A source of 4.x
// shows the model unchanged until it is gone (4.0.15, recorded).
func (w *worker) hide(ctx context.Context) error {
	w.c.mu.Lock()
	if h := w.c.models[w.m.ModelUUID]; h != nil && !w.c.release.has(silentSource) {
		h.permissionsGone = true
		w.c.touch()
	}
	w.c.mu.Unlock()
	return w.wait(ctx, w.pace.ReapHidden)
}
