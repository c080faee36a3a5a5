# Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

# One configuration for everything that is built here, so that nothing is built twice.
SWIFT_FLAGS := -c release

.PHONY: help build demo test check-fast bench bench-registry fuzz lint format packages bases clean

help: ## Say what there is to make.
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: packages ## Build manifold: .build/release/manifold.
	swift build $(SWIFT_FLAGS) --product manifold

demo: build bases ## Install what is missing, build manifold and base images, run the main job, show the result.
	@scripts/demo

test: packages bases ## Install what is missing, run every test.
	@scripts/test $(SWIFT_FLAGS)

check-fast: packages ## For developers: a debug build and the unit tests.
	@scripts/test --skip IntegrationTests

bench: ## Measure manifold beside buildah.
	@scripts/install-packages build run bench
	swift build $(SWIFT_FLAGS) --product manifold
	@scripts/base-images
	@Benchmarks/run

bench-registry: ## Measure pushing, pulling and copying beside skopeo.
	@scripts/install-packages build run bench
	swift build $(SWIFT_FLAGS) --product manifold
	@Benchmarks/registry

fuzz: packages ## Feed the readers of foreign text and bytes made-up input, FUZZ_SECONDS (60) each.
	@Fuzz/run

lint: ## Check format, scripts and licence headers.
	@scripts/lint

format: ## Format every Swift file.
	swift format format --in-place --parallel --recursive Sources Tests Fuzz Package.swift

clean: ## Remove what was built; base images stay.
	swift package clean

packages:
	@scripts/install-packages

bases: packages
	@scripts/base-images
