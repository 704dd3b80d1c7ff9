// Package deploy holds the tests of what the bot is deployed with: the image, the unit, the alerts. make deploy runs
// them all; those without a build tag need nothing but Go.
package deploy
