package charm_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"jimm-migrator/charm"
)

// Canaries: each kind of secret value that encodings could carry past a filter.
const (
	plainCanary = "c4n4ry-0123456789"
	oddCanary   = "c4n4ry \"odd\\<&>%é\t=/+"
	longCanary  = "-----BEGIN KEY-----\nc4n4ryAAAAAAAAAAAAAAAA\nc4n4ryBBBBBBBBBBBBBBBB\n-----END KEY-----\n"
)

// canaryForms are texts in which the canaries travel.
func canaryForms() []string {
	list := []string{
		plainCanary, oddCanary, longCanary,
		"x" + plainCanary + plainCanary + "x",
		fmt.Sprintf("%q %q", oddCanary, longCanary),
		fmt.Sprintf("%q", fmt.Sprintf("%q", oddCanary)),
		url.QueryEscape(oddCanary), url.PathEscape(oddCanary),
		base64.StdEncoding.EncodeToString([]byte(plainCanary)),
		base64.URLEncoding.EncodeToString([]byte(oddCanary)),
		strings.Join(strings.Fields(longCanary), " "),
		"only a line of it: c4n4ryAAAAAAAAAAAAAAAA",
		strings.Repeat("x", 490) + plainCanary, // where a line is cut
	}
	encoded, _ := json.Marshal([]string{oddCanary, longCanary})
	return append(list, string(encoded))
}

// leak finds a canary, or what could be a piece of one.
func leak(text string) bool {
	lower := strings.ToLower(text)
	return strings.Contains(lower, "c4n4") ||
		strings.Contains(text, base64.RawStdEncoding.EncodeToString([]byte("c4n4ry"))[:8])
}

func TestSecretsNeverLeave(t *testing.T) {
	content, _ := json.Marshal(map[string]string{
		"client-id": "migrator", "plain": plainCanary, "odd": oddCanary, "long": longCanary,
	})
	var stderr strings.Builder
	f := &tools{
		answers: map[string]string{"secret-get": string(content)},
		refuse:  map[string]error{"is-leader": refusal("is-leader", "bad "+plainCanary)},
	}
	var errs []error
	steal := func(ctx context.Context, u *charm.Unit, text string) {
		logger := u.Logger().With(slog.String("k", text)).WithGroup("g")
		logger.WarnContext(ctx, text, slog.String("k", text), slog.Group("h", slog.Any("k", []string{text})))
		err := u.SetStatus(ctx, charm.StatusBlocked, text)
		err = errors.Join(err, u.SetWorkloadVersion(ctx, text))
		if err != nil {
			t.Error(err)
		}
		_, err = u.Leader(ctx)
		errs = append(errs, err,
			u.SetState(ctx, map[string]string{"k": text}),
			u.SetState(ctx, map[string]string{text: "v"}),
			u.SetRelationData(ctx, "db:7", "vault/0", map[string]string{"k": text}))
	}
	for _, text := range canaryForms() {
		for _, how := range []string{"error", "strict", "panic", "unfailable"} {
			app := charm.App{Stderr: &stderr}
			app.Actions = map[string]charm.ActionFunc{"act": func(ctx context.Context, a *charm.Action) error {
				got, err := a.Secret(ctx, secretURI, charm.SecretOptions{Public: []string{"client-id"}})
				if err != nil || got["odd"] != oddCanary || got["client-id"] != "migrator" {
					t.Errorf("secret: %v, %v", got, err)
				}
				a.Log(ctx, text)
				steal(ctx, a.Unit, text)
				if err := a.SetResults(ctx, map[string]any{"r": text, "l": []string{text}}); err != nil {
					t.Error(err)
				}
				switch how {
				case "panic":
					panic(text)
				case "strict":
					return &charm.StrictError{Err: errors.New(text)}
				}
				return errors.New(text)
			}}
			app.AnyHook = func(ctx context.Context, h *charm.Hook) error {
				if _, err := h.Secret(ctx, secretURI, charm.SecretOptions{}); err != nil {
					t.Error(err)
				}
				if how == "panic" {
					panic(text)
				}
				return errors.New(text)
			}
			delete(f.refuse, "action-fail")
			delete(f.refuse, "juju-log")
			if how == "unfailable" {
				f.refuse["action-fail"] = refusal("action-fail", text)
				f.refuse["juju-log"] = refusal("juju-log", text)
			}
			charm.Dispatch(t.Context(), app, actionEnv("act"), f)
			charm.Dispatch(t.Context(), app, hookEnv("start"), f)
		}
	}
	for _, call := range f.argv {
		if all := fmt.Sprint(call.Args) + string(call.Stdin); leak(all) {
			t.Errorf("%s leaks: %s", call.Tool, all)
		}
	}
	for _, tool := range []string{"action-log", "action-set", "action-fail", "status-set", "juju-log", "application-version-set"} {
		if calls := f.ran(tool); len(calls) == 0 || !strings.Contains(calls[0], "[redacted]") {
			t.Errorf("%s was not tried", tool)
		}
	}
	if leak(stderr.String()) || !strings.Contains(stderr.String(), "[redacted]") {
		t.Errorf("stderr leaks, or was not tried: %s", stderr.String())
	}
	for _, err := range errs {
		if err != nil && strings.Contains(err.Error(), "is-leader") && leak(err.Error()) {
			t.Errorf("error leaks: %v", err)
		}
	}
	for _, tool := range []string{"state-set", "state-delete", "relation-set"} {
		equal(t, tool, f.ran(tool), []string(nil))
	}
}

