package loki

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// entry is a line with its time.
type entry struct {
	at   time.Time
	line string
}

// sender sends lines to one Loki.
type sender struct {
	url    string
	labels map[string]string
	client *http.Client
	limit  int
	more   chan struct{}
	closed chan struct{}

	mu    sync.Mutex
	queue []entry
	lost  int
	err   error
}

// The pauses between two attempts.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// add puts an entry at the end of the queue. If it is full, the oldest entry is
// dropped: the present state of a migration matters more than its past.
func (s *sender) add(e entry) {
	s.mu.Lock()
	if len(s.queue) >= s.limit {
		s.queue = s.queue[1:]
		s.lost++
	}
	s.queue = append(s.queue, e)
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// run sends until the client is closed and the queue is empty, or ctx is done.
func (s *sender) run(ctx context.Context) {
	pause := firstPause
	for {
		switch err := s.flush(ctx); {
		case ctx.Err() != nil:
			return
		case err == nil:
			pause = firstPause
			if !s.idle(ctx) {
				return
			}
		default:
			if !s.wait(ctx, pause) {
				return
			}
			pause = min(2*pause, lastPause)
		}
	}
}

// idle waits for more. It returns false if there is none to come.
func (s *sender) idle(ctx context.Context) bool {
	select {
	case <-s.more:
		return true
	default:
	}
	select {
	case <-s.more:
		return true
	case <-s.closed:
		return s.waiting() > 0
	case <-ctx.Done():
		return false
	}
}

// wait pauses after a failure, for a shorter time once the client is closed.
func (s *sender) wait(ctx context.Context, pause time.Duration) bool {
	closed := s.closed
	select {
	case <-closed:
		closed, pause = nil, min(pause, firstPause/4)
	default:
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closed:
	case <-ctx.Done():
		return false
	}
	return true
}

func (s *sender) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue)
}

// flush sends all that waits, in one push. Entries that could not be sent go
// back to the front, as far as there is room.
func (s *sender) flush(ctx context.Context) error {
	s.mu.Lock()
	batch := s.queue
	s.queue = nil
	s.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	again, err := s.push(ctx, batch)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		return nil
	}
	if ctx.Err() == nil || s.err == nil {
		s.err = err // The end of the client is not a reason, if there was one before.
	}
	if !again {
		s.lost += len(batch)
		return nil
	}
	all := append(batch, s.queue...)
	if over := len(all) - s.limit; over > 0 {
		all = all[over:]
		s.lost += over
	}
	s.queue = all
	return err
}

// push sends a batch. again reports whether it makes sense to try that again.
func (s *sender) push(ctx context.Context, batch []entry) (again bool, err error) {
	body, err := encode(s.labels, batch)
	if err != nil {
		return false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return false, errors.New("its address is not a URL")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return true, err
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	if resp.StatusCode/100 == 2 {
		return false, nil
	}
	again = resp.StatusCode/100 == 5 || resp.StatusCode == http.StatusTooManyRequests
	return again, fmt.Errorf("HTTP status %d: %s", resp.StatusCode, strings.Join(strings.Fields(string(text)), " "))
}

// encode makes the body of a push: one stream, times in nanoseconds as text.
func encode(labels map[string]string, batch []entry) ([]byte, error) {
	type stream struct {
		Stream map[string]string `json:"stream"`
		Values [][2]string       `json:"values"`
	}
	values := make([][2]string, len(batch))
	for i, e := range batch {
		values[i] = [2]string{strconv.FormatInt(e.at.UnixNano(), 10), e.line}
	}
	return json.Marshal(map[string][]stream{"streams": {{Stream: labels, Values: values}}})
}

// loss returns what did not arrive, or nil.
func (s *sender) loss() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.lost + len(s.queue); n > 0 {
		return &LossError{URL: withoutPassword(s.url), Lines: n, Err: s.err}
	}
	return nil
}

// withoutPassword hides the password in a URL.
func withoutPassword(raw string) string {
	at, err := url.Parse(raw)
	if err != nil {
		return "an address that is not a URL"
	}
	return at.Redacted()
}

func lossText(e *LossError) string {
	lines := "lines"
	if e.Lines == 1 {
		lines = "line"
	}
	text := fmt.Sprintf("cannot push %d %s to Loki at %s", e.Lines, lines, e.URL)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}
