//go:build integration

package e2e

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"meetbot/internal/app"
	"meetbot/internal/sandbox/entratest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
)

// mounted is a directory with secrets, as Kubernetes mounts it: each file is a link into a directory that is replaced.
type mounted struct {
	t    *testing.T
	dir  string
	held map[string]string
	n    int
}

// mount puts secrets into files, by the name of their variable.
func mount(t *testing.T, secrets map[string]string) *mounted {
	t.Helper()
	m := &mounted{t: t, dir: t.TempDir(), held: map[string]string{}}
	m.set(secrets)
	for name := range secrets {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(m.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// set replaces all the files at one moment: what is not named stays what it was.
func (m *mounted) set(secrets map[string]string) {
	m.t.Helper()
	m.n++
	next := filepath.Join(m.dir, "..", filepath.Base(m.dir)+"-"+string(rune('a'+m.n)))
	if err := os.Mkdir(next, 0o700); err != nil {
		m.t.Fatal(err)
	}
	for name, value := range secrets {
		m.held[name] = value
	}
	for name, value := range m.held {
		if err := os.WriteFile(filepath.Join(next, name), []byte(value), 0o600); err != nil {
			m.t.Fatal(err)
		}
	}
	if err := os.Symlink(next, filepath.Join(m.dir, "..new")); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(m.dir, "..new"), filepath.Join(m.dir, "..data")); err != nil {
		m.t.Fatal(err)
	}
}

// path is where a secret is.
func (m *mounted) path(name string) string { return filepath.Join(m.dir, name) }

// fromFiles is a configuration whose secrets stand in mounted files.
func (env *environment) fromFiles(c app.Config, m *mounted) app.Config {
	env.t.Helper()
	paths := map[string]string{}
	for name := range m.held {
		paths[name+app.FileSuffix] = m.path(name)
	}
	c.Files = app.ReadFiles(c.Settings(), func(name string) string { return paths[name] }, nil)
	if err := c.Files.Err(); err != nil {
		env.t.Fatal(err)
	}
	return c
}

// soon has files looked at so often that a test need not wait.
func soon() app.Options { return app.Options{LookEvery: 20 * time.Millisecond} }

// changed waits until the log says that the new value of a variable counts, for the nth time.
func (env *environment) changed(variable string, n int) {
	env.t.Helper()
	eventually(env.t, variable+" was changed", func() bool {
		return strings.Count(env.logs.String(), `the new one counts","variable":"`+variable+`"`) >= n
	})
}

// The signing secret is changed while people go on: both secrets count, the figures tell which one Slack uses, and in the
// end the old one is refused.
func TestSigningSecretIsChanged(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	before, after := env.Slack.SigningSecret(), strings.Repeat("5e", 16)
	files := mount(t, map[string]string{"SLACK_SIGNING_SECRET": before + "\n", "SLACK_SIGNING_SECRET_PREVIOUS": before})
	r := env.start(env.fromFiles(env.config(), files), soon())
	env.meet(r, ann, general, "")

	files.set(map[string]string{"SLACK_SIGNING_SECRET": after}) // Slack still signs with the one of before
	env.changed("SLACK_SIGNING_SECRET", 1)
	env.meet(r, ann, general, "")
	env.Slack.SetSigningSecret(after)
	env.meet(r, ann, general, "")
	_, figures := get(t, r.AdminURL()+"/metrics")
	for _, want := range []string{
		`meetbot_slack_signatures_total{secret="current"} 2`, `meetbot_slack_signatures_total{secret="previous"} 1`,
		`meetbot_secret_changes_total{result="taken",variable="SLACK_SIGNING_SECRET"} 1`,
	} {
		if !strings.Contains(figures, want) {
			t.Errorf("the figures lack %s", want)
		}
	}

	files.set(map[string]string{"SLACK_SIGNING_SECRET_PREVIOUS": after})
	env.changed("SLACK_SIGNING_SECRET_PREVIOUS", 1)
	env.Slack.SetSigningSecret(before)
	if _, err := env.tryMeet(r, ann, general, ""); err == nil {
		t.Error("the secret of before still counts")
	}
	env.wantNoSecretAnywhere(r)
	if strings.Contains(env.logs.String(), after) {
		t.Error("the log tells the new secret")
	}
}

// A new bot token is used without a restart. One that Slack refuses, or one of another form, is told and not used.
func TestBotTokenIsChanged(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	files := mount(t, map[string]string{"SLACK_BOT_TOKEN": env.Slack.BotToken()})
	r := env.start(env.fromFiles(env.config(), files), soon())
	env.meet(r, ann, general, "")
	refusals := func(why string) {
		t.Helper()
		eventually(t, "the log tells that the token is not used: "+why, func() bool {
			_, figures := get(t, r.AdminURL()+"/metrics")
			return strings.Contains(env.logs.String(), why) &&
				strings.Contains(figures, `meetbot_secret_file_refused{variable="SLACK_BOT_TOKEN"} 1`)
		})
	}
	files.set(map[string]string{"SLACK_BOT_TOKEN": "\n"})
	refusals("is empty")
	files.set(map[string]string{"SLACK_BOT_TOKEN": "xoxp-of-a-person"})
	refusals("is missing or is not a bot token")
	files.set(map[string]string{"SLACK_BOT_TOKEN": "xoxb-of-another-app"})
	refusals("Slack refuses the bot token: invalid_auth")
	asked := len(env.slackCalls("auth.test"))
	env.meet(r, ben, design, "") // the token of before

	const next = "xoxb-2345678901-the-next-one"
	env.Slack.SetBotToken(next)
	files.set(map[string]string{"SLACK_BOT_TOKEN": next})
	env.changed("SLACK_BOT_TOKEN", 1)
	env.meet(r, caio, design, "new") // whom nobody has looked up yet
	if n := len(env.slackCalls("auth.test")); n != asked+1 {
		t.Errorf("Slack was asked %d times about tokens, want once for each", n)
	}
	for _, hidden := range []string{"xoxp-of", "xoxb-of", next} {
		if strings.Contains(env.logs.String(), hidden) {
			t.Errorf("the log tells %s", hidden)
		}
	}
}

// A new client secret is used without a restart, for Graph and for the Bot Connector; Entra refuses the one of before.
func TestClientSecretIsChanged(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	if err := env.AddTeams(teamstest.Options{}); err != nil {
		t.Fatal(err)
	}
	c := env.everything()
	files := mount(t, map[string]string{"AZURE_CLIENT_SECRET": c.Entra.ClientSecret, "TEAMS_APP_SECRET": c.Teams.AppSecret})
	r := env.start(env.fromFiles(c, files), soon())
	env.meet(r, ann, general, "")
	asked := env.Entra.Tokens()

	const next = "another-client-secret"
	env.Entra.SetClientSecret(next)
	files.set(map[string]string{"AZURE_CLIENT_SECRET": next + "\n"})
	env.changed("AZURE_CLIENT_SECRET", 1)
	env.meet(r, ben, design, "")
	if n := env.Entra.Tokens(); n != asked+1 {
		t.Errorf("%d tokens were given after the change, want one, by the new secret", n-asked)
	}
	env.wantMeetings(2)

	files.set(map[string]string{"TEAMS_APP_SECRET": "not-registered"})
	env.changed("TEAMS_APP_SECRET", 1)
	if strings.Contains(env.logs.String(), next) || strings.Contains(env.logs.String(), "not-registered") {
		t.Error("the log tells a secret")
	}
}

// selfSigned is a certificate with its key, as a file that is opened by no password.
func selfSigned(t *testing.T) (file string, certificate *x509.Certificate) {
	t.Helper()
	data, certificate, err := entratest.ClientCertificate(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return string(data), certificate
}

// A new certificate is used without a restart. A file that holds none changes nothing.
func TestCertificateIsChanged(t *testing.T) {
	t.Parallel()
	env := newEnv(t, slacktest.Options{})
	file, certificate := selfSigned(t)
	env.Entra.SetCertificate(certificate)
	files := mount(t, map[string]string{"client.pem": file})
	c := env.config()
	c.Entra.ClientSecret, c.Entra.CertificatePath = "", files.path("client.pem")
	r := env.start(c, soon())
	env.meet(r, ann, general, "")

	files.set(map[string]string{"client.pem": strings.ReplaceAll(file, "CERTIFICATE", "NOTHING")})
	eventually(t, "the log tells of the file without a certificate", func() bool {
		return strings.Contains(env.logs.String(), "AZURE_CLIENT_CERTIFICATE_PATH names a file that cannot be read")
	})
	env.meet(r, ann, design, "")
	next, certificate := selfSigned(t)
	env.Entra.SetCertificate(certificate)
	files.set(map[string]string{"client.pem": next})
	env.changed("AZURE_CLIENT_CERTIFICATE_PATH", 1)
	asked := env.Entra.Tokens()
	env.meet(r, ben, design, "new")
	if n := env.Entra.Tokens(); n != asked+1 {
		t.Errorf("%d tokens by the new certificate, want one", n-asked)
	}
	env.wantMeetings(3)
}
