//go:build integration

package e2e

import (
	"testing"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/slacktest"
)

// What Graph refuses is no new meeting: it uses up nobody's limit, neither the person's nor the workspace's.
func TestRefusedAttemptsAreNotCounted(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.Graph.SetPolicy(annID, false)
	c := env.config()
	c.Policy.PerUser, c.Policy.PerWorkspace = 2, 3
	r := env.start(c, app.Options{})
	for range 5 {
		wantWords(t, env.meet(r, ann, general, ""), ann, "New-CsApplicationAccessPolicy")
	}
	env.Graph.SetPolicy(annID, true)
	wantCard(t, env.meet(r, ann, general, ""), "")
	wantCard(t, env.meet(r, ann, design, ""), "")
	// What was made counts.
	wantWords(t, env.meet(r, ann, design, "new"), ann, "You have created as many new meetings")
	wantCard(t, env.meet(r, ben, general, "new"), "")
	wantWords(t, env.meet(r, ben, design, "new"), ben, "You have created as many new meetings")
	env.wantMeetings(3)
}

// An asker whom the service account replaces has made one meeting, and not two.
func TestAFallbackCountsOnce(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	env.entraUser(serviceUser)
	env.Graph.SetPolicy(annID, false)
	c := env.config()
	c.Policy.Organizer = "requester,service:" + serviceUPN
	c.Policy.PerUser = 2
	r := env.start(c, app.Options{})
	wantCard(t, env.meet(r, ann, general, ""), "")
	wantCard(t, env.meet(r, ann, design, ""), "")
	wantWords(t, env.meet(r, ann, design, "new"), ann, "You have created as many new meetings")
	env.wantMeetings(2)
}
