package store

import (
	_ "embed" // the scripts are files of their own

	"github.com/redis/go-redis/v9"
)

// The sources of the scripts. They run whole or not at all, touch only the KEYS that they are given, and use nothing
// beyond what both Redis 7.0 and miniredis understand.
var (
	//go:embed scripts/conversation.lua
	conversationPrelude string
	//go:embed scripts/read.lua
	readSource string
	//go:embed scripts/claim.lua
	claimSource string
	//go:embed scripts/complete.lua
	completeSource string
	//go:embed scripts/undo.lua
	undoSource string
	//go:embed scripts/change.lua
	changeSource string
	//go:embed scripts/release.lua
	releaseSource string
	//go:embed scripts/yield.lua
	yieldSource string
	//go:embed scripts/link.lua
	linkSource string

	//go:embed scripts/card.lua
	cardSource string
	//go:embed scripts/invite.lua
	inviteSource string
	//go:embed scripts/lasting_link.lua
	lastingLinkSource string
	//go:embed scripts/take_due.lua
	takeDueSource string
	//go:embed scripts/drop_due.lua
	dropDueSource string

	//go:embed scripts/jobs.lua
	jobsPrelude string
	//go:embed scripts/accept.lua
	acceptSource string
	//go:embed scripts/idle.lua
	idleSource string
	//go:embed scripts/reclaim.lua
	reclaimSource string
	//go:embed scripts/keep.lua
	keepSource string
	//go:embed scripts/give_back.lua
	giveBackSource string
	//go:embed scripts/begin_send.lua
	beginSendSource string
	//go:embed scripts/abort_send.lua
	abortSendSource string
	//go:embed scripts/done.lua
	doneSource string
	//go:embed scripts/dead_letter.lua
	deadLetterSource string
	//go:embed scripts/retry.lua
	retrySource string

	//go:embed scripts/depth.lua
	depthSource string
	//go:embed scripts/leave.lua
	leaveSource string
	//go:embed scripts/throttle.lua
	throttleSource string
	//go:embed scripts/spend.lua
	spendSource string
)

var (
	readScript     = redis.NewScript(conversationPrelude + readSource)
	claimScript    = redis.NewScript(conversationPrelude + claimSource)
	completeScript = redis.NewScript(conversationPrelude + completeSource)
	undoScript     = redis.NewScript(conversationPrelude + undoSource)
	changeScript   = redis.NewScript(conversationPrelude + changeSource)
	releaseScript  = redis.NewScript(conversationPrelude + releaseSource)
	yieldScript    = redis.NewScript(conversationPrelude + yieldSource)
	linkScript     = redis.NewScript(linkSource)

	cardScript        = redis.NewScript(cardSource)
	inviteScript      = redis.NewScript(inviteSource)
	lastingLinkScript = redis.NewScript(lastingLinkSource)
	takeDueScript     = redis.NewScript(takeDueSource)
	dropDueScript     = redis.NewScript(dropDueSource)

	acceptScript     = redis.NewScript(jobsPrelude + acceptSource)
	idleScript       = redis.NewScript(jobsPrelude + idleSource)
	reclaimScript    = redis.NewScript(jobsPrelude + reclaimSource)
	keepScript       = redis.NewScript(jobsPrelude + keepSource)
	giveBackScript   = redis.NewScript(jobsPrelude + giveBackSource)
	beginSendScript  = redis.NewScript(jobsPrelude + beginSendSource)
	abortSendScript  = redis.NewScript(jobsPrelude + abortSendSource)
	doneScript       = redis.NewScript(jobsPrelude + doneSource)
	deadLetterScript = redis.NewScript(jobsPrelude + deadLetterSource)
	retryScript      = redis.NewScript(jobsPrelude + retrySource)

	depthScript    = redis.NewScript(depthSource)
	leaveScript    = redis.NewScript(leaveSource)
	throttleScript = redis.NewScript(throttleSource)
	spendScript    = redis.NewScript(spendSource)
)
