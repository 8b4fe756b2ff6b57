package charm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// DefaultToolTimeout bounds one hook tool of an [ExecRunner] without a Timeout.
// A tool takes some 6 ms, plus a round trip to the controller for a few.
const DefaultToolTimeout = 30 * time.Second

// ToolCall is one use of a hook tool.
type ToolCall struct {
	Tool  string   // such as "config-get"
	Args  []string // without the tool's own name
	Stdin []byte   // nil: nothing to read
}

// Runner runs hook tools. It returns what the tool wrote to its stdout, or a
// [*ToolError] if the tool ran and refused; any other error means that the tool
// could not be run to its end. It must be safe for concurrent use.
type Runner interface {
	Run(ctx context.Context, call ToolCall) ([]byte, error)
}

// ExecRunner starts hook tools as Juju offers them: executables on PATH. No
// shell is involved.
type ExecRunner struct {
	// Timeout bounds each tool. Zero means [DefaultToolTimeout].
	Timeout time.Duration
}

// Run starts the tool and waits for its end, for the context, or for the
// timeout. The tool gets the environment of this process, which is how it
// finds its agent.
func (r ExecRunner) Run(ctx context.Context, call ToolCall) ([]byte, error) {
	timeout := r.Timeout
	if timeout == 0 {
		timeout = DefaultToolTimeout
	}
	late := fmt.Errorf("no answer within %v: %w", timeout, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, late)
	defer cancel()

	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, call.Tool, call.Args...) //nolint:gosec // running tools is what it is for
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if call.Stdin != nil {
		cmd.Stdin = bytes.NewReader(call.Stdin)
	}
	cmd.WaitDelay = time.Second // for a grandchild that keeps a pipe open
	// A pod that ends signals the whole process group. The tool must live
	// through that: it may be the one that reports the interruption.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}

	err := cmd.Run()
	if err == nil {
		return stdout.Bytes(), nil
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("cannot run %s: %w", call.Tool, context.Cause(ctx))
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		text := stderr.String()
		if exit.ExitCode() < 0 { // ended by a signal
			text = exit.Error()
		}
		return nil, &ToolError{Tool: call.Tool, ExitCode: exit.ExitCode(), Stderr: text}
	}
	return nil, startError(call, err)
}

// startError returns why a tool could not be started, without its arguments.
func startError(call ToolCall, err error) error {
	switch {
	case errors.Is(err, syscall.E2BIG):
		longest := 0
		for _, arg := range call.Args {
			longest = max(longest, len(arg))
		}
		return fmt.Errorf("cannot run %s: an argument of %d bytes, or all of them together, exceeds the kernel's limit: %w",
			call.Tool, longest, syscall.E2BIG)
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("cannot run %s: this Juju does not offer that tool: %w", call.Tool, exec.ErrNotFound)
	}
	return fmt.Errorf("cannot run %s: %w", call.Tool, err)
}
