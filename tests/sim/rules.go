package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/jimm"
)

// Violation is a call that the charm must never send.
type Violation struct {
	Server string // jimm, or a controller
	User   string
	Call   string // Facade.Method
	Rule   string // the name of the rule, see Rules; or the call itself
	Why    string
	At     time.Time
}

// String describes it in one sentence.
func (v Violation) String() string {
	return fmt.Sprintf("%s: %s was called by %q: %s (%s)", v.Server, v.Call, v.User, v.Why, v.Rule)
}

// The rules that are more than a list of calls.
const (
	// RuleEmptyName forbids MigrateModel and UpdateMigratedModel without a controller or model: JIMM of 2024 takes the
	// first controller of its database.
	RuleEmptyName = "empty-name"
	// RuleEarlyRecord forbids UpdateMigratedModel while the model is still being migrated.
	RuleEarlyRecord = "early-record"
	// RuleWrongRecord forbids UpdateMigratedModel to a controller that has no active copy.
	RuleWrongRecord = "wrong-record"
	// RuleSecondStart forbids MigrateModel while the model is being migrated.
	RuleSecondStart = "second-start"
	// RuleLiveCopy forbids MigrationTarget.Abort for a copy that is not importing, that belongs to a running migration,
	// or that is the only copy of the model.
	RuleLiveCopy = "live-copy"
	// RuleDryRun forbids dry runs: a world in which an administrator requests one allows them.
	RuleDryRun = "dry-run"
	// RuleRealStart forbids InitiateMigration without dry-run, and with it to a controller that ignores it.
	RuleRealStart = "real-start"
	// RuleForgotten forbids a ModelInfo that makes JIMM of 2026 delete its row.
	RuleForgotten = "forgotten"
)

// Rules returns the names of all rules, for World.Allowed.
func Rules() []string {
	return []string{
		RuleEmptyName, RuleEarlyRecord, RuleWrongRecord, RuleSecondStart, RuleLiveCopy, RuleDryRun, RuleRealStart,
		RuleOverCap, RuleBothEnds, RuleStartAfterStop, RuleTwoStarts, RuleUnplannedStart,
	}
}

// neverCalled are the calls on JIMM that are always wrong: FullModelStatus leaks a websocket in JIMM with every call,
// CrossModelQuery dials every model.
func neverCalled() map[string]string {
	return map[string]string{
		"JIMM.FullModelStatus": "it leaks a connection in JIMM per call",
		"JIMM.CrossModelQuery": "it dials every model",
	}
}

func (w *World) checkRules() (problems []error) {
	known := append(Rules(), w.Forbidden...)
	for call := range neverCalled() {
		known = append(known, call)
	}
	for _, name := range w.Allowed {
		if !slices.Contains(known, name) && !strings.Contains(name, ".") {
			problems = append(problems, problem("rule %q is not known, want a call or one of %q", name, Rules()))
		}
	}
	return problems
}

func (w *World) forbids(name string) bool {
	facade, _, _ := strings.Cut(name, ".")
	return slices.Contains(w.Forbidden, name) || slices.Contains(w.Forbidden, facade+".*")
}

// jimmCalled checks every call of a client of JIMM.
func (j *JAAS) jimmCalled(c jimm.Call) {
	name := c.Facade + "." + c.Method
	report := func(rule, why string) {
		j.violation(Violation{Server: "jimm", User: c.User, Call: name, Rule: rule, Why: why})
	}
	if why, never := neverCalled()[name]; never {
		report(name, why)
	}
	if j.world.forbids(name) {
		report(name, "the world forbids it")
	}
	switch name {
	case "JIMM.MigrateModel":
		var params struct {
			Specs []recordParams `json:"specs"`
		}
		_ = json.Unmarshal(c.Params, &params) // JIMM answers messages that are not JSON
		for _, spec := range params.Specs {
			j.checkStart(spec, report)
			j.checkFleet(c.User, spec, report)
		}
	case "JIMM.UpdateMigratedModel":
		var params recordParams
		_ = json.Unmarshal(c.Params, &params)
		j.checkRecording(params, report)
	}
}

