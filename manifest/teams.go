package manifest

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"meetbot/bot"
	"meetbot/manifest/icons"
)

// TeamsApp is what an administrator decides about the Teams app.
type TeamsApp struct {
	URL       string // the bot's public https address, for example https://bot.example.com
	ID        string // GUID: the bot's Microsoft App ID, which the app has as its own ID too
	Version   string // MAJOR.MINOR.PATCH; Teams takes a changed package as an update only if it grew. Empty for 1.0.0
	Developer string // who the app's page names as its maker, at most 32 characters; empty for the bot's own name
	Website   string // https address with support for the app; empty for URL
	Privacy   string // https address of the privacy statement; empty for Website
	Terms     string // https address of the terms of use; empty for Website
}

// Names of the files in the package.
const (
	teamsManifestFile = "manifest.json"
	teamsColorFile    = "color.png"
	teamsOutlineFile  = "outline.png"
)

// Teams returns the package of the Teams app, which an administrator uploads as it is: the manifest in English, a file
// with its texts for each other language, and the icons. The app asks for no permission: the bot hears only mentions,
// and messages in its own chats. Sources: Microsoft, "App manifest schema", "Localize your app", "Enable slash commands
// for agents and bots".
func Teams(app TeamsApp, catalog *bot.Catalog) (Package, error) {
	app, err := app.completed()
	if err != nil {
		return nil, err
	}
	m := teamsManifest{
		Schema:          teamsSchema,
		ManifestVersion: teamsSchemaVersion,
		Version:         app.Version,
		ID:              app.ID,
		Developer: teamsDeveloper{
			Name: app.Developer, WebsiteURL: app.Website, PrivacyURL: app.Privacy, TermsOfUseURL: app.Terms,
		},
		Name:             teamsName{Short: appName},
		Description:      teamsDescriptionIn(bot.English, catalog),
		LocalizationInfo: teamsLocalization{DefaultLanguageTag: string(bot.English)},
		Icons:            teamsIcons{Color: teamsColorFile, Outline: teamsOutlineFile},
		AccentColor:      icons.Accent,
		Bots: []teamsBot{{
			BotID:                    app.ID,
			Scopes:                   []string{"team", "groupChat", "personal"},
			SupportsTargetedMessages: true, // without it no command is offered under the slash
			CommandLists:             teamsCommandLists(catalog),
		}},
		DefaultInstallScope:    "team",
		DefaultGroupCapability: teamsGroupCapability{Team: "bot", GroupChat: "bot", Meetings: "bot"},
	}
	var p Package
	for _, lang := range bot.Languages {
		if lang == bot.English {
			continue
		}
		file := string(lang) + ".json"
		m.LocalizationInfo.AdditionalLanguages = append(m.LocalizationInfo.AdditionalLanguages,
			teamsLanguage{LanguageTag: string(lang), File: file})
		if err := p.addJSON(file, teamsTexts(lang, m, catalog)); err != nil {
			return nil, err
		}
	}
	if err := p.addJSON(teamsManifestFile, m); err != nil {
		return nil, err
	}
	p.add(teamsColorFile, icons.Color)
	p.add(teamsOutlineFile, icons.Outline)
	return p, nil
}

// teamsCommandLists has the whole command table twice: where targeted messages exist, the commands also stand under the
// slash; a client that does not know triggers takes both lists as what a mention offers.
func teamsCommandLists(catalog *bot.Catalog) []teamsCommandList {
	offered := bot.Offered()
	commands := make([]teamsCommand, 0, len(offered))
	for _, spec := range offered {
		commands = append(commands, teamsCommand{
			Title:       catalog.CommandName().Line(spec.Word, "").String(),
			Description: teamsCommandDescription(bot.English, spec, catalog),
		})
	}
	return []teamsCommandList{
		{Scopes: []string{"team", "groupChat"}, Triggers: []string{"mention", "slash"}, Commands: commands},
		{Scopes: []string{"personal"}, Triggers: []string{"mention"}, Commands: commands},
	}
}

// teamsTexts is the file of a language other than the manifest's: each text by the path of the text in the
// manifest that it replaces. It has no titles, because people type the same command in every language.
func teamsTexts(lang bot.Language, m teamsManifest, catalog *bot.Catalog) map[string]string {
	description := teamsDescriptionIn(lang, catalog)
	file := map[string]string{
		"$schema":           teamsLocalizationSchema,
		"name.short":        m.Name.Short,
		"description.short": description.Short,
		"description.full":  description.Full,
	}
	offered := bot.Offered()
	for i, list := range m.Bots[0].CommandLists {
		for j := range list.Commands {
			path := fmt.Sprintf("bots[0].commandLists[%d].commands[%d].description", i, j)
			file[path] = teamsCommandDescription(lang, offered[j], catalog)
		}
	}
	return file
}

func teamsDescriptionIn(lang bot.Language, catalog *bot.Catalog) teamsDescription {
	return teamsDescription{
		Short: catalog.PlainText(lang, bot.Message{ID: "manifest.summary"}),
		Full:  catalog.PlainText(lang, bot.Message{ID: "manifest.teams"}),
	}
}

func teamsCommandDescription(lang bot.Language, spec bot.Spec, catalog *bot.Catalog) string {
	return catalog.PlainText(lang, bot.Message{ID: "manifest." + string(spec.Kind)})
}

var teamsVersion = regexp.MustCompile(`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$`)

// completed returns the app with everything that was left out, or an error that names all that is wrong.
func (app TeamsApp) completed() (TeamsApp, error) {
	var wrong []error
	base, err := publicAddress(app.URL, "Teams")
	if err != nil {
		wrong = append(wrong, err)
	} else if app.Website == "" {
		app.Website = strings.TrimSuffix(base.String(), "/")
	}
	if id, err := uuid.Parse(app.ID); err != nil || id == uuid.Nil {
		wrong = append(wrong, fmt.Errorf(
			"app ID %q: wanted a GUID, for example 00001111-aaaa-2222-bbbb-3333cccc4444", app.ID))
	} else {
		app.ID = id.String()
	}
	if app.Version == "" {
		app.Version = "1.0.0"
	} else if !teamsVersion.MatchString(app.Version) {
		wrong = append(wrong, fmt.Errorf("version %q: wanted three numbers, for example 1.0.0", app.Version))
	}
	if app.Developer == "" {
		app.Developer = appName
	} else if utf8.RuneCountInString(app.Developer) > maxDeveloperName {
		wrong = append(wrong, fmt.Errorf("developer %q: at most %d characters", app.Developer, maxDeveloperName))
	}
	for _, page := range []struct {
		name    string
		address *string
	}{{"website", &app.Website}, {"privacy", &app.Privacy}, {"terms", &app.Terms}} {
		if *page.address == "" {
			*page.address = app.Website
		} else if u, err := url.Parse(*page.address); err != nil || u.Scheme != "https" || u.Host == "" {
			wrong = append(wrong, fmt.Errorf("%s %q: wanted an https address", page.name, *page.address))
		}
	}
	return app, errors.Join(wrong...)
}
