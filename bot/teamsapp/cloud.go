package teamsapp

import "net/url"

// Cloud is one of the Bot Framework's.
type Cloud struct {
	MetadataURL string // where the keys of inbound tokens are announced
	Issuer      string // of inbound tokens
	Scope       string // of the bot's own tokens
	// Services are the hosts that the cloud's answers go to, among those of package connector; none for a cloud that is
	// not Microsoft's.
	Services []string
}

// clouds are Microsoft's; the first is the public one. Sources: "Authentication with the Bot Connector API", and
// "Configure Bot Framework bots for US Government customers".
var clouds = []Cloud{
	{"https://login.botframework.com/v1/.well-known/openidconfiguration", "https://api.botframework.com",
		"https://api.botframework.com/.default", []string{"smba.trafficmanager.net"}},
	{"https://login.botframework.azure.us/v1/.well-known/openidconfiguration", "https://api.botframework.us",
		"https://api.botframework.us/.default",
		[]string{"smba.infra.gov.teams.microsoft.us", "smba.infra.dod.teams.microsoft.us"}},
	{"https://login.botframework.azure.cn/v1/.well-known/openidconfiguration", "https://api.botframework.azure.cn",
		"https://api.botframework.azure.cn/.default", nil},
}

// CloudOf returns the cloud that announces its keys at this URL, or the public one with its keys announced there; the
// public one for an empty URL.
func CloudOf(metadataURL string) Cloud {
	if metadataURL == "" {
		return clouds[0]
	}
	cloud := clouds[0]
	cloud.Services = nil
	if given, err := url.Parse(metadataURL); err == nil {
		for _, c := range clouds {
			if own, err := url.Parse(c.MetadataURL); err == nil && own.Host == given.Host {
				cloud = c
			}
		}
	}
	cloud.MetadataURL = metadataURL
	return cloud
}
