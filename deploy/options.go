package deploy

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Options say what is deployed, and where. A field that does not concern a kind of manifest is not looked at.
type Options struct {
	Name      string // of the objects and of the filter
	Namespace string // of the objects
	Config    []byte // the plugin's configuration; nil: it has none

	Image      string // host/path@sha256:…, for Istio and Envoy Gateway
	PullSecret string // name of a secret in Namespace; "": anyone may pull

	Gateway  string // a Gateway of the Gateway API; for Istio in place of Selector
	Selector Label  // of the pods of Istio's gateway or sidecars

	Module   string // path of the module, as a plain Envoy sees it
	SHA256   string // of the module's file, 64 hex digits
	URL      string // http(s) address of the module, in place of Module
	Listen   Address
	Upstream Address

	Services map[string]Address // of the call-outs' clusters; one that is missing is reached at its authority
}

// Label is a label of a pod.
type Label struct{ Key, Value string }

// ParseLabel reads KEY=VALUE.
func ParseLabel(text string) (Label, error) {
	key, value, ok := strings.Cut(text, "=")
	if !ok || key == "" || value == "" {
		return Label{}, fmt.Errorf("%q: expected a label KEY=VALUE, such as istio=ingressgateway", text)
	}
	return Label{key, value}, nil
}

// Address is where a service is.
type Address struct {
	Host string
	Port uint32
	TLS  bool // the certificate is checked against the system's authorities
}

// ParseAddress reads HOST, HOST:PORT or https://HOST[:PORT]. The port is 80 or 443 if none is given.
func ParseAddress(text string) (Address, error) {
	rest, tls := strings.CutPrefix(text, "https://")
	if !tls {
		rest = strings.TrimPrefix(rest, "http://")
	}
	a := Address{Host: strings.TrimSuffix(rest, "/"), Port: 80, TLS: tls}
	if tls {
		a.Port = 443
	}
	if host, port, err := net.SplitHostPort(a.Host); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return Address{}, fmt.Errorf("%q: expected a port from 1 to 65535", text)
		}
		a.Host, a.Port = host, uint32(n)
	}
	if a.Host == "" || strings.ContainsAny(a.Host, "/ @?#") {
		return Address{}, fmt.Errorf("%q: expected HOST, HOST:PORT or https://HOST", text)
	}
	return a, nil
}

// CheckImage says what is wrong with the reference of an image; nil: it has a digest.
func CheckImage(image string) error {
	if _, err := name.NewDigest(image); err != nil {
		return fmt.Errorf("%q: expected host/path@sha256:…, as parity image push prints it, because a tag can move", image)
	}
	return nil
}
