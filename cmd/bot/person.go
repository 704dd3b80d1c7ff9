package main

import (
	"errors"

	"github.com/spf13/cobra"

	"meetbot/internal/app"
)

func personCommand() *cobra.Command {
	names := func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return errors.New(`expected "<person>"`)
		}
		return nil
	}
	return group("person", "Read out or erase what Redis holds of a person.",
		dataCommand("export PERSON...", "Read out everything; by chat user's ID, object ID and e-mail address.", names,
			false, app.ExportPerson),
		dataCommand("erase PERSON...", "Erase everything; conversations whose meeting they organize get another one.",
			names, true, app.ErasePerson))
}
