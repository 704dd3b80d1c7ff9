package setup

import "strings"

// bash writes a value as one word of bash, and of any other POSIX shell.
func bash(value string) string {
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// powerShell writes a value as one string of PowerShell. To PowerShell, typographic quotation marks are as good as the
// straight one (document "about_Quoting_Rules").
func powerShell(value string) string {
	double := strings.NewReplacer("'", "''", "\u2018", "\u2018\u2018", "\u2019", "\u2019\u2019", "\u201a",
		"\u201a\u201a", "\u201b", "\u201b\u201b")
	return "'" + double.Replace(value) + "'"
}

// terraform writes a value as one string of Terraform's language (document "Strings and Templates").
func terraform(value string) string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "${", "$${", "%{", "%%{")
	return `"` + escape.Replace(value) + `"`
}

// word writes a value that needs no quotation marks without them, for the eyes of people.
func word(value string) string {
	for _, r := range value {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/:", r) {
			return bash(value)
		}
	}
	if value == "" {
		return bash(value)
	}
	return value
}
