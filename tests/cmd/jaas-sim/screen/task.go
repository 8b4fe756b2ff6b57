package screen

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
)

// Task is what YAML and JSON show of a task, and the return code of its process; -1 if it had none.
func Task(task operations.Task, utc bool) (shown map[string]any, returnCode int) {
	shown = map[string]any{"id": task.ID, "status": string(task.Status), "unit": task.Unit}
	if task.Message != "" {
		shown["message"] = task.Message
	}
	results, returnCode := output(task.Results)
	if len(results) > 0 {
		shown["results"] = results
	}
	if lines := logLines(task.Task, utc); len(lines) > 0 {
		shown["log"] = lines
	}
	timing := map[string]string{}
	for key, at := range map[string]string{
		"enqueued": stamp(task.Enqueued, utc), "started": stamp(task.Started, utc), "completed": stamp(task.Completed, utc),
	} {
		if at != "" {
			timing[key] = at
		}
	}
	shown["timing"] = timing
	return shown, returnCode
}

// output is a task's results: the output of the process without carriage
// returns, if there is any, and its return code as a number.
func output(results map[string]any) (shown map[string]any, returnCode int) {
	returnCode = -1
	if results == nil {
		return nil, returnCode
	}
	shown = make(map[string]any, len(results))
	for key, value := range results {
		text, isText := value.(string)
		switch key {
		case "stdout", "stderr":
			if isText && text != "" {
				shown[key] = strings.ReplaceAll(text, "\r\n", "\n")
			}
		case "return-code":
			shown[key] = value
			if code, err := strconv.Atoi(fmt.Sprint(value)); err == nil {
				shown[key], returnCode = code, code
			}
		default:
			shown[key] = value
		}
	}
	return shown, returnCode
}

// Plain prints tasks, as Task returns them, by unit: for one task the message if it failed, the results as YAML, and
// after an empty line the output of its process; for several a YAML map with the results as text.
func Plain(w io.Writer, tasks map[string]any) error {
	summaries := map[string]map[string]any{}
	var printed string
	for name, value := range tasks {
		task, ok := value.(map[string]any)
		if !ok {
			return fmt.Errorf("cannot print task %q: it is a %T", name, value)
		}
		summaries[name] = summary(task)
		results, _ := task["results"].(map[string]any)
		printed = text(results["stdout"]) + text(results["stderr"])
	}
	if len(summaries) > 1 {
		return YAML(w, summaries)
	}
	for _, task := range summaries {
		if task["status"] == string(charmtest.TaskFailed) {
			message, ok := task["message"]
			if !ok {
				message = "<nil>" // an action-fail with an empty text
			}
			fmt.Fprintf(w, "Action id %v failed: %v\n", task["id"], message)
		}
		fmt.Fprintln(w, task["output"])
	}
	_, err := io.WriteString(w, printed)
	return err
}

// summary is what Plain shows of a task.
func summary(task map[string]any) map[string]any {
	shown := map[string]any{"id": task["id"], "status": task["status"]}
	if message, ok := task["message"]; ok {
		shown["message"] = message
	}
	results, ok := task["results"].(map[string]any)
	if !ok {
		shown["output"] = fmt.Sprintf("Task %v %v\n", task["id"], task["status"])
		return shown
	}
	own := map[string]any{}
	for key, value := range results {
		if !slices.Contains([]string{"return-code", "stdout", "stdout-encoding", "stderr", "stderr-encoding"}, key) {
			own[key] = value
		}
	}
	shown["output"] = ""
	if len(own) == 0 {
		return shown
	}
	data, err := marshal(own)
	if err != nil {
		data = fmt.Sprint(own)
	}
	shown["output"] = data
	return shown
}

// text is the output of a process, with one newline at its end.
func text(value any) string {
	if text, ok := value.(string); ok && text != "" {
		return strings.Trim(text, "\n") + "\n"
	}
	return ""
}

// Cancelled is what YAML and JSON show after a cancel. A task that was not found has an error instead of its action and
// unit.
func Cancelled(tasks []operations.Task, errs []error) map[string]any {
	items := []map[string]any{}
	for i, task := range tasks {
		item := map[string]any{
			"action": task.Action, "id": task.ID, "unit": task.Unit, "status": string(task.Status), "completed at": "n/a",
		}
		if errs[i] != nil {
			item["error"] = errs[i].Error()
		}
		if !task.Completed.IsZero() {
			item["completed at"] = task.Completed.UTC().Format("2006-01-02 15:04:05")
		}
		items = append(items, item)
	}
	return map[string]any{"actions": items}
}
