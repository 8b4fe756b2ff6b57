package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// request is a request as the wire has it, member for member.
type request struct {
	RequestID uint64 `json:"request-id"`
	Type      string `json:"type"`
	Version   int    `json:"version"`
	ID        string `json:"id,omitempty"`
	Request   string `json:"request"`
	Params    any    `json:"params,omitempty"`
}

// head is what the reader needs to know of a message.
type head struct {
	RequestID uint64          `json:"request-id"`
	Request   json.RawMessage `json:"request"`
}

// answeredID returns the request id that a message from a server answers. It
// is 0 for what answers nothing: a request, an event, an id that is none of
// ours, or only white space. Only what is not JSON is an error.
func answeredID(message []byte) (uint64, error) {
	if len(bytes.TrimSpace(message)) == 0 {
		return 0, nil
	}
	var h head
	if err := json.Unmarshal(message, &h); err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return 0, nil
		}
		return 0, fmt.Errorf("the server sent a message that is not JSON: %w", err)
	}
	if present(h.Request) != nil {
		return 0, nil
	}
	return h.RequestID, nil
}

// answer is the rest of an answer, decoded by the call that waits for it. Error
// is raw because it is usually, but not always, a text.
type answer struct {
	Error    json.RawMessage `json:"error"`
	Code     Code            `json:"error-code"`
	Info     json.RawMessage `json:"error-info"`
	Response any             `json:"response"`
}

// decodeAnswer decodes a message that answers a call: its response into reply
// (nil: discarded), or its error, which is returned as an [*Error]. A missing
// or null response leaves reply as it is: JIMM's model proxy omits it.
//
// The response is decoded in the same pass as the rest, not kept as raw JSON
// in between: answers can be megabytes.
func decodeAnswer(message []byte, reply any) error {
	a := answer{Response: reply}
	if reply == nil {
		a.Response = new(discard)
	}
	err := json.Unmarshal(message, &a)
	if failure := a.failure(); failure != nil {
		return failure
	}
	return err
}

// failure returns the answer's error, nil if it has none.
func (a *answer) failure() error {
	raw := present(a.Error)
	if raw == nil && a.Code == "" {
		return nil
	}
	var e Error
	if raw != nil {
		if err := e.UnmarshalJSON(raw); err != nil {
			return err
		}
	}
	if a.Code != "" {
		e.Code = a.Code
	}
	if info := present(a.Info); info != nil {
		e.Info = info
	}
	if e.Message == "" && e.Code == "" && e.Info == nil {
		return nil
	}
	return &e
}

// discard accepts any JSON and keeps nothing.
type discard struct{}

// UnmarshalJSON keeps nothing.
func (*discard) UnmarshalJSON([]byte) error { return nil }
