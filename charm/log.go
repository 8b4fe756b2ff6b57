package charm

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// maxLogPiece is the most that one juju-log takes, in bytes; well below what
// the kernel allows, and about what people scroll through.
const maxLogPiece = 30_000

// log writes a text to the unit's log, in pieces if it is long.
func (a *agent) log(ctx context.Context, level slog.Level, text string) error {
	text = valid(a.secrets.hide(text))
	for text != "" {
		piece := cut(text, maxLogPiece)
		text = text[len(piece):]
		call := ToolCall{Tool: "juju-log", Args: []string{"--log-level", jujuLevel(level), "--", piece}}
		if err := a.report(ctx, call); err != nil {
			return fmt.Errorf("cannot write to the unit's log: %w", err)
		}
	}
	return nil
}

// jujuLevel is Juju's name for a level.
func jujuLevel(level slog.Level) string {
	switch {
	case level < slog.LevelDebug:
		return "TRACE"
	case level < slog.LevelInfo:
		return "DEBUG"
	case level < slog.LevelWarn:
		return "INFO"
	case level < slog.LevelError:
		return "WARNING"
	}
	return "ERROR"
}

// logHandler is the slog.Handler behind Unit.Logger. It never logs by itself,
// so that it cannot feed itself.
type logHandler struct {
	agent  *agent
	level  slog.Leveler
	attrs  slog.Handler // slog's own, which writes into buffer
	shared *logBuffer
}

// logBuffer is where a handler and its descendants format their attributes.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// newLogHandler returns a handler for records of at least the given level.
func newLogHandler(a *agent, level slog.Leveler) *logHandler {
	if level == nil {
		level = slog.LevelWarn
	}
	shared := &logBuffer{}
	all := slog.Level(-1 << 16) // Enabled has decided before
	text := slog.NewTextHandler(&shared.buf, &slog.HandlerOptions{
		Level: all,
		ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			// Before slog quotes it, once more on top of other quotes.
			if text := attr.Value.String(); a.secrets.holds(text) {
				attr.Value = slog.StringValue(a.secrets.hide(text))
			}
			return attr
		},
	})
	return &logHandler{agent: a, level: level, attrs: text, shared: shared}
}

// Enabled reports whether records of a level are written.
func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// Handle writes one record as one line: the message, then key=value pairs.
// Juju adds the time and the level.
func (h *logHandler) Handle(ctx context.Context, record slog.Record) error {
	bare := slog.NewRecord(time.Time{}, record.Level, "", 0)
	record.Attrs(func(attr slog.Attr) bool {
		bare.AddAttrs(attr)
		return true
	})
	h.shared.mu.Lock()
	h.shared.buf.Reset()
	err := h.attrs.Handle(ctx, bare)
	attrs := h.shared.buf.String()
	h.shared.mu.Unlock()
	if err != nil {
		return fmt.Errorf("cannot format a log record: %w", err)
	}
	// What is left of slog's own line is level=… msg="" and the attributes.
	attrs = strings.TrimPrefix(attrs, "level="+record.Level.String()+` msg=""`)
	line := h.agent.secrets.hide(record.Message) + h.agent.secrets.hide(attrs)
	return h.agent.log(ctx, record.Level, oneLine(line, len(line)))
}

// WithAttrs returns a handler that adds attributes to each record.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	child := *h
	child.attrs = h.attrs.WithAttrs(attrs)
	return &child
}

// WithGroup returns a handler that puts attributes into a group.
func (h *logHandler) WithGroup(name string) slog.Handler {
	child := *h
	child.attrs = h.attrs.WithGroup(name)
	return &child
}
