package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Error is an error that the other side answered: that of a whole call or
// that of one item of a bulk answer ({"message":…,"code":…,"info":…}). Structs
// for answers hold it as
//
//	Error *rpc.Error `json:"error,omitempty"`
//
// Its texts are the server's and may quote what a user must not see
// twice (a failed import quotes cloud credentials): redact before printing.
type Error struct {
	// Message is the server's text.
	Message string `json:"message"`
	// Code is the server's code; many errors have none.
	Code Code `json:"code"`
	// Info is what the code's kind of error adds, such as the servers of a
	// redirection; nil if there is none.
	Info json.RawMessage `json:"info,omitempty"`
}

// Error returns the server's message, or its code if it has none.
func (e *Error) Error() string {
	switch {
	case e.Message != "":
		return e.Message
	case e.Code != "":
		return string(e.Code)
	}
	return "unknown error"
}

// Is reports whether target is this error's [Code]. The message "model
// migration in progress" counts as [CodeMigrationInProgress], because Juju (2.9 to
// 4.0) sends that error without its code.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	if !ok || code == "" {
		return false
	}
	return e.Code == code ||
		e.Code == "" && code == CodeMigrationInProgress && e.Message == string(CodeMigrationInProgress)
}

// DecodeInfo decodes the additional information into v. It fails if there is
// none.
func (e *Error) DecodeInfo(v any) error {
	if len(e.Info) == 0 {
		return errors.New("cannot decode error info: the server sent none")
	}
	if err := json.Unmarshal(e.Info, v); err != nil {
		return fmt.Errorf("cannot decode error info: %w", err)
	}
	return nil
}

// UnmarshalJSON decodes the object of an item error, and survives others: a
// bare text becomes the message, anything else is kept as the message as it
// came.
func (e *Error) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*e = Error{Message: text}
		return nil
	}
	var item struct {
		Message string          `json:"message"`
		Code    Code            `json:"code"`
		Info    json.RawMessage `json:"info"`
	}
	if err := json.Unmarshal(data, &item); err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); !ok {
			return fmt.Errorf("cannot decode error: %w", err)
		}
		if item.Message == "" && item.Code == "" {
			item.Message = string(data)
		}
	}
	*e = Error{Message: item.Message, Code: item.Code, Info: present(item.Info)}
	return nil
}

// present returns nil for JSON that says nothing: none or null.
func present(raw json.RawMessage) json.RawMessage {
	if bytes.Equal(raw, []byte("null")) {
		return nil
	}
	return raw
}
