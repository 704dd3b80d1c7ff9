package slacktest

import (
	"encoding/json"
	"net/http"
)

// manifestExport is the method that takes a configuration token, which no other one here does.
const manifestExport = "apps.manifest.export"

// ConfigToken returns a configuration token of somebody who may configure the app. It works until ExpireConfigToken.
func (s *Server) ConfigToken() string { return s.configToken }

// ExpireConfigToken lets the configuration token expire, as it does 12 hours after it was made.
func (s *Server) ExpireConfigToken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.configExpired = true
}

// SetManifest sets how the app is configured, as apps.manifest.export tells. Nothing else here heeds it.
func (s *Server) SetManifest(manifest json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manifest = manifest
}

// exportManifest is apps.manifest.export: the documentation of that method.
func (s *Server) exportManifest(r *http.Request) reply {
	args, token, word := readCall(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case word != "":
		return refuse(word, nil)
	case token == "":
		return refuse("not_authed", nil)
	case token == s.o.BotToken:
		return refuse("not_allowed_token_type", nil)
	case token != s.configToken:
		return refuse("invalid_auth", nil)
	case s.configExpired:
		return refuse("token_expired", nil)
	case args["app_id"] != appID || s.manifest == nil:
		return refuse("app_not_found", nil)
	}
	return agree(map[string]any{"manifest": s.manifest})
}

// botsInfo is bots.info, of the app's own bot.
func (s *Server) botsInfo(args callArgs) reply {
	if args["bot"] != botID {
		return refuse("bot_not_found", nil)
	}
	return agree(map[string]any{"bot": map[string]any{
		"id": botID, "app_id": appID, "user_id": botUser, "name": "meetbot", "deleted": false, "updated": 0,
	}})
}
