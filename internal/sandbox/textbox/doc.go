// Package textbox draws plain text in a frame for a terminal: what the fakes of Slack and Teams show of a message. Fill
// a [Box] with [Box.Paragraph] and read [Box.Frame]. It imports the standard library alone.
package textbox
