package teamstest

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	ann         = "a1111111-0000-4000-8000-000000000001"
	ben         = "b2222222-0000-4000-8000-000000000002"
	cleo        = "c3333333-0000-4000-8000-000000000003" // of another organization
	dan         = "d4444444-0000-4000-8000-000000000004" // has not installed the bot
	otherTenant = "0e5e5e5e-0000-4000-8000-00000000000e" // the other organization

	tenant        = "9f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e10"
	otherApp      = "3b0e7a52-6c1f-4f0e-9a44-5d2c8f9b7a01"
	otherAudience = "http://127.0.0.1:1"

	general = "19:general@thread.tacv2"
	plans   = "19:plans@thread.tacv2"
	absent  = "19:absent@thread.tacv2"
	chat    = "19:chat@thread.v2"
	meeting = "19:meeting_standup@thread.v2"
)

// world is an organization with a few people, and the bot's way to its connector.
type world struct {
	*Server
	entra  *entratest.Server
	token  string
	client *http.Client
}

func startTeams(t *testing.T, o Options) *world {
	t.Helper()
	entra, err := entratest.New(entratest.Options{TenantID: tenant, ClientID: otherApp, ClientSecret: "sandbox~secret", Now: o.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(entra.Close)
	o.Entra = entra
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.AddUser(User{ID: ann, Name: "Ann Archer", UPN: "ann@contoso.example", Locale: "pt-BR", TZ: "America/Sao_Paulo"}))
	must(s.AddUser(User{ID: ben, Name: "Ben"}))
	must(s.AddUser(User{ID: cleo, Name: "Cleo", Tenant: otherTenant, Guest: true}))
	must(s.AddUser(User{ID: dan, Name: "Dan", NotInstalled: true}))
	must(s.AddTeam(general, "Design"))
	for _, c := range []Conversation{
		{ID: plans, Name: "Plans", Team: general},
		{ID: absent, Team: general, BotAbsent: true},
		{ID: chat, Kind: GroupChat, Members: []string{ann, strings.ToUpper(ben)}},
		{ID: meeting, Kind: MeetingChat},
	} {
		_, err := s.AddConversation(c)
		must(err)
	}
	token, err := entra.Mint(s.AppID(), audience, time.Hour)
	must(err)
	return &world{Server: s, entra: entra, token: token, client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{}}}}
}

