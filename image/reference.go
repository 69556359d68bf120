package image

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// The grammar of names is that of the OCI distribution specification ("Pulling manifests"). The library checks the
// characters only, and cleans a path with ".." in it into another one.
var (
	namePart = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)
	tagForm  = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
	hostForm = regexp.MustCompile(`^(?:[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*(?:\.[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*)*|\[[0-9a-fA-F:.]+\])$`)
	digest   = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

func repositoryName(lang string) string { return "header-auth-" + lang }

// parseTag gives the tag to push, parsed and as the user would write it: parsing changes the name docker.io.
func parseTag(o PushOptions) (name.Tag, string, error) {
	if o.Name == "" && languages[o.Lang] == "" {
		return name.Tag{}, "", errorf(Usage, "choose language: %q: expected go or rust", o.Lang)
	}
	const example = "expected host/path, such as registry.example.com/team"
	prefix := strings.TrimSuffix(o.Registry, "/")
	host, _, _ := strings.Cut(prefix, "/")
	switch {
	case prefix == "":
		return name.Tag{}, "", errorf(Usage, "parse registry: it is missing: %s", example)
	case strings.Contains(prefix, "://"):
		return name.Tag{}, "", errorf(Usage, "parse registry %q: %s, without a scheme", o.Registry, example)
	case !isHost(host):
		return name.Tag{}, "", errorf(Usage, "parse registry %q: %q is not a host: %s", o.Registry, host, example)
	}
	reference := prefix + "/" + orDefault(o.Name, repositoryName(o.Lang)) + ":" + orDefault(o.Tag, "latest")
	if problem := checkReference(reference); problem != "" {
		return name.Tag{}, "", errorf(Usage, "parse reference %q: %s: %s", reference, problem, example)
	}
	tag, err := name.NewTag(reference, append(nameOptions(o.Insecure), name.StrictValidation)...)
	if err != nil {
		return name.Tag{}, "", errorf(Usage, "parse reference %q: %s: %s", reference, oneLine(err.Error()), example)
	}
	return tag, reference, nil
}

// parseReference parses what Istio and Envoy Gateway take, with or without oci://. A name
// without a host is Docker Hub's.
func parseReference(text string, insecure bool) (name.Reference, error) {
	const example = "expected host/path:tag or host/path@sha256:…, such as registry.example.com/team/plugin:v1"
	short := strings.TrimPrefix(text, "oci://")
	if strings.Contains(short, "://") {
		return nil, errorf(Usage,
			"parse reference %q: %s; a module at http(s):// is a file: fetch it, and give it to parity inspect", text, example)
	}
	if problem := checkReference(short); problem != "" {
		return nil, errorf(Usage, "parse reference %q: %s: %s", text, problem, example)
	}
	ref, err := name.ParseReference(short, nameOptions(insecure)...)
	if err != nil {
		return nil, errorf(Usage, "parse reference %q: %s: %s", text, oneLine(err.Error()), example)
	}
	return ref, nil
}

func nameOptions(insecure bool) []name.Option {
	if insecure {
		return []name.Option{name.Insecure}
	}
	return nil
}

// isHost tells a host from the first part of a path, as docker does.
func isHost(part string) bool { return part == "localhost" || strings.ContainsAny(part, ".:") }

// checkReference says what is wrong with the parts of host/path:tag@digest; "" if nothing is.
func checkReference(text string) string {
	text, sum, pinned := strings.Cut(text, "@")
	if pinned && !digest.MatchString(sum) {
		return quote(sum) + " is no digest: sha256: and 64 hexadecimal digits"
	}
	parts := strings.Split(text, "/")
	last, tag, tagged := strings.Cut(parts[len(parts)-1], ":")
	if len(parts) > 1 && isHost(parts[0]) {
		if problem := checkHost(parts[0]); problem != "" {
			return problem
		}
		parts = parts[1:]
	}
	parts[len(parts)-1] = last
	for _, part := range parts {
		switch {
		case part == "":
			return "a part of the path is empty"
		case !namePart.MatchString(part):
			return quote(part) + " is no part of a path: small letters and digits, with single . _ or - between them"
		}
	}
	if tagged && !tagForm.MatchString(tag) {
		return quote(tag) + " is no tag: up to 128 letters, digits and _.-, not a . or - first"
	}
	return ""
}

func checkHost(host string) string {
	colon := strings.LastIndexByte(host, ':')
	if colon < 0 || strings.HasSuffix(host, "]") { // an address of IPv6 without a port
		colon = len(host)
	} else if port, err := strconv.Atoi(host[colon+1:]); err != nil || port < 1 || port > 65535 {
		return quote(host[colon+1:]) + " is no port: a number from 1 to 65535"
	}
	if !hostForm.MatchString(host[:colon]) {
		return quote(host[:colon]) + " is no host"
	}
	return ""
}

func quote(text string) string { return strconv.Quote(text) }
