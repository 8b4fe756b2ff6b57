package status

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/cos"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/redact"
)

// The bounds of update-status, which may take five seconds in all: a unit runs
// no action meanwhile.
const (
	// pollTimeout limits one poll by default, and lokiPatience the wait for Loki.
	pollTimeout  = 4 * time.Second
	lokiPatience = time.Second / 2
	// loginEvery is the least time between two logins to JIMM: JIMM of 2024
	// keeps the secret of each in its audit log.
	loginEvery = time.Hour
)

// Finish records migrations that were started by this charm and not recorded. It
// begins behind a model, the last one that it asked about before.
type Finish func(ctx context.Context, u *charm.Unit, s config.Settings, client *jimm.Client, after string) (Finished, error)

// Finished is what a [Finish] has done.
type Finished struct {
	// Recorded are the UUIDs of the models that it recorded.
	Recorded []string
	// Last is the last model that it asked about.
	Last string
	// More reports that the time was over before all were checked.
	More bool
}

// PollOptions say what a poll does.
type PollOptions struct {
	// Finish is called on the leader after a login, if the option finish-records is
	// set. It may be nil.
	Finish Finish
	// Timeout limits the poll. Zero is four seconds.
	Timeout time.Duration
}

// Poll checks whether JIMM answers, logs in once an hour to count its
// controllers and models, and sets the unit's status. It changes nothing in
// JIMM; its Finish may.
func Poll(ctx context.Context, u *charm.Unit, options PollOptions) error {
	m, err := remember(ctx, u)
	if err != nil {
		return err
	}
	s, err := config.Read(ctx, u)
	k, err := inputsFrom(u, m, s, err)
	if err != nil {
		return err
	}
	if k.problem == nil && k.waiting == nil {
		if err := k.poll(ctx, u, s, options); err != nil {
			return err
		}
	}
	k.reportRun(ctx, u)
	return k.keep(ctx, u)
}

// poll polls JIMM and stores its health.
func (k *inputs) poll(ctx context.Context, u *charm.Unit, s config.Settings, options PollOptions) error {
	before := k.memory.health(s)
	login := before.due(time.Now())
	if login {
		var err error
		if login, err = u.Leader(ctx); err != nil {
			return err
		}
	}
	if !s.FinishRecords {
		options.Finish = nil
	}
	after := health{Of: s.Fingerprint(), Cordons: k.memory.cordons()}
	if before != nil {
		after = *before
	}
	bounded, cancel := context.WithTimeout(ctx, cmp.Or(options.Timeout, pollTimeout))
	defer cancel()
	info, at, err := s.Reach(bounded)
	after.Address = at
	after.Reached = findingOf(s.Diagnose(u.Env(), err))
	if info.Version != "" {
		after.Version = info.Version
	}
	if login && after.Reached.empty() {
		k.pending = after.logIn(bounded, u, s, k.pending, options.Finish)
		after.report(ctx, u)
	}
	k.seen = &after
	return nil
}

// report sends to Loki what was counted, and which controllers are cordoned.
func (h health) report(ctx context.Context, u config.Unit) {
	if !h.Counted || !h.Login.empty() {
		return
	}
	line, err := cos.PlainJSON(map[string]any{
		"v": cos.EventVersion, "event": "health", "level": "info", "jimm_version": h.Version,
		"controllers": h.Controllers, "models": h.Models, "migrating": h.Migrating, "drift": h.Drift, "adrift": h.Adrift,
	})
	cordoned, cordonErr := h.Cordons.lines()
	send(ctx, u, errors.Join(err, cordonErr), append([]string{line}, cordoned...)...)
}

// send sends lines to Loki, unless they could not be made. A failure is logged.
func send(ctx context.Context, u config.Unit, err error, lines ...string) {
	if err == nil {
		client := cos.Loki(ctx, u, lokiPatience)
		for _, line := range lines {
			client.Push(line)
		}
		err = client.Close()
	}
	if err != nil {
		u.Logger().WarnContext(ctx, "cannot send all events to Loki", slog.Any("error", err))
	}
}

// due reports whether it is time for another login.
func (h *health) due(now time.Time) bool {
	return h == nil || now.Sub(h.At) >= loginEvery || now.Before(h.At)
}

// logIn logs in and counts. It returns the pending migrations that JIMM has not
// recorded.
func (h *health) logIn(ctx context.Context, u *charm.Unit, s config.Settings, pending []Pending, finish Finish) []Pending {
	h.At = time.Now().UTC().Truncate(time.Second)
	client, err := s.Connect(ctx)
	if err != nil {
		h.refused(s, u.Env(), err)
		return pending
	}
	defer client.Close()
	pending = h.count(ctx, u.Env(), client, pending)
	if finish != nil && h.Login.empty() {
		done, err := finish(ctx, u, s, client, h.Finishing)
		pending = slices.DeleteFunc(pending, func(p Pending) bool { return slices.Contains(done.Recorded, p.Model) })
		h.Finishing = ""
		if done.More {
			h.Finishing = done.Last
		}
		if err != nil {
			u.Logger().WarnContext(ctx, "cannot finish records", slog.String("error", redact.Error(err)))
		}
	}
	return pending
}

