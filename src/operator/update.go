package operator

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration"
)

// update is the hook update-status: it looks whether JIMM answers, now and then
// also what it holds, and changes nothing unless it is told to finish records.
func update(ctx context.Context, h *charm.Hook, finish Finish) error {
	_, message, err := h.Status(ctx)
	if err != nil {
		return err
	}
	s, err := Read(ctx, h)
	k, err := knownFrom(h, s, err)
	if err != nil {
		return err
	}
	k.marks = abandoned(Marks(message))
	if k.problem == nil && k.waiting == nil {
		if err := k.look(ctx, h, s, finish); err != nil {
			return err
		}
	}
	return k.show(ctx, h)
}

// look looks at JIMM and remembers what it saw.
func (k *known) look(ctx context.Context, h *charm.Hook, s Settings, finish Finish) error {
	before, err := lastLook(ctx, h, s)
	if err != nil {
		return err
	}
	due := before.due(time.Now())
	leader := false
	if due || s.FinishRecords && len(k.marks) > 0 {
		if leader, err = h.IsLeader(ctx); err != nil {
			return err
		}
	}
	login := len(k.marks) > 0 || due && leader
	if !leader || !s.FinishRecords {
		finish = nil
	}
	after := look{Of: s.fingerprint()}
	if before != nil {
		after = *before
	}
	bounded, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	info, at, err := s.reach(bounded)
	after.Address = at
	after.Reached = s.diagnose(h.Env(), err)
	if info.Version != "" {
		after.Version = info.Version
	}
	if login && after.Reached.empty() {
		k.marks = after.logIn(bounded, h, s, k.marks, finish)
		after.tell(ctx, h)
	}
	k.seen = &after
	return after.keep(ctx, h, before)
}

// tell sends to Loki what was counted.
func (l look) tell(ctx context.Context, u Unit) {
	if !l.Counted || !l.Login.empty() {
		return
	}
	line, err := plainJSON(map[string]any{
		"v": EventVersion, "event": "look", "level": "info", "jimm_version": l.Version,
		"controllers": l.Controllers, "models": l.Models, "migrating": l.Migrating, "drift": l.Drift, "adrift": l.Adrift,
	})
	if err == nil {
		feed := Feed(ctx, u, tellFor)
		feed.Push(line)
		err = feed.Close()
	}
	if err != nil {
		u.Logger().WarnContext(ctx, "Loki lacks events", slog.Any("error", err))
	}
}

// due reports whether it is time for another login.
func (l *look) due(now time.Time) bool {
	return l == nil || now.Sub(l.At) >= lookEvery || now.Before(l.At)
}

// logIn logs in and counts. It returns the marks whose migrations JIMM has not
// recorded.
func (l *look) logIn(ctx context.Context, h *charm.Hook, s Settings, marks []Mark, finish Finish) []Mark {
	l.At = time.Now().UTC().Truncate(time.Second)
	client, err := s.Connect(ctx)
	if err != nil {
		l.refused(s, h.Env(), err)
		return marks
	}
	defer client.Close()
	marks = l.count(ctx, h.Env(), client, marks)
	if finish != nil && l.Login.empty() {
		if err := finish(ctx, h.Unit, s, client); err != nil {
			h.Logger().WarnContext(ctx, "cannot finish records", slog.String("error", migration.Redact(err.Error())))
		}
	}
	return marks
}

// refused takes in why a login has failed. Where none was sent, the next look finds
// out by itself whether that is over, and may log in then.
func (l *look) refused(s Settings, env charm.Env, err error) {
	if errors.Is(err, jimm.ErrNotConnected) {
		l.Reached, l.At = s.diagnose(env, err), time.Time{}
		return
	}
	l.Login = s.diagnose(env, err)
}

