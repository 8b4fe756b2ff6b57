package unit

import (
	"net/http"
	"slices"
	"sync"
)

// Gateway is a proxy that refuses every request and records it.
type Gateway struct {
	// First is closed by the first request, if it is set.
	First chan struct{}

	mu       sync.Mutex
	requests []string
}

// ServeHTTP records and refuses a request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.First != nil && len(g.requests) == 0 {
		close(g.First)
	}
	g.requests = append(g.requests, r.Method+" "+r.Host)
	http.Error(w, "refused", http.StatusBadGateway)
}

// Requests returns the requests so far, as method and host.
func (g *Gateway) Requests() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.requests)
}
