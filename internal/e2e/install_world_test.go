//go:build integration

package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"meetbot/graphclient"
	"meetbot/internal/redistest"
	"meetbot/internal/sandbox/graphtest"
	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/sandbox/teamstest"
	"meetbot/internal/testenv"
)

// installation is what somebody has who follows the document.
type installation struct {
	*environment
	document  string
	dir       string            // where they work
	exported  map[string]string // in their shell
	values    map[string]string // that they put in, by variable
	blocks    []string          // of the part, that are still to come
	redisPort string
	calls     string // file of what the Azure CLI was asked for
}

// newInstallation is a world in which nothing is set up, with Ana in it.
func newInstallation(t *testing.T) *installation {
	t.Helper()
	text, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	env := newEnvWithoutRedis(t, slacktest.Options{}).withTeams(teamstest.Options{})
	env.add(testenv.Person{
		Slack: &slacktest.User{ID: ana, Name: "ana", RealName: "Ana", Email: "ana@contoso.com", EmailConfirmed: true},
		Entra: &graphtest.User{ID: anaID, UPN: "ana@contoso.com", Mail: "ana@contoso.com", DisplayName: "Ana Example"},
		Teams: &teamstest.User{ID: anaID, Name: "Ana Example"},
	})
	env.Entra.SetRoles()
	env.Graph.SetGlobalPolicy(false)
	env.Slack.SetScopes()
	i := &installation{environment: env, document: string(text), dir: t.TempDir(), values: map[string]string{}}
	i.calls, i.redisPort = filepath.Join(i.dir, "calls"), strconv.Itoa(redistest.FreePort(t))
	t.Cleanup(func() { // the document starts it as a daemon
		_ = exec.Command("redis-cli", "-p", i.redisPort, "shutdown", "nosave").Run() //nolint:gosec,noctx // when all is over
	})
	ca := filepath.Join(i.dir, "ca.pem")
	if err := os.WriteFile(ca, env.Entra.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	fakes := env.Variables()
	for _, name := range []string{"SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "TEAMS_APP_ID", "TEAMS_APP_SECRET"} {
		i.values[name] = fakes[name] // what the settings of the apps show
	}
	i.values["SLACK_APP_TOKEN"] = env.Slack.AppToken()
	// Where the services are is all that differs from an installation with the real ones.
	i.exported = map[string]string{
		"SSL_CERT_FILE": ca, "HOME": i.dir, "PATH": filepath.Join(i.dir, "tools") + ":" + os.Getenv("PATH"),
		"CALLS": i.calls, "HTTP_ADDR": freeAddress(t), "ADMIN_ADDR": freeAddress(t),
	}
	for _, name := range []string{
		"SLACK_API_URL", "AZURE_AUTHORITY_HOST", "GRAPH_BASE_URL", "TEAMS_OPENID_METADATA_URL", "TEAMS_SERVICE_HOSTS",
	} {
		i.exported[name] = fakes[name]
	}
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} { // which are in the home that is replaced
		out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		i.exported[name] = strings.TrimSpace(string(out))
	}
	i.tool("az", `{ printf '%q ' "$@"; echo; } >> "$CALLS"
case "$*" in
*"account show"*) echo `+testenv.TenantID+` ;;
*"app create"*) echo `+testenv.ClientID+` ;;
esac`)
	return i
}

// tool puts a program in place of one that cannot be there.
func (i *installation) tool(name, script string) {
	i.t.Helper()
	dir := filepath.Join(i.dir, "tools")
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/bash\n"+script+"\n"), 0o700) //nolint:gosec // a program
	}
	if err != nil {
		i.t.Fatal(err)
	}
}

var fence = regexp.MustCompile("(?ms)^```sh\n(.*?)\n```$")

