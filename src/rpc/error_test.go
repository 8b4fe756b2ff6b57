package rpc_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/rpc"
)

func TestAnswers(t *testing.T) {
	type reply struct{ N int }
	for name, tt := range map[string]struct {
		answer string // the rest of the envelope
		want   reply
		err    *rpc.Error
	}{
		"response":                  {answer: `"response":{"n":7}`, want: reply{7}},
		"unknown members":           {answer: `"response":{"n":7,"m":[{}]},"trace-id":"x"`, want: reply{7}},
		"no response":               {answer: `"trace-id":"x"`},
		"null response":             {answer: `"response":null`},
		"null error":                {answer: `"error":null,"error-code":"","error-info":null,"response":{"n":7}`, want: reply{7}},
		"empty error":               {answer: `"error":"","response":{"n":7}`, want: reply{7}},
		"error":                     {answer: `"error":"boom","response":{}`, err: &rpc.Error{Message: "boom"}},
		"error with code":           {answer: `"error":"gone","error-code":"not found","response":{}`, err: &rpc.Error{Message: "gone", Code: rpc.CodeNotFound}},
		"error without a response":  {answer: `"error":"model not found","error-code":"not found"`, err: &rpc.Error{Message: "model not found", Code: rpc.CodeNotFound}},
		"error with info":           {answer: `"error":"go","error-code":"redirection required","error-info":{"a":[1]},"response":{}`, err: &rpc.Error{Message: "go", Code: rpc.CodeRedirect, Info: json.RawMessage(`{"a":[1]}`)}},
		"code alone":                {answer: `"error-code":"try again"`, err: &rpc.Error{Code: "try again"}},
		"unknown code":              {answer: `"error":"x","error-code":"from the future"`, err: &rpc.Error{Message: "x", Code: "from the future"}},
		"error object":              {answer: `"error":{"message":"m","code":"c"}`, err: &rpc.Error{Message: "m", Code: "c"}},
		"error of another type":     {answer: `"error":[1]`, err: &rpc.Error{Message: "[1]"}},
		"error beside bad response": {answer: `"response":"text","error":"boom"`, err: &rpc.Error{Message: "boom"}},
		"error beside bad code":     {answer: `"error":"boom","error-code":5`, err: &rpc.Error{Message: "boom"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got reply
			err := rpc.DecodeAnswer([]byte(`{"request-id":1,`+tt.answer+"}\n"), &got)
			answered, _ := errors.AsType[*rpc.Error](err)
			if diff := cmp.Diff(tt.err, answered); diff != "" {
				t.Errorf("error differs (-want +got):\n%s", diff)
			}
			if tt.err == nil && err != nil {
				t.Errorf("unexpected error: %v", err)
			}
			if diff := cmp.Diff(tt.want, got); tt.err == nil && diff != "" {
				t.Errorf("reply differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResponseThatIsNoObject(t *testing.T) {
	conn := connect(t, rpc.DialOptions{}, func(s *server) {
		for r := s.next(); r != nil; r = s.next() {
			s.answer(r, `"0001-01-01T00:00:00Z"`) // MigrationTarget.LatestLogTime, Juju 4.0-beta8
		}
	})
	var text string
	if err := conn.Call(t.Context(), modelInfo, nil, &text); err != nil || text != "0001-01-01T00:00:00Z" {
		t.Errorf("into a string: %q, %v", text, err)
	}
	if err := conn.Call(t.Context(), modelInfo, nil, nil); err != nil {
		t.Errorf("discarded: %v", err)
	}
	var object struct{}
	err := conn.Call(t.Context(), modelInfo, nil, &object)
	const want = "cannot decode the answer of ModelManager.ModelInfo: json: cannot unmarshal string into Go struct field answer.response of type struct {}"
	if err == nil || err.Error() != want {
		t.Errorf("into an object: %v, want %q", err, want)
	}
	if conn.Err() != nil {
		t.Errorf("the connection ended: %v", conn.Err())
	}
}

func TestServersErrorIsReturnedAsItIs(t *testing.T) {
	conn := connect(t, rpc.DialOptions{}, func(s *server) {
		s.next()
		s.send(`{"request-id":1,"error":"permission denied","error-code":"unauthorized access"}`)
		s.next()
	})
	err := conn.Call(t.Context(), modelInfo, nil, nil)
	if err == nil || err.Error() != "permission denied" {
		t.Errorf("got %v, want permission denied and no more", err)
	}
	if !errors.Is(err, rpc.CodeUnauthorized) || errors.Is(err, rpc.ErrConnection) {
		t.Errorf("%v matches the wrong things", err)
	}
}

func TestItemErrorsDecode(t *testing.T) {
	var got struct {
		Results []struct {
			Error *rpc.Error `json:"error,omitempty"`
		} `json:"results"`
	}
	const wire = `{"results":[{},{"error":null},{"error":{"message":"m","code":"not found"}},
		{"error":{"message":"m","code":""}},{"error":{"message":"m","code":"c","info":{"a":1}}},
		{"error":{"message":"m","info":null}},{"error":"text"},{"error":{"message":5,"code":"c"}},{"error":7}]}`
	if err := json.Unmarshal([]byte(wire), &got); err != nil {
		t.Fatal(err)
	}
	var errs []*rpc.Error
	for _, item := range got.Results {
		errs = append(errs, item.Error)
	}
	want := []*rpc.Error{
		nil,
		nil,
		{Message: "m", Code: rpc.CodeNotFound},
		{Message: "m"},
		{Message: "m", Code: "c", Info: json.RawMessage(`{"a":1}`)},
		{Message: "m"},
		{Message: "text"},
		{Code: "c"},
		{Message: "7"},
	}
	if diff := cmp.Diff(want, errs); diff != "" {
		t.Errorf("errors differ (-want +got):\n%s", diff)
	}
}

func TestErrorMatchesItsCode(t *testing.T) {
	for name, tt := range map[string]struct {
		err    rpc.Error
		target error
		want   bool
	}{
		"same code":               {rpc.Error{Code: rpc.CodeNotFound}, rpc.CodeNotFound, true},
		"another code":            {rpc.Error{Code: rpc.CodeModelNotFound}, rpc.CodeNotFound, false},
		"text is no code":         {rpc.Error{Message: "not found"}, rpc.CodeNotFound, false},
		"no code at all":          {rpc.Error{Message: "x"}, rpc.Code(""), false},
		"no code error":           {rpc.Error{Code: rpc.CodeNotFound}, rpc.ErrConnection, false},
		"migration without code":  {rpc.Error{Message: "model migration in progress"}, rpc.CodeMigrationInProgress, true},
		"migration with code":     {rpc.Error{Code: "model migration in progress"}, rpc.CodeMigrationInProgress, true},
		"migration, another code": {rpc.Error{Message: "model migration in progress", Code: "x"}, rpc.CodeMigrationInProgress, false},
	} {
		t.Run(name, func(t *testing.T) {
			wrapped := fmt.Errorf("cannot do it: %w", &tt.err)
			if got := errors.Is(wrapped, tt.target); got != tt.want {
				t.Errorf("errors.Is = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	for want, err := range map[string]rpc.Error{
		"boom":          {Message: "boom", Code: "c"},
		"not found":     {Code: rpc.CodeNotFound},
		"unknown error": {},
	} {
		if got := err.Error(); got != want {
			t.Errorf("%#v says %q, want %q", err, got, want)
		}
	}
}

func TestDecodeInfo(t *testing.T) {
	var info struct{ A int }
	err := &rpc.Error{Info: json.RawMessage(`{"a":3}`)}
	if failure := err.DecodeInfo(&info); failure != nil || info.A != 3 {
		t.Errorf("got %v, %v", info, failure)
	}
	for name, err := range map[string]*rpc.Error{
		"none":  {},
		"wrong": {Info: json.RawMessage(`[1]`)},
	} {
		if failure := err.DecodeInfo(&info); failure == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
