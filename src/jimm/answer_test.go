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

func TestAnswersHaveDifferentWords(t *testing.T) {
	words := make(map[string]jimm.Answer)
	for a := jimm.AnswerUnknown; a <= jimm.AnswerNone; a++ {
		if other, ok := words[a.String()]; ok {
			t.Errorf("%d and %d are both %q", a, other, a)
		}
		words[a.String()] = a
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
