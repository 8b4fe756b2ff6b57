package charmtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"jimm-migrator/charm/charmtest/toolrpc"
)

// osProcess is a dispatch as a process of the operating system.
type osProcess struct {
	cmd    *exec.Cmd
	server *toolrpc.Server
	stdout *capture
	stderr *capture

	mu    sync.Mutex
	ended bool
}

// start starts the process. Each line that it writes is given to a function.
func (p *osProcess) start(ctx context.Context, out, err func(line string)) (failure error) {
	var write [2]*os.File
	if p.stdout, write[0], failure = newCapture(out); failure != nil {
		return failure
	}
	if p.stderr, write[1], failure = newCapture(err); failure != nil {
		return errors.Join(failure, write[0].Close(), p.stdout.file.Close())
	}
	p.cmd.Stdout, p.cmd.Stderr = write[0], write[1]
	failure = p.startPatiently(ctx)
	// From here on only the process and its children hold the pipes.
	write[0].Close()
	write[1].Close()
	if failure != nil {
		return errors.Join(failure, p.stdout.file.Close(), p.stderr.file.Close())
	}
	go p.stdout.run() // both end with the pipes, which wait closes
	go p.stderr.run()
	return nil
}

// startPatiently starts the process. A program that was just written cannot be
// executed while another process, forked in the meantime, still has the file
// open.
func (p *osProcess) startPatiently(ctx context.Context) error {
	for attempt := 0; ; attempt++ {
		err := p.cmd.Start()
		if !errors.Is(err, syscall.ETXTBSY) || attempt == 200 {
			return err
		}
		again := exec.CommandContext(context.WithoutCancel(ctx), p.cmd.Path) //nolint:gosec // the charm under test
		again.Dir, again.Env, again.SysProcAttr = p.cmd.Dir, p.cmd.Env, p.cmd.SysProcAttr
		again.Stdout, again.Stderr = p.cmd.Stdout, p.cmd.Stderr
		p.cmd = again
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (p *osProcess) signal(sig syscall.Signal, group bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	if group {
		_ = syscall.Kill(-p.cmd.Process.Pid, sig)
		return
	}
	_ = p.cmd.Process.Signal(sig)
}

func (p *osProcess) wait() exit {
	err := p.cmd.Wait()
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	e := exit{stdout: p.stdout.finish(), stderr: p.stderr.finish()}
	// No process can use hook tools from here on, not even children.
	_ = p.server.Close()
	state, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case ok && state.Signaled():
		e.code, e.signal = -1, state.Signal()
	case p.cmd.ProcessState.Exited():
		e.code = p.cmd.ProcessState.ExitCode()
	default:
		e.code, e.err = -1, fmt.Errorf("cannot wait for dispatch: %w", err)
	}
	return e
}

// killLeftovers kills the processes that have one of the given context ids in
// their environment: children that outlived their dispatch.
func killLeftovers(ids []string) {
	if len(ids) == 0 {
		return
	}
	found, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range found {
		env, err := os.ReadFile(path)
		if err != nil {
			continue // gone, or of another user
		}
		for _, id := range ids {
			if !bytes.Contains(env, []byte("JUJU_CONTEXT_ID="+id+"\x00")) {
				continue
			}
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
}
