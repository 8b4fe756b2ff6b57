package charm_test

import (
	"testing"

	"jimm-migrator/charm"
)

// The texts are those that Juju 3.6 printed.
func TestToolErrorPredicates(t *testing.T) {
	type facts struct{ BadArguments, NotLeader, PermissionDenied, NotFound, NotInAction, AgentGone bool }
	for _, test := range []struct {
		tool string
		code int
		text string
		want facts
	}{
		{"status-set", 1, "this unit is not the leader", facts{NotLeader: true}},
		{"relation-set", 1, "cannot write relation settings", facts{NotLeader: true}},
		{"secret-get", 1, "permission denied", facts{PermissionDenied: true}},
		{"secret-get", 1, `secret "9m4e2mr0ui3e8a215n4g" not found`, facts{NotFound: true}},
		{"secret-get", 1, `consumer label "x" not found`, facts{NotFound: true}},
		{"secret-get", 2, `secret URI "x" not valid`, facts{BadArguments: true}},
		{"state-get", 1, `"nope" not found`, facts{NotFound: true}},
		{"relation-get", 2, `invalid value "db:9" for option -r: relation not found`, facts{BadArguments: true, NotFound: true}},
		{"action-log", 1, "not running an action", facts{NotInAction: true}},
		{"action-log", 2, "option provided but not defined: -x", facts{BadArguments: true}},
		{"is-leader", 1, `bad request: wrong context ID; got "bogus"`, facts{AgentGone: true}},
		{"is-leader", 1, "dial unix /a/agent.socket: connect: no such file or directory", facts{AgentGone: true}},
		{"is-leader", 1, "dial unix /a/agent.socket: connect: connection refused", facts{AgentGone: true}},
		{"is-leader", 1, "dial unix /a/agent.socket: connect: resource temporarily unavailable", facts{}},
		{"is-leader", 1, "JUJU_CONTEXT_ID not set", facts{AgentGone: true}},
		{"is-leader", 1, "JUJU_AGENT_SOCKET_NETWORK not set", facts{AgentGone: true}},
		{"is-leader", 1, "unexpected EOF", facts{AgentGone: true}},
		{"state-set", 1, "yaml: line 1: unexpected EOF in file", facts{}},
		{"state-set", 1, "open f: no such file or directory", facts{}},
	} {
		err := &charm.ToolError{Tool: test.tool, ExitCode: test.code, Stderr: "ERROR " + test.text + "\n"}
		got := facts{
			err.BadArguments(), err.NotLeader(), err.PermissionDenied(),
			err.NotFound(), err.NotInAction(), err.AgentGone(),
		}
		equal(t, test.text, got, test.want)
	}
}

func TestToolErrorText(t *testing.T) {
	equal(t, "with a message",
		(&charm.ToolError{Tool: "secret-get", ExitCode: 1, Stderr: "ERROR permission\ndenied\n"}).Error(),
		"secret-get: permission denied (exit code 1)")
	equal(t, "without", (&charm.ToolError{Tool: "secret-get", ExitCode: 3}).Error(), "secret-get: exit code 3")
}
