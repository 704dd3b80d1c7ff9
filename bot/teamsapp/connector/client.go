// Package connector is a client of the Bot Connector API, by which a bot sends and changes messages in Microsoft Teams.
// There is no official client for Go. Source: Microsoft, "Bot Connector REST API reference", and "Targeted messages"
// for messages that one person sees.
//
// Call [New] with the bot's tokens, then [Client.Reply] with the service URL and the conversation of the activity to
// answer.
//
// It imports internal/outbound, for the HTTP client, and no other package of the program. It promises that the bot's
// token is sent to Microsoft's and the configured hosts only, that no redirect is followed, and that no error holds a
// token, the name of a conversation, or a text that the service wrote, except its error code.
package connector

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"meetbot/internal/outbound"
)

// Hosts are Microsoft's hosts that a bot's token may be sent to: those of the public cloud, and of the US
// Government's GCC, GCC High and DoD. Microsoft does not document them; they are constants in its SDKs.
var Hosts = []string{
	"smba.trafficmanager.net",
	"smba.infra.gcc.teams.microsoft.com",
	"smba.infra.gov.teams.microsoft.us",
	"smba.infra.dod.teams.microsoft.us",
}

// Tokens gives the bot's own access tokens for the Bot Framework.
type Tokens interface {
	Token(ctx context.Context) (string, error)
	// Renew is called after the service refused the token.
	Renew()
}

// Config is what a client needs. Every field without "optional" is required.
type Config struct {
	Tokens  Tokens
	Hosts   []string       // optional: "host" or "host:port", in addition to [Hosts]
	RootCAs *x509.CertPool // optional; nil: the system's
	Timeout time.Duration  // optional: of one call; 0: 5 s
}

// Client calls the service that an activity came from. It is safe for concurrent use.
type Client struct {
	tokens Tokens
	http   *http.Client
	bases  []*url.URL
}

// New prepares a client. Its error names the host at fault.
func New(c Config) (*Client, error) {
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	client := &Client{tokens: c.Tokens}
	for _, host := range append(Hosts[:len(Hosts):len(Hosts)], c.Hosts...) {
		base, err := url.Parse("https://" + host)
		if err != nil || host == "" || base.Host != host || base.Hostname() == "" {
			return nil, fmt.Errorf("%q is not a host such as %q", host, Hosts[0])
		}
		client.bases = append(client.bases, base)
		if outbound.Loopback(base.Hostname()) {
			plain := *base
			plain.Scheme = "http"
			client.bases = append(client.bases, &plain)
		}
	}
	client.http = outbound.Client(outbound.Options{RootCAs: c.RootCAs, Timeout: c.Timeout}, client.bases...)
	return client, nil
}

// Close closes the connections that wait to be used again.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Error is a call that failed: the service refused it or gave no answer.
type Error struct {
	Status int           // HTTP status; 0 if there was no answer
	Code   string        // the service's error code, such as "BotNotInConversationRoster"; empty without one
	Wait   time.Duration // how long the service asks to wait: outbound.RetryAfter; 0 if it does not ask
	Err    error         // what happened, without an address or a secret
}

