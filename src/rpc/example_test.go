package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

// A controller that knows one model, in a network in memory.
func Example() {
	network := wire.NewNetwork()
	listener, err := network.Listen("controller:17070")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		for _, answer := range []string{
			`{"request-id":1,"response":{"results":[{"result":{"name":"prod","life":"alive"}}]}}`,
			`{"request-id":2,"response":{"results":[{"error":{"message":"permission denied","code":"unauthorized access"}}]}}`,
		} {
			if _, _, err := ws.Read(r.Context()); err != nil {
				return
			}
			_ = ws.Write(r.Context(), websocket.MessageText, []byte(answer))
		}
		_, _, _ = ws.Read(r.Context()) // the goodbye
	})}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()

	ctx := context.Background()
	conn, err := rpc.Dial(ctx, "ws://controller:17070/api", rpc.DialOptions{DialContext: network.DialContext})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()

	for _, tag := range []string{"model-6f0e1c5e-3f0a-4d7e-8a57-8b6f3a1f0001", "model-00000000-3f0a-4d7e-8a57-8b6f3a1f0002"} {
		params := map[string]any{"entities": []any{map[string]string{"tag": tag}}}
		var reply struct {
			Results []struct {
				Result struct{ Name, Life string }
				Error  *rpc.Error
			}
		}
		err := conn.Call(ctx, rpc.Request{Facade: "ModelManager", Version: 9, Method: "ModelInfo"}, params, &reply)
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := reply.Results[0].Error; err != nil {
			fmt.Println("refused:", err, errors.Is(err, rpc.CodeUnauthorized))
			continue
		}
		fmt.Println("found:", reply.Results[0].Result.Name, reply.Results[0].Result.Life)
	}
	// Output:
	// found: prod alive
	// refused: permission denied true
}
