package sim

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"gopkg.in/yaml.v3"
)

// Load reads a world. Unknown keys, unknown names and contradictions are errors that name their place.
func Load(data []byte) (World, error) {
	var w World
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&w); err != nil && !errors.Is(err, io.EOF) {
		return World{}, fmt.Errorf("cannot read the world: %w", readable(err))
	}
	return w.filled()
}

// readable rewrites the YAML library's errors about unknown keys and wrong types in plain words.
func readable(err error) error {
	typed, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	unknown := regexp.MustCompile(`^(line \d+): field (\S+) not found in type (?:\S+\.)?(\S+)$`)
	var texts []string
	for _, text := range typed.Errors {
		texts = append(texts, unknown.ReplaceAllStringFunc(text, func(s string) string {
			part := unknown.FindStringSubmatch(s)
			return fmt.Sprintf("%s: unknown key %q under %s", part[1], part[2], strings.ToLower(part[3]))
		}))
	}
	return errors.New(strings.Join(texts, "; "))
}

// filled returns the world with all defaults filled in, or the errors in it.
func (w World) filled() (World, error) {
	w.JIMM.fill()
	w.Controllers, w.Models = slices.Clone(w.Controllers), slices.Clone(w.Models)
	w.Faults = slices.Clone(w.Faults)
	if w.Many.Controllers < 0 || w.Many.Models < 0 || w.Many.Owners < 0 || w.Many.Units < 0 {
		return World{}, problem("numbers under many are below zero")
	}
	w.multiply()
	for i := range w.Controllers {
		w.Controllers[i].fill()
	}
	if len(w.Controllers) == 0 {
		return World{}, errors.New("cannot make a world without controllers")
	}
	for i := range w.Models {
		w.Models[i].fill(w.Controllers[0].Name)
	}
	w.JIMM.Mended = w.JIMM.Mended || w.beginsOnJuju4()
	for i := range w.Faults {
		fault := &w.Faults[i]
		if facade, method, ok := strings.Cut(fault.Method, "."); ok && fault.Facade == "" {
			fault.Facade, fault.Method = facade, method
		}
	}
	w.Speed = cmp.Or(w.Speed, 1)
	if err := w.check(); err != nil {
		return World{}, err
	}
	return w, nil
}

// beginsOnJuju4 reports whether JIMM begins with a record of a model on a Juju 4 controller. Of the JIMMs of 2026
// only a mended one can have made it.
func (w *World) beginsOnJuju4() bool {
	return slices.ContainsFunc(w.Models, func(m Model) bool {
		c, known := w.controller(cmp.Or(m.RecordedOn, m.Controller))
		return known && !c.Unregistered && strings.HasPrefix(c.Version, "4.") && len(m.History) == 0
	})
}

// defaultOwner owns the models without an owner.
const defaultOwner = "alice@example.com"

// derived is a UUID that depends on a name only.
func derived(kind, name string) string {
	space := uuid.NewSHA1(uuid.NameSpaceDNS, []byte("simulated-jaas"))
	return uuid.NewSHA1(space, []byte(kind+" "+name)).String()
}

func (j *JIMM) fill() {
	j.Version = cmp.Or(j.Version, "2026")
	j.UUID = cmp.Or(j.UUID, derived("jimm", ""))
	if len(j.ServiceAccounts) == 0 {
		j.ServiceAccounts = []ServiceAccount{{ID: "migrator", Secret: "s3cr3t", Administrator: true}}
	}
	if j.Poller == nil {
		yes := true
		j.Poller = &yes
	}
}

func (c *Controller) fill() {
	c.UUID = cmp.Or(c.UUID, derived("controller", c.Name))
	c.ModelUUID = cmp.Or(c.ModelUUID, derived("controller model", c.Name))
	c.Version = cmp.Or(c.Version, "3.6.14")
	c.Cloud = cmp.Or(c.Cloud, "localhost")
	c.Region = cmp.Or(c.Region, c.Cloud)
	c.CloudType = cmp.Or(c.CloudType, "lxd")
	c.Status = cmp.Or(c.Status, statusAvailable)
	c.Redirects = cmp.Or(c.Redirects, redirectUsers)
}

func (m *Model) fill(first string) {
	m.Owner = cmp.Or(m.Owner, defaultOwner)
	m.UUID = cmp.Or(m.UUID, derived("model", m.Owner+"/"+m.Name))
	m.Controller = cmp.Or(m.Controller, first)
	m.Credential = cmp.Or(m.Credential, "default")
}

// Values in the YAML.
const (
	nowhere           = "none"
	statusAvailable   = "available"
	statusDeprecated  = "deprecated"
	statusUnavailable = "unavailable"
	redirectUsers     = "users"
	redirectAll       = "all"
)
