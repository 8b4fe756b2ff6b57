package scenario_test

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"jimm-migrator/charm/charmtest"
)

// neighbour is an application that a story describes in a file APP.yaml: its data, and what each unit does.
type neighbour struct {
	Data  map[string]string            `yaml:"data"`
	Units map[string]map[string]string `yaml:"units"`
}

// neighbour reads the file; an application without one has no data.
func (s *stage) neighbour(file string) (n neighbour, err error) {
	text, err := s.fill(s.story.files[file+".yaml"])
	if err == nil {
		err = yaml.Unmarshal([]byte(text), &n)
	}
	return n, err
}

// integrate is juju integrate jimm-migrator:ENDPOINT APP[:ENDPOINT], with the
// hooks that follow.
func (s *stage) integrate(ctx context.Context, ours, theirs string) error {
	_, endpoint, _ := strings.Cut(ours, ":")
	app, remote, _ := strings.Cut(theirs, ":")
	n, err := s.neighbour(app)
	if err != nil {
		return err
	}
	id, err := s.agent.AddRelation(charmtest.Relation{Endpoint: endpoint, RemoteApp: app, RemoteEndpoint: remote, Units: n.Units, RemoteData: n.Data})
	if err != nil {
		return err
	}
	s.relations[endpoint+" "+app] = id
	if err := s.hook(ctx, endpoint+"-relation-created", charmtest.HookDetails{Relation: id}); err != nil {
		return err
	}
	return s.joined(ctx, endpoint, id, n)
}

// joined runs the hooks for the data that the other side has written.
func (s *stage) joined(ctx context.Context, endpoint string, id int, n neighbour) error {
	for _, unit := range slices.Sorted(maps.Keys(n.Units)) {
		for _, event := range []string{"joined", "changed"} {
			if err := s.hook(ctx, endpoint+"-relation-"+event, charmtest.HookDetails{Relation: id, RemoteUnit: unit}); err != nil {
				return err
			}
		}
	}
	if len(n.Data) == 0 {
		return nil
	}
	return s.hook(ctx, endpoint+"-relation-changed", charmtest.HookDetails{Relation: id})
}

// publish makes a related application write the contents of a file.
func (s *stage) publish(ctx context.Context, file, related string) error {
	id, ok := s.relations[related]
	endpoint, app, _ := strings.Cut(related, " ")
	n, err := s.neighbour(file)
	if err != nil || !ok {
		return fmt.Errorf("no relation %q (%w)", related, err)
	}
	if err := s.agent.SetRemoteData(id, app, n.Data); err != nil {
		return err
	}
	for unit, data := range n.Units {
		if err := s.agent.SetRemoteData(id, unit, data); err != nil {
			return err
		}
	}
	return s.joined(ctx, endpoint, id, n)
}

// separate is juju remove-relation jimm-migrator:ENDPOINT APP.
func (s *stage) separate(ctx context.Context, ours, app string) error {
	_, endpoint, _ := strings.Cut(ours, ":")
	id, ok := s.relations[endpoint+" "+app]
	if !ok {
		return fmt.Errorf("%s is not related by %s", app, endpoint)
	}
	n, err := s.neighbour(app)
	if err != nil {
		return err
	}
	delete(s.relations, endpoint+" "+app)
	for _, unit := range slices.Sorted(maps.Keys(n.Units)) {
		if err := s.hook(ctx, endpoint+"-relation-departed", charmtest.HookDetails{Relation: id, RemoteUnit: unit}); err != nil {
			return err
		}
	}
	return s.hook(ctx, endpoint+"-relation-broken", charmtest.HookDetails{Relation: id})
}

// live runs an event of the unit's life.
func (s *stage) live(ctx context.Context, what string) error {
	switch what {
	case "upgrade charm":
		return s.agent.Upgrade(ctx)
	case "restart agent": // processes that run in the unit have to be ended before
		return s.hook(ctx, "config-changed")
	case "restart machine":
		return s.hooks(ctx, "config-changed", "start")
	case "lose leadership":
		s.agent.SetLeader(false)
		return s.hook(ctx, "leader-settings-changed")
	case "win leadership":
		s.agent.SetLeader(true)
		return s.hook(ctx, "leader-elected")
	case "remove unit":
		return s.leave(ctx)
	}
	return errNoStep
}

func (s *stage) hooks(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := s.hook(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// leave runs the hooks of a unit that is removed.
func (s *stage) leave(ctx context.Context) error {
	if err := s.hook(ctx, "stop"); err != nil {
		return err
	}
	for _, related := range slices.Sorted(maps.Keys(s.relations)) {
		endpoint, app, _ := strings.Cut(related, " ")
		if err := s.separate(ctx, ":"+endpoint, app); err != nil {
			return err
		}
	}
	return s.hook(ctx, "remove")
}

// substitute runs a command in $(…) and puts its output in its place: the URI of a new secret.
func (s *stage) substitute(ctx context.Context, text string) (string, error) {
	inner := regexp.MustCompile(`\$\((juju add-secret [^()]*)\)`)
	found := inner.FindStringSubmatch(text)
	if found == nil {
		return text, nil
	}
	args := words(found[1])
	if err := s.operate(ctx, args); err != nil {
		return "", err
	}
	return strings.Replace(text, found[0], s.secrets[args[2]], 1), nil
}

// remedies are the commands in the unit's status, in their order.
func remedies(status string) []string {
	begin := regexp.MustCompile(`(?:^|: |, or |, then |, )((?:juju|jimmctl) .*)`)
	found := begin.FindStringSubmatchIndex(status)
	if found == nil {
		return nil
	}
	var out []string
	for _, command := range regexp.MustCompile(`, or |, then |, `).Split(status[found[2]:], -1) {
		if strings.HasPrefix(command, "juju ") || strings.HasPrefix(command, "jimmctl ") {
			out = append(out, command)
		}
	}
	return out
}
