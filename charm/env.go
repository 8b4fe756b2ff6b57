package charm

import (
	"context"
	"net"
	"strings"
)

// Env is what Juju passes to a charm process through its environment, as far as it is
// read here. There is no HOME, USER or TMPDIR (seen with Juju 3.6).
type Env struct {
	DispatchPath string // "hooks/install" or "actions/backup"
	HookName     string // empty for actions
	ActionName   string // empty for hooks
	TaskID       string // the number that juju run shows, such as "12"

	Unit           string // "app/0"
	ModelName      string
	ModelUUID      string
	CharmDir       string
	JujuVersion    string // of the unit's agent
	KubernetesHost string // API server of the cluster; empty on machines

	Proxy    Proxy
	Relation RelationEvent

	// DialContext is how this process reaches other machines; nil: over the
	// network. Juju does not set it: tests have a network in memory.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
}

// RelationEvent is the relation that a hook is about.
type RelationEvent struct {
	Endpoint  string // "db"
	ID        string // "db:7"
	RemoteApp string
}

// Lookup finds an environment variable, as os.LookupEnv does.
type Lookup func(name string) (value string, ok bool)

// ReadEnv reads the environment once. Variables that this Juju does not set
// leave their fields empty.
func ReadEnv(lookup Lookup) Env {
	get := func(name string) string {
		value, _ := lookup(name)
		return value
	}
	charmDir := get("JUJU_CHARM_DIR")
	if charmDir == "" {
		charmDir = get("CHARM_DIR")
	}
	return Env{
		DispatchPath:   get("JUJU_DISPATCH_PATH"),
		HookName:       get("JUJU_HOOK_NAME"),
		ActionName:     get("JUJU_ACTION_NAME"),
		TaskID:         get("JUJU_ACTION_UUID"),
		Unit:           get("JUJU_UNIT_NAME"),
		ModelName:      get("JUJU_MODEL_NAME"),
		ModelUUID:      get("JUJU_MODEL_UUID"),
		CharmDir:       charmDir,
		JujuVersion:    get("JUJU_VERSION"),
		KubernetesHost: get("KUBERNETES_SERVICE_HOST"),
		Proxy: Proxy{
			HTTP:    get("JUJU_CHARM_HTTP_PROXY"),
			HTTPS:   get("JUJU_CHARM_HTTPS_PROXY"),
			FTP:     get("JUJU_CHARM_FTP_PROXY"),
			NoProxy: get("JUJU_CHARM_NO_PROXY"),
		},
		Relation: RelationEvent{
			Endpoint:  get("JUJU_RELATION"),
			ID:        get("JUJU_RELATION_ID"),
			RemoteApp: get("JUJU_REMOTE_APP"),
		},
	}
}

// App is the name of the unit's application: "app" of "app/0".
func (e Env) App() string {
	app, _, _ := strings.Cut(e.Unit, "/")
	return app
}

// EventKind reports what Juju asks a charm to do.
type EventKind string

// The kinds of event. EventNone means that the program was not started by Juju.
const (
	EventNone   EventKind = ""
	EventHook   EventKind = "hook"
	EventAction EventKind = "action"
)

// Event classifies the dispatch: by its path first, which is right also when
// juju-exec runs a hook, then by the name of the action or hook. A path that
// is neither hooks/… nor actions/… counts as a hook of that name.
func (e Env) Event() (kind EventKind, name string) {
	if name, ok := strings.CutPrefix(e.DispatchPath, "actions/"); ok {
		return EventAction, name
	}
	if e.DispatchPath != "" {
		return EventHook, strings.TrimPrefix(e.DispatchPath, "hooks/")
	}
	if e.ActionName != "" {
		return EventAction, e.ActionName
	}
	if e.HookName != "" {
		return EventHook, e.HookName
	}
	return EventNone, ""
}
