package contest

import (
	"log"
	"strconv"
	"strings"
)

// command is the words of a line.
type command []string

func words(line string) command { return strings.Fields(line) }

// word is empty if there are not so many.
func (of command) word(place int) string {
	if place < len(of) {
		return of[place]
	}
	return ""
}

func (of command) number(place int) int {
	number, err := strconv.Atoi(of.word(place))
	if err != nil {
		log.Fatalf("word %d is no number: %s", place, strings.Join(of, " "))
	}
	return number
}
