package screen

import (
	"fmt"
	"io"
	"maps"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"

	"jimm-migrator/tests/cmd/jaas-sim/operations"
)

// OperationInfo is what YAML and JSON show of an operation.
type OperationInfo struct {
	Summary string              `yaml:"summary" json:"summary"`
	Status  string              `yaml:"status" json:"status"`
	Fail    string              `yaml:"fail,omitempty" json:"fail,omitempty"`
	Action  *ActionInfo         `yaml:"action,omitempty" json:"action,omitempty"`
	Timing  Timing              `yaml:"timing,omitempty" json:"timing,omitempty"` //nolint:modernize // Juju's JSON has it empty
	Tasks   map[string]TaskInfo `yaml:"tasks,omitempty" json:"tasks,omitempty"`
}

// ActionInfo is the action that all tasks of an operation are for.
type ActionInfo struct {
	Name       string         `yaml:"name" json:"name"`
	Parameters map[string]any `yaml:"parameters" json:"parameters"`
}

// Timing is when something was enqueued, started and completed.
type Timing struct {
	Enqueued  string `yaml:"enqueued,omitempty" json:"enqueued,omitempty"`
	Started   string `yaml:"started,omitempty" json:"started,omitempty"`
	Completed string `yaml:"completed,omitempty" json:"completed,omitempty"`
}

// TaskInfo is a task in an operation.
type TaskInfo struct {
	Name    string         `yaml:"name,omitempty" json:"name,omitempty"`
	Host    string         `yaml:"host" json:"host"`
	Status  string         `yaml:"status" json:"status"`
	Timing  Timing         `yaml:"timing,omitempty" json:"timing,omitempty"` //nolint:modernize // as above
	Log     []string       `yaml:"log,omitempty" json:"log,omitempty"`
	Message string         `yaml:"message,omitempty" json:"message,omitempty"`
	Results map[string]any `yaml:"results,omitempty" json:"results,omitempty"`
}

// Operation is what YAML and JSON show of an operation. If the parameters of its tasks differ, for example by the
// defaults of two revisions of a charm, each has the name of its action.
func Operation(op operations.Operation, utc bool) OperationInfo {
	info := OperationInfo{
		Summary: op.Summary, Status: op.Status, Fail: op.Fail,
		Timing: timing(op.Enqueued, op.Started, op.Completed, utc),
		Tasks:  map[string]TaskInfo{},
	}
	same := len(op.Tasks) > 0
	for _, task := range op.Tasks {
		info.Tasks[task.ID] = TaskInfo{
			Host: task.Unit, Status: string(task.Status), Timing: timing(task.Enqueued, task.Started, task.Completed, utc),
			Log: logLines(task.Task, utc), Message: task.Message, Results: task.Results,
		}
		first := op.Tasks[0]
		same = same && task.Action == first.Action && reflect.DeepEqual(task.Params, first.Params)
	}
	if same {
		info.Action = &ActionInfo{Name: op.Tasks[0].Action, Parameters: map[string]any{}}
		maps.Copy(info.Action.Parameters, op.Tasks[0].Params)
		return info
	}
	for _, task := range op.Tasks {
		named := info.Tasks[task.ID]
		named.Name = task.Action
		info.Tasks[task.ID] = named
	}
	return info
}

func timing(enqueued, started, completed time.Time, utc bool) Timing {
	return Timing{stamp(enqueued, utc), stamp(started, utc), stamp(completed, utc)}
}

// maxTaskIDs is how many tasks of an operation the table shows.
const maxTaskIDs = 5

// Table prints operations, one per line.
func Table(w io.Writer, found []operations.Operation, utc bool) error {
	width := len("ID")
	for _, op := range found {
		width = max(width, len(op.ID))
	}
	table := tabwriter.NewWriter(w, 0, 1, 2, ' ', 0)
	fmt.Fprintf(table, "%*s\tStatus\tStarted\tFinished\tTask IDs\tSummary\n", width, "ID")
	for _, op := range found {
		var ids []string
		for _, task := range op.Tasks {
			ids = append(ids, task.ID)
		}
		tasks := strings.Join(ids[:min(len(ids), maxTaskIDs)], ",")
		if len(ids) > maxTaskIDs {
			tasks += "..."
		}
		fmt.Fprintf(table, "%*s\t%s\t%s\t%s\t%s\t%s\n", width, op.ID, op.Status,
			column(op.Started, utc), column(op.Completed, utc), tasks, op.Summary)
	}
	return table.Flush()
}

// column is a time in the table.
func column(t time.Time, utc bool) string {
	if t.IsZero() {
		return ""
	}
	return place(t, utc).Format("2006-01-02T15:04:05")
}
