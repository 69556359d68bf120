package image

import "fmt"

// Digest is the manifest's digest of the image that this package makes of a module, as sha256:…: what Push gives it
// with the same labels when no builder makes it.
func Digest(labels map[string]string, wasm []byte) (string, error) {
	img, err := assemble(labels, wasm)
	if err != nil {
		return "", fmt.Errorf("make image: %w", err)
	}
	digest, err := img.Digest()
	if err != nil {
		return "", fmt.Errorf("make image: %w", err)
	}
	return digest.String(), nil
}