// part follows the part of the document with this title, to its last block.
func (i *installation) part(title string, follow func()) {
	i.t.Helper()
	_, rest, there := strings.Cut(i.document, "# "+title+"\n")
	if !there {
		i.t.Fatalf("the document has no part %q", title)
	}
	body, _, _ := strings.Cut(rest, "\n#")
	for _, m := range fence.FindAllStringSubmatch(body, -1) {
		i.blocks = append(i.blocks, m[1])
	}
	follow()
	if len(i.blocks) > 0 {
		i.t.Errorf("nobody has followed %q of the part %q", i.blocks, title)
		i.blocks = nil
	}
}

// block takes the next block of the part, which must have a line that begins like that.
func (i *installation) block(begins string) string {
	i.t.Helper()
	if len(i.blocks) == 0 || !strings.Contains("\n"+i.blocks[0], "\n"+begins) {
		i.t.Fatalf("the next blocks are %q, want %q", i.blocks, begins)
	}
	block := i.blocks[0]
	i.blocks = i.blocks[1:]
	return block
}

// do runs the next block, and returns what it prints.
func (i *installation) do(begins string, code int) string {
	i.t.Helper()
	return i.shell(i.filled(i.block(begins)), code)
}

// gap is where people put a value in.
var gap = regexp.MustCompile(`\b([A-Z][A-Z_]+)=((?:xoxb-|xapp-)?…|/path/to/\S+)`)

// filled puts in what people put in.
func (i *installation) filled(block string) string {
	i.t.Helper()
	block = gap.ReplaceAllStringFunc(block, func(found string) string {
		name, _, _ := strings.Cut(found, "=")
		value, known := i.values[name]
		if !known {
			i.t.Errorf("nobody has said what %s is", name)
		}
		return name + "='" + value + "'"
	})
	// The machine may have a Redis on the usual port.
	block = strings.ReplaceAll(block, "redis-server ", "redis-server --port "+i.redisPort+" ")
	block = strings.ReplaceAll(block, "localhost:6379", "localhost:"+i.redisPort)
	return strings.ReplaceAll(block, "./cmd/bot", "meetbot/cmd/bot")
}

// shell runs lines in bash, and keeps what they export.
func (i *installation) shell(lines string, code int) string {
	i.t.Helper()
	cmd := i.bash("set -eu; cd " + i.dir + "\n" + lines + "\nenv -0 > " + i.dir + "/env")
	if strings.HasPrefix(lines, "go build") { // in the repository, and the program where somebody works
		cmd = i.bash("set -eu; PWD=" + i.dir + "\n" + strings.ReplaceAll(lines, "bin/bot", i.dir+"/bin/bot") + "\nenv -0 > " +
			i.dir + "/env")
	}
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err := cmd.Run()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		i.t.Fatalf("%v, want exit code %d, of\n%s\n%s%s", err, code, lines, out.String(), problems.String())
	}
	if err != nil {
		return out.String()
	}
	exported, err := os.ReadFile(filepath.Join(i.dir, "env"))
	if err != nil {
		i.t.Fatal(err)
	}
	for _, entry := range strings.Split(string(exported), "\x00") {
		if name, value, ok := strings.Cut(entry, "="); ok && name != "_" && name != "SHLVL" {
			i.exported[name] = value
		}
	}
	return out.String()
}

