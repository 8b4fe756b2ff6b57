package facts

import (
	"cmp"
	"slices"
	"strings"
)

// mostNearest is how many names are suggested at most.
const mostNearest = 3

// nearest returns the names that a mistyped one may mean, the nearest first. Two
// names are near if a third of the letters, and three at most, differ.
func nearest(typed string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	typed = strings.ToLower(typed)
	limit := min(3, max(1, len(typed)/3))
	var near []candidate
	for _, name := range names {
		if d := distance(typed, strings.ToLower(name)); d <= limit {
			near = append(near, candidate{name, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int {
		return cmp.Or(a.distance-b.distance, strings.Compare(a.name, b.name))
	})
	var out []string
	for _, c := range near {
		if !slices.Contains(out, c.name) && len(out) < mostNearest {
			out = append(out, c.name)
		}
	}
	return out
}

// distance is how many letters have to be inserted, removed, replaced or swapped
// with their neighbour to make one text of the other (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := range x {
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			rows[i+1][j+1] = min(rows[i][j+1]+1, rows[i+1][j]+1, rows[i][j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				rows[i+1][j+1] = min(rows[i+1][j+1], rows[i-1][j-1]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