// count takes in what JIMM holds. What is not told in time stays as it was.
func (l *look) count(ctx context.Context, env charm.Env, client *jimm.Client, marks []Mark) []Mark {
	l.Login = finding{}
	if info, err := client.Version(ctx); err == nil {
		l.Version = info.Version
	}
	if !client.Administrator() {
		l.Login, l.Counted = notAdministrator(env, client), false
		return marks
	}
	err := client.DisableControllerUUIDMasking(ctx)
	controllers, listErr := client.ListControllers(ctx)
	models, modelErr := client.ListModelSummaries(ctx)
	if errors.Join(err, listErr, modelErr) != nil {
		return marks
	}
	l.Counted, l.Controllers, l.Models = true, len(controllers), len(models)
	l.Migrating, l.Drift, l.Adrift = 0, 0, ""
	answering := map[string]bool{}
	for _, m := range models {
		if !unlisted(m) {
			answering[m.ControllerUUID] = true
		}
	}
	names := map[string]string{}
	for _, c := range controllers {
		names[c.UUID] = c.Name
	}
	recorded := map[string]string{}
	for _, m := range models {
		recorded[m.UUID] = names[m.ControllerUUID]
		switch {
		case m.Migration != nil && m.Migration.Start != nil && m.Migration.End == nil:
			l.Migrating++
		case unlisted(m) && answering[m.ControllerUUID]:
			// Its controller lists others: it is there, and does not have this one.
			if l.Drift++; l.Adrift == "" {
				l.Adrift = m.UUID
			}
		}
	}
	var left []Mark
	for _, mark := range marks {
		if recorded[mark.Model] != mark.Target {
			left = append(left, mark)
		}
	}
	return left
}

// unlisted reports whether the recorded controller does not list the model, or
// did not answer. Only JIMM of 2025 and newer asks the controllers.
func unlisted(m juju.ModelSummary) bool { return m.Status.Status == "unavailable" && m.Type == "" }

// Refused takes in the error that an action got from [Read], and sets the unit's
// status if it is one that the operator or time puts right.
func Refused(ctx context.Context, u Unit, err error) error {
	k, unknown := knownFrom(u, Settings{}, err)
	if unknown != nil {
		return nil //nolint:nilerr // It says nothing of the unit.
	}
	_, message, err := u.Status(ctx)
	if err != nil {
		return err
	}
	k.marks = abandoned(Marks(message))
	return k.show(ctx, u)
}

// Seen takes in a login that an action has made, or the error that it got, and
// sets the unit's status accordingly: it is how an operator who has put
// something right sees at once that it is. version is JIMM's, "" if it does not
// tell (before v3.1.10).
func Seen(ctx context.Context, u Unit, s Settings, client *jimm.Client, err error) (version string, seenErr error) {
	_, message, statusErr := u.Status(ctx)
	if statusErr != nil {
		return "", statusErr
	}
	k := known{unit: u.Env().Unit, address: s.JIMM.URL, optional: s.ControllersProblem, marks: abandoned(Marks(message))}
	k.seen = &look{Of: s.fingerprint(), At: time.Now().UTC().Truncate(time.Second), Address: s.JIMM.URL}
	if err != nil {
		k.seen.refused(s, u.Env(), err)
	} else {
		if s.related {
			k.seen.Address = client.Address().String()
		}
		k.marks = k.seen.count(ctx, u.Env(), client, k.marks)
	}
	return k.seen.Version, errors.Join(k.seen.keep(ctx, u, nil), k.show(ctx, u))
}

// doubt lets go of why JIMM did not answer at the last look, since what speaks for
// its certificate may have changed.
func doubt(ctx context.Context, u Unit) error {
	state, err := u.State(ctx)
	if err != nil {
		return err
	}
	var l look
	if readable := json.Unmarshal([]byte(state[keyLook]), &l) == nil; readable && !l.Reached.empty() {
		return look{Of: l.Of, At: l.At, Login: l.Login}.keep(ctx, u, &l)
	}
	return nil
}

// forget makes the next update-status log in again, since what it logs in with
// has changed.
func forget(ctx context.Context, u Unit) error {
	return u.SetState(ctx, map[string]string{keyLook: "{}"})
}
