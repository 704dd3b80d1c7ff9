package app

import (
	"errors"
	"strconv"
	"strings"
)

// Value is a value that is written as text. It is what package pflag wants of a flag.
type Value interface {
	String() string
	Set(text string) error // an error says what was wanted
	Type() string          // what is wanted, in a word for the help
}

// text is a Value that is taken without the space around it: a value that comes from a file ends with a line break.
type text string

func (t *text) String() string     { return string(*t) }
func (t *text) Set(s string) error { *t = text(strings.TrimSpace(s)); return nil }
func (t *text) Type() string       { return "string" }

// password is a Value that is taken without line breaks at its end. It may begin and end with blanks.
type password string

func (p *password) String() string     { return string(*p) }
func (p *password) Set(s string) error { *p = password(strings.TrimRight(s, "\r\n")); return nil }
func (p *password) Type() string       { return "string" }

// number is a Value that is a whole number.
type number int

func (n *number) String() string { return strconv.Itoa(int(*n)) }
func (n *number) Type() string   { return "int" }

func (n *number) Set(s string) error {
	value, err := strconv.ParseInt(strings.TrimSpace(s), 0, strconv.IntSize)
	if err != nil {
		return errors.New("want a whole number")
	}
	*n = number(value)
	return nil
}

// list is a Value that is words with commas between, and space around them. Setting it again replaces the words.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }
func (l *list) Type() string   { return "list" }

func (l *list) Set(s string) error {
	*l = strings.Split(s, ",")
	for i, word := range *l {
		(*l)[i] = strings.TrimSpace(word)
	}
	if last := len(*l) - 1; (*l)[last] == "" { // "a," is one word, and "" is none
		*l = (*l)[:last]
	}
	return nil
}
