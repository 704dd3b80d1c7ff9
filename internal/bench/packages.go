package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// sdkModule is what takes minutes to build.
const sdkModule = "github.com/microsoftgraph/msgraph-sdk-go"

// allTests is the build tag of the tests that need a program beside Go.
const allTests = "integration"

// packages measures `go test` for each package with an empty build cache, against the same with a full one: the CPU
// time, compilers and all, which is the same however busy the machine is.
func (env *environment) packages(ctx context.Context, o options, r *report) error {
	list, err := exec.CommandContext(ctx, "go", "list", "-tags", allTests, "-f",
		"{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}", "meetbot/...").Output()
	if err != nil {
		return fmt.Errorf("list the packages: %w", err)
	}
	var sdk []string
	for _, pkg := range strings.Fields(string(list)) {
		deps, err := exec.CommandContext(ctx, "go", "list", "-tags", allTests, "-deps", "-test", pkg).Output()
		if err != nil {
			return fmt.Errorf("list what %s needs: %w", pkg, err)
		}
		if strings.Contains(string(deps), sdkModule) {
			sdk = append(sdk, pkg)
			if !o.sdk {
				continue
			}
		}
		empty, full, err := env.coldTest(ctx, pkg)
		if err != nil {
			return err
		}
		r.compare("CPU of go test "+pkg+": empty build cache against a full one", span, series{empty.Seconds()},
			series{full.Seconds()}, goal{})
	}
	r.note("Packages that link the Graph SDK: %s.", strings.Join(sdk, ", "))
	return nil
}

// coldTest runs the tests of a package twice over, with a build cache that is empty at first.
func (env *environment) coldTest(ctx context.Context, pkg string) (empty, full time.Duration, err error) {
	cache, err := os.MkdirTemp(env.dir, "cache-")
	if err != nil {
		return 0, 0, fmt.Errorf("make a build cache: %w", err)
	}
	defer func() { _ = os.RemoveAll(cache) }()
	for _, took := range []*time.Duration{&empty, &full} {
		cmd := exec.CommandContext(ctx, "go", "test", "-tags", allTests, "-count", "1", pkg)
		cmd.Env = append(os.Environ(), "GOCACHE="+cache)
		if out, err := cmd.CombinedOutput(); err != nil {
			return 0, 0, fmt.Errorf("test %s: %w\n%s", pkg, err, out)
		}
		*took = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return empty, full, nil
}
