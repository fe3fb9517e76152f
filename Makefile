# The front door: `make` lists what there is. Builds and other costly things are kept in
# $XDG_CACHE_HOME/clearml-glue (~/.cache/clearml-glue), outside the clone.
.DEFAULT_GOAL := help
.PHONY: help demo kill-walk mutants build test test-cold fmt lint cluster-up cluster-down images manifests clean clean-cache

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

kill-walk: build ## kill glue and agent-exec at every write, in pairs, and stop them; ARGS="--seed 1" to repeat one
	@Tests/killwalk/walk.py --bin .build/bin $(ARGS)

mutants: build ## take the safeguards out of copies of the code, one by one: the kill walk must notice; ARGS="--only token"
	@Tests/killwalk/mutants.py $(ARGS)

build: ## glue, agent-exec and glue-sandbox into .build/bin
	@scripts/build

demo: ## five ClearML tasks through glue, on the sandbox or (KUBECONFIG= IMAGE= EXEC_IMAGE= CLEARML_API_HOST=) a cluster
	@scripts/demo

test: ## every stage of the test suite (STAGES="unit lint" for some); installs what it needs
	@scripts/install-packages test
	@scripts/test $(STAGES)

test-cold: ## the same with empty caches
	@scripts/test-cold

fmt: ## lay out all Swift sources
	@git ls-files -z '*.swift' | xargs -0 swift format -i --parallel

lint: ## check the form of all sources and scripts
	@scripts/install-packages test
	@scripts/lint

cluster-up: ## a real Kubernetes on this machine, as root (NODES=2, CLUSTER=name); prints its kubeconfig
	@scripts/cluster/up

cluster-down: ## stop it and remove what it left
	@scripts/cluster/down

images: build ## container images of glue and agent-exec as archives in .build/images (REGISTRY=… TAG=…)
	@scripts/images .build/images agent-exec glue

manifests: ## deploy/glue.yaml from the chart
	@scripts/manifests >deploy/glue.yaml.new && mv deploy/glue.yaml.new deploy/glue.yaml

clean: ## remove this clone's build products and logs
	@rm -rf .build sandbox/.build

clean-cache: ## remove everything kept outside the clone
	@rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/clearml-glue"