// ask calls the connector as the bot does. The path's parts are escaped here. It returns the status, 0 for a cut
// connection, the body and the error code in it.
func (w *world) ask(t *testing.T, method, body, query string, parts ...string) (int, map[string]any, string) {
	t.Helper()
	address := strings.TrimSuffix(w.ServiceURL(), "/") + "/v3/conversations"
	for _, p := range parts {
		address += "/" + url.PathEscape(p)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address+query, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.token)
	resp, err := w.client.Do(r)
	if err != nil {
		return 0, nil, ""
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	_ = json.Unmarshal(raw, &answer) // there may be none
	refused, _ := answer["error"].(map[string]any)
	code, _ := refused["code"].(string)
	return resp.StatusCode, answer, code
}

// send sends a message and returns its ID.
func (w *world) send(t *testing.T, conversation, body, query string) string {
	t.Helper()
	status, answer, code := w.ask(t, "POST", body, query, conversation, "activities")
	id, _ := answer["id"].(string)
	if status != http.StatusCreated || id == "" {
		t.Fatalf("send to %s: %d %s %v", conversation, status, code, answer)
	}
	return id
}

// delivered is an activity as the bot got it.
type delivered struct {
	header http.Header
	raw    []byte
	fields map[string]any
}

// at returns the value at a path such as "conversation.id"; nil if there is none.
func (h delivered) at(path string) any {
	var v any = h.fields
	for name := range strings.SplitSeq(path, ".") {
		o, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = o[name]
	}
	return v
}

// bot serves a bot that checks every token by the rules of the document before it answers, and keeps what it heard.
func bot(t *testing.T, s *Server, answer http.HandlerFunc) (address string, heard func() []delivered) {
	t.Helper()
	var kept faultserver.Recorder[delivered]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read the activity: %v", err)
		}
		if r.URL.Path != "/api/messages" || r.Method != "POST" {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		h := delivered{header: r.Header, raw: raw}
		_ = json.Unmarshal(raw, &h.fields) // a test may send anything
		if err := verify(r.Context(), s, h); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		kept.Add(h)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, kept.List
}

func accept(http.ResponseWriter, *http.Request) {}

// verify checks a token as the document "Authentication with the Bot Connector API" asks, with the keys read anew.
func verify(ctx context.Context, s *Server, h delivered) error {
	var metadata struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := readJSON(ctx, s.MetadataURL(), &metadata); err != nil {
		return err
	}
	var set struct {
		Keys []struct {
			Kid, N, E    string
			Endorsements []string
		}
	}
	if err := readJSON(ctx, metadata.JWKS, &set); err != nil {
		return err
	}
	token, ok := strings.CutPrefix(h.header.Get("Authorization"), "Bearer ")
	if !ok {
		return errors.New("no token")
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(token *jwt.Token) (any, error) {
		for _, k := range set.Keys {
			if k.Kid != token.Header["kid"] {
				continue
			}
			if !slices.Contains(k.Endorsements, "msteams") {
				return nil, errors.New("key is not endorsed")
			}
			n, errN := base64.RawURLEncoding.DecodeString(k.N)
			e, errE := base64.RawURLEncoding.DecodeString(k.E)
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, errors.Join(errN, errE)
		}
		return nil, errors.New("key is unknown")
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer("https://api.botframework.com"), jwt.WithAudience(s.AppID()),
		jwt.WithExpirationRequired(), jwt.WithLeeway(5*time.Minute))
	if err != nil {
		return err
	}
	if claims["serviceurl"] != h.at("serviceUrl") {
		return fmt.Errorf("token is for the service %v", claims["serviceurl"])
	}
	return nil
}

func readJSON(ctx context.Context, address string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", address, resp.StatusCode)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

func TestOptions(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("an organization without Entra")
	}
	w := startTeams(t, Options{BotName: "Meet Bot"})
	if _, err := New(Options{Entra: w.entra, AppID: w.AppID()}); err == nil {
		t.Error("two bots with one client ID")
	}
	if w.Mention() != "<at>Meet Bot</at>" || w.BotID() != "28:"+w.AppID() || w.TenantID() != tenant {
		t.Errorf("%s, %s, %s", w.Mention(), w.BotID(), w.TenantID())
	}
	if w.ServiceURL() != "http://"+w.ServiceHost()+"/emea/" {
		t.Errorf("service URL %s on host %s", w.ServiceURL(), w.ServiceHost())
	}
	if w.MemberID(ann) == w.MemberID(ben) || !strings.HasPrefix(w.MemberID(ann), "29:") || !strings.HasPrefix(w.Personal(ann), "a:") {
		t.Errorf("IDs %s, %s, %s", w.MemberID(ann), w.MemberID(ben), w.Personal(ann))
	}
	if err := w.AddUser(User{ID: "U0ANN"}); err == nil {
		t.Error("an object ID that is no GUID")
	}
	for name, c := range map[string]Conversation{
		"a kind that there is not": {Kind: "call"},
		"a personal chat":          {Kind: Personal},
		"a chat's ID":              {ID: chat, Team: general},
		"a group chat's ID":        {ID: "19:x@thread.v2", Kind: MeetingChat},
		"no such team":             {Team: "19:nowhere@thread.tacv2"},
		"no such member":           {Kind: GroupChat, Members: []string{otherTenant}},
	} {
		if id, err := w.AddConversation(c); err == nil {
			t.Errorf("%s: made %s", name, id)
		}
	}
	for _, kind := range []Kind{GroupChat, MeetingChat} {
		if id, err := w.AddConversation(Conversation{Kind: kind}); err != nil || !strings.HasPrefix(id, "19:") {
			t.Errorf("a %s with an ID made up: %q, %v", kind, id, err)
		}
	}
}

func TestMessagesArriveAsDocumented(t *testing.T) {
	w := startTeams(t, Options{})
	app, heard := bot(t, w.Server, accept)
	root := w.Say(ben, plans, "a thought").ID
	text := w.Mention() + " meet with <at>Ben</at>"
	tests := map[string]struct {
		post Post
		kind string
		id   func(activity string) string // of the conversation
		want map[string]any               // nil: absent
	}{
		"new post": {
			Post{User: ann, Conversation: plans, Text: text}, "channel",
			func(id string) string { return plans + ";messageid=" + id },
			map[string]any{"conversation.isGroup": true, "channelData.team.id": general, "channelData.channel.id": plans, "recipient.isTargeted": nil},
		},
		"reply": {
			Post{User: ann, Conversation: plans, Thread: root, Text: text}, "channel",
			func(string) string { return plans + ";messageid=" + root }, nil,
		},
		"group chat": {
			Post{User: strings.ToUpper(ann), Conversation: chat, Text: text}, "groupChat", func(string) string { return chat },
			map[string]any{"conversation.isGroup": true, "channelData.team": nil, "channelData.meeting": nil},
		},
		"meeting chat": {
			Post{User: ann, Conversation: meeting, Text: text}, "groupChat", func(string) string { return meeting },
			map[string]any{"channelData.meeting.id": "MCMxOTptZWV0aW5nX3N0YW5kdXBAdGhyZWFkLnYyIzA="},
		},
		"personal chat": {
			Post{User: ann, Conversation: w.Personal(ann), Text: "meet"}, "personal", func(string) string { return w.Personal(ann) },
			map[string]any{"conversation.isGroup": nil, "channelData.team": nil},
		},
		"slash menu": {
			Post{User: ann, Conversation: plans, Text: "meet", Slash: true}, "channel",
			func(id string) string { return plans + ";messageid=" + id }, map[string]any{"recipient.isTargeted": true},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := len(heard())
			d, err := w.Post(t.Context(), app, test.post)
			if err != nil || !slices.Equal(d.Attempts, []int{200}) {
				t.Fatalf("delivery %+v, %v: %s", d.Attempts, err, d.Body)
			}
			h := heard()[before]
			if string(h.raw) != string(d.Activity) {
				t.Error("the delivery is not what was sent")
			}
			want := map[string]any{
				"type": "message", "id": d.ID, "channelId": "msteams", "serviceUrl": w.ServiceURL(), "text": test.post.Text, "textFormat": "plain",
				"from.id": w.MemberID(ann), "from.aadObjectId": ann, "from.name": "Ann Archer", "recipient.id": w.BotID(),
				"conversation.conversationType": test.kind, "conversation.id": test.id(d.ID), "conversation.tenantId": tenant,
				"channelData.tenant.id": tenant, "locale": "pt-BR", "localTimezone": "America/Sao_Paulo",
			}
			for path, value := range test.want {
				want[path] = value
			}
			for path, value := range want {
				if got := h.at(path); got != value {
					t.Errorf("%s is %v, want %v", path, got, value)
				}
			}
			if local, _ := h.at("localTimestamp").(string); !strings.HasSuffix(local, "-03:00") {
				t.Errorf("localTimestamp %q", local)
			}
			stands, ok := w.find(test.post.Conversation, d.ID)
			if !ok || stands.From != ann || stands.Thread != test.post.Thread || (stands.To == ann) != test.post.Slash {
				t.Errorf("the message stands as %+v", stands)
			}
			var mentions []string
			for _, e := range h.fields["entities"].([]any) {
				e := e.(map[string]any)
				if e["type"] == "mention" {
					mentions = append(mentions, e["text"].(string)+e["mentioned"].(map[string]any)["id"].(string))
				}
			}
			if test.post.Text == text && !slices.Equal(mentions, []string{w.Mention() + w.BotID(), "<at>Ben</at>" + w.MemberID(ben)}) {
				t.Errorf("mentions %v", mentions)
			}
		})
	}
}

func TestBotHearsWhatItShould(t *testing.T) {
	w := startTeams(t, Options{})
	app, heard := bot(t, w.Server, accept)
	if err := w.AddUser(User{ID: ben, Name: "Ben", Blocked: true}); err != nil {
		t.Fatal(err)
	}
	for name, post := range map[string]Post{
		"no mention":           {User: ann, Conversation: plans, Text: "meet"},
		"another's mention":    {User: ann, Conversation: chat, Text: "<at>Ben</at> meet"},
		"the bot is not there": {User: ann, Conversation: absent, Text: w.Mention()},
		"not installed":        {User: dan, Conversation: w.Personal(dan), Text: "meet"},
		"blocked":              {User: ben, Conversation: w.Personal(ben), Text: "meet"},
	} {
		d, err := w.Post(t.Context(), app, post)
		if err != nil || len(d.Attempts) > 0 {
			t.Errorf("%s: %v, %v", name, d.Attempts, err)
		}
		if _, ok := w.find(post.Conversation, d.ID); !ok {
			t.Errorf("%s: the message does not stand", name)
		}
	}
	if n := len(heard()); n > 0 {
		t.Errorf("the bot heard %d of them", n)
	}
	for name, post := range map[string]Post{
		"no such user":           {User: otherTenant, Conversation: plans},
		"no such conversation":   {User: ann, Conversation: "19:nowhere@thread.tacv2"},
		"not a member":           {User: dan, Conversation: chat},
		"another's chat":         {User: ann, Conversation: w.Personal(ben)},
		"no such thread":         {User: ann, Conversation: plans, Thread: "1"},
		"a thread in a chat":     {User: ann, Conversation: chat, Thread: "1"},
		"a stranger's mention":   {User: ann, Conversation: chat, Text: "<at>Dan</at>"},
		"slash in personal chat": {User: ann, Conversation: w.Personal(ann), Slash: true},
	} {
		if _, err := w.Post(t.Context(), app, post); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestForeigners(t *testing.T) {
	w := startTeams(t, Options{})
	for conversation, tenant := range map[string]string{plans: tenant, w.Personal(cleo): otherTenant} {
		raw, err := w.Activity(Post{User: cleo, Conversation: conversation, Text: w.Mention()})
		if err != nil {
			t.Fatal(err)
		}
		h := delivered{}
		if err := json.Unmarshal(raw, &h.fields); err != nil {
			t.Fatal(err)
		}
		if h.at("channelData.tenant.id") != tenant || h.at("conversation.tenantId") != tenant {
			t.Errorf("%s: tenant %v, %v, want %s", conversation, h.at("channelData.tenant.id"), h.at("conversation.tenantId"), tenant)
		}
	}
	if n := len(w.Messages(plans)); n > 0 {
		t.Errorf("Activity wrote %d messages", n)
	}
	_, member, _ := w.ask(t, "GET", "", "", plans, "members", w.MemberID(cleo))
	if member["tenantId"] != otherTenant || member["userRole"] != "guest" || member["objectId"] != cleo {
		t.Errorf("member %v", member)
	}
}

func TestRedelivers(t *testing.T) {
	tests := map[string]struct {
		answers []int // in turn, the last one for ever; 0: none in time, -1: the connection is cut
		want    []int
	}{
		"accepted":       {[]int{202}, []int{202}},
		"in the end":     {[]int{503, 0, -1, 200}, []int{503, 0, 0, 200}},
		"never":          {[]int{500}, []int{500, 500, 500, 500}},
		"refused":        {[]int{400}, []int{400}},
		"too many":       {[]int{429, 200}, []int{429, 200}},
		"not redirected": {[]int{302}, []int{302}},
	}
	w := startTeams(t, Options{RetryDelays: []time.Duration{0, time.Millisecond, time.Millisecond}})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w.o.Deadline = time.Minute
			if slices.Contains(test.answers, 0) {
				w.o.Deadline = 2 * time.Second
			}
			n := 0
			app, heard := bot(t, w.Server, func(w http.ResponseWriter, r *http.Request) {
				status := test.answers[min(n, len(test.answers)-1)]
				n++
				switch {
				case status == 0:
					<-r.Context().Done()
				case status < 0:
					panic(http.ErrAbortHandler)
				default:
					w.WriteHeader(status)
				}
			})
			d, err := w.Post(t.Context(), app, Post{User: ann, Conversation: w.Personal(ann), Text: "meet"})
			if err != nil || !slices.Equal(d.Attempts, test.want) {
				t.Errorf("attempts %v, %v", d.Attempts, err)
			}
			for _, h := range heard() {
				if string(h.raw) != string(d.Activity) {
					t.Error("a redelivery differs")
				}
			}
		})
	}
}

