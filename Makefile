.PHONY: run install test test-container check bench image audit

run: ## start the whole service here, installing what is missing
	@bin/run

install: ## install what running and developing needs, under this folder
	@bin/install dev

check: install ## format, lint, types, layers, sizes, generated files
	@bin/check

test: ## everything but the containers, with real servers from Debian
	@bin/test

test-container: ## build the image and run every role of it
	@bin/test-container

bench: install ## ratios against the peers
	@bin/bench

image: ## build the image
	@bin/image

audit: install ## ask for known vulnerabilities
	@bin/audit
