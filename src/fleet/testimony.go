package fleet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/redact"
)

// Testimony is the evidence of two witnesses about one model: JIMM's log, and the controllers.
type Testimony struct {
	// Model is a UUID.
	Model string
	// Asked are the requests about the model in JIMM's log.
	Asked []facts.Request
	// Said is each controller's own answer, by UUID; missing for those that were not asked.
	Said map[facts.ControllerUUID]facts.Copy
}

// Departed decides whether the model has left the controller for the one that JIMM records. Both witnesses must agree:
// the log has a request to migrate it there, and the controller itself redirects there. If another controller redirects
// there too, the model may have left that one last, so it is not proved. It is pure.
func (t Testimony) Departed(s Snapshot, from facts.Controller) Departure {
	d := Departure{Model: t.Model, From: from.Name}
	var recorded facts.ControllerUUID
	for _, m := range s.Models {
		if m.UUID == t.Model {
			recorded = m.Recorded
		}
	}
	at, said := s.nameOf(recorded), t.Said[from.UUID]
	asked := slices.ContainsFunc(t.Asked, func(q facts.Request) bool { return q.Kind == facts.RequestMigrate && q.Target == at })
	switch place := judge.Place(from, facts.Observation{Copies: map[facts.ControllerUUID]facts.Copy{from.UUID: said}}); {
	case recorded == "" || recorded == from.UUID:
		d.Reason, d.Detail = LeftStillThere, fmt.Sprintf("JIMM does not record it on a controller other than %q", from.Name)
	case place == judge.Unplaced:
		d.Reason, d.Detail = LeftNoAnswer, fmt.Sprintf("%q did not report whether it has moved the model away%s", from.Name, because(said))
	case place == judge.Absent:
		d.Reason, d.Detail = LeftNoRedirect, fmt.Sprintf("%q does not redirect: the model was never there, or the redirect is gone", from.Name)
	case place != judge.Departed:
		d.Reason, d.Detail = LeftStillThere, fmt.Sprintf("%q has a copy of it, %s", from.Name, said.State)
	case said.To != recorded:
		d.Reason, d.Detail = LeftMovedOn, fmt.Sprintf("it left %q for %q; JIMM records it on %q", from.Name, cmp.Or(s.nameOf(said.To), "an unknown controller"), at)
	case !asked:
		d.Reason, d.Detail = LeftNotInLog, fmt.Sprintf("JIMM's audit log has no request to move it to %q in that time", at)
	default:
		d.Reason, d.Detail = t.others(s, from, recorded)
	}
	return d
}

// others looks for another controller that the model may have left last.
func (t Testimony) others(s Snapshot, from facts.Controller, recorded facts.ControllerUUID) (Reason, string) {
	for _, c := range s.Controllers {
		if c.UUID == from.UUID || c.UUID == recorded {
			continue
		}
		switch said := t.Said[c.UUID]; {
		case said.State == facts.CopyMoved && (said.To == recorded || said.To == ""):
			return LeftAmbiguous, fmt.Sprintf("%q also redirects there, and it is not known which of the two the model left last", c.Name)
		case said.State == facts.CopyUnknown:
			return LeftNoAnswer, fmt.Sprintf("%q did not report whether the model left it last%s", c.Name, because(said))
		case said.Has():
			return LeftStillThere, fmt.Sprintf("%q has a copy of it, %s", c.Name, said.State)
		}
	}
	return "", ""
}

func because(c facts.Copy) string {
	if c.Err == nil {
		return ""
	}
	return ": " + redact.String(c.Err.Error())
}

// CopyWitness asks a controller itself about a model.
type CopyWitness interface {
	Copy(ctx context.Context, c facts.Controller, model string) facts.Copy
}

// askedAtOnce is how many models are asked about at once.
const askedAtOnce = 8

// Testimonies asks about the models that may have left the controller: those that were requested to migrate according
// to the log, and those that the policy names, not by a pattern. Other controllers are asked only about models that the
// first one redirects.
func Testimonies(ctx context.Context, s Snapshot, p Policy, from facts.Controller, book *Book, witness CopyWitness) ([]Testimony, error) {
	rater := newRater(s)
	m := &maker{rater: rater, policy: p}
	in, _, err := m.matching(p.Models)
	if err != nil {
		return nil, err
	}
	named, _, err := m.matching(slices.DeleteFunc(slices.Clone(p.Models), func(name string) bool { return strings.ContainsAny(name, `*?[\`) }))
	if err != nil {
		return nil, err
	}
	var out []Testimony
	for _, m := range s.Models {
		if m.Recorded == from.UUID && !named[m.UUID] || m.IsController || len(p.Models) > 0 && !in[m.UUID] {
			continue
		}
		asked := slices.DeleteFunc(book.of(m).Requests, func(q facts.Request) bool { return q.Kind != facts.RequestMigrate })
		if len(asked) > 0 || named[m.UUID] {
			out = append(out, Testimony{Model: m.UUID, Asked: asked, Said: map[facts.ControllerUUID]facts.Copy{}})
		}
	}
	facts.Sort(out, func(a, b Testimony) int { return strings.Compare(a.Model, b.Model) })
	slots := make(chan struct{}, askedAtOnce)
	var all sync.WaitGroup
	for _, t := range out {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.ask(ctx, s, from, rater.at[t.Model], witness)
		})
	}
	all.Wait()
	return out, ctx.Err()
}

// ask asks the controller, and the others if it redirects to the recorded controller.
func (t Testimony) ask(ctx context.Context, s Snapshot, from facts.Controller, recorded facts.ControllerUUID, witness CopyWitness) {
	said := witness.Copy(ctx, from, t.Model)
	t.Said[from.UUID] = said
	if said.State != facts.CopyMoved || said.To != recorded {
		return
	}
	for _, c := range s.Controllers {
		if c.UUID != from.UUID && c.UUID != recorded {
			t.Said[c.UUID] = witness.Copy(ctx, c, t.Model)
		}
	}
}
