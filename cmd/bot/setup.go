package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"meetbot/bot"
	"meetbot/internal/app"
	"meetbot/internal/setup"
	"meetbot/manifest"
)

func setupCommand() *cobra.Command {
	return group("setup", "Print what administrators do and type to install the bot, filled in. Nothing is run.",
		setupSlackCommand(), setupEntraCommand(), setupTeamsCommand())
}

func setupSlackCommand() *cobra.Command {
	var s setup.Slack
	config := app.Default()
	c := command("slack", "The link that creates the Slack app, what to copy from it, and its manifest.", noArguments,
		func(cmd *cobra.Command, _ []string) (err error) {
			if s.Socket && cmd.Flags().Changed("url") {
				return misuse{errors.New("wanted one of --url and --socket")}
			}
			if !s.Socket {
				if err = checkAddress(cmd.Flags(), s.URL, "Slack"); err != nil {
					return err
				}
			}
			if s.Uses, err = config.SlackUses(); err != nil {
				return misuse{err}
			}
			catalog, err := config.Places.Catalog()
			if err != nil {
				return misuse{err}
			}
			return s.Write(cmd.OutOrStdout(), catalog)
		})
	addURL(c.Flags(), &s.URL)
	c.Flags().BoolVar(&s.Socket, "socket", false, socketHelp)
	addSettings(c.Flags(), config.SlackManifestSettings())
	return c
}

func setupEntraCommand() *cobra.Command {
	var e setup.Entra
	config := app.Default()
	names := setup.EntraSettings()
	c := command("entra", "How to register the Entra app with its permissions, consent and certificate, and how to "+
		"grant "+
		"its access policy: for the Azure CLI, PowerShell and Terraform.", noArguments,
		func(cmd *cobra.Command, _ []string) error {
			err := errors.Join(wrongValues(config, names), plain("--user", e.User), plain("--group", e.Group))
			if err != nil {
				return misuse{err}
			}
			e.TenantID, e.ClientID = strings.ToLower(config.Entra.TenantID), strings.ToLower(config.Entra.ClientID)
			e.Certificate = config.Entra.CertificatePath
			e.Authority, e.GraphURL = config.Entra.AuthorityHost, config.Graph.BaseURL
			policy, err := bot.ParseOrganizerPolicy(config.Policy.Organizer)
			if err != nil {
				return misuse{fmt.Errorf("ORGANIZER: %w", err)}
			}
			e.Service, e.Fallback = policy.Service, policy.Requester
			e.IsSet = func(variable string) bool { return valuesOf(&config, names)[variable] != "" }
			return e.Write(cmd.OutOrStdout())
		})
	c.Flags().StringVar(&e.User, "user", "", "`Person` to grant the access policy to, by user principal name or "+
		"object ID.")
	c.Flags().StringVar(&e.Group, "group", "", "`Group` to grant the access policy to, by object ID or e-mail.")
	addSettings(c.Flags(), settingsNamed(&config, names))
	return c
}

func setupTeamsCommand() *cobra.Command {
	var t setup.Teams
	config := app.Default()
	names := []string{
		"TEAMS_APP_ID", "TEAMS_TENANT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_AUTHORITY_HOST",
		"GRAPH_BASE_URL",
	}
	c := command("teams", "How to register the Teams bot, with an Azure subscription and without one, and how to "+
		"give its "+
		"app to people.", noArguments,
		func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(checkAddress(cmd.Flags(), t.URL, "Teams"), wrongValues(config, names),
				plain("--group", t.Group)); err != nil {
				return misuse{err}
			}
			t.TenantID, t.AppID = config.TeamsApp().TenantID, strings.ToLower(config.Teams.AppID)
			t.ClientID = strings.ToLower(config.Entra.ClientID)
			t.Authority, t.GraphURL = config.Entra.AuthorityHost, config.Graph.BaseURL
			return t.Write(cmd.OutOrStdout())
		})
	addURL(c.Flags(), &t.URL)
	c.Flags().StringVar(&t.Group, "group", "", "`Group` that may use the app in Teams, by object ID; everybody if "+
		"left out.")
	addSettings(c.Flags(), settingsNamed(&config, names))
	return c
}

// addURL adds --url, which takes its value from PUBLIC_URL if it is not given.
func addURL(flags *pflag.FlagSet, value *string) {
	flags.SortFlags = false
	flags.StringVar(value, "url", "", urlHelp+" ($PUBLIC_URL)")
	flags.Lookup("url").Annotations = map[string][]string{envAnnotation: {"PUBLIC_URL"}}
}

// checkAddress refuses an address that the servers of a platform cannot reach.
func checkAddress(flags *pflag.FlagSet, address, platform string) error {
	name := "PUBLIC_URL"
	if flags.Changed("url") || address == "" {
		name = "--url"
	}
	if err := manifest.CheckAddress(address, platform); err != nil {
		return misuse{fmt.Errorf("%s: %w", name, err)}
	}
	return plain(name, address)
}

// settingsNamed are the settings of these environment variables.
func settingsNamed(c *app.Config, names []string) []app.Setting {
	return slices.DeleteFunc(c.Settings(), func(s app.Setting) bool { return !slices.Contains(names, s.Env) })
}

// valuesOf are the values of these environment variables.
func valuesOf(c *app.Config, names []string) map[string]string {
	values := map[string]string{}
	for _, s := range settingsNamed(c, names) {
		values[s.Env] = s.Value.String()
	}
	return values
}

// wrongValues names what is wrong with the values of these environment variables. Whatever has no value is right here.
func wrongValues(c app.Config, names []string) error {
	given := valuesOf(&c, names)
	var wrong []error
	for _, p := range c.Problems() {
		if value := given[p.Variable]; value != "" && p.Variable != "AZURE_CLIENT_CERTIFICATE_PATH" { // yet to be made
			wrong = append(wrong, fmt.Errorf("%s: %q: it %s; for example %s", p.Variable, value, p.Wrong, p.Example))
		}
	}
	for _, name := range names {
		wrong = append(wrong, plain(name, given[name]))
	}
	return errors.Join(wrong...)
}

// plain refuses a value that is no single line of text: nobody can paste it.
func plain(name, value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return misuse{fmt.Errorf("%s: %q: wanted one line of printable characters", name, value)}
	}
	return nil
}
