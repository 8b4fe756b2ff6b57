package controller

import (
	"time"
)

// Phase is a phase of a migration.
type Phase string

// The phases of Juju 2.9 to 4.0 (documented).
const (
	Quiesce          Phase = "QUIESCE"
	Import           Phase = "IMPORT"
	ProcessRelations Phase = "PROCESSRELATIONS"
	Validation       Phase = "VALIDATION"
	Success          Phase = "SUCCESS"
	LogTransfer      Phase = "LOGTRANSFER"
	Reap             Phase = "REAP"
	Done             Phase = "DONE"
	ReapFailed       Phase = "REAPFAILED"
	Abort            Phase = "ABORT"
	AbortDone        Phase = "ABORTDONE"
)

// Terminal reports whether the phase ends a migration.
func (p Phase) Terminal() bool { return p == Done || p == ReapFailed || p == AbortDone }

// Outcome scripts how a migration runs. The zero value is success.
type Outcome struct {
	// Refuse is the item error of InitiateMigration; nothing starts.
	Refuse     string `yaml:"refuse,omitempty"`
	RefuseCode string `yaml:"refuse-code,omitempty"`

	// AbortAt makes the migration fail in QUIESCE, IMPORT, PROCESSRELATIONS or VALIDATION: after the work of the phase,
	// in VALIDATION before the activation.
	AbortAt Phase `yaml:"abort-at,omitempty"`
	// Reason is the text that precedes ABORT and follows "aborted, removing model from target controller: ". Empty: a
	// text that Juju has for the phase.
	Reason string `yaml:"reason,omitempty"`
	// LeaveCopy keeps the importing copy on the target after an abort (juju/juju#20361).
	LeaveCopy bool `yaml:"leave-copy,omitempty"`
	// RestartInAbort restarts the worker in ABORT, which loses the reason.
	RestartInAbort bool `yaml:"restart-in-abort,omitempty"`
	// ActivationLost makes the source conclude that the activation failed although the target has done it: an abort
	// that leaves two active models (juju/juju#22986).
	ActivationLost bool `yaml:"activation-lost,omitempty"`

	// AgentsFail is the phase (QUIESCE, VALIDATION or SUCCESS) in which an agent reports a failure; AgentsTimeout is
	// the one in which an agent does not report in time. Both abort the migration, except in SUCCESS.
	AgentsFail    Phase `yaml:"agents-fail,omitempty"`
	AgentsTimeout Phase `yaml:"agents-timeout,omitempty"`

	// Stall is the beginning of a status text at which the migration stops, for StallFor or until Resume.
	Stall    string        `yaml:"stall,omitempty"`
	StallFor time.Duration `yaml:"stall-for,omitempty"`
	// Loop is the phase (VALIDATION, SUCCESS or LOGTRANSFER) that fails at its end, VALIDATION before it activates the
	// model, and is retried LoopTimes times; 0: forever (juju/juju#20286).
	Loop      Phase `yaml:"loop,omitempty"`
	LoopTimes int   `yaml:"loop-times,omitempty"`

	// ReapFails is the reason for REAPFAILED: "removing exported model failed: <reason>".
	ReapFails string `yaml:"reap-fails,omitempty"`

	// HalfReaped makes ReapFails happen in the middle: the source then answers as it did at that point (2.9 to 3.6;
	// 3.6.28, recorded).
	HalfReaped bool `yaml:"half-reaped,omitempty"`

	// Pace replaces the controller's.
	Pace *Pace `yaml:"pace,omitempty"`
}

// reason is what the source reports before it aborts.
func (o Outcome) reason(phase Phase) string {
	if o.Reason != "" {
		return o.Reason
	}
	switch phase {
	case Import:
		return "model data transfer failed, failed to import model into target controller: scripted failure"
	case ProcessRelations:
		return "processing relations failed, processing relations failed: scripted failure"
	case Validation:
		return "machine sanity check failed, 1 error found"
	default:
		return "source prechecks failed: unit db/0 not idle or executing (lost)"
	}
}

// Pace is how long the steps of a migration take. Real durations depend on the model; DefaultPace is a small healthy
// one.
type Pace struct {
	Start         time.Duration `yaml:"start,omitempty"`          // "starting"
	Prechecks     time.Duration `yaml:"prechecks,omitempty"`      // each of the two kinds, done twice
	Quiesce       time.Duration `yaml:"quiesce,omitempty"`        // until all agents reported
	Export        time.Duration `yaml:"export,omitempty"`         //
	Import        time.Duration `yaml:"import,omitempty"`         //
	Upload        time.Duration `yaml:"upload,omitempty"`         // of charms, agents and resources
	Relations     time.Duration `yaml:"relations,omitempty"`      //
	Validation    time.Duration `yaml:"validation,omitempty"`     // until all agents reported
	CheckMachines time.Duration `yaml:"check-machines,omitempty"` //
	Activate      time.Duration `yaml:"activate,omitempty"`       //
	Success       time.Duration `yaml:"success,omitempty"`        // until all agents reported
	Adopt         time.Duration `yaml:"adopt,omitempty"`          // "transferring ownership…"
	LogTransfer   time.Duration `yaml:"log-transfer,omitempty"`   //
	Reap          time.Duration `yaml:"reap,omitempty"`           // the model is still visible
	ReapHidden    time.Duration `yaml:"reap-hidden,omitempty"`    // the permissions are gone, the model is not
	ReapFlip      time.Duration `yaml:"reap-flip,omitempty"`      // the model is gone, the phase is not yet DONE
	Failure       time.Duration `yaml:"failure,omitempty"`        // a failure text stands before ABORT
	Abort         time.Duration `yaml:"abort,omitempty"`          //
	AbortHidden   time.Duration `yaml:"abort-hidden,omitempty"`   // the target has half removed its copy (Juju 4: not yet removed it); milliseconds in reality, zero by default
	WorkerRestart time.Duration `yaml:"worker-restart,omitempty"` // after an error that does not abort

	AgentLimit time.Duration `yaml:"agent-limit,omitempty"` // controller config migration-agent-wait-time
	Progress   time.Duration `yaml:"progress,omitempty"`    // between progress texts
}

// DefaultPace takes about five minutes. AgentLimit and Progress are Juju's own (documented).
func DefaultPace() Pace {
	return Pace{
		Start: time.Second, Prechecks: 2 * time.Second, Quiesce: 40 * time.Second,
		Export: 5 * time.Second, Import: 20 * time.Second, Upload: 40 * time.Second,
		Relations: time.Second, Validation: 45 * time.Second, CheckMachines: 3 * time.Second,
		Activate: 2 * time.Second, Success: 40 * time.Second, Adopt: 4 * time.Second,
		LogTransfer: 35 * time.Second, Reap: 8 * time.Second, ReapHidden: 4 * time.Second, ReapFlip: time.Second,
		Failure: time.Second, Abort: 6 * time.Second, WorkerRestart: 3 * time.Second,
		AgentLimit: 15 * time.Minute, Progress: 30 * time.Second,
	}
}
