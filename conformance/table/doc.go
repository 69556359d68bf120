// Package table holds the request table: what is sent to a plugin and what must come of it.
//
// A table is a folder: contract.yaml (the clauses and the names its cases use) and one YAML file for each group of
// cases. Load reads it strictly. The package knows neither how a case is run nor which plugin it is run on.
//
// The way of a file: the parser's tree (yaml.go), read key by key against the shapes of shape.go into the types of
// case.go, then held together as a whole (check.go). No step stops at the first fault.
package table
