package jimm_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/rpc"
)

func TestInfo(t *testing.T) {
	f := serve(t, nil)
	f.http = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/prod/debug/info" || r.Method != http.MethodGet || r.Header.Get("Authorization") != "" {
			t.Errorf("%s %s %v", r.Method, r.URL.Path, r.Header)
		}
		io.WriteString(w, `{"GitCommit":"0123abcd","Version":"v3.1.12"}`)
	}
	opts := f.options()
	opts.URL = "ws://jimm.test/prod/api"
	got, err := jimm.Info(t.Context(), opts)
	if want := (jimm.ServerInfo{Version: "v3.1.12", Commit: "0123abcd"}); err != nil || got != want {
		t.Errorf("got %+v, error %v", got, err)
	}
}

func TestInfoDetectsServersThatAreNotJIMM(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	const good = `{"GitCommit":"x","Version":"y"}`
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    error
	}{
		{"not found", answer(http.StatusNotFound, good), jimm.ErrNotJIMM},
		{"needs a login", answer(http.StatusUnauthorized, good), jimm.ErrNotJIMM},
		{"a page", answer(http.StatusOK, "<html>"), jimm.ErrNotJIMM},
		{"a list", answer(http.StatusOK, "[]"), jimm.ErrNotJIMM},
		{"null", answer(http.StatusOK, "null"), jimm.ErrNotJIMM},
		{"empty", answer(http.StatusOK, ""), jimm.ErrNotJIMM},
		{"small letters", answer(http.StatusOK, `{"gitcommit":"x","version":"y"}`), jimm.ErrNotJIMM},
		{"only a version", answer(http.StatusOK, `{"Version":"y"}`), jimm.ErrNotJIMM},
		{"numbers", answer(http.StatusOK, `{"GitCommit":1,"Version":2}`), jimm.ErrNotJIMM},
		{"nulls", answer(http.StatusOK, `{"GitCommit":null,"Version":null}`), jimm.ErrNotJIMM},
		{"several lines", answer(http.StatusOK, `{"GitCommit":"x\ny","Version":"y"}`), jimm.ErrNotJIMM},
		{"an endless text", answer(http.StatusOK, `{"GitCommit":"`+strings.Repeat("x", 300)+`","Version":"y"}`), jimm.ErrNotJIMM},
		{"more than the limit", answer(http.StatusOK, good+strings.Repeat(" ", 64<<10)), jimm.ErrNotJIMM},
		{"a gateway without JIMM", answer(http.StatusBadGateway, good), rpc.ErrConnection},
		{"unavailable", answer(http.StatusServiceUnavailable, good), rpc.ErrConnection},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.test/debug/info?token="+canary, http.StatusFound)
		}, jimm.ErrNotJIMM},
		{"cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, rpc.ErrConnection},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, nil)
			f.http = test.handler
			info, err := jimm.Info(t.Context(), f.options())
			if !errors.Is(err, test.want) {
				t.Fatalf("info %+v, error %v, want %v", info, err, test.want)
			}
			if !strings.HasPrefix(err.Error(), "cannot read JIMM's version at ws://jimm.test: ") || strings.Contains(err.Error(), canary) {
				t.Errorf("error %q", err)
			}
			if len(f.dialled()) != 1 {
				t.Errorf("asked %v", f.dialled())
			}
		})
	}
}

func TestInfoWithTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"GitCommit":"x","Version":"y"}`)
	}))
	server.Config.ErrorLog = discardLog()
	server.StartTLS()
	defer server.Close()
	opts := jimm.Options{URL: server.URL}
	if _, err := jimm.Info(t.Context(), opts); !errors.Is(err, rpc.ErrConnection) {
		t.Errorf("unknown authority: %v", err)
	}
	opts.RootCAs = x509.NewCertPool()
	opts.RootCAs.AddCert(server.Certificate())
	if _, err := jimm.Info(t.Context(), opts); err != nil {
		t.Error(err)
	}
}

func TestInfoEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, nil)
		f.http = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		start := time.Now()
		_, err := jimm.Info(t.Context(), f.options())
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, rpc.ErrConnection) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
