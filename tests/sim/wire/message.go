package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Request is one decoded request of a client.
//
// On the wire it is {"request-id":1,"type":"ModelManager","version":9,"request":"ModelInfo","params":{…}};
// "id" appears only for watchers, "params" may be absent (Juju 3.6 and JIMM of October 2024, recorded).
type Request struct {
	RequestID uint64          // "request-id", greater than zero
	Facade    string          // "type"
	Version   int             // "version"
	ID        string          // "id": the watcher that is meant, or empty
	Method    string          // "request"
	Params    json.RawMessage // "params" as sent; nil if absent
	Trace     Trace           // members that the answer repeats, if Config.Traces
	Raw       []byte          // the whole message
}

// Decode unmarshals the params into v; absent params leave v as it is. The error has no code, as Juju's own.
func (r *Request) Decode(v any) error {
	if len(r.Params) == 0 || string(r.Params) == "null" {
		return nil
	}
	if err := json.Unmarshal(r.Params, v); err != nil {
		return &Error{Message: err.Error()}
	}
	return nil
}

// String names facade, version and method, e.g. "ModelManager(9).ModelInfo". Params are left out: they may hold secrets.
func (r *Request) String() string {
	return fmt.Sprintf("%s(%d).%s", r.Facade, r.Version, r.Method)
}

// Error is an error as a server answers it. The same struct serves the envelope ("error", "error-code", "error-info")
// and items of bulk results, where it marshals to {"message","code","info"}.
type Error struct {
	Message string `json:"message"`
	Code    string `json:"code"`
	Info    any    `json:"info,omitempty"`

	// NoResponse leaves out the `"response":{}` that stands beside an error in the envelope. JIMM does so for errors
	// that its model proxy makes itself (JIMM of 2024 and 2026, recorded); Juju never does.
	NoResponse bool `json:"-"`
}

// Error returns the message with the code in brackets, as Juju's rpc.RequestError prints it.
func (e *Error) Error() string {
	if e.Code == "" {
		return e.Message
	}
	return e.Message + " (" + e.Code + ")"
}

// Errorf makes an *Error with a code and a formatted message.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// AsError turns any error into what a server answers: an *Error in the chain is kept, any other error has no code.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Message: err.Error()}
}

// Trace holds the members of a request that Juju 4 repeats in its answer (4.0-beta8, recorded).
type Trace struct {
	TraceID string `json:"trace-id,omitempty"`
	SpanID  string `json:"span-id,omitempty"`
	Flags   int    `json:"trace-flags,omitempty"`
}

type requestEnvelope struct {
	RequestID json.RawMessage `json:"request-id"`
	Type      string          `json:"type"`
	Version   int             `json:"version"`
	ID        string          `json:"id"`
	Request   string          `json:"request"`
	Params    json.RawMessage `json:"params"`
	Trace
}

// replyEnvelope has its members in the order in which Juju and JIMM send them (recorded).
type replyEnvelope struct {
	RequestID uint64          `json:"request-id"`
	Error     string          `json:"error,omitempty"`
	ErrorCode string          `json:"error-code,omitempty"`
	ErrorInfo any             `json:"error-info,omitempty"`
	Response  json.RawMessage `json:"response,omitempty"`
	Trace
}

// errNotARequest reports that a message is well formed but is not a request; servers ignore it silently.
var errNotARequest = errors.New("not a request")

// decodeRequest reads one message. Only the first JSON value counts, the rest of the message is lost (Juju 4.0-beta8,
// measured). A request-id that is not a positive integer is an error.
func decodeRequest(raw []byte) (*Request, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	var env requestEnvelope
	if err := dec.Decode(&env); err != nil {
		return nil, fmt.Errorf("cannot decode a request: %w", err)
	}
	if env.RequestID == nil {
		return nil, errors.New("cannot decode a request: request-id is missing")
	}
	var id uint64
	if err := json.Unmarshal(env.RequestID, &id); err != nil || id == 0 { // neither is a string
		return nil, fmt.Errorf("cannot decode a request: request-id %q is not valid", env.RequestID)
	}
	if env.Type == "" && env.Request == "" {
		return nil, errNotARequest
	}
	return &Request{
		RequestID: id, Facade: env.Type, Version: env.Version, ID: env.ID, Method: env.Request,
		Params: env.Params, Raw: raw, Trace: env.Trace,
	}, nil
}

// encodeReply makes the answer to a request. It ends with a newline, as every message of Juju and JIMM does.
func encodeReply(id uint64, trace Trace, result any, err error) ([]byte, error) {
	reply := replyEnvelope{RequestID: id, Response: json.RawMessage("{}"), Trace: trace}
	switch e := AsError(err); {
	case e != nil:
		reply.Error, reply.ErrorCode, reply.ErrorInfo = e.Message, e.Code, e.Info
		if e.NoResponse {
			reply.Response = nil
		}
	case result != nil:
		data, err := json.Marshal(result)
		if err != nil {
			return nil, fmt.Errorf("cannot encode a reply: %w", err)
		}
		reply.Response = data
	}
	data, err := json.Marshal(reply)
	if err != nil {
		return nil, fmt.Errorf("cannot encode a reply: %w", err)
	}
	return append(data, '\n'), nil
}
