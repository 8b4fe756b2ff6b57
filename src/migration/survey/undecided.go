package survey

import (
	"strconv"
	"strings"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
)

// Destinations returns the controllers that the model may have been migrated to from the recorded one: those in JIMM's
// audit log; all others if the log could not be read.
func Destinations(recorded facts.Controller, list facts.Controllers, log facts.Audit, unread error) []facts.ControllerUUID {
	if unread == nil {
		return log.Destinations(recorded, list)
	}
	return Others(recorded, list)
}

// Others returns all controllers but one.
func Others(recorded facts.Controller, list facts.Controllers) []facts.ControllerUUID {
	var out []facts.ControllerUUID
	for _, c := range list {
		if c.UUID != recorded.UUID {
			out = append(out, c.UUID)
		}
	}
	return out
}

// Undecided explains why it is not known where the model is, if that is [judge.Undecided].
type Undecided struct {
	Recorded    facts.Controller
	Controllers facts.Controllers
	Observation facts.Observation
	// Unread is why JIMM's audit log could not be read; nil if it was.
	Unread error
}

// String returns what was seen, in one sentence without its full stop.
func (u Undecided) String() string {
	var open []string
	silent, asked := true, false
	for _, uuid := range judge.Open(u.Recorded, u.Observation) {
		open = append(open, strconv.Quote(u.Controllers.ByUUID(uuid).String()))
		said, probed := u.Observation.Copies[uuid]
		silent, asked = silent && said.State == facts.CopyUnknown, asked || probed
	}
	to := strings.Join(open, ", ")
	text := strconv.Quote(u.Recorded.String()) + " is not migrating the model and still has a copy, which happens after an abort, and after a success if it could not remove its copy"
	if u.Observation.CopyOn(u.Recorded).State != facts.CopyActive {
		text = strconv.Quote(u.Recorded.String()) + " (Juju " + u.Recorded.AgentVersion + ") does not show through JIMM whether a migration is running, or how it has ended"
	}
	text += "; JIMM's audit log "
	if u.Unread != nil {
		return text + "cannot be read, and the model may have been migrated to " + to
	}
	text += "shows a request to migrate the model to " + to
	switch {
	case !asked:
		return text + "; controllers are not asked (probe-controllers=false)"
	case !silent:
		return text
	case len(open) == 1:
		return text + ", which does not answer"
	default:
		return text + ", which do not answer"
	}
}

// Undecided explains why it is not known where the model is.
func (s *Survey) Undecided() string {
	return Undecided{s.Source, s.Controllers, s.Observation, s.AuditErr}.String()
}
