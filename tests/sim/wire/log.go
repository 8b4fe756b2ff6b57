package wire

import (
	"time"

	"github.com/coder/websocket"
)

// EventKind is the kind of a log event.
type EventKind string

// The kinds of event.
const (
	Opened   EventKind = "opened"   // a client connected
	Received EventKind = "received" // a message of the client
	Sent     EventKind = "sent"     // a message of the server
	Closed   EventKind = "closed"   // the connection ended
)

// Event is one line of the message log. It holds whole messages, including secrets: for tests only.
type Event struct {
	Time   time.Time
	Server string               // Config.Name
	Conn   string               // the connection's name, e.g. "ctl-a#3"
	Path   string               // path of the URL that the client asked for
	Kind   EventKind            //
	Data   []byte               // the message, without the newline at its end
	Status websocket.StatusCode // Closed: the status this side saw or sent; -1 when the connection broke
	Fault  Action               // Received: the scripted fault that matched this request, if any
}
