package teamsapp

import (
	"slices"
	"testing"

	"meetbot/bot/teamsapp/connector"
)

// The hosts of a cloud are among those that a token may be sent to; a cloud that is not Microsoft's has none.
func TestServicesOfTheClouds(t *testing.T) {
	for _, c := range clouds {
		for _, host := range CloudOf(c.MetadataURL).Services {
			if !slices.Contains(connector.Hosts, host) {
				t.Errorf("%s is none of the connector's hosts", host)
			}
		}
	}
	if len(CloudOf("").Services) == 0 {
		t.Error("the public cloud has no host")
	}
	other := CloudOf("https://login.contoso.example/openidconfiguration")
	if len(other.Services) != 0 || other.Issuer != clouds[0].Issuer {
		t.Errorf("another cloud: %+v", other)
	}
}