func TestInstalls(t *testing.T) {
	w := startTeams(t, Options{})
	app, heard := bot(t, w.Server, accept)
	for _, test := range []struct {
		install Install
		want    []string // type, action, eventType
		team    any
	}{
		{Install{User: ann, Conversation: absent}, []string{"conversationUpdate/<nil>/teamMemberAdded", "installationUpdate/add/<nil>"}, "Design"},
		{Install{User: ann, Conversation: chat}, []string{"conversationUpdate/<nil>/<nil>", "installationUpdate/add/<nil>"}, nil},
		{Install{User: dan, Conversation: w.Personal(dan)}, []string{"conversationUpdate/<nil>/<nil>", "installationUpdate/add/<nil>"}, nil},
		{Install{User: dan, Conversation: w.Personal(dan), Remove: true}, []string{"installationUpdate/remove/<nil>"}, nil},
		{Install{User: ann, Conversation: general, Remove: true}, []string{"conversationUpdate/<nil>/teamMemberRemoved", "installationUpdate/remove/<nil>"}, "Design"},
	} {
		before := len(heard())
		all, err := w.Install(t.Context(), app, test.install)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, h := range heard()[before:] {
			got = append(got, fmt.Sprint(h.at("type"), "/", h.at("action"), "/", h.at("channelData.eventType")))
			changed, _ := h.fields["membersAdded"].([]any)
			if len(changed) > 0 && changed[0].(map[string]any)["id"] != h.at("recipient.id") {
				t.Errorf("members %v, bot %v", changed, h.at("recipient.id"))
			}
			if h.at("conversation.id") != test.install.Conversation || h.at("channelData.team.name") != test.team || all[i].ID != h.at("id") {
				t.Errorf("%+v: %s", test.install, h.raw)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v: got %v", test.install, got)
		}
		status, _, code := w.ask(t, "POST", `{"type":"message","text":"hello"}`, "", test.install.Conversation, "activities")
		if (status == 403) != test.install.Remove {
			t.Errorf("%+v: then the bot gets %d %s", test.install, status, code)
		}
	}
	if status, _, _ := w.ask(t, "GET", "", "", plans, "members"); status != 403 {
		t.Errorf("a bot that has left the team gets %d in another channel", status)
	}
}

func TestWaits(t *testing.T) {
	w := startTeams(t, Options{})
	id := w.send(t, plans, `{"type":"message","text":"one"}`, "")
	found := make(chan Message, 1)
	go func() {
		m, err := w.WaitFor(t.Context(), plans, func(m Message) bool { return m.Edits > 0 })
		if err != nil {
			t.Error(err)
		}
		found <- m
	}()
	w.ask(t, "PUT", `{"type":"message","text":"two"}`, "", plans, "activities", id)
	if m := <-found; m.Text != "two" || m.ID != id || m.FromName != "meetbot" || m.From != w.AppID() {
		t.Errorf("found %+v", m)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.WaitFor(ctx, plans, func(Message) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestForgets(t *testing.T) {
	w := startTeams(t, Options{Keep: 2})
	for _, text := range []string{"one", "two", "three"} {
		w.send(t, plans, `{"type":"message","text":"`+text+`"}`, "")
	}
	if m := w.Messages(plans); len(m) != 2 || m[0].Text != "two" || len(w.Calls()) != 2 {
		t.Errorf("kept %+v, %d calls", m, len(w.Calls()))
	}
	w.ResetCalls()
	if len(w.Calls()) > 0 {
		t.Error("calls are not forgotten")
	}
}
