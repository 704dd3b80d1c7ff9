package graphtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/faultserver"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	tenant = "9f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e10"
	app    = "3b0e7a52-6c1f-4f0e-9a44-5d2c8f9b7a01"
	secret = "sandbox~secret"

	ann   = "5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e11"
	brian = "5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e12"
	guest = "5f1c2b1a-4d53-4c3e-8b59-0f2a7c1d6e13"
)

var users = []User{
	{ID: ann, UPN: "ann@contoso.example", Mail: "Ann@contoso.example", DisplayName: "Ann",
		ProxyAddresses: []string{"SMTP:ann@contoso.example", "smtp:a.first@contoso.example"}, DialIn: true},
	{ID: brian, UPN: "brian.o'neil@contoso.example", Mail: "brian.o'neil@contoso.example", DisplayName: "Brian", Disabled: true},
	{ID: guest, UPN: "gus_fabrikam.example#EXT#@contoso.example", Mail: "gus@fabrikam.example", DisplayName: "Gus", Guest: true},
}

// rig is a Graph with a token for it.
type rig struct {
	*Server
	entra *entratest.Server
	token string
}

func startEntraForGraph(t *testing.T, o entratest.Options) *entratest.Server {
	t.Helper()
	o.TenantID, o.ClientID, o.ClientSecret = tenant, app, secret
	e, err := entratest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func startGraph(t *testing.T, o Options) *rig {
	t.Helper()
	e := startEntraForGraph(t, entratest.Options{Now: o.Now})
	o.Entra = e
	if o.Users == nil {
		o.Users = users
	}
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	token, err := e.Mint(app, g.origin(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{Server: g, entra: e, token: token}
}

type answer struct {
	Status int
	Header http.Header
	Body   map[string]any
}

// code is the error's code.
func (a answer) code() string {
	e, _ := a.Body["error"].(map[string]any)
	code, _ := e["code"].(string)
	return code
}

func (g *rig) do(t *testing.T, method, path string, header http.Header, body []byte) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, g.BaseURL()+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+g.token)
	for name, values := range header {
		r.Header[name] = values
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Status: resp.StatusCode, Header: resp.Header}
	_ = json.Unmarshal(raw, &a.Body) // an HTML page has none
	return a
}

func (g *rig) make(t *testing.T, userID, body string) answer {
	t.Helper()
	return g.do(t, "POST", "/users/"+userID+"/onlineMeetings/createOrGet", nil, []byte(body))
}

// try asks for a meeting and returns an error if there was no answer at all.
func (g *rig) try(ctx context.Context, body string) error {
	r, err := http.NewRequestWithContext(ctx, "POST", g.BaseURL()+"/users/"+ann+"/onlineMeetings/createOrGet", strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+g.token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func TestMeetingIdentity(t *testing.T) {
	g := startGraph(t, Options{})
	first := g.make(t, ann, `{"externalId":"x","subject":"One","unknownProperty":7,"lobbyBypassSettings":{"scope":"everyone"}}`)
	again := g.make(t, strings.ToUpper(ann), `{"externalId":"x","subject":"Two"}`)
	other := g.make(t, brian, `{"externalId":"x"}`)
	case2 := g.make(t, ann, `{"externalId":"X"}`)
	if first.Status != 201 || again.Status != 200 || other.Status != 201 || case2.Status != 201 {
		t.Fatalf("statuses %d %d %d %d", first.Status, again.Status, other.Status, case2.Status)
	}
	link := first.Body["joinWebUrl"]
	if again.Body["joinWebUrl"] != link || again.Body["subject"] != "One" {
		t.Errorf("existing meeting changed: %v", again.Body)
	}
	if other.Body["joinWebUrl"] == link || case2.Body["joinWebUrl"] == link {
		t.Error("different meetings share a link")
	}
	if n := len(link.(string)); n < 200 || n > 350 {
		t.Errorf("join link has %d characters", n)
	}
	if info := first.Body["joinInformation"].(map[string]any)["content"].(string); len(info) < 2000 || !strings.HasPrefix(info, "data:text/html,") {
		t.Errorf("join information has %d characters", len(info))
	}
	if first.Body["audioConferencing"] == nil || other.Body["audioConferencing"] != nil {
		t.Error("dial-in does not follow the organizer's licence")
	}
	if lobby := first.Body["lobbyBypassSettings"].(map[string]any)["scope"]; lobby != "organization" {
		t.Errorf("createOrGet took the lobby setting %q from the body", lobby)
	}
	made := g.Meetings()
	if len(made) != 3 || made[0].UserID != ann || made[0].ExternalID != "x" || made[0].JoinURL != link || made[0].Subject != "One" {
		t.Errorf("reported meetings: %+v", made)
	}
	calls := g.Calls()
	if len(calls) != 4 || calls[0].Op != "createOrGet" || calls[0].ExternalID != "x" || calls[0].UserID != ann ||
		calls[0].Status != 201 || calls[1].Status != 200 || !json.Valid(calls[0].Body) {
		t.Errorf("reported calls: %+v", calls)
	}
	g.ResetCalls()
	if len(g.Calls()) != 0 {
		t.Error("calls survive their reset")
	}
}

func TestMeetingBody(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	g := startGraph(t, Options{Now: func() time.Time { return now }})
	for name, tt := range map[string]struct {
		body       string
		status     int
		start, end string
	}{
		"no times":            {`{"externalId":"a"}`, 201, "2026-03-01T10:00", "2026-03-01T11:00"},
		"start only":          {`{"externalId":"b","startDateTime":"2026-04-01T09:00:00+02:00"}`, 201, "2026-04-01T07:00", "2026-04-01T08:00"},
		"both":                {`{"externalId":"c","startDateTime":"2026-04-01T09:00:00Z","endDateTime":"2026-04-01T09:20:00Z"}`, 201, "2026-04-01T09:00", "2026-04-01T09:20"},
		"end only":            {`{"externalId":"d","endDateTime":"2026-04-01T09:20:00Z"}`, 400, "", ""},
		"end before start":    {`{"externalId":"e","startDateTime":"2026-04-01T09:00:00Z","endDateTime":"2026-04-01T08:00:00Z"}`, 400, "", ""},
		"time without zone":   {`{"externalId":"f","startDateTime":"2026-04-01T09:00:00"}`, 400, "", ""},
		"no external ID":      {`{"subject":"x"}`, 400, "", ""},
		"empty external ID":   {`{"externalId":""}`, 400, "", ""},
		"no body":             {``, 400, "", ""},
		"half a body":         {`{"externalId":"g`, 400, "", ""},
		"attendee without ID": {`{"externalId":"h","participants":{"attendees":[{"upn":"ann@contoso.example"}]}}`, 400, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := g.make(t, ann, tt.body)
			if a.Status != tt.status {
				t.Fatalf("status %d, body %v", a.Status, a.Body)
			}
			if tt.status != 201 {
				if a.code() != "BadRequest" {
					t.Errorf("code %q", a.code())
				}
				return
			}
			start, end := a.Body["startDateTime"].(string), a.Body["endDateTime"].(string)
			if !strings.HasPrefix(start, tt.start) || !strings.HasPrefix(end, tt.end) {
				t.Errorf("from %s to %s", start, end)
			}
		})
	}
	a := g.make(t, ann, `{"externalId":"i","participants":{"attendees":[{"identity":{"user":{"id":"`+brian+`"}},"upn":"b@contoso.example"}]}}`)
	if attendees := a.Body["participants"].(map[string]any)["attendees"].([]any); len(attendees) != 1 {
		t.Errorf("attendees %v", attendees)
	}
}

func TestReadsCompressedBodies(t *testing.T) {
	g := startGraph(t, Options{})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, `{"externalId":"packed"}`)
	_ = z.Close()
	path, header := "/users/"+ann+"/onlineMeetings/createOrGet", http.Header{"Content-Encoding": {"gzip"}}
	if a := g.do(t, "POST", path, header, packed.Bytes()); a.Status != 201 || a.Body["externalId"] != "packed" {
		t.Errorf("got %d %v", a.Status, a.Body)
	}
	if a := g.do(t, "POST", path, header, nil); a.Status != 400 {
		t.Errorf("a body that was lost on the way: %d", a.Status)
	}
}

func TestMeetingRefusals(t *testing.T) {
	g := startGraph(t, Options{})
	const body = `{"externalId":"x"}`
	g.SetPolicy(ann, false)
	if a := g.make(t, ann, body); a.Status != 403 || a.code() != "Forbidden" ||
		!strings.Contains(fmt.Sprint(a.Body), "No application access policy found for this app.") {
		t.Errorf("denied by name: %d %v", a.Status, a.Body)
	}
	g.SetGlobalPolicy(false)
	if a := g.make(t, brian, body); a.Status != 403 {
		t.Errorf("denied by the global policy: %d", a.Status)
	}
	g.SetPolicy(ann, true)
	if a := g.make(t, ann, body); a.Status != 201 {
		t.Errorf("granted by name: %d", a.Status)
	}
	g.SetGlobalPolicy(true)
	if a := g.make(t, "ann@contoso.example", body); a.Status != 400 {
		t.Errorf("UPN in the path: %d", a.Status)
	}
	g.RemoveUser(brian)
	if a := g.make(t, brian, body); a.Status != 404 {
		t.Errorf("removed user: %d", a.Status)
	}
	if err := g.AddUser(User{ID: brian, UPN: "brian@contoso.example", Unlicensed: true}); err != nil {
		t.Fatal(err)
	}
	if a := g.make(t, brian, body); a.Status != 403 {
		t.Errorf("user without a licence: %d", a.Status)
	}
}

func TestTokens(t *testing.T) {
	now := time.Now()
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	g := startGraph(t, Options{Now: clock})
	get := func(authorization string) answer {
		return g.do(t, "GET", "/users/"+ann, http.Header{"Authorization": {authorization}}, nil)
	}
	for _, bad := range []string{"", "Bearer ", "Bearer nonsense", "Basic " + g.token, "Bearer " + g.token[:len(g.token)-4] + "AAAA"} {
		if a := get(bad); a.Status != 401 || a.code() != "InvalidAuthenticationToken" || a.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("authorization %.12q: %d %v", bad, a.Status, a.Body)
		}
	}
	other, err := g.entra.Mint(app, "https://elsewhere.example", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if a := get("Bearer " + other); a.Status != 401 {
		t.Errorf("token for another audience: %d", a.Status)
	}
	if a := get("Bearer " + g.token); a.Status != 200 {
		t.Errorf("good token: %d", a.Status)
	}
	mu.Lock()
	now = now.Add(2 * time.Hour)
	mu.Unlock()
	if a := get("Bearer " + g.token); a.Status != 401 {
		t.Errorf("expired token: %d", a.Status)
	}
	const bareApp = "3b0e7a52-6c1f-4f0e-9a44-5d2c8f9b7a02"
	if err := g.entra.AddApp(entratest.App{ClientID: bareApp, ClientSecret: secret}); err != nil {
		t.Fatal(err)
	}
	bare, err := g.entra.Mint(bareApp, g.origin(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if a := get("Bearer " + bare); a.Status != 403 || a.code() != "Authorization_RequestDenied" {
		t.Errorf("users without the role: %d %v", a.Status, a.Body)
	}
	g.token = bare
	if a := g.make(t, ann, `{"externalId":"x"}`); a.Status != 403 || a.code() != "Forbidden" {
		t.Errorf("meetings without the role: %d %v", a.Status, a.Body)
	}
}

func TestUsers(t *testing.T) {
	g := startGraph(t, Options{})
	for _, name := range []string{ann, "ANN@contoso.example", "brian.o%27neil@contoso.example", "gus_fabrikam.example%23EXT%23@contoso.example"} {
		a := g.do(t, "GET", "/users/"+name+"?$select=id,userType,accountEnabled", nil, nil)
		if a.Status != 200 || len(a.Body) != 4 {
			t.Errorf("%s: %d %v", name, a.Status, a.Body)
		}
	}
	if a := g.do(t, "GET", "/users/"+guest, nil, nil); a.Body["displayName"] != "Gus" || a.Body["userType"] != nil {
		t.Errorf("without $select: %v", a.Body)
	}
	if a := g.do(t, "GET", "/users/nobody@contoso.example", nil, nil); a.Status != 404 || a.code() != "Request_ResourceNotFound" {
		t.Errorf("unknown user: %d %v", a.Status, a.Body)
	}
	if a := g.do(t, "GET", "/users/"+ann+"?$select=shoeSize", nil, nil); a.Status != 400 {
		t.Errorf("unknown property: %d", a.Status)
	}
}

func TestUserFilters(t *testing.T) {
	g := startGraph(t, Options{})
	advanced := http.Header{"Consistencylevel": {"eventual"}}
	for name, tt := range map[string]struct {
		filter string
		count  bool
		header http.Header
		status int
		want   []string
	}{
		"mail, any case":      {"mail eq 'ANN@contoso.example'", false, nil, 200, []string{ann}},
		"apostrophe":          {"mail eq 'brian.o''neil@contoso.example'", false, nil, 200, []string{brian}},
		"apostrophe as it is": {"mail eq 'brian.o'neil@contoso.example'", false, nil, 400, nil},
		"UPN":                 {"userPrincipalName eq 'ann@contoso.example'", false, nil, 200, []string{ann}},
		"alias":               {"proxyAddresses/any(p:p eq 'smtp:A.First@contoso.example')", false, nil, 200, []string{ann}},
		"primary address":     {"proxyAddresses/any(x:x eq 'smtp:ann@contoso.example')", false, nil, 200, []string{ann}},
		"nobody":              {"mail eq 'x@contoso.example'", false, nil, 200, nil},
		"or": {"mail eq 'gus@fabrikam.example' or proxyAddresses/any(p:p eq " +
			"'smtp:ann@contoso.example')", true, advanced, 200, []string{ann, guest}},
		"or, not advanced": {"mail eq 'a' or mail eq 'b'", false, nil, 400, nil},
		"or, no count":     {"mail eq 'a' or mail eq 'b'", false, advanced, 400, nil},
		"count, no header": {"mail eq 'a'", true, nil, 400, nil},
		"not understood":   {"endsWith(mail,'example')", true, advanced, 400, nil},
	} {
		t.Run(name, func(t *testing.T) {
			q := url.Values{"$filter": {tt.filter}, "$select": {"id"}}
			if tt.count {
				q.Set("$count", "true")
			}
			a := g.do(t, "GET", "/users?"+q.Encode(), tt.header, nil)
			if a.Status != tt.status {
				t.Fatalf("status %d, body %v", a.Status, a.Body)
			}
			if tt.status != 200 {
				return
			}
			var ids []string
			for _, u := range a.Body["value"].([]any) {
				ids = append(ids, u.(map[string]any)["id"].(string))
			}
			if strings.Join(ids, " ") != strings.Join(tt.want, " ") {
				t.Errorf("found %v, want %v", ids, tt.want)
			}
			if count := a.Body["@odata.count"]; tt.count && count != float64(len(tt.want)) {
				t.Errorf("count %v", count)
			}
		})
	}
}

func TestPages(t *testing.T) {
	g := startGraph(t, Options{PageSize: 2})
	first := g.do(t, "GET", "/users?$select=id", nil, nil)
	next, _ := first.Body["@odata.nextLink"].(string)
	if len(first.Body["value"].([]any)) != 2 || !strings.HasPrefix(next, g.BaseURL()+"/users?") {
		t.Fatalf("first page %v", first.Body)
	}
	second := g.do(t, "GET", strings.TrimPrefix(next, g.BaseURL()), nil, nil)
	if len(second.Body["value"].([]any)) != 1 || second.Body["@odata.nextLink"] != nil {
		t.Errorf("second page %v", second.Body)
	}
}

func TestQuota(t *testing.T) {
	g := startGraph(t, Options{Quota: 2, QuotaWindow: time.Hour})
	for range 2 {
		if a := g.do(t, "GET", "/users/"+ann, nil, nil); a.Status != 200 {
			t.Fatalf("within the quota: %d", a.Status)
		}
	}
	a := g.do(t, "GET", "/users/"+ann, nil, nil)
	if a.Status != 429 || a.Header.Get("Retry-After") != "3600" {
		t.Errorf("beyond the quota: %d, Retry-After %q", a.Status, a.Header.Get("Retry-After"))
	}
}

func TestFaults(t *testing.T) {
	g := startGraph(t, Options{})
	const body = `{"externalId":"x"}`
	g.Fault(faultserver.Fault{Target: "createOrGet", Times: 1, Status: 502, ContentType: "text/html", Body: "<h1>Bad " +
		"Gateway</h1>", Works: true})
	if a := g.do(t, "GET", "/users/"+ann, nil, nil); a.Status != 200 {
		t.Errorf("the fault struck another operation: %d", a.Status)
	}
	if a := g.make(t, ann, body); a.Status != 502 || a.Header.Get("Content-Type") != "text/html" {
		t.Errorf("fault: %d", a.Status)
	}
	if a := g.make(t, ann, body); a.Status != 200 {
		t.Errorf("the meeting was not made behind the fault: %d", a.Status)
	}

	g.Fault(faultserver.Fault{Reset: true, Times: 1})
	if err := g.try(t.Context(), body); err == nil {
		t.Error("an answer came through a cut connection")
	}

	// A client that gives up ends the wait, and the call is reported all the same.
	g.Fault(faultserver.Fault{Latency: time.Hour, Times: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := g.try(ctx, body); err == nil {
		t.Error("an answer came before its time")
	}
	for deadline := time.Now().Add(10 * time.Second); len(g.Calls()) < 5; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d calls reported", len(g.Calls()))
		}
	}
	for i, want := range []int{200, 502, 200, 0, 0} {
		if got := g.Calls()[i].Status; got != want {
			t.Errorf("call %d was reported with status %d, want %d", i, got, want)
		}
	}
}

func TestIsSafeForConcurrentUse(t *testing.T) {
	g := startGraph(t, Options{})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			g.make(t, ann, fmt.Sprintf(`{"externalId":"x%d"}`, i%4))
			g.Calls()
			g.SetPolicy(brian, i%2 == 0)
		})
	}
	wg.Wait()
	if n := len(g.Meetings()); n != 4 {
		t.Errorf("%d meetings for 4 external IDs", n)
	}
}

func BenchmarkCreateOrGet(b *testing.B) {
	e, err := entratest.New(entratest.Options{TenantID: tenant, ClientID: app, ClientSecret: secret})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	g, err := New(Options{Entra: e, Users: users})
	if err != nil {
		b.Fatal(err)
	}
	defer g.Close()
	token, err := e.Mint(app, g.origin(), time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		r, err := http.NewRequest("POST", g.BaseURL()+"/users/"+ann+"/onlineMeetings/createOrGet", strings.NewReader(fmt.Sprintf(`{"externalId":"x%d"}`, i)))
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}
