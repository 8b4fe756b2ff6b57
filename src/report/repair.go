package report

import (
	"cmp"
	"errors"
	"strings"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
)

// The names of repairs: what is wrong, as docs/reference/outcomes.md explains it.
const (
	repairForgotten = "forgotten-record"
	repairEarly     = "early-record"
	repairMode      = "stuck-mode"
	repairLeftOver  = "left-over"
	repairImport    = "left-over-import"
	repairLost      = "lost-row"
	repairConflict  = "conflict"
)

// repair names what is wrong, the command that corrects it, if there is one,
// and what else has to be done afterwards.
type repair struct {
	name, command string
	grants        []string
}

// repairOf returns what corrects what a result leaves wrong.
func repairOf(r migration.Result, cli, unit string) repair {
	record := func(at facts.Controller) string {
		if at.Name == "" || r.Model.UUID == "" {
			return ""
		}
		return facts.RecordCommand(unit, r.Model.UUID, at.Name, r.Model.UUID)
	}
	switch {
	case r.Reason == migration.ReasonStays && r.Cause == facts.CauseRecordFailed:
		return repair{name: repairForgotten} // No command helps: the hint says what does.
	case r.Outcome == facts.NotStarted && errors.Is(r.Err, migration.ErrMarked):
		return repair{name: repairMode, command: record(r.Source)}
	case r.Outcome == facts.Unknown && r.Cause == facts.CauseMisrecorded:
		// JIMM may forget the model at any moment: the command that waits for
		// nothing goes first.
		return repair{name: repairEarly, command: cmp.Or(r.Next, record(r.Holder))}
	case r.Outcome == facts.Unknown && (r.Cause == facts.CauseUnproved || r.Cause == facts.CauseRecordFailed):
		return repair{name: repairForgotten, command: cmp.Or(r.Next, record(r.Target))}
	case r.Outcome == facts.NeedsAttention && r.Cause == facts.CauseLeftOver:
		return repair{name: repairLeftOver}
	case r.LeftImport == migration.ImportRemovable:
		return repair{name: repairImport, command: facts.RemoveCommand(unit, r.Model.UUID, r.Target.Name)}
	case r.LeftImport == migration.ImportNeedsAccount, r.Outcome == facts.Aborted && r.CopyLeft:
		return repair{name: repairImport} // Without an account no command helps: the summary says so.
	case r.Outcome == facts.Conflict:
		return repair{name: repairConflict}
	case r.Outcome == facts.LostFromJIMM && facts.Alive(r.Model.Life):
		return repair{name: repairLost, command: importCommand(r, cli), grants: grantCommands(r.Model, cli)}
	default:
		return repair{}
	}
}

// importCommand returns the command that imports a model into JIMM again; "" if
// it is not known which controller has the model.
func importCommand(r migration.Result, cli string) string {
	if r.Model.UUID == "" || r.Holder.Name == "" {
		return ""
	}
	return facts.ImportCommand(cli, r.Holder.Name, r.Model.UUID, r.Model.Owner)
}

// grantCommands restore the access that was given to all but the owner, which importing a
// model does not.
func grantCommands(m facts.Model, cli string) []string {
	add := cli + " auth relation add "
	if cli != "jimmctl" {
		add = cli + " add-permission "
	}
	var out []string
	for _, grant := range m.Grants {
		if who, _, _ := strings.Cut(grant, " "); who != "user-"+m.Owner {
			out = append(out, add+grant+" model-"+m.UUID)
		}
	}
	return out
}

func repairResults(r repair) map[string]any {
	out := map[string]any{}
	set(out, "name", r.name)
	set(out, "command", r.command)
	set(out, "grants", strings.Join(r.grants, "\n"))
	return out
}