func (i *installation) bash(lines string) *exec.Cmd {
	cmd := exec.CommandContext(i.t.Context(), "bash", "-c", lines) //nolint:gosec // the document
	for name, value := range i.exported {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// administer does what a part of a page says, and lets Entra know what the Azure CLI was told.
func (i *installation) administer(page, title string) {
	i.t.Helper()
	_, rest, there := strings.Cut(page, "## "+title)
	if !there {
		i.t.Fatalf("the page has no part %q:\n%s", title, page)
	}
	part, _, _ := strings.Cut(rest, "\n## ")
	var lines []string
	for _, m := range fence.FindAllStringSubmatch(part, -1) {
		if !strings.Contains(m[1], "--query password") { // in place of the certificate
			lines = append(lines, m[1])
		}
	}
	for said := range strings.Lines(i.shell(strings.Join(lines, "\n"), 0)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(said), "="); ok {
			i.values[name] = value
		}
	}
	asked, err := os.ReadFile(i.calls)
	if err != nil {
		i.t.Fatal(err)
	}
	var wanted []string
	for call := range strings.Lines(string(asked)) {
		switch {
		case strings.HasPrefix(call, "ad app permission add"):
			for _, p := range graphclient.Permissions {
				if strings.Contains(call, p.RoleID+"=Role") {
					wanted = append(wanted, p.Name)
				}
			}
		case strings.HasPrefix(call, "ad app permission admin-consent"):
			i.Entra.SetRoles(wanted...)
		case strings.Contains(call, "--cert "):
			_, name, _ := strings.Cut(call, "--cert @")
			i.Entra.SetCertificate(i.certificate(filepath.Join(i.dir, strings.TrimSpace(name))))
		}
	}
}

func (i *installation) certificate(path string) *x509.Certificate {
	i.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		i.t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		i.t.Fatalf("Entra gets %s", text)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		i.t.Fatal(err)
	}
	return cert
}

// grant lets Teams know what PowerShell was told about the group.
func (i *installation) grant(page string) {
	i.t.Helper()
	for _, line := range []string{
		"[guid]$ClientId = '" + testenv.ClientID + "'",
		`New-CsApplicationAccessPolicy -Identity Meetbot -AppIds "$ClientId"`,
		"$Group = 'meetbot-organizers@contoso.com'",
		`Grant-CsApplicationAccessPolicy -PolicyName Meetbot -Group "$Group"`,
	} {
		if !strings.Contains(page, "\n"+line) {
			i.t.Fatalf("the page lacks %s:\n%s", line, page)
		}
	}
	i.Graph.SetPolicy(anaID, true) // a member
}

// createSlackApp does what Slack does for somebody who opens the link and installs the app. It wants the command to go to
// that address.
func (i *installation) createSlackApp(page, commands string) {
	i.t.Helper()
	u, err := url.Parse(regexp.MustCompile(`(?m)^https://api\.slack\.com/apps\?new_app=1&.*$`).FindString(page))
	if err != nil {
		i.t.Fatal(err)
	}
	var m struct {
		Features struct {
			SlashCommands []struct{ URL string } `json:"slash_commands"`
		}
		OAuthConfig struct {
			Scopes struct{ Bot []string }
		} `json:"oauth_config"`
		Settings struct {
			SocketMode bool `json:"socket_mode_enabled"`
		}
	}
	if err := json.Unmarshal([]byte(u.Query().Get("manifest_json")), &m); err != nil {
		i.t.Fatalf("%v in %s", err, page)
	}
	if c := m.Features.SlashCommands; len(c) != 1 || c[0].URL != commands {
		i.t.Errorf("the app sends its command to %+v", c)
	}
	i.Slack.SetScopes(m.OAuthConfig.Scopes.Bot...)
	i.Slack.SetSocketMode(m.Settings.SocketMode)
}

// wantPackage fails the test unless the file is an app for the bot.
func (i *installation) wantPackage(path string) {
	i.t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		i.t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	file, err := archive.Open("manifest.json")
	if err != nil {
		i.t.Fatal(err)
	}
	text, err := io.ReadAll(file)
	if err != nil || !strings.Contains(string(text), `"botId": "`+i.Teams.AppID()+`"`) {
		i.t.Errorf("%v in the manifest %s", err, text)
	}
}

// serve starts the bot, and returns its address when it is ready.
func (i *installation) serve(block string) string {
	i.t.Helper()
	cmd := i.bash("set -eu\n" + strings.Replace(block, "bot serve", "exec bot serve", 1)) // so that a signal reaches it
	cmd.Stderr = i.logs
	if err := cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	address := "http://" + i.exported["HTTP_ADDR"]
	if err := testenv.WaitReady(i.t.Context(), address); err != nil {
		i.t.Fatalf("%v; the log: %s", err, i.logs.Tail())
	}
	return address
}
