package image

import "fmt"

// Size is the number of bytes that a registry stores for a module's image: layer, configuration and manifest. It is
// of the image that this package makes; other builders compress a little differently.
func Size(lang string, wasm []byte) (int, error) {
	img, err := assemble(Labels(lang), wasm)
	if err != nil {
		return 0, fmt.Errorf("make image: %w", err)
	}
	manifest, err := img.Manifest()
	if err != nil {
		return 0, fmt.Errorf("make image: %w", err)
	}
	size, err := img.Size() // of the manifest
	if err != nil {
		return 0, fmt.Errorf("make image: %w", err)
	}
	size += manifest.Config.Size
	for _, layer := range manifest.Layers {
		size += layer.Size
	}
	return int(size), nil
}
