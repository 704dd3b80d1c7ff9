package manifest

// The parts of a Teams app manifest that this bot uses. Source: the schema at teamsSchema; Microsoft, "App manifest
// schema". Lengths are in characters.

// teamsSchemaVersion is the first that knows slash triggers.
const teamsSchemaVersion = "1.29"

const (
	teamsSchemas            = "https://developer.microsoft.com/json-schemas/teams/v" + teamsSchemaVersion
	teamsSchema             = teamsSchemas + "/MicrosoftTeams.schema.json"
	teamsLocalizationSchema = teamsSchemas + "/MicrosoftTeams.Localization.schema.json"
)

// maxDeveloperName is the length of developer.name.
const maxDeveloperName = 32

type teamsManifest struct {
	Schema                 string               `json:"$schema"`
	ManifestVersion        string               `json:"manifestVersion"`
	Version                string               `json:"version"`
	ID                     string               `json:"id"`
	Developer              teamsDeveloper       `json:"developer"`
	Name                   teamsName            `json:"name"`
	Description            teamsDescription     `json:"description"`
	LocalizationInfo       teamsLocalization    `json:"localizationInfo"`
	Icons                  teamsIcons           `json:"icons"`
	AccentColor            string               `json:"accentColor"`
	Bots                   []teamsBot           `json:"bots"`
	DefaultInstallScope    string               `json:"defaultInstallScope"`
	DefaultGroupCapability teamsGroupCapability `json:"defaultGroupCapability"`
}

type teamsDeveloper struct {
	Name          string `json:"name"`
	WebsiteURL    string `json:"websiteUrl"`
	PrivacyURL    string `json:"privacyUrl"`
	TermsOfUseURL string `json:"termsOfUseUrl"`
}

type teamsName struct {
	Short string `json:"short"`
}

type teamsDescription struct {
	Short string `json:"short"`
	Full  string `json:"full"`
}

type teamsLocalization struct {
	DefaultLanguageTag  string          `json:"defaultLanguageTag"`
	AdditionalLanguages []teamsLanguage `json:"additionalLanguages"`
}

type teamsLanguage struct {
	LanguageTag string `json:"languageTag"`
	File        string `json:"file"`
}

type teamsIcons struct {
	Color   string `json:"color"`
	Outline string `json:"outline"`
}

type teamsBot struct {
	BotID                    string             `json:"botId"`
	Scopes                   []string           `json:"scopes"`
	SupportsTargetedMessages bool               `json:"supportsTargetedMessages"`
	CommandLists             []teamsCommandList `json:"commandLists"`
}

type teamsCommandList struct {
	Scopes   []string       `json:"scopes"`
	Triggers []string       `json:"triggers"`
	Commands []teamsCommand `json:"commands"`
}

type teamsCommand struct {
	Title       string `json:"title"`
	Description string `json:"description"`
}

type teamsGroupCapability struct {
	Team      string `json:"team"`
	GroupChat string `json:"groupchat"`
	Meetings  string `json:"meetings"`
}
