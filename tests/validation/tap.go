// Package tap prints the Test Anything Protocol, version 13. It stands in for the package of this import path, which Debian does
// not have: what the validation programs call of it, written from the protocol's specification and from their calls.
package tap

import (
	"encoding/json"
	"fmt"
	"strings"
)

// T counts the points that were printed.
type T struct {
	points *int
	todo   bool
}

// New has printed nothing yet.
func New() *T {
	return &T{points: new(int)}
}

// Header opens the output; where it is not known yet how many points there will be, AutoPlan ends it.
func (t *T) Header(points int) {
	fmt.Println("TAP version 13")
	if points > 0 {
		fmt.Printf("1..%d\n", points)
	}
}

// AutoPlan says how many points there were.
func (t *T) AutoPlan() {
	fmt.Printf("1..%d\n", *t.points)
}

func (t *T) point(ok bool, directive, description string) {
	*t.points++
	word := "ok"
	if !ok {
		word = "not ok"
	}
	if t.todo {
		directive = "# TODO "
	}
	// A point is a line.
	fmt.Printf("%s %d %s%s\n", word, *t.points, directive, strings.ReplaceAll(description, "\n", " "))
}

// Ok prints a point.
func (t *T) Ok(ok bool, description string) {
	t.point(ok, "- ", description)
}

// Pass prints a point that holds.
func (t *T) Pass(description string) {
	t.Ok(true, description)
}

// Fail prints a point that does not hold.
func (t *T) Fail(description string) {
	t.Ok(false, description)
}

// Skip prints points that were not looked at.
func (t *T) Skip(points int, description string) {
	for ; points > 0; points-- {
		t.point(true, "# SKIP ", description)
	}
}

// Todo gives a T whose points are counted with t's, and expected to fail.
func (t *T) Todo() *T {
	return &T{points: t.points, todo: true}
}

// Diagnostic prints what is no point.
func (t *T) Diagnostic(text string) {
	fmt.Println("# " + strings.ReplaceAll(text, "\n", "\n# "))
}

// Diagnosticf is Diagnostic with a format.
func (t *T) Diagnosticf(format string, values ...interface{}) {
	t.Diagnostic(fmt.Sprintf(format, values...))
}

// YAML prints what is known about the point before; JSON is YAML, too.
func (t *T) YAML(value interface{}) error {
	text, err := json.MarshalIndent(value, "  ", "  ")
	if err == nil {
		fmt.Printf("  ---\n  %s\n  ...\n", text)
	}
	return err
}
