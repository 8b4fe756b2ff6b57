package facts

import (
	"cmp"
	"strconv"
	"strings"
)

// ControllerUUID is the UUID of a controller, by which controllers and records name one. It
// is a type of its own because JIMM, its audit log and users refer to controllers by name.
type ControllerUUID string

// Controller is a Juju controller as JIMM lists it.
type Controller struct {
	// Name is JIMM's name of the controller, unique in a JAAS.
	Name string
	// UUID is the controller's own UUID.
	UUID ControllerUUID
	// AgentVersion is the version on JIMM's record, "3.6.14". It may lag.
	AgentVersion string
	// Status is "available", "deprecated" or "unavailable". JIMM finds out
	// with a delay of up to ten minutes.
	Status string
	// Addresses are the API addresses (host:port) that a migration gives to the
	// agents. The public address is not among them.
	Addresses []string
	// PublicAddress is the address (host:port) that JIMM dials first, or "".
	PublicAddress string
	// CACert is the PEM bundle that signs the controller's certificate, or "".
	CACert string
	// Cloud and Region are the names of the controller's own cloud.
	Cloud, Region string
}

// Known reports whether c is a controller at all.
func (c Controller) Known() bool { return c.UUID != "" }

// Controllers indexes a list of controllers.
type Controllers []Controller

// String returns the name, or the UUID of a controller that JIMM does not know.
func (c Controller) String() string {
	if c.Name != "" {
		return c.Name
	}
	return string(c.UUID)
}

// ByUUID returns the controller with that UUID; one without a name if it is not in
// the list.
func (cs Controllers) ByUUID(uuid ControllerUUID) Controller {
	for _, c := range cs {
		if c.UUID == uuid {
			return c
		}
	}
	return Controller{UUID: uuid}
}

// ByName returns the controller with that name.
func (cs Controllers) ByName(name string) (Controller, bool) {
	for _, c := range cs {
		if c.Name == name {
			return c, true
		}
	}
	return Controller{}, false
}

// Named returns the controller that the text names, in any form in which Juju and JIMM
// print one: its name, its UUID in any case, or the tag of one of them
// ("controller-UUID", in JIMM's access rules "controller:UUID").
func (cs Controllers) Named(text string) (Controller, bool) {
	for _, name := range readings(text, "controller") {
		if c, ok := cs.ByName(name); ok {
			return c, true
		}
		for _, c := range cs {
			if name != "" && strings.EqualFold(string(c.UUID), name) {
				return c, true
			}
		}
	}
	return Controller{}, false
}

// Nearest returns the names that a mistyped name may stand for.
func (cs Controllers) Nearest(text string) []string {
	return nearestOf(readings(text, "controller"), func(typed string) map[string][]string {
		forms := map[string][]string{}
		for _, c := range cs {
			forms[c.Name] = []string{c.Name}
			if looksLikeUUID(typed) {
				forms[c.Name] = []string{string(c.UUID), strings.ReplaceAll(string(c.UUID), "-", "")}
			}
		}
		return forms
	})
}

// UnknownControllerError reports that JIMM has no controller of a name.
type UnknownControllerError struct{ said string }

// Error names what was given, and the nearest names.
func (e *UnknownControllerError) Error() string { return e.said }

// NotFound is the error of a name that no controller has; see [Controllers.Unknown].
func (cs Controllers) NotFound(text string) error {
	return &UnknownControllerError{cs.Unknown(text)}
}

// Unknown explains that JIMM has no such controller, and which may be meant, or which there
// are.
func (cs Controllers) Unknown(text string) string {
	said := "JIMM has no controller " + strconv.Quote(text) + cmp.Or(foreign(text), uuidFault(text, "controller"))
	if unquoted(text) == "" {
		return "no controller was given; JIMM's controllers are " + cs.Names()
	}
	near := cs.Nearest(text)
	if len(near) == 0 {
		near = namedWithin(text, func(part string) []string {
			if c, ok := cs.Named(part); ok {
				return []string{c.Name}
			}
			return nil
		})
	}
	switch {
	case len(near) > 0:
		return said + "; did you mean " + strings.Join(near, " or ") + "?"
	case len(cs) == 0:
		return said + "; it has no controllers"
	default:
		return said + "; its controllers are " + cs.Names()
	}
}

// Names returns the names, separated by commas.
func (cs Controllers) Names() string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// ShowsMigrations reports whether the controller describes a running migration to
// those who may read the model. Juju 4.0.0 and later do not (4.0.15 and 4.1-beta2
// observed): their silence proves nothing. An unknown version counts as one that
// does.
func (c Controller) ShowsMigrations() bool { return !c.Juju4() }

// Juju4 reports whether the controller runs Juju 4.0.0 or later. The betas of 4.0 are not among
// those.
func (c Controller) Juju4() bool {
	major, rest, _ := strings.Cut(c.AgentVersion, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n >= 4 && !strings.HasPrefix(rest, "0-")
}
