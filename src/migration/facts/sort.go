package facts

import "sort"

// Sort sorts a list, and leaves equal elements in their order. It is [slices.SortStableFunc]
// for lists of structs: that one is compiled for each type of element, up to 20 KiB each, and
// the size of the charm's binary has a limit.
func Sort[T any](list []T, compare func(a, b T) int) {
	sort.SliceStable(list, func(i, j int) bool { return compare(list[i], list[j]) < 0 })
}
