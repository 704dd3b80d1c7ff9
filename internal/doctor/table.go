package doctor

// The areas of checks.
const (
	areaConfig  = "config"
	areaNetwork = "network"
	areaRedis   = "redis"
	areaEntra   = "entra"
	areaGraph   = "graph"
	areaSlack   = "slack"
	areaTeams   = "teams"
)

// Areas are all areas, in the order in which the checks stand in the table.
var Areas = []string{areaConfig, areaNetwork, areaRedis, areaEntra, areaGraph, areaSlack, areaTeams}

// table is all checks. Results are told in this order.
var table = []check{
	{area: areaConfig, name: "values", run: (*examination).configValues},
	{area: areaConfig, name: "unknown", run: (*examination).configUnknown},
	{area: areaConfig, name: "secrets", run: (*examination).configSecrets},
	{area: areaConfig, name: "flags", run: (*examination).configFlags},
	{area: areaConfig, name: "admin", run: (*examination).configAdmin},

	{area: areaNetwork, name: "proxy", run: (*examination).networkProxy},
	{area: areaNetwork, name: "public_url", needs: []string{"network.proxy"}, run: (*examination).networkPublicURL},

	{area: areaRedis, name: "reachable", run: (*examination).redisReachable},
	{area: areaRedis, name: "version", needs: []string{"redis.reachable"}, run: (*examination).redisVersion},
	{area: areaRedis, name: "role", needs: []string{"redis.reachable"}, run: (*examination).redisRole},
	{area: areaRedis, name: "rights", needs: []string{"redis.role"}, run: (*examination).redisRights},
	{area: areaRedis, name: "eviction", needs: []string{"redis.reachable"}, run: (*examination).redisEviction},
	{area: areaRedis, name: "persistence", needs: []string{"redis.role"}, run: (*examination).redisPersistence},
	{area: areaRedis, name: "memory", needs: []string{"redis.reachable"}, uses: []string{"redis.rights"},
		run: (*examination).redisMemory},
	{area: areaRedis, name: "database", needs: []string{"redis.reachable"}, run: (*examination).redisDatabase},
	{area: areaRedis, name: "queue", needs: []string{"redis.rights"}, run: (*examination).redisQueue},
	{area: areaRedis, name: "conversations", needs: []string{"redis.reachable"}, after: []string{"slack.token"},
		run: (*examination).redisConversations},
	{area: areaRedis, name: "latency", needs: []string{"redis.reachable"}, run: (*examination).redisLatency},
	{area: areaRedis, name: "clock", needs: []string{"redis.reachable"}, run: (*examination).redisClock},

	{area: areaEntra, name: "expiry", run: (*examination).entraExpiry},
	{area: areaEntra, name: "reachable", needs: []string{"network.proxy"}, run: (*examination).entraReachable},
	{area: areaEntra, name: "token", needs: []string{"entra.expiry", "entra.reachable"},
		run: (*examination).entraToken},
	{area: areaEntra, name: "permissions", needs: []string{"entra.token"}, run: (*examination).entraPermissions},
	{area: areaEntra, name: "secret", needs: []string{"entra.token", "graph.reachable"},
		run: (*examination).entraSecret},

	{area: areaGraph, name: "reachable", needs: []string{"network.proxy"}, run: (*examination).graphReachable},
	{area: areaGraph, name: "clock", needs: []string{"graph.reachable"}, run: (*examination).graphClock},
	{area: areaGraph, name: "organizer", needs: []string{"entra.token", "graph.reachable"},
		uses: []string{"entra.permissions"}, run: (*examination).graphOrganizer},
	{area: areaGraph, name: "user", needs: []string{"entra.token", "graph.reachable"},
		uses: []string{"entra.permissions"}, run: (*examination).graphUser},
	{area: areaGraph, name: "admins", needs: []string{"entra.token", "graph.reachable"},
		uses: []string{"entra.permissions"}, run: (*examination).graphAdmins},
	{area: areaGraph, name: "meeting", needs: []string{"entra.token", "graph.reachable"},
		uses: []string{"entra.permissions", "graph.organizer", "graph.user"}, run: (*examination).graphMeeting},
	{area: areaGraph, name: "options", needs: []string{"entra.token", "graph.reachable"},
		uses: []string{"graph.meeting"}, run: (*examination).graphOptions},

	{area: areaSlack, name: "reachable", needs: []string{"network.proxy"}, run: (*examination).slackReachable},
	{area: areaSlack, name: "token", needs: []string{"slack.reachable"}, run: (*examination).slackToken},
	{area: areaSlack, name: "socket", after: []string{"slack.token"}, run: (*examination).slackSocket},
	{area: areaSlack, name: "scopes", needs: []string{"slack.token"}, run: (*examination).slackScopes},
	{area: areaSlack, name: "manifest", needs: []string{"slack.token"}, run: (*examination).slackManifest},
	{area: areaSlack, name: "hooks", needs: []string{"network.proxy"}, run: (*examination).slackHooks},
	{area: areaSlack, name: "previous_secret", run: (*examination).slackPrevious},
	{area: areaSlack, name: "requests", after: []string{"graph.clock"}, run: (*examination).slackRequests},

	{area: areaTeams, name: "token", needs: []string{"entra.reachable"}, run: (*examination).teamsToken},
	{area: areaTeams, name: "keys", needs: []string{"network.proxy"}, run: (*examination).teamsKeys},
	{area: areaTeams, name: "services", needs: []string{"network.proxy"}, run: (*examination).teamsServices},
	{area: areaTeams, name: "requests", after: []string{"graph.clock"}, run: (*examination).teamsRequests},
}
