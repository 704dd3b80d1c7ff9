package deploy

import (
	"os"
	"regexp"
	"testing"

	"meetbot/internal/app"
)

// The sample of an environment names settings that there are, and gives no value that is not right.
func TestSampleEnvironment(t *testing.T) {
	text, err := os.ReadFile("env.example")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^#?([A-Z_]+)=(.*)$`).FindAllStringSubmatch(string(text), -1) {
		values[m[1]] = m[2]
	}
	for _, name := range []string{"AZURE_CLIENT_SECRET", "SLACK_BOT_TOKEN"} {
		if value, ok := values[name]; !ok || value != "" {
			t.Errorf("%s is there: %v; its value: %q", name, ok, value)
		}
		values[name] = "xoxb-1-2-3"
	}
	values["AZURE_TENANT_ID"], values["AZURE_CLIENT_ID"] = "contoso.com", "11111111-2222-3333-4444-555555555555"
	values["SLACK_SIGNING_SECRET"], values["TEAMS_APP_ID"] = "8f742231b10e8888abcd99yyyzzz85a5", ""
	config := app.Default()
	if err := config.Set(values); err != nil {
		t.Error(err)
	}
	if err := config.Validate(); err != nil {
		t.Error(err)
	}
}
