package charmtest

import (
	"context"
	"time"

	"jimm-migrator/charm"
)

// Options describe a unit and what runs in it. CharmDir is required, and so is
// one of App, Func, Dispatch and Tools if anything is to run. With the zero
// value of everything else, the unit is a leader without configuration,
// relations and secrets, in a Kubernetes model of Juju 3.6.28.
type Options struct {
	// CharmDir has the charm's files: an unpacked archive, or a source tree.
	CharmDir string

	// App runs in this process. Func is the same for a program that is not an
	// App.
	App  *charm.App
	Func Func
	// Dispatch is the binary that is started, as the file dispatch of the
	// charm. It needs Tools. With Tools alone the file dispatch in CharmDir is
	// started, or hooks/NAME and actions/NAME, if there are any.
	Dispatch string
	Tools    *Tools
	// Dir is the directory of the processes. It is created, and Close removes
	// it. Empty means a new temporary directory.
	Dir string
	// User is the user that dispatch runs as. The zero value means uid and gid
	// 170 (Juju's charm-user non-root) if this process is root, and otherwise
	// this process's own user, which cannot change root's files either.
	User User
	// ExtraEnv is added to the environment of dispatch, as "NAME=value". Juju
	// adds nothing, so use it only for instruments such as GOCOVERDIR and
	// GORACE.
	ExtraEnv []string

	AppName     string // default: the charm's name
	UnitNumber  int
	NotLeader   bool
	JujuVersion string // default "3.6.28"
	Model       Model
	// Sequence numbers operations and tasks; the units of a model share one.
	// Nil: this unit has its own.
	Sequence *Sequence
	// Machine is the machine's id. Empty means Kubernetes.
	Machine string
	Proxy   Proxy

	Config    map[string]any // typed values, or strings as juju config takes them
	Secrets   []Secret
	Relations []Relation
	// State is what earlier dispatches have stored with state-set.
	State map[string]string

	// OnLog is called with each action-log as it happens, outside all locks.
	OnLog func(task string, message LogMessage)
	// BeforeTool is called with each hook tool before it works, outside all locks. If
	// it returns an error, the tool does not reach the agent and fails with that error.
	BeforeTool func(tool string) error
	// AfterTool is called with each hook tool that has worked, before its caller gets
	// the answer; outside all locks.
	AfterTool func(tool string)
	// OnStatus is called with each status as it is set, outside all locks.
	OnStatus func(StatusChange)
	// MaxStateSize is the controller's max-charm-state-size; default 2 MiB.
	MaxStateSize int
}

// Func is a dispatch in this process: it gets the environment that the process
// would get, as "NAME=value", and the hook tools. Its context ends when the
// process would get SIGTERM, or be killed; in the latter case the tools refuse
// every call from then on. It returns the exit code.
type Func func(ctx context.Context, env []string, tools charm.Runner) (exitCode int)

// User is a user and group of the operating system.
type User struct{ UID, GID uint32 }

// Model is the Juju model that the unit is in.
type Model struct {
	Name         string   // default "jaas-ops"
	UUID         string   // default a fixed one
	APIAddresses []string // of the unit's own controller
}

// Proxy is the juju-*-proxy configuration of the model.
type Proxy struct{ HTTP, HTTPS, FTP, NoProxy string }

// Secret is a user secret as it is when the scenario begins.
type Secret struct {
	ID      string            // 20 characters; default: a new one
	Label   string            // the name that juju add-secret gave it
	Content map[string]string // of revision 1
	// NotGranted makes it one that the application may not read.
	NotGranted bool
}

// Relation is a relation as it is when the scenario begins.
type Relation struct {
	ID       int // default: the next free number
	Endpoint string
	// RemoteApp is the application on the other side; it is empty for a peer
	// relation. RemoteEndpoint defaults to the name of the endpoint.
	RemoteApp      string
	RemoteEndpoint string
	Units          map[string]map[string]string // remote (or peer) units and their data
	RemoteData     map[string]string            // data of the remote application
	LocalUnitData  map[string]string
	LocalAppData   map[string]string
}

// Status is a workload status.
type Status struct {
	Status  string
	Message string
}

// StatusChange is a status that was set.
type StatusChange struct {
	Time time.Time
	Status
	App   bool   // of the application rather than the unit
	Event string // the hook or action that set it; empty: the agent itself
}

// LogRecord is a line of the unit's log, as juju debug-log shows it.
type LogRecord struct {
	Time    time.Time
	Level   string // TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL
	Module  string // such as "unit.app/0.juju-log"
	Message string
}

// Call is one use of a hook tool, finished.
type Call struct {
	Event    string // the hook or action
	Tool     string
	Args     []string
	Stdin    []byte // what the tool read, if it did
	ExitCode int    // 1 also for what the agent refused
	Stderr   string
	Time     time.Time // when it began
}
