package controller

import (
	"fmt"
	"strings"
	"time"
)

// LogLine is a line of a model's log.
type LogLine struct {
	Model   string // UUID
	Entity  string // tag: machine-0, controller-0, unit-pg-0
	Time    time.Time
	Level   string // TRACE, DEBUG, INFO, WARNING, ERROR
	Module  string
	Message string
	Labels  []string
}

// maxLogLines is how many lines a controller keeps.
const maxLogLines = 10000

// Log adds lines, as agents do.
func (c *Controller) Log(lines ...LogLine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log(lines...)
}

// log adds lines; the caller holds mu.
func (c *Controller) log(lines ...LogLine) {
	c.lines = append(c.lines, lines...)
	if over := len(c.lines) - maxLogLines; over > 0 {
		c.lines, c.linesGone = c.lines[over:], c.linesGone+over
	}
	c.touch()
}

// logPhase logs that a migration enters a phase: in the controller's log, the only place where a user can read its
// name, and in the model's log, where its agents have noticed it (documented, 2.9 to 4.0). The caller holds mu.
func (c *Controller) logPhase(m *migration, phase Phase) {
	c.logMaster(m, "INFO", settingPhase+string(phase))
	h := c.models[m.ModelUUID]
	if h == nil {
		return
	}
	for _, machine := range h.model.Machines {
		c.log(LogLine{
			Model: m.ModelUUID, Entity: "machine-" + machine.ID, Time: now(), Level: "INFO",
			Module: "juju.worker.migrationminion", Message: "migration phase is now: " + string(phase),
		})
	}
}

// settingPhase begins the line that names the phase that a migration enters.
const settingPhase = "setting migration phase to "

// masterModule is the module of the worker that migrates a model.
func masterModule(uuid string) string { return "juju.worker.migrationmaster." + uuid[:6] }

// logMaster writes a line of the worker that migrates a model; the caller holds mu.
func (c *Controller) logMaster(m *migration, level, message string) {
	line := LogLine{
		Model: c.config.ControllerModelUUID, Entity: "machine-0", Time: now(), Level: level,
		Module: masterModule(m.ModelUUID), Message: message,
	}
	if v := c.release.version; v.major > 3 {
		line.Entity = "controller-0"
	} else if v.major < 3 || v.minor < 3 {
		c.log(line)
		return
	}
	line.Labels = []string{"migration"} // from 3.3 on
	c.log(line)
}

// logFrom returns the lines from a position on, the position after them, and the channel that is closed at the next
// change.
func (c *Controller) logFrom(position int) (lines []LogLine, next int, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := max(position-c.linesGone, 0)
	return append([]LogLine(nil), c.lines[min(from, len(c.lines)):]...), c.linesGone + len(c.lines), c.changed
}

// ofModel returns the lines that a query selects, of a model or, with a firehose (4.0 on, recorded: for every user who
// may read any), of all models.
func (c *Controller) ofModel(lines []LogLine, uuid string, query logQuery) []LogLine {
	if uuid == "" {
		uuid = c.config.ControllerModelUUID
	}
	var out []LogLine
	for _, line := range lines {
		if (line.Model == uuid || query.firehose) && query.wants(line) {
			out = append(out, line)
		}
	}
	return out
}

// show is a line as sent. Version 2 (4.0 on) has the model, and labels as a map.
func (l LogLine) show(version int) any {
	const location = "worker.go:262"
	stamp := l.Time.UTC().Format(time.RFC3339Nano)
	if version < 2 {
		return struct {
			Tag      string   `json:"tag"`
			Time     string   `json:"ts"`
			Level    string   `json:"sev"`
			Module   string   `json:"mod"`
			Location string   `json:"loc"`
			Message  string   `json:"msg"`
			Labels   []string `json:"lab"`
		}{l.Entity, stamp, l.Level, l.Module, location, l.Message, l.Labels}
	}
	var labels map[string]string
	if len(l.Labels) > 0 {
		labels = map[string]string{"logger-tags": strings.Join(l.Labels, ",")}
	}
	return struct {
		Model    string            `json:"uuid"`
		Tag      string            `json:"tag"`
		Time     string            `json:"ts"`
		Level    string            `json:"sev"`
		Module   string            `json:"mod"`
		Location string            `json:"loc"`
		Message  string            `json:"msg"`
		Labels   map[string]string `json:"lab,omitempty"`
	}{l.Model, l.Entity, stamp, l.Level, l.Module, location, l.Message, labels}
}

// String is the line as juju debug-log prints it.
func (l LogLine) String() string {
	return fmt.Sprintf("%s: %s %s %s %s", l.Entity, l.Time.UTC().Format("15:04:05"), l.Level, l.Module, l.Message)
}
