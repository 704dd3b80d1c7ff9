package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed bolt/package.json bolt/package-lock.json bolt/server.js
var boltFiles embed.FS

// installBolt puts the Bolt server and what it needs, in the versions of its lock file, into the user's cache, and
// returns the folder. What is there already is used.
func installBolt(ctx context.Context) (string, error) {
	files, err := fs.Sub(boltFiles, "bolt")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, name := range []string{"package.json", "package-lock.json", "server.js"} {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return "", err
		}
		_, _ = sum.Write(content) // writing to a hash never fails
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("install Bolt: %w", err)
	}
	dir := filepath.Join(cache, "meetbot-bench", "bolt-"+hex.EncodeToString(sum.Sum(nil)[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	// Installed beside and moved into place, so that what is there is whole.
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return "", fmt.Errorf("install Bolt: %w", err)
	}
	partial, err := os.MkdirTemp(filepath.Dir(dir), "partial-")
	if err != nil {
		return "", fmt.Errorf("install Bolt: %w", err)
	}
	defer func() { _ = os.RemoveAll(partial) }()
	if err := os.CopyFS(partial, files); err != nil {
		return "", fmt.Errorf("install Bolt: %w", err)
	}
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = partial
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("install Bolt by npm (-bolt=false leaves it out): %w\n%s", err, out)
	}
	if err := os.Rename(partial, dir); err != nil {
		return "", fmt.Errorf("install Bolt: %w", err)
	}
	return dir, nil
}

// startBolt runs the handler in Bolt for JavaScript.
func (env *environment) startBolt(ctx context.Context, r *redisServer) (*server, error) {
	dir, err := installBolt(ctx)
	if err != nil {
		return nil, err
	}
	s := &server{}
	if s.addr, err = freeAddress(); err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(s.addr, ":")
	s.process, err = env.spawn("bolt", []string{
		"NODE_ENV=production", "PORT=" + port, "REDIS_URL=" + r.url(), "SIGNING_SECRET=" + env.Slack.SigningSecret(),
		"KEY=" + bareKey,
	}, "node", filepath.Join(dir, "server.js"))
	if err != nil {
		return nil, err
	}
	_, err = s.until(ctx, 10*time.Millisecond, accepts(s.addr))
	return s, err
}
