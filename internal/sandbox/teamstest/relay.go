package teamstest

import (
	"encoding/json"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
)

// Relay takes the activities that Microsoft 365 Agents Playground sends, which carry no token, signs them with the
// sandbox's key for their own serviceUrl, passes them on to botURL + "/api/messages", and returns the bot's answer. It
// takes them from loopback alone, and signs for a serviceUrl on loopback alone. The bot answers the Playground
// directly, whose host and port must be among those that it may send to.
//
// The Playground sends what real Teams sends, but for one thing, which is mended here: the ID of a message that opens a
// thread in a channel is that of the thread. The first message that comes from a thread is taken for the one that
// opened it, so a reply under a post that the bot was not told of is taken for that post.
func (t *Server) Relay(botURL string) http.Handler {
	var mu sync.Mutex
	threads := map[string]bool{} // that a message came from
	opens := func(thread string) bool {
		mu.Lock()
		defer mu.Unlock()
		known := threads[thread]
		threads[thread] = true
		return !known
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from, err := netip.ParseAddrPort(r.RemoteAddr); err != nil || !from.Addr().Unmap().IsLoopback() {
			http.Error(w, "the relay is for this machine alone", http.StatusForbidden)
			return
		}
		media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil || r.Method != http.MethodPost || media != "application/json" {
			http.Error(w, "the relay takes an activity as JSON by POST", http.StatusBadRequest)
			return
		}
		var activity map[string]json.RawMessage
		if json.Unmarshal(body, &activity) != nil {
			http.Error(w, "the body is no activity", http.StatusBadRequest)
			return
		}
		var service string
		if _ = json.Unmarshal(activity["serviceUrl"], &service); !loopbackURL(service) {
			http.Error(w, "the serviceUrl is not on this machine", http.StatusBadRequest)
			return
		}
		if thread := thread(activity); thread != "" && opens(thread) {
			_, id, _ := strings.Cut(thread, ";messageid=")
			if activity["id"], err = json.Marshal(id); err == nil {
				body, err = json.Marshal(activity)
			}
			if err != nil {
				http.Error(w, "write the activity: "+err.Error(), http.StatusInternalServerError)
				return
			}
		}
		header, err := t.Token(Token{Claims: map[string]any{"serviceurl": service}})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		out, err := t.call(r.Context(), botURL, body, header)
		if err != nil || out.status == 0 {
			http.Error(w, "the bot does not answer", http.StatusBadGateway)
			return
		}
		if media := out.header.Get("Content-Type"); media != "" {
			w.Header().Set("Content-Type", media)
		}
		w.WriteHeader(out.status)
		_, _ = w.Write(out.body)
	})
}

// thread is the thread of a channel that a message was written in; empty for anything else.
func thread(activity map[string]json.RawMessage) string {
	var kind string
	var conversation struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(activity["type"], &kind) != nil || kind != "message" ||
		json.Unmarshal(activity["conversation"], &conversation) != nil ||
		!strings.Contains(conversation.ID, ";messageid=") {
		return ""
	}
	return conversation.ID
}

// loopbackURL tells whether an address is http on this machine.
func loopbackURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
