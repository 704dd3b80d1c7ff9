package store_test

import (
	"context"
	"fmt"
	"time"

	"meetbot/bot"
	"meetbot/store"
)

// A conversation gets its meeting in three steps, each of which any replica may take, and repeat.
func Example() {
	ctx := context.Background()
	s, err := store.Open("redis://localhost:6379/0", store.Options{Replica: "host-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Close() }()

	// The first asker's claim is recorded. Another asker would find it pending, and carry it out as well.
	c := bot.Conversation{Platform: "slack", Workspace: "T024BE7LD", Channel: "C2147483705"}
	claim := bot.NewClaim(c, 1, false)
	state, err := s.Claim(ctx, claim, false, 0)
	if err != nil {
		fmt.Println(err)
		return
	}

	// Graph makes the meeting of the pending claim, whoever made that. Then it is the conversation's.
	made := bot.Meeting{OnlineMeeting: bot.OnlineMeeting{JoinURL: "https://teams.microsoft.com/l/meetup-join/1"}}
	if _, err = s.Complete(ctx, *state.Pending, made); err != nil {
		fmt.Println(err)
		return
	}

	// Only now is a link shown: the one that the store has.
	asker := bot.Asker{Platform: "slack", Workspace: "T024BE7LD", User: "U1"}
	if state, err = s.Announce(ctx, c, "request-1", asker); err == nil {
		fmt.Println(state.Meeting.JoinURL, "to everybody:", state.MayAnnounce)
	}
}

// A job is accepted in one step with its request's ID, and stays until it is done: another replica reclaims it if this
// one dies.
func ExampleStore_Accept() {
	ctx := context.Background()
	s, err := store.Open("redis://localhost:6379/0", store.Options{Replica: "host-1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Close() }()

	lease, err := s.Accept(ctx, bot.Job{ID: "slack:event:Ev1", Accepted: time.Now()})
	if err != nil {
		fmt.Println(err) // bot.ErrDuplicate: the same request was accepted before
		return
	}
	if _, err := s.BeginSend(ctx, lease); err != nil {
		fmt.Println(err) // bot.ErrNotOwner: another replica has the job by now
		return
	}
	// Here the answer is sent.
	if err := s.Done(ctx, lease); err != nil {
		fmt.Println(err)
	}
}

// An error names no part of the URL, which may hold a password.
func ExampleCheckURL() {
	fmt.Println(store.CheckURL("redis://:password@host:port/0") != nil)
	fmt.Println(store.CheckURL("redis://sentinel:26379/0?master_name=main"))
	// Output:
	// true
	// <nil>
}
