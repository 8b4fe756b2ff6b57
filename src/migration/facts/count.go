package facts

import "strconv"

// Count puts a number before what it counts: "1 machine", "2 machines".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
