package clause_test

import (
	"fmt"
	"strings"
	"time"

	"meetbot/bot/clause"
)

// The caller says when now is in the asker's zone, and how its platform writes mentions.
func ExampleParse() {
	now := time.Date(2026, time.November, 25, 14, 10, 0, 0, time.UTC)
	mention := func(text string) int { // <@U012AB3CD|ben>
		if strings.HasPrefix(text, "<@") {
			return strings.IndexByte(text, '>') + 1
		}
		return 0
	}
	text := "Retro tomorrow at 15:00 for 45m with <@U012AB3CD|ben>"
	line, _ := clause.Parse(text, now, mention)
	fmt.Println(line.Subject, line.Start.Format(time.DateTime), line.End.Sub(line.Start))
	for _, p := range line.People {
		fmt.Println(text[p.Start:p.End])
	}

	_, problem := clause.Parse("Retro tomorrow at 25:00", now, nil)
	fmt.Println(problem.Code, problem.Words)
	// Output:
	// Retro 2026-11-26 15:00:00 45m0s
	// <@U012AB3CD|ben>
	// unreadable at 25:00
}
