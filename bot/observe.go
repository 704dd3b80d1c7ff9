package bot

import "time"

// Observer is told what happens, for the operator's figures.
type Observer interface {
	// Command is called when a command got its answer, or was acknowledged, with the time since it was received.
	Command(platform string, kind Kind, outcome string, took time.Duration)
	// Identity is called when somebody's identity was needed: from memory, or looked up.
	Identity(remembered bool)
	// PossibleDuplicate is called before an answer that may be the second one to the same command.
	PossibleDuplicate()
	// DeadLettered is called when an answer reached nobody.
	DeadLettered()
}
