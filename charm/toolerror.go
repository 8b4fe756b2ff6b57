package charm

import (
	"errors"
	"fmt"
	"strings"
)

// ErrAgentGone means that the unit agent no longer answers hook tools for this dispatch, and will not answer again: it
// restarted, or the dispatch has ended.
var ErrAgentGone = errors.New("the unit agent is gone")

// ToolError is the refusal of a hook tool. It leaves the arguments out, because they can contain any text; the methods
// of [Unit] and [Action] describe the call.
//
// Hook tools have no error codes, so the predicates match the texts. They
// are those of Juju 3.6, seen, and the same in the sources of 3.3 to 4.0.
type ToolError struct {
	Tool     string
	ExitCode int    // 1 refused, 2 bad arguments, -1 ended by a signal
	Stderr   string // as written, "ERROR " included
}

// Error returns the tool, its exit code and its message on one line.
func (e *ToolError) Error() string {
	if message := e.Message(); message != "" {
		return fmt.Sprintf("%s: %s (exit code %d)", e.Tool, message, e.ExitCode)
	}
	return fmt.Sprintf("%s: exit code %d", e.Tool, e.ExitCode)
}

// Message is what the tool wrote to stderr, on one line, without "ERROR ".
func (e *ToolError) Message() string {
	return strings.TrimPrefix(oneLine(e.Stderr, maxText), "ERROR ")
}

// BadArguments reports that the tool did not understand its arguments.
func (e *ToolError) BadArguments() bool { return e.ExitCode == 2 }

// NotLeader reports that only the leader may do this.
func (e *ToolError) NotLeader() bool {
	return e.says("not the leader", "cannot write relation settings")
}

// PermissionDenied reports that the controller refused, for example to read a
// secret that was not granted.
func (e *ToolError) PermissionDenied() bool { return e.says("permission denied") }

// NotFound reports that the thing asked for does not exist.
func (e *ToolError) NotFound() bool { return e.says("not found") }

// NotInAction reports that an action tool was used in a hook.
func (e *ToolError) NotInAction() bool { return e.says("not running an action") }

// AgentGone reports that the agent cannot be reached, or has ended the dispatch.
func (e *ToolError) AgentGone() bool {
	switch e.Message() {
	case "unexpected EOF", "connection is shut down": // it went away during the call
		return true
	}
	return e.says("wrong context id", "juju_context_id not set", "juju_agent_socket") ||
		e.says("dial ") && e.says("no such file or directory", "connection refused")
}

// says reports whether the tool's message has one of the texts, all in lower case.
func (e *ToolError) says(texts ...string) bool {
	message := strings.ToLower(e.Stderr)
	for _, text := range texts {
		if strings.Contains(message, text) {
			return true
		}
	}
	return false
}
