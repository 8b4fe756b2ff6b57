package jimm_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"strings"
	"testing"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/rpc"
)

const canary = "CANARY-9f3c"

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

func TestSecretIsRevealedOnlyByReveal(t *testing.T) {
	secret := jimm.NewSecret(canary)
	if secret.Reveal() != canary || secret.IsZero() {
		t.Errorf("Reveal gives %q", secret.Reveal())
	}
	if !jimm.NewSecret("").IsZero() || (jimm.Secret{}).Reveal() != "" {
		t.Error("the empty secret is not zero")
	}
}

func TestSecretNeverPrints(t *testing.T) {
	secret := jimm.NewSecret(canary)
	hidden := struct{ secret jimm.Secret }{secret} // fmt calls no methods in there
	opts := jimm.Options{ClientID: "id", ClientSecret: secret}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%T", "%30s"} {
		for _, value := range []any{secret, &secret, []jimm.Secret{secret}, map[string]jimm.Secret{"k": secret}, hidden, &hidden, opts, &opts} {
			fmt.Fprintf(&out, verb+"\n", value)
		}
	}
	handlers := []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)}
	for _, handler := range handlers {
		slog.New(handler).Info("x", slog.Any("secret", secret), slog.Any("struct", struct{ S jimm.Secret }{secret}))
	}
	for _, value := range []any{secret, &secret, struct{ S jimm.Secret }{secret}, map[string]any{"s": secret}} {
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(data)
	}
	text, err := secret.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	out.WriteString(secret.String() + fmt.Sprint(secret.LogValue()))
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the secret was printed as %q", form)
		}
	}
	if !strings.Contains(out.String(), "[redacted]") {
		t.Error("nothing says that something was left out")
	}
}

// If a server repeats what it was sent, we must not print it.
func TestSecretIsNotInLoginErrors(t *testing.T) {
	for _, answer := range []string{
		`{"error":"bad secret ` + canary + `","error-code":"unauthorized access","response":{}}`,
		`{"error":"x","error-code":"` + canary + `","error-info":{"secret":"` + canary + `"},"response":{}}`,
		`{"error":"x ` + canary + `"}`,
		`{"response":{"controller-tag":"` + "machine-0" + `"}}`,
		"cut",
	} {
		request := `C-> {"params":{"client-id":"` + adminID + `","client-secret":"` + canary + `"},"request":"LoginWithClientCredentials","request-id":1,"type":"Admin","version":4}`
		t.Run(answer, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": request + "\n<-C " + answer})
			opts := f.options()
			opts.ClientSecret = jimm.NewSecret(canary)
			_, err := jimm.Connect(t.Context(), opts)
			if err == nil {
				t.Fatal("no error")
			}
			var out bytes.Buffer
			fmt.Fprintf(&out, "%v %+v %#v %q", err, err, err, err)
			for e := err; e != nil; e = errors.Unwrap(e) {
				fmt.Fprintf(&out, "%+v %#v", e, e)
			}
			if answered, ok := errors.AsType[*rpc.Error](err); ok {
				fmt.Fprintf(&out, "%+v %s", answered, answered.Info)
			}
			if strings.Contains(out.String(), canary) {
				t.Errorf("the secret is in the error: %s", out.String())
			}
		})
	}
}

func TestSecretIsNotInAPrintedClient(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024, modelPath: loginModel})
	client := f.connect()
	model, err := client.DialModel(t.Context(), modelUUID)
	if err != nil {
		t.Fatal(err)
	}
	_ = model.Close()
	_ = client.Close()
	if out := fmt.Sprintf("%+v %#v %+v %#v", client, client, model, model); strings.Contains(out, adminSecret) {
		t.Error("the secret was printed")
	}
}
