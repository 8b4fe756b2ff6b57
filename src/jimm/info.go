package jimm

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"jimm-migrator/src/rpc"
)

const (
	infoTimeout = 30 * time.Second
	infoMaxBody = 64 << 10
)

// ErrNotJIMM matches the error of [Info] if another server than JIMM answered,
// or redirected elsewhere. A secret must not be sent there.
var ErrNotJIMM = errors.New("not JIMM")

// ServerInfo is what JIMM reports about its build, for people to read; to find
// out what a server can do, call it. A field is empty if the build has no such
// stamp: JIMM then says "unknown version" and "unknown git commit" (recorded,
// 2024 and 2026).
type ServerInfo struct {
	Version string
	Commit  string
}

// Info asks the version page of the JIMM at opts.URL, GET /debug/info, which
// needs no login; of opts it uses the URL and what concerns the transport. It
// is how a caller makes sure, before it sends a secret, that a JIMM answers at
// an address.
//
// JIMM answers {"GitCommit":"…","Version":"…"} with capitals (2024 and 2026).
// Anything else, a redirect too, is an error that matches [ErrNotJIMM]. No
// answer, or one of a gateway without a server behind it (5xx), is an error
// that matches rpc.ErrConnection.
func Info(ctx context.Context, opts Options) (ServerInfo, error) {
	addr, err := ParseAddress(opts.URL)
	if err != nil {
		return ServerInfo{}, err
	}
	info, err := getInfo(ctx, addr, opts)
	if err != nil {
		return ServerInfo{}, fmt.Errorf("cannot read JIMM's version at %s: %w", addr, err)
	}
	return info, nil
}

func getInfo(ctx context.Context, addr Address, opts Options) (ServerInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, infoTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, addr.DebugInfo(), http.NoBody)
	if err != nil {
		return ServerInfo{}, err
	}
	resp, err := infoClient(opts).Do(req)
	if err != nil {
		return ServerInfo{}, &rpc.ConnectionError{URL: addr.DebugInfo(), Err: innerURLError(err)}
	}
	defer resp.Body.Close()
	if err := checkInfoStatus(addr, resp); err != nil {
		return ServerInfo{}, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, infoMaxBody+1))
	if err != nil {
		return ServerInfo{}, &rpc.ConnectionError{URL: addr.DebugInfo(), Err: err}
	}
	return parseInfo(body)
}

// infoClient makes a client for one request, which follows no redirect.
func infoClient(opts Options) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:       opts.Proxy,
			DialContext: opts.DialContext,
			TLSClientConfig: &tls.Config{
				MinVersion: tls.VersionTLS12,
				RootCAs:    opts.RootCAs,
				ServerName: opts.ServerName,
			},
			DisableKeepAlives: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func checkInfoStatus(addr Address, resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusOK:
		return nil
	case resp.StatusCode >= http.StatusInternalServerError:
		return &rpc.ConnectionError{URL: addr.DebugInfo(), Err: fmt.Errorf("HTTP status %d", resp.StatusCode)}
	}
	if to, err := resp.Location(); err == nil {
		return fmt.Errorf("%w: it redirects to %s://%s", ErrNotJIMM, to.Scheme, to.Host)
	}
	return fmt.Errorf("%w: HTTP status %d", ErrNotJIMM, resp.StatusCode)
}

// parseInfo wants the two keys exactly as JIMM spells them. The decoder of
// encoding/json would take any case for a struct, so a map is used.
func parseInfo(body []byte) (ServerInfo, error) {
	if len(body) > infoMaxBody {
		return ServerInfo{}, fmt.Errorf("%w: its answer is larger than %d bytes", ErrNotJIMM, infoMaxBody)
	}
	var page map[string]json.RawMessage
	if err := json.Unmarshal(body, &page); err != nil {
		return ServerInfo{}, fmt.Errorf("%w: its answer is not a JSON object", ErrNotJIMM)
	}
	var info ServerInfo
	for key, field := range map[string]*string{"Version": &info.Version, "GitCommit": &info.Commit} {
		if err := json.Unmarshal(page[key], field); err != nil || !isPlain(*field) {
			return ServerInfo{}, fmt.Errorf("%w: its answer has no text under %q", ErrNotJIMM, key)
		}
		*field = stamp(*field)
	}
	return info, nil
}

// stamp returns what a build reports about itself, "" if it reports that it does
// not know.
func stamp(text string) string {
	if strings.HasPrefix(text, "unknown ") {
		return ""
	}
	return text
}

// isPlain reports whether text is one short printable line.
func isPlain(text string) bool {
	return text != "" && len(text) <= 256 && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}
