// Package botauth tells whether an activity really comes from the Bot Framework: it checks the token that accompanies it
// against the keys that the service publishes. Source: Microsoft, "Authentication with the Bot Connector API", section
// "Authenticate requests from the Bot Connector service to your bot".
package botauth
