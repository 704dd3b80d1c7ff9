package store

import (
	"encoding/json"
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"meetbot/bot"
)

// Whatever stands in REDIS_URL: it is refused without quoting it, or leads to the addresses that it names, over TLS if
// it says so, and within the budget.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{
		"", "redis://localhost:6379/0", "rediss://ann:pw@host:6379/3", "redis://:hunter2@host:notaport/0", "redis://host", "redis://host/x", "redis://host?db=1&db=2",
		"redis://sentinel:26379/0?master_name=main&addr=sentinel2:26379&username=ann&password=pw", "redis://node:6379?addr=node2:6379&addr=node3:6379", "redis://node:6379?cluster=true",
		"redis://node:6379/1?cluster=true", "redis://h:1?master_name=", "redis://h:1?pool_size=5&max_retries=9&read_timeout=1h", "redis://h:1?unknown=1", "unix:///run/redis.sock",
		"http://host", "redis://ann:p%40ss@host:6379", "redis://[::1]:6379", "redis://h:6379?dial_timeout=-1&pool_size=-7&protocol=3", "redis://h:6379?skip_verify=true", "rediss://h:6379?skip_verify=true&cluster=true",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		o, err := parse(raw)
		if (err == nil) != (CheckURL(raw) == nil) {
			t.Fatalf("%q: %v, and checked %v", raw, err, CheckURL(raw))
		}
		if err != nil {
			if err.Error() != errURL.Error() {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		limitWaiting(o, nil, TLSFiles{})
		if len(o.Addrs) == 0 {
			t.Errorf("%q leads nowhere", raw)
		}
		for _, addr := range o.Addrs {
			if _, _, err := net.SplitHostPort(addr); err != nil {
				t.Errorf("%q leads to %q", raw, addr)
			}
		}
		if secure := strings.HasPrefix(strings.ToLower(raw), "rediss:"); secure != (o.TLSConfig != nil) {
			t.Errorf("%q: TLS %v", raw, o.TLSConfig)
		}
		if o.TLSConfig != nil && o.TLSConfig.InsecureSkipVerify {
			t.Errorf("%q trusts anybody", raw)
		}
		if o.DialTimeout != Budget || o.ReadTimeout != Budget || o.WriteTimeout != Budget || o.PoolTimeout != Budget || o.MaxRetries > 1 || !o.ContextTimeoutEnabled {
			t.Errorf("%q: the budget is not kept: %+v", raw, o)
		}
	})
}

// What stands in the job stream, the dead letters and the identities is read as what was written, or as nothing; an
// error quotes none of it.
func FuzzJob(f *testing.F) {
	job := bot.Job{ID: "slack:event:Ev1", Conversation: bot.Conversation{Platform: "slack", Workspace: "T1", Channel: "C1"}, Route: bot.Route{ResponseURL: "https://hooks.example/s3cret"}}
	record, err := json.Marshal(job)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		"", "{}", "null", "[]", `"x"`, string(record), `{"id":"slack:event:Ev1","asker":5}`, `{"id":"","job":""}`, strings.Repeat("[", 200), `{"id":"j","refusal":{"code":"x"}}`,
		`{"id":"a1","upn":"ann@contoso.example","name":"\u202e","language":"xx"}`, `{"refusal":{"code":"no_email","wait":-1}}`, "\xff",
	} {
		f.Add("1-0", int64(1), job.ID, seed, "reason")
		f.Add("x", int64(-1), "", seed, seed)
	}
	f.Fuzz(func(t *testing.T, entry string, attempt int64, id, record, reason string) {
		found := jobOf([]any{entry, id, record, attempt})
		lease := found.lease
		switch {
		case !found.readable:
			if lease.Job != (bot.Job{ID: id}) {
				t.Errorf("%q is refused: %+v", record, lease)
			}
		default:
			again, err := json.Marshal(lease.Job)
			if err != nil {
				t.Fatal(err)
			}
			if back := jobOf([]any{entry, id, string(again), attempt}); !reflect.DeepEqual(back, found) {
				t.Errorf("%q is read as %+v and then as %+v", record, found, back)
			}
		}
		if lease.Entry != entry {
			t.Errorf("entry %q became %q", entry, lease.Entry)
		}

		letter := deadLetterOf(redis.XMessage{ID: entry, Values: map[string]any{"id": id, "job": record, "reason": reason}})
		if letter.Job.ID != id || letter.Reason != reason || letter.Entry != entry || letter.At.IsZero() && isEntry(entry) && len(entry) < 15 {
			t.Errorf("letter %+v", letter)
		}
		if isEntry(entry) && strings.ContainsAny(entry, "+(* ") {
			t.Errorf("%q passes for one entry", entry)
		}

		if who := decodeIdentity(record); who != nil && who.ID == "" && who.Refusal == nil {
			t.Errorf("%q is %+v", record, who)
		}
	})
}
