# `make` or `make help` lists what can be made.
.DEFAULT_GOAL := help

# How long each fuzz target runs; ten minutes before a release: make fuzz FUZZTIME=10m
FUZZTIME ?= 30s
# The build tag of tests that need a program beside Go: redis-server, Node.js, Chromium. The packages that start those
# programs carry it too, so a test that uses one does not compile without it.
TAGS := integration
# The wired program's tests.
E2E := meetbot/internal/e2e
# Where known vulnerabilities are looked up; a copy is file:// and the absolute path of its directory.
GOVULNDB ?= https://vuln.go.dev
# What Microsoft publishes for checking Teams apps; npm installs it there.
TEAMSKIT := internal/teamskit
# What Chromium is called, in any of its makes; colons between.
CHROMIUM := chromium:chromium-browser:google-chrome:google-chrome-stable:/Applications/Chromium.app/Contents/MacOS/Chromium:/Applications/Google Chrome.app/Contents/MacOS/Google Chrome
LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
VULN := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: help build run check test race e2e story deploy lint bench chaos stress fuzz vuln golden docs pictures tools programs \
	deploytools

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the demo in this terminal: no account, nothing but Go (the first build takes two minutes)
	go run ./cmd/demo

# What the linker is told beside what the Go tool finds in Git; each may be empty.
BUILDINFO := meetbot/internal/buildinfo

build: ## dist/bot, the same from every machine; VERSION, COMMIT and SOURCE_DATE_EPOCH for a source without Git
	CGO_ENABLED=0 go build -trimpath $(if $(wildcard .git),-buildvcs=true) -ldflags "-s -w -buildid= \
		$(if $(VERSION),-X $(BUILDINFO).release=$(VERSION)) $(if $(COMMIT),-X $(BUILDINFO).commit=$(COMMIT)) \
		$(if $(SOURCE_DATE_EPOCH),-X $(BUILDINFO).date=$(SOURCE_DATE_EPOCH))" -o dist/bot ./cmd/bot

check: ## gofmt, go vet and every test that needs nothing but Go: about a minute
	@test -z "$$(gofmt -l .)" || { echo "not gofmt-ed:"; gofmt -l .; exit 1; }
	go vet ./...
	go test ./...

# One after the other, the quick ones first: on two cores, two of them at once disturb each other's timing.
test: tools ## everything that CI runs: lint, check, race, e2e, story, and deploy on Linux
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory race
	@$(MAKE) --no-print-directory e2e
	@$(MAKE) --no-print-directory story
	@test "$$(uname)" != Linux || $(MAKE) --no-print-directory deploy

# The tests with the tag run under the race detector alone, not a second time without it: what they assert is the same.
# The model checker (internal/e2e/modelcheck) is the other way round, and carries !race: it goes through every order of
# calls in turn, one goroutine at a time, so there is no race to see, and make check runs it.
race: tools ## the race detector over every package but internal/e2e
	go test -race -tags $(TAGS) $$(go list -tags $(TAGS) ./... | grep -v -x $(E2E))

e2e: tools ## the wired program under the race detector; where CI is set, pictures of the Teams client go to dist
	@$(if $(CI),mkdir -p dist,true)
	go test -race -tags $(TAGS) -timeout 30m $(if $(CI),-artifacts -outputdir $(CURDIR)/dist) $(E2E)

story: ## the demo's sample script, by the very command that the README gives
	go run ./cmd/demo --script docs/demo.meetbot

# The program for the image is linked statically from packages that are compiled already. A release is built without cgo
# (deploy/Dockerfile), for which all packages are compiled anew: three minutes of two cores. Only root may make the
# image's file system the root of a process.
deploy: deploytools ## what is in deploy/, by the tools that read it: the image built and run, unit, Compose file, alerts
	@mkdir -p bin
	go build -ldflags '-linkmode external -extldflags -static' -o bin/bot-static ./cmd/bot 2>bin/link.log || { cat bin/link.log; exit 1; }
	go test -tags deploy -c -o bin/deploy.test ./deploy
	cd deploy && if [ "$$(id -u)" = 0 ]; then ../bin/deploy.test -bot ../bin/bot-static; \
		else sudo ../bin/deploy.test -bot ../bin/bot-static; fi

lint: ## go vet and golangci-lint, over the tests with the build tag too
	go vet -tags $(TAGS),deploy ./...
	go run $(LINT) run --allow-parallel-runners

bench: tools ## everything that docs/performance.md tells, anew (a quarter of an hour); BENCH="-quick" and other flags
	go run ./internal/bench $(BENCH)

