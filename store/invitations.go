package store

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"meetbot/bot"
)

// Invite remembers whom a job invites to a meeting; see [bot.Invitations]. It returns an error for a job without an ID.
// What a later release wrote in another form is left out.
func (s *Store) Invite(
	ctx context.Context, c bot.Conversation, externalID string, i bot.Invitation,
) (all []bot.Invitation, err error) {
	err = s.withBudget(ctx, "remember an invitation", func(ctx context.Context) error {
		if i.Job == "" {
			return errors.New("the invitation is of no job")
		}
		head, entry := invitationHead(i.Job), ""
		if len(i.Attendees) > 0 {
			entry = encodeInvitation(i)
		}
		entries, err := inviteScript.Run(ctx, s.client, []string{s.keys.invited(c, externalID)}, head, entry,
			bot.MaxInvitations, int(bot.InvitationsKnownFor.Seconds())).StringSlice()
		all = nil
		for _, entry := range entries {
			if i, ok := decodeInvitation(entry); ok {
				all = append(all, i)
			}
		}
		return err
	})
	return all, err
}

// An invitation is "1 <job> <attendees in JSON>".

func invitationHead(job string) string { return "1 " + url.QueryEscape(job) + " " }

func encodeInvitation(i bot.Invitation) string {
	var records []attendeeRecord
	for _, a := range i.Attendees {
		records = append(records, attendeeRecord(a))
	}
	list, _ := json.Marshal(records) // texts alone: it never fails
	return invitationHead(i.Job) + string(list)
}

func decodeInvitation(entry string) (i bot.Invitation, ok bool) {
	parts := strings.SplitN(entry, " ", 3)
	if len(parts) != 3 || parts[0] != "1" {
		return bot.Invitation{}, false
	}
	var records []attendeeRecord
	var err error
	if i.Job, err = url.QueryUnescape(parts[1]); err != nil || i.Job == "" ||
		json.Unmarshal([]byte(parts[2]), &records) != nil {
		return bot.Invitation{}, false
	}
	for _, r := range records {
		i.Attendees = append(i.Attendees, bot.Attendee(r))
	}
	return i, len(i.Attendees) > 0
}
