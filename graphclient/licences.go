package graphclient

import (
	"context"
	"errors"
	"strings"

	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"meetbot/bot"
	"meetbot/internal/guid"
)

const opLicence = "licence"

// teamsService is the service of Microsoft Teams among the plans of a user.
const teamsService = "TeamspaceAPI"

// HasTeams tells whether the licences of a user, by object ID, include Microsoft Teams at present (document "user",
// property "assignedPlans"). It needs no other permission than [Client.User]. A plan that is switched off in a licence,
// or suspended, does not count.
func (c *Client) HasTeams(ctx context.Context, t bot.Tenant, userID string) (bool, error) {
	if err := c.checkTenant(t, opLicence); err != nil {
		return false, err
	}
	if !guid.Valid(userID) {
		err := errors.New(opLicence + ": not sent: no object ID")
		return false, &bot.Error{Code: bot.NoSuchUser, Err: err}
	}
	var answer models.Userable
	_, err := c.call(ctx, opLicence, func(ctx context.Context) (err error) {
		answer, err = c.users().ByUserId(userID).Get(ctx, &users.UserItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &users.UserItemRequestBuilderGetQueryParameters{Select: []string{"id", "assignedPlans"}},
		})
		return err
	})
	if err != nil {
		return false, err
	}
	for _, plan := range answer.GetAssignedPlans() {
		status := value(plan.GetCapabilityStatus())
		if strings.EqualFold(value(plan.GetService()), teamsService) && (status == "Enabled" || status == "Warning") {
			return true, nil
		}
	}
	return false, nil
}
