// Package docs has only tests: they read the documentation as a stranger does.
//
// Commands are typed, output is compared, links are followed, and the names of actions, parameters, options, outcomes,
// causes, checks and statuses are those of the code. The Terraform module and the workflows cannot run here and are
// only read.
//
// # Blocks
//
// The first word after a fence names its language, the others the test:
//
//	sh test         typed in the page's shell, one shell per page
//	sh test serve   typed in a second shell, which continues until the page ends
//	text            after such a block: its output
//	yaml file=NAME  written to NAME in the shell's folder, as is sh file=NAME
//
// Other commands that run actions are typed too, in a world that has the models and controllers that the pages name:
// each must complete. Other commands of Juju cannot run here.
//
// A line "..." in a text stands for any lines. Times, durations, ports and UUIDs may differ, and so may the phases that
// are seen: see match_test.go.
package docs
