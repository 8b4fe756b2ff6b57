package charmtest

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	jujucharm "github.com/juju/charm/v12"
)

var errManyWays = errors.New("set one of App, Func and Dispatch, not several")

// checkOptions returns what is impossible in the options.
func (a *Agent) checkOptions() error {
	var errs []error
	o := a.opts
	ways := 0
	for _, set := range []bool{o.App != nil, o.Func != nil, o.Dispatch != ""} {
		if set {
			ways++
		}
	}
	if ways > 1 {
		errs = append(errs, errManyWays)
	}
	if o.UnitNumber < 0 || !regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]*[a-z][a-z0-9]*)*$`).MatchString(o.AppName) {
		errs = append(errs, fmt.Errorf("%q is not a unit's name", a.unit))
	}
	if err := checkAssumes(a.charm.Meta().Assumes, o.JujuVersion, o.Machine == ""); err != nil {
		errs = append(errs, err)
	}
	for key, value := range o.State {
		if err := checkState(key, value); err != nil {
			errs = append(errs, fmt.Errorf("state %q: %w", key, err))
		}
	}
	return errors.Join(errs...)
}

// checkHook returns why Juju would not run this hook now. The caller holds a.mu.
func (a *Agent) checkHook(name string, d HookDetails) error {
	if a.hookError != "" && a.hookError != name {
		return fmt.Errorf("cannot run hook %q: the unit is in error (hook failed: %q); run that again, or resolve it", name, a.hookError)
	}
	if name == "leader-elected" && !a.leader {
		return errors.New(`cannot run hook "leader-elected": the unit is not the leader`)
	}
	meta := a.charm.Meta()
	if !meta.Hooks()[name] {
		return fmt.Errorf("cannot run hook %q: Juju has no such hook for charm %q", name, meta.Name)
	}
	if strings.HasPrefix(name, "secret-") {
		return a.checkSecretHook(name, d)
	}
	for endpoint, spec := range meta.CombinedRelations() {
		if event, ok := strings.CutPrefix(name, endpoint+"-relation-"); ok {
			return a.checkRelationHook(name, event, spec, d)
		}
	}
	if d != (HookDetails{}) {
		return fmt.Errorf("cannot run hook %q: it takes no details", name)
	}
	return nil
}

func (a *Agent) checkSecretHook(name string, d HookDetails) error {
	s, ok := a.secrets[secretID(d.Secret)]
	if !ok {
		return fmt.Errorf("cannot run hook %q: there is no secret %q", name, d.Secret)
	}
	if name != "secret-changed" {
		return fmt.Errorf("cannot run hook %q: the charm does not own secret %q", name, d.Secret)
	}
	if _, ok := a.tracked[s.id]; !ok {
		return fmt.Errorf("cannot run hook %q: the unit has never read secret %q", name, d.Secret)
	}
	return nil
}

func (a *Agent) checkRelationHook(name, event string, spec jujucharm.Relation, d HookDetails) error {
	rel, ok := a.relations[d.Relation]
	if !ok || rel.endpoint.Name != spec.Name {
		return fmt.Errorf("cannot run hook %q: endpoint %q has no relation %d", name, spec.Name, d.Relation)
	}
	_, known := rel.units[d.RemoteUnit]
	switch event {
	case "created", "broken":
		if d.RemoteUnit != "" {
			return fmt.Errorf("cannot run hook %q: it has no remote unit", name)
		}
		return nil
	case "changed":
		if d.RemoteUnit == "" || known {
			return nil
		}
	case "joined", "departed":
		if known {
			return nil
		}
	}
	return fmt.Errorf("cannot run hook %q: relation %d has no unit %q", name, d.Relation, d.RemoteUnit)
}
