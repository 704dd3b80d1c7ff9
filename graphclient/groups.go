package graphclient

import (
	"context"
	"errors"
	"slices"
	"strings"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"meetbot/bot"
	"meetbot/internal/guid"
)

const (
	opMember = "member"
	opGroup  = "group"
)

var _ bot.Groups = (*Client)(nil)

// IsMember tells whether a user is in a group, both by object ID, directly or through other groups (document
// "directoryobject-checkmembergroups", which names User.Read.All and GroupMember.Read.All as the least permissions).
// Graph does not tell a group that is missing from one that the user is not in.
func (c *Client) IsMember(ctx context.Context, t bot.Tenant, userID, groupID string) (bool, error) {
	if err := c.checkTenant(t, opMember); err != nil {
		return false, err
	}
	if !guid.Valid(userID) || !guid.Valid(groupID) {
		err := errors.New(opMember + ": not sent: no object ID")
		return false, &bot.Error{Code: bot.NoSuchUser, Err: err}
	}
	body := users.NewItemCheckMemberGroupsPostRequestBody()
	body.SetGroupIds([]string{groupID})
	var answer users.ItemCheckMemberGroupsPostResponseable
	status, err := c.call(ctx, opMember, func(ctx context.Context) (err error) {
		answer, err = c.users().ByUserId(userID).CheckMemberGroups().PostAsCheckMemberGroupsPostResponse(ctx, body, nil)
		return err
	})
	if err != nil {
		return false, groupError(err)
	}
	if answer == nil || answer.GetValue() == nil {
		err := errors.New(opMember + ": the answer is no list")
		return false, &bot.Error{Code: bot.Unavailable, Status: status, Err: err}
	}
	return slices.ContainsFunc(answer.GetValue(), func(id string) bool { return strings.EqualFold(id, groupID) }), nil
}

// GroupName is the display name of a group (document "group-get"). The request is put together here: package groups of
// the SDK would take a minute to compile.
func (c *Client) GroupName(ctx context.Context, t bot.Tenant, groupID string) (string, error) {
	if err := c.checkTenant(t, opGroup); err != nil {
		return "", err
	}
	if !guid.Valid(groupID) {
		return "", &bot.Error{Code: bot.BadRequest, Err: errors.New(opGroup + ": not sent: no object ID")}
	}
	var name string
	status, err := c.call(ctx, opGroup, func(ctx context.Context) error {
		request := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(abstractions.GET,
			"{+baseurl}/groups/{id}?$select=displayName",
			map[string]string{"baseurl": c.adapter.GetBaseUrl(), "id": groupID})
		request.Headers.TryAdd("Accept", "application/json")
		answer, err := c.adapter.Send(ctx, request, models.CreateGroupFromDiscriminatorValue, nil)
		if group, ok := answer.(models.Groupable); ok {
			name = value(group.GetDisplayName())
		}
		return err
	})
	switch {
	case err != nil:
		return "", groupError(err)
	case name == "":
		err := errors.New(opGroup + ": the answer has no name")
		return "", &bot.Error{Code: bot.Unavailable, Status: status, Err: err}
	default:
		return name, nil
	}
}

// groupError adds to a lack of permission that it is the one for groups.
func groupError(err error) error {
	if e, ok := errors.AsType[*bot.Error](err); ok && e.Code == bot.NoPermission {
		e.Cause = bot.NoGroups
	}
	return err
}
