package loki

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Options say where lines go. URLs is required; the zero value of the rest
// works.
type Options struct {
	// URLs are where each line is pushed, such as
	// http://loki-0:3100/loki/api/v1/push.
	URLs []string
	// Labels are the labels of the one stream that all lines belong to. Keep
	// them few, and their values the same for the life of a unit: Loki stores
	// each combination separately.
	Labels map[string]string
	// RootCAs are the authorities to trust; nil means those of the system.
	RootCAs *x509.CertPool
	// Proxy chooses the proxy of a request, as in http.Transport; nil: none.
	Proxy func(*http.Request) (*url.URL, error)
	// DialContext makes the network connection; nil means a net.Dialer.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// Queue is the number of lines that wait for one Loki at most; 512 if zero.
	Queue int
	// Timeout limits one push; 5 s if zero.
	Timeout time.Duration
	// Patience is how long Close waits for what is still to be sent; 2 s if
	// zero.
	Patience time.Duration
}

// The defaults of [Options].
const (
	DefaultQueue    = 512
	DefaultTimeout  = 5 * time.Second
	DefaultPatience = 2 * time.Second
)

// Client sends lines to one or several Lokis. Its methods may be called by several
// goroutines at once, and on nil, which sends nothing.
type Client struct {
	patience time.Duration
	senders  []*sender
	closed   chan struct{}
	once     sync.Once
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu   sync.Mutex
	last time.Time // of the latest line
}

// Open makes a client and starts one goroutine for each URL; [Client.Close] ends
// them. They outlive the context, because the log must also have the end of an
// action, even of one that was cancelled.
func Open(ctx context.Context, opts Options) *Client {
	opts = opts.withDefaults()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &Client{patience: opts.Patience, closed: make(chan struct{}), cancel: cancel}
	client := opts.client()
	for _, to := range opts.URLs {
		s := &sender{
			url: to, labels: opts.Labels, client: client, limit: opts.Queue,
			more: make(chan struct{}, 1), closed: c.closed,
		}
		c.senders = append(c.senders, s)
		c.running.Go(func() { s.run(ctx) })
	}
	return c
}

func (o Options) withDefaults() Options {
	if o.Queue <= 0 {
		o.Queue = DefaultQueue
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
	}
	return o
}

func (o Options) client() *http.Client {
	return &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{
			Proxy:           o.Proxy,
			DialContext:     o.DialContext,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Push queues a line. It returns at once.
func (c *Client) Push(line string) {
	if c == nil {
		return
	}
	at := c.now()
	for _, s := range c.senders {
		s.add(entry{at, line})
	}
}

// now returns the time, later than that of the line before, because Loki takes
// two lines with the same time and text for one.
func (c *Client) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if !now.After(c.last) {
		now = c.last.Add(1)
	}
	c.last = now
	return now
}

// LossError reports how many lines did not arrive.
type LossError struct {
	// URL is the Loki that did not get them.
	URL string
	// Lines is their number.
	Lines int
	// Err is the last failure; nil if nothing failed and there was only too
	// little room or time.
	Err error
}

// Error names the number, the place and the reason.
func (e *LossError) Error() string { return lossText(e) }

// Unwrap returns the last failure.
func (e *LossError) Unwrap() error { return e.Err }

// Close waits for what is on its way, for as long as Options.Patience, and ends
// the client. The error joins a [*LossError] for each Loki that lacks lines.
func (c *Client) Close() error {
	if c == nil {
		return nil
	}
	c.once.Do(func() { close(c.closed) })
	done := make(chan struct{})
	go func() { // ends when the senders have, which cancel makes certain
		c.running.Wait()
		close(done)
	}()
	timer := time.NewTimer(c.patience)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
	c.cancel()
	<-done
	var errs []error
	for _, s := range c.senders {
		if err := s.loss(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
