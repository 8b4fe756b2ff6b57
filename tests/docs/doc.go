// Package docs has only tests: they read the documentation as a stranger does.
//
// What can be typed is typed, what is shown is compared, links are followed, and
// the names of actions, parameters, options, outcomes, causes, checks and
// statuses are those of the code. The Terraform module and the workflows, which
// nothing here can run, are looked at.
//
// # Blocks
//
// The first word after a fence says its language, the others what a test does:
//
//	sh test         typed in the page's shell, one shell per page
//	sh test serve   typed in a second shell, which continues until the page ends
//	text            after such a block: what it prints
//	yaml file=NAME  written to NAME in the shell's folder, as is sh file=NAME
//
// Other commands that run actions are typed too, beside a world that has what the
// pages speak of: each must complete. Other commands of Juju's cannot run here.
//
// A line "..." in a text stands for any lines. Times, durations, ports and UUIDs
// may differ, and so may the phases that are seen: see match_test.go.
package docs
