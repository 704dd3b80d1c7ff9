// Package teamsapp is the Microsoft Teams front-end: activities in, Adaptive Cards out. Package botauth tells whether
// an activity is Teams', package connector carries the answers.
package teamsapp
