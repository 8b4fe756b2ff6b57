package rpc_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"jimm-migrator/src/rpc"
)

// messages are some that servers have sent, and some that broken ones might send.
func messages() []string {
	return []string{
		`{"request-id":1,"response":{}}`,
		`{"request-id":1,"response":{"results":[{"result":{"name":"prod"}}]}}` + "\n",
		`{"request-id":1,"error":"permission denied","error-code":"unauthorized access","response":{}}`,
		`{"request-id":1,"error":"model not found","error-code":"not found"}`,
		`{"request-id":1,"error":"go","error-code":"redirection required","error-info":{"servers":[[{"value":"::1","port":1}]]}}`,
		`{"request-id":1,"response":"0001-01-01T00:00:00Z"}`,
		`{"request-id":1,"error":{"message":"m","code":"c"}}`,
		`{"request-id":1,"error":null,"response":null}`,
		`{"request-id":1,"type":"X","version":1,"request":"Y","params":{}}`,
		`{"request-id":18446744073709551615}`, `{"request-id":-1}`, `{"request-id":"1"}`, `{"request-id":1e0}`,
		`{"REQUEST-ID":1,"Response":[]}`, `{"request-id":1,"request-id":2}`,
		`null`, `[]`, `1`, `"x"`, ``, "\n", `{`, `<html>`, "\xff\xfe", `{"request-id":1}{}`,
	}
}

func FuzzMessage(f *testing.F) {
	for _, message := range messages() {
		f.Add([]byte(message))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		id, err := rpc.AnsweredID(message)
		if err != nil && id != 0 {
			t.Errorf("id %d and %v", id, err)
		}
		if (err == nil) != (json.Valid(message) || len(bytes.TrimSpace(message)) == 0) {
			t.Errorf("%q: %v", message, err)
		}
		var reply struct {
			Results []struct {
				Error *rpc.Error `json:"error"`
			} `json:"results"`
		}
		for _, into := range []any{&reply, nil, new(any), new(string)} {
			err := rpc.DecodeAnswer(message, into)
			if err != nil && err.Error() == "" {
				t.Errorf("an error without a text: %#v", err)
			}
			if answered, ok := errors.AsType[*rpc.Error](err); ok {
				_ = errors.Is(err, rpc.CodeRedirect)
				_ = answered.DecodeInfo(new(any))
			}
		}
	})
}

// FuzzServer lets a server send any messages to a live connection before the
// true answer. The call must end, with an answer, an error answer or the
// connection's end, and leave nothing behind.
func FuzzServer(f *testing.F) {
	for _, message := range messages() {
		f.Add([]byte(message))
		f.Add([]byte(message + "\x00" + messages()[0]))
		f.Add([]byte(messages()[0] + "\x00" + message)) // after the call, while it closes
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		conn := connect(t, rpc.DialOptions{MaxMessage: 1 << 16, CallTimeout: time.Minute}, func(s *server) {
			r := s.next()
			for message := range bytes.SplitSeq(data, []byte{0}) {
				s.send(string(message))
			}
			s.answer(r, `{}`)
			echo(s)
		})
		var reply json.RawMessage
		checkEnd(t, conn, conn.Call(t.Context(), modelInfo, nil, &reply))
	})
}

// FuzzFrames lets a server send any bytes after the handshake, where frames
// should be.
func FuzzFrames(f *testing.F) {
	for _, message := range messages() {
		if len(message) < 126 {
			f.Add(append([]byte{0x81, byte(len(message))}, message...))
		}
	}
	for _, frames := range []string{
		"\x88\x00", "\x88\x02\x03\xe8", "\x88\x01\x00", "\x89\x00", "\x8a\x02ok", "\x80\x00", "\x01\x01{\x80\x01}",
		"\x01\x01{\x89\x00\x80\x01}", "\x81\x7e\xff\xff", "\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "\x81\x80aaaa", "\xf1\x00", "\x82\x02{}",
	} {
		f.Add([]byte(frames))
	}
	f.Fuzz(func(t *testing.T, frames []byte) {
		conn, err := rpc.Dial(t.Context(), "ws://controller/api", rpc.DialOptions{
			MaxMessage: 1 << 16, PingInterval: -1,
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				near, far := net.Pipe()
				go sendRaw(far, frames)
				return near, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		checkEnd(t, conn, conn.Call(t.Context(), modelInfo, nil, nil))
	})
}

// sendRaw is a server that makes the handshake, sends the bytes, and hangs up while it still reads.
func sendRaw(conn net.Conn, frames []byte) {
	r := bufio.NewReader(conn)
	request, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	sum := sha1.Sum([]byte(request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	go func() {
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
			base64.StdEncoding.EncodeToString(sum[:])+"\r\n\r\n")
		conn.Write(frames)
		conn.Close()
	}()
	io.Copy(io.Discard, r)
}

// checkEnd checks how a call ended, and that the connection ends cleanly.
func checkEnd(t *testing.T, conn *rpc.Conn, err error) {
	t.Helper()
	_, answered := errors.AsType[*rpc.Error](err)
	if err != nil && !answered && !errors.Is(err, rpc.ErrConnection) {
		if conn.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("call ended with %v", err)
		}
	}
	conn.Close()
	if err := conn.Call(t.Context(), modelInfo, nil, nil); !errors.Is(err, rpc.ErrConnection) {
		t.Errorf("call after the end: %v", err)
	}
	if n := rpc.Pending(conn); n != 0 {
		t.Errorf("%d pending calls", n)
	}
}
