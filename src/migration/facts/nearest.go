package facts

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostNearest is the maximum number of names that are suggested.
const mostNearest = 3

// nearestOf returns the names that are near to the last of the readings that is near to
// any.
func nearestOf(readings []string, forms func(typed string) map[string][]string) []string {
	for _, typed := range slices.Backward(readings) {
		if near := nearest(typed, forms(typed)); len(near) > 0 {
			return near
		}
	}
	return nil
}

// Nearest returns those of the names that a mistyped one may mean, the nearest first.
func Nearest(typed string, names []string) []string {
	forms := map[string][]string{}
	for _, name := range names {
		forms[name] = []string{name}
	}
	return nearest(typed, forms)
}

// nearest returns the names that a mistyped text may stand for, the nearest first. Each
// name has the forms in which it can be typed. A form is near if at most a third of the
// letters, and at most three, differ, or if the text is a part of it. If only the case
// differs, no other name was meant.
func nearest(typed string, forms map[string][]string) []string {
	const shortest = 3 // part of a name
	typed = strings.ToLower(typed)
	limit := min(3, max(1, utf8.RuneCountInString(typed)/3))
	far := map[string]int{}
	for name, texts := range forms {
		for _, text := range texts {
			text = strings.ToLower(text)
			d := distance(typed, text)
			if d > limit && len(typed) >= shortest && strings.Contains(text, typed) {
				d = limit
			}
			if before, known := far[name]; d <= limit && (!known || d < before) {
				far[name] = d
			}
		}
	}
	out := slices.SortedFunc(maps.Keys(far), func(a, b string) int {
		return cmp.Or(far[a]-far[b], strings.Compare(a, b))
	})
	if len(out) > 0 && far[out[0]] == 0 {
		out = slices.DeleteFunc(out, func(name string) bool { return far[name] > 0 })
	}
	return out[:min(len(out), mostNearest)]
}

// distance is how many letters have to be inserted, removed, replaced or swapped
// with their neighbour to make one text of the other (optimal string alignment).
// Letters of other alphabets, which can look like any, cost nothing unless they
// are most of the first text.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	other := 0
	for _, r := range x {
		if r > unicode.MaxASCII {
			other++
		}
	}
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
			if x[i] == y[j] || x[i] > unicode.MaxASCII && 2*other <= len(x) {
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
