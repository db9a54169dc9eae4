.DEFAULT_GOAL := help
SHELL := /bin/sh
JDK := $(shell scripts/find-jdk)
export JAVA_HOME := $(JDK)
export MAVEN_OPTS := $(MAVEN_OPTS) --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow
MVN := mvn -B -ntp
CLUSTERS ?= 
PORT ?=

.PHONY: help jdk build demo test bench fmt clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

jdk:
	@if [ -z "$(JDK)" ]; then echo "multicluster-apiserver needs a JDK 25 or newer: install one (for example Temurin 25) and set JAVA_HOME to it." >&2; exit 1; fi

build: jdk ## Compile, check and package (no tests): bin/multicluster-apiserver runs afterwards
	@$(MVN) -q package -Dmaven.test.skip=true

demo: build ## A federation with three members and the gateway on this machine: CLUSTERS=simulated|real|k3s, PORT=…
	@CLUSTERS="$(CLUSTERS)" PORT="$(PORT)" exec bin/multicluster-apiserver demo

test: jdk ## All tests, the end-to-end suite on real API servers included
	@$(MVN) verify $(if $(CI),-Dtest.reruns=1)

bench: build ## Benchmarks side by side with a real kube-apiserver; see docs/performance.md
	@bench/run

fmt: jdk ## Format the sources and poms
	@$(MVN) -q spotless:apply

clean: ## Remove what was built
	@rm -rf .demo; find . -name target -type d -prune -exec rm -rf {} +
