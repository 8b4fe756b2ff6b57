// Package process runs a controller in a process of its own, so that two controllers can have different versions: the
// version is a variable of Juju. The program executes itself, and the two processes exchange lines of JSON.
package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/juju/juju/state"
	jujuversion "github.com/juju/juju/version"
	"github.com/juju/version/v2"

	"jimm-migrator/tests/realjuju/controller"
)

// Options describe the controller.
type Options struct {
	Name, UUID string
	Version    string
	JWKS       string // the controller's login-token-refresh-url
}

// Process is a controller in another process. Make one with Start, end it with Close.
type Process struct {
	Options
	Addr, CACert string

	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

// order is a command to the controller, one at a time.
type order struct {
	// AddModel makes a model of that name with the application pg, its agents and its migration master.
	AddModel string `json:"add-model,omitempty"`
	// Expect adds the machine of the model of that name and UUID to the cloud of the process. Has asks for one.
	Expect string `json:"expect,omitempty"`
	Has    string `json:"has,omitempty"`
	UUID   string `json:"uuid,omitempty"`
}

// reply is the answer to an order, or to the start.
type reply struct {
	Addr   string `json:"addr,omitempty"`
	CACert string `json:"ca-cert,omitempty"`
	UUID   string `json:"uuid,omitempty"`
	Has    bool   `json:"has,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Start executes this program with an argument that makes it call Serve.
func Start(ctx context.Context, opts Options, argument string) (*Process, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &Process{Options: opts, cmd: exec.CommandContext(ctx, exe, argument)} //nolint:gosec // this program
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = json.NewDecoder(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	r, err := p.exchange(opts)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start controller %q of version %s: %w", opts.Name, opts.Version, err), p.Close())
	}
	p.Addr, p.CACert = r.Addr, r.CACert
	return p, nil
}

func (p *Process) exchange(message any) (r reply, err error) {
	if err := json.NewEncoder(p.in).Encode(message); err != nil {
		return r, err
	}
	if err := p.out.Decode(&r); err != nil {
		return r, err
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}

// AddModel makes a model with the application pg and returns its UUID.
func (p *Process) AddModel(name string) (uuid string, err error) {
	r, err := p.exchange(order{AddModel: name})
	return r.UUID, err
}

// Expect adds the machine of a model that another process has made to the cloud that the process sees.
func (p *Process) Expect(name, uuid string) error {
	_, err := p.exchange(order{Expect: name, UUID: uuid})
	return err
}

// Has reports whether the controller's database has a model.
func (p *Process) Has(uuid string) (bool, error) {
	r, err := p.exchange(order{Has: uuid})
	return r.Has, err
}

// Close ends the process.
func (p *Process) Close() error {
	_ = p.in.Close()
	return p.cmd.Wait()
}

// Serve is the other side: it runs the controller that the first line of in describes, obeys the others, and ends with
// in.
func Serve(in io.Reader, out io.Writer) error {
	orders, replies := json.NewDecoder(in), json.NewEncoder(out)
	var opts Options
	if err := orders.Decode(&opts); err != nil {
		return err
	}
	v, err := version.Parse(opts.Version)
	if err != nil {
		return replies.Encode(reply{Error: err.Error()})
	}
	jujuversion.Current = v
	c, err := controller.Start(controller.Options{Name: opts.Name, UUID: opts.UUID, Config: map[string]any{"login-token-refresh-url": opts.JWKS}})
	if err != nil {
		return replies.Encode(reply{Error: err.Error()})
	}
	defer c.Close()
	answer := reply{Addr: c.Addr, CACert: c.CACert}
	for {
		if err := replies.Encode(answer); err != nil {
			return err
		}
		var o order
		switch err := orders.Decode(&o); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		answer = reply{}
		if err := o.do(c, &answer); err != nil {
			answer.Error = err.Error()
		}
	}
}

func (o order) do(c *controller.Controller, r *reply) (err error) {
	switch {
	case o.AddModel != "":
		r.UUID, err = addModel(c, o.AddModel)
	case o.Expect != "":
		_, err = c.StartInstance(o.Expect, o.UUID, "0")
	case o.Has != "":
		// A model that is being imported does not count.
		_ = c.Do(o.Has, func(st *state.State) error {
			m, err := st.Model()
			r.Has = err == nil && m.MigrationMode() != state.MigrationModeImporting
			return err
		})
	}
	return err
}

func addModel(c *controller.Controller, name string) (string, error) {
	uuid, err := c.AddModel(name)
	if err != nil {
		return "", err
	}
	creds, err := c.Deploy(uuid, "pg", nil)
	if err != nil {
		return "", err
	}
	for _, cred := range creds {
		<-c.RunAgent(uuid, cred).Connected()
	}
	c.RunMaster(uuid)
	return uuid, nil
}