chaos: tools ## three replicas, CHAOS_FAULTS faults (250: 20 minutes), CHAOS_REDIS=single, sentinel or cluster, CHAOS_SEED
	CHAOS_FAULTS=$${CHAOS_FAULTS:-250} CHAOS_REDIS=$${CHAOS_REDIS:-single} go test -tags $(TAGS) ./internal/e2e -run '^TestChaos$$' -count 1 -v -timeout 2h

stress: tools ## 1,000 askers at the same moment over three replicas, 20 rounds
	STRESS_ASKERS=$${STRESS_ASKERS:-1000} STRESS_ROUNDS=$${STRESS_ROUNDS:-20} go test -tags $(TAGS) ./internal/e2e -run '^TestOneMeetingForAllAtOnce$$' -count 1 -v

fuzz: ## every fuzz target for FUZZTIME each (30s); an input that fails is kept under testdata/fuzz: commit it with the mend
	@for file in $$(grep -rl '^func Fuzz' --include='*_test.go' .); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' $$file); do \
			echo "$$target in $$(dirname $$file)"; \
			go test $$(dirname $$file) -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) || exit 1; \
		done; \
	done

vuln: ## known vulnerabilities; fails on those that the code can reach. GOVULNDB=file:///… reads a copy of the database
	go run $(VULN) -db $(GOVULNDB) -tags $(TAGS) ./...

golden: ## write the golden files anew; read the difference before you commit it
	UPDATE_GOLDEN=1 go test ./bot/slackapp ./bot/teamsapp ./manifest ./manifest/icons -run 'GetsThem|Golden'
	UPDATE_GOLDEN=1 go test ./internal/app -run ListsEverything
	UPDATE_GOLDEN=1 go test ./bot/clause -run Golden
	UPDATE_GOLDEN=1 go test -tags $(TAGS) ./internal/doctor

docs: ## write docs/configuration.md anew, from the settings in internal/app
	go run ./internal/app/gendoc docs/configuration.md

pictures: tools ## draw the pictures in the README anew, from the golden files: Adaptive Cards by Microsoft's renderer
	go run ./internal/pictures

tools: $(TEAMSKIT)/node_modules/.package-lock.json ## install what the tests need and is missing: redis-server, Node.js, npm packages, openssl, Chromium

$(TEAMSKIT)/node_modules/.package-lock.json: $(TEAMSKIT)/package-lock.json | programs
	npm ci --prefix $(TEAMSKIT) --ignore-scripts --no-audit --no-fund
	@touch $@

# A program by the names that it may have, then what its package is called by brew, apt-get (the names to try), dnf, apk and pacman.
# Homebrew no longer has Chromium itself, which is not signed.
programs:
	@as_root() { if [ "$$(id -u)" = 0 ]; then "$$@"; else sudo "$$@"; fi; }; \
	there() { IFS=:; for name in $$1; do command -v "$$name" >/dev/null && return; done; return 1; }; \
	need() { \
		(there "$$1") && return; \
		echo "installing $${1%%:*}"; \
		if command -v brew >/dev/null; then brew install $$2; \
		elif command -v apt-get >/dev/null; then as_root apt-get update -qq && for name in $$3; do as_root apt-get install -y -qq $$name && break; done; \
		elif command -v dnf >/dev/null; then as_root dnf install -y "$$4"; \
		elif command -v apk >/dev/null; then as_root apk add "$$5"; \
		elif command -v pacman >/dev/null; then as_root pacman -S --noconfirm "$$6"; \
		else echo "no package manager that I know; install $${1%%:*} by hand" >&2; return 1; fi; \
		(there "$$1"); \
	}; \
	need redis-server redis redis-server redis redis redis && \
	need node node nodejs nodejs nodejs nodejs && \
	need npm node npm npm npm npm && \
	need openssl openssl openssl openssl openssl openssl && \
	need "$(CHROMIUM)" "--cask google-chrome" "chromium chromium-browser" chromium chromium chromium

# The tools are Debian's and Ubuntu's; the tests name what is missing elsewhere.
deploytools:
	@as_root() { if [ "$$(id -u)" = 0 ]; then "$$@"; else sudo "$$@"; fi; }; \
	missing=; \
	for tool in buildah:buildah promtool:prometheus systemd-analyze:systemd; do \
		command -v "$${tool%%:*}" >/dev/null || missing="$$missing $${tool##*:}"; \
	done; \
	docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null || missing="$$missing docker-compose"; \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null; then \
		echo "installing$$missing"; \
		as_root apt-get update -qq && as_root apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
