package charmtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/juju/gnuflag"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest/toolrpc"
)

// maxArg is the length of the longest argument that the kernel passes to a
// program.
const maxArg = 131_071

// Run runs a hook tool in the dispatch that is running. If none is, the agent
// does not answer.
func (a *Agent) Run(ctx context.Context, call charm.ToolCall) ([]byte, error) {
	a.mu.Lock()
	r := a.running
	a.mu.Unlock()
	return a.runTool(ctx, r, call)
}

// runTool runs a hook tool in this process, with the errors that a charm would
// get from a tool that is a program of its own.
func (a *Agent) runTool(ctx context.Context, r *run, call charm.ToolCall) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("cannot run %s: %w", call.Tool, context.Cause(ctx))
	}
	if !slices.Contains(ToolNames(), call.Tool) {
		return nil, fmt.Errorf("cannot run %s: exec: %q: %w", call.Tool, call.Tool, exec.ErrNotFound)
	}
	for _, arg := range call.Args {
		if len(arg) > maxArg {
			return nil, fmt.Errorf("cannot run %s: fork/exec: %w", call.Tool, syscall.E2BIG)
		}
		if strings.ContainsRune(arg, 0) {
			return nil, fmt.Errorf("cannot run %s: fork/exec: %w", call.Tool, syscall.EINVAL)
		}
	}
	req := toolrpc.Request{
		Dir: a.opts.CharmDir, CommandName: call.Tool, Args: call.Args,
		// A tool without input reads from /dev/null.
		StdinSet: true, Stdin: call.Stdin,
	}
	if r != nil {
		req.ContextId = r.id
	}
	resp, err := a.answer(r, req)
	if err != nil {
		return nil, &charm.ToolError{Tool: call.Tool, ExitCode: 1, Stderr: "ERROR " + err.Error() + "\n"}
	}
	if resp.Code != 0 {
		return nil, &charm.ToolError{Tool: call.Tool, ExitCode: resp.Code, Stderr: string(resp.Stderr)}
	}
	return resp.Stdout, nil
}

// answer runs the tool that a request asks for, in the context of a dispatch.
// An error means that no tool ran. Tools run one at a time.
func (a *Agent) answer(r *run, req toolrpc.Request) (toolrpc.Response, error) {
	a.toolMu.Lock()
	defer a.toolMu.Unlock()
	if before := a.opts.BeforeTool; before != nil {
		if err := before(req.CommandName); err != nil {
			return toolrpc.Response{}, err
		}
	}
	a.mu.Lock()
	resp, after, err := a.answerLocked(r, req)
	a.mu.Unlock()
	for _, notify := range after {
		notify()
	}
	if notify := a.opts.AfterTool; notify != nil && err == nil {
		notify(req.CommandName)
	}
	return resp, err
}

func (a *Agent) answerLocked(r *run, req toolrpc.Request) (toolrpc.Response, []func(), error) {
	if err := a.admit(r, req); err != nil {
		return toolrpc.Response{}, nil, err
	}
	x := &execution{agent: a, run: r, dir: req.Dir, in: req.Stdin, inSet: req.StdinSet}
	record := Call{Event: r.name, Tool: req.CommandName, Args: slices.Clone(req.Args), Time: time.Now()}
	code, err := x.main(req.CommandName, req.Args)
	if errors.Is(err, toolrpc.ErrNoStdin) {
		return toolrpc.Response{}, nil, err // it will be called again
	}
	if err != nil {
		code = 1
		err = fmt.Errorf("bad request: %w", err)
	}
	if x.read {
		record.Stdin = slices.Clone(req.Stdin)
	}
	record.ExitCode, record.Stderr = code, x.stderr.String()
	if err != nil {
		record.Stderr = "ERROR " + err.Error() + "\n"
	}
	a.calls = append(a.calls, record)
	return toolrpc.Response{Code: code, Stdout: x.stdout.Bytes(), Stderr: x.stderr.Bytes()}, x.after, err
}

