package doctor

import (
	"context"
	"net"
	"strconv"
	"strings"

	"meetbot/internal/outbound"
	"meetbot/store"
)

// redisAt is where Redis is looked for, as people read it.
func (e *examination) redisAt() string { return strings.Join(e.redis.Addresses(), ", ") }

// redisCLI is how redis-cli is called for this Redis, without user and password.
func (e *examination) redisCLI() string {
	address := e.redis.Addresses()[0]
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, "6379"
	}
	cli := "redis-cli -h " + host + " -p " + port
	if strings.HasPrefix(e.config.Redis.URL, "rediss:") {
		cli += " --tls"
	}
	return cli
}

// redisTrouble explains why Redis gives no usable answer.
func (e *examination) redisTrouble(ctx context.Context, err error) finding {
	at := e.redisAt()
	cli := e.redisCLI()
	switch e.redis.Probe(ctx, err) {
	case store.TroublePassword:
		if byToken, _ := strconv.ParseBool(e.config.Redis.Entra); byToken {
			return fail("REDIS_ENTRA", "Redis at "+at+" refuses the token of Entra (WRONGPASS): it does not know who "+
				"the bot is.", "Azure portal, your Redis, Authentication, Microsoft Entra Authentication: add the "+
				"managed identity, or the service principal of the app "+e.config.Entra.ClientID+".")
		}
		return fail(redisURL, "Redis at "+at+" refuses the user or the password (WRONGPASS).",
			"Correct them in REDIS_URL: redis://USER:PASSWORD@"+at+"/0 (percent-encode special characters: @ is "+
				"%40).\n"+
				"Try them: "+cli+" --user USER --askpass PING")
	case store.TroubleNoPassword:
		return fail(redisURL, "Redis at "+at+" wants a password (NOAUTH), and REDIS_URL has none.",
			"Add it: REDIS_URL=redis://:PASSWORD@"+at+"/0, or with a user: redis://USER:PASSWORD@"+at+"/0")
	case store.TroubleDatabase:
		return fail(redisURL, "Redis at "+at+" has no database with the number at the end of REDIS_URL.",
			"Set the number that the other replicas have, mostly 0: REDIS_URL=redis://"+at+"/0")
	case store.TroubleNoRights:
		return fail(redisURL, "The user of REDIS_URL has no rights in Redis at "+at+" (NOPERM).", e.grantRights())
	case store.TroubleLoading:
		return fail(redisURL, "Redis at "+at+" still reads its data from disk (LOADING). No command is carried out "+
			"until then.", "Wait and look again: "+cli+" INFO persistence | grep loading")
	case store.TroubleNoMaster:
		return fail(redisURL, "Redis at "+at+" is a replica that has lost its primary (MASTERDOWN).",
			"Point REDIS_URL at the primary. Find it: "+cli+" INFO replication")
	case store.TroubleProtected:
		return fail(redisURL, "Redis at "+at+" is in protected mode (DENIED): it has no password, and so it "+
			"answers only its own machine.", "Give Redis a password (requirepass in redis.conf) and put it into "+
			"REDIS_URL.")
	case store.TroublePlain:
		return fail(redisURL, "REDIS_URL begins with rediss://, and Redis at "+at+" does not speak TLS on this port.",
			"Use the port for TLS (6380 in Azure), or begin with redis:// where the network is your own.")
	case store.TroubleTLS:
		return fail(redisURL, "REDIS_URL begins with redis://, and what answers at "+at+" speaks TLS.",
			"Begin with rediss:// instead of redis://")
	case store.TroubleCertificate:
		return fail(redisURL, "The certificate of Redis at "+at+" is not accepted ("+outbound.Redact(err).Error()+").",
			"Use the name that the certificate is for. Where all servers have a certificate for one other name, add "+
				"?server_name=NAME to REDIS_URL. Where your own authority signed it, name its certificate: "+
				"REDIS_CA_PATH=/etc/meetbot/redis-ca.pem")
	}
	if said := store.RefusalOf(err); said != "" {
		return fail(redisURL, "Redis at "+at+" refuses a command: "+said+".", "See what Redis says to its own "+
			"client: "+cli+
			" PING")
	}
	return fail(redisURL, "Redis at "+at+" gives no answer ("+outbound.Redact(err).Error()+"). No command is "+
		"carried out without it.", "See whether it runs and is reached from here: "+cli+" PING")
}

// grantRights is how the user of REDIS_URL gets the rights that the bot needs.
func (e *examination) grantRights() string {
	user, then := e.redis.User(), ""
	if user == "" || user == "default" { // the user of everybody: the bot gets one of its own
		user, then = "meetbot", "\nThen put it into REDIS_URL: redis://meetbot:PASSWORD@"+e.redis.Addresses()[0]
	}
	return "In " + e.redisCLI() + ", as an administrator (PASSWORD stands for the user's password; ACL SAVE keeps " +
		"it):\n" +
		store.LeastACL(user, e.config.Redis.Prefix) + then
}
