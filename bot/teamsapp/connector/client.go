// Package connector is a client of the Bot Connector API, by which a bot speaks in Microsoft Teams. There is no official
// one for Go. Source: Microsoft, "Bot Connector REST API reference", and for what is private "Targeted messages".
package connector

import (
	"bytes"
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

// Hosts are those of Microsoft's that a bot's token may be sent to: the public cloud's, and the US Government's GCC, GCC
// High and DoD. They are constants of Microsoft's SDKs rather than a contract.
var Hosts = []string{
	"smba.trafficmanager.net",
	"smba.infra.gcc.teams.microsoft.com",
	"smba.infra.gov.teams.microsoft.us",
	"smba.infra.dod.teams.microsoft.us",
}

// Tokens gives the bot's own access tokens for the Bot Framework.
type Tokens interface {
	Token(ctx context.Context) (string, error)
	// Renew is told that the token at hand was refused.
	Renew()
}

// Config is what a client needs. Every field without "optional" is required.
type Config struct {
	Tokens  Tokens
	Hosts   []string       // optional: "host" or "host:port", beyond [Hosts]
	RootCAs *x509.CertPool // optional: the system's
	Timeout time.Duration  // optional: of one call; 5 s
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

// Close ends the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Error is the service's refusal, or its silence.
type Error struct {
	Status int           // HTTP status; 0 if there was no answer
	Code   string        // the service's own word, such as "BotNotInConversationRoster"; empty without one
	Wait   time.Duration // Retry-After; 0 without one
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
	err := c.do(ctx, http.MethodPost, service, "/v3/conversations/"+escape(conversation)+"/activities", a, &made)
	return made.ID, err
}

// Whisper posts an activity that its recipient alone sees. In a chat with the bot alone the service refuses it.
func (c *Client) Whisper(ctx context.Context, service, conversation string, to Account, a Activity) (string, error) {
	to.IsTargeted = true
	a.Recipient = &to
	var made ID
	err := c.do(ctx, http.MethodPost, service, "/v3/conversations/"+escape(conversation)+"/activities?isTargetedActivity=true", a, &made)
	return made.ID, err
}

// Update puts an activity in the place of one of the bot's messages.
func (c *Client) Update(ctx context.Context, service, conversation, message string, a Activity) error {
	return c.do(ctx, http.MethodPut, service, "/v3/conversations/"+escape(conversation)+"/activities/"+escape(message), a, nil)
}

// Member reads somebody in a conversation by member ID or Entra object ID.
func (c *Client) Member(ctx context.Context, service, conversation, id string) (Member, error) {
	var member Member
	err := c.do(ctx, http.MethodGet, service, "/v3/conversations/"+escape(conversation)+"/members/"+escape(id), nil, &member)
	return member, err
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
	if err := c.do(ctx, http.MethodPost, service, "/v3/conversations", body, &made); err != nil {
		return "", err
	}
	if made.ID == "" {
		return "", &Error{Status: http.StatusCreated, Err: errors.New("answer names no conversation")}
	}
	return made.ID, nil
}

// escape makes an ID one segment of a path: conversation IDs hold ; and =, which servers may read as parameters.
func escape(id string) string {
	if id == "." || id == ".." { // which lead elsewhere
		return strings.ReplaceAll(id, ".", "%2E")
	}
	return strings.ReplaceAll(url.QueryEscape(id), "+", "%20")
}

// do makes one call. Errors are of type *Error, or the token's.
func (c *Client) do(ctx context.Context, method, service, path string, body, into any) error {
	base, err := c.admit(service)
	if err != nil {
		return &Error{Err: err}
	}
	token, err := c.tokens.Token(ctx)
	if err != nil {
		return err
	}
	var data []byte
	if body != nil {
		if data, err = json.Marshal(body); err != nil {
			return &Error{Err: fmt.Errorf("write activity: %w", err)}
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(data))
	if err != nil {
		return &Error{Err: errors.New("cannot make request")}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	if body != nil {
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
		return refusal(resp, answer)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer, into); err != nil && len(answer) > 0 {
		// The message stands all the same; only its ID is not known.
		if method == http.MethodPost && strings.Contains(path, "/activities") {
			return nil
		}
		return &Error{Status: resp.StatusCode, Err: errors.New("answer cannot be read")}
	}
	return nil
}

// admit returns the service URL without its last slash if it is one that the token may be sent to.
func (c *Client) admit(service string) (string, error) {
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

// Admits tells whether the bot's token may be sent to this service.
func (c *Client) Admits(service string) bool {
	_, err := c.admit(service)
	return err == nil
}

// refusal reads an answer that is no success. What the service says beside its code may quote the request, so it goes no
// further.
func refusal(resp *http.Response, answer []byte) *Error {
	e := &Error{Status: resp.StatusCode, Err: fmt.Errorf("HTTP status %d", resp.StatusCode)}
	e.Wait = retryAfter(resp.Header)
	var refused struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(answer, &refused) == nil && word(refused.Error.Code) {
		e.Code = refused.Error.Code
	}
	return e
}

// maxWait is the longest wait that is believed.
const maxWait = 10 * time.Minute

// retryAfter reads Retry-After, which is seconds or a date: RFC 9110, section 10.2.3. It is 0 where nothing sensible is asked.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxWait)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), maxWait)
	}
	return 0
}

// word tells whether a code is a word such as the service uses, and so nothing that was smuggled into it.
func word(code string) bool {
	if len(code) == 0 || len(code) > 64 {
		return false
	}
	return strings.IndexFunc(code, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) < 0
}
