package image

import "fmt"

// Digest is the manifest's digest of the image that this package makes of a module, as sha256:…: what Push gives an image
// that was made without a builder.
func Digest(lang string, wasm []byte) (string, error) {
	img, err := assemble(Labels(lang), wasm)
	if err != nil {
		return "", fmt.Errorf("make image: %w", err)
	}
	digest, err := img.Digest()
	if err != nil {
		return "", fmt.Errorf("make image: %w", err)
	}
	return digest.String(), nil
}