// refused notes why a login failed. If none was sent, the next poll may log in.
func (h *health) refused(s config.Settings, env charm.Env, err error) {
	if errors.Is(err, jimm.ErrNotConnected) {
		h.Reached, h.At = findingOf(s.Diagnose(env, err)), time.Time{}
		return
	}
	h.Login = findingOf(s.Diagnose(env, err))
}

// count counts what JIMM has. What it does not answer in time stays as it was.
func (h *health) count(ctx context.Context, env charm.Env, client *jimm.Client, pending []Pending) []Pending {
	h.Login = finding{}
	if info, err := client.Version(ctx); err == nil {
		h.Version = info.Version
	}
	if !client.Administrator() {
		h.Login, h.Counted = findingOf(config.NotAdministrator(env, client.Generation(), client.Identity())), false
		return pending
	}
	err := client.DisableControllerUUIDMasking(ctx)
	controllers, listErr := client.ListControllers(ctx)
	// This list may come with an error about single models.
	models, modelErr := client.ListModelSummaries(ctx)
	if errors.Join(err, listErr) != nil || modelErr != nil && len(models) == 0 {
		return pending
	}
	h.Counted, h.Controllers, h.Models = true, len(controllers), len(models)
	h.Cordons.read(ctx, client, controllers, h.At)
	h.Migrating, h.Drift, h.Adrift = 0, 0, ""
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
			h.Migrating++
		case unlisted(m) && answering[m.ControllerUUID]:
			// Its controller answered with other models, but not with this one.
			if h.Drift++; h.Adrift == "" {
				h.Adrift = m.UUID
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(pending), func(p Pending) bool { return recorded[p.Model] == p.Target })
}

// unlisted reports whether the recorded controller does not list the model, or
// did not answer. Only JIMM of 2025 and newer asks the controllers.
func unlisted(m juju.ModelSummary) bool { return m.Status.Status == "unavailable" && m.Type == "" }

// Refused sets the unit's status from the error that an action got from
// [config.Read], if it is a problem or a wait.
func Refused(ctx context.Context, u config.Unit, err error) error {
	m, readErr := remember(ctx, u)
	if readErr != nil {
		return readErr
	}
	k, unknown := inputsFrom(u, m, config.Settings{}, err)
	if unknown != nil {
		return nil //nolint:nilerr // It does not concern the unit's status.
	}
	return k.keep(ctx, u)
}

// LoggedIn sets the unit's status from a login that an action made, or from the
// error that it got, so that a problem that has been corrected disappears from
// the status at once. version is JIMM's, "" if it does not report one (before
// v3.1.10).
func LoggedIn(ctx context.Context, u config.Unit, s config.Settings, client *jimm.Client, err error) (version string, seenErr error) {
	m, statusErr := remember(ctx, u)
	if statusErr != nil {
		return "", statusErr
	}
	k := newInputs(u, m, s)
	k.seen = &health{Of: s.Fingerprint(), At: time.Now().UTC().Truncate(time.Second), Address: s.JIMM.URL, Cordons: m.cordons()}
	if err != nil {
		k.seen.refused(s, u.Env(), err)
	} else {
		k.seen.Address = s.AddressOf(client)
		k.pending = k.seen.count(ctx, u.Env(), client, k.pending)
	}
	return k.seen.Version, k.keep(ctx, u)
}

// ForgetReached discards why JIMM could not be reached: the authorities that
// certify it may have changed.
func ForgetReached(ctx context.Context, u config.Unit) error {
	state, err := u.State(ctx)
	if err != nil {
		return err
	}
	var h health
	if readable := json.Unmarshal([]byte(state[keyHealth]), &h) == nil; readable && !h.Reached.empty() {
		text, err := health{Of: h.Of, At: h.At, Login: h.Login, Cordons: h.Cordons}.text()
		return errors.Join(err, u.SetState(ctx, map[string]string{keyHealth: text}))
	}
	return nil
}

// Forget makes the next update-status log in again: the credentials changed. Since
// when controllers are cordoned does not depend on them.
func Forget(ctx context.Context, u config.Unit) error {
	state, err := u.State(ctx)
	if err != nil {
		return err
	}
	text, err := health{Cordons: memory{state: state}.cordons()}.text()
	return errors.Join(err, u.SetState(ctx, map[string]string{keyHealth: text}))
}
