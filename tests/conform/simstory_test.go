package conform_test

import (
	"testing/synctest"
	"time"

	"jimm-migrator/tests/conform"
)

// story replays lines in order of time. The requests to controllers between two times may come in any order.
func (p *simReplay) story() {
	p.t.Helper()
	steps := p.fixture.Story
	var c *simClient
	var sent time.Time
	p.expect(steps)
	for i, s := range steps {
		switch s.Kind {
		case conform.At:
			p.settle()
			time.Sleep(time.Until(p.started.Add(s.After))) //nolint:forbidigo // virtual time
			p.expect(steps[i+1:])
		case conform.Connect:
			c = p.connect(s)
		case conform.Answer:
			p.answer(s)
		case conform.Request:
			sent = time.Now()
			if s.Message == conform.Leave {
				c.close()
			} else {
				c.send(p.matcher.Expand(s.Message))
			}
			synctest.Wait()
		case conform.Reply:
			p.checkReply(c, &exchange{reply: &s}, sent)
		case conform.RowIs:
			p.checkRow(s)
		case conform.ControllerRequest:
		default:
			p.t.Fatalf("line %d: %s in a story", s.Line, s.Kind)
		}
	}
	p.settle()
}

// expect gives the stubs the requests that come until the next time.
func (p *simReplay) expect(steps []conform.Step) {
	for i, s := range steps {
		if s.Kind == conform.At {
			steps = steps[:i]
			break
		}
	}
	scripts := script(steps)
	for name, s := range p.stubs {
		s.mu.Lock()
		s.script = scripts[name]
		s.mu.Unlock()
	}
}

// settle waits until JIMM is idle, and reports requests that were not made.
func (p *simReplay) settle() {
	p.t.Helper()
	time.Sleep(10 * time.Millisecond) //nolint:forbidigo // virtual time
	synctest.Wait()
	p.checkStubs()
}
