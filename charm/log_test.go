package charm_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"jimm-migrator/charm"
)

// logged returns what a function writes with the given level.
func logged(t *testing.T, level slog.Leveler, write func(ctx context.Context, log *slog.Logger)) *tools {
	t.Helper()
	f := &tools{}
	app := charm.App{LogLevel: level, AnyHook: func(ctx context.Context, h *charm.Hook) error {
		write(ctx, h.Logger())
		return nil
	}}
	equal(t, "exit code", charm.Dispatch(t.Context(), app, hookEnv("start"), f), 0)
	return f
}

func TestLoggerWritesWarningsOnlyByDefault(t *testing.T) {
	everything := func(ctx context.Context, log *slog.Logger) {
		for _, level := range []slog.Level{-8, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, 12} {
			log.Log(ctx, level, "m")
		}
	}
	levels := func(f *tools) (names []string) {
		for _, call := range f.argv {
			equal(t, "call", []string{call.Tool, call.Args[0], call.Args[2], call.Args[3]},
				[]string{"juju-log", "--log-level", "--", "m"})
			names = append(names, call.Args[1])
		}
		return names
	}
	equal(t, "default", levels(logged(t, nil, everything)), []string{"WARNING", "ERROR", "ERROR"})
	equal(t, "all", levels(logged(t, slog.Level(-100), everything)),
		[]string{"TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "ERROR"})
}

func TestLoggerWritesOneLinePerRecord(t *testing.T) {
	f := logged(t, slog.LevelDebug, func(ctx context.Context, log *slog.Logger) {
		log.InfoContext(ctx, "-plain")
		log.InfoContext(ctx, "two\nlines", slog.String("text", "a b\nc"), slog.Int("n", 1), slog.Duration("d", time.Second))
		log.With(slog.String("a", "1")).WithGroup("g").With(slog.Bool("b", true)).
			InfoContext(ctx, "deep", slog.Group("h", slog.Any("err", errTest)), slog.String("msg", "m"), slog.String("level", "l"))
		log.InfoContext(ctx, "top", slog.String("msg", "m"), slog.String("level", "l"), slog.String("time", "t"))
	})
	var lines []string
	for _, call := range f.argv {
		lines = append(lines, call.Args[3])
	}
	equal(t, "lines", lines, []string{
		"-plain",
		`two lines text="a b\nc" n=1 d=1s`,
		`deep a=1 g.b=true g.h.err="disk full" g.msg=m g.level=l`,
		"top msg=m level=l time=t",
	})
}

func TestLoggerSplitsLongRecords(t *testing.T) {
	long := strings.Repeat("é", 40_000)
	f := logged(t, nil, func(ctx context.Context, log *slog.Logger) { log.ErrorContext(ctx, long) })
	var all strings.Builder
	for _, call := range f.argv {
		if len(call.Args[3]) > 30_000 {
			t.Errorf("piece of %d bytes", len(call.Args[3]))
		}
		all.WriteString(call.Args[3])
	}
	if all.String() != long || len(f.argv) != 3 {
		t.Errorf("%d bytes in %d pieces, want %d in 3", all.Len(), len(f.argv), len(long))
	}
}

func TestLoggerMayBeSharedByGoroutines(t *testing.T) {
	f := logged(t, nil, func(ctx context.Context, log *slog.Logger) {
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				log.With(slog.Int("i", i)).WarnContext(ctx, "m", slog.Int("j", i))
			})
		}
		group.Wait()
	})
	seen := map[string]bool{}
	for _, call := range f.argv {
		seen[call.Args[3]] = true
	}
	for i := range 20 {
		if line := fmt.Sprintf("m i=%d j=%d", i, i); !seen[line] {
			t.Errorf("no line %q", line)
		}
	}
}

func TestLoggerSurvivesAFailingTool(t *testing.T) {
	f := &tools{refuse: map[string]error{"juju-log": refusal("juju-log", "busy")}}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		h.Logger().WarnContext(ctx, "m")
		return nil
	})
	equal(t, "tools", len(f.calls), 1)
}
