// Package cases has the table of header-auth as data, so that the command needs no folder for it.
package cases

import "embed"

// Files are the contract, the cases and their schemas.
//
//go:embed *.yaml *.json
var Files embed.FS
