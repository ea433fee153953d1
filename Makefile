# `make demo` and `make test` are all the set-up there is: each installs what it needs.

.DEFAULT_GOAL := help
.PHONY: help demo test test-nodes test-etcds check build clean bench

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 22

demo: node_modules ## three servers, two clients, a join, a stop, a crash and a slow one; 30 s
	@node --import tsx examples/demo/main.ts

test: node_modules ## every test, against real etcd, DNS and go-zero
	@scripts/with-real-parts.sh node scripts/test.mjs

test-nodes: node_modules ## unit and gRPC tests, and both majors of the Kubernetes library, on the other release lines of Node
	@for line in 22 24 26; do node=$$(scripts/ensure-node.sh $$line) && $$node scripts/test.mjs --at-a-time=4 src/ test/grpc test/kubernetes/kubeconfig || exit 1; done

test-etcds: node_modules ## contract, backend and faults, with Go's client too, against etcd 3.4, 3.5 and 3.6; not part of CI
	@npm run --silent test:etcds

check: node_modules ## format, lint and types
	@npm run --silent check

build: node_modules ## dist/
	@npm run --silent build

bench: bench-import bench-pick bench-calls bench-join ## what importing, a pick, a call and a join cost

bench-%: node_modules
	@npm run --silent bench:$*

clean: ## what was built
	rm -rf dist .cache *.tgz

# npm ci empties the folder, so its time is that of the last installation.
node_modules: package-lock.json
	npm ci
	@touch node_modules
