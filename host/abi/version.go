package abi

// Version is a version of the Proxy-Wasm ABI, named by the exported function that marks a module as written for it. 0
// is no version.
type Version uint8

const (
	V010 Version = iota + 1 // proxy_abi_version_0_1_0
	V020                    // proxy_abi_version_0_2_0
	V021                    // proxy_abi_version_0_2_1
)

func (v Version) String() string { return NameOf(uint32(v), "unknown", "0.1.0", "0.2.0", "0.2.1") }

// Marker is the export by which a module says that it is written for this version, "" for no version.
func (v Version) Marker() string {
	return NameOf(uint32(v), "", "proxy_abi_version_0_1_0", "proxy_abi_version_0_2_0", "proxy_abi_version_0_2_1")
}

// Versions is a set of versions.
type Versions uint8

const (
	in010 Versions = 1 << iota
	in020
	in021
	inAll = in010 | in020 | in021
	in02x = in020 | in021
)

// Has says whether v is in the set. No version, 0, is in every set: a module without a marker is compared with all.
func (s Versions) Has(v Version) bool { return v == 0 || v <= V021 && s&(1<<(v-V010)) != 0 }
