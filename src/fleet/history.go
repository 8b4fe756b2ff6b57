package fleet

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/migration/facts"
)

// Deed is the kind of a request in JIMM's audit log.
type Deed string

// The deeds.
const (
	// DeedMigrate: migrate the model to the controller (MigrateModel).
	DeedMigrate Deed = "migrate"
	// DeedRecord: record that the controller has the model (UpdateMigratedModel).
	DeedRecord Deed = "record"
	// DeedUpgradeTo: migrate the model and upgrade it (UpgradeTo, JIMM of 2026).
	DeedUpgradeTo Deed = "upgrade-to"
	// DeedInitiate: migrate the model to any controller (Controller.InitiateMigration).
	DeedInitiate Deed = "migrate-out"
	// DeedImport: import the model, on the controller (ImportModel).
	DeedImport Deed = "import"
	// DeedCordon and DeedUncordon: set or remove the mark (SetControllerDeprecated).
	DeedCordon   Deed = "cordon"
	DeedUncordon Deed = "uncordon"
	// DeedRemove: remove the controller (RemoveController).
	DeedRemove Deed = "remove-controller"
	// DeedUpgrade: upgrade the agents of the model (UpgradeModel, JIMM of 2026).
	DeedUpgrade Deed = "upgrade"
)

// moves reports whether the deed may change the controller that has the model, or JIMM's record of it.
func (d Deed) moves() bool {
	switch d {
	case DeedMigrate, DeedRecord, DeedUpgradeTo, DeedInitiate, DeedImport:
		return true
	default:
		return false
	}
}

// Logged is one request in JIMM's audit log.
type Logged struct {
	At   time.Time
	User string
	Deed Deed
	// Model is the UUID that the request names, Path owner/name; both are "" if it
	// is about a controller, or names no model in a way that can be read.
	Model, Path string
	// Controller is the controller that the request names.
	Controller string
	// Detail adds to it, or is "".
	Detail string
	// Answered reports that the log has JIMM's answer, and Refused contains the error if the call failed as a whole.
	// The log does not have the errors of single models.
	Answered bool
	Refused  string
	// Key identifies the request.
	Key string
}

// accepted reports whether the log shows that JIMM carried it out. For a bulk call it never does.
func (l Logged) accepted() bool {
	return l.Answered && l.Refused == "" && (l.Deed == DeedRecord || l.Deed == DeedImport)
}

// Span is a time by JIMM's clock; both ends belong to it.
type Span struct{ From, To time.Time }

// LogRead is what was read of JIMM's audit log.
type LogRead struct {
	Requests []Logged
	// Begins is when the log begins, if that is later than requested: older entries were purged, or JIMM did not run.
	// Zero if the log goes back far enough.
	Begins time.Time
	// Gaps say what was not read.
	Gaps []string
}

// Historian reads JIMM's audit log.
type Historian interface {
	// History returns the requests of a time span that change where models are or may go.
	History(ctx context.Context, span Span) (LogRead, error)
}

// Whereabouts compares the present controller of a model with a request.
type Whereabouts string

// The whereabouts.
const (
	// WhereThere: JIMM records the model on the controller that was named.
	WhereThere Whereabouts = "there"
	// WhereElsewhere: JIMM records it on another.
	WhereElsewhere Whereabouts = "elsewhere"
	// WhereGone: JIMM does not know the model.
	WhereGone Whereabouts = "not-in-jimm"
	// WhereUnknown: JIMM's list has gaps, or the request names no UUID.
	WhereUnknown Whereabouts = "unknown"
)

// Past is one row of a history.
type Past struct {
	Logged
	// Name is owner/name of the model as JIMM has it now, or as the request named
	// it.
	Name string
	// Before is the controller that an earlier request of the log recorded, if the log shows no other migration since.
	// It need not be where the model was: JIMM of 2026 records migrations by itself, without a row.
	Before string
	// Now compares the request with JIMM's present record; "" if the request was not about a model's controller.
	// Recorded is that record.
	Now      Whereabouts
	Recorded string
}

// HistoryFilter selects rows; the zero value selects all.
type HistoryFilter struct {
	// Model is as [facts.SelectAll] takes it.
	Model string
	// Controller is a controller that was named in a request, or was recorded before.
	Controller string
	// User is the user who made the request.
	User string
}

// History puts requests in order, the newest first, and compares each with what
// JIMM records now. It is pure.
func History(requests []Logged, s Snapshot, f HistoryFilter) ([]Past, error) {
	list := slices.Clone(requests)
	facts.Sort(list, func(x, y Logged) int {
		return cmp.Or(y.At.Compare(x.At), cmp.Compare(y.Key, x.Key))
	})
	models := map[string]facts.Model{}
	for _, m := range s.Models {
		models[m.UUID] = m
	}
	wanted, err := f.wanted(s)
	if err != nil {
		return nil, err
	}
	var out []Past
	for i, l := range list {
		p := Past{Logged: l, Name: l.Path, Before: before(list[i+1:], l)}
		m, known := models[l.Model]
		if known {
			p.Name, p.Recorded = m.FullName(), s.nameOf(m.Recorded)
		}
		switch {
		case !l.Deed.moves() || l.Deed == DeedInitiate:
		case known && p.Recorded == l.Controller:
			p.Now = WhereThere
		case known:
			p.Now = WhereElsewhere
		case l.Model != "" && len(s.Gaps) == 0:
			p.Now = WhereGone
		default:
			p.Now = WhereUnknown
		}
		if wanted(p) {
			out = append(out, p)
		}
	}
	return out, nil
}

// before is the controller that an earlier request recorded for the same model, if nothing can have moved it since.
// Older are the requests before, the newest first.
func before(older []Logged, of Logged) string {
	if of.Model == "" {
		return ""
	}
	for _, l := range older {
		switch {
		case l.Model != of.Model || !l.Deed.moves():
		case l.accepted() && l.At.Before(of.At):
			return l.Controller
		default:
			return "" // The request may have been carried out.
		}
	}
	return ""
}

// wanted returns a function that reports whether a row is selected.
func (f HistoryFilter) wanted(s Snapshot) (func(Past) bool, error) {
	selected := map[string]bool{}
	if f.Model != "" {
		models, err := facts.SelectAll(s.Models, f.Model)
		if err != nil {
			return nil, fmt.Errorf("cannot read the history: %w", err)
		}
		for _, m := range models {
			selected[m.UUID] = true
		}
	}
	return func(p Past) bool {
		switch {
		case f.User != "" && p.User != f.User:
			return false
		case f.Controller != "" && p.Controller != f.Controller && p.Before != f.Controller && p.Recorded != f.Controller:
			return false
		case f.Model == "", selected[p.Model], p.Model != "" && strings.EqualFold(p.Model, f.Model):
			return true
		case p.Path == "":
			return false
		}
		// Named by owner/name, perhaps a model that JIMM no longer knows.
		name := p.Path
		if !strings.Contains(f.Model, "/") {
			_, name, _ = strings.Cut(p.Path, "/")
		}
		matches, err := path.Match(f.Model, name)
		return err == nil && matches
	}, nil
}
