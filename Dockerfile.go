# This is a Dockerfile. Go's tools take it for a source file because of its name, and stop here with "illegal character".
# For ./... at the root hide it from them: go list -overlay=toolchain/overlay.json ./...
#
# The Go plugin as an image Istio and Envoy Gateway can pull: one layer, plugin.wasm at its root.
# It packages what `make build` made; `make push` passes the file itself and checks what arrived. By hand:
#   docker build --provenance=false -f Dockerfile.go -t registry.example.com/team/header-auth-go .
# --provenance=false keeps the image a plain manifest: BuildKit's attestations would make it an index.
#
# tinygo-successor is the Go build that ships: TinyGo's own collector without the exported malloc that leaks in Envoy,
# and the SDK whose authors have not given it up. Its memory stays flat. For another build, such as mainline Go's:
#   --build-arg WASM=dist/go-wasip1.wasm
FROM scratch
ARG WASM=dist/tinygo-successor.wasm
LABEL org.opencontainers.image.title="header-auth-go" \
      org.opencontainers.image.description="Header check for Envoy and Istio: a Proxy-Wasm plugin written in Go" \
      org.opencontainers.image.source="https://github.com/header-auth/header-auth" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY ${WASM} /plugin.wasm
