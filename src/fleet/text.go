package fleet

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
)

// The first line of a plan's text. Another number means another format.
const planTitle = "jimm-migrator plan 1"

// Text returns the plan in the form that a person reads and that [Parse] accepts: one fact per line, the fields
// separated by single spaces, names last. The last line is the hash of all lines above.
func (p Plan) Text() string {
	body := p.body()
	return body + "hash " + hashOf(body) + "\n"
}

// Hash is the SHA-256 in the last line of the text.
func (p Plan) Hash() string { return hashOf(p.body()) }

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func (p Plan) body() string {
	var b strings.Builder
	line := func(fields ...any) { fmt.Fprintln(&b, fields...) }
	line(planTitle)
	line("jaas", p.JAAS)
	line("made", p.Made.UTC().Format(time.RFC3339), p.Unit)
	if p.Of == "" {
		line("goal", p.Goal)
	} else {
		line("goal", p.Goal, p.Of)
	}
	for _, c := range p.Controllers {
		line("controller", c.Name, c.UUID, cmp.Or(c.Version, "-"))
	}
	line("caps", "parallel", p.Caps.Parallel, "source", p.Caps.Source, "target", p.Caps.Target, "agents", p.Caps.Agents)
	line("stop", "failures", p.Rules.Failures, "canary", yesNo(p.Rules.Canary), "model-timeout", p.Rules.ModelTimeout)
	line("checks", cmp.Or(p.Checks, ChecksRecords))
	line("edges", p.Edges)
	for _, e := range p.Pairs {
		line("edge", e.Offerer, e.Consumer)
	}
	for _, e := range p.Moves {
		route := make([]string, len(e.Route))
		for i, s := range e.Route {
			route[i] = s.String()
		}
		line("move", e.Wave, e.Model, e.Source, strings.Join(route, ","), e.Agents, e.Name)
	}
	for _, l := range p.Left {
		line("left", l.Reason, l.Model, l.Name)
	}
	if p.More > 0 {
		line("more", p.More)
	}
	return b.String()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// MostBytes is the maximum length of a plan's text.
const MostBytes = 96 << 10

// ErrHash matches the error of a plan with a text that does not match its hash.
var ErrHash = errors.New("the text does not match its hash")

// Parse reads a plan's text. It accepts only what [Plan.Text] can have written, with a matching hash: a plan that lost
// a line is refused. Line breaks at the very end may be missing or superfluous.
func Parse(text string) (Plan, error) {
	if len(text) > MostBytes {
		return Plan{}, fmt.Errorf("cannot read the plan: it has %d bytes, the limit is %d", len(text), MostBytes)
	}
	text = strings.TrimRight(text, "\n") + "\n"
	if strings.Contains(text, "\r\n") {
		return Plan{}, errors.New("cannot read the plan: its lines end with a carriage return; save it as plan-migrations printed it, with plain line breaks")
	}
	title, _, _ := strings.Cut(text, "\n")
	if title != planTitle {
		return Plan{}, fmt.Errorf("cannot read the plan: its first line is %q, but this version reads %q", clip(title), planTitle)
	}
	at := strings.LastIndex(text, "\nhash ")
	if at < 0 || strings.Count(text[at+1:], "\n") != 1 {
		return Plan{}, errors.New("cannot read the plan: its last line is not the hash; pass the whole text, as plan-migrations printed it")
	}
	body, hash := text[:at+1], strings.TrimSuffix(strings.TrimPrefix(text[at+1:], "hash "), "\n")
	if hash != hashOf(body) {
		return Plan{}, fmt.Errorf("cannot use the plan: %w; pass it as plan-migrations printed it", ErrHash)
	}
	var p Plan
	for i, line := range strings.Split(strings.TrimSuffix(body, "\n"), "\n")[1:] {
		if err := p.read(line); err != nil {
			return Plan{}, fmt.Errorf("cannot read line %d of the plan, %q: %w", i+2, clip(line), err)
		}
	}
	if p.body() != body {
		return Plan{}, errors.New("cannot read the plan: its format is not that of this version")
	}
	return p, p.sound()
}

func clip(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// read reads one line.
func (p *Plan) read(line string) error {
	f := fields{rest: line}
	switch key := f.next(); key {
	case "jaas":
		p.JAAS = f.last()
	case "made":
		made, err := time.Parse(time.RFC3339, f.next())
		f.fail(err)
		p.Made, p.Unit = made.UTC(), f.last()
	case "goal":
		p.Goal, p.Of = Goal(f.next()), f.last()
	case "controller":
		c := Host{Name: f.next(), UUID: facts.ControllerUUID(f.next()), Version: f.last()}
		if c.Version == "-" {
			c.Version = ""
		}
		p.Controllers = append(p.Controllers, c)
	case "caps":
		p.Caps = Caps{Parallel: f.number("parallel"), Source: f.number("source"), Target: f.number("target"), Agents: f.number("agents")}
	case "stop":
		p.Rules.Failures = f.number("failures")
		f.word("canary")
		p.Rules.Canary = f.next() == "yes"
		f.word("model-timeout")
		limit, err := time.ParseDuration(f.last())
		f.fail(err)
		p.Rules.ModelTimeout = limit
	case "checks":
		p.Checks = f.last()
	case "edges":
		p.Edges = f.last()
	case "edge":
		p.Pairs = append(p.Pairs, Edge{Offerer: f.next(), Consumer: f.last()})
	case "move":
		e := Entry{Wave: f.count(), Model: f.next(), Source: f.next(), Route: route(f.next()), Agents: f.count(), Name: f.last()}
		p.Moves = append(p.Moves, e)
	case "left":
		p.Left = append(p.Left, Left{Reason: Reason(f.next()), Model: f.next(), Name: f.last()})
	case "more":
		p.More = f.count()
	default:
		return fmt.Errorf("no line begins with %q", clip(key))
	}
	return f.err
}

// fields reads a line from left to right.
type fields struct {
	rest string
	err  error
}

func (f *fields) next() string {
	word, rest, _ := strings.Cut(f.rest, " ")
	f.rest = rest
	return word
}

func (f *fields) last() string {
	rest := f.rest
	f.rest = ""
	return rest
}

func (f *fields) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

func (f *fields) word(want string) {
	if got := f.next(); got != want {
		f.fail(fmt.Errorf("expected %q, got %q", want, clip(got)))
	}
}

func (f *fields) count() int {
	n, err := strconv.Atoi(f.next())
	if err == nil && n < 0 {
		err = errors.New("the number is negative")
	}
	f.fail(err)
	return n
}

func (f *fields) number(name string) int {
	f.word(name)
	return f.count()
}

func route(text string) []Step {
	var out []Step
	for part := range strings.SplitSeq(text, ",") {
		if version, ok := strings.CutPrefix(part, upgradePrefix); ok {
			out = append(out, Step{Version: version})
		} else {
			out = append(out, Step{Controller: part})
		}
	}
	return out
}

// sound refuses a plan that no planner makes: the hash only proves that it has not been changed since.
func (p Plan) sound() error {
	hosts, models := map[string]bool{}, map[string]bool{}
	for _, c := range p.Controllers {
		hosts[c.Name] = true
	}
	switch p.Goal {
	case Move, Drain, Reverse, Rebalance, Upgrade:
	default:
		return fmt.Errorf("cannot use the plan: its goal %q is unknown", clip(string(p.Goal)))
	}
	if p.Caps.Parallel < 1 || p.Caps.Source < 1 || p.Caps.Target < 1 || p.Caps.Agents < 1 || p.Rules.ModelTimeout <= 0 {
		return errors.New("cannot use the plan: its caps and time limits must be at least 1")
	}
	if p.Checks != ChecksRecords && p.Checks != ChecksFull {
		return fmt.Errorf("cannot use the plan: its checks %q are unknown", clip(p.Checks))
	}
	if p.Goal == Upgrade && !checks.IsVersion(p.Of) {
		return fmt.Errorf("cannot use the plan: %q is not a version such as 3.6.28", clip(p.Of))
	}
	for _, e := range p.Moves {
		if err := e.sound(p.Goal); err != nil {
			return err
		}
		if models[e.Model] {
			return fmt.Errorf("cannot use the plan: model %s is listed twice", clip(e.Model))
		}
		models[e.Model] = true
		if !hosts[e.Source] || e.First() == e.Source && !e.upgradesOnly() {
			return fmt.Errorf("cannot use the plan: the source of model %s is not a controller of the plan, or is the same as its target", clip(e.Model))
		}
		for _, s := range e.Route {
			if s.Version == "" && !hosts[s.Controller] {
				return fmt.Errorf("cannot use the plan: the target of model %s is not a controller of the plan", clip(e.Model))
			}
		}
	}
	return nil
}

// sound refuses a route that no planner makes: one move, or for the goal upgrade
// moves to controllers where the model has not been, and rising versions.
func (e Entry) sound(goal Goal) error {
	if goal != Upgrade {
		if len(e.Route) != 1 || e.upgrades() {
			return fmt.Errorf("cannot use the plan: the route of model %s must have exactly one move", clip(e.Model))
		}
		return nil
	}
	been, version := map[string]bool{e.Source: true}, ""
	for _, s := range e.Route {
		switch {
		case s.Version == "" && been[s.Controller]:
			return fmt.Errorf("cannot use the plan: the route of model %s leads to %q twice", clip(e.Model), clip(s.Controller))
		case s.Version == "":
			been[s.Controller] = true
		case !checks.IsVersion(s.Version), version != "" && checks.CompareVersions(s.Version, version) <= 0:
			return fmt.Errorf("cannot use the plan: the route of model %s upgrades to %q", clip(e.Model), clip(s.Version))
		default:
			version = s.Version
		}
	}
	return nil
}

// upgradesOnly reports whether the model stays where it is.
func (e Entry) upgradesOnly() bool {
	for _, s := range e.Route {
		if s.Version == "" {
			return false
		}
	}
	return true
}
