package graphclient

import (
	"context"
	"errors"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/applicationswithappid"
	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"meetbot/bot"
	"meetbot/internal/guid"
)

const opApplication = "application"

// ReadApplications is an application permission that the client does not need, and that lets it read when secrets
// expire (document "application-get").
var ReadApplications = Permission{
	Name: "Application.Read.All", RoleID: "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", For: "to see when secrets expire",
	Within: []string{
		"Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "Directory.Read.All", "Directory.ReadWrite.All",
	},
}

// AppSecret is a client secret of an app registration, without its value.
type AppSecret struct {
	ID      string // key ID
	Name    string // that an administrator gave it; may be empty
	Hint    string // the first three characters of the value
	Expires time.Time
}

// AppSecrets lists the client secrets of an app of the tenant, by its client ID (documents "application-get" and
// "passwordCredential"). It needs the permission ReadApplications.
func (c *Client) AppSecrets(ctx context.Context, t bot.Tenant, clientID string) ([]AppSecret, error) {
	if err := c.checkTenant(t, opApplication); err != nil {
		return nil, err
	}
	if !guid.Valid(clientID) {
		return nil, &bot.Error{Code: bot.BadRequest, Err: errors.New(opApplication + ": not sent: no client ID")}
	}
	var answer models.Applicationable
	_, err := c.call(ctx, opApplication, func(ctx context.Context) (err error) {
		builder := applicationswithappid.NewApplicationsWithAppIdRequestBuilderInternal(
			map[string]string{"baseurl": c.adapter.GetBaseUrl()}, c.adapter, &clientID)
		answer, err = builder.Get(ctx,
			&applicationswithappid.ApplicationsWithAppIdRequestBuilderGetRequestConfiguration{
				QueryParameters: &applicationswithappid.ApplicationsWithAppIdRequestBuilderGetQueryParameters{
					Select: []string{"appId", "passwordCredentials"},
				},
			})
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []AppSecret
	for _, s := range answer.GetPasswordCredentials() {
		if s.GetEndDateTime() == nil {
			continue
		}
		secret := AppSecret{Name: value(s.GetDisplayName()), Hint: value(s.GetHint()), Expires: *s.GetEndDateTime()}
		if id := s.GetKeyId(); id != nil {
			secret.ID = id.String()
		}
		all = append(all, secret)
	}
	return all, nil
}
