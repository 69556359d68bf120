// Package table is the request table: what is sent to a plugin and what must be observed.
//
// A table is a folder: contract.yaml (the clauses, and the names that cases use) and one YAML file for each group of
// cases. Load accepts only keys and values that it knows. The package does not know how a case is
// run, or on which plugin.
//
// A file is parsed to a tree (yaml.go) and read key by key, with the keys of shape.go, into the types of case.go. Then
// all files are checked together (check.go). Every error of all files is reported, not only the first.
package table
