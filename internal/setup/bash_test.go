//go:build integration

package setup_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// bash takes each block, and every value arrives in the program that it is for.
func TestBash(t *testing.T) {
	found := 0
	for name, page := range pages(t) {
		for _, b := range blocks(page) {
			if b.language != "sh" {
				continue
			}
			found++
			cmd := exec.CommandContext(t.Context(), "bash", "-n")
			cmd.Stdin = strings.NewReader(b.text)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s in\n%s", name, err, out, b.text)
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d blocks", found)
	}
}

// The lines of the Azure CLI, run one block after the other with a program in its place that writes down what it gets.
func TestBashRuns(t *testing.T) {
	dir := t.TempDir()
	const az = `#!/bin/bash
{ printf '%q ' "$@"; echo; } >> "$CALLS"
case "$*" in
*"account show"*) echo 8eaef023-2b34-4da1-9baa-8bc8c9d6a490 ;;
*"app create"*) echo 0c4b1f6e-3a52-4f6b-9f57-6d2f1a7c9e01 ;;
esac
`
	if err := os.WriteFile(filepath.Join(dir, "az"), []byte(az), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		page, part, printed string
		calls               []string
	}{
		{
			"entra", "Azure CLI", "AZURE_TENANT_ID=" + tenant + "\nAZURE_CLIENT_ID=" + client + "\n",
			[]string{
				"ad sp create --id " + client + " ",
				"ad app permission add --id " + client + " --api 00000003-0000-0000-c000-000000000000 --api-permissions " +
					"b8bb2037-6e08-44ac-a4ea-4674e010e2a4=Role df021288-bdef-4463-88db-98f22de89214=Role ",
				"ad app permission admin-consent --id " + client + " ",
				`--url https://graph.microsoft.com/v1.0/servicePrincipals\(appId=\'` + client + `\'\)/appRoleAssignments `,
				"ad app credential reset --id " + client + " --append --display-name meetbot --cert @meetbot.crt ",
			},
		},
		{
			"teams", "way A", "TEAMS_APP_ID=" + client + "\nTEAMS_TENANT_ID=" + tenant + "\n",
			[]string{
				"bot create --resource-group meetbot --name " + client + " --display-name Meetbot --sku F0 --app-type " +
					"SingleTenant --appid " + client + " --tenant-id " + tenant + " --endpoint " + address + "/api/messages ",
				"bot msteams create --resource-group meetbot --name " + client + " ",
			},
		},
	} {
		work := t.TempDir()
		calls := filepath.Join(work, "calls")
		cmd := exec.CommandContext(t.Context(), "bash", "-euc", script(t, pages(t)[tt.page], tt.part))
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "CALLS="+calls)
		out, err := cmd.Output()
		if err != nil || !strings.HasPrefix(string(out), tt.printed) {
			t.Errorf("%s: %v: %s", tt.page, err, out)
		}
		made, err := os.ReadFile(calls)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.calls {
			if !strings.Contains(string(made), want) {
				t.Errorf("%s: nobody calls az with %s:\n%s", tt.page, want, made)
			}
		}
	}
}

// A value that is full of what a shell understands makes a file of that name, and nothing else.
func TestBashTakesEveryPath(t *testing.T) {
	work := t.TempDir()
	path := filepath.Join(work, `it's "$HOME" `+"`id`"+` $(id) ’ \ end.pem`)
	page := strings.ReplaceAll(pages(t)["entra-quotes"], "/etc/meet bot/", work+"/")
	var makeIt string
	for _, b := range blocks(page) {
		if strings.Contains(b.text, "openssl req") {
			makeIt = strings.ReplaceAll(b.text, " ${x} %{y}", "")
		}
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", makeIt)
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, file := range []string{path, strings.TrimSuffix(path, ".pem") + ".crt"} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	}
}

// script is the blocks of bash in the part of a page whose title holds these words.
func script(t *testing.T, page, title string) string {
	t.Helper()
	for _, part := range strings.Split(page, "\n## ") {
		if head, rest, _ := strings.Cut(part, "\n"); strings.Contains(head, title) {
			var lines []string
			for _, b := range blocks(rest) {
				if b.language == "sh" {
					lines = append(lines, b.text)
				}
			}
			return strings.Join(lines, "\n")
		}
	}
	t.Fatalf("no part is called %s", title)
	return ""
}