// admit returns the error of a request that the agent does not answer at all.
func (a *Agent) admit(r *run, req toolrpc.Request) error {
	gone := a.home == nil && (r == nil || r.killed)
	if r == nil || r.ended || r.agentDied || gone {
		return fmt.Errorf("dial unix %s: connect: %w", a.socket(), syscall.ENOENT)
	}
	if req.ContextId != r.id {
		return fmt.Errorf("bad request: wrong context ID; got %q", req.ContextId)
	}
	if req.Token != "" {
		return errors.New("bad request: token does not match")
	}
	return nil
}

func (a *Agent) socket() string {
	if a.home == nil {
		return a.defaultLayout().socket
	}
	return a.home.layout.socket
}

// execution is one running hook tool. The agent's mu is held for all of it.
type execution struct {
	agent *Agent
	run   *run
	dir   string // where the tool was started

	in    []byte
	inSet bool
	read  bool

	stdout bytes.Buffer
	stderr bytes.Buffer
	after  []func() // called when no lock is held
}

// stdin returns the tool's standard input.
func (x *execution) stdin() ([]byte, error) {
	if !x.inSet {
		return nil, toolrpc.ErrNoStdin
	}
	x.read = true
	return x.in, nil
}

// main runs a tool as its main function would and returns its exit code: 0, 1
// if it refused, 2 for bad arguments. An error means that there is no such
// tool, or that it needs its standard input.
func (x *execution) main(name string, args []string) (code int, err error) {
	spec, ok := lookup(name)
	if !ok {
		return 0, fmt.Errorf("unknown command: %s", name)
	}
	cmd := spec.make()
	rest, err := parseFlags(name, args, func(set *gnuflag.FlagSet) { cmd.flags(x, set) })
	if errors.Is(err, errHelp) {
		fmt.Fprintf(&x.stdout, "Usage: %s %s\n\nSummary:\n%s\n", name, spec.usage, spec.purpose)
		return 0, nil
	}
	if err == nil {
		err = cmd.init(x, rest)
	}
	if err != nil {
		return x.fail(2, err)
	}
	if err := cmd.run(x); err != nil {
		return x.fail(1, err)
	}
	return 0, nil
}

func (x *execution) fail(code int, err error) (int, error) {
	if errors.Is(err, toolrpc.ErrNoStdin) {
		return 0, err
	}
	x.stdout.Reset()
	fmt.Fprintf(&x.stderr, "ERROR %v\n", err)
	return code, nil
}

// command is one use of a hook tool. Arguments that flags and init refuse are
// bad usage; what run refuses is an error of the tool.
type command interface {
	flags(x *execution, s *gnuflag.FlagSet)
	init(x *execution, args []string) error
	run(x *execution) error
}

// tool describes a hook tool.
type tool struct {
	usage   string
	purpose string
	make    func() command
}

// ToolNames returns the names under which Juju 3.6 puts hook tools on PATH,
// sorted. Those that the agent does not have answer "unknown command".
func ToolNames() []string {
	return []string{
		"action-fail", "action-get", "action-log", "action-set", "add-metric", "application-version-set",
		"close-port", "config-get", "credential-get", "goal-state", "is-leader", "juju-log", "juju-reboot",
		"k8s-raw-get", "k8s-raw-set", "k8s-spec-get", "k8s-spec-set", "leader-get", "leader-set", "network-get",
		"open-port", "opened-ports", "payload-register", "payload-status-set", "payload-unregister",
		"pod-spec-get", "pod-spec-set", "relation-get", "relation-ids", "relation-list", "relation-model-get",
		"relation-set", "resource-get", "secret-add", "secret-get", "secret-grant", "secret-ids",
		"secret-info-get", "secret-remove", "secret-revoke", "secret-set", "state-delete", "state-get",
		"state-set", "status-get", "status-set", "storage-add", "storage-get", "storage-list", "unit-get",
	}
}

// lookup finds a tool by its name.
func lookup(name string) (tool, bool) {
	for _, group := range []map[string]tool{
		actionTools(), configTools(), statusTools(), stateTools(), relationTools(),
		secretTools(), otherTools(),
	} {
		if spec, ok := group[name]; ok {
			return spec, true
		}
	}
	return tool{}, false
}
