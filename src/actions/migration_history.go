package actions

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
)

// historyParams are the parameters of migration-history.
type historyParams struct {
	Model      string       `json:"model"`
	Controller string       `json:"controller"`
	User       string       `json:"user"`
	Since      string       `json:"since"`
	Until      string       `json:"until"`
	Page       charm.Number `json:"page"`
}

// again returns the parameters that another page needs. The end of the period
// is fixed, so that new requests do not shift the pages.
func (p historyParams) again(span fleet.Span) []string {
	var out []string
	for _, pair := range [][2]string{
		{"model", p.Model},
		{"controller", p.Controller},
		{"user", p.User},
		{"since", span.From.Format(time.RFC3339Nano)},
		{"until", span.To.Format(time.RFC3339Nano)},
	} {
		if pair[1] != "" {
			out = append(out, report.Parameter(pair[0], pair[1]))
		}
	}
	return out
}

// migrationHistory shows the requests about migrations in JIMM's audit log.
func migrationHistory(ctx context.Context, a *charm.Action, p historyParams) error {
	w, err := open(ctx, a)
	if err != nil {
		return err
	}
	defer w.jaas.Close()
	now, err := w.jaas.Many().Clock(ctx)
	if err != nil {
		return err
	}
	span, err := p.span(now)
	if err != nil {
		return err
	}
	log, err := w.jaas.Many().History(ctx, span)
	if err != nil {
		return err
	}
	s := w.base
	if s.Controllers, err = w.lists.Controllers(ctx); err != nil {
		return err
	}
	models, err := w.lists.Models(ctx)
	if err != nil {
		return err
	}
	s.List(models)
	c, known := s.Controllers.Named(p.Controller)
	if known {
		p.Controller = c.Name
	}
	rows, err := fleet.History(log.Requests, s, fleet.HistoryFilter{Model: p.Model, Controller: p.Controller, User: p.User})
	if err != nil {
		return err
	}
	var unknown []string
	if len(rows) == 0 { // A model that JIMM no longer has may be in its log.
		if found, err := facts.SelectAll(models.Models, p.Model); p.Model != "" && err == nil && len(found) == 0 {
			unknown = append(unknown, facts.NoModel(models.Models, p.Model, nil).Error())
		}
		if p.Controller != "" && !known {
			unknown = append(unknown, s.Controllers.Unknown(p.Controller))
		}
		if p.User != "" {
			unknown = append(unknown, unknownUser(log.Requests, p.User)...)
		}
	}
	return a.SetResults(ctx, report.HistoryResults(report.PastOf{
		Unknown: unknown,
		Rows:    rows, Span: span, Log: log, Snapshot: s, Page: max(int(p.Page), 1), Parameters: p.again(span),
	}, a.Env().Unit))
}

// unknownUser explains that none of the requests is of the user, and of whom they are; nothing if one is.
func unknownUser(requests []fleet.Logged, user string) []string {
	var users []string
	for _, r := range requests {
		if !slices.Contains(users, r.User) {
			users = append(users, r.User)
		}
	}
	if len(users) == 0 || slices.Contains(users, user) {
		return nil
	}
	slices.Sort(users)
	text := fmt.Sprintf("the log has no request by user %q in that time", user)
	if near := facts.Nearest(user, users); len(near) > 0 {
		return []string{text + "; did you mean " + strings.Join(near, " or ") + "?"}
	}
	return []string{text + "; its requests are by " + checks.Names(users)}
}

// span reads since and until, each a time or how long ago it was, by JIMM's clock.
func (p historyParams) span(now time.Time) (fleet.Span, error) {
	from, err := moment("since", p.Since, now)
	if err != nil {
		return fleet.Span{}, err
	}
	to := now
	if p.Until != "" {
		if to, err = moment("until", p.Until, now); err != nil {
			return fleet.Span{}, err
		}
	}
	if !from.Before(to) {
		return fleet.Span{}, fmt.Errorf("cannot read the history: since (%s) must be before until (%s)", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	return fleet.Span{From: from, To: to}, nil
}

// moment reads a time such as 2026-11-28 or 2026-11-28T21:30:00Z, or how long ago it
// was, such as 12h or 30d.
func moment(name, text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	ago, err := time.ParseDuration(text)
	if days, found := strings.CutSuffix(text, "d"); found {
		var n int
		n, err = strconv.Atoi(days)
		ago = time.Duration(min(n, mostDays)) * 24 * time.Hour
	}
	if err != nil || ago < 0 {
		return time.Time{}, fmt.Errorf("cannot use %s %q: it must be a time such as 2026-11-28 or 2026-11-28T21:30:00Z, or how long ago it was, such as 12h or 30d", name, text)
	}
	return now.Add(-ago).UTC().Truncate(time.Second), nil
}

// mostDays is how far back a history goes.
const mostDays = 36500
