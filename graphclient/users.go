package graphclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/users"

	"meetbot/bot"
	"meetbot/internal/guid"
)

// userProperties are what is read of a user; userType and accountEnabled come only when asked for.
var userProperties = []string{"id", "displayName", "mail", "userPrincipalName", "userType", "accountEnabled"}

// isAddress tells whether s can be a UPN or an e-mail at all.
func isAddress(s string) bool {
	return strings.Contains(s, "@") && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	})
}

// User reads one user by object ID or user principal name (document "user-get").
func (c *Client) User(ctx context.Context, t bot.Tenant, idOrUPN string) (bot.DirectoryUser, error) {
	if err := c.checkTenant(t, opUser); err != nil {
		return bot.DirectoryUser{}, err
	}
	// Any other text would name another resource below /users, or the whole list.
	if !guid.Valid(idOrUPN) && !isAddress(idOrUPN) {
		err := errors.New(opUser + ": not sent: neither object ID nor user principal name")
		return bot.DirectoryUser{}, &bot.Error{Code: bot.NoSuchUser, Err: err}
	}
	var answer models.Userable
	status, err := c.call(ctx, opUser, func(ctx context.Context) (err error) {
		answer, err = c.users().ByUserId(idOrUPN).Get(ctx, &users.UserItemRequestBuilderGetRequestConfiguration{
			QueryParameters: &users.UserItemRequestBuilderGetQueryParameters{Select: userProperties},
		})
		return err
	})
	if err != nil {
		return bot.DirectoryUser{}, err
	}
	return userOf(opUser, status, answer)
}

// UsersByEmail finds every distinct user whose user principal name or mail is this e-mail, in any case of letters; with
// aliases, also those who have it among their other proxy addresses. It makes two calls: it looks up the principal name
// directly, which finds a new user at once, and searches for the others (document "aad-advanced-queries") in an index
// that may be some minutes old.
func (c *Client) UsersByEmail(
	ctx context.Context, t bot.Tenant, email string, aliases bool,
) ([]bot.DirectoryUser, error) {
	if err := c.checkTenant(t, opUsers); err != nil {
		return nil, err
	}
	if !isAddress(email) {
		return nil, nil
	}
	var found []bot.DirectoryUser
	u, err := c.User(ctx, t, email)
	switch code := bot.CodeOf(err); {
	case err == nil && strings.EqualFold(u.UPN, email):
		found = append(found, u)
	case err == nil, code == bot.NoSuchUser:
	case code == bot.BadRequest: // an e-mail that no principal name can be
	default:
		return nil, err
	}
	filter := "mail eq " + quote(email)
	if aliases {
		filter += fmt.Sprintf(" or proxyAddresses/any(p:p eq %s)", quote("smtp:"+email))
	}
	more, err := c.search(ctx, filter)
	if err != nil {
		return nil, err
	}
	for _, u := range more {
		found = addDistinct(found, u)
	}
	return found, nil
}

// maxPages bounds a search. An e-mail belongs to one user, or to a few.
const maxPages = 5

// search returns every user that the filter matches. Two properties joined by "or" need the advanced query parameters.
func (c *Client) search(ctx context.Context, filter string) ([]bot.DirectoryUser, error) {
	headers := abstractions.NewRequestHeaders()
	headers.Add("ConsistencyLevel", "eventual")
	first := &users.UsersRequestBuilderGetRequestConfiguration{
		Headers: headers,
		QueryParameters: &users.UsersRequestBuilderGetQueryParameters{
			Filter: &filter, Select: userProperties, Count: new(true),
		},
	}
	following := &users.UsersRequestBuilderGetRequestConfiguration{Headers: headers}
	var found []bot.DirectoryUser
	builder, request := c.users(), first
	for range maxPages {
		var answer models.UserCollectionResponseable
		status, err := c.call(ctx, opUsers, func(ctx context.Context) (err error) {
			answer, err = builder.Get(ctx, request)
			return err
		})
		if err != nil {
			return nil, err
		}
		if answer == nil || answer.GetValue() == nil {
			err := errors.New(opUsers + ": the answer is no list")
			return nil, &bot.Error{Code: bot.Unavailable, Status: status, Err: err}
		}
		for _, item := range answer.GetValue() {
			u, err := userOf(opUsers, status, item)
			if err != nil {
				return nil, err
			}
			found = append(found, u)
		}
		next := answer.GetOdataNextLink()
		if next == nil || *next == "" {
			return found, nil
		}
		builder, request = c.users().WithUrl(*next), following // goes nowhere but to the Graph host: internal/outbound
	}
	return nil, &bot.Error{Code: bot.Unavailable, Err: fmt.Errorf("%s: more than %d pages", opUsers, maxPages)}
}

// userOf reads Graph's answer. An account that is not said to be enabled is not.
func userOf(op string, status int, a models.Userable) (bot.DirectoryUser, error) {
	if a == nil || !guid.Valid(value(a.GetId())) {
		err := errors.New(op + ": the answer is no user")
		return bot.DirectoryUser{}, &bot.Error{Code: bot.Unavailable, Status: status, Err: err}
	}
	return bot.DirectoryUser{
		ID:      value(a.GetId()),
		UPN:     value(a.GetUserPrincipalName()),
		Mail:    value(a.GetMail()),
		Name:    value(a.GetDisplayName()),
		Guest:   strings.EqualFold(value(a.GetUserType()), "Guest"),
		Enabled: value(a.GetAccountEnabled()),
	}, nil
}

func addDistinct(found []bot.DirectoryUser, u bot.DirectoryUser) []bot.DirectoryUser {
	for _, f := range found {
		if strings.EqualFold(f.ID, u.ID) {
			return found
		}
	}
	return append(found, u)
}

// quote writes a string literal of OData (OData 4.01, URL conventions, section 5.1.1.6.2).
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