// jimmForgot is called for rows that an answer to ModelInfo deleted. The poller may cause that: it is part of JIMM.
func (j *JAAS) jimmForgot(row jimm.Model, user string) {
	if user == j.ownUser() {
		return
	}
	j.violation(Violation{
		Server: nameJIMM, User: user, Call: "ModelManager.ModelInfo", Rule: RuleForgotten,
		Why: "JIMM has deleted its row of " + row.Owner + "/" + row.Name,
	})
}

type recordParams struct {
	Model  string `json:"model-tag"`
	Target string `json:"target-controller"`
}

func (p recordParams) empty() bool {
	return p.Target == "" || strings.TrimPrefix(p.Model, "model-") == ""
}

func (j *JAAS) checkStart(spec recordParams, report func(rule, why string)) {
	if spec.empty() {
		report(RuleEmptyName, "controller or model is empty")
		return
	}
	for _, place := range j.Where(strings.TrimPrefix(spec.Model, "model-")) {
		if place.Migrating {
			report(RuleSecondStart, place.Controller+" is migrating it already")
		}
	}
}

func (j *JAAS) checkRecording(params recordParams, report func(rule, why string)) {
	if params.empty() {
		report(RuleEmptyName, "controller or model is empty")
		return
	}
	there := false
	for _, place := range j.Where(strings.TrimPrefix(params.Model, "model-")) {
		switch {
		case place.Migrating:
			report(RuleEarlyRecord, place.Controller+" is still migrating it")
		case place.Controller == params.Target && place.State == controller.StateActive:
			there = true
		}
	}
	if !there {
		report(RuleWrongRecord, params.Target+" holds no active copy")
	}
}

// checkAbort checks a call of MigrationTarget.Abort that belongs to no migration: only a leftover copy may be removed,
// while the model is in use on another controller. Without a copy nothing can be lost.
func (j *JAAS) checkAbort(c controller.Call) {
	var params struct {
		ModelTag string `json:"model-tag"`
	}
	_ = json.Unmarshal(c.Params, &params) // the controller answers messages that are not JSON
	copied, migrating, inUse := "", "", false
	for _, place := range j.Where(strings.TrimPrefix(params.ModelTag, "model-")) {
		if place.Controller == c.Controller {
			copied = place.State
		} else if place.State == controller.StateActive {
			inUse = true
		}
		if place.Migrating {
			migrating = place.Controller
		}
	}
	why := ""
	switch {
	case copied == "":
	case copied != controller.StateImporting:
		why = "its copy is " + copied
	case migrating != "":
		why = migrating + " is migrating the model"
	case !inUse:
		why = "no other controller hosts the model"
	}
	if why != "" {
		j.violation(Violation{Server: c.Controller, User: c.User, Call: callAbort, Rule: RuleLiveCopy, Why: why})
	}
}

// checkInitiate checks a call of Controller.InitiateMigration that JIMM does not make.
func (j *JAAS) checkInitiate(c controller.Call) {
	var params struct {
		DryRun bool `json:"dry-run"`
	}
	_ = json.Unmarshal(c.Params, &params) // the controller answers messages that are not JSON
	v := Violation{Server: c.Controller, User: c.User, Call: callInitiate, Rule: RuleRealStart}
	switch {
	case !params.DryRun:
		v.Why = "it is no dry run, and only JIMM may start a migration"
	case !j.Controller(c.Controller).HonoursDryRun():
		v.Why = "Juju " + j.Controller(c.Controller).Version() + " ignores dry-run and migrates"
	default:
		v.Rule, v.Why = RuleDryRun, "no administrator has requested a dry run"
	}
	j.violation(v)
}

// callInitiate starts a migration, or checks what it would do.
const callInitiate = "Controller.InitiateMigration"

// callAbort removes an importing copy.
const callAbort = "MigrationTarget.Abort"

func (j *JAAS) violation(v Violation) {
	if slices.Contains(j.world.Allowed, v.Rule) || slices.Contains(j.world.Allowed, v.Call) {
		return
	}
	v.At = time.Now()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.violations = append(j.violations, v)
}

// Violations returns the forbidden calls that were made. A test that uses a world fails if there are any.
func (j *JAAS) Violations() []Violation {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.violations)
}