func (e *Error) Error() string {
	text := e.Err.Error()
	if e.Code != "" {
		text += " " + e.Code
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// ErrService says that a service URL is not one that the bot's token may be sent to.
var ErrService = errors.New("service URL is not Microsoft's")

// Reply posts an activity to a conversation, as the answer to a message there, or to none if its ReplyTo is empty. It
// returns the ID of the new message.
func (c *Client) Reply(ctx context.Context, service, conversation string, a Activity) (string, error) {
	var made ID
	err := c.send(ctx, http.MethodPost, service, "/v3/conversations/"+escape(conversation)+"/activities", a, &made)
	return made.ID, err
}

// SendTargeted posts an activity that its recipient alone sees. In a chat with the bot alone the service refuses it.
func (c *Client) SendTargeted(
	ctx context.Context, service, conversation string, to Account, a Activity,
) (string, error) {
	to.IsTargeted = true
	a.Recipient = &to
	var made ID
	path := "/v3/conversations/" + escape(conversation) + "/activities?isTargetedActivity=true"
	err := c.send(ctx, http.MethodPost, service, path, a, &made)
	return made.ID, err
}

// Update replaces what stands in a message of the bot's own by the activity. Neither conversation nor activity may be
// empty; the conversation of a channel names the thread that the message stands in, as [Client.Reply] was called with
// it. Of an error's Status, 404 says that there is no such message any more, 403 that the bot may not change it, and
// 405 that messages cannot be changed there. Sources: Microsoft, "Update and delete messages sent from your bot", and
// "Status codes from bot conversational APIs".
func (c *Client) Update(ctx context.Context, service, conversation, activity string, a Activity) error {
	a.ID = activity
	path := "/v3/conversations/" + escape(conversation) + "/activities/" + escape(activity)
	return c.send(ctx, http.MethodPut, service, path, a, &ID{})
}

// Chat opens the chat between a user and the bot, or finds it, and returns its ID.
func (c *Client) Chat(ctx context.Context, service, tenant, user string) (string, error) {
	body := struct {
		IsGroup     bool        `json:"isGroup"`
		Members     []Account   `json:"members"`
		TenantID    string      `json:"tenantId"`
		ChannelData ChannelData `json:"channelData"`
	}{false, []Account{{ID: user}}, tenant, ChannelData{Tenant: ID{ID: tenant}}}
	var made ID
	if err := c.send(ctx, http.MethodPost, service, "/v3/conversations", body, &made); err != nil {
		return "", err
	}
	if made.ID == "" {
		return "", &Error{Status: http.StatusCreated, Err: errors.New("answer names no conversation")}
	}
	return made.ID, nil
}

// Member is somebody as the list of a conversation's members has them.
type Member struct {
	ObjectID string // of a user in Entra; empty for bots and anonymous attendees
	TenantID string // of the organization that the user belongs to; empty if the service does not say
}

// Member reads one member of a conversation. A channel must be named without the thread, which the service does not
// find. Source: Microsoft, "Get Teams specific context for your bot". The object ID has one of two names there
// (microsoft/teams.py, pull request 327).
func (c *Client) Member(ctx context.Context, service, conversation, user string) (Member, error) {
	var found struct {
		ObjectID    string `json:"objectId"`
		AADObjectID string `json:"aadObjectId"`
		TenantID    string `json:"tenantId"`
	}
	path := "/v3/conversations/" + escape(conversation) + "/members/" + escape(user)
	if err := c.call(ctx, http.MethodGet, service, path, nil, &found); err != nil {
		return Member{}, err
	}
	return Member{cmp.Or(found.ObjectID, found.AADObjectID), found.TenantID}, nil
}

// CountMembers counts the members on a page of a conversation's list of at most size, and returns the token of the page
// that follows; it is empty after the last one. A channel must be named without the thread. Source: Microsoft, "Get
// Teams specific context for your bot", section "Fetch the roster or user profile".
func (c *Client) CountMembers(
	ctx context.Context, service, conversation string, size int, page string,
) (n int, next string, err error) {
	var found struct {
		Members []struct{} `json:"members"`
		Next    string     `json:"continuationToken"`
	}
	query := url.Values{"pageSize": {strconv.Itoa(size)}}
	if page != "" {
		query.Set("continuationToken", page)
	}
	path := "/v3/conversations/" + escape(conversation) + "/pagedmembers?" + query.Encode()
	err = c.call(ctx, http.MethodGet, service, path, nil, &found)
	return len(found.Members), found.Next, err
}

// Channels lists the channels of a team. The first one, which every team has, has no name. Source: Microsoft, "Get
// Teams specific context for your bot", section "Get the list of channels in a team".
func (c *Client) Channels(ctx context.Context, service, team string) ([]ID, error) {
	var found struct {
		Conversations []ID `json:"conversations"`
	}
	err := c.call(ctx, http.MethodGet, service, "/v3/teams/"+escape(team)+"/conversations", nil, &found)
	return found.Conversations, err
}

// escape makes an ID one segment of a path: conversation IDs hold ; and =, which servers may read as parameters.
func escape(id string) string {
	if id == "." || id == ".." { // which lead elsewhere
		return strings.ReplaceAll(id, ".", "%2E")
	}
	return strings.ReplaceAll(url.QueryEscape(id), "+", "%20")
}

// send makes a call with body as its JSON, and reads the JSON of the answer into into. An answer to an activity that
// cannot be read is no error: the message stands, and only its ID is not known. Errors are those of call.
func (c *Client) send(ctx context.Context, method, service, path string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return &Error{Err: fmt.Errorf("write activity: %w", err)}
	}
	return c.call(ctx, method, service, path, data, into)
}

// call makes one call, with a JSON body or none. Errors are of type *Error, or the token's.
func (c *Client) call(ctx context.Context, method, service, path string, data []byte, into any) error {
	base, err := c.baseOf(service)
	if err != nil {
		return &Error{Err: err}
	}
	token, err := c.tokens.Token(ctx)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(data))
	if err != nil {
		return &Error{Err: errors.New("cannot make request")}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	if data != nil {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return &Error{Err: outbound.Redact(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return &Error{Status: resp.StatusCode, Err: outbound.Redact(err)}
	}
	if resp.StatusCode/100 != 2 {
		if resp.StatusCode == http.StatusUnauthorized {
			c.tokens.Renew()
		}
		return refusal(resp, answer, token)
	}
	err = json.Unmarshal(answer, into)
	if err != nil && len(answer) > 0 && !strings.Contains(path, "/activities") {
		return &Error{Status: resp.StatusCode, Err: errors.New("answer cannot be read")}
	}
	return nil
}

// baseOf returns the service URL without its last slash. The error is [ErrService] if the token may not be sent there.
func (c *Client) baseOf(service string) (string, error) {
	u, err := url.Parse(service)
	if err != nil || u.User != nil || strings.ContainsAny(service, "?#") {
		return "", ErrService
	}
	for _, base := range c.bases {
		if u.Scheme == base.Scheme && strings.EqualFold(u.Host, base.Host) {
			return base.Scheme + "://" + base.Host + strings.TrimRight(u.EscapedPath(), "/"), nil
		}
	}
	return "", fmt.Errorf("%w: %s", ErrService, u.Host)
}

// Allows tells whether the bot's token may be sent to this service URL.
func (c *Client) Allows(service string) bool {
	_, err := c.baseOf(service)
	return err == nil
}

// refusal reads an answer other than success. The service's message may quote the request, so it is not in the error.
func refusal(resp *http.Response, answer []byte, token string) *Error {
	e := &Error{Status: resp.StatusCode, Err: fmt.Errorf("HTTP status %d", resp.StatusCode)}
	e.Wait, _ = outbound.RetryAfter(resp.Header)
	var refused struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(answer, &refused) == nil && outbound.PlainWords.MayLog(refused.Error.Code, token) {
		e.Code = refused.Error.Code
	}
	return e
}
