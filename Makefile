# make demo    builds the product and opens it on a synthetic city
# make test    every test, on SQLite and on a private PostgreSQL, with pages in a real browser
# make lint    format, vet, staticcheck, generated files, tidy modules
# make bench   the measurements of docs/performance.md
# make build   one static binary for each platform, in dist/
# make soak    every fuzz target and property for longer (SOAK=10m each), thousands of killed processes, power cuts and disk errors

export CGO_ENABLED ?= 0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -s -w -X main.version=$(VERSION)
PLATFORMS := linux/amd64 linux/arm64 linux/loong64
LISTEN ?= 127.0.0.1:8080
SIZE ?= 3000
SOAK ?= 2m

.PHONY: demo test race lint generate build bench soak clean

demo:
	go build -trimpath -ldflags '$(LDFLAGS)' -o yanzhen ./cmd/yanzhen
	./yanzhen demo --listen $(LISTEN) --size $(SIZE)

test:
	scripts/test.sh

# The detector of races needs cgo and a C compiler; the packages named are those that share memory between goroutines.
race:
	CGO_ENABLED=1 scripts/test.sh -race ./internal/store/... ./internal/fact/... ./internal/access/... ./internal/web/...

lint:
	scripts/lint.sh

generate:
	go tool -modfile=tools/go.mod templ generate -path internal/web

build: $(PLATFORMS:%=dist/%)

dist/%:
	GOOS=$(firstword $(subst /, ,$*)) GOARCH=$(lastword $(subst /, ,$*)) \
		go build -trimpath -ldflags '$(LDFLAGS)' -o dist/yanzhen-$(subst /,-,$*) ./cmd/yanzhen

bench:
	go run ./bench

soak:
	scripts/soak.sh $(SOAK)

clean:
	rm -rf dist bench/out yanzhen
