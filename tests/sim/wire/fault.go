package wire

import (
	"slices"
	"sync"
	"time"
)

// Action is a way to misbehave.
type Action string

// The actions. "The handler runs" means that the work is done although the client may not learn of it.
const (
	DropBefore Action = "drop-before" // the connection breaks; the handler does not run
	DropAfter  Action = "drop-after"  // the handler runs, then the connection breaks without an answer
	Delay      Action = "delay"       // the handler runs, its answer comes Fault.Delay later
	DelayWork  Action = "delay-work"  // the handler starts Fault.Delay later
	NoAnswer   Action = "no-answer"   // the handler runs, no answer ever comes, the connection stays
	Ignore     Action = "ignore"      // the handler does not run, no answer ever comes
	Refuse     Action = "refuse"      // the handler does not run, Fault.Error is the answer
	FailAfter  Action = "fail-after"  // the handler runs, Fault.Error is the answer
	Duplicate  Action = "duplicate"   // the answer is sent twice
	UnknownID  Action = "unknown-id"  // an answer with the id of no request is sent first, then the right one
	Reorder    Action = "reorder"     // the answer waits until another answer has been sent on the same connection
)

// Fault is one scripted misbehaviour. The zero value of each selector matches everything.
type Fault struct {
	Facade string `yaml:"facade,omitempty"`
	Method string `yaml:"method,omitempty"`
	Path   string `yaml:"path,omitempty"` // exact path of the connection's URL

	Action Action        `yaml:"action"`
	Delay  time.Duration `yaml:"delay,omitempty"`
	Error  *Error        `yaml:"error,omitempty"` // for Refuse and FailAfter; nil: message "scripted error", no code

	Skip  int `yaml:"skip,omitempty"`  // this many matching requests are unaffected first
	Times int `yaml:"times,omitempty"` // this many are then affected; 0: all of them

	// Match further narrows the requests; nil matches all.
	Match func(*Request) bool `yaml:"-"`
}

// Faults is a script of faults. It is safe for concurrent use, its zero value is an empty script.
type Faults struct {
	mu     sync.Mutex
	faults []*scripted
}

type scripted struct {
	Fault
	seen, hits int
}

// Add appends faults to the script. The first one that matches a request and is not used up applies to it.
func (f *Faults) Add(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range faults {
		f.faults = append(f.faults, &scripted{Fault: fault})
	}
}

// Clear empties the script.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Unused returns the faults that never matched: a test with a fault that never happened proves nothing.
func (f *Faults) Unused() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var unused []Fault
	for _, s := range f.faults {
		if s.hits == 0 {
			unused = append(unused, s.Fault)
		}
	}
	return unused
}

// take returns the fault that applies to this request, or nil.
func (f *Faults) take(req *Request, path string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.faults, func(s *scripted) bool { return s.hit(req, path) })
	if i < 0 {
		return nil
	}
	fault := f.faults[i].Fault
	return &fault
}

func (s *scripted) hit(req *Request, path string) bool {
	switch {
	case s.Facade != "" && s.Facade != req.Facade,
		s.Method != "" && s.Method != req.Method,
		s.Path != "" && s.Path != path,
		s.Match != nil && !s.Match(req):
		return false
	}
	if s.seen++; s.seen <= s.Skip {
		return false
	}
	if s.Times > 0 && s.hits >= s.Times {
		return false
	}
	s.hits++
	return true
}

func (f *Fault) err() error {
	if f.Error == nil {
		return &Error{Message: "scripted error"}
	}
	return f.Error
}