func TestPublicKeysOfASecretMayBeShown(t *testing.T) {
	f := &tools{answers: map[string]string{"secret-get": `{"client-id":"migrator","client-secret":"hunter2!"}`}}
	inAction(t, f, func(ctx context.Context, a *charm.Action) error {
		if _, err := a.Secret(ctx, secretURI, charm.SecretOptions{Public: []string{"client-id"}}); err != nil {
			return err
		}
		a.Log(ctx, "migrator has hunter2!")
		return nil
	})
	equal(t, "tools", f.ran("action-log"), []string{`action-log "--" "migrator has [redacted]"`})
}

func TestExamplesOfASecretMayBeShown(t *testing.T) {
	f := &tools{answers: map[string]string{"secret-get": `{"client-id":"ID","client-secret":"SECRET"}`}}
	inAction(t, f, func(ctx context.Context, a *charm.Action) error {
		if _, err := a.Secret(ctx, secretURI, charm.SecretOptions{Examples: []string{"SECRET"}}); err != nil {
			return err
		}
		a.Log(ctx, "type client-secret=SECRET")
		return nil
	})
	equal(t, "tools", f.ran("action-log"), []string{`action-log "--" "type client-secret=SECRET"`})
}

func TestRedactHidesOtherSecrets(t *testing.T) {
	f := &tools{}
	inAction(t, f, func(ctx context.Context, a *charm.Action) error {
		a.Redact("token-1", "token-12345", "")
		a.Log(ctx, "token-12345 token-1 a")
		a.Redact("abc") // too short
		a.Log(ctx, "abc")
		return nil
	})
	equal(t, "tools", f.ran(""), []string{`action-log "--" "[redacted] [redacted] a"`, `action-log "--" "abc"`})
}

func TestResultsRefuseKeysThatHoldASecret(t *testing.T) {
	f := &tools{}
	inAction(t, f, func(ctx context.Context, a *charm.Action) error {
		a.Redact("hidden-key")
		err := a.SetResults(ctx, map[string]any{"a": 1, "b": map[string]any{"my-hidden-key": 1}})
		if err == nil || strings.Contains(err.Error(), "hidden-key") {
			t.Errorf("got error %v, want one without the key", err)
		}
		return nil
	})
	equal(t, "tools", f.ran(""), []string(nil))
}
