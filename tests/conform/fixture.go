package conform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
	"gopkg.in/yaml.v3"
)

// World is what all stories of one release have in common: its world.yaml.
type World struct {
	Release     string                // the name of the program in the header of each fixture
	JIMM        string                `yaml:"jimm"` // JIMM's own UUID
	DNSName     string                `yaml:"dns-name"`
	Users       map[string]User       // by the name that fixtures use
	Controllers map[string]Controller // by JIMM's name for them
	Facades     map[string][]int      // what the stub controllers offered in their logins: <facades>
	Model       Model                 // the one model
}

// User is a user who logs in.
type User struct {
	ClientID      string `yaml:"client-id"`
	Secret        string
	Administrator bool // of JIMM
}

// Controller is a controller that JIMM knows.
type Controller struct {
	UUID     string
	Version  string
	Password string // the one given to AddController
	Cloud    string
	Region   string
}

// Model is a model that JIMM knows.
type Model struct {
	UUID, Name, Owner, Credential string
}

// Setup is the state at the beginning of a story: setup.yaml of a fixture.
type Setup struct {
	Controllers    []string          // that JIMM knows; absent: all of the world
	Aliases        map[string]string // other names under which JIMM knows a controller
	Down           []string          // controllers that refuse connections
	Unavailable    []string          // controllers that JIMM's watcher found down
	Versions       map[string]string // agent versions other than the world's
	Model          *Row              // the row of the model; absent: JIMM does not know it
	Grants         map[string]string // access to the model by user
	Administrators []string          // of JIMM, besides the world's
	Seen           []string          // users who logged in before
	Leader         bool              // JIMM of 2026: its poller runs
	Without        []string          // what is missing: credential (of the owner), identity-provider, openfga
	State          string            // of controller40: importing, exporting, gone or dying (the model), upgrading (the controller)
	Client         string            // why our client does not replay this; empty if it does
	Simulator      string            // why the simulator does not replay this; empty if it does
}

// Row is JIMM's record of the model: the controller, and the migration mode of JIMM of 2026.
type Row struct{ Controller, Mode string }

// Fixture is one story.
type Fixture struct {
	File    string // path
	Comment string // what was recorded
	Setup   Setup
	Before  []Step // client lines sent first; their replies are not read
	Client  []Step // the messages on the client's connections
	Story   []Step // instead of Client and Controllers: both, in order of time

	Controllers []Step // what went over the connections to the controllers, in order for each of them
	Row         *Step  // JIMM's row after it, if it was read
}

// ReadWorld reads the world.yaml of a directory.
func ReadWorld(dir string) (*World, error) {
	data, err := os.ReadFile(filepath.Join(dir, "world.yaml"))
	if err != nil {
		return nil, fmt.Errorf("cannot read the world: %w", err)
	}
	world := new(World)
	if err := strict(data, world); err != nil {
		return nil, fmt.Errorf("cannot read the world of %q: %w", dir, err)
	}
	return world, nil
}

// ReadAll reads all fixtures of a directory, sorted by name.
func ReadAll(dir string) ([]*Fixture, error) { return readAll(dir, Read) }

func readAll[F any](dir string, read func(file string) (F, error)) ([]F, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		return nil, fmt.Errorf("cannot list fixtures: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("cannot find fixtures in %q", dir)
	}
	fixtures := make([]F, 0, len(files))
	for _, file := range files {
		f, err := read(file)
		if err != nil {
			return nil, err
		}
		fixtures = append(fixtures, f)
	}
	return fixtures, nil
}

// Read reads one fixture. An unknown section or key is an error.
func Read(file string) (*Fixture, error) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read a fixture: %w", err)
	}
	f := &Fixture{File: file, Comment: strings.TrimSpace(string(archive.Comment))}
	if err := f.sections(archive); err != nil {
		return nil, fmt.Errorf("cannot read %q: %w", file, err)
	}
	return f, nil
}

func (f *Fixture) sections(archive *txtar.Archive) error {
	for _, section := range archive.Files {
		var err error
		switch section.Name {
		case "setup.yaml":
			err = strict(section.Data, &f.Setup)
		case "before":
			f.Before, err = parseSteps(section.Data)
		case "client":
			f.Client, err = parseSteps(section.Data)
		case "controllers":
			f.Controllers, err = parseSteps(section.Data)
		case "story":
			f.Story, err = parseSteps(section.Data)
		case "row":
			f.Row, err = parseRow(section.Data)
		default:
			err = errors.New("unknown section")
		}
		if err != nil {
			return fmt.Errorf("section %q: %w", section.Name, err)
		}
	}
	if f.Comment == "" || f.Client != nil && f.Story != nil || f.Client == nil && f.Story == nil && f.Controllers == nil {
		return errors.New("a fixture has a comment, and a section client, story or controllers")
	}
	return nil
}

func parseRow(data []byte) (*Step, error) {
	steps, err := parseSteps(append([]byte("row "), data...))
	if err != nil {
		return nil, err
	}
	if len(steps) != 1 {
		return nil, errors.New("want one row")
	}
	return &steps[0], nil
}

func strict(data []byte, v any) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
