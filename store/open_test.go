package store_test

import (
	"strings"
	"testing"

	"meetbot/store"
)

func TestOpenRefusesWithoutTellingThePassword(t *testing.T) {
	for _, url := range []string{
		"", "localhost:6379", "http://:hunter2@localhost", "unix://u:hunter2@/run/redis.sock", "redis://", "redis://u:hunter2@localhost/x",
		"redis://u:hunter2@localhost/1/2", "redis://u:hunter2@localhost:port/0", "redis://u:hun/ter2@localhost/0",
		"redis://u:hun?ter2@localhost/0", "redis://u:12/hunter2@localhost/0", "redis://u:12?hunter2@localhost/0", "redis://u:%zzhunter2@localhost",
		"redis://u:hunter2@localhost/0?colour=hunter2", "redis://u:hunter2@localhost/3?cluster=true", "redis://u:hunter2@localhost?addr=hunter2",
		"redis://localhost?master_name=", "redis://localhost?master_name=m&password=x&hunter2=y", "redis://localhost/0?pool_size=hunter2", "rediss://u:hunter2@localhost/0?skip_verify=true", "rediss://u:hunter2@localhost/0?cluster=true&skip_verify=1",
	} {
		s, err := store.Open(url, store.Options{Replica: "one"})
		if err == nil {
			_ = s.Close()
			t.Errorf("%q was accepted", url)
			continue
		}
		if text := err.Error(); strings.Contains(text, "ter2") || !strings.Contains(text, "redis://") {
			t.Errorf("%q gave the error %q: it must show what is wanted and nothing of the URL", url, text)
		}
	}
	if _, err := store.Open("redis://localhost", store.Options{}); err == nil {
		t.Error("a replica without a name was accepted")
	}
}

func TestOpenTakesEveryForm(t *testing.T) {
	for _, url := range []string{
		"redis://localhost", "redis://:p%40ss@localhost:6379/3", "rediss://u:p@redis.example:6380/0?pool_size=50&min_idle_conns=2",
		"redis://sentinel:26379/2?master_name=main&addr=sentinel2:26379&username=u&password=p",
		"redis://node1:6379?addr=node2:6379&addr=node3:6379", "rediss://u:p@node:6379/0?cluster=true", "redis://[::1]:6379/0", "redis://localhost?cluster=false",
	} {
		s, err := store.Open(url, store.Options{Replica: "one"})
		if err != nil {
			t.Errorf("%q: %v", url, err)
			continue
		}
		_ = s.Close() // nobody is there to leave a group of
	}
}
