// Package setup writes what administrators do and type to install the bot: for Slack, for Microsoft Entra and for
// Microsoft Teams. It runs nothing and asks nobody.
//
// Fill one of [Slack], [Entra] and [Teams] in, and call its Write. What comes out is Markdown for people: prose, and
// blocks that can be pasted as they are into bash, PowerShell or a Terraform file. A value that is not known yet is a
// placeholder in capitals, and the first lines list all of these.
//
// The permissions come from graphclient and bot/slackapp, the manifests from manifest, the access policy from bot, so
// that nothing here can promise what another part does not keep. [ScopeTable] and [PermissionTable] are what the
// documents say about permissions.
//
// It imports these packages alone. Its sentences are for administrators, and in English alone.
package setup
