package status

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/config"
	"jimm-migrator/src/cos"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/facts"
)

// longCordon is how long a controller may be cordoned before the status names it:
// a drain takes hours, and a mark that was forgotten stays forever.
const longCordon = 24 * time.Hour

// cordons are the controllers of one JIMM that it lists as deprecated, by UUID. The
// unit's state keeps them, because JIMM deletes old events of its audit log.
type cordons struct {
	// JIMM is its UUID.
	JIMM string            `json:"jimm,omitempty"`
	List map[string]cordon `json:"list,omitempty"`
}

// cordon is one controller's mark.
type cordon struct {
	Name string `json:"name"`
	// Since is when JIMM was asked to set the mark, by its audit log; if the log does
	// not show that, when the mark was first seen: it may be older.
	Since  time.Time `json:"since"`
	Logged bool      `json:"logged,omitempty"`
	// Age was the time since then at the last observation, by the same clock.
	Age time.Duration `json:"age"`
	// Hidden reports that JIMM did not reach the controller at the last observation, and does
	// not show the mark of such a one.
	Hidden bool `json:"hidden,omitempty"`
}

// cordons returns those of the last observation, whatever the settings were.
func (m memory) cordons() cordons {
	var h health
	_ = json.Unmarshal([]byte(m.state[keyHealth]), &h) // No text is none.
	return h.Cordons
}

// read reads which controllers are cordoned, and since when, if any is.
func (c *cordons) read(ctx context.Context, client *jimm.Client, controllers []jimm.Controller, now time.Time) {
	before := c.List
	if c.JIMM != client.ControllerUUID() {
		before = nil
	}
	c.JIMM, c.List = client.ControllerUUID(), map[string]cordon{}
	var marked []string
	for _, controller := range controllers {
		if controller.Status.Status == "deprecated" {
			marked = append(marked, controller.Name)
		}
	}
	var logged map[string]jimm.Deprecation
	var then time.Time
	if len(marked) > 0 {
		// Without the log, what was known before is still known.
		logged, then, _ = client.Deprecations(ctx, marked)
	}
	for _, controller := range controllers {
		was, known := before[controller.UUID]
		switch log := logged[controller.Name]; {
		case controller.Status.Status == "unavailable" && known:
			was.Hidden = true
			c.List[controller.UUID] = was
		case controller.Status.Status != "deprecated":
		case !log.Since.IsZero():
			c.List[controller.UUID] = cordon{Name: controller.Name, Since: log.Since, Logged: true, Age: then.Sub(log.Since)}
		default:
			age := was.age(now, then)
			if !known || !log.Undone.IsZero() && then.Sub(log.Undone) < age {
				was, age = cordon{Since: now}, 0
			}
			was.Name, was.Hidden, was.Age = controller.Name, false, age
			c.List[controller.UUID] = was
		}
	}
}

// age is the time since the mark by the clock that Since is of: then by JIMM's, now by
// ours. Without JIMM's it is what it was.
func (c cordon) age(now, then time.Time) time.Duration {
	switch {
	case !c.Logged:
		return now.Sub(c.Since)
	case then.IsZero():
		return c.Age
	default:
		return then.Sub(c.Since)
	}
}

// long are the controllers that have been cordoned for a long time, the oldest
// first.
func (c cordons) long() []cordon {
	list := slices.DeleteFunc(slices.Collect(maps.Values(c.List)), func(c cordon) bool { return c.Hidden || c.Age < longCordon })
	slices.SortFunc(list, func(a, b cordon) int {
		if n := a.Since.Compare(b.Since); n != 0 {
			return n
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list
}

// sentence names what has been cordoned for a long time, or is "".
func (c cordons) sentence(unit string) string {
	list := c.long()
	if len(list) == 0 {
		return ""
	}
	text := fmt.Sprintf("%s has been cordoned since %s UTC", list[0].Name, list[0].Since.UTC().Format("2006-01-02 15:04"))
	if !list[0].Logged {
		text += " or earlier"
	}
	if more := len(list) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text + ": " + facts.JujuRun(unit, list[0].Name) + " uncordon-controller controller=" + list[0].Name
}

// Uncordoned forgets the mark of a controller that an action has lifted, and a drain of
// it that was interrupted, and decides the status again.
func Uncordoned(ctx context.Context, u config.Unit, s config.Settings, controller string) error {
	m, err := remember(ctx, u)
	if err != nil {
		return err
	}
	seen := m.health(s)
	if seen != nil {
		maps.DeleteFunc(seen.Cordons.List, func(_ string, c cordon) bool { return c.Name == controller })
	}
	k := newInputs(u, m, s)
	k.seen, k.over = seen, &Run{Controller: controller}
	return k.keep(ctx, u)
}

// lines are the events of the controllers that JIMM shows as cordoned.
func (c cordons) lines() (out []string, err error) {
	for _, uuid := range slices.Sorted(maps.Keys(c.List)) {
		mark := c.List[uuid]
		if mark.Hidden {
			continue
		}
		level := "info"
		if mark.Age >= longCordon {
			level = "warn"
		}
		line, err := cos.PlainJSON(map[string]any{
			"v": cos.EventVersion, "event": "cordoned", "level": level, "controller": mark.Name,
			"since": mark.Since.UTC().Format(time.RFC3339), "at_least": !mark.Logged, "age_seconds": mark.Age.Round(time.Second).Seconds(),
		})
		if err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	return out, nil
}
