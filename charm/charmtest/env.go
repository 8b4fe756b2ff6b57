package charmtest

import (
	"slices"
	"strconv"
	"strings"
)

// layout is where the parts of a unit are.
type layout struct {
	charmDir string
	socket   string
	tools    string
}

// defaultLayout is where they are on a real unit. Nothing is created there.
func (a *Agent) defaultLayout() layout {
	unit := a.unitDir()
	return layout{
		charmDir: a.opts.CharmDir,
		socket:   "/var/lib/juju/agents/" + unit + "/agent.socket",
		tools:    "/var/lib/juju/tools/" + unit,
	}
}

// unitDir is the name of the unit's directories, such as "unit-app-0".
func (a *Agent) unitDir() string { return "unit-" + strings.ReplaceAll(a.unit, "/", "-") }

// environ returns the environment of a dispatch: everything that Juju 3.6
// sets on Ubuntu, and nothing else. The caller holds a.mu.
func (a *Agent) environ(r *run, l layout) []string {
	o := a.opts
	hookName := r.name
	if r.task != nil {
		hookName = ""
	}
	env := []string{
		"CHARM_DIR=" + l.charmDir,
		"JUJU_CHARM_DIR=" + l.charmDir,
		"JUJU_CONTEXT_ID=" + r.id,
		"JUJU_HOOK_NAME=" + hookName,
		"JUJU_DISPATCH_PATH=" + r.dispatchPath(),
		"JUJU_AGENT_SOCKET_ADDRESS=" + l.socket,
		"JUJU_AGENT_SOCKET_NETWORK=unix",
		"JUJU_UNIT_NAME=" + a.unit,
		"JUJU_MODEL_UUID=" + o.Model.UUID,
		"JUJU_MODEL_NAME=" + o.Model.Name,
		"JUJU_API_ADDRESSES=" + strings.Join(o.Model.APIAddresses, " "),
		"JUJU_MACHINE_ID=" + o.Machine,
		"JUJU_PRINCIPAL_UNIT=",
		"JUJU_AVAILABILITY_ZONE=",
		"JUJU_VERSION=" + o.JujuVersion,
		"CLOUD_API_VERSION=1.31.0",
		"JUJU_CHARM_HTTP_PROXY=" + o.Proxy.HTTP,
		"JUJU_CHARM_HTTPS_PROXY=" + o.Proxy.HTTPS,
		"JUJU_CHARM_FTP_PROXY=" + o.Proxy.FTP,
		"JUJU_CHARM_NO_PROXY=" + o.Proxy.NoProxy,
		"LANG=C.UTF-8",
		"TERM=tmux-256color",
		"DEBIAN_FRONTEND=noninteractive",
		"APT_LISTCHANGES_FRONTEND=none",
		"PATH=" + l.tools + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	}
	if a.before(4, 0, 0) {
		env = append(env, "JUJU_SLA=")
	}
	if a.before(3, 6, 1) { // seen with 3.6-rc1; 3.6.28 does not set them
		env = append(env, "JUJU_METER_STATUS=AMBER", "JUJU_METER_INFO=not set")
	}
	if o.Machine == "" {
		env = append(env,
			"KUBERNETES_PORT=tcp://10.152.183.1:443",
			"KUBERNETES_SERVICE_HOST=10.152.183.1",
			"KUBERNETES_SERVICE_PORT=443")
	}
	if r.task != nil {
		env = append(env,
			"JUJU_ACTION_NAME="+r.name,
			"JUJU_ACTION_UUID="+r.task.ID,
			"JUJU_ACTION_TAG=action-"+r.task.ID)
	} else {
		env = append(env, a.eventEnv(r)...)
	}
	env = append(env, o.ExtraEnv...)
	slices.Sort(env)
	return env
}

// eventEnv returns what is set for the hooks of relations and secrets.
func (a *Agent) eventEnv(r *run) []string {
	var env []string
	if rel, ok := a.relationOf(r); ok {
		env = append(env,
			"JUJU_RELATION="+rel.endpoint.Name,
			"JUJU_RELATION_ID="+rel.fakeID(),
			"JUJU_REMOTE_UNIT="+r.hook.RemoteUnit,
			"JUJU_REMOTE_APP="+rel.remoteApp)
		if r.hook.DepartingUnit != "" {
			env = append(env, "JUJU_DEPARTING_UNIT="+r.hook.DepartingUnit)
		}
	}
	if s, ok := a.secrets[secretID(r.hook.Secret)]; ok {
		label := ""
		for name, id := range a.labels {
			if id == s.id {
				label = name
			}
		}
		env = append(env, "JUJU_SECRET_ID=secret:"+s.id, "JUJU_SECRET_LABEL="+label)
		if r.hook.Revision != 0 {
			env = append(env, "JUJU_SECRET_REVISION="+strconv.Itoa(r.hook.Revision))
		}
	}
	return env
}

// relationOf returns the relation that a dispatch is about, if it is a
// relation hook.
func (a *Agent) relationOf(r *run) (*relation, bool) {
	if r.task != nil || !strings.Contains(r.name, "-relation-") {
		return nil, false
	}
	rel, ok := a.relations[r.hook.Relation]
	return rel, ok
}
