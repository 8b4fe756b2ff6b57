package jimm_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/rpc"
)

// The answers of servers are tested with ModelInfo and DialModel.
func TestReadAnswerWithoutAnAnswer(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want jimm.Answer
	}{
		{"no error", nil, jimm.AnswerPresent},
		{"lost", &rpc.ConnectionError{Err: net.ErrClosed}, jimm.AnswerNone},
		{"time limit", &rpc.TimeoutError{Method: "ModelManager.ModelInfo", After: time.Minute}, jimm.AnswerNone},
		{"given up", fmt.Errorf("cannot call: %w", context.Canceled), jimm.AnswerNone},
		{"something else", errors.New("redirection required"), jimm.AnswerUnknown},
	}
	for _, test := range tests {
		if got := jimm.ReadAnswer(test.err); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// Only a few of the messages with which controllers answer "not found" are about the
// model (3.5.4, 3.6.28 and 4.0.15 observed).
func TestNotFoundIsOfTheModelOnly(t *testing.T) {
	const model = "9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"
	for message, want := range map[string]jimm.Answer{
		`model "` + model + `" not found`:               jimm.AnswerGone,
		`getting info: model "` + model + `" not found`: jimm.AnswerGone,
		"model " + model + " has been removed":          jimm.AnswerGone,
		"invoking getDB: database not found":            jimm.AnswerGone,
		"model not found":                               jimm.AnswerUnrecorded,
		`model cache: model "` + model + `" not found`:  jimm.AnswerUnknown,
		`user "carol" not found`:                        jimm.AnswerUnknown,
		"cannot get status: model not found":            jimm.AnswerUnknown,
		`model "` + model + `": settings not found`:     jimm.AnswerUnknown,
		`obtaining model permission: user permission for "us#admin" on "e#` + model + `" not found`: jimm.AnswerUnknown,
	} {
		if got := jimm.ReadAnswer(&rpc.Error{Message: message, Code: rpc.CodeNotFound}); got != want {
			t.Errorf("%q: %v, want %v", message, got, want)
		}
	}
}

func TestGenerationString(t *testing.T) {
	for g, want := range map[jimm.Generation]string{
		jimm.Generation2024: "JIMM of 2024", jimm.Generation2025: "JIMM of mid-2025 or newer", 0: "unknown JIMM",
	} {
		if got := g.String(); got != want {
			t.Errorf("%d: %q", int(g), got)
		}
	}
}
