//go:build deploy

package deploy

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"flag"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"meetbot/internal/sandbox/slacktest"
	"meetbot/internal/testenv"
)

// bot is the program that the image gets here. What the Dockerfile's first stage does needs an image of Go's, which not
// every machine can fetch; everything after it is built as it stands there.
var bot = flag.String("bot", "", "a statically linked `program`")

// nobody is the user of the image.
const nobody = 65532

// image is what is asked of an image's configuration.
type image struct {
	Docker struct {
		Config struct {
			User         string
			Entrypoint   []string
			Cmd          []string
			Env          []string
			ExposedPorts map[string]any
			Healthcheck  struct{ Test []string }
		} `json:"config"`
	}
}

// buildah runs buildah with storage of this test's own, without a daemon. It returns the last line that it said.
func buildah(t *testing.T, storage string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "buildah", append([]string{
		"--storage-driver", "vfs", "--root", filepath.Join(storage, "root"), "--runroot", filepath.Join(storage, "run"),
	}, args...)...)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("buildah %s: %v\n%s%s", strings.Join(args, " "), err, out, problems.String())
	}
	return strings.TrimSpace(string(out))
}

// built is the root of the image's file system, and its configuration.
func built(t *testing.T) (root string, made image) {
	t.Helper()
	storage, stage, empty := t.TempDir(), t.TempDir(), t.TempDir()
	certificates := filepath.Join(stage, "out", "etc", "ssl", "certs")
	if err := os.MkdirAll(certificates, 0o755); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		*bot:                                 filepath.Join(stage, "out", "bot"),
		"/etc/ssl/certs/ca-certificates.crt": filepath.Join(certificates, "ca-certificates.crt"),
	} {
		content, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	buildah(t, storage, "bud", "--isolation", "chroot", "--format", "docker", "--build-context", "build="+stage,
		"--file", "Dockerfile", "--tag", "meetbot", empty)
	if err := json.Unmarshal([]byte(buildah(t, storage, "inspect", "--type", "image", "meetbot")), &made); err != nil {
		t.Fatal(err)
	}
	container := buildah(t, storage, "from", "meetbot")
	root = buildah(t, storage, "mount", container)
	t.Cleanup(func() {
		args := []string{
			"--storage-driver", "vfs", "--root", filepath.Join(storage, "root"), "--runroot",
			filepath.Join(storage, "run"), "rm", container,
		}
		if out, err := exec.Command("buildah", args...).CombinedOutput(); err != nil {
			t.Errorf("take the container away: %v\n%s", err, out)
		}
	})
	return root, made
}

// inside runs the image's program with the image's file system as its whole world, as its user, with no capability.
func inside(ctx context.Context, root string, env map[string]string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/bot", args...)
	cmd.Dir, cmd.Env = "/", []string{}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}

// The image holds the program and certificates, nothing that its user could write, and it serves, says that it lives, and
// stops in order.
func TestImage(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("only root may change its root directory: run this by make deploy")
	}
	root, made := built(t)
	config := made.Docker.Config
	if config.User != "65532:65532" || !slices.Equal(config.Entrypoint, []string{"/bot"}) ||
		!slices.Equal(config.Cmd, []string{"serve"}) || config.ExposedPorts["8080/tcp"] == nil ||
		!slices.Equal(config.Healthcheck.Test, []string{"CMD", "/bot", "health"}) {
		t.Errorf("the image's configuration: %+v", config)
	}
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 0 || info.Mode().Perm()&0o022 != 0 {
			t.Errorf("%s belongs to user %d and has the mode %v", path, owner, info.Mode())
		}
		if !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, root))
		}
		return nil
	})
	if want := []string{"/bot", "/etc/ssl/certs/ca-certificates.crt"}; err != nil || !slices.Equal(files, want) {
		t.Errorf("the image holds %v, want %v; %v", files, want, err)
	}
	bundle, err := os.ReadFile(filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"))
	if err != nil || !x509.NewCertPool().AppendCertsFromPEM(bundle) {
		t.Errorf("the image has no certificates: %v", err)
	}
	if out, err := inside(t.Context(), root, nil, "version").Output(); err != nil ||
		!strings.HasPrefix(string(out), "bot version ") {
		t.Errorf("bot version: %q, %v", out, err)
	}
	serves(t, root)
}

// serves runs the program of the image against sample services.
func serves(t *testing.T, root string) {
	t.Helper()
	env, err := testenv.New(slacktest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(env.Close)
	env.RedisURL = "redis://" + miniredis.RunT(t).Addr() + "/0"
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	variables := env.Variables()
	variables["HTTP_ADDR"] = addr
	health := map[string]string{"HTTP_ADDR": addr}
	if err := inside(t.Context(), root, health, "health").Run(); err == nil {
		t.Error("bot health is content where no bot runs")
	}
	cmd := inside(t.Context(), root, variables, "serve")
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := testenv.WaitReady(t.Context(), "http://"+addr)
	out, unhealthy := inside(t.Context(), root, health, "health").CombinedOutput()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	hung := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer hung.Stop()
	if err := cmd.Wait(); err != nil || ready != nil || unhealthy != nil {
		t.Errorf("the program ended with %v; ready: %v; health: %s%v\n%s", err, ready, out, unhealthy, log.String())
	}
}
