package soak_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"jimm-migrator/src/config"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
)

// life is one process of ours, and how its run ended.
type life struct {
	story  *story
	death  kill // n is 0: it is not killed
	link   *link
	cancel context.CancelFunc
	judged func(migration.JudgedEvent)

	mu       sync.Mutex
	killed   bool
	conns    []*wiretap
	step     string
	diedIn   string
	sent     int // in this step
	got      int
	texts    []string // everything that it has printed
	starts   int      // how often it has requested a migration
	records  int
	latest   migration.JudgedEvent
	verdicts []string // Each with what was observed, when it changed.

	result migration.Result
	err    error
	began  time.Time
	took   time.Duration
}

type fate int

const (
	alive fate = iota
	dead
	diesBefore
	diesAfter
)

func (l *life) dead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.killed
}

func (l *life) lostSilently() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.killed && l.death.silent
}

// sends decides what happens to a message that is to be sent.
func (l *life) sends() fate {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.killed {
		return dead
	}
	l.sent++
	switch k := l.death; {
	case k.n == 0 || k.step != l.step || l.sent < k.n:
		return alive
	case k.how == "lost":
		return diesBefore
	case k.how == "arrived":
		return diesAfter
	default:
		return alive
	}
}

// gets decides what happens to a piece of an answer.
func (l *life) gets() fate {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.killed {
		return dead
	}
	l.got++
	if k := l.death; k.n > 0 && k.how == "answered" && k.step == l.step && l.got >= k.n {
		return diesAfter
	}
	return alive
}

// kill ends the process. If its node is lost, its connections are lost later.
func (l *life) kill() {
	l.mu.Lock()
	l.killed, l.diedIn = true, l.step
	conns := l.conns
	l.mu.Unlock()
	if !l.death.silent {
		l.bury(conns)
	}
	l.cancel()
}

func (l *life) bury(conns []*wiretap) {
	for _, c := range conns {
		_ = c.Conn.Close()
	}
}

func (l *life) enter(step string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.step != step {
		l.step, l.sent, l.got = step, 0, 0
	}
}

func (l *life) report(e migration.Event) {
	switch f := e.(type) {
	case migration.FreezeEvent, migration.AttachEvent, migration.WaitEvent:
		l.enter("watch")
	case migration.VerifyEvent, migration.AgentsEvent:
		l.enter("verify")
	case migration.RecordEvent:
		f.Err = nil // Its text is documented to be raw.
		e = f
	case migration.JudgedEvent:
		l.judge(f)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.texts = append(l.texts, report.Line(e))
}

// judge counts a verdict.
func (l *life) judge(e migration.JudgedEvent) {
	if e.Verdict == judge.Migrated || e.Verdict == judge.SourceRetains {
		l.enter("verify")
	}
	l.mu.Lock()
	if e != l.latest {
		l.latest = e
		l.verdicts = append(l.verdicts, fmt.Sprintf("%v: %+v", time.Since(l.began), e))
	}
	l.mu.Unlock()
	l.judged(e)
}

// StartMigration and RecordController make a life the writer of its engine.
type pen struct {
	migration.Writer
	life *life
}

// StartMigration records that this is the step start.
func (p *pen) StartMigration(ctx context.Context, m facts.Model, c facts.Controller) (string, error) {
	p.life.enter("start")
	defer p.life.enter("watch")
	p.life.mu.Lock()
	p.life.starts++
	p.life.mu.Unlock()
	return p.Writer.StartMigration(ctx, m, c)
}

// RecordController records that this is the step record.
func (p *pen) RecordController(ctx context.Context, proof judge.Proof) error {
	p.life.enter("record")
	defer p.life.enter("verify")
	p.life.mu.Lock()
	p.life.records++
	p.life.mu.Unlock()
	return p.Writer.RecordController(ctx, proof)
}

type deed func(ctx context.Context, j survey.JAAS, w migration.Writer) (migration.Result, error)

// live runs an action once.
func (l *life) live(ctx context.Context, settings config.Settings, do deed) {
	ctx, l.cancel = context.WithCancel(ctx)
	defer l.cancel()
	l.enter("check")
	l.began = time.Now()
	defer func() { l.took = time.Since(l.began) }()
	opened, err := jaas.Connect(ctx, settings)
	if err != nil {
		l.err = err
		return
	}
	defer opened.Close()
	engine := opened.Engine
	if l.story.dryRuns {
		engine.DryRunner = dryRunner{opened.DryRunner(), l.story}
	}
	l.result, l.err = do(ctx, engine, &pen{opened.Writer(), l})
}

// dialer is how a process reaches the servers.
func (l *life) dialer() func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return l.link.dial(ctx, l, network, address)
	}
}
